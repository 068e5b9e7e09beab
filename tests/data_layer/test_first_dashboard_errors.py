"""The thirteen groups of errors of the first dashboard, each a test of ours.

Numbered as in the list that this project inherited (docs/definitions/core.md tells each rule). Every
expectation is worked out by hand from a handful of rows.
"""

from __future__ import annotations

import ast
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data_layer import query_manager, sql
from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.market import Fuel, Resolution
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import (
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    Period,
    RegionSeries,
    RegionSummary,
)
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

DAY = datetime(2025, 7, 1)
WHOLE_DAY = Period(DAY, DAY + timedelta(days=1))
DAY_STAMPS = stamps(DAY + timedelta(minutes=5), 288)


def manager_of(lake: Lake) -> HybridQueryManager:
    return open_manager(lake.root)


def test_01_five_minute_revenue_is_a_twelfth_not_a_half(tmp_path: Path) -> None:
    """MW x RRP x 5/60 exactly: neither divided by 2 nor multiplied by 0.0833."""
    lake = make_lake(
        tmp_path,
        units=[unit("BW01")],
        unit_scada=readings("BW01", DAY_STAMPS[:1], 600.0),
        dispatch_price=prices("NSW1", DAY_STAMPS[:1], 120.0),
    )
    manager = manager_of(lake)
    period = Period(DAY, DAY + timedelta(minutes=5))
    five = manager.answer(IntegratedData(period, Resolution.FIVE_MINUTES)).table.to_pylist()[0]
    assert five["energy_mwh"] == pytest.approx(50.0, rel=1e-12)
    assert five["revenue_aud"] == pytest.approx(6_000.0, rel=1e-12)
    station = manager.query("SELECT revenue_aud FROM station_time_series_5min")
    assert float(station.revenue_aud[0]) == pytest.approx(6_000.0, rel=1e-12)


def test_02_group_capacity_counts_each_unit_once(tmp_path: Path) -> None:
    lake = make_lake(
        tmp_path,
        units=[
            unit("A", capacity_mw=100.0, station_name="S"),
            unit("B", capacity_mw=300.0, station_name="S"),
        ],
        unit_scada=readings("A", DAY_STAMPS, 50.0) + readings("B", DAY_STAMPS, 150.0),
        dispatch_price=prices("NSW1", DAY_STAMPS, 100.0),
    )
    manager = manager_of(lake)
    (fuel,) = manager.answer(FuelSummary(WHOLE_DAY)).table.to_pylist()
    assert (fuel["capacity_mw"], fuel["units"]) == (400.0, 2)
    assert fuel["capacity_factor"] == pytest.approx(0.5)
    (group,) = manager.answer(AggregateByGroup(WHOLE_DAY, ("station",))).table.to_pylist()
    assert (group["capacity_mw"], group["capacity_factor"]) == (400.0, pytest.approx(0.5))
    daily = manager.query("SELECT capacity_mw FROM daily_by_fuel")
    station = manager.query("SELECT station_capacity_mw, capacity_factor_pct FROM daily_by_station")
    assert float(daily.capacity_mw[0]) == 400.0
    assert float(station.station_capacity_mw[0]) == 400.0
    assert float(station.capacity_factor_pct[0]) == pytest.approx(50.0)


def test_03_a_span_is_counted_in_intervals(tmp_path: Path) -> None:
    """336 half-hours are 168 hours, not 167.5: a unit at full output has a capacity factor of one."""
    week = stamps(DAY + timedelta(minutes=5), 7 * 288)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", week, 100.0),
        dispatch_price=prices("NSW1", week, 100.0),
    )
    period = Period(DAY, DAY + timedelta(days=7))
    (fuel,) = manager_of(lake).answer(FuelSummary(period)).table.to_pylist()
    assert fuel["capacity_factor"] == pytest.approx(1.0, abs=1e-12)
    assert fuel["energy_mwh"] == pytest.approx(100.0 * 168)
    assert fuel["unit_intervals"] == fuel["unit_intervals_expected"] == 7 * 288


