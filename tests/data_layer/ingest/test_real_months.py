"""AEMO's real months in the lake, against what independent readers and publishers make of the files.

The files hold NSW1 and SA1 and two units, on the first three and the last two days of each month.
"""

from __future__ import annotations

import csv
import io
import re
import statistics
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_layer.lake import Lake

pytestmark = pytest.mark.real

CENT = 0.01
FIVE_MINUTE_SETTLEMENT = datetime(2021, 10, 1)
MONTHS = [
    "2018-04",
    "2019-12",
    "2021-04",
    "2021-05",
    "2021-09",
    "2022-01",
    "2024-07",
    "2024-08",
    "2025-01",
    "2026-03",
]


def lake_rows(lake: Lake, table: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for path in lake.snapshot().paths(table):
        rows += pq.read_table(path, partitioning=None).to_pylist()
    return rows


def prices(lake: Lake, table: str) -> dict[tuple[datetime, str], float]:
    return {
        (row["settlementdate"], row["regionid"]): row["rrp"]  # type: ignore[misc]
        for row in lake_rows(lake, table)
    }


def plain_rows(real: Path, table: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(month, row) of every D row of a monthly table: the csv module and nothing of ours."""
    for path in sorted((real / "nemweb").rglob("*.zip")):
        match = re.fullmatch(
            rf"PUBLIC_(?:DVD_|ARCHIVE#){table}(?:_|#FILE01#)(\d{{4}})(\d\d)010000\.zip", path.name
        )
        if match is None:
            continue
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode()
        header: list[str] = []
        for row in csv.reader(io.StringIO(text)):
            if row[0] == "I":
                header = row
            elif row[0] == "D":
                yield f"{match[1]}-{match[2]}", dict(zip(header, row, strict=True))


def stamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d %H:%M:%S")


def test_the_tree_holds_the_months_named_here(real: Path) -> None:
    assert (
        sorted(path.name[6:].replace("_", "-") for path in (real / "nemweb").rglob("MMSDM_????_??")) == MONTHS
    )


@pytest.mark.parametrize("month", [month for month in MONTHS if month != "2021-09"])
def test_five_minute_prices_equal_the_files(month: str, real: Path, real_lake: Lake) -> None:
    expected = {
        (stamp(row["SETTLEMENTDATE"]), row["REGIONID"]): float(row["RRP"])
        for named, row in plain_rows(real, "DISPATCHPRICE")
        if named == month and row["INTERVENTION"] == "0"
    }
    assert {region for _, region in expected} == {"NSW1", "SA1"}
    assert len(expected) == 5 * 288 * 2
    got = prices(real_lake, "dispatch_price")
    assert {key: got[key] for key in expected} == expected


@pytest.mark.parametrize("month", ["2018-04", "2019-12"])
def test_the_pricing_run_is_kept_where_aemo_intervened(month: str, real: Path, real_lake: Lake) -> None:
    physical = {
        (stamp(row["SETTLEMENTDATE"]), row["REGIONID"]): float(row["RRP"])
        for named, row in plain_rows(real, "DISPATCHPRICE")
        if named == month and row["INTERVENTION"] == "1"
    }
    assert len(physical) > 1_000
    got = prices(real_lake, "dispatch_price")
    assert sum(got[key] != value for key, value in physical.items()) > 500


def test_the_physical_run_is_kept_for_demand_and_flows(real: Path, real_lake: Lake) -> None:
    for table, file, key, value in (
        ("region_demand", "DISPATCHREGIONSUM", "REGIONID", "TOTALDEMAND"),
        ("interconnector_flow", "DISPATCHINTERCONNECTORRES", "INTERCONNECTORID", "MWFLOW"),
    ):
        expected: dict[tuple[datetime, str], tuple[int, float]] = {}
        for _, row in plain_rows(real, file):
            name, run = (stamp(row["SETTLEMENTDATE"]), row[key]), int(row["INTERVENTION"])
            expected[name] = max(expected.get(name, (-1, 0.0)), (run, float(row[value])))
        got = {
            (row["settlementdate"], row[key.lower()]): (row["intervention"], row[value.lower()])
            for row in lake_rows(real_lake, table)
        }
        assert got == expected
        assert sum(run for run, _ in expected.values()) > 500


def test_every_reading_and_trading_price_is_in_the_lake(real: Path, real_lake: Lake) -> None:
    readings = {
        (stamp(row["SETTLEMENTDATE"]), row["DUID"]): float(row["SCADAVALUE"])
        for _, row in plain_rows(real, "DISPATCH_UNIT_SCADA")
    }
    got = {
        (row["settlementdate"], row["duid"]): row["scadavalue"] for row in lake_rows(real_lake, "unit_scada")
    }
    assert got == readings
    trading = {
        (stamp(row["SETTLEMENTDATE"]), row["REGIONID"]): float(row["RRP"])
        for _, row in plain_rows(real, "TRADINGPRICE")
    }
    assert prices(real_lake, "trading_price") == trading


def solutions(text: str) -> Iterator[dict[str, str]]:
    """UNIT_SOLUTION rows of a file: the csv module and nothing of ours."""
    header: list[str] = []
    for row in csv.reader(io.StringIO(text)):
        if row[:3] == ["I", "DISPATCH", "UNIT_SOLUTION"]:
            header = row
        elif row[:3] == ["D", "DISPATCH", "UNIT_SOLUTION"]:
            yield dict(zip(header, row, strict=True))


Target = tuple[int, float, float, float, int]


def targets(rows: list[dict[str, str]]) -> dict[tuple[datetime, str], Target]:
    """What one file tells of its semi-scheduled units: (run, UIGF, target, availability, cap)."""
    forecast = {row["DUID"] for row in rows if float(row.get("UIGF") or 0) > 0}
    found: dict[tuple[datetime, str], Target] = {}
    for row in rows:
        if row["DUID"] in forecast and row["UIGF"]:
            key = stamp(row["SETTLEMENTDATE"]), row["DUID"]
            measured = (float(row[name]) for name in ("UIGF", "TOTALCLEARED", "AVAILABILITY"))
            entry: Target = (int(row["INTERVENTION"]), *measured, int(row["SEMIDISPATCHCAP"]))  # type: ignore[assignment]
            found[key] = max(found.get(key, entry), entry, key=lambda target: target[0])
    return found


def lake_targets(lake: Lake) -> dict[tuple[object, object], tuple[object, ...]]:
    columns = ("intervention", "uigf", "totalcleared", "availability", "semidispatchcap")
    return {
        (row["settlementdate"], row["duid"]): tuple(row[name] for name in columns)
        for row in lake_rows(lake, "unit_dispatch")
    }


def test_targets_of_semi_scheduled_units_equal_the_files(real: Path, real_lake: Lake) -> None:
    by_month: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for month, row in plain_rows(real, "DISPATCHLOAD"):
        by_month[month].append(row)
    assert sorted(by_month) == [month for month in MONTHS if month != "2021-09"]
    expected: dict[tuple[datetime, str], Target] = {}
    for rows in by_month.values():
        expected |= targets(rows)
    assert lake_targets(real_lake) == expected
    # The wind farm's rows, calms included, of the months with a forecast; the gas turbine's zeros are none.
    assert {duid for _, duid in expected} == {"HDWF2"}
    assert len(expected) == 4 * 1440
    assert sorted(real_lake.snapshot().partitions("unit_dispatch")) == [
        month for month in MONTHS if month >= "2024"
    ]
    with_cap = [row for row in lake_rows(real_lake, "unit_dispatch") if row["semidispatchcap"] == 1]
    assert len(with_cap) == 39 + 40 + 21 + 85


def test_curtailment_of_a_real_unit_is_that_of_the_files(real: Path, real_lake: Lake) -> None:
    price = prices(real_lake, "dispatch_price")
    expected: defaultdict[tuple[date, str], float] = defaultdict(float)
    for _, row in plain_rows(real, "DISPATCHLOAD"):
        if row["DUID"] == "HDWF2" and row.get("UIGF"):
            end = stamp(row["SETTLEMENTDATE"])
            lost = max(float(row["UIGF"]) - float(row["TOTALCLEARED"]), 0.0) / 12
            kind = "economic" if price[end, "SA1"] <= 0 else "network"
            expected[(end - timedelta(minutes=5)).date(), kind] += lost
    found = {
        (row["date"], kind): row[f"{kind}_curtailed_mwh"]
        for row in lake_rows(real_lake, "unit_curtailment_day")
        for kind in ("economic", "network")
    }
    assert set(expected) <= set(found) and len(found) >= 2 * 4 * 5
    for key, value in found.items():
        assert value == pytest.approx(expected.get(key, 0.0), abs=1e-9), key  # type: ignore[arg-type]
    assert sum(expected.values()) > 10


def test_a_real_next_day_file_is_listed_and_read(real: Path, tmp_path: Path) -> None:
    from data_layer.ingest import nemweb, pipeline

    folder = "Reports/Current/Next_Day_Dispatch"
    html = (real / "nemweb" / folder / "index.html").read_text(encoding="utf-8")
    listed = nemweb.parse_listing(html, folder)
    assert [remote.stamp for remote in listed] == [datetime(2026, 5, 15), datetime(2026, 5, 14)]
    (path,) = (real / "nemweb" / folder).glob("*.zip")
    assert path.name == listed[1].name
    lake = Lake(tmp_path / "lake")
    summary = pipeline.ingest_files(lake, [path])
    assert summary.refusals == []
    with zipfile.ZipFile(path) as archive:
        rows = list(solutions(archive.read(archive.namelist()[0]).decode()))
    assert lake_targets(lake) == targets(rows)
    assert lake.snapshot().span("unit_dispatch") == (datetime(2026, 5, 14, 4, 5), datetime(2026, 5, 15, 4))


def test_rooftop_rows_are_those_of_whole_regions(real: Path, real_lake: Lake) -> None:
    expected = {
        (stamp(row["INTERVAL_DATETIME"]), row["REGIONID"], row["TYPE"]): float(row["POWER"])
        for _, row in plain_rows(real, "ROOFTOP_PV_ACTUAL")
        if row["REGIONID"].endswith("1")
    }
    got = {
        (row["settlementdate"], row["regionid"], row["type"]): row["power"]
        for row in lake_rows(real_lake, "rooftop_pv")
    }
    assert got == expected


def test_a_trading_price_is_the_mean_of_six_dispatch_prices_rounded_to_cents(real_lake: Lake) -> None:
    six: defaultdict[tuple[datetime, str], list[float]] = defaultdict(list)
    for (end, region), price in prices(real_lake, "dispatch_price").items():
        if end <= FIVE_MINUTE_SETTLEMENT:
            into = (end - timedelta(minutes=5)).replace(minute=0) + timedelta(hours=1)
            six[into - timedelta(minutes=30) if end.minute in range(5, 31) else into, region].append(price)
    trading = prices(real_lake, "trading_price")
    whole = {key: values for key, values in six.items() if len(values) == 6 and key in trading}
    assert len(whole) == 4 * 2 * 240 - 4 * 2  # the half-hours into each cut of the sample have one of six
    # Half a cent, and the last digit of a double: AEMO publishes trading prices with two decimals.
    assert all(abs(trading[key] - sum(values) / 6) <= CENT / 2 + 1e-9 for key, values in whole.items())


def test_since_five_minute_settlement_the_trading_price_is_the_dispatch_price(real_lake: Lake) -> None:
    dispatch = prices(real_lake, "dispatch_price")
    after = {
        key: price
        for key, price in prices(real_lake, "trading_price").items()
        if key[0] > FIVE_MINUTE_SETTLEMENT
    }
    assert len(after) == 5 * 2 * 1440
    assert all(abs(price - dispatch[key]) <= CENT / 2 + 1e-9 for key, price in after.items())


def test_published_daily_sums_of_readings(real: Path, real_lake: Lake) -> None:
    """The publisher's rule: the plain sum of 5-minute readings (MW, no energy), cut at the STAMP's date - so
    that 00:00 opens its day instead of closing the one before - and days that sum to zero left out."""
    with open(real / "published" / "DISPATCH_UNIT_SCADA_202501_daily.csv", encoding="utf-8") as handle:
        published = {
            (row["DUID"], date.fromisoformat(row["DATE"])): float(row["SCADAVALUE_sum"])
            for row in csv.DictReader(handle)
        }
    sums: defaultdict[tuple[str, date], float] = defaultdict(float)
    for row in lake_rows(real_lake, "unit_scada"):
        end = row["settlementdate"]
        assert isinstance(end, datetime)
        if datetime(2025, 1, 1) < end <= datetime(2025, 2, 1):
            sums[str(row["duid"]), end.date()] += float(str(row["scadavalue"]))
    cut = datetime(2025, 1, 4).date(), datetime(2025, 1, 30).date()
    covered = {key for key in sums if key[1] < cut[0] or key[1] >= cut[1]}
    assert len(covered) == 12
    for key in covered:
        assert published.get(key, 0.0) == pytest.approx(sums[key], abs=1e-6), key
    assert sum(key in published for key in covered) == 7


def test_published_daily_price_statistics(real: Path, real_lake: Lake) -> None:
    """The publisher's rule: statistics of TRADING prices (half-hours until October 2021, 5 minutes since)
    cut at the STAMP's date: a day is [00:00, 23:30] or [00:00, 23:55], not ours, which ends at 00:00.
    Compared on days that the sample holds whole by that rule; extremes equal, averages to a cent."""
    by_day: defaultdict[date, list[float]] = defaultdict(list)
    for (end, region), price in prices(real_lake, "trading_price").items():
        if region == "NSW1":
            by_day[end.date()].append(price)
    compared = 0
    with open(real / "published" / "PRICE_STATS_BY_DAY_NSW1.csv", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            day = date.fromisoformat(row["YEAR_MONTH_DAY"])
            values = by_day.get(day, [])
            if len(values) != (48 if day < FIVE_MINUTE_SETTLEMENT.date() else 288):
                continue
            compared += 1
            assert float(row["RRP_min"]) == min(values), day
            assert float(row["RRP_max"]) == max(values), day
            assert float(row["RRP_mean"]) == pytest.approx(statistics.fmean(values), abs=CENT), day
            assert float(row["RRP_median"]) == pytest.approx(statistics.median(values), abs=CENT), day
    # Four days of each month that both hold; the first lacks its 00:00, but where the month before has it.
    assert compared == 7 * 4 + 2


def test_published_quarterly_prices_need_quarters_that_the_sample_does_not_hold(
    real: Path, real_lake: Lake
) -> None:
    """published_prices.csv gives averages over quarters and years. No row's period is whole in the sample:
    the test says so, and fails when a fuller sample would allow the comparison."""
    days = {end.date() for end, _ in prices(real_lake, "trading_price")}
    with open(real / "published" / "published_prices.csv", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 16
    for row in rows:
        period = row["period"]
        if period.startswith("FY"):
            year = int(period[2:6])
            start, end = date(year, 7, 1), date(year + 1, 7, 1)
        else:
            year, quarter = int(period[:4]), int(period[5])
            start = date(year, quarter * 3 - 2, 1)
            end = date(year + quarter // 4, quarter * 3 % 12 + 1, 1)
        covered = sum(start <= day < end for day in days)
        assert covered < (end - start).days, f"{period} {row['region']} can be compared now"


def test_a_third_ingest_of_the_same_tree_publishes_nothing(real: Path, real_lake: Lake) -> None:
    from data_layer.ingest import nemweb, pipeline

    before = real_lake.token()
    source = nemweb.FolderSource(real / "nemweb")
    for _ in range(2):
        months = [(int(month[:4]), int(month[5:])) for month in MONTHS]
        summary = pipeline.ingest(real_lake, source, months)
        assert (summary.versions, summary.files) == (0, [])
        assert summary.known > 50
    assert real_lake.token() == before


def test_thresholds_and_topology_come_from_aemo_where_it_published_them(real_lake: Lake) -> None:
    thresholds = {row["effectivedate"]: row for row in lake_rows(real_lake, "price_thresholds")}
    assert thresholds[datetime(2020, 7, 1)]["source"] == "AEMO MARKET_PRICE_THRESHOLDS"
    assert thresholds[datetime(2019, 7, 1)]["administered_price_threshold"] == 221_100
    assert thresholds[datetime(2024, 7, 1)]["voll"] == 17_500
    links = {row["interconnectorid"]: row for row in lake_rows(real_lake, "interconnectors")}
    assert len(links) == 6
    assert links["VIC1-NSW1"] == {
        "interconnectorid": "VIC1-NSW1",
        "name": "VNI",
        "regionid_from": "VIC1",
        "regionid_to": "NSW1",
        "source": "AEMO INTERCONNECTOR",
    }
