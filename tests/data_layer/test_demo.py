"""The demonstration: the same every time, in balance, plausible, and with the oddities of real data."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data_layer import demo
from data_layer.demo import constraints, events
from data_layer.demo.fleet import UNMAPPED_DUID, read_units, unmapped_unit
from data_layer.demo.registry_tables import units_table
from data_layer.errors import LakeHoldsRealData
from data_layer.lake import KIND_DEMO, Lake
from data_layer.market import FUELS, INTERCONNECTORS, REGIONS, threshold_at
from data_layer.rollups import BUILD_ORDER
from data_layer.tables import RAW_TABLES, TABLES
from tests.data_layer import lakes
from tests.data_layer.lakes import strictly_ordered

END = datetime(2026, 2, 13)
DAYS = 90  # a summer: heat, cap prices, the intervention of 6 February, the battery's change of DUID


def collect(end: datetime, days: int) -> dict[str, pa.Table]:
    months: dict[str, list[pa.Table]] = {}
    for _, tables in demo.generate(end, days):
        for name, rows in tables.items():
            months.setdefault(name, []).append(rows)
    return {name: pa.concat_tables(parts) for name, parts in months.items()}


@pytest.fixture(scope="module")
def summer() -> dict[str, pa.Table]:
    return collect(END, DAYS)


@pytest.fixture(scope="module")
def scada(summer: dict[str, pa.Table]) -> pd.DataFrame:
    """Readings by stamp and duid, MW as published; NaN where none was."""
    frame = summer["unit_scada"].select(["settlementdate", "duid", "scadavalue"]).to_pandas()
    return frame.pivot(index="settlementdate", columns="duid", values="scadavalue")


@pytest.fixture(scope="module")
def prices(summer: dict[str, pa.Table]) -> pd.DataFrame:
    frame = summer["dispatch_price"].to_pandas()
    return frame.pivot(index="settlementdate", columns="regionid", values="rrp")


def test_units_csv_holds_possible_facts() -> None:
    units = read_units()
    assert 190 <= len(units) <= 240
    assert len({unit.duid for unit in units}) == len(units)
    for unit in units:
        assert unit.fuel in FUELS, unit
        assert unit.regionid in REGIONS, unit
        assert unit.capacity_mw > 0 and unit.max_capacity_mw > 0, unit
        assert -44 < unit.latitude < -10 and 112 < unit.longitude < 154, unit
        assert unit.dispatch_type in ("GENERATOR", "LOAD", "BIDIRECTIONAL"), unit
        assert unit.station_name and unit.owner, unit


def test_units_stand_in_their_regions() -> None:
    """Rough boxes, so that a swapped coordinate or a wrong state shows."""
    boxes = {
        "NSW1": (-37.6, -28.0, 140.9, 153.8),
        "QLD1": (-29.2, -10.0, 138.0, 153.8),
        "SA1": (-38.2, -26.0, 129.0, 141.1),
        "TAS1": (-43.8, -39.5, 144.4, 148.6),
        "VIC1": (-39.2, -33.9, 140.9, 150.1),
    }
    for unit in read_units():
        south, north, west, east = boxes[unit.regionid]
        assert south <= unit.latitude <= north and west <= unit.longitude <= east, unit


def test_every_table_has_the_lakes_schema_and_order(summer: dict[str, pa.Table]) -> None:
    assert set(summer) == {spec.name for spec in RAW_TABLES}
    for spec in RAW_TABLES:
        rows = summer[spec.name]
        assert rows.schema.equals(spec.schema), spec.name
        for column in spec.required:
            assert rows.column(column).null_count == 0, (spec.name, column)
        assert strictly_ordered(rows, spec.key), spec.name
        times = pc.min_max(rows.column("settlementdate")).as_py()
        assert times["min"] > END - timedelta(days=DAYS)
        assert times["max"] <= END


def test_five_minute_tables_are_complete(summer: dict[str, pa.Table]) -> None:
    for name, each in (
        ("dispatch_price", 5),
        ("trading_price", 5),
        ("region_demand", 5),
        ("interconnector_flow", 6),
    ):
        assert summer[name].num_rows == DAYS * 288 * each


def test_a_month_does_not_depend_on_how_many_days_are_built(summer: dict[str, pa.Table]) -> None:
    short = collect(END, 10)
    start = pa.scalar(END - timedelta(days=10), pa.timestamp("us"))
    for name, rows in short.items():
        stamps = summer[name].column("settlementdate")
        same = summer[name].filter(pa.compute.greater(stamps, start))
        assert rows.equals(same), name


def test_energy_balances_in_every_region(summer: dict[str, pa.Table], scada: pd.DataFrame) -> None:
    """sum(units, consumption negative) + net import = demand with the non-scheduled generation."""
    units = {unit.duid: unit for unit in read_units()}
    signed = scada.fillna(0.0).copy()
    region = {duid: unit.regionid for duid, unit in units.items()} | {UNMAPPED_DUID: "VIC1"}
    for duid, unit in units.items():
        if unit.dispatch_type == "LOAD":
            signed[duid] = -signed[duid]
    change = pd.Timestamp(events.changeover(END))
    signed.loc[signed.index > change, ["HPRG1", "HPRL1"]] = 0.0  # both report the same megawatts for a week
    generated = signed.T.groupby(region).sum().T
    flows = summer["interconnector_flow"].to_pandas()
    flow = flows.pivot(index="settlementdate", columns="interconnectorid", values="meteredmwflow")
    demand_frame = summer["region_demand"].to_pandas()
    complete = scada.drop(columns=["HPRG1", "HPRL1", "HPR1"]).notna().all(axis=1)
    for name in REGIONS:
        net_import = pd.Series(0.0, index=flow.index)
        for line in INTERCONNECTORS:
            if line.regionid_to == name:
                net_import += flow[line.interconnectorid]
            if line.regionid_from == name:
                net_import -= flow[line.interconnectorid]
        rows = demand_frame[demand_frame.regionid == name].set_index("settlementdate")
        np.testing.assert_allclose(net_import, -rows["netinterchange"], atol=0.1)
        gap = (generated[name] + net_import - rows["demand_and_nonschedgen"])[
            complete.reindex(rows.index, fill_value=False)
        ]
        # Meters jitter, and standing units draw a little power that the market does not see.
        assert gap.abs().max() < 45.0, name
        assert abs(gap.mean()) < 0.01 * rows["demand_and_nonschedgen"].mean(), name


def test_operational_demand_leaves_out_rooftop(summer: dict[str, pa.Table]) -> None:
    demand = (
        summer["region_demand"]
        .to_pandas()
        .pivot(index="settlementdate", columns="regionid", values="totaldemand")
    )
    hour = (demand.index - pd.Timedelta(minutes=5)).hour
    whole = demand.sum(axis=1)
    assert 17_000 < whole.mean() < 24_000
    assert whole.max() < 36_000
    by_hour = whole.groupby(hour).mean()
    assert 10 <= by_hour.idxmin() <= 13
    assert 16 <= by_hour.idxmax() <= 20
    weekend = whole[demand.index.day_of_week >= 5].mean()
    assert weekend < whole[demand.index.day_of_week < 5].mean()


def test_readings_stay_within_capacity(scada: pd.DataFrame) -> None:
    for unit in read_units():
        readings = scada[unit.duid]
        if unit.dispatch_type == "BIDIRECTIONAL":
            assert readings.min() < 0 < readings.max(), unit.duid
        lowest = -1.01 * (unit.load_capacity_mw or 0.0) - 0.02 * unit.max_capacity_mw
        assert readings.min() >= lowest - 1.0, unit.duid
        assert readings.max() <= 1.01 * unit.max_capacity_mw + 1.0, unit.duid


def test_shares_look_like_the_nem(scada: pd.DataFrame, summer: dict[str, pa.Table]) -> None:
    units = {unit.duid: unit for unit in read_units()}
    energy: dict[str, float] = {}
    for duid, unit in units.items():
        if unit.dispatch_type == "GENERATOR" and duid != "HPRG1":
            energy[unit.fuel] = energy.get(unit.fuel, 0.0) + float(scada[duid].clip(lower=0).sum()) / 12
    energy["Rooftop Solar"] = float(summer["rooftop_pv"].to_pandas()["power"].sum()) / 2
    total = sum(energy.values())
    green = sum(energy[fuel] for fuel in ("Wind", "Solar", "Rooftop Solar", "Water", "Biomass"))
    assert 0.40 < energy["Coal"] / total < 0.60
    assert 0.35 < green / total < 0.55
    assert 0.10 < energy["Rooftop Solar"] / total < 0.25


def test_the_sun_sets(scada: pd.DataFrame) -> None:
    farms = [unit.duid for unit in read_units() if unit.fuel == "Solar"]
    night = scada[(scada.index.hour >= 21) | (scada.index.hour < 4)]
    assert float(night[farms].max().max()) <= 0.0
    noon = scada[scada.index.hour == 12]
    assert float(noon[farms].sum(axis=1).mean()) > 2_000


def test_wind_fronts_cross_from_west_to_east(summer: dict[str, pa.Table]) -> None:
    """The wind of New South Wales resembles South Australia's of half a day to a day and a half before."""
    frame = summer["region_demand"].to_pandas()
    wind = (
        frame.pivot(index="settlementdate", columns="regionid", values="ss_wind_uigf").resample("1h").mean()
    )
    resemblance = {lag: wind["NSW1"].corr(wind["SA1"].shift(lag)) for lag in range(-60, 61)}
    best = max(resemblance, key=lambda lag: resemblance[lag])
    assert 10 <= best <= 40
    assert resemblance[best] > 0.3


