"""What the Prices tab asks: by hand, by both engines, and against what others published."""

from __future__ import annotations

import csv
import statistics
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.market import FIVE_MINUTE_SETTLEMENT, HIGH_PRICE_AUD_PER_MWH, REGIONS
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import (
    EVENT_ORDERS,
    Period,
    PriceBands,
    PriceDuration,
    PriceEvents,
    PriceProfile,
    PriceStatistics,
    Request,
    TopIntervals,
)
from data_layer.requests.prices import DIVISIONS, MAX_TOP
from tests.data_layer.lakes import make_lake, prices, stamps
from tests.data_layer.test_engines_agree import assert_same

FIVE = timedelta(minutes=5)
BOTH = ("duckdb", "pandas")
Engines = tuple[HybridQueryManager, HybridQueryManager]


def both(lake: Lake) -> Engines:
    return open_manager(lake.root), open_manager(lake.root, backend="pandas")


def questions(period: Period) -> list[Request]:
    return [
        *(PriceStatistics(period, regions) for regions in ((), ("SA1",))),
        *(PriceDuration(period, regions) for regions in ((), ("TAS1", "VIC1"))),
        PriceBands(period),
        PriceBands(period, ("SA1",), (-50.0, 0.5, 72.33)),
        TopIntervals(period),
        TopIntervals(period, ("NSW1", "SA1"), MAX_TOP),
        *(PriceProfile(period, by=by) for by in DIVISIONS),
        *(PriceEvents(period, (), 120.0, 0.0, order) for order in EVENT_ORDERS),
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-02-18", "2026-03-01"),
        ("2026-02-20T03:35", "2026-02-26T17:05"),
        ("2026-02-28T23:40", "2026-03-01T00:10"),
        ("2026-02-27T09:05", "2026-02-27T09:10"),
        ("2026-02-01", "2026-02-18"),
    ],
)
def test_engines_agree_over_the_demonstration(demo_lake: Lake, start: str, end: str) -> None:
    engines = both(demo_lake)
    for question in questions(Period.parse(start, end)):
        found = assert_same(question, engines)
        assert found or isinstance(question, PriceEvents | PriceDuration | PriceStatistics)


# Six intervals of New South Wales: one missing, one without demand, one at the cap, one below zero, one
# on the edge of a band. South Australia has two prices.
NOON = datetime(2025, 6, 30, 23, 40)
WHEN = stamps(NOON + FIVE, 8)


@pytest.fixture
def small(tmp_path: Path) -> Lake:
    """Stamps 23:45, 23:50, (23:55 missing), 24:00, then 00:05 .. 00:15 of 1 July 2025, when the cap rises."""
    present = [WHEN[0], WHEN[1], WHEN[3], WHEN[4], WHEN[5], WHEN[6]]
    demand = [1000.0, 2000.0, 3000.0, 1000.0, None, 1000.0]
    return make_lake(
        tmp_path,
        dispatch_price=prices("NSW1", present, [30.0, -10.0, 17_500.0, 17_500.0, 300.0, 50.0])
        + prices("SA1", WHEN[:2], [100.0, 20_300.0]),
        region_demand=[
            {"settlementdate": stamp, "regionid": "NSW1", "totaldemand": mw, "intervention": 0}
            for stamp, mw in zip(present, demand, strict=True)
            if mw is not None
        ],
        price_thresholds=[
            {"effectivedate": datetime(2024, 7, 1), "voll": 17_500.0, "source": "test"},
            {"effectivedate": datetime(2025, 7, 1), "voll": 20_300.0, "source": "test"},
        ],
    )


PERIOD = Period(NOON, NOON + 8 * FIVE)


def rows(lake: Lake, request: Request, backend: str) -> list[dict[str, Any]]:
    return list(open_manager(lake.root, backend=backend).answer(request).table.to_pylist())


@pytest.mark.parametrize("backend", BOTH)
def test_statistics_by_hand(small: Lake, backend: str) -> None:
    """Prices sorted: -10, 30, 50, 300, 17500, 17500."""
    nsw, sa = rows(small, PriceStatistics(PERIOD), backend)
    values = [30.0, -10.0, 17_500.0, 17_500.0, 300.0, 50.0]
    assert nsw["regionid"] == "NSW1"
    assert (nsw["intervals"], nsw["intervals_expected"]) == (6, 8)
    assert nsw["mean_price_aud_per_mwh"] == pytest.approx(35_370 / 6)
    # The interval without demand counts in neither sum.
    weighted = (30 * 1000 - 10 * 2000 + 17_500 * 3000 + 17_500 * 1000 + 50 * 1000) / 8000
    assert nsw["demand_weighted_price_aud_per_mwh"] == pytest.approx(weighted)
    assert nsw["median_price_aud_per_mwh"] == pytest.approx((50 + 300) / 2)
    assert nsw["q1_price_aud_per_mwh"] == pytest.approx(30 + 0.25 * 20)
    assert nsw["q3_price_aud_per_mwh"] == pytest.approx(300 + 0.75 * 17_200)
    assert (nsw["min_price_aud_per_mwh"], nsw["max_price_aud_per_mwh"]) == (-10, 17_500)
    assert nsw["volatility_aud_per_mwh"] == pytest.approx(statistics.stdev(values))
    assert nsw["negative_share"] == pytest.approx(1 / 6)
    # 24:00 of 30 June still stands under the old cap, 00:05 of 1 July under the new one.
    assert (nsw["cap_intervals"], nsw["cap_share"]) == (1, pytest.approx(1 / 6))
    assert (nsw["lowest_cap_aud_per_mwh"], nsw["highest_cap_aud_per_mwh"]) == (17_500, 20_300)
    assert (sa["intervals"], sa["cap_intervals"]) == (2, 1)
    assert sa["demand_weighted_price_aud_per_mwh"] is None or pd.isna(sa["demand_weighted_price_aud_per_mwh"])