def test_04_a_day_leaves_out_the_interval_that_ends_at_its_start(tmp_path: Path) -> None:
    """00:00 closes the day before: the period of a day is start < stamp <= end."""
    around = stamps(DAY, 290)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", around, [1_000.0] + [12.0] * 288 + [1_000.0]),
        dispatch_price=prices("NSW1", around, 100.0),
    )
    manager = manager_of(lake)
    (fuel,) = manager.answer(FuelSummary(Period.parse("2025-07-01", "2025-07-01"))).table.to_pylist()
    assert fuel["unit_intervals"] == 288
    assert fuel["energy_mwh"] == pytest.approx(288.0)
    frame = manager.query_integrated_data("2025-07-01", "2025-07-01", resolution="5min")
    assert (frame.settlementdate.min(), frame.settlementdate.max()) == (DAY_STAMPS[0], DAY_STAMPS[-1])


def test_05_buckets_are_cut_at_the_intervals_start(tmp_path: Path) -> None:
    """Every day has 288 intervals and every hour 12, the one that ends on the hour included."""
    three_days = stamps(DAY + timedelta(minutes=5), 3 * 288)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", three_days, 60.0),
        dispatch_price=prices("NSW1", three_days, 100.0),
    )
    manager = manager_of(lake)
    days = manager.query("SELECT date, intervals FROM daily_generation_by_fuel ORDER BY date")
    assert [int(n) for n in days.intervals] == [288, 288, 288]
    period = Period(DAY, DAY + timedelta(days=3))
    hours = manager.answer(GenerationMix(period, "NSW1", Resolution.HOUR)).table.to_pylist()
    assert [row["unit_intervals"] for row in hours] == [12] * 72
    assert hours[0]["time"] == datetime(2025, 7, 1, 1) and hours[-1]["time"] == datetime(2025, 7, 4)
    # A reading at 01:00 belongs to the hour that ends at 01:00.
    hour_end = [datetime(2025, 7, 1, 1)]
    one = make_lake(tmp_path / "one", units=[unit("A")], unit_scada=readings("A", hour_end, 60.0))
    (row,) = manager_of(one).query("SELECT hour FROM hourly_by_fuel_region").itertuples()
    assert row.hour == datetime(2025, 7, 1, 1)


def test_06_totals_are_energy_and_columns_name_their_unit(tmp_path: Path) -> None:
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", DAY_STAMPS, 60.0),
        dispatch_price=prices("NSW1", DAY_STAMPS, 100.0),
    )
    manager = manager_of(lake)
    hourly = manager.query("SELECT * FROM hourly_by_fuel_region")
    daily = manager.query("SELECT * FROM daily_by_fuel")
    assert float(hourly.generation_mwh[0]) == pytest.approx(60.0)
    assert float(hourly.average_generation_mw[0]) == pytest.approx(60.0)
    assert float(daily.generation_mwh[0]) == pytest.approx(60.0 * 24)
    assert "total_generation_mw" not in {*hourly.columns, *daily.columns}


def test_07_prices_are_never_averaged_over_unit_rows(tmp_path: Path) -> None:
    """Nine units report in the cheap interval and one in the dear one: the mean is still of intervals."""
    cheap, dear = DAY_STAMPS[:2]
    lake = make_lake(
        tmp_path,
        units=[unit(f"U{k}") for k in range(9)],
        unit_scada=[row for k in range(9) for row in readings(f"U{k}", [cheap], 12.0)]
        + readings("U0", [dear], 12.0),
        dispatch_price=prices("NSW1", [cheap, dear], [10.0, 310.0]),
        region_demand=[
            {"settlementdate": cheap, "regionid": "NSW1", "intervention": 0, "totaldemand": 3_000.0},
            {"settlementdate": dear, "regionid": "NSW1", "intervention": 0, "totaldemand": 1_000.0},
        ],
    )
    manager = manager_of(lake)
    period = Period(DAY, DAY + timedelta(minutes=10))
    (series,) = manager.answer(RegionSeries(period, ("NSW1",))).table.to_pylist()
    assert series["price_aud_per_mwh"] == pytest.approx(160.0)
    assert series["demand_weighted_price_aud_per_mwh"] == pytest.approx((10 * 3 + 310 * 1) / 4)
    (fuel,) = manager.answer(FuelSummary(period)).table.to_pylist()
    assert fuel["capture_price_aud_per_mwh"] == pytest.approx((9 * 10 + 1 * 310) / 10)
    hourly = manager.query("SELECT price_aud_per_mwh FROM hourly_by_fuel_region")
    assert float(hourly.price_aud_per_mwh[0]) == pytest.approx(160.0)