def test_prices_have_negative_noons_and_cap_evenings(prices: pd.DataFrame) -> None:
    cap = threshold_at(END.date()).cap_aud_per_mwh
    assert prices.to_numpy().max() == cap
    assert prices.to_numpy().min() >= -1_000
    assert prices.to_numpy().min() < -40
    noon = prices[(prices.index.hour >= 10) & (prices.index.hour < 15)]
    for region in ("SA1", "VIC1", "QLD1"):
        assert 0.05 < float((noon[region] < 0).mean()) < 0.75, region
    assert ((prices.median() > 20) & (prices.median() < 110)).all()
    spikes = prices[(prices > 300).any(axis=1)]
    assert 3 < len(spikes) < 0.03 * len(prices)


def test_interconnectors_bind_and_then_prices_separate(
    summer: dict[str, pa.Table], prices: pd.DataFrame
) -> None:
    flows = summer["interconnector_flow"].to_pandas()
    assert (flows.meteredmwflow <= flows.exportlimit + 0.02).all()
    assert (flows.meteredmwflow >= flows.importlimit - 0.02).all()
    assert (flows.mwlosses >= 0).all()
    same_sign = (flows.exportlimit < 0) & (flows.importlimit < 0)
    assert 0 < same_sign.sum() < 0.2 * len(flows), "a band with both limits on one side"
    heywood = flows[flows.interconnectorid == "V-SA"].set_index("settlementdate")
    free = (heywood.meteredmwflow < heywood.exportlimit - 5) & (
        heywood.meteredmwflow > heywood.importlimit + 5
    )
    full = heywood.meteredmwflow > heywood.exportlimit - 0.02
    assert 0.02 < (~free).mean() < 0.6
    assert (prices["SA1"] - prices["VIC1"])[free].abs().max() < 0.02
    assert (prices["SA1"] - prices["VIC1"])[full].min() >= -0.02
    assert (prices["SA1"] - prices["VIC1"])[full].max() > 5