@pytest.mark.parametrize("backend", BOTH)
def test_bands_leave_no_gap_and_an_edge_belongs_above(small: Lake, backend: str) -> None:
    found = [row for row in rows(small, PriceBands(PERIOD), backend) if row["regionid"] == "NSW1"]
    counted = {row["band"]: row["intervals"] for row in found}
    # below 0: -10; 0-30: none; 30-100: 30 and 50; 100-300: none; 300-1000: 300; above: the two at 17,500
    assert counted == {0: 1, 2: 2, 4: 1, 5: 2}
    assert sum(row["share_of_time"] for row in found) == pytest.approx(1)
    assert sum(row["contribution_aud_per_mwh"] for row in found) == pytest.approx(35_370 / 6)
    assert sum(row["contribution_share"] for row in found) == pytest.approx(1)
    top = found[-1]
    assert (top["low_aud_per_mwh"], top["mean_price_aud_per_mwh"]) == (1000, 17_500)
    assert top["high_aud_per_mwh"] is None or pd.isna(top["high_aud_per_mwh"])


@pytest.mark.parametrize("backend", BOTH)
def test_the_average_without_its_dearest_intervals(small: Lake, backend: str) -> None:
    found = [row for row in rows(small, TopIntervals(PERIOD, top=6), backend) if row["regionid"] == "NSW1"]
    assert [row["settlementdate"] for row in found][:3] == [WHEN[3], WHEN[4], WHEN[5]]  # equal: earlier first
    assert found[1]["mean_without_aud_per_mwh"] == pytest.approx((35_370 - 35_000) / 4)
    assert found[1]["share_of_average"] == pytest.approx(35_000 / 35_370)
    last = found[-1]
    assert last["rank"] == 6
    assert last["mean_without_aud_per_mwh"] is None or pd.isna(last["mean_without_aud_per_mwh"])


@pytest.mark.parametrize("backend", BOTH)
def test_duration_counts_the_time_a_price_was_reached(small: Lake, backend: str) -> None:
    found = [row for row in rows(small, PriceDuration(PERIOD), backend) if row["regionid"] == "NSW1"]
    curve = [(row["price_aud_per_mwh"], round(row["share_at_or_above"] * 6)) for row in found]
    assert curve == [(17_500, 2), (300, 3), (50, 4), (30, 5), (-10, 6)]


@pytest.mark.parametrize("backend", BOTH)
def test_midnight_closes_its_day(small: Lake, backend: str) -> None:
    """30 June 2025 was a Monday: 24:00 is its last hour, 00:05 to 00:15 are Tuesday's first."""
    weekdays = [
        r for r in rows(small, PriceProfile(PERIOD, by="weekday"), backend) if r["regionid"] == "NSW1"
    ]
    assert [(r["part"], r["time_of_day"], r["intervals"]) for r in weekdays] == [(1, 1440, 3), (2, 60, 3)]
    assert weekdays[1]["price_aud_per_mwh"] == pytest.approx(17_850 / 3)
    months = [r for r in rows(small, PriceProfile(PERIOD, by="month"), backend) if r["regionid"] == "NSW1"]
    assert [r["part"] for r in months] == [202_506, 202_507]


@pytest.mark.parametrize("backend", BOTH)
def test_events_in_every_order_and_how_many_there_are(tmp_path: Path, backend: str) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 9)
    lake = make_lake(
        tmp_path, dispatch_price=prices("SA1", when, [400, 50, 300, -5, -20, -1, 50, 9_000, 301])
    )
    period = Period(datetime(2025, 7, 1), datetime(2025, 7, 2))
    extremes = {
        order: [r["extreme_price_aud_per_mwh"] for r in rows(lake, PriceEvents(period, order=order), backend)]
        for order in EVENT_ORDERS
    }
    # $300 exactly is not above the line.
    assert extremes == {
        "newest": [9_000, -20, 400],
        "highest": [9_000, 400, -20],
        "lowest": [-20, 400, 9_000],
        "longest": [-20, 9_000, 400],
    }
    assert {row["events"] for row in rows(lake, PriceEvents(period), backend)} == {3}


