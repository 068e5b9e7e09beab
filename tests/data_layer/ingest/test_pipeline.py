"""Files to versions: idempotent, one writer, safe to kill, nothing bad stops the rest."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app import cli
from data_layer.errors import LakeBusy, LakeDamaged
from data_layer.ingest import nemweb, pipeline
from data_layer.ingest.download import Manners
from data_layer.ingest.ledger import Ledger
from data_layer.lake import KIND_AEMO, KIND_DEMO, Lake
from data_layer.loading import Loader
from data_layer.query_manager import open_manager
from tests.data_layer.ingest import server as web
from tests.data_layer.ingest.mms_text import (
    PRICE_HEADER,
    SCADA_HEADER,
    SOLUTION_HEADER,
    price,
    scada,
    solution,
    zipped,
)
from tests.data_layer.ingest.mms_text import mms as text

ROOT = Path(__file__).parents[3]


def month_file(
    year: int, month: int, table: str, *rows: str, published: str = "2025/02/20,09:36:25"
) -> bytes:
    header = {"DISPATCH_UNIT_SCADA": SCADA_HEADER, "DISPATCHPRICE": PRICE_HEADER}[table]
    return zipped(
        {f"PUBLIC_DVD_{table}_{year}{month:02}010000.CSV": text(header, *rows, published=published)}
    )


def put_month(tree: Path, year: int, month: int, days: int = 2) -> None:
    """A small month: two units and two regions."""
    folder = tree / nemweb.month_folder(year, month)
    folder.mkdir(parents=True, exist_ok=True)
    first = datetime(year, month, 1)
    stamps = [f"{first + timedelta(minutes=5 * n):%Y/%m/%d %H:%M:%S}" for n in range(1, 288 * days + 1)]
    readings = [scada(stamp, duid, n % 100) for n, stamp in enumerate(stamps) for duid in ("A1", "B1")]
    prices = [price(stamp, region, n % 50) for n, stamp in enumerate(stamps) for region in ("NSW1", "SA1")]
    for table, rows in (("DISPATCH_UNIT_SCADA", readings), ("DISPATCHPRICE", prices)):
        name = f"PUBLIC_DVD_{table}_{year}{month:02}010000.zip"
        (folder / name).write_bytes(month_file(year, month, table, *rows))


def put_reports(tree: Path, place: str, folder: str, files: dict[str, bytes]) -> None:
    directory = tree / "Reports" / place / folder
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (directory / name).write_bytes(data)


def live_scada(stamp: datetime, value: float) -> bytes:
    name = f"PUBLIC_DISPATCHSCADA_{stamp:%Y%m%d%H%M}_0000000000000001.CSV"
    return zipped({name: text(SCADA_HEADER, scada(f"{stamp:%Y/%m/%d %H:%M:%S}", "A1", value))})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for month in (1, 2, 3):
        put_month(root, 2024, month)
    return root


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


MONTHS = [(2024, 1), (2024, 2), (2024, 3)]


@pytest.fixture(scope="module")
def three_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    for year, month in MONTHS:
        put_month(folder / "tree", year, month)
    pipeline.ingest(Lake(folder / "lake"), nemweb.FolderSource(folder / "tree"), MONTHS)
    return folder / "lake"


@pytest.fixture
def full(three_months: Path, tmp_path: Path) -> Lake:
    """A lake to which ``tree`` was ingested."""
    shutil.copytree(three_months, tmp_path / "full")
    return Lake(tmp_path / "full")


def content(lake: Lake) -> dict[str, pa.Table]:
    """Everything readers see: table/partition -> rows."""
    snapshot = lake.snapshot()
    return {
        f"{table}/{name}": pq.read_table(lake.root / entry.path, partitioning=None)
        for table, parts in snapshot.files.items()
        for name, entry in parts.items()
    }


def test_three_runs_make_one_set_of_versions(tree: Path, lake: Lake) -> None:
    source = nemweb.FolderSource(tree)
    summary = pipeline.ingest(lake, source, MONTHS)
    assert summary.versions == 3
    assert summary.rows_added == {"unit_scada": 3 * 1152, "dispatch_price": 3 * 1152}
    assert summary.months == {"2024-01", "2024-02", "2024-03"}
    for run in Ledger.published(lake).runs:
        assert run["rows_offered"] == run["rows_added"] == {"unit_scada": 1152, "dispatch_price": 1152}
    token = lake.token()
    for _ in range(2):
        again = pipeline.ingest(lake, source, MONTHS)
        assert (again.versions, again.known) == (0, 6)
    assert lake.token() == token


def test_each_version_holds_whole_months_with_their_rollups(
    tree: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data_layer.lake import Writer

    seen = []
    publish = Writer.publish

    def spy(writer: Writer):  # type: ignore[no-untyped-def]
        snapshot = publish(writer)
        seen.append(
            {
                table: sorted(snapshot.partitions(table))
                for table in ("unit_scada", "dispatch_price", "unit_30min")
            }
        )
        return snapshot

    monkeypatch.setattr(Writer, "publish", spy)
    pipeline.ingest(lake, nemweb.FolderSource(tree), MONTHS)
    months = ["2024-01", "2024-02", "2024-03"]
    assert seen == [
        dict.fromkeys(("unit_scada", "dispatch_price", "unit_30min"), months[:count]) for count in (1, 2, 3)
    ]


def test_a_republished_month_replaces_its_rows_and_an_older_copy_does_not(tree: Path, lake: Lake) -> None:
    source = nemweb.FolderSource(tree)
    pipeline.ingest(lake, source, MONTHS[:1])
    path = tree / nemweb.month_folder(2024, 1) / "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202401010000.zip"

    def first_reading() -> float:
        file = lake.snapshot().paths("unit_scada")[0]
        value: float = pq.read_table(file, partitioning=None).column("scadavalue")[0].as_py()
        return value

    for published, value, expected in (("2025/06/01,00:00:00", 777, 777), ("2020/01/01,00:00:00", 5, 777)):
        row = scada("2024/01/01 00:05:00", "A1", value)
        path.write_bytes(month_file(2024, 1, "DISPATCH_UNIT_SCADA", row, published=published))
        pipeline.ingest(lake, source, MONTHS[:1])
        assert first_reading() == expected
    assert lake.snapshot().rows("unit_scada") == 1152


def test_one_bad_file_does_not_stop_the_others_and_is_listed(
    tree: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tree / nemweb.month_folder(2024, 2) / "PUBLIC_DVD_DISPATCHPRICE_202402010000.zip"
    whole = bad.read_bytes()
    bad.write_bytes(whole[:1000])
    for _ in range(2):
        summary = pipeline.ingest(lake, nemweb.FolderSource(tree), MONTHS)
        assert [refusal.file for refusal in summary.refusals] == [bad.name]
    assert summary.versions == 0
    assert len(Ledger.published(lake).refusals) == 1
    assert cli.main(["status", "--lake", str(lake.root)]) == cli.OK
    assert f"{bad.name}: is a truncated or damaged zip" in capsys.readouterr().out
    bad.write_bytes(whole)
    mended = pipeline.ingest(lake, nemweb.FolderSource(tree), MONTHS)
    assert mended.rows_added["dispatch_price"] == 1152
    assert Ledger.published(lake).refusals == []


def test_refused_rows_are_counted_and_the_month_is_published(tmp_path: Path, lake: Lake) -> None:
    rows = [scada("2024/01/01 00:05:00", "A1", 1), scada("2024/01/01 00:05:00", "B1", "x")]
    file = tmp_path / "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202401010000.zip"
    file.write_bytes(month_file(2024, 1, "DISPATCH_UNIT_SCADA", *rows))
    summary = pipeline.ingest_files(lake, [file, tmp_path / "absent.zip"])
    assert summary.rows_added == {"unit_scada": 1}
    assert [(refusal.line, refusal.rows) for refusal in summary.refusals] == [(None, 0), (4, 1)]


def test_rows_that_were_there_already_are_counted_with_the_run(tmp_path: Path, lake: Lake) -> None:
    """A file brings one reading again beside a new one. Twice within one file is one row from the start."""
    rows = [scada(f"2024/01/01 00:{minute:02d}:00", "A1", minute) for minute in (5, 10, 10, 15)]
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first, second = (
        tmp_path / folder / "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202401010000.zip"
        for folder in ("first", "second")
    )
    first.write_bytes(month_file(2024, 1, "DISPATCH_UNIT_SCADA", *rows[:3]))
    second.write_bytes(month_file(2024, 1, "DISPATCH_UNIT_SCADA", *rows[2:]))
    for path in (first, second):
        pipeline.ingest_files(lake, [path])
    newest, oldest = Ledger.published(lake).runs
    assert (oldest["rows_offered"], oldest["rows_added"]) == ({"unit_scada": 2}, {"unit_scada": 2})
    assert (newest["rows_offered"], newest["rows_added"]) == ({"unit_scada": 2}, {"unit_scada": 1})


def test_two_ingests_at_once_refuse_politely(
    tree: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "ingest",
        "--lake",
        str(lake.root),
        "--source",
        str(tree),
        "--from",
        "2024-01",
        "--to",
        "2024-01",
    ]
    with lake.write(KIND_AEMO):
        with pytest.raises(LakeBusy):
            pipeline.ingest(lake, nemweb.FolderSource(tree), MONTHS)
        assert cli.main(arguments) == cli.BUSY
    assert "Another ingest is writing this lake" in capsys.readouterr().err
    assert cli.main(arguments) == cli.OK


def test_real_data_starts_from_an_empty_lake_where_a_demonstration_was(
    tree: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    with lake.write(KIND_DEMO) as writer:
        loader = Loader(writer)
        row = {"settlementdate": [datetime(2026, 1, 1, 0, 5)], "duid": ["DEMO1"], "scadavalue": [1.0]}
        loader.add("unit_scada", pa.table(row))
        loader.flush()
        writer.publish()
    empty = pipeline.ingest(lake, nemweb.FolderSource(tree), [(2030, 1)])
    assert empty.versions == 0
    assert lake.snapshot().kind == KIND_DEMO
    code = cli.main(
        ["ingest", "--lake", str(lake.root), "--source", str(tree), "--from", "2024-01", "--to", "2024-02"]
    )
    assert code == cli.OK
    assert "The demonstration data is replaced by AEMO's" in capsys.readouterr().out
    assert lake.snapshot().kind == KIND_AEMO
    assert sorted(lake.snapshot().partitions("unit_scada")) == ["2024-01", "2024-02"]


CHILD = """
import sys
from pathlib import Path
from data_layer.ingest import nemweb, pipeline
from data_layer.lake import Lake
print("ready", flush=True)
pipeline.ingest(Lake(sys.argv[1]), nemweb.FolderSource(Path(sys.argv[2])), [(2024, 1), (2024, 2), (2024, 3)])
"""


def test_a_kill_at_any_moment_tears_nothing_and_the_next_run_completes(tree: Path, tmp_path: Path) -> None:
    clean = Lake(tmp_path / "clean")
    started = time.monotonic()
    pipeline.ingest(clean, nemweb.FolderSource(tree), MONTHS)
    duration = time.monotonic() - started
    expected = content(clean)
    lake = Lake(tmp_path / "killed")
    moments = random.Random(7)
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(lake.root), str(tree)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            },
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(moments.uniform(0, 0.6) * duration)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        if (lake.root / "CURRENT").exists():
            found = content(lake)
            # What is published is whole months: each table's partitions equal those of the clean run.
            months = set(lake.snapshot().partitions("unit_scada"))
            for key, rows in found.items():
                if key.rsplit("/", 1)[1] in months:
                    assert rows.equals(expected[key]), key
            assert months == set(lake.snapshot().partitions("unit_30min"))
    pipeline.ingest(lake, nemweb.FolderSource(tree), MONTHS)
    final = content(lake)
    assert final.keys() == expected.keys()
    for key, rows in expected.items():
        assert final[key].equals(rows), key
    assert not (lake.root / "staging").exists()


def test_faults_on_the_way_do_not_change_what_arrives(
    tree: Path, lake: Lake, full: Lake, tmp_path: Path
) -> None:
    with web.serving(tree) as server:
        names = [f"PUBLIC_DVD_DISPATCHPRICE_2024{month:02}010000.zip" for month in (1, 2, 3)]
        paths = [f"/{nemweb.month_folder(2024, month)}/{name}" for month, name in enumerate(names, start=1)]
        server.faults[paths[0]] += [web.status(403), web.status(500), web.status(500)]
        server.faults[paths[1]] += [web.cut_off, web.page]
        server.faults[paths[2]] += [web.stall, web.hang_up]
        source = nemweb.HttpSource(
            server.url, tmp_path / "downloads", Manners(spacing=0, read_timeout=0.5, pause=0.01)
        )
        summary = pipeline.ingest(lake, source, MONTHS)
        source.close()
    assert summary.refusals == []
    got, expected = content(lake), content(full)
    assert got.keys() == expected.keys()
    assert all(got[key].equals(rows) for key, rows in expected.items())
    assert not list((tmp_path / "downloads").glob("*.part*"))


def test_a_file_that_cannot_be_had_costs_only_itself(tree: Path, lake: Lake, tmp_path: Path) -> None:
    with web.serving(tree) as server:
        path = f"/{nemweb.month_folder(2024, 2)}/PUBLIC_DVD_DISPATCHPRICE_202402010000.zip"
        server.faults[path] += [web.status(403)] * 99
        source = nemweb.HttpSource(server.url, tmp_path / "downloads", Manners(spacing=0, pause=0.01))
        summary = pipeline.ingest(lake, source, MONTHS)
        assert [refusal.file for refusal in summary.refusals] == ["PUBLIC_DVD_DISPATCHPRICE_202402010000.zip"]
        assert "gave up after 5 tries: the server answered 403" in summary.refusals[0].reason
        assert summary.rows_added == {"unit_scada": 3 * 1152, "dispatch_price": 2 * 1152}
        server.faults.clear()
        assert pipeline.ingest(lake, source, MONTHS).rows_added["dispatch_price"] == 1152
        server.requests.clear()
        assert pipeline.ingest(lake, source, MONTHS).versions == 0
        assert not [
            path for command, path, _ in server.requests if command == "GET" and path.endswith(".zip")
        ]
        source.close()


def put_live(tree: Path, end: datetime) -> None:
    """Reports/Archive with two days, Reports/Current with an hour that overlaps the second day."""
    for day in (4, 3):
        name = f"PUBLIC_DISPATCHSCADA_202404{day:02}.zip"
        first = datetime(2024, 4, day)
        inner = {}
        for n in range(1, 289):
            stamp = first + timedelta(minutes=5 * n)
            inner[f"PUBLIC_DISPATCHSCADA_{stamp:%Y%m%d%H%M}_{n:016}.zip"] = live_scada(stamp, n)
        put_reports(tree, "Archive", "Dispatch_SCADA", {name: zipped(inner)})
    stamps = [end - timedelta(minutes=5 * n) for n in range(24)]
    files = {
        f"PUBLIC_DISPATCHSCADA_{stamp:%Y%m%d%H%M}_{100_000 + n:016}.zip": live_scada(stamp, 500 + n)
        for n, stamp in enumerate(reversed(stamps))
    }
    put_reports(tree, "Current", "Dispatch_SCADA", files)


def test_update_takes_the_month_then_the_days_then_the_newest_hours(tree: Path, lake: Lake) -> None:
    end = datetime(2024, 4, 5, 1)
    put_live(tree, end)
    source = nemweb.FolderSource(tree)
    now = end + timedelta(minutes=1)
    summary = pipeline.update(lake, source, now)
    assert summary.refusals == []
    snapshot = lake.snapshot()
    # An empty lake starts with the month before: March from the monthly archive, then April's days.
    assert sorted(snapshot.partitions("unit_scada")) == ["2024-03", "2024-04"]
    assert snapshot.partitions("unit_scada")["2024-04"].rows == 2 * 288 + 12
    assert snapshot.span("unit_scada") == (datetime(2024, 3, 1, 0, 5), end)
    token = lake.token()
    assert pipeline.update(lake, source, now).versions == 0
    assert lake.token() == token
    later = end + timedelta(minutes=5)
    name = f"PUBLIC_DISPATCHSCADA_{later:%Y%m%d%H%M}_{200_000:016}.zip"
    put_reports(tree, "Current", "Dispatch_SCADA", {name: live_scada(later, 1)})
    assert pipeline.update(lake, source, later).rows_added == {"unit_scada": 1}
    assert lake.snapshot().span("unit_scada") == (datetime(2024, 3, 1, 0, 5), later)


def next_day(day: datetime, sequence: int) -> dict[str, bytes]:
    """The next-day file of a trading day: 04:05 of its date to 04:00 of the following."""
    name = f"PUBLIC_NEXT_DAY_DISPATCH_{day:%Y%m%d}_{sequence:016}"
    stamps = [day + timedelta(hours=4, minutes=5 * n) for n in range(1, 289)]
    lines = [solution(f"{stamp:%Y/%m/%d %H:%M:%S}", "SUN1", 50, 40, cap=1) for stamp in stamps]
    return {f"{name}.zip": zipped({f"{name}.CSV": text(SOLUTION_HEADER, *lines)})}


def test_update_takes_each_next_day_file_once_though_its_date_lies_before_its_rows(
    tree: Path, lake: Lake
) -> None:
    end = datetime(2024, 4, 5, 1)
    put_live(tree, end)
    put_reports(tree, "Current", "Next_Day_Dispatch", next_day(datetime(2024, 4, 3), 7))
    source = nemweb.FolderSource(tree)
    assert pipeline.update(lake, source, end).rows_added["unit_dispatch"] == 288
    assert lake.snapshot().span("unit_dispatch") == (datetime(2024, 4, 3, 4, 5), datetime(2024, 4, 4, 4))
    assert pipeline.update(lake, source, end).versions == 0
    # 4 April's file is named before the 04:00 that the table reaches, and is new.
    put_reports(tree, "Current", "Next_Day_Dispatch", next_day(datetime(2024, 4, 4), 8))
    assert pipeline.update(lake, source, end + timedelta(hours=4)).rows_added == {"unit_dispatch": 288}
    snapshot = lake.snapshot()
    assert snapshot.rows("unit_dispatch") == 576
    assert snapshot.rows("unit_curtailment_day") == 3
    # Targets come a day late: what is newest in the lake does not wait for them.
    assert snapshot.span("unit_scada") == (datetime(2024, 3, 1, 0, 5), end)


def test_a_newest_file_that_failed_is_asked_for_again(tree: Path, lake: Lake, tmp_path: Path) -> None:
    end = datetime(2024, 4, 5, 1)
    put_live(tree, end)
    lost = next((tree / "Reports/Current/Dispatch_SCADA").glob("*202404050030*"))
    with web.serving(tree) as server:
        source = nemweb.HttpSource(server.url, tmp_path / "downloads", Manners(spacing=0, pause=0.01))
        server.faults[f"/Reports/Current/Dispatch_SCADA/{lost.name}"] += [web.status(500)] * 5
        first = pipeline.update(lake, source, end)
        assert [refusal.file for refusal in first.refusals] == [lost.name]
        second = pipeline.update(lake, source, end)
        assert second.rows_added == {"unit_scada": 1}
        source.close()
    assert lake.snapshot().partitions("unit_scada")["2024-04"].rows == 2 * 288 + 12
    assert not list((tmp_path / "downloads").glob("PUBLIC_DISPATCHSCADA_*"))


@pytest.mark.real
def test_samples_and_registration_lists_of_every_kind_are_read(real: Path, lake: Lake) -> None:
    lists = [path for path in (real / "registers").iterdir() if "exemption-list" in path.name]
    assert len(lists) == 2
    summary = pipeline.ingest_files(lake, [real / "samples", *lists])
    assert {table: count for table, count in summary.rows_added.items() if count} == {
        "unit_scada": 493,
        "dispatch_price": 10,
        "region_demand": 10,
        "interconnector_flow": 12,
        "trading_price": 5,
        "rooftop_pv": 15_355 + 5,
    }
    assert {refusal.reason for refusal in summary.refusals} == {"POWER is empty"}
    assert lake.snapshot().rows("units") > 400
    assert pipeline.ingest_files(lake, [real / "samples", *lists]).versions == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ingest", "--from", "2024-05", "--to", "2024-01"], "--from is after --to"),
        (["ingest", "--from", "2024-01", "--tables", "BIDS"], "unknown table BIDS"),
        (["ingest", "--source", "/nowhere/at/all"], "neither an http(s) address nor a folder"),
        (["ingest", "--from", "2024-01", "x.zip"], "not both"),
    ],
)
def test_wrong_arguments_are_said_in_words(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*arguments, "--lake", str(tmp_path / "lake")]) == cli.FAILED
    assert message in capsys.readouterr().err


def test_a_month_is_written_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["ingest", "--from", "January"])
    assert stopped.value.code == cli.BUSY
    assert "write it as 2025-01" in capsys.readouterr().err


def test_status_of_no_lake_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--lake", str(tmp_path / "lake")]) == cli.FAILED
    assert "python -m app ingest" in capsys.readouterr().out


def test_a_whole_refused_file_shows_in_the_exit_code(tmp_path: Path) -> None:
    bad = tmp_path / "BAD.zip"
    bad.write_bytes(b"PK not a zip")
    assert cli.main(["ingest", "--lake", str(tmp_path / "lake"), str(bad)]) == cli.INCOMPLETE


def test_months_in_a_row_are_shown_as_spans() -> None:
    assert cli._spans(["2023-11", "2023-12", "2024-01", "2024-03"]) == "2023-11..2024-01, 2024-03"


@pytest.mark.parametrize("damage", ["truncated", "flipped", "gone"])
@pytest.mark.parametrize("table", ["unit_scada", "region_5min", "unit_day"])
def test_a_damaged_file_is_made_again_as_the_message_says(
    tree: Path, full: Lake, table: str, damage: str
) -> None:
    lake, source = full, nemweb.FolderSource(tree)
    before = {
        (name, part): entry.sha256
        for name, parts in lake.snapshot().files.items()
        for part, entry in parts.items()
    }
    partition = "2024" if table == "unit_day" else "2024-02"
    path = lake.root / lake.snapshot().partitions(table)[partition].path
    body = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(body[:-100])
    else:
        body[len(body) // 2] ^= 0xFF
        path.write_bytes(body)
    if damage == "gone":
        error = LakeDamaged.at(table, partition)
        with pytest.raises(LakeDamaged, match=re.escape(str(error))):
            open_manager(lake.root).query(f"SELECT * FROM {table}")
    pipeline.ingest(lake, source, MONTHS)
    pipeline.ingest(lake, source, MONTHS, again=True)
    after = lake.snapshot()
    assert {
        (name, part): entry.sha256 for name, parts in after.files.items() for part, entry in parts.items()
    } == before
    for parts in after.files.values():
        for entry in parts.values():
            assert hashlib.sha256((lake.root / entry.path).read_bytes()).hexdigest() == entry.sha256
