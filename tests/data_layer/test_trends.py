"""Trends: both engines agree on buckets, shares, records, rolling means, demand and ramps; and on paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data_layer import rollups, sql
from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.loading import Loader
from data_layer.market import Bucket
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import Period
from data_layer.requests import trends as ask
from data_layer.requests.base import Request
from data_layer.tables import TABLES
from tests.data_layer.lakes import make_lake, prices, readings, rows, stamps, unit

Engines = tuple[HybridQueryManager, HybridQueryManager]


def pair(lake: Lake) -> Engines:
    return open_manager(lake.root), open_manager(lake.root, backend="pandas")


def assert_same(request: Request, engines: Engines) -> list[dict[str, Any]]:
    """The rows, which both engines give; order included."""
    duck, pandas = (engine.answer(request).table for engine in engines)
    assert duck.num_rows == pandas.num_rows, request
    assert set(duck.column_names) == set(pandas.column_names), request
    left, right = (table.to_pandas() for table in (duck, pandas))
    for name in duck.column_names:
        if pd.api.types.is_numeric_dtype(left[name]):
            got, want = (frame[name].astype("float64") for frame in (left, right))
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-6, err_msg=f"{request} {name}")
        else:
            assert [str(v) for v in left[name]] == [str(v) for v in right[name]], (request, name)
    return duck.to_pylist()


def every_question(period: Period) -> list[Request]:
    """Every bucket, every definition and every kind of fuels, shared out over the NEM and two regions."""
    return [
        *(ask.FuelTrend(period, "NEM", bucket) for bucket in ask.BUCKETS),
        ask.FuelTrend(period, "SA1", "season"),
        *(ask.ShareTrend(period, "NEM", "season", kind) for kind in ask.DEFINITIONS),
        *(ask.ShareTrend(period, "NSW1", "fy", kind) for kind in ("demand", "gross")),
        *(ask.ShareRecords(period, "NEM", kind) for kind in ask.DEFINITIONS),
        *(ask.ShareRecords(period, "SA1", kind) for kind in ("demand", "generation")),
        ask.DailyRolling(period),
        ask.DailyRolling(period, "SA1", ("Battery Storage",), 7),
        ask.DailyRolling(period, "NSW1", ("Coal", "Battery Storage")),
        ask.DemandExtremes(period, "NEM", "quarter"),
        ask.DemandExtremes(period, "SA1", "year"),
        *(ask.EveningRamp(period, "NEM", "season", of) for of in ask.LOADS),
        ask.EveningRamp(period, "SA1"),
    ]


@pytest.fixture(scope="module")
def long_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two regions over the ends of a calendar year, of a leap February, of a summer and of a financial year,
    with a hole of days between, single intervals missing here and there, rooftop PV in one region only, and
    a unit that nobody knows."""
    noise = np.random.default_rng(11)
    when = np.datetime64("2023-12-18T00:05", "us") + np.arange(210 * 288) * np.timedelta64(5, "m")
    when = when[(when <= np.datetime64("2024-03-12T03:20")) | (when > np.datetime64("2024-06-25T07:35"))]

    def table(name: str, key: str, values: list[str], **columns: tuple[float, float]) -> pa.Table:
        kept = noise.random(len(when)) > 0.001
        mine = when[kept]
        filled: dict[str, Any] = {
            "settlementdate": np.repeat(mine, len(values)),
            key: np.tile(values, len(mine)),
        }
        for column, (low, high) in columns.items():
            filled[column] = np.round(noise.uniform(low, high, len(mine) * len(values)), 2)
        schema = TABLES[name].schema
        return pa.table({c: pa.array(v, schema.field(c).type) for c, v in filled.items()})

    lake = Lake(tmp_path_factory.mktemp("long") / "lake")
    with lake.write() as writer:
        loader = Loader(writer)
        registry = [
            unit("COAL"),
            unit("WIND", regionid="SA1", fuel="Wind"),
            unit("BATT", regionid="SA1", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL"),
            unit("HYDRO", fuel="Water"),
        ]
        loader.replace("units", rows("units", registry))
        for duid in ("COAL", "WIND", "BATT", "HYDRO", "NEW"):
            loader.add("unit_scada", table("unit_scada", "duid", [duid], scadavalue=(-40, 900)))
        regions = ["NSW1", "SA1"]
        loader.add("dispatch_price", table("dispatch_price", "regionid", regions, rrp=(-60, 400)))
        for region in regions:
            demand = table(
                "region_demand",
                "regionid",
                [region],
                totaldemand=(50, 2_000),
                demand_and_nonschedgen=(100, 2_100),
            )
            loader.add("region_demand", demand)
        halves = when[(when.astype("datetime64[m]").astype(int) % 30) == 0]
        sun = [
            {"settlementdate": s, "regionid": "SA1", "type": "MEASUREMENT", "power": p, "qi": 1.0}
            for s, p in zip(halves.tolist(), noise.uniform(0, 500, len(halves)).tolist(), strict=True)
        ]
        loader.add("rooftop_pv", rows("rooftop_pv", sun))
        loader.flush()
        rollups.build(writer)
        writer.publish()
    return lake


@pytest.fixture(scope="module")
def engines(long_lake: Lake) -> Engines:
    return pair(long_lake)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(datetime(2023, 12, 18), datetime(2024, 7, 15), marks=pytest.mark.long),
        pytest.param(datetime(2023, 12, 20, 7, 35), datetime(2024, 7, 3, 17, 5), marks=pytest.mark.long),
        (datetime(2024, 2, 25, 7, 35), datetime(2024, 3, 10, 17, 5)),
    ],
)
def test_both_engines_agree_over_a_leap_year_with_holes(
    start: datetime, end: datetime, engines: Engines
) -> None:
    for question in every_question(Period(start, end)):
        assert assert_same(question, engines), question


