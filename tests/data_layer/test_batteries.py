"""Batteries: what a DUID's change leaves as one battery, every number worked out from a few rows, and both
engines on the demonstration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.market import REGIONS, Resolution
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import Period, Request, allowed_resolutions
from data_layer.requests.batteries import (
    BATTERY_GROUPS,
    REQUESTS,
    BatterySeries,
    BatterySummary,
    BatteryTimeOfDay,
    StorageLevel,
)
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit
from tests.data_layer.test_engines_agree import assert_same, periods

FIRST = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)
BOTH = ("duckdb", "pandas")

# A day of the battery: an hour at 24 MW in, an hour at 20 MW out, the rest at rest. It pays $50, but for
# the first half-hour is paid $20; it sells at $200.
CHARGING, DISCHARGING = slice(120, 132), slice(216, 228)


def day(hour: slice, mw: float) -> list[float]:
    return [mw if hour.start <= k < hour.stop else 0.0 for k in range(288)]


def price_of_day() -> list[float]:
    return [-20.0 if 120 <= k < 126 else 200.0 if 216 <= k < 228 else 50.0 for k in range(288)]


def when(days: Sequence[int]) -> list[datetime]:
    return [stamp for d in days for stamp in stamps(FIRST + timedelta(days=d) + FIVE, 288)]


def battery(duid: str, kind: str, **facts: Any) -> dict[str, Any]:
    told = {"station_name": "Hornsdale", "owner": "Neoen", "regionid": "SA1", "fuel": "Battery Storage"}
    return unit(duid, **{**told, "technology": "Battery", "dispatch_type": kind, **facts})


NEW = battery("HPR1", "BIDIRECTIONAL", capacity_mw=60.0, max_capacity_mw=50.0, storage_mwh=100.0)
OLD = [
    battery("HPRG1", "GENERATOR", owner="Old owner", successor_duid="HPR1"),
    battery("HPRL1", "LOAD", owner="Old owner", station_name="Hornsdale load", successor_duid="HPR1"),
]


def changed_battery(root: Path, units: Sequence[dict[str, Any]] = (NEW, *OLD)) -> Lake:
    """Day 0: a generator and a load. Day 1: both and the bidirectional unit. Day 2: the new one alone."""
    both = [a - b for a, b in zip(day(DISCHARGING, 20), day(CHARGING, 24), strict=True)]
    return make_lake(
        root,
        units=units,
        unit_scada=readings("HPRG1", when([0, 1]), day(DISCHARGING, 20) * 2)
        + readings("HPRL1", when([0, 1]), day(CHARGING, 24) * 2)
        + readings("HPR1", when([1, 2]), both * 2),
        dispatch_price=prices("SA1", when([0, 1, 2]), price_of_day() * 3),
    )


def days(count: int, start: int = 0) -> Period:
    return Period(FIRST + timedelta(days=start), FIRST + timedelta(days=start + count))


def only(lake: Lake, backend: str, request: Request) -> dict[str, Any]:
    found = open_manager(lake.root, backend=backend).answer(request).table.to_pylist()
    found = [row for row in found if not row.get("total")]
    assert len(found) == 1, found
    row: dict[str, Any] = found[0]
    return row


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize(("group", "name"), [("unit", "HPR1"), ("station", "Hornsdale"), ("owner", "Neoen")])
def test_old_and_new_duids_are_one_battery_counted_once(
    backend: str, group: str, name: str, tmp_path: Path
) -> None:
    row = only(changed_battery(tmp_path), backend, BatterySummary(days(3), group))
    assert row["name"] == name
    assert (row["batteries"], row["duids"], row["regions"]) == (1, "HPR1", "SA1")
    # Three days of 20 MWh out at $200; 24 MWh in, half of them at $50 and half at -$20.
    assert row["discharge_mwh"] == pytest.approx(60)
    assert row["charge_mwh"] == pytest.approx(72)
    assert row["discharge_revenue_aud"] == pytest.approx(12_000)
    assert row["charge_cost_aud"] == pytest.approx(3 * (12 * 50 - 12 * 20))
    assert row["revenue_aud"] == pytest.approx(10_920)
    assert row["discharge_price_aud_per_mwh"] == pytest.approx(200)
    assert row["charge_price_aud_per_mwh"] == pytest.approx(15)
    assert row["price_difference_aud_per_mwh"] == pytest.approx(185)
    assert row["spread_aud_per_mwh"] == pytest.approx(10_920 / 60)
    assert row["negative_price_charge_mwh"] == pytest.approx(36)
    assert row["negative_price_charge_income_aud"] == pytest.approx(720)
    assert row["capacity_mw"] == 50
    assert row["storage_mwh"] == 100
    assert row["cycles_per_day"] == pytest.approx(60 / (100 * 3))
    assert row["revenue_aud_per_mw_year"] == pytest.approx(10_920 / 50 * 8760 / 72)
    assert row["revenue_aud_per_mwh_year"] == pytest.approx(10_920 / 100 * 8760 / 72)
    assert (row["battery_intervals"], row["battery_intervals_expected"]) == (864, 864)
    assert row["round_trip_efficiency"] is None
    assert row["round_trip_blank_because"] == "under 7 days of readings"


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize("start", [0, 1, 2])
def test_each_day_of_the_change_is_alike(backend: str, start: int, tmp_path: Path) -> None:
    lake = changed_battery(tmp_path)
    row = only(lake, backend, BatterySummary(days(1, start)))
    assert (row["discharge_mwh"], row["charge_mwh"]) == (pytest.approx(20), pytest.approx(24))
    assert row["battery_intervals"] == 288
    hour = FIRST + timedelta(days=start, hours=18)
    request = BatterySeries(Period(hour, hour + 6 * FIVE), resolution=Resolution.FIVE_MINUTES)
    table = open_manager(lake.root, backend=backend).answer(request).table
    assert table.column("discharge_mw").to_pylist() == pytest.approx([20.0] * 6)
    assert table.column("batteries").to_pylist() == [1] * 6


@pytest.mark.parametrize("backend", BOTH)
def test_a_pair_that_nothing_followed_is_one_battery(backend: str, tmp_path: Path) -> None:
    units = [
        battery("KEPBG1", "GENERATOR", max_capacity_mw=2.0),
        battery("KEPBL1", "LOAD"),
        battery("ELSEWHERE", "LOAD", station_name="Elsewhere"),
        battery("LONE", "BIDIRECTIONAL"),
    ]
    lake = make_lake(
        tmp_path,
        units=units,
        unit_scada=readings("KEPBG1", when([0]), day(DISCHARGING, 2))
        + readings("KEPBL1", when([0]), day(CHARGING, 2))
        + readings("ELSEWHERE", when([0]), 1.0)
        + readings("LONE", when([0]), -1.0),
        dispatch_price=prices("SA1", when([0]), price_of_day()),
    )
    table = open_manager(lake.root, backend=backend).answer(BatterySummary(days(1))).table
    found = {row["name"]: row for row in table.to_pylist() if not row["total"]}
    assert set(found) == {"KEPBG1", "ELSEWHERE", "LONE"}
    assert found["KEPBG1"]["discharge_mwh"] == pytest.approx(2)
    assert found["KEPBG1"]["charge_mwh"] == pytest.approx(2)
    assert found["KEPBG1"]["battery_intervals"] == 288
    assert found["KEPBG1"]["cycles_per_day"] is None
    assert found["KEPBG1"]["storage_mwh"] is None
    assert found["ELSEWHERE"]["charge_mwh"] == pytest.approx(24)
    assert found["ELSEWHERE"]["spread_aud_per_mwh"] is None


@pytest.mark.parametrize("backend", BOTH)
def test_energy_without_a_price_is_counted_and_not_priced(backend: str, tmp_path: Path) -> None:
    known = when([0])
    unpriced = {*known[222:228], *known[120:126]}
    lake = make_lake(
        tmp_path,
        units=[NEW],
        unit_scada=readings(
            "HPR1",
            known,
            [a - b for a, b in zip(day(DISCHARGING, 20), day(CHARGING, 24), strict=True)],
        ),
        dispatch_price=[
            record
            for record in prices("SA1", known, price_of_day())
            if record["settlementdate"] not in unpriced
        ],
    )
    row = only(lake, backend, BatterySummary(days(1)))
    assert row["discharge_mwh"] == pytest.approx(20)
    assert row["discharge_revenue_aud"] == pytest.approx(2_000)
    assert row["discharge_price_aud_per_mwh"] == pytest.approx(200)
    assert row["charge_price_aud_per_mwh"] == pytest.approx(50)
    assert row["spread_aud_per_mwh"] == pytest.approx((2_000 - 600) / 10)
    assert row["negative_price_charge_mwh"] == 0


@pytest.mark.parametrize("backend", BOTH)
def test_round_trip_efficiency_is_blank_until_it_means_something(backend: str, tmp_path: Path) -> None:
    """Ten days of one full charge each: shown; nine charges, a gap or no storage: blank, and why."""
    steps = [-26.0] * 48 + [20.0] * 48 + [0.0] * 192  # 104 MWh in, 80 MWh out
    many = when(range(10))

    def lake(name: str, values: list[float], at: list[datetime], unit_row: dict[str, Any]) -> Lake:
        return make_lake(
            tmp_path / name,
            units=[unit_row],
            unit_scada=readings("HPR1", at, values),
            dispatch_price=prices("SA1", many, 100.0),
        )

    full = only(lake("full", steps * 10, many, NEW), backend, BatterySummary(days(10)))
    assert full["round_trip_efficiency"] == pytest.approx(80 / 104)
    assert full["round_trip_blank_because"] is None
    assert full["cycles_per_day"] == pytest.approx(0.8)
    few = only(
        lake("few", [*steps * 9, *[0.0] * 288], many, NEW),
        backend,
        BatterySummary(days(10)),
    )
    assert few["round_trip_blank_because"] == "under ten full charges"
    holed = [stamp for k, stamp in enumerate(many) if not 500 <= k < 600]
    gap = only(
        lake("gap", [v for k, v in enumerate(steps * 10) if not 500 <= k < 600], holed, NEW),
        backend,
        BatterySummary(days(10)),
    )
    assert gap["round_trip_blank_because"] == "readings missing"
    assert (gap["battery_intervals"], gap["battery_intervals_expected"]) == (2_780, 2_880)
    unknown = only(
        lake("unknown", steps * 10, many, {**NEW, "storage_mwh": None}), backend, BatterySummary(days(10))
    )
    assert unknown["round_trip_blank_because"] == "storage unknown"
    assert unknown["round_trip_efficiency"] is unknown["cycles_per_day"] is None


@pytest.mark.parametrize("backend", BOTH)
def test_a_group_pools_its_batteries_by_energy_and_hours(backend: str, tmp_path: Path) -> None:
    """A small battery that stood a day beside a large one that stood two: sums over sums, each battery's
    capacity for the hours it reported."""
    other = battery("NEXT1", "BIDIRECTIONAL", station_name="Next", max_capacity_mw=10.0)
    lake = make_lake(
        tmp_path,
        units=[NEW, other],
        unit_scada=readings("HPR1", when([0, 1]), day(DISCHARGING, 30) * 2)
        + readings("NEXT1", when([1]), day(slice(0, 12), 10)),
        dispatch_price=prices("SA1", when([0, 1]), price_of_day() * 2),
    )
    row = only(lake, backend, BatterySummary(days(2), "owner"))
    # 2 x 30 MWh at $200, 10 MWh at $50.
    assert row["discharge_price_aud_per_mwh"] == pytest.approx(12_500 / 70)
    assert row["revenue_aud_per_mw_year"] == pytest.approx(12_500 * 8760 / (50 * 48 + 10 * 24))
    assert row["cycles_per_day"] == pytest.approx(60 / (100 * 2)), "only what is known of storage"
    assert (row["batteries"], row["batteries_with_storage"]) == (2, 1)
    request = BatteryTimeOfDay(days(2), "station", ("Next",))
    table = open_manager(lake.root, backend=backend).answer(request).table
    first = next(row for row in table.to_pylist() if row["time_of_day"] == 30)
    assert first["discharge_mw"] == pytest.approx(10), "the mean over the one day found"
    assert first["price_aud_per_mwh"] == pytest.approx(50)


@pytest.mark.parametrize("backend", BOTH)
def test_stored_energy_is_given_where_it_is_published(backend: str, tmp_path: Path) -> None:
    half = stamps(FIRST + FIVE, 12)
    lake = make_lake(
        tmp_path,
        units=[NEW],
        unit_scada=readings("HPR1", half, 1.0),
        dispatch_price=prices("SA1", half, 50.0),
        region_demand=[
            {"settlementdate": s, "regionid": "SA1", "totaldemand": 1.0, "bdu_energy_storage": 10.0 + k}
            for k, s in enumerate(half[6:])
        ]
        + [{"settlementdate": s, "regionid": "TAS1", "totaldemand": 1.0} for s in half],
    )
    row = only(lake, backend, StorageLevel(days(1), resolution=Resolution.HALF_HOUR))
    assert (row["regionid"], row["time"]) == ("SA1", FIRST + timedelta(hours=1))
    assert (row["stored_mwh"], row["min_stored_mwh"], row["max_stored_mwh"]) == (12.5, 10, 15)
    assert row["intervals"] == 6


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_both_engines_agree_on_batteries(
    data: st.DataObject, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    state = engines[0].lake_state()
    assert state.first is not None
    assert state.last is not None
    period = data.draw(periods(state.first - FIVE, state.last))
    group = data.draw(st.sampled_from(BATTERY_GROUPS))
    region = data.draw(st.sampled_from(("NEM", *REGIONS)))
    chosen = data.draw(st.sampled_from([(), ("SA1", "HPR1", "AGL", "Eraring Battery Energy Storage System")]))
    resolution = data.draw(st.sampled_from(allowed_resolutions(period)))
    assert_same(BatterySummary(period, group, region), engines)
    assert_same(BatterySeries(period, group, chosen, region, resolution), engines)
    assert_same(BatteryTimeOfDay(period, group, chosen, region), engines)
    assert_same(StorageLevel(period, resolution=resolution), engines)


def test_the_fleet_is_the_sum_of_its_batteries(demo_lake: Lake) -> None:
    manager = open_manager(demo_lake.root)
    period = Period(datetime(2026, 2, 20), datetime(2026, 3, 1))
    for group in BATTERY_GROUPS:
        fleet, *rows = manager.answer(BatterySummary(period, group)).table.to_pylist()
        assert (fleet["name"], fleet["total"]) == ("All batteries", True)
        assert not any(row["total"] for row in rows)
        for column in ("discharge_mwh", "charge_mwh", "revenue_aud", "negative_price_charge_income_aud"):
            assert sum(row[column] for row in rows) == pytest.approx(fleet[column]), (group, column)
    series = manager.answer(BatterySeries(period, resolution=Resolution.DAY)).table
    assert sum(series.column("revenue_aud").to_pylist()) == pytest.approx(fleet["revenue_aud"])


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda p: BatterySummary(p, "duid; --"), "group_by"),
        (lambda p: BatterySummary(p, region="MOON"), "region"),
        (lambda p: BatterySeries(p, "planet"), "group_by"),
        (lambda p: BatterySeries(p, chosen="HPR1"), "chosen"),
        (lambda p: BatterySeries(p, chosen=("",)), "chosen"),
        (lambda p: BatterySeries(p, chosen=tuple("abcdefghijklmn")), "chosen"),
        (lambda p: BatterySeries(p, resolution="5min"), "resolution"),
        (lambda p: StorageLevel(p, ("MOON",)), "region"),
    ],
)
def test_what_is_not_allowed_is_refused(make: Any, field: str) -> None:
    with pytest.raises(RequestError) as caught:
        make(days(1))
    assert caught.value.field == field


def test_requests_come_back_from_their_address() -> None:
    asked: list[Request] = [
        BatterySummary(days(3), "owner", "SA1"),
        BatterySeries(days(3), "station", ("A, B", "C%"), "SA1", Resolution.HOUR),
        BatteryTimeOfDay(days(3), "unit", ("HPR1",)),
        StorageLevel(days(3), ("SA1",), Resolution.DAY),
    ]
    assert {type(request) for request in asked} == set(REQUESTS)
    for request in asked:
        assert type(request).from_query(request.to_query()) == request
