"""What the page asks of AEMO's real months, against the files read by the csv module alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import FuelSummary, Period, RegionSeries, RegionSummary
from tests.data_layer.ingest.test_real_months import FIVE_MINUTE_SETTLEMENT, MONTHS, plain_rows, stamp

pytestmark = pytest.mark.real

FIVE = timedelta(minutes=5)


@pytest.fixture(scope="module")
def manager(real_lake: Lake) -> HybridQueryManager:
    return open_manager(real_lake.root)


@pytest.fixture(scope="module")
def paid(real: Path) -> dict[tuple[datetime, str], float]:
    """What a generator was paid in each 5-minute interval: the half-hour's trading price up to October
    2021, held over its six intervals, the pricing run's dispatch price since."""
    prices: dict[tuple[datetime, str], float] = {}
    for _, row in plain_rows(real, "TRADINGPRICE"):
        end = stamp(row["SETTLEMENTDATE"])
        if end <= FIVE_MINUTE_SETTLEMENT:
            prices |= {(end - k * FIVE, row["REGIONID"]): float(row["RRP"]) for k in range(6)}
    for _, row in plain_rows(real, "DISPATCHPRICE"):
        end = stamp(row["SETTLEMENTDATE"])
        if end > FIVE_MINUTE_SETTLEMENT and row["INTERVENTION"] == "0":
            prices[end, row["REGIONID"]] = float(row["RRP"])
    return prices


def stretches(paid: dict[tuple[datetime, str], float], month: str) -> list[Period]:
    """The days of ``month`` that the files hold."""
    days = sorted({(end - FIVE).date() for end, _ in paid if f"{end - FIVE:%Y-%m}" == month})
    return [Period.of_days(day, day) for day in days]


@pytest.mark.parametrize("month", [month for month in MONTHS if month != "2021-09"])
def test_five_minute_prices_as_displayed_equal_the_files(
    month: str, manager: HybridQueryManager, paid: dict[tuple[datetime, str], float]
) -> None:
    compared = 0
    for period in stretches(paid, month):
        request = RegionSeries(period, ("NSW1", "SA1"), Resolution.FIVE_MINUTES)
        shown = {
            (row["time"], row["regionid"]): row["price_aud_per_mwh"]
            for row in manager.answer(request).table.to_pylist()
            if row["price_aud_per_mwh"] is not None
        }
        filed = {k: v for k, v in paid.items() if period.start < k[0] <= period.end and k in shown}
        assert filed.keys() == shown.keys()
        assert shown == pytest.approx(filed, abs=1e-9)
        compared += len(shown)
    assert compared >= 2 * 288 * 4, "the files hold five days of two regions"


def test_a_days_mean_price_is_the_mean_of_what_was_paid(
    manager: HybridQueryManager, paid: dict[tuple[datetime, str], float]
) -> None:
    for day in (datetime(2019, 12, 2), datetime(2025, 1, 2)):
        period = Period(day, day + timedelta(days=1))
        rows = {row["regionid"]: row for row in manager.answer(RegionSummary(period)).table.to_pylist()}
        for region in ("NSW1", "SA1"):
            values = [v for (end, r), v in paid.items() if r == region and period.start < end <= period.end]
            assert len(values) == 288 == rows[region]["intervals"]
            assert rows[region]["price_aud_per_mwh"] == pytest.approx(sum(values) / 288, rel=1e-12)
            assert rows[region]["max_price_aud_per_mwh"] == max(values)


def test_energy_and_revenue_of_a_day_are_the_sums_over_its_rows(
    real: Path, manager: HybridQueryManager, paid: dict[tuple[datetime, str], float]
) -> None:
    """The two units of the sample are in South Australia: Hallett (gas turbines) and Hornsdale 2 (wind)."""
    period = Period(datetime(2025, 1, 2), datetime(2025, 1, 3))
    energy: dict[str, float] = {}
    revenue: dict[str, float] = {}
    for _, row in plain_rows(real, "DISPATCH_UNIT_SCADA"):
        end = stamp(row["SETTLEMENTDATE"])
        if period.start < end <= period.end:
            mwh = float(row["SCADAVALUE"]) * 5 / 60
            energy[row["DUID"]] = energy.get(row["DUID"], 0.0) + mwh
            revenue[row["DUID"]] = revenue.get(row["DUID"], 0.0) + mwh * paid[end, "SA1"]
    assert len(energy) == 2
    rows = manager.answer(FuelSummary(period, "SA1")).table.to_pylist()
    ours = {row["fuel"]: row for row in rows if row["fuel"] != "Rooftop Solar"}
    assert sorted(row["energy_mwh"] for row in ours.values()) == pytest.approx(sorted(energy.values()))
    assert sorted(row["revenue_aud"] for row in ours.values()) == pytest.approx(sorted(revenue.values()))
