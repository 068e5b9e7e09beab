"""verify says what is damaged; repair makes it again from what is whole, or says what to run."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from app.cli import main
from data_layer import lake_check, lake_repair, rollups, soundness
from data_layer.errors import LakeDamaged
from data_layer.found_sound import FoundSound
from data_layer.ingest import pipeline
from data_layer.ingest.nemweb import open_source
from data_layer.lake import Lake
from data_layer.loading import Loader
from data_layer.query_manager import open_manager
from data_layer.requests import Period, RegionSummary
from tests.data_layer.ingest.server import serving
from tests.data_layer.ingest.test_pipeline import put_month
from tests.data_layer.lakes import frame, make_lake, prices, readings, rows, stamps, unit

JULY = stamps(datetime(2025, 7, 1, 0, 5), 24)
AUGUST = stamps(datetime(2025, 8, 1, 0, 5), 24)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two months of one unit, without downloads."""
    return make_lake(
        tmp_path / "lake",
        unit_scada=[*readings("A", JULY, 50.0), *readings("A", AUGUST, 60.0)],
        dispatch_price=[*prices("NSW1", JULY, 100.0), *prices("NSW1", AUGUST, 200.0)],
        units=[unit("A")],
    )


def path_of(lake: Lake, table: str, partition: str) -> Path:
    return lake.root / lake.snapshot().partitions(table)[partition].path


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 16
    path.write_bytes(data)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


HARMS: list[tuple[Callable[[Path], None], str]] = [
    (flip, "does not hold what its checksum says"),
    (shorten, "bytes instead of"),
    (lambda path: path.write_bytes(b""), "has 0 bytes instead of"),
    (Path.unlink, "is missing"),
]