def test_curtailment_shows_in_uigf(summer: dict[str, pa.Table]) -> None:
    frame = summer["region_demand"].to_pandas()
    for fuel in ("solar", "wind"):
        assert (frame[f"ss_{fuel}_clearedmw"] <= frame[f"ss_{fuel}_uigf"] + 0.02).all()
    lost = 1 - frame["ss_solar_clearedmw"].sum() / frame["ss_solar_uigf"].sum()
    assert 0.01 < lost < 0.35


def test_batteries_buy_low_sell_high_and_lose_fifteen_percent(
    scada: pd.DataFrame, prices: pd.DataFrame
) -> None:
    for duid, region in (("VBB1", "VIC1"), ("TIB1", "SA1"), ("WDBESS1", "QLD1"), ("WTAHB1", "NSW1")):
        mw = scada[duid].fillna(0.0)
        sold, bought = mw.clip(lower=0), (-mw).clip(lower=0)
        assert 0.80 < sold.sum() / bought.sum() < 0.90, duid
        price = prices[region].clip(upper=300)
        assert (price * sold).sum() / sold.sum() > (price * bought).sum() / bought.sum() + 15, duid


def test_stored_energy_stays_within_the_batteries(summer: dict[str, pa.Table]) -> None:
    frame = summer["region_demand"].to_pandas()
    for region in REGIONS:
        storage = sum(u.storage_mwh or 0.0 for u in read_units() if u.regionid == region)
        level = frame[frame.regionid == region]["bdu_energy_storage"]
        assert level.min() >= 0.0
        assert level.max() <= storage + 0.1


