"""The first dashboard's views: all there, all run, units in their names, recent means the data's end."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from data_layer import sql
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.tables import TABLES
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

NAMED = (
    "integrated_data_5min",
    "integrated_data_30min",
    "hourly_by_fuel_region",
    "daily_by_fuel",
    "daily_by_station",
    "active_stations",
    "price_stats_by_region",
    "high_price_events",
    "station_time_series_5min",
    "station_time_series_30min",
    "station_time_of_day",
    "station_performance_metrics",
    "generation_by_fuel_5min",
    "generation_by_fuel_30min",
    "generation_with_prices_30min",
    "capacity_utilization_30min",
    "daily_generation_by_fuel",
)
UNITS = ("_mw", "_mwh", "_aud", "_aud_per_mwh", "_aud_per_hour", "_pct", "_count", "_intervals", "_expected")
PUBLISHED_NAMES = {"scadavalue", "rrp", "nameplate_capacity"}
PLAIN_NUMBERS = {"intervals", "time_of_day"}
FIVE = timedelta(minutes=5)


@pytest.fixture(scope="module")
def manager(demo_lake: Lake) -> HybridQueryManager:
    return open_manager(demo_lake.root)


@pytest.mark.parametrize("name", NAMED)
def test_a_view_runs_and_its_quantities_name_their_unit(manager: HybridQueryManager, name: str) -> None:
    head = manager.query(f"SELECT * FROM {name} LIMIT 5")
    assert len(head) == 5
    for column, dtype in head.dtypes.items():
        kind = dtype.pyarrow_dtype
        if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
            assert str(column).endswith(UNITS) or column in PUBLISHED_NAMES | PLAIN_NUMBERS, column
        assert not pa.types.is_decimal(kind), f"{column} must be a double"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> HybridQueryManager:
    """A lake that ends at the end of 2019: one unit closed in November, one that ran to the end."""
    days = [datetime(2019, 11, 1) + timedelta(days=k, hours=12) for k in range(61)]
    noons = [stamp for day in days for stamp in stamps(day - timedelta(minutes=25), 6)]
    last = datetime(2020, 1, 1)
    when = [*noons, last - FIVE, last]
    dear = {stamp: 400.0 for stamp in when if stamp.day == 2} | {last: 500.0}
    return open_manager(
        make_lake(
            tmp_path_factory.mktemp("old"),
            units=[unit("RUNS"), unit("CLOSED")],
            unit_scada=readings("RUNS", when, 60.0)
            + readings("CLOSED", [s for s in when if s < datetime(2019, 12, 20)], 60.0),
            dispatch_price=prices("NSW1", when, [dear.get(stamp, 50.0) for stamp in when]),
            trading_price=prices("NSW1", [s for s in when if s.minute in (0, 30)],
                                 [dear.get(s, 50.0) for s in when if s.minute in (0, 30)]),
        ).root
    )  # fmt: skip


def test_recent_is_counted_from_the_datas_own_end(old: HybridQueryManager) -> None:
    active = old.query("SELECT * FROM active_stations")
    assert list(active.station_name) == ["RUNS station"]
    assert active.last_date[0] == date(2019, 12, 31)
    # The last seven market days: 25 to 31 December; the stamp 2020-01-01 00:00 belongs to the 31st.
    assert float(active.generation_mwh[0]) == pytest.approx(7 * 30.0 + 2 * 5.0)
    events = old.query("SELECT * FROM high_price_events ORDER BY settlementdate")
    days = {(stamp - FIVE).date() for stamp in events.settlementdate}
    assert days == {date(2019, 12, 2), date(2019, 12, 31)}, "30 days: neither November nor nothing"
    stats = old.query("SELECT * FROM price_stats_by_region")
    assert list(stats.region) == ["NSW1"]
    assert float(stats.max_price_aud_per_mwh[0]) == 500.0
    assert float(stats.median_price_aud_per_mwh[0]) == 50.0


def test_price_statistics_equal_those_of_the_prices(manager: HybridQueryManager) -> None:
    series = manager.query("SELECT regionid, price_aud_per_mwh FROM region_5min").dropna()
    by_region = series.astype({"price_aud_per_mwh": float}).groupby("regionid").price_aud_per_mwh
    found = manager.query("SELECT * FROM price_stats_by_region ORDER BY region").set_index("region")
    for name, expected in (
        ("intervals", by_region.count()),
        ("mean_price_aud_per_mwh", by_region.mean()),
        ("median_price_aud_per_mwh", by_region.median()),
        ("q1_price_aud_per_mwh", by_region.quantile(0.25)),
        ("q3_price_aud_per_mwh", by_region.quantile(0.75)),
        ("stddev_price_aud_per_mwh", by_region.std()),
    ):
        assert list(found[name].astype(float)) == pytest.approx(list(expected)), name


def test_views_of_one_thing_agree(manager: HybridQueryManager) -> None:
    """Energy and money are the same by interval, half-hour, hour, day, fuel and station."""
    totals = {}
    for view, energy, extra in (
        ("integrated_data_5min", "energy_mwh", ""),
        ("integrated_data_30min", "energy_mwh", ""),
        ("generation_by_fuel_5min", "energy_mwh", "WHERE fuel_type <> 'Rooftop Solar'"),
        ("generation_by_fuel_30min", "energy_mwh", "WHERE fuel_type <> 'Rooftop Solar'"),
        ("generation_with_prices_30min", "energy_mwh", "WHERE fuel_type <> 'Rooftop Solar'"),
        ("hourly_by_fuel_region", "generation_mwh + load_mwh", "WHERE fuel_type <> 'Rooftop Solar'"),
        ("daily_by_fuel", "generation_mwh + load_mwh", "WHERE fuel_type <> 'Rooftop Solar'"),
        ("daily_generation_by_fuel", "energy_mwh", "WHERE fuel_type <> 'Rooftop Solar'"),
        ("daily_by_station", "generation_mwh + load_mwh", ""),
        ("station_performance_metrics", "generation_mwh + load_mwh", ""),
    ):
        row = manager.query(f"SELECT sum({energy}) AS e, sum(revenue_aud) AS r FROM {view} {extra}")
        totals[view] = (float(row.e[0]), float(row.r[0]))
    expected = totals["integrated_data_5min"]
    assert expected[0] > 100_000
    for view, found in totals.items():
        assert found == pytest.approx(expected, rel=1e-9), view


def test_each_view_has_one_row_per_its_grain(manager: HybridQueryManager) -> None:
    for view, keys in (
        ("integrated_data_5min", "settlementdate, duid"),
        ("integrated_data_30min", "settlementdate, duid"),
        ("hourly_by_fuel_region", "hour, fuel_type, region"),
        ("daily_by_fuel", "date, fuel_type"),
        ("daily_by_station", "date, station_name, owner, fuel_type, region"),
        ("active_stations", "station_name, owner, fuel_type, region"),
        ("station_performance_metrics", "station_name"),
        ("station_time_of_day", "station_name, region, time_of_day"),
        ("generation_with_prices_30min", "settlementdate, fuel_type, region"),
        ("daily_generation_by_fuel", "date, fuel_type, region"),
        ("rooftop_solar", "settlementdate, regionid"),
        ("net_import", "settlementdate, regionid"),
    ):
        text = f"SELECT count(*) AS n FROM (SELECT {keys} FROM {view} GROUP BY {keys} HAVING count(*) > 1)"
        assert manager.query(text).n[0] == 0, view


def test_the_time_of_day_of_a_station_is_its_average_day(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 2 * 288)
    mw = [60.0 if (stamp - FIVE).hour < 12 else 0.0 for stamp in when]
    manager = open_manager(
        make_lake(
            tmp_path,
            units=[unit("A", station_name="S"), unit("B", station_name="S")],
            unit_scada=readings("A", when, mw) + readings("B", when, 10.0),
            dispatch_price=prices("NSW1", when, 50.0),
        ).root
    )
    found = manager.query("SELECT * FROM station_time_of_day ORDER BY time_of_day")
    assert list(found.time_of_day) == list(range(30, 1441, 30))
    assert [float(v) for v in found.average_mw] == pytest.approx([70.0] * 24 + [10.0] * 24)
    assert float(found.revenue_aud_per_hour[0]) == pytest.approx(3_500.0)


def test_there_is_no_view_that_nothing_names() -> None:
    used = {name for text in sql.view_texts().values() for name in sql._needs(text)}
    for folder in ("queries", "rollups"):
        for path in (sql.VIEWS / folder).glob("*.sql"):
            used |= set(sql._needs(sql.query_text(f"{folder}/{path.stem}")))
    used |= set(re.findall(r"FROM ([a-z_0-9]+)", Path(sql.__file__).read_text(encoding="utf-8")))
    used |= {view for view, *_ in sql.READINGS.values()}
    assert set(sql.view_texts()) - used - set(NAMED) == set()
    assert set(NAMED) <= set(sql.view_texts())


@pytest.mark.parametrize("family", ["interconnector", "curtailment", "unit_curtailment", "battery"])
def test_an_interval_view_has_the_rollups_measures_and_their_sums(
    manager: HybridQueryManager, family: str
) -> None:
    """What a planner reads where half-hours do not cut a period exactly."""
    fine, half = f"{family}_interval", f"{family}_30min"
    columns = TABLES[half].schema.names
    assert set(manager.query(f"SELECT * FROM {fine} LIMIT 1").columns) == set(columns)
    sums = ", ".join(
        f"sum({name}) AS {name}" for name in columns if name.endswith(("_mwh", "_aud", "_hours", "intervals"))
    )
    left, right = (manager.query(f"SELECT {sums} FROM {table}").iloc[0] for table in (fine, half))
    for name in left.index:
        assert float(left[name]) == pytest.approx(float(right[name]), rel=1e-9), name
