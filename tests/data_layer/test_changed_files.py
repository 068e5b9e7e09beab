"""Files of the lake that change while a question reads them (tests/trust/in_place.py tries it at random)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data_layer import soundness
from data_layer.connection import DuckEngine
from data_layer.errors import LakeDamaged
from data_layer.lake import Lake
from tests.trust import in_place

SUM = "SELECT sum(demand_mwh) AS mwh FROM read_parquet($files)"


@pytest.fixture
def path(demo_lake: Lake, tmp_path: Path) -> Path:
    """The days of regions, of a lake that a test may harm."""
    entry = next(iter(demo_lake.snapshot().partitions("region_day").values()))
    copied = tmp_path / entry.path
    copied.parent.mkdir(parents=True)
    shutil.copy(demo_lake.root / entry.path, copied)
    return copied


@pytest.mark.parametrize("times", [1, 2])
def test_a_file_harmed_and_put_back_while_it_is_read_is_read_once_more(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """It holds what it should before and after: only its times say what lay there in between."""
    right, other = path.read_bytes(), in_place.other_content(path, tmp_path / "aside")
    engine, asked = DuckEngine(tmp_path), {"files": [str(path)]}
    (whole,) = engine.query(SUM, asked).to_pylist()
    read: list[float] = []
    table = DuckEngine._table

    def harmed(self: DuckEngine, *arguments: Any) -> pa.Table:
        harm = len(read) < times
        if harm:
            path.write_bytes(other)
        found = table(self, *arguments)
        read.extend(pc.round(found["mwh"], 3).to_pylist())
        if harm:
            path.write_bytes(right)
        return found

    monkeypatch.setattr(DuckEngine, "_table", harmed)
    if times == 1:
        assert engine.query(SUM, asked).to_pylist() == [whole]
        assert read[0] > read[1] == pytest.approx(whole["mwh"], abs=0.001)
    else:
        with pytest.raises(LakeDamaged, match="region_day"):
            engine.query(SUM, asked)
        assert len(read) == 2


def test_a_file_read_piece_by_piece_and_harmed_meanwhile_ends_in_an_error(path: Path, tmp_path: Path) -> None:
    right = path.read_bytes()
    pieces = DuckEngine(tmp_path).batches("SELECT * FROM read_parquet($files)", {"files": [str(path)]}, 5)
    assert next(pieces).num_rows == 5
    path.write_bytes(right)
    with pytest.raises(LakeDamaged, match="region_day"):
        list(pieces)


def test_two_changes_within_a_step_of_the_clock_are_not_the_same_file(path: Path) -> None:
    right = path.read_bytes()
    for _ in range(20):
        path.write_bytes(right)
        before = soundness.ensure([str(path)])
        path.write_bytes(right)
        assert soundness.ensure([str(path)]) != before


def test_the_other_content_differs(path: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    in_place.other_content(path, aside)
    assert pq.read_table(aside).num_rows == pq.read_table(path).num_rows
    assert not pq.read_table(aside).equals(pq.read_table(path))