def test_pumps_report_consumption_as_positive(scada: pd.DataFrame, prices: pd.DataFrame) -> None:
    pump = scada["PUMP1"].dropna()
    assert pump.min() >= 0.0
    assert pump.max() > 200.0
    running = prices["QLD1"].reindex(pump.index)[pump > 100]
    assert running.max() < 60.0


def test_coal_units_trip(scada: pd.DataFrame) -> None:
    """From above half load to nothing within one interval, and off for hours."""
    trips = 0
    for unit in read_units():
        if unit.fuel == "Coal":
            mw = scada[unit.duid].ffill()
            fallen = np.flatnonzero((mw.shift() > 0.3 * unit.max_capacity_mw) & (mw <= 0))
            trips += sum(bool((mw.iloc[at : at + 36] <= 0).all()) for at in fallen)
    assert 20 < trips < 400


def test_one_battery_changes_its_duids_with_a_week_of_both(scada: pd.DataFrame) -> None:
    change = events.changeover(END)
    assert change == datetime(2026, 2, 4)
    generator, load, both = scada["HPRG1"], scada["HPRL1"], scada["HPR1"]
    assert both.first_valid_index() == change + timedelta(minutes=5)
    assert generator.last_valid_index() == load.last_valid_index() == change + timedelta(days=7)
    overlap = scada[(scada.index > change) & generator.notna() & both.notna()]
    assert len(overlap) > 1_900
    assert (overlap["HPRG1"] == overlap["HPR1"].clip(lower=0)).all()
    assert (overlap["HPRL1"] == -overlap["HPR1"].clip(upper=0)).all()
    units = units_table(END).to_pandas().set_index("duid")
    assert units.loc["HPRG1", "successor_duid"] == units.loc["HPRL1", "successor_duid"] == "HPR1"
    assert pd.isna(units.loc["HPR1", "successor_duid"])


def test_an_unmapped_unit_reports(scada: pd.DataFrame) -> None:
    known = set(units_table(END).column("duid").to_pylist())
    assert set(scada.columns) - known == {UNMAPPED_DUID}
    assert scada[UNMAPPED_DUID].max() > 50


def test_the_intervention_and_the_gaps(summer: dict[str, pa.Table], scada: pd.DataFrame) -> None:
    for name in ("region_demand", "interconnector_flow"):
        frame = summer[name].to_pandas()
        directed = frame[frame.intervention == 1].settlementdate
        assert directed.min() == pd.Timestamp("2026-02-06 10:35")
        assert directed.max() == pd.Timestamp("2026-02-06 14:30")
        assert directed.nunique() == 48
    everything = pd.date_range(END - timedelta(days=DAYS), END, freq="5min")[1:]
    missing = everything.difference(scada.index)
    assert list(missing) == [
        stamp
        for month in ("2025-12", "2026-01", "2026-02")
        for stamp in pd.date_range(f"{month}-09 03:15", f"{month}-09 03:30", freq="5min")
    ]
    silent = scada.drop(columns=["HPRG1", "HPRL1", "HPR1"]).isna().sum()
    assert list(silent[silent > 0]) == [138, 138, 138]


def test_the_newest_half_hour_of_rooftop_is_late_in_one_region(summer: dict[str, pa.Table]) -> None:
    rooftop = summer["rooftop_pv"].to_pandas()
    assert (rooftop.settlementdate.dt.minute % 30 == 0).all()
    newest = rooftop[rooftop.settlementdate == END]
    assert set(REGIONS) - set(newest.regionid) == {events.LATE_ROOFTOP_REGION}
    assert len(rooftop) == DAYS * 48 * 5 - 1


def test_the_change_of_duid_is_always_inside_two_years() -> None:
    for day in range(0, 800, 13):
        end = datetime(2026, 1, 1) + timedelta(days=day)
        change = events.changeover(end)
        assert end - timedelta(days=380) < change <= end - timedelta(days=7)