def test_both_engines_agree_over_the_demonstration(demo_lake: Lake) -> None:
    engines = pair(demo_lake)
    state = engines[0].lake_state()
    assert state.first is not None and state.last is not None
    for question in every_question(Period(state.last - timedelta(days=3, hours=5), state.last)):
        assert assert_same(question, engines), question


# -- The calendar ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bucket", "day", "start", "name"),
    [
        ("month", date(2024, 2, 29), date(2024, 2, 1), "Feb 2024"),
        ("quarter", date(2025, 3, 31), date(2025, 1, 1), "Q1 2025"),
        ("quarter", date(2025, 12, 1), date(2025, 10, 1), "Q4 2025"),
        ("season", date(2024, 12, 31), date(2024, 12, 1), "Summer 2025"),
        ("season", date(2025, 2, 28), date(2024, 12, 1), "Summer 2025"),
        ("season", date(2025, 3, 1), date(2025, 3, 1), "Autumn 2025"),
        ("season", date(2025, 11, 30), date(2025, 9, 1), "Spring 2025"),
        ("year", date(2025, 12, 31), date(2025, 1, 1), "2025"),
        ("fy", date(2025, 6, 30), date(2024, 7, 1), "FY2025"),
        ("fy", date(2025, 7, 1), date(2025, 7, 1), "FY2026"),
    ],
)
def test_buckets_of_the_calendar(bucket: str, day: date, start: date, name: str) -> None:
    assert Bucket(bucket).start(day) == start
    assert Bucket(bucket).name_of(start) == name


@pytest.mark.parametrize("bucket", list(Bucket))
def test_the_macro_cuts_the_calendar_as_market_does(bucket: Bucket) -> None:
    connection = duckdb.connect()
    connection.execute(sql.macros())
    first = datetime(2023, 1, 1)
    days = "range($first, $last, INTERVAL 1 DAY) AS t(day)"
    query = f"SELECT day, CAST(bucket_start($bucket, day) AS DATE) FROM {days}"
    last = first + timedelta(days=1_100)
    found = connection.execute(query, {"bucket": bucket.value, "first": first, "last": last}).fetchall()
    assert len(found) == 1_100
    for day, start in found:
        assert start == bucket.start(day.date())
        assert start <= day.date() < bucket.following(start)


# -- On paper -------------------------------------------------------------------------------------

