"""What cannot be true stops its file and nothing else; what is odd stops nothing; the operator may insist."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app import cli
from data_layer import audit
from data_layer.ingest import gates, mms, nemweb, pipeline
from data_layer.ingest.ledger import Ledger
from data_layer.lake import Lake
from data_layer.tables import TABLES
from tests.data_layer.ingest.mms_text import PRICE_HEADER, SCADA_HEADER, price, scada, zipped
from tests.data_layer.ingest.mms_text import mms as text
from tests.data_layer.ingest.test_pipeline import live_scada, put_month, put_reports

MONTH = "PUBLIC_DVD_DISPATCHPRICE_202401010000"
DAY = datetime(2024, 1, 3)


def put(folder: Path, name: str, *lines: str) -> Path:
    path = folder / f"{name}.zip"
    path.write_bytes(zipped({f"{name}.CSV": text(*lines)}))
    return path


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of January 2024."""
    folder = tmp_path_factory.mktemp("gates")
    put_month(folder / "tree", 2024, 1)
    pipeline.ingest(Lake(folder / "lake"), nemweb.FolderSource(folder / "tree"), [(2024, 1)])
    return folder


@pytest.fixture
def lake(two_days: Path, tmp_path: Path) -> Lake:
    """A copy of them to write to."""
    shutil.copytree(two_days, tmp_path, dirs_exist_ok=True)
    return Lake(tmp_path / "lake")


def read(lake: Lake, table: str) -> pa.Table:
    entry = lake.snapshot().files[table]["2024-01"]
    return pq.read_table(lake.root / entry.path, partitioning=None)