def test_08_rooftop_covers_its_half_hour_and_no_more(tmp_path: Path) -> None:
    """Nothing is drawn past the newest half-hour; the better estimate wins. (Sub-regions never reach the
    lake: tests/data_layer/ingest.)"""
    half_hour = datetime(2025, 7, 1, 12, 30)
    noon = stamps(datetime(2025, 7, 1, 12, 5), 12)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", noon, 12.0),
        dispatch_price=prices("NSW1", noon, 100.0),
        rooftop_pv=[
            {"settlementdate": half_hour, "regionid": "NSW1", "type": name, "power": power, "qi": quality}
            for name, power, quality in (("SATELLITE", 900.0, 1.0), ("MEASUREMENT", 600.0, 0.6))
        ],
    )
    period = Period(datetime(2025, 7, 1, 12), datetime(2025, 7, 1, 13))
    rows = manager_of(lake).answer(GenerationMix(period, "NSW1", Resolution.FIVE_MINUTES)).table.to_pylist()
    rooftop = {row["time"]: row["generation_mw"] for row in rows if row["fuel"] == "Rooftop Solar"}
    assert rooftop == {stamp: pytest.approx(600.0) for stamp in noon[:6]}


def test_09_storage_is_split_by_sign_before_any_average(tmp_path: Path) -> None:
    """Charging at -$50 and discharging at $250: two prices, not one of the netted energy."""
    when = DAY_STAMPS[:4]
    lake = make_lake(
        tmp_path,
        units=[unit("HPR1", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL")],
        unit_scada=readings("HPR1", when, [-120.0, -120.0, 120.0, 60.0]),
        dispatch_price=prices("NSW1", when, [-50.0, -50.0, 250.0, 250.0]),
    )
    (row,) = manager_of(lake).answer(FuelSummary(Period(DAY, when[-1]))).table.to_pylist()
    assert row["generation_mwh"] == pytest.approx(15.0) and row["load_mwh"] == pytest.approx(-20.0)
    assert row["capture_price_aud_per_mwh"] == pytest.approx(250.0)
    assert row["load_price_aud_per_mwh"] == pytest.approx(-50.0)
    assert row["load_revenue_aud"] == pytest.approx(1_000.0), "paid to charge at a negative price"
    assert row["energy_mwh"] == pytest.approx(-5.0)
    # Nothing generated: no price, rather than zero.
    idle = make_lake(
        tmp_path / "idle",
        units=[unit("PUMP1", fuel="Water", dispatch_type="LOAD")],
        unit_scada=readings("PUMP1", when, 240.0),
        dispatch_price=prices("NSW1", when, 30.0),
    )
    (pump,) = manager_of(idle).answer(FuelSummary(Period(DAY, when[-1]))).table.to_pylist()
    assert pump["capture_price_aud_per_mwh"] is None
    assert pump["load_mwh"] == pytest.approx(-80.0), "a pump reports consumption as a positive number"


def test_10_pumped_hydro_comes_from_the_registration_not_from_a_list_by_hand() -> None:
    """Run-of-river and gravity hydro are Water by their registration; no DUID is named in the code."""
    from data_layer.registry import fuel_class

    for technology in ("Hydro - Gravity", "Run of River", "Pump Storage"):
        assert fuel_class("Hydro", "Water", technology) is Fuel.WATER
    source = Path(query_manager.__file__).parent
    code = "".join(path.read_text() for path in source.rglob("*.py")) + "".join(sql.view_texts().values())
    assert not re.search(r"BARRON|GUTHEGA|['\"]MURRAY", code)


def test_11_off_grid_rows_storage_and_unmapped_units(tmp_path: Path) -> None:
    """Half-hours are built from 5-minute rows only; storage is in no renewable share; a unit that the
    registry does not know, or that has no price, keeps its energy."""
    lake = make_lake(
        tmp_path,
        units=[
            unit("W", fuel="Wind"),
            unit("C"),
            unit("B", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL"),
        ],
        unit_scada=readings("W", DAY_STAMPS, 100.0)
        + readings("C", DAY_STAMPS, 100.0)
        + readings("B", DAY_STAMPS, 200.0)
        + readings("NEWUNIT", DAY_STAMPS, 50.0),
        dispatch_price=prices("NSW1", DAY_STAMPS, 100.0),
        region_demand=[
            {"settlementdate": s, "regionid": "NSW1", "intervention": 0, "totaldemand": 400.0}
            for s in DAY_STAMPS
        ],
    )
    manager = manager_of(lake)
    by_fuel = {row["fuel"]: row for row in manager.answer(FuelSummary(WHOLE_DAY)).table.to_pylist()}
    assert by_fuel["Unmapped"]["energy_mwh"] == pytest.approx(50.0 * 24)
    assert by_fuel["Unmapped"]["capture_price_aud_per_mwh"] is None
    assert by_fuel["Battery Storage"]["share"] is None
    assert by_fuel["Wind"]["share"] == pytest.approx(100 / 250)
    region = {row["regionid"]: row for row in manager.answer(RegionSummary(WHOLE_DAY)).table.to_pylist()}
    assert region["NSW1"]["renewable_share"] == pytest.approx(100 / 400)
    assert region["NEM"]["generation_mwh"] == pytest.approx(450 * 24)
    half_hours = manager.query("SELECT DISTINCT intervals FROM unit_30min")
    assert [int(n) for n in half_hours.intervals] == [6]


def test_12_no_value_becomes_sql_text_and_chunks_are_ordered(tmp_path: Path) -> None:
    lake = make_lake(
        tmp_path,
        units=[unit("A"), unit("B")],
        unit_scada=readings("A", DAY_STAMPS, 50.0) + readings("B", DAY_STAMPS, 60.0),
        dispatch_price=prices("NSW1", DAY_STAMPS, 100.0),
    )
    manager = manager_of(lake)
    with pytest.raises(RequestError):
        manager.query_integrated_data("2025-07-01", "2025-07-01", regions=["SA1' OR '1'='1"])
    request = IntegratedData(WHOLE_DAY, Resolution.FIVE_MINUTES)
    chunks = list(manager.query_chunks(request, 100))
    assert max(len(chunk) for chunk in chunks) <= 100
    rows = [(r.settlementdate, r.duid) for chunk in chunks for r in chunk.itertuples()]
    assert rows == sorted(set(rows)) and len(rows) == 2 * 288
    for path in Path(query_manager.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"execute", "sql"}
            if is_call and node.args:
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"{path.name}:{node.lineno}"


def test_13_smoothing_demand_defaults_and_local_clocks_touch_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without demand there is no demand-weighted price (no default stands in), and the host's time zone
    and its daylight saving change nothing: 288 intervals on 6 April 2025 everywhere."""
    import time

    day = datetime(2025, 4, 6)
    when = stamps(day + timedelta(minutes=5), 288)
    answers = []
    for zone in ("UTC", "Australia/Sydney", "Australia/Adelaide", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        lake = make_lake(
            tmp_path / zone.replace("/", "-"),
            units=[unit("A")],
            unit_scada=readings("A", when, [float(k) for k in range(288)]),
            dispatch_price=prices("NSW1", when, [float(k) for k in range(288)]),
        )
        manager = manager_of(lake)
        period = Period.parse("2025-04-06", "2025-04-06")
        series = manager.answer(RegionSeries(period, ("NSW1",), Resolution.DAY)).table.to_pylist()
        assert [row["intervals"] for row in series] == [288]
        assert series[0]["demand_weighted_price_aud_per_mwh"] is None
        answers.append((series, manager.answer(FuelSummary(period)).table.to_pylist()))
    monkeypatch.undo()
    time.tzset()
    assert all(answer == answers[0] for answer in answers)