def test_build_publishes_a_whole_lake_and_again_the_same(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    told: list[tuple[str, int, int]] = []
    first = demo.build(lake, end=END, days=3, progress=lambda *news: told.append(news))
    assert first.kind == KIND_DEMO
    assert told[-1][1] == told[-1][2]
    for name in TABLES:
        assert first.rows(name) > 0, name
    assert first.span("dispatch_price") == (END - timedelta(days=3) + timedelta(minutes=5), END)
    other = demo.build(Lake(tmp_path / "other"), end=END, days=3)
    assert {t: parts.keys() for t, parts in first.files.items()} == {
        t: parts.keys() for t, parts in other.files.items()
    }
    for table, part in ((t, p) for t, parts in first.files.items() for p in parts):
        files = [snapshot.files[table][part] for snapshot in (first, other)]
        if table not in BUILD_ORDER:
            assert files[0].sha256 == files[1].sha256, f"{table} {part}"
            continue
        # Threads add up a rollup's rows in an order of their own: its sums may differ in the last bit.
        one, two = (
            pd.read_parquet(snapshot.root / file.path, partitioning=None)
            for snapshot, file in zip((first, other), files, strict=True)
        )
        pd.testing.assert_frame_equal(one, two, rtol=1e-12, atol=1e-9, obj=f"{table} {part}")
    again = demo.build(lake, end=END, days=2)
    assert again.rows("dispatch_price") == 2 * 288 * 5, "an earlier demonstration's days do not linger"


def test_build_refuses_an_end_within_a_day(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="midnight"):
        demo.build(Lake(tmp_path), end=datetime(2026, 2, 13, 12), days=2)


def test_last_midnight_is_of_market_time() -> None:
    assert demo.last_midnight(datetime(2026, 2, 13, 23, 59)) == datetime(2026, 2, 13)


def test_the_csv_has_no_blank_rows() -> None:
    path = Path(demo.__file__).with_name("units.csv")
    with open(path, newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    assert all(len(row) == len(rows[0]) for row in rows)


def test_a_demonstration_never_takes_the_place_of_aemos_data(tmp_path: Path) -> None:
    lake = lakes.make_lake(
        tmp_path,
        units=[lakes.unit("A")],
        unit_scada=lakes.readings("A", [datetime(2025, 7, 1, 0, 5)], 1.0),
    )
    before = lake.token()
    with pytest.raises(LakeHoldsRealData, match="--replace-real-data"):
        demo.build(lake, end=datetime(2026, 3, 2), days=1)
    assert lake.token() == before
    assert demo.build(lake, end=datetime(2026, 3, 2), days=1, replace_real=True).kind == "demo"


def test_units_add_up_to_what_the_region_publishes(summer: dict[str, pa.Table]) -> None:
    """The sums of the semi-scheduled units' forecasts and targets are the region's ss_ columns."""
    facts = {unit.duid: unit for unit in [*read_units(), unmapped_unit()]}
    units = summer["unit_dispatch"].to_pandas()
    units["regionid"] = units.duid.map(lambda duid: facts[duid].regionid)
    units["fuel"] = units.duid.map(lambda duid: facts[duid].fuel)
    assert set(units.duid) == {duid for duid, u in facts.items() if u.schedule_type == "SEMI-SCHEDULED"}
    assert (units.totalcleared <= units.uigf).all() and (units.uigf >= 0).all()
    assert ((units.semidispatchcap == 1) == (units.totalcleared < units.uigf)).all()
    region = summer["region_demand"].to_pandas().set_index(["settlementdate", "regionid"])
    for fuel in ("Solar", "Wind"):
        sums = (
            units[units.fuel == fuel].groupby(["settlementdate", "regionid"])[["uigf", "totalcleared"]].sum()
        )
        for column, published in (("uigf", "uigf"), ("totalcleared", "clearedmw")):
            name = f"ss_{fuel.lower()}_{published}"
            joined = region[name].to_frame().join(sums[column]).fillna({column: 0.0})
            np.testing.assert_allclose(joined[column], joined[name], atol=1e-6, err_msg=name)


def test_curtailment_is_economic_and_of_the_network(
    summer: dict[str, pa.Table], prices: pd.DataFrame
) -> None:
    """Both kinds show: what prices at or below zero leave, and what lines hold back above zero."""
    frame = summer["region_demand"].to_pandas()
    price = prices.stack().reindex(pd.MultiIndex.from_frame(frame[["settlementdate", "regionid"]])).to_numpy()
    lost = sum((frame[f"ss_{f}_uigf"] - frame[f"ss_{f}_clearedmw"]).clip(lower=0) for f in ("solar", "wind"))
    network = lost[price > 0].sum() / lost.sum()
    assert 0.08 < network < 0.4
    held = summer["unit_dispatch"].to_pandas()
    held = held[held.totalcleared < 0.8 * held.uigf]
    corners = {duid for corner in constraints.CORNERS for duid in corner.duids}
    assert corners <= set(held.duid), "every farm behind a weak line is held back at some time"
