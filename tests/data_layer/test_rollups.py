"""Rollups are exact for sums, follow their inputs and nothing else, and lose no reading."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_layer import rollups
from data_layer.lake import Lake, Snapshot
from data_layer.tables import MEASURES, REGION_30MIN, ROLLUPS, UNIT_MEASURES
from tests.data_layer.lakes import (
    compare,
    dispatched,
    frame,
    make_lake,
    prices,
    readings,
    stamps,
    strictly_ordered,
    unit,
)

FIVE = timedelta(minutes=5)
HALF = timedelta(minutes=30)
SETTLEMENT = pd.Timestamp(2021, 10, 1)
FIRST = datetime(2021, 9, 29, 0, 5)
COUNT = 4 * 288  # to 3 October 00:00: both sides of five-minute settlement, two months, four days


@pytest.fixture(scope="module")
def boundary(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two regions and five units around October 2021, with gaps in readings, prices and demand."""
    draw = np.random.default_rng(20211001)
    when = stamps(FIRST, COUNT)
    registry = [
        unit("COAL1", capacity_mw=500.0),
        unit("COAL2", capacity_mw=400.0),
        unit("WIND1", regionid="SA1", fuel="Wind", capacity_mw=90.0),
        unit("PUMP1", fuel="Water", dispatch_type="LOAD", capacity_mw=70.0),
        unit(
            "BESS1", regionid="SA1", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL", capacity_mw=30.0
        ),
    ]
    scada, dispatch, demand, trading = [], [], [], []
    for duid, low, high in (
        ("COAL1", 0, 500), ("COAL2", -5, 400), ("WIND1", 0, 90), ("PUMP1", 0, 70), ("BESS1", -30, 30),
        ("MYSTERY", 0, 20),
    ):  # fmt: skip
        kept = [s for s in when if draw.random() > 0.02]
        scada += readings(duid, kept, [float(v) for v in np.round(draw.uniform(low, high, len(kept)), 3)])
    for region in ("NSW1", "SA1"):
        kept = [s for s in when if draw.random() > 0.03]
        dispatch += prices(region, kept, [float(v) for v in np.round(draw.normal(80, 120, len(kept)), 2)])
        halves = [s for s in stamps(FIRST - FIVE + HALF, COUNT // 6, 30) if s <= SETTLEMENT]
        halves = [s for s in halves if draw.random() > 0.2]
        trading += prices(region, halves, [float(v) for v in np.round(draw.normal(80, 50, len(halves)), 2)])
        kept = [s for s in when if draw.random() > 0.01]
        demand += [
            {"settlementdate": s, "regionid": region, "totaldemand": float(v), "intervention": 0}
            for s, v in zip(kept, np.round(draw.uniform(1_000, 9_000, len(kept)), 1), strict=True)
        ]
    return make_lake(
        tmp_path_factory.mktemp("boundary"),
        units=registry,
        unit_scada=scada,
        dispatch_price=dispatch,
        trading_price=trading,
        region_demand=demand,
    )


def settlement_prices(snapshot: Snapshot) -> pd.Series:
    """(stamp, region) -> $/MWh by the rule, from the raw tables with pandas alone."""
    dispatch = frame(snapshot, "dispatch_price").set_index(["settlementdate", "regionid"]).rrp.to_dict()
    trading = frame(snapshot, "trading_price").set_index(["settlementdate", "regionid"]).rrp.to_dict()
    known: dict[tuple[pd.Timestamp, str], float] = {}
    for stamp in pd.date_range(FIRST, periods=COUNT, freq="5min"):
        for region in ("NSW1", "SA1"):
            if stamp > SETTLEMENT:
                price = dispatch.get((stamp, region))
            else:
                half = stamp.ceil("30min")
                six = [dispatch.get((half - k * FIVE, region)) for k in range(6)]
                whole = None if None in six else sum(six) / 6
                price = trading.get((half, region), whole)
            if price is not None:
                known[stamp, region] = price
    return pd.Series(known)


@pytest.fixture(scope="module")
def measured(boundary: Lake) -> pd.DataFrame:
    """Every reading with its measures, from the raw tables with pandas alone."""
    snapshot = boundary.snapshot()
    rows = frame(snapshot, "unit_scada").merge(frame(snapshot, "units"), on="duid", how="left")
    rows[["regionid", "fuel"]] = rows[["regionid", "fuel"]].fillna("Unmapped")
    load = rows.dispatch_type == "LOAD"
    mw = rows.scadavalue.where(~load, -rows.scadavalue.abs())
    price = settlement_prices(snapshot)
    priced = pd.Series(
        [price.get(key, np.nan) for key in zip(rows.settlementdate, rows.regionid, strict=True)], rows.index
    )
    rows["mw"] = mw
    rows["generation_mwh"] = mw.clip(lower=0) / 12
    rows["load_mwh"] = mw.clip(upper=0) / 12
    rows["generation_revenue_aud"] = rows.generation_mwh * priced
    rows["load_revenue_aud"] = rows.load_mwh * priced
    rows["unpriced_generation_mwh"] = rows.generation_mwh.where(priced.isna(), 0.0)
    rows["unpriced_load_mwh"] = rows.load_mwh.where(priced.isna(), 0.0)
    rows["capacity_mwh"] = rows.capacity_mw.where(~load, 0.0).fillna(0.0) / 12
    rows["reference_hours"] = priced.notna() / 12
    rows["reference_price_aud_hours_per_mwh"] = priced / 12
    rows["half_hour"] = rows.settlementdate.dt.ceil("30min")
    rows["day"] = (rows.settlementdate - FIVE).dt.normalize()
    return rows


SUMS = [name for name in MEASURES if name.endswith(("_mwh", "_aud"))]
UNIT_SUMS = [*SUMS, "reference_hours", "reference_price_aud_hours_per_mwh"]
assert set(UNIT_SUMS) - set(SUMS) == set(UNIT_MEASURES) - set(MEASURES)


@pytest.mark.parametrize(
    ("table", "time", "by"),
    [
        ("unit_30min", "half_hour", ["duid", "regionid", "fuel"]),
        ("unit_day", "day", ["duid", "regionid", "fuel"]),
        ("region_fuel_5min", "settlementdate", ["regionid", "fuel"]),
        ("region_fuel_30min", "half_hour", ["regionid", "fuel"]),
        ("region_fuel_day", "day", ["regionid", "fuel"]),
    ],
)
def test_sums_equal_the_raw_rows(
    boundary: Lake, measured: pd.DataFrame, table: str, time: str, by: list[str]
) -> None:
    snapshot = boundary.snapshot()
    raw = measured
    sums = UNIT_SUMS if table.startswith("unit_") else SUMS
    groups = raw.groupby([time, *by])
    expected = groups[sums].sum(min_count=1)
    expected["unit_intervals"] = groups.size()
    expected["intervals"] = groups.settlementdate.nunique()
    totals = raw.assign(stamp=raw.settlementdate).groupby([time, *by, "stamp"], as_index=False).mw.sum()
    own = totals.groupby([time, *by]).mw
    expected["min_mw"], expected["max_mw"] = own.min(), own.max()
    found = frame(snapshot, table).rename(columns={"settlementdate": time, "date": time})
    found[time] = pd.to_datetime(found[time])
    compare(
        found,
        expected.reset_index(),
        [time, *by],
        [*sums, "unit_intervals", "intervals", "min_mw", "max_mw"],
    )


def test_region_rollups_equal_the_raw_rows(boundary: Lake) -> None:
    snapshot = boundary.snapshot()
    price = settlement_prices(snapshot).rename("price").rename_axis(["settlementdate", "regionid"])
    demand = frame(snapshot, "region_demand").set_index(["settlementdate", "regionid"]).totaldemand
    rows = pd.concat([price, demand], axis=1).reset_index()
    rows["priced_demand"] = rows.totaldemand.where(rows.price.notna())
    rows["value"] = rows.totaldemand * rows.price
    found5 = frame(snapshot, "region_5min")
    compare(
        found5.rename(columns={"price_aud_per_mwh": "price"}),
        # An interval with a dispatch price that settles on nothing is a row too, without a price.
        found5[["settlementdate", "regionid"]].merge(rows, on=["settlementdate", "regionid"], how="left"),
        ["settlementdate", "regionid"],
        ["price", "totaldemand"],
    )
    assert found5.price_aud_per_mwh.notna().sum() == len(price)
    for table, time in (("region_30min", "settlementdate"), ("region_day", "date")):
        rows["bucket"] = (
            rows.settlementdate.dt.ceil("30min")
            if time == "settlementdate"
            else (rows.settlementdate - FIVE).dt.normalize()
        )
        groups = rows.groupby(["bucket", "regionid"])
        expected = pd.DataFrame(
            {
                "price_hours": groups.price.count() / 12,
                "price_aud_hours_per_mwh": groups.price.sum(min_count=1) / 12,
                "min_price_aud_per_mwh": groups.price.min(),
                "max_price_aud_per_mwh": groups.price.max(),
                "negative_price_hours": groups.price.agg(lambda p: (p < 0).sum()) / 12,
                "demand_mwh": groups.totaldemand.sum(min_count=1) / 12,
                "demand_hours": groups.totaldemand.count() / 12,
                "priced_demand_mwh": groups.priced_demand.sum(min_count=1) / 12,
                "demand_value_aud": groups["value"].sum(min_count=1) / 12,
                "intervals": groups.price.count(),
            }
        ).reset_index()
        found = frame(snapshot, table).rename(columns={time: "bucket"})
        found["bucket"] = pd.to_datetime(found.bucket)
        compare(found, expected, ["bucket", "regionid"], list(expected.columns[2:]))
        found = found.set_index(["bucket", "regionid"]).sort_index()
        for column, value, lowest in (
            ("min_price_at", "price", True),
            ("max_price_at", "price", False),
            ("min_demand_at", "totaldemand", True),
            ("max_demand_at", "totaldemand", False),
        ):
            known = rows.dropna(subset=value).sort_values("settlementdate", kind="stable")
            ranked = known.sort_values(value, ascending=lowest, kind="stable")
            first = ranked.groupby(["bucket", "regionid"]).settlementdate.first()
            assert found[column].dropna().to_dict() == first.to_dict(), column


def test_an_extreme_reached_twice_carries_its_first_stamp(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 600)
    rrp = [50.0] * 600
    rrp[100] = rrp[7] = rrp[8] = -20.0
    rrp[40] = rrp[41] = rrp[420] = 900.0
    demand = [{"settlementdate": s, "regionid": "NSW1", "totaldemand": 7_000.0} for s in when[3:]]
    lake = make_lake(tmp_path, dispatch_price=prices("NSW1", when, rrp), region_demand=demand)
    snapshot = lake.snapshot()
    (month,) = frame(snapshot, "region_month").to_dict("records")
    assert (month["min_price_at"], month["max_price_at"]) == (when[7], when[40])
    assert (month["min_demand_at"], month["max_demand_at"]) == (when[3], when[3])
    days = frame(snapshot, "region_day").set_index("date")
    assert list(days.max_price_at) == [when[40], when[420], when[576]]
    halves = frame(snapshot, "region_30min").set_index("settlementdate")
    assert halves.min_price_at[datetime(2025, 7, 1, 1)] == when[7]


def test_a_reference_price_is_that_of_the_intervals_reported(tmp_path: Path) -> None:
    """A farm that reports in the cheap half of a day is not held against the dear half."""
    when = stamps(datetime(2025, 7, 1, 0, 5), 288)
    lake = make_lake(
        tmp_path,
        units=[unit("SUN")],
        unit_scada=readings("SUN", when[:144], [0.0] * 100 + [60.0] * 44),
        # The last twelve of the reported intervals have no price.
        dispatch_price=prices("NSW1", when[:132] + when[144:], [10.0] * 132 + [300.0] * 144),
    )
    for table in ("unit_day", "unit_month"):
        (row,) = frame(lake.snapshot(), table).to_dict("records")
        assert row["reference_hours"] == pytest.approx(11.0)
        assert row["reference_price_aud_hours_per_mwh"] == pytest.approx(110.0)


def test_settlement_changes_between_two_intervals_and_says_its_source(boundary: Lake) -> None:
    found = frame(boundary.snapshot(), "region_5min")
    before, after = found[found.settlementdate <= SETTLEMENT], found[found.settlementdate > SETTLEMENT]
    sources = set(before.price_source.dropna())
    assert sources == {"trading", "mean of six dispatch prices"}
    assert set(after.price_source.dropna()) == {"dispatch"}
    paid = before[before.price_source == "trading"]
    per_half = paid.groupby([paid.settlementdate.dt.ceil("30min"), "regionid"]).price_aud_per_mwh.nunique()
    assert (per_half == 1).all()
    assert before.price_aud_per_mwh.isna().any(), "a half-hour with neither stays without a price"
    priced = after.dropna(subset="rrp")
    assert (priced.price_aud_per_mwh == priced.rrp).all()


def test_coarser_equals_the_sum_of_finer(demo_lake: Lake) -> None:
    snapshot = demo_lake.snapshot()
    region = [
        name
        for name in REGION_30MIN.schema.names
        if name.endswith(("d_mwh", "t_mwh", "hours", "_aud", "hours_per_mwh"))
    ]
    for family, keys, sums in (
        ("region_fuel", ["regionid", "fuel"], [*SUMS, "intervals", "unit_intervals"]),
        ("unit", ["duid", "regionid", "fuel"], [*UNIT_SUMS, "intervals", "unit_intervals"]),
        ("region", ["regionid"], region),
    ):  # fmt: skip
        fine = frame(snapshot, f"{family}_30min")
        fine["date"] = (fine.settlementdate - HALF).dt.normalize()
        coarse = frame(snapshot, f"{family}_day")
        coarse["date"] = pd.to_datetime(coarse["date"])
        compare(
            coarse, fine.groupby(["date", *keys])[sums].sum(min_count=1).reset_index(), ["date", *keys], sums
        )


def test_no_energy_is_lost_between_readings_and_fuels(demo_lake: Lake) -> None:
    """Region x fuel (without rooftop PV) and unit rollups hold the same energy and money."""
    snapshot = demo_lake.snapshot()
    fuels = frame(snapshot, "region_fuel_day")
    units = frame(snapshot, "unit_day")
    fuels = fuels[fuels.fuel != "Rooftop Solar"]
    for column in SUMS:
        left = fuels.groupby(["regionid", "fuel"])[column].sum()
        right = units.groupby(["regionid", "fuel"])[column].sum()
        pd.testing.assert_series_equal(left, right, rtol=1e-9)
    assert "Unmapped" in set(units.fuel)


def test_rooftop_covers_its_half_hour_only(tmp_path: Path) -> None:
    noon = datetime(2025, 7, 1, 12)
    rooftop = [
        {"settlementdate": noon, "regionid": "NSW1", "type": "MEASUREMENT", "power": 600.0, "qi": 1.0},
        {"settlementdate": noon, "regionid": "NSW1", "type": "DAILY", "power": 660.0, "qi": 0.1},
        {"settlementdate": noon, "regionid": "NSW1", "type": "SATELLITE", "power": 700.0, "qi": 1.0},
        {"settlementdate": datetime(2025, 8, 1), "regionid": "NSW1", "type": "DAILY", "power": 12.0},
    ]
    lake = make_lake(
        tmp_path,
        rooftop_pv=rooftop,
        dispatch_price=prices("NSW1", stamps(datetime(2025, 7, 1, 11, 35), 12), 50.0),
    )
    found = frame(lake.snapshot(), "region_fuel_5min")
    july = found[found.settlementdate <= datetime(2025, 7, 2)]
    assert list(july.settlementdate) == stamps(datetime(2025, 7, 1, 11, 35), 6)
    assert list(july.generation_mwh) == [55.0] * 6, "DAILY wins whatever the quality of the others"
    assert july.generation_revenue_aud.sum() == pytest.approx(330.0 * 50.0)
    # The half-hour that ends with the month lies wholly in that month, with its partition.
    assert list(lake.snapshot().partitions("region_fuel_5min")) == ["2025-07"]
    assert found.settlementdate.max() == datetime(2025, 8, 1)
    assert len(found) == 12


def test_an_unmapped_unit_keeps_its_energy_without_a_price(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 6)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("NEW1", when, 60.0),
        dispatch_price=prices("NSW1", when, 50.0),
    )
    (row,) = frame(lake.snapshot(), "unit_day").to_dict("records")
    assert (row["regionid"], row["fuel"]) == ("Unmapped", "Unmapped")
    assert row["generation_mwh"] == row["unpriced_generation_mwh"] == pytest.approx(30.0)
    assert np.isnan(row["generation_revenue_aud"])


def test_a_batterys_old_duids_do_not_count_beside_the_new(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 6)
    lake = make_lake(
        tmp_path,
        units=[
            unit("BATG1", fuel="Battery Storage", successor_duid="BAT1"),
            unit("BATL1", fuel="Battery Storage", dispatch_type="LOAD", successor_duid="BAT1"),
            unit("BAT1", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL"),
        ],
        # The old DUIDs report alone, then all three, then the new one alone.
        unit_scada=readings("BATG1", when[:4], 12.0)
        + readings("BATL1", when[:4], 24.0)
        + readings("BAT1", when[2:], 36.0),
        dispatch_price=prices("NSW1", when, 50.0),
    )
    found = frame(lake.snapshot(), "region_fuel_5min")
    assert list(found.generation_mwh) == [1.0, 1.0, 3.0, 3.0, 3.0, 3.0]
    assert list(found.load_mwh) == [-2.0, -2.0, 0.0, 0.0, 0.0, 0.0]
    units = frame(lake.snapshot(), "unit_30min").set_index("duid")
    assert units.generation_mwh.to_dict() == {"BATG1": 2.0, "BATL1": 0.0, "BAT1": 12.0}
    assert len(frame(lake.snapshot(), "unit_scada")) == 12, "the raw rows stay as published"


def test_a_registry_change_takes_effect_with_the_interval_after_it(tmp_path: Path) -> None:
    midnight = datetime(2025, 7, 2)
    when = [midnight - FIVE, midnight, midnight + FIVE]
    old = unit("A", capacity_mw=100.0, valid_to=midnight)
    new = unit("A", capacity_mw=240.0, fuel="CCGT", valid_from=midnight)
    lake = make_lake(
        tmp_path,
        units=[old, new],
        unit_scada=readings("A", when, 12.0),
        dispatch_price=prices("NSW1", when, 1.0),
    )
    found = frame(lake.snapshot(), "unit_day").set_index("fuel")
    assert found.unit_intervals.to_dict() == {"Coal": 2, "CCGT": 1}
    assert found.capacity_mwh.to_dict() == pytest.approx({"Coal": 200 / 12, "CCGT": 20.0})


WITH_REGISTRY = {
    spec.name
    for spec in ROLLUPS
    if ({"fuel", "battery"} & set(spec.schema.names) and not spec.name.startswith("curtailment_"))
    or spec.name.startswith("balance_")
}
"""The rollups that carry facts of the registry; a region's curtailment names two fuels of its own, and a
balance adds up fuels."""
FROM_READINGS = {name for name in WITH_REGISTRY if not name.startswith("unit_curtailment_")}


def names(lake: Lake) -> dict[tuple[str, str], str]:
    files = lake.snapshot().files
    return {(t, p): entry.path for t, parts in files.items() for p, entry in parts.items()}


@pytest.fixture
def two_months(tmp_path: Path) -> Lake:
    when = [datetime(2025, 7, 5, 0, 5), datetime(2025, 8, 5, 0, 5)]
    return make_lake(
        tmp_path,
        units=[unit("A"), unit("B"), unit("BAT", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL")],
        unit_scada=readings("A", when, 60.0) + readings("B", when, 30.0) + readings("BAT", when, -3.0),
        unit_dispatch=dispatched("A", when, 70.0, 60.0),
        dispatch_price=prices("NSW1", when, 50.0),
    )


def rebuild(lake: Lake, **tables: Any) -> set[tuple[str, str]]:
    """Change ``tables`` and build; the rollup files whose content changed."""
    before = names(lake)
    make_lake(lake.root, **tables)
    after = names(lake)
    built = {spec.name for spec in ROLLUPS}
    return {key for key in after if key[0] in built and after[key] != before.get(key)}


def test_only_what_changed_is_built(two_months: Lake) -> None:
    with two_months.write() as writer:
        assert rollups.build(writer) == 0, "nothing changed"
    when = [datetime(2025, 8, 6, 0, 5)]
    changed = rebuild(two_months, unit_scada=readings("C", when, 5.0) + readings("BAT", when, 5.0))
    assert {("unit_30min", "2025-08"), ("unit_day", "2025"), ("region_fuel_day", "2025")} <= changed
    assert {table for table, _ in changed} == FROM_READINGS, "prices, demand and targets did not change"
    assert all(partition in ("2025-08", "2025", "all") for _, partition in changed), "July is kept"
    changed = rebuild(two_months, dispatch_price=prices("NSW1", [datetime(2025, 7, 5, 0, 10)], 70.0))
    assert {key for key in changed if key[1] == "2025-08"} == set()
    assert {("region_5min", "2025-07"), ("region_30min", "2025-07"), ("region_day", "2025")} <= changed


def test_a_build_counts_the_files_it_made_and_tells_its_progress(two_months: Lake) -> None:
    told: list[tuple[str, int, int]] = []
    with two_months.write() as writer:
        for spec in ROLLUPS:
            for partition in list(writer.partitions(spec.name)):
                writer.drop(spec.name, partition)
        built = rollups.build(writer, progress=lambda *step: told.append(step))
    assert built == len([key for key in names(two_months) if key[0] in {spec.name for spec in ROLLUPS}])
    assert [done for _, done, _ in told] == [0, 1, 2, 3]
    assert {total for _, _, total in told} == {3}


def test_a_changed_registry_rebuilds_what_carries_its_facts(two_months: Lake) -> None:
    version = two_months.snapshot().registry_version
    changed = rebuild(two_months, units=[unit("A", fuel="Wind"), unit("B")])
    assert {table for table, _ in changed} == WITH_REGISTRY
    assert {"2025-07", "2025-08", "2025"} <= {partition for _, partition in changed}
    assert two_months.snapshot().registry_version != version
    assert set(frame(two_months.snapshot(), "region_fuel_day").fuel) == {"Wind", "Coal", "Unmapped"}


def test_a_changed_topology_rebuilds_the_regions(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 5, 0, 5), 1)
    flow = [{"settlementdate": when[0], "interconnectorid": "X", "meteredmwflow": 120.0, "intervention": 0}]
    lake = make_lake(tmp_path, interconnector_flow=flow, dispatch_price=prices("NSW1", when, 1.0))
    assert frame(lake.snapshot(), "region_5min").net_import_mw.isna().all(), "an unknown id enters no region"
    link = {"interconnectorid": "X", "name": "X", "regionid_from": "SA1", "regionid_to": "NSW1"}
    make_lake(tmp_path, interconnectors=[link])
    found = frame(lake.snapshot(), "region_5min").set_index("regionid").net_import_mw
    assert found.to_dict() == {"NSW1": 120.0, "SA1": -120.0}
    day = frame(lake.snapshot(), "region_day").set_index("regionid")
    assert day.net_import_mwh.to_dict() == {"NSW1": 10.0, "SA1": -10.0}


@pytest.mark.parametrize("spec", ROLLUPS, ids=lambda spec: spec.name)
def test_rollup_files_are_sorted_unique_and_of_their_partition(demo_lake: Lake, spec: Any) -> None:
    snapshot = demo_lake.snapshot()
    assert snapshot.partitions(spec.name)
    for name, entry in snapshot.partitions(spec.name).items():
        table = pq.read_table(snapshot.root / entry.path)
        assert [(f.name, f.type) for f in table.schema] == [(f.name, f.type) for f in spec.schema]
        assert strictly_ordered(table, spec.key)
        times = set(table[spec.time].unique().to_pylist())
        assert entry.first == min(times).isoformat(**({} if spec.time == "date" else {"timespec": "minutes"}))
        shift = timedelta(0) if spec.time == "date" else FIVE
        assert {f"{t - shift:%Y-%m}".startswith(name) for t in times} == {True}
        assert len(entry.inputs) == 20
