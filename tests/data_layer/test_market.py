"""Facts of the market, checked against each other and against the calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_layer import market
from data_layer.market import FUELS, INTERCONNECTORS, NEM, PRICE_THRESHOLDS, REGION_NAMES, REGIONS, Bucket

STAMPS = st.integers(0, 288 * 9_000).map(lambda k: datetime(2005, 1, 1) + timedelta(minutes=5 * k))


@pytest.mark.parametrize(
    ("stamp", "day", "trading_day", "month"),
    [
        (datetime(2026, 9, 8, 0, 0), date(2026, 9, 7), date(2026, 9, 7), (2026, 9)),
        (datetime(2026, 9, 8, 0, 5), date(2026, 9, 8), date(2026, 9, 7), (2026, 9)),
        (datetime(2026, 9, 8, 4, 0), date(2026, 9, 8), date(2026, 9, 7), (2026, 9)),
        (datetime(2026, 9, 8, 4, 5), date(2026, 9, 8), date(2026, 9, 8), (2026, 9)),
        (datetime(2026, 1, 1, 0, 0), date(2025, 12, 31), date(2025, 12, 31), (2025, 12)),
    ],
)
def test_a_stamp_belongs_where_its_interval_starts(
    stamp: datetime, day: date, trading_day: date, month: tuple[int, int]
) -> None:
    assert market.market_day(stamp) == day
    assert market.trading_day(stamp) == trading_day
    assert market.month_of(stamp) == month
    assert market.interval_start(stamp) == stamp - timedelta(minutes=5)


@given(stamp=STAMPS)
def test_every_day_has_288_intervals(stamp: datetime) -> None:
    midnight = stamp.replace(hour=0, minute=0)
    days = [market.market_day(midnight + timedelta(minutes=5 * k)) for k in range(1, 289)]
    assert set(days) == {midnight.date()}
    trading = [market.trading_day(midnight + timedelta(hours=4, minutes=5 * k)) for k in range(1, 289)]
    assert set(trading) == {midnight.date()}


def test_price_limits_rise_from_year_to_year_and_are_found_by_date() -> None:
    dates = [entry.effectivedate for entry in PRICE_THRESHOLDS]
    assert dates == sorted(set(dates))
    caps = [entry.cap_aud_per_mwh for entry in PRICE_THRESHOLDS]
    assert caps == sorted(caps)
    assert {entry.floor_aud_per_mwh for entry in PRICE_THRESHOLDS} == {-1_000}
    assert all(entry.source for entry in PRICE_THRESHOLDS)
    assert market.threshold_at(date(2026, 6, 30)).cap_aud_per_mwh == 20_300
    assert market.threshold_at(date(2026, 7, 1)).cap_aud_per_mwh == 23_200
    assert market.threshold_at(date(2021, 9, 30)).cumulative_threshold_aud == 226_500
    assert market.threshold_at(date(2021, 10, 1)).cumulative_threshold_aud == 1_359_100
    assert market.threshold_at(date(1990, 1, 1)) is PRICE_THRESHOLDS[0]


def test_interconnectors_join_regions_as_their_names_say() -> None:
    assert len(INTERCONNECTORS) == 6
    ends = {link.interconnectorid: (link.regionid_from, link.regionid_to) for link in INTERCONNECTORS}
    assert all(a in REGIONS and b in REGIONS and a != b for a, b in ends.values())
    assert ends["V-SA"] == ends["V-S-MNSP1"] == ("VIC1", "SA1")
    assert ends["T-V-MNSP1"] == ("TAS1", "VIC1")
    assert ends["VIC1-NSW1"] == ("VIC1", "NSW1")
    assert ends["NSW1-QLD1"] == ends["N-Q-MNSP1"] == ("NSW1", "QLD1")


def test_names_are_complete() -> None:
    assert set(REGION_NAMES) == {NEM, *REGIONS}
    assert list(REGIONS) == sorted(REGIONS)
    assert set(market.RENEWABLE_FUELS) == {"Biomass", "Water", "Wind", "Solar", "Rooftop Solar"}
    assert set(market.RENEWABLE_FUELS) < set(FUELS)
    assert "Battery Storage" not in market.RENEWABLE_FUELS
    assert [r.intervals for r in market.Resolution] == [1, 6, 12, 288, 8_640]
    assert [r.is_subdaily for r in market.Resolution] == [True, True, True, False, False]
    assert market.HOURS_PER_INTERVAL * 12 == 1


@pytest.mark.parametrize(
    ("bucket", "day", "start", "following", "name"),
    [
        ("month", date(2025, 12, 31), date(2025, 12, 1), date(2026, 1, 1), "Dec 2025"),
        ("month", date(2025, 1, 1), date(2025, 1, 1), date(2025, 2, 1), "Jan 2025"),
        ("quarter", date(2025, 3, 31), date(2025, 1, 1), date(2025, 4, 1), "Q1 2025"),
        ("quarter", date(2025, 4, 1), date(2025, 4, 1), date(2025, 7, 1), "Q2 2025"),
        ("quarter", date(2025, 9, 30), date(2025, 7, 1), date(2025, 10, 1), "Q3 2025"),
        ("quarter", date(2025, 12, 31), date(2025, 10, 1), date(2026, 1, 1), "Q4 2025"),
        ("season", date(2025, 12, 1), date(2025, 12, 1), date(2026, 3, 1), "Summer 2026"),
        ("season", date(2026, 1, 1), date(2025, 12, 1), date(2026, 3, 1), "Summer 2026"),
        ("season", date(2026, 2, 28), date(2025, 12, 1), date(2026, 3, 1), "Summer 2026"),
        ("season", date(2026, 3, 1), date(2026, 3, 1), date(2026, 6, 1), "Autumn 2026"),
        ("season", date(2026, 8, 31), date(2026, 6, 1), date(2026, 9, 1), "Winter 2026"),
        ("season", date(2026, 11, 30), date(2026, 9, 1), date(2026, 12, 1), "Spring 2026"),
        ("year", date(2025, 12, 31), date(2025, 1, 1), date(2026, 1, 1), "2025"),
        ("year", date(2025, 1, 1), date(2025, 1, 1), date(2026, 1, 1), "2025"),
        ("fy", date(2025, 6, 30), date(2024, 7, 1), date(2025, 7, 1), "FY2025"),
        ("fy", date(2025, 7, 1), date(2025, 7, 1), date(2026, 7, 1), "FY2026"),
        ("fy", date(2025, 12, 31), date(2025, 7, 1), date(2026, 7, 1), "FY2026"),
    ],
)
def test_a_day_lies_in_the_stretch_that_the_field_names_so(
    bucket: str, day: date, start: date, following: date, name: str
) -> None:
    which = Bucket(bucket)
    assert which.start(day) == start
    assert which.following(start) == following
    assert which.name_of(start) == name