IMPOSSIBLE = {
    "a price above the cap": (
        (PRICE_HEADER, price("2024/01/03 00:05:00", "SA1", 16_600.02)),
        "dispatch_price",
        "16,600.02 $/MWh, the limits of that day are -1,000 and 16,600",
    ),
    "a price below the floor": (
        (PRICE_HEADER, price("2024/01/03 00:05:00", "SA1", -1_000.02)),
        "dispatch_price",
        "-1,000.02 $/MWh",
    ),
    "more power than the market has": (
        (SCADA_HEADER, scada("2024/01/03 00:05:00", "A1", 1e30)),
        "unit_scada",
        "more than the whole market",
    ),
}
GOOD = {
    "dispatch_price": price("2024/01/03 00:10:00", "SA1", 5),
    "unit_scada": scada("2024/01/03 00:10:00", "A1", 5),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_what_cannot_be_is_not_published(
    what: str, lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, table, said = IMPOSSIBLE[what]
    name = MONTH if table == "dispatch_price" else "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202401010000"
    path = put(tmp_path, name, *lines, GOOD[table])
    token, before, rows = lake.token(), read(lake, table), len(Ledger.published(lake).files)
    command = ["ingest", "--lake", str(lake.root), str(path)]
    assert cli.main(command) == cli.INCOMPLETE
    out = capsys.readouterr().out
    assert said in out and "run the same command with --accept-findings" in out
    # The refusal is recorded; of the data not a byte is another, and not a good row of the file is taken.
    assert read(lake, table).equals(before)
    assert len(Ledger.published(lake).files) == rows
    (refused,) = Ledger.published(lake).refusals
    assert said in refused["reason"]
    assert token[:6] < lake.token()[:6]
    published = lake.token()
    assert cli.main(command) == cli.INCOMPLETE
    assert lake.token() == published, "to be refused again is nothing new"
    assert cli.main([*command, "--accept-findings"]) == cli.OK
    assert read(lake, table).num_rows == before.num_rows + 2
    assert Ledger.published(lake).refusals == []


def test_an_empty_lake_stays_empty(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    path = put(tmp_path, MONTH, PRICE_HEADER, price("2024/01/03 00:05:00", "SA1", 1e6))
    assert pipeline.ingest_files(lake, [path]).versions == 0
    assert not (lake.root / "CURRENT").exists()


def test_the_other_files_of_the_run_go_on(lake: Lake, tmp_path: Path) -> None:
    bad = put(tmp_path, MONTH, PRICE_HEADER, price("2024/01/03 00:05:00", "SA1", 1e6))
    good = put(tmp_path, "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202401010000", SCADA_HEADER, GOOD["unit_scada"])
    summary = pipeline.ingest_files(lake, [bad, good])
    assert summary.rows_added == {"unit_scada": 1}
    assert [refusal.file.split("/")[0] for refusal in summary.refusals] == [bad.name]


TIMES = {
    "2024/01/03 00:06:00": "is off the 5-minute grid",
    "2024/01/03 00:05:01": "is off the 5-minute grid",
    "2024/03/03 00:05:00": "is outside the file's month",
    "2024/01/03 25:05:00": "is not a date and time",
}


def test_a_time_that_cannot_be_is_refused_with_its_row(lake: Lake, tmp_path: Path) -> None:
    """No flag makes a time of it."""
    before = read(lake, "dispatch_price")
    path = put(tmp_path, MONTH, PRICE_HEADER, *(price(stamp, "SA1", 5) for stamp in TIMES))
    summary = pipeline.ingest_files(lake, [path], accept_findings=True)
    said = {refusal.line: refusal.reason for refusal in summary.refusals}
    assert len(said) == 4 and all(why in said[3 + n] for n, why in enumerate(TIMES.values())), said
    assert read(lake, "dispatch_price").equals(before)


def test_a_day_has_288_intervals_whatever_is_offered(lake: Lake, tmp_path: Path) -> None:
    """Stamps on the grid, in any order and some of them thrice: one row a key, times rising."""
    stamps = [DAY + timedelta(minutes=5 * n) for n in range(1, 289)]
    lines = [price(f"{s:%Y/%m/%d %H:%M:%S}", "SA1", n) for n, s in enumerate(stamps)]
    half = price("2024/01/03 12:02:30", "SA1", 7)
    path = put(tmp_path, MONTH, PRICE_HEADER, *reversed(lines), half, *lines[::3], *lines[::7])
    summary = pipeline.ingest_files(lake, [path])
    assert summary.rows_added == {"dispatch_price": 288}
    frame = read(lake, "dispatch_price").to_pandas()
    days = frame.groupby(["regionid", (frame.settlementdate - timedelta(minutes=5)).dt.date]).size()
    assert set(days) == {288}
    assert all(part.settlementdate.is_monotonic_increasing for _, part in frame.groupby("regionid"))


def test_what_is_odd_is_told_and_taken(lake: Lake, tmp_path: Path) -> None:
    """A gap of a day less two intervals, and a unit without a registry at 3,000 MW."""
    lines = [price("2024/01/04 00:00:00", "SA1", 16_600.0), price("2024/01/03 00:05:00", "SA1", -1_000.0)]
    prices = put(tmp_path, MONTH, PRICE_HEADER, *lines)
    name = "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202401010000"
    units = put(tmp_path, name, SCADA_HEADER, scada("2024/01/03 00:05:00", "A1", 3_000))
    summary = pipeline.ingest_files(lake, [prices, units])
    assert summary.refusals == [] and summary.rows_added == {"dispatch_price": 2, "unit_scada": 1}
    found = audit.kept(lake.snapshot())
    assert found is not None
    assert {"dispatch_price SA1: 286 intervals"} <= {
        one.text.split(",")[0] for one in found["2024-01"] if one.check == "gaps"
    }


def test_an_update_asks_again_for_what_it_refused(lake: Lake, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    files = {}
    for minutes, value in ((5, 1e30), (10, 7.0)):
        stamp = DAY + timedelta(minutes=minutes)
        files[f"PUBLIC_DISPATCHSCADA_{stamp:%Y%m%d%H%M}_0000000000000001.zip"] = live_scada(stamp, value)
    put_reports(tree, "Current", "Dispatch_SCADA", files)
    source, now = nemweb.FolderSource(tree), DAY + timedelta(minutes=20)
    for _ in range(2):
        summary = pipeline.update(lake, source, now)
        assert "whole market" in summary.refusals[-1].reason
    assert read(lake, "unit_scada").num_rows == 2 * 576 + 1
    summary = pipeline.update(lake, source, now, accept_findings=True)
    assert summary.rows_added == {"unit_scada": 1} and summary.refusals == []
    assert pipeline.update(lake, source, now).versions == 0


def test_of_a_day_of_files_only_those_at_fault_are_held_back(lake: Lake, tmp_path: Path) -> None:
    good, bad = live_scada(DAY + timedelta(minutes=5), 5), live_scada(DAY + timedelta(minutes=10), -1e30)
    path = tmp_path / "PUBLIC_DISPATCHSCADA_20240103.zip"
    path.write_bytes(zipped({"A.zip": good, "B.zip": bad}))
    assert pipeline.ingest_files(lake, [path]).rows_added == {"unit_scada": 1}
    assert pipeline.ingest_files(lake, [path]).known == 1
    assert pipeline.ingest_files(lake, [path], accept_findings=True).rows_added == {"unit_scada": 1}
    assert not any(entry.get("held") for entry in Ledger.published(lake).files.values())


def prices_at(*stamps_and_prices: tuple[datetime, float]) -> dict[str, pa.Table]:
    rows = [
        {"settlementdate": stamp, "regionid": "NSW1", "intervention": 0, "rrp": rrp, "published_at": stamp}
        for stamp, rrp in stamps_and_prices
    ]
    return {"dispatch_price": pa.Table.from_pylist(rows, TABLES["dispatch_price"].schema)}


@pytest.mark.parametrize(
    ("stamp", "highest"),
    [
        (datetime(2021, 7, 1, 0, 0), 15_000),
        (datetime(2021, 7, 1, 0, 5), 15_100),
        (datetime(2025, 7, 1, 0, 0), 17_500),
        (datetime(2025, 7, 1, 0, 5), 20_300),
        (datetime(2027, 6, 30, 12), 23_200),
        (datetime(2027, 8, 1), 46_400),  # nobody knows yet: a new cap must not stop the market's data
    ],
)
def test_the_limits_are_those_of_the_interval(stamp: datetime, highest: float) -> None:
    limits = gates.PriceLimits.of()
    assert gates.impossible(prices_at((stamp, highest), (stamp, -1_000)), limits) == []
    assert gates.impossible(prices_at((stamp, highest + 0.02)), limits)
    assert gates.impossible(prices_at((stamp, -1_000.02)), limits)


def test_aemo_s_own_table_of_limits_widens_them() -> None:
    rows = [{"effectivedate": datetime(2027, 7, 1), "voll": 25_000.0, "marketpricefloor": -2_000.0}]
    limits = gates.PriceLimits.of(rows)
    stamp = datetime(2027, 8, 1)
    assert gates.impossible(prices_at((stamp, 25_000.0), (stamp, -2_000.0)), limits) == []
    assert len(gates.impossible(prices_at((stamp, 25_001.0)), limits)) == 1
    narrow = gates.PriceLimits.of([{**rows[0], "effectivedate": datetime(2020, 1, 1), "voll": 1.0}])
    assert gates.impossible(prices_at((datetime(2024, 1, 1, 1), 16_600.0)), narrow) == []


@pytest.mark.real
def test_nothing_that_aemo_published_is_held_back(real: Path) -> None:
    limits, read = gates.PriceLimits.of(), 0
    for path in sorted(real.rglob("*")):
        if path.suffix.lower() in (".zip", ".csv"):
            for reading in mms.read(path, path.name):
                assert gates.impossible(reading.rows, limits) == [], path
                read += bool(reading.rows)
    assert read > 50


def test_nothing_of_the_demonstration_is_held_back(demo_lake: Lake) -> None:
    limits = gates.PriceLimits.of()
    for table in ("dispatch_price", "unit_scada", "region_demand", "interconnector_flow", "rooftop_pv"):
        for entry in demo_lake.snapshot().files[table].values():
            rows = pq.read_table(demo_lake.root / entry.path, partitioning=None)
            assert gates.impossible({table: rows}, limits) == []