FIRST = datetime(2025, 7, 1)


def after(start: datetime, count: int) -> list[datetime]:
    return stamps(start + timedelta(minutes=5), count)


def demand(regionid: str, when: list[datetime], mw: list[float] | float, more: float = 0) -> list[Any]:
    values = mw if isinstance(mw, list) else [mw] * len(when)
    return [
        {
            "settlementdate": s,
            "regionid": regionid,
            "intervention": 0,
            "totaldemand": v,
            "demand_and_nonschedgen": v + more,
        }
        for s, v in zip(when, values, strict=True)
    ]


@pytest.fixture
def one_hour(tmp_path: Path) -> Lake:
    """An hour of one region: 100 MW hydro, 300 MW wind, 400 MW coal, 50 MW of a battery, 200 MW rooftop;
    demand 800 MW, 850 MW with non-scheduled generation. In the second half-hour one interval of demand is
    missing and the wind doubles."""
    when = after(FIRST, 12)
    units = [
        unit("H", fuel="Water"),
        unit("W", fuel="Wind"),
        unit("C"),
        unit("B", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL"),
    ]
    halves = [when[5], when[11]]
    return make_lake(
        tmp_path,
        units=units,
        unit_scada=readings("H", when, 100.0)
        + readings("W", when, [300.0] * 6 + [600.0] * 6)
        + readings("C", when, 400.0)
        + readings("B", when, 50.0),
        dispatch_price=prices("NSW1", when, 50.0),
        region_demand=demand("NSW1", when[:6] + when[7:], 800.0, 50.0),
        rooftop_pv=[
            {"settlementdate": s, "regionid": "NSW1", "type": "DAILY", "power": 200.0, "qi": 1.0}
            for s in halves
        ],
    )


@pytest.mark.parametrize(
    ("definition", "share", "candidates"),
    [
        ("demand", (100 + 300 + 200) / (800 + 200), 1),
        ("gross", (100 + 300 + 200) / (850 + 200), 1),
        ("utility", (100 + 300) / 800, 1),
        ("generation", (100 + 600 + 200) / (100 + 600 + 200 + 400), 2),
    ],
)
def test_each_definition_divides_what_it_says(
    definition: str, share: float, candidates: int, one_hour: Lake
) -> None:
    """The half-hour that lacks an interval of demand is no candidate, save where demand is not needed."""
    day = Period(FIRST, FIRST + timedelta(days=1))
    for manager in pair(one_hour):
        found = manager.answer(ask.ShareRecords(day, "NSW1", definition)).table.to_pylist()
        best = {row["record"]: row for row in found}
        assert set(best) == {"highest half-hour", "lowest half-hour"}, "neither a whole day nor a month"
        assert best["highest half-hour"]["share"] == pytest.approx(share)
        assert best["highest half-hour"]["candidates"] == candidates
        stamp = FIRST + timedelta(minutes=30 * candidates)
        assert best["highest half-hour"]["time"] == stamp


def test_a_bucket_says_how_many_days_of_it_were_found(one_hour: Lake) -> None:
    day = Period(FIRST, FIRST + timedelta(days=1))
    for manager in pair(one_hour):
        (row,) = manager.answer(ask.ShareTrend(day, "NSW1", "month", "demand")).table.to_pylist()
        assert row["days"] == 31
        assert row["days_found"] == pytest.approx(11 / 288), "eleven intervals have all that is needed"
        assert row["renewable_mwh"] == pytest.approx((100 + 450 + 200) * 1.0)
        assert row["whole_mwh"] == pytest.approx(800 * 11 / 12 + 200)
        fuels = manager.answer(ask.FuelTrend(day, "NSW1", "fy")).table.to_pylist()
        by_fuel = {row["fuel"]: row for row in fuels}
        assert by_fuel["Battery Storage"]["share"] in (None, pytest.approx(float("nan"), nan_ok=True))
        assert by_fuel["Wind"]["share"] == pytest.approx(450 / (100 + 450 + 400 + 200))
        assert {(row["bucket_start"], row["days"]) for row in fuels} == {(date(2025, 7, 1), 365)}
        assert by_fuel["Wind"]["days_found"] == pytest.approx(12 / 288)


def test_no_record_where_almost_nothing_is_divided_by(tmp_path: Path) -> None:
    when = after(FIRST, 12)
    lake = make_lake(
        tmp_path,
        units=[unit("W", fuel="Wind")],
        unit_scada=readings("W", when, 300.0),
        dispatch_price=prices("NSW1", when, 1.0),
        region_demand=demand("NSW1", when, [99.0] * 6 + [150.0] * 6),
    )
    for manager in pair(lake):
        table = manager.answer(ask.ShareRecords(Period(FIRST, when[-1]), "NSW1", "utility")).table
        assert {row["share"] for row in table.to_pylist()} == {2.0}


def test_the_nems_extremes_are_of_the_same_half_hour(tmp_path: Path) -> None:
    """The regions peak in different half-hours; the sum of their peaks never was. A half-hour without one
    of the regions is left out, though it would be the lowest."""
    when = after(FIRST, 18)
    lake = make_lake(
        tmp_path,
        units=[unit("C")],
        unit_scada=readings("C", when, 1.0),
        dispatch_price=prices("NSW1", when, 1.0),
        region_demand=demand("NSW1", when, [900.0] * 6 + [500.0] * 6 + [100.0] * 6)
        + demand("SA1", when[:12], [200.0] * 5 + [260.0] + [400.0] * 6),
    )
    request = ask.DemandExtremes(Period(FIRST, when[-1]), "NEM", "year")
    (row,) = assert_same(request, pair(lake))
    assert row["max_demand_mw"] == pytest.approx(900 + 210), "the half-hour's mean, not its highest interval"
    assert row["max_demand_at"] == FIRST + timedelta(minutes=30)
    assert row["min_demand_mw"] == pytest.approx(900)
    assert row["min_demand_at"] == FIRST + timedelta(minutes=60)
    assert row["bucket_start"] == date(2025, 1, 1)


def test_an_evening_ramp_is_the_largest_rise_over_three_hours(tmp_path: Path) -> None:
    """Demand is 1,000 MW but for half-hours ending 15:00 (700), 18:00 (1,500) and 21:30 (9,000): the last
    is outside the evening. Wind of 400 MW in the half-hour ending 15:00 takes that from the residual."""
    when = after(FIRST, 288)

    def at(stamp: datetime) -> str:
        start = stamp - timedelta(minutes=5)
        end = start + timedelta(minutes=30 - start.minute % 30)
        return f"{end:%H:%M}"

    levels = {"15:00": 700.0, "18:00": 1_500.0, "21:30": 9_000.0}
    lake = make_lake(
        tmp_path,
        units=[unit("W", fuel="Wind"), unit("C")],
        unit_scada=readings("W", when, [400.0 if at(s) == "15:00" else 0.0 for s in when])
        + readings("C", when, 5.0),
        dispatch_price=prices("NSW1", when, 1.0),
        region_demand=demand("NSW1", when, [levels.get(at(s), 1_000.0) for s in when]),
    )
    day = Period(FIRST, FIRST + timedelta(days=1))
    for of, rise in (("demand", 800.0), ("residual", 1_200.0)):
        (row,) = assert_same(ask.EveningRamp(day, "NEM", "month", of), pair(lake))
        assert row["max_ramp_mw"] == row["mean_ramp_mw"] == pytest.approx(rise)
        assert row["max_ramp_at"] == FIRST + timedelta(hours=18)
        assert row["days_found"] == 1


def test_a_rolling_mean_needs_twenty_whole_days(tmp_path: Path) -> None:
    """Twenty-five days of 12 MW wind beside 36 MW coal. The third is 94 % found and counts for nothing."""
    when = after(FIRST, 25 * 288)
    gap = {when[2 * 288 + k] for k in range(18)}
    kept = [stamp for stamp in when if stamp not in gap]
    lake = make_lake(
        tmp_path,
        units=[unit("W", fuel="Wind"), unit("C")],
        unit_scada=readings("W", kept, 12.0) + readings("C", kept, 36.0),
        dispatch_price=prices("NSW1", when, 1.0),
    )
    period = Period(FIRST + timedelta(days=18), FIRST + timedelta(days=25))
    found = assert_same(ask.DailyRolling(period, "NSW1", ("Wind",)), pair(lake))
    assert [row["date"] for row in found] == [date(2025, 7, 19) + timedelta(days=k) for k in range(7)]
    assert [row["days_found"] for row in found] == [18, 19, 20, 21, 22, 23, 24]
    numbers = [(row["energy_mwh"], row["share"]) for row in found]
    assert numbers[:2] == [(None, None)] * 2
    assert numbers[2:] == [(pytest.approx(288.0), pytest.approx(0.25))] * 5


def test_a_rolling_mean_is_of_the_seven_days_that_end_with_the_day(tmp_path: Path) -> None:
    """Wind of 1 MW on the first day, 2 MW on the second, and so on."""
    when = after(FIRST, 12 * 288)
    lake = make_lake(
        tmp_path,
        units=[unit("W", fuel="Wind")],
        unit_scada=readings("W", when, [float(1 + k // 288) for k in range(len(when))]),
        dispatch_price=prices("NSW1", when, 1.0),
    )
    period = Period(FIRST + timedelta(days=9), FIRST + timedelta(days=12))
    found = assert_same(ask.DailyRolling(period, "NSW1", ("Wind",), 7), pair(lake))
    means = [sum(range(day - 6, day + 1)) / 7 for day in (10, 11, 12)]
    assert [row["energy_mwh"] for row in found] == pytest.approx([24 * mean for mean in means])
    assert [row["days_found"] for row in found] == [7, 7, 7]


@pytest.mark.parametrize(("found", "whole"), [(274, True), (273, False)])
def test_a_day_is_whole_from_95_percent_on(tmp_path: Path, found: int, whole: bool) -> None:
    """Of 288 intervals 273.6."""
    when = after(FIRST, 288)
    lake = make_lake(
        tmp_path,
        units=[unit("W", fuel="Wind")],
        unit_scada=readings("W", when[:found], 300.0),
        dispatch_price=prices("NSW1", when[:found], 1.0),
        region_demand=demand("NSW1", when[:found], [600.0] * found),
    )
    period = Period(FIRST, FIRST + timedelta(days=1))
    for manager in pair(lake):
        records = manager.answer(ask.ShareRecords(period, "NSW1", "generation")).table.to_pylist()
        assert ("highest day" in {row["record"] for row in records}) == whole
        days = manager.answer(ask.DailyRolling(period, "NSW1", ("Wind",), 7)).table
        assert days.num_rows == whole


# -- Requests -------------------------------------------------------------------------------------


def test_periods_are_widened_to_whole_days() -> None:
    cut = Period(datetime(2025, 7, 1, 0, 5), datetime(2025, 7, 2, 17, 35))
    assert ask.FuelTrend(cut).period == Period(datetime(2025, 7, 1), datetime(2025, 7, 3))
    whole = Period(datetime(2025, 7, 1), datetime(2025, 7, 3))
    assert ask.FuelTrend(whole).period == whole


@pytest.mark.parametrize("question", every_question(Period(FIRST, FIRST + timedelta(days=40))))
def test_a_question_survives_the_address(question: Request) -> None:
    assert type(question).from_query(question.to_query()) == question


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (ask.FuelTrend, {"bucket": "week"}, "month, quarter, season, year, fy"),
        (ask.FuelTrend, {"region": "MOON"}, "NSW1"),
        (ask.ShareTrend, {"definition": "best"}, "demand, generation, gross, utility"),
        (ask.ShareRecords, {"definition": 7}, "demand"),
        (ask.EveningRamp, {"of": "price"}, "residual, demand"),
        (ask.DailyRolling, {"fuels": ("Cheese",)}, "Coal"),
        (ask.DailyRolling, {"window_days": 31}, "7, 30, 90"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(
    kind: type[Request], fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        kind(Period(FIRST, FIRST + timedelta(days=1)), **fields)