def test_the_high_line_is_the_markets() -> None:
    assert PriceEvents(PERIOD).high_aud_per_mwh == HIGH_PRICE_AUD_PER_MWH


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: PriceBands(PERIOD, edges=()), "edges"),
        (lambda: PriceBands(PERIOD, edges=(1.0, 1.0)), "edges"),
        (lambda: PriceBands(PERIOD, edges=(3.0, 1.0)), "edges"),
        (lambda: PriceBands(PERIOD, edges=tuple(range(9))), "edges"),
        (lambda: PriceBands(PERIOD, edges=(float("nan"),)), "edges"),
        (lambda: PriceBands(PERIOD, edges="0,30"), "edges"),  # type: ignore[arg-type]
        (lambda: TopIntervals(PERIOD, top=0), "top"),
        (lambda: TopIntervals(PERIOD, top=MAX_TOP + 1), "top"),
        (lambda: TopIntervals(PERIOD, top=True), "top"),
        (lambda: PriceProfile(PERIOD, by="hour; --"), "by"),
        (lambda: PriceStatistics(PERIOD, ("MOON",)), "region"),
        (lambda: PriceEvents(PERIOD, order="cheapest"), "order"),
    ],
)
def test_what_is_not_allowed_is_refused(make: Any, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        make()
    assert refused.value.field == field


def test_a_request_is_read_back_from_its_address() -> None:
    for question in questions(PERIOD):
        again = type(question).from_query(question.to_query())
        assert again == question
        assert again.key() == question.key()
    assert PriceBands(PERIOD, edges=(0, 300)) == PriceBands(PERIOD, edges=(-0.0, 300.0))  # type: ignore[arg-type]
    assert PriceStatistics(PERIOD, ()).regions == REGIONS


@pytest.mark.real
def test_a_month_of_victoria_is_what_pandas_says_of_the_published_prices(real: Path, tmp_path: Path) -> None:
    """April 2024 as another publisher has it, every 5-minute price of it."""
    published = pd.read_parquet(real / "published" / "prices_2024-04.parquet")
    ends = [stamp.replace(tzinfo=None) for stamp in published.ts_end_nem.dt.to_pydatetime()]
    lake = make_lake(tmp_path, dispatch_price=prices("VIC1", ends, published.rrp.tolist()))
    period = Period.parse("2024-04-01", "2024-04-30")
    price = published.rrp
    (row,) = rows(lake, PriceStatistics(period), "duckdb")
    assert row["intervals"] == row["intervals_expected"] == 8640
    described = price.describe()
    ours = [
        row[f"{name}_aud_per_mwh"]
        for name in (
            "mean_price",
            "volatility",
            "min_price",
            "q1_price",
            "median_price",
            "q3_price",
            "max_price",
        )
    ]
    assert ours == pytest.approx(
        list(described[["mean", "std", "min", "25%", "50%", "75%", "max"]]), rel=1e-12
    )
    assert row["negative_share"] == pytest.approx((price < 0).mean())
    top = rows(lake, TopIntervals(period, top=20), "duckdb")[-1]
    dearest = price.nlargest(20)
    assert top["share_of_average"] == pytest.approx(dearest.sum() / price.sum())
    assert top["mean_without_aud_per_mwh"] == pytest.approx(price.drop(dearest.index).mean())


@pytest.mark.real
@pytest.mark.parametrize(
    "day", ["2019-12-02", "2021-04-02", "2022-01-02", "2024-07-02", "2024-08-02", "2024-08-03"]
)
def test_days_of_new_south_wales_are_as_published(real: Path, real_lake: Lake, day: str) -> None:
    """Mean, median, lowest and highest of a day, from another reader of AEMO's files; that reader took the
    stamps of a date, so its day ends one interval before ours."""
    with open(real / "published" / "PRICE_STATS_BY_DAY_NSW1.csv", newline="") as file:
        published = next(row for row in csv.DictReader(file) if row["YEAR_MONTH_DAY"] == day)
    midnight = datetime.fromisoformat(day)
    interval = 6 * FIVE if midnight < FIVE_MINUTE_SETTLEMENT else FIVE
    period = Period(midnight - interval, midnight + timedelta(days=1) - interval)
    (row,) = open_manager(real_lake.root).answer(PriceStatistics(period, ("NSW1",))).table.to_pylist()
    assert row["intervals"] == 288
    for measure in ("mean", "median", "min", "max"):
        theirs = float(published[f"RRP_{measure}"])
        assert row[f"{measure}_price_aud_per_mwh"] == pytest.approx(theirs, abs=0.0101), (
            measure
        )  # cents were rounded first