@pytest.mark.parametrize(("harm", "problem"), HARMS)
def test_a_damaged_rollup_is_found_and_made_again(
    lake: Lake, harm: Callable[[Path], None], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = frame(lake.snapshot(), "unit_day")
    harm(path_of(lake, "unit_day", "2025"))
    (damage,) = lake_check.examine(lake.snapshot())
    assert (damage.table, damage.partition) == ("unit_day", "2025") and problem in str(damage)
    quick = lake_check.examine(lake.snapshot(), quick=True)
    assert len(quick) == (0 if harm is flip else 1), "a flipped byte is all that quick may miss"
    assert main(["verify", "--lake", str(lake.root)]) == 1
    assert "unit_day 2025" in capsys.readouterr().out
    assert main(["repair", "--lake", str(lake.root)]) == 0
    assert "Mended: unit_day 2025" in capsys.readouterr().out
    assert main(["verify", "--lake", str(lake.root)]) == 0
    assert main(["verify", "--quick", "--lake", str(lake.root)]) == 0
    assert frame(lake.snapshot(), "unit_day").equals(before)


def test_a_whole_lake_is_left_alone(lake: Lake) -> None:
    before = {path: path.stat().st_mtime_ns for path in lake.root.rglob("*") if path.is_file()}
    done = lake_repair.repair(lake, lake.root.parent / "downloads")
    after = {path: path.stat().st_mtime_ns for path in lake.root.rglob("*") if path.is_file()}
    del after[lake.root / "writer.lock"], before[lake.root / "writer.lock"]
    assert (done.damaged, done.mended, done.left) == ([], [], [])
    assert before == after


def test_readings_without_downloads_are_named_with_their_command(lake: Lake) -> None:
    """The month's damaged rollup waits for them; another month's does not."""
    flip(path_of(lake, "unit_scada", "2025-07"))
    flip(path_of(lake, "unit_30min", "2025-07"))
    flip(path_of(lake, "region_30min", "2025-08"))
    done = lake_repair.repair(lake, lake.root.parent / "downloads")
    assert [(one.table, one.partition) for one in done.mended] == [("region_30min", "2025-08")]
    left = {(one.table, one.partition): command for one, command in done.left}
    assert left == {
        ("unit_scada", "2025-07"): "python -m app ingest --again --from 2025-07 --to 2025-07",
        ("unit_30min", "2025-07"): "python -m app repair (after the readings)",
    }
    assert main(["repair", "--lake", str(lake.root)]) == 1
    manager = open_manager(lake.root)
    summary = manager.answer(RegionSummary(Period(AUGUST[0], AUGUST[-1]))).table
    assert summary.num_rows > 0


@pytest.mark.parametrize("also_rollup", [False, True])
def test_readings_come_again_from_kept_downloads(tmp_path: Path, also_rollup: bool) -> None:
    """With the server gone: what the ingest left on the disk is enough, if it is still what was ingested."""
    put_month(tmp_path / "tree", 2024, 1)
    put_month(tmp_path / "tree", 2024, 2)
    lake, downloads = Lake(tmp_path / "lake"), tmp_path / "downloads"
    with serving(tmp_path / "tree") as server:
        source = open_source(server.url, downloads)
        pipeline.ingest(lake, source, [(2024, 1), (2024, 2)])
        source.close()
    before = frame(lake.snapshot(), "unit_scada"), frame(lake.snapshot(), "unit_day")
    flip(path_of(lake, "unit_scada", "2024-01"))
    if also_rollup:
        flip(path_of(lake, "unit_30min", "2024-01"))
    done = lake_repair.repair(lake, downloads)
    assert done.left == [] and len(done.mended) == 1 + also_rollup
    assert lake_check.examine(lake.snapshot()) == []
    assert frame(lake.snapshot(), "unit_scada").equals(before[0])
    assert frame(lake.snapshot(), "unit_day").equals(before[1])
    # Another content under the same name is no source.
    flip(path_of(lake, "unit_scada", "2024-01"))
    for path in downloads.glob("*SCADA*202401*"):
        path.write_bytes(path.read_bytes() + b" ")
    done = lake_repair.repair(lake, downloads)
    assert [command for _, command in done.left] == [
        "python -m app ingest --again --from 2024-01 --to 2024-01"
    ]


def test_a_writer_never_merges_with_or_builds_from_what_is_damaged(lake: Lake) -> None:
    """Otherwise a changed byte would be published again under a right checksum."""
    flip(path_of(lake, "unit_scada", "2025-07"))
    before = lake.token()
    more = stamps(datetime(2025, 7, 2, 0, 5), 2)
    with pytest.raises(LakeDamaged, match="unit_scada 2025-07"):
        make_lake(lake.root, unit_scada=readings("A", more, 1.0))
    with lake.write() as writer:
        loader = Loader(writer)
        loader.replace("units", rows("units", [unit("A", owner="Somebody else")]))
        with pytest.raises(LakeDamaged, match="unit_scada 2025-07"):
            rollups.build(writer)
    assert lake.token() == before


@pytest.mark.parametrize("what", ["CURRENT", "manifest"])
def test_a_published_version_that_cannot_be_read_gives_way_to_the_one_before(lake: Lake, what: str) -> None:
    first = lake.token()
    make_lake(lake.root, dispatch_price=prices("NSW1", stamps(datetime(2025, 9, 1, 0, 5), 3), 5.0))
    second = lake.token()
    if what == "CURRENT":
        (lake.root / "CURRENT").write_text("000002-nonsense")
    else:
        path = lake.root / "versions" / f"{second}.json"
        path.write_text(path.read_text().replace('"rows": 3', '"rows": 4'))
    fresh = Lake(lake.root)
    with pytest.raises(LakeDamaged, match="python -m app repair"):
        fresh.snapshot()
    done = lake_repair.repair(fresh, lake.root.parent / "downloads")
    assert done.went_back and done.damaged == []
    # Of a damaged CURRENT nothing is lost; of a damaged manifest, what it alone named.
    assert len(frame(Lake(lake.root).snapshot(), "dispatch_price")) == (51 if what == "CURRENT" else 48)
    assert Lake(lake.root).token() not in (first, "000002-nonsense")
    assert main(["verify", "--lake", str(lake.root)]) == 0


def test_the_record_of_files_is_begun_anew(lake: Lake) -> None:
    with lake.write() as writer:
        writer.put_note_file("ledger", '{"files": {}}')
        writer.publish()
    (lake.root / lake.snapshot().notes["ledger_file"]).write_text("{")
    (damage,) = lake_check.examine(lake.snapshot())
    assert (damage.table, damage.partition) == ("notes", "ledger")
    assert lake_repair.repair(lake, lake.root.parent / "downloads").left == []
    assert "ledger_file" not in lake.snapshot().notes


def test_a_file_is_read_through_once_until_it_changes(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(soundness, "_known", {})
    monkeypatch.setattr(soundness, "_found", FoundSound())
    real = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda handle, kind: read.append(handle.name) or real(handle, kind)
    )
    path = path_of(lake, "region_day", "2025")
    for _ in range(3):
        soundness.ensure([str(path)])
    assert len(read) == 1
    shutil.copyfile(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)
    soundness.ensure([str(path)])
    assert len(read) == 2
    flip(path)
    with pytest.raises(LakeDamaged, match="region_day 2025"):
        soundness.ensure([str(path)])
    path.unlink()
    with pytest.raises(LakeDamaged, match="region_day 2025"):
        soundness.ensure([str(path)])
