"""The lake publishes whole versions or nothing, whoever reads, dies or writes meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_layer import rollups
from data_layer.errors import LakeBusy, LakeDamaged, LakeMissing
from data_layer.lake import KIND_AEMO, KIND_DEMO, Lake, partition_of
from data_layer.loading import Loader
from data_layer.period import Period
from data_layer.tables import TABLES
from tests.data_layer.lakes import make_lake, prices, readings, rows, stamps, unit

JULY = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)
ROOT = Path(__file__).parents[2]


def publish_price(lake: Lake, rrp: float, first: datetime = JULY + FIVE, kind: str = KIND_AEMO) -> str:
    """Publish one dispatch price (no rollups) and return the version's token."""
    with lake.write(kind) as writer:
        loader = Loader(writer)
        loader.add("dispatch_price", rows("dispatch_price", prices("NSW1", [first], rrp)))
        loader.flush()
        return writer.publish().token


def prices_in(lake: Lake, snapshot: object = None) -> list[float]:
    chosen = snapshot or lake.snapshot()
    return [v for path in chosen.paths("dispatch_price") for v in pq.read_table(path)["rrp"].to_pylist()]


def test_a_missing_lake_says_what_to_run(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(LakeMissing, match=r"python -m app ingest.*python -m app demo"):
            Lake(root).snapshot()
    assert not (tmp_path / "nowhere").exists()


def test_nothing_is_visible_before_publish(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = publish_price(lake, 10.0)
    with lake.write() as writer:
        loader = Loader(writer)
        loader.add("dispatch_price", rows("dispatch_price", prices("NSW1", [JULY + 2 * FIVE], 20.0)))
        loader.flush()
        assert lake.token() == first
        assert prices_in(Lake(tmp_path)) == [10.0]
        second = writer.publish()
        assert lake.token() == second.token != first
        assert prices_in(lake) == [10.0, 20.0]


def test_a_reader_keeps_its_version_while_newer_ones_appear(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish_price(lake, 10.0)
    old = lake.snapshot()
    for number in range(2, 5):
        publish_price(lake, 10.0 * number, JULY + number * FIVE)
        lake.collect_garbage()
    assert prices_in(lake, old) == [10.0]
    assert prices_in(lake) == [10.0, 20.0, 30.0, 40.0]


def test_an_exception_between_put_and_publish_leaves_the_old_version(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    token = publish_price(lake, 10.0)

    def fail() -> None:
        with lake.write() as writer:
            loader = Loader(writer)
            loader.add("dispatch_price", rows("dispatch_price", prices("NSW1", [JULY + FIVE], 99.0)))
            loader.flush()
            raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        fail()
    assert lake.token() == token
    assert prices_in(lake) == [10.0]
    assert not list((tmp_path / "staging").glob("*"))


KILLED = """
import os, signal, sys
from datetime import datetime
from data_layer import lake as lakes
from data_layer.lake import Lake
from data_layer.loading import Loader
from tests.data_layer.lakes import prices, rows

moment = sys.argv[2]
replace = os.replace

def deadly(source, target):
    '''Dies just before the file that ``moment`` names is put into its place.'''
    if str(target).endswith(moment):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)

with Lake(sys.argv[1]).write() as writer:
    loader = Loader(writer)
    loader.add("dispatch_price", rows("dispatch_price", prices("NSW1", [datetime(2025, 7, 1, 0, 10)], 99.0)))
    os.replace = deadly
    loader.flush()
    if moment == "publish":
        os.kill(os.getpid(), signal.SIGKILL)
    writer.publish()
"""


@pytest.mark.parametrize("moment", [".parquet", "publish", ".json", "CURRENT"])
def test_a_writer_killed_at_any_step_leaves_the_old_version_and_no_obstacle(
    tmp_path: Path, moment: str
) -> None:
    lake = Lake(tmp_path)
    token = publish_price(lake, 10.0)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), moment], cwd=ROOT, capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert Lake(tmp_path).token() == token
    assert prices_in(Lake(tmp_path)) == [10.0]
    # The next writer is not kept out, sweeps the leftovers and publishes.
    assert publish_price(lake, 20.0, JULY + 2 * FIVE) != token
    assert prices_in(lake) == [10.0, 20.0]
    assert not list((tmp_path / "staging").glob("*"))
    numbers = [path.name.split("-")[0] for path in (tmp_path / "versions").glob("*.json")]
    assert sorted(numbers) == ["000001", "000002"], "a manifest that was never published stays behind"
    lake.collect_garbage(timedelta(0))
    held = {path.name for path in (tmp_path / "data").rglob("*.parquet")}
    assert held == {Path(path).name for path in lake.snapshot().paths("dispatch_price")}


def test_the_token_changes_exactly_when_the_content_does(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = publish_price(lake, 10.0)
    assert publish_price(lake, 10.0) == first, "the same rows again are no new version"
    assert len(list((tmp_path / "versions").iterdir())) == 1
    second = publish_price(lake, 20.0, JULY + 2 * FIVE)
    assert second != first
    with lake.write() as writer:
        assert writer.publish().token == second
        writer.notes["remark"] = "changed"
        assert writer.publish().token != second


def test_a_note_file_belongs_to_its_version_and_survives_the_collection(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lake.write() as writer:
        writer.put_note_file("ledger", '{"files": 1}')
        writer.publish()
    with lake.write() as writer:
        writer.put_note_file("ledger", '{"files": 2}')
        writer.publish()
    lake.collect_garbage(timedelta(0))
    snapshot = lake.snapshot()
    assert json.loads((lake.root / snapshot.notes["ledger_file"]).read_text()) == {"files": 2}
    assert len(list((tmp_path / "data" / "_notes").iterdir())) == 1


def test_a_second_writer_is_refused_politely_thread_or_process(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    refusals: list[str] = []

    def second_writer() -> None:
        try:
            with Lake(tmp_path).write():
                pass
        except LakeBusy as error:
            refusals.append(str(error))

    with lake.write():
        thread = threading.Thread(target=second_writer)
        thread.start()
        thread.join()
        code = (
            "import sys\nfrom data_layer.lake import Lake\nfrom data_layer.errors import LakeBusy\n"
            "try:\n    Lake(sys.argv[1]).write().__enter__()\nexcept LakeBusy as e:\n    print(e)"
        )
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert len(refusals) == 1
    for message in (refusals[0], other.stdout):
        assert f"process {os.getpid()}" in message
        assert "wait until it ends" in message
    with lake.write():
        pass


def test_the_lock_falls_with_its_holder(tmp_path: Path) -> None:
    """A killed writer's lock must not need a person to remove a file."""
    code = (
        "import sys, time\nfrom data_layer.lake import Lake\n"
        "with Lake(sys.argv[1]).write():\n    print('held', flush=True)\n    time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LakeBusy), Lake(tmp_path).write():
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with Lake(tmp_path).write():
        pass


def age(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_garbage_is_what_no_kept_version_names_after_the_grace(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    tokens = []
    for number in range(1, 5):
        tokens.append(publish_price(lake, float(number), JULY + number * FIVE))
    files = {t: lake.read_version(t).paths("dispatch_price")[0] for t in tokens}
    # Made 5, 4, 3 and 0 hours ago: the first was superseded 4 hours ago, the third just now.
    for token, hours in zip(tokens, (5, 4, 3, 0), strict=True):
        age(tmp_path / "versions" / f"{token}.json", hours * 3_600)
        age(Path(files[token]), hours * 3_600)
    lake.collect_garbage(timedelta(hours=3, minutes=30))
    left = {path.stem for path in (tmp_path / "versions").iterdir()}
    assert left == set(tokens[1:]), "superseded 3 hours ago and less are within the grace"
    assert [Path(files[t]).exists() for t in tokens] == [False, True, True, True]
    lake.collect_garbage(timedelta(hours=1))
    # The third is 3 hours old but was superseded only now: a reader may just have opened it.
    assert {path.stem for path in (tmp_path / "versions").iterdir()} == set(tokens[2:])
    assert [Path(files[t]).exists() for t in tokens] == [False, False, True, True]
    assert prices_in(lake) == [1.0, 2.0, 3.0, 4.0]
    lake.collect_garbage(timedelta(0))
    assert {path.stem for path in (tmp_path / "versions").iterdir()} == {tokens[-1]}
    assert prices_in(lake) == [1.0, 2.0, 3.0, 4.0]


def test_a_file_two_versions_share_is_kept(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish_price(lake, 1.0)
    shared = lake.snapshot().paths("dispatch_price")[0]
    publish_price(lake, 2.0, datetime(2025, 8, 1, 0, 5))
    assert lake.snapshot().paths("dispatch_price")[0] == shared
    for path in (tmp_path / "data").rglob("*.parquet"):
        age(path, 9_999)
    lake.collect_garbage(timedelta(0))
    assert prices_in(lake) == [1.0, 2.0]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"x"', "null", "{}", '{"format": 1}', '{"format": 1, "number": 1, "tables": []}', "\x00"],
)
def test_a_damaged_manifest_is_named_and_the_next_writer_mends_it(tmp_path: Path, text: str) -> None:
    lake = Lake(tmp_path)
    publish_price(lake, 10.0)
    token = publish_price(lake, 20.0, JULY + 2 * FIVE)
    (tmp_path / "versions" / f"{token}.json").write_text(text)
    with pytest.raises(LakeDamaged, match="python -m app ingest") as failure:
        Lake(tmp_path).snapshot()
    assert token in str(failure.value)
    assert str(tmp_path) not in str(failure.value)
    # What the message asks for must be possible: the writer goes on from the newest readable version.
    publish_price(Lake(tmp_path), 30.0, JULY + 3 * FIVE)
    assert prices_in(Lake(tmp_path)) == [10.0, 30.0]
    lake.collect_garbage(timedelta(0))
    assert prices_in(Lake(tmp_path)) == [10.0, 30.0]


@pytest.mark.parametrize("content", [b"", b"\n", b"../../etc/passwd", b"\xff\xfe", b"gone", b"\x00"])
def test_a_damaged_pointer_is_an_error_that_says_what_to_run(tmp_path: Path, content: bytes) -> None:
    lake = Lake(tmp_path)
    publish_price(lake, 10.0)
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(LakeDamaged):
        Lake(tmp_path).snapshot()
    publish_price(lake, 20.0, JULY + 2 * FIVE)
    assert prices_in(Lake(tmp_path)) == [10.0, 20.0]


def test_a_manifest_of_another_format_is_refused(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    token = publish_price(lake, 10.0)
    text = (tmp_path / "versions" / f"{token}.json").read_text().replace('"format": 1', '"format": 2')
    token = f"000001-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    (tmp_path / "versions" / f"{token}.json").write_text(text)
    (tmp_path / "CURRENT").write_text(token)
    with pytest.raises(LakeDamaged, match="another version"):
        Lake(tmp_path).snapshot()


def test_loading_the_same_rows_again_mends_a_damaged_file(tmp_path: Path) -> None:
    """A file's name is its content's: putting it again must restore the bytes, not trust the name."""
    lake = Lake(tmp_path)
    publish_price(lake, 10.0)
    path = Path(lake.snapshot().paths("dispatch_price")[0])
    sound = path.read_bytes()
    path.write_bytes(b"garbage")
    with lake.write() as writer:
        writer.drop("dispatch_price", "2025-07")
        loader = Loader(writer)
        loader.add("dispatch_price", rows("dispatch_price", prices("NSW1", [JULY + FIVE], 10.0)))
        loader.flush()
        writer.publish()
    assert path.read_bytes() == sound


def test_switching_the_kind_starts_empty(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish_price(lake, 10.0, kind=KIND_DEMO)
    publish_price(lake, 20.0, JULY + 2 * FIVE, kind=KIND_AEMO)
    assert lake.snapshot().kind == KIND_AEMO
    assert prices_in(lake) == [20.0], "invented prices must never stand beside real ones"


@pytest.mark.parametrize(
    ("table", "moment", "partition"),
    [
        ("unit_scada", datetime(2025, 7, 1, 0, 0), "2025-06"),
        ("unit_scada", datetime(2025, 7, 1, 0, 5), "2025-07"),
        ("unit_scada", datetime(2025, 7, 31, 23, 55), "2025-07"),
        ("unit_scada", datetime(2025, 8, 1, 0, 0), "2025-07"),
        ("rooftop_pv", datetime(2026, 1, 1, 0, 0), "2025-12"),
        ("region_day", date(2025, 12, 31), "2025"),
        ("region_day", date(2026, 1, 1), "2026"),
        ("units", datetime(2025, 7, 1), "all"),
    ],
)
def test_partition_of_cuts_at_the_intervals_start(
    table: str, moment: datetime | date, partition: str
) -> None:
    assert partition_of(table, moment) == partition


def test_select_prunes_exactly_at_a_months_boundary(tmp_path: Path) -> None:
    edge = datetime(2025, 8, 1)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", [edge - FIVE, edge, edge + FIVE], 1.0),
        dispatch_price=prices("NSW1", stamps(edge - FIVE, 3), 1.0),
    )
    snapshot = lake.snapshot()

    def months(table: str, start: datetime, end: datetime) -> list[str]:
        chosen = snapshot.select(table, Period(start, end))
        return [name for name, entry in snapshot.partitions(table).items() if entry in chosen]

    for table in ("unit_scada", "region_5min", "unit_30min"):
        assert months(table, edge - timedelta(days=1), edge) == ["2025-07"], table
        assert months(table, edge, edge + timedelta(days=1)) == ["2025-08"], table
    for table in ("unit_scada", "region_5min"):
        assert months(table, edge - FIVE, edge + FIVE) == ["2025-07", "2025-08"], table
    # A half-hour that ends after the period's end is not wholly in it: the planner takes finer rows there.
    assert months("unit_30min", edge - FIVE, edge + FIVE) == ["2025-07"]
    assert months("unit_30min", edge - FIVE, edge + 6 * FIVE) == ["2025-07", "2025-08"]
    assert months("unit_scada", edge + timedelta(hours=1), edge + timedelta(hours=2)) == []
    assert months("region_day", datetime(2025, 7, 31), edge) == ["2025"]
    assert months("region_day", datetime(2025, 8, 2), datetime(2025, 8, 3)) == []
    assert months("units", edge, edge + FIVE) == ["all"]


def test_select_never_leaves_out_a_row_of_the_period(demo_lake: Lake) -> None:
    """Whatever the period, the chosen files hold all rows that pandas finds in all files."""
    snapshot = demo_lake.snapshot()
    start, end = datetime(2026, 2, 27, 13, 35), datetime(2026, 3, 1, 0, 10)
    for table in ("unit_scada", "region_5min", "region_fuel_30min"):
        everything = pd.concat([pq.read_table(p).to_pandas() for p in snapshot.paths(table)])
        chosen = pd.concat([pq.read_table(p).to_pandas() for p in snapshot.paths(table, Period(start, end))])
        wanted = everything[(everything.settlementdate > start) & (everything.settlementdate <= end)]
        found = chosen[(chosen.settlementdate > start) & (chosen.settlementdate <= end)]
        assert len(found) == len(wanted) > 0


def test_other_engines_read_a_version_through_its_manifest(demo_lake: Lake) -> None:
    """No code of ours: the pointer, the manifest, and any Parquet reader."""
    root = demo_lake.root
    token = (root / "CURRENT").read_text().strip()
    manifest = json.loads((root / "versions" / f"{token}.json").read_text())
    for table, parts in manifest["tables"].items():
        for entry in parts.values():
            path = root / entry["path"]
            file = pq.ParquetFile(path)
            assert file.metadata.num_rows == entry["rows"]
            assert path.stat().st_size == entry["bytes"]
            assert file.schema_arrow.names == TABLES[table].schema.names
            assert [f.type for f in file.schema_arrow] == [f.type for f in TABLES[table].schema]
    months = manifest["tables"]["dispatch_price"].values()
    frame = pd.concat([pd.read_parquet(root / entry["path"]) for entry in months])
    assert len(frame) == demo_lake.snapshot().rows("dispatch_price")
    assert frame.settlementdate.min().isoformat(timespec="minutes") == min(e["first"] for e in months)
    assert frame.settlementdate.max().isoformat(timespec="minutes") == max(e["last"] for e in months)


def test_files_are_never_changed_once_published(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, units=[unit("A")], unit_scada=readings("A", stamps(JULY + FIVE, 3), 1.0))
    before = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*.parquet")}
    make_lake(tmp_path, unit_scada=readings("A", stamps(JULY + 10 * FIVE, 3), 2.0))
    assert before
    assert all(path.read_bytes() == content for path, content in before.items())
    assert lake.snapshot().rows("unit_scada") == 6


def test_dropped_months_leave_with_their_rollups(tmp_path: Path) -> None:
    august = datetime(2025, 8, 1, 0, 5)
    lake = make_lake(tmp_path, units=[unit("A")], unit_scada=readings("A", [JULY + FIVE, august], 1.0))
    with lake.write() as writer:
        writer.drop("unit_scada", "2025-07")
        rollups.build(writer)
        writer.publish()
    snapshot = lake.snapshot()
    for table in ("unit_scada", "unit_30min", "region_fuel_5min", "region_fuel_30min"):
        assert list(snapshot.partitions(table)) == ["2025-08"], table
    (entry,) = snapshot.select("unit_day")
    assert pa.types.is_date(pq.read_schema(snapshot.root / entry.path).field("date").type)
    assert (entry.rows, entry.first) == (1, "2025-08-01")
