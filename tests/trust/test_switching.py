"""Short run of switching.py."""

from __future__ import annotations

from pathlib import Path

from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from tests.trust import switching


def test_versions_come_while_questions_run(tmp_path: Path) -> None:
    went = switching.run(tmp_path, 20)
    assert set(went) == {"one version"}, went
    assert went["one version"] > 20


def test_a_mixed_answer_would_be_seen(tmp_path: Path) -> None:
    """A lake whose prices are of one version and whose readings are of another."""
    lake = Lake(tmp_path / "lake")
    first = switching.publish(lake, 1)
    switching.publish(lake, 3)
    manager = open_manager(lake.root)
    for request in switching.questions():
        assert switching.named_by(request, manager, use_cache=False) == {3}
    with lake.write() as writer:
        for table in ("region_5min", "region_30min", "region_day", "region_fuel_30min"):
            for name, entry in first.partitions(table).items():
                writer.keep(table, name, entry)
        writer.publish()
    for request in switching.questions():
        assert len(switching.named_by(request, manager, use_cache=False)) == 2
