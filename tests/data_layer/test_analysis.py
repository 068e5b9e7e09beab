"""Price Analysis: the tree's sums by hand and by pandas, what ties out with what, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data_layer.connection import CancelToken
from data_layer.errors import QueryCancelled, RequestError
from data_layer.lake import Lake
from data_layer.market import REGIONS
from data_layer.period import Period
from data_layer.planner.analysis import months
from data_layer.price_analysis import PriceAnalysisMotor
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import FuelSummary
from data_layer.requests.analysis import PriceAnalysis
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit
from tests.data_layer.test_engines_agree import assert_same

DAY = datetime(2025, 7, 1)
WHOLE_DAY = Period(DAY, DAY + timedelta(days=1))
DAY_STAMPS = stamps(DAY + timedelta(minutes=5), 288)


def tree(manager: HybridQueryManager, request: PriceAnalysis) -> dict[str, dict[str, Any]]:
    """Path -> row; the total under ''."""
    return {row["path"]: row for row in manager.answer(request).table.to_pylist()}


@pytest.fixture(scope="module")
def covered(engines: tuple[HybridQueryManager, HybridQueryManager]) -> Period:
    state = engines[0].lake_state()
    assert state.first is not None and state.last is not None
    return Period(state.first - timedelta(minutes=5), state.last)


CUT = timedelta(hours=7, minutes=35)
"""Off the beginning of a day, so that its first hours come from readings and not from days."""


@pytest.mark.parametrize(
    ("cut", "changes"),
    [
        (timedelta(0), {}),
        (CUT, {}),
        (timedelta(0), {"group_by": ("fuel",)}),
        (CUT, {"group_by": ("owner", "station", "technology"), "regions": ("SA1", "VIC1")}),
        (CUT, {"group_by": ("technology", "region"), "fuels": ("Battery Storage", "Rooftop Solar", "Wind")}),
        (timedelta(0), {"group_by": ("station",), "match": "snowy"}),
    ],
)
def test_engines_agree(
    cut: timedelta,
    changes: dict[str, Any],
    engines: tuple[HybridQueryManager, HybridQueryManager],
    covered: Period,
) -> None:
    period = Period(
        covered.end - timedelta(days=2) + cut, covered.end - (cut and timedelta(hours=1, minutes=5))
    )
    assert assert_same(PriceAnalysis(period, **changes), engines)


def test_totals_are_those_of_generation_and_of_every_level(
    engines: tuple[HybridQueryManager, HybridQueryManager], covered: Period
) -> None:
    manager = engines[0]
    measures = ["energy_mwh", "generation_mwh", "load_mwh", "revenue_aud", "unit_intervals"]
    for region in ("NEM", *REGIONS):
        wanted = manager.answer(FuelSummary(covered, region)).frame()[measures].sum()
        regions = () if region == "NEM" else (region,)
        for groups in (("station",), ("region", "fuel", "owner"), ("technology", "owner")):
            rows = manager.answer(PriceAnalysis(covered, groups, regions)).frame()
            for level in range(len(groups) + 2):
                at = rows[rows.level == level]
                for name in measures:
                    assert float(at[name].sum()) == pytest.approx(float(wanted[name]), rel=1e-9), (
                        groups,
                        name,
                    )
    # The same fuels have the same capacity, factor and price as on the Generation tab.
    fuels = manager.answer(FuelSummary(covered, "NEM")).frame().set_index("fuel")
    rows = manager.answer(PriceAnalysis(covered, ("fuel",))).frame()
    groups = rows[rows.level == 1].set_index("name")
    assert set(groups.index) == set(fuels.index)
    same = ["capacity_mw", "capacity_factor", "share", "capture_price_aud_per_mwh", "load_price_aud_per_mwh"]
    for name in [*same, "units"]:
        left, right = (frame[name].astype("float64").reindex(fuels.index) for frame in (groups, fuels))
        np.testing.assert_allclose(left, right, rtol=1e-9, err_msg=name)


def test_a_row_follows_its_parent_and_the_dearest_come_first(
    engines: tuple[HybridQueryManager, HybridQueryManager], covered: Period
) -> None:
    rows = engines[0].answer(PriceAnalysis(covered, ("owner", "region", "fuel"))).table.to_pylist()
    assert [row["row"] for row in rows] == list(range(len(rows)))
    assert len({row["path"] for row in rows}) == len(rows)
    open_path: list[int] = []
    last: dict[int | None, float] = {}
    for row in rows:
        open_path = open_path[: row["level"]]
        assert row["parent"] == (open_path[-1] if open_path else None)
        open_path.append(row["row"])
        assert row["has_children"] == (row["kind"] != "duid")
        revenue = row["revenue_aud"] or 0.0  # an unmapped unit has none
        assert revenue <= last.get(row["parent"], np.inf) + 1e-6
        last[row["parent"]] = revenue


def raw(lake: Lake, table: str) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in lake.snapshot().paths(table)], ignore_index=True)


def test_a_fortnight_by_station_from_the_raw_rows(demo_lake: Lake, covered: Period) -> None:
    """Energy, revenue, capture price and rate of every station, worked out here from scada, prices and
    units alone."""
    scada = raw(demo_lake, "unit_scada").merge(raw(demo_lake, "units"), on="duid", how="left")
    rrp = raw(demo_lake, "dispatch_price")[["settlementdate", "regionid", "rrp"]]
    rows = scada.merge(rrp, on=["settlementdate", "regionid"], how="left")
    load = rows.dispatch_type == "LOAD"
    rows["mwh"] = rows.scadavalue.where(~load, -rows.scadavalue.abs()) / 12
    rows["up"], rows["down"] = rows.mwh.clip(lower=0), rows.mwh.clip(upper=0)
    rows["earned"], rows["paid"] = rows.up * rows.rrp, rows.down * rows.rrp
    rows["priced"] = rows.up.where(rows.rrp.notna(), 0.0)
    units = rows.groupby(["station_name", "duid"]).agg(
        up=("up", "sum"),
        down=("down", "sum"),
        earned=("earned", "sum"),
        paid=("paid", "sum"),
        priced=("priced", "sum"),
        flat=("rrp", "mean"),
        count=("mwh", "size"),
    )
    units["worth"] = units.priced * units.flat
    wanted = units.groupby("station_name").sum()
    found = open_manager(demo_lake.root).answer(PriceAnalysis(covered, ("station",))).frame()
    found = found[(found.level == 1) & (found.name != "Rooftop solar")].set_index("name")
    found = found.drop(index="Unknown", errors="ignore")
    assert len(wanted) > 50 and set(found.index) == set(wanted.index)
    wanted = wanted.reindex(found.index)
    pairs = {
        "generation_mwh": wanted.up,
        "load_mwh": wanted.down,
        "revenue_aud": wanted.earned + wanted.paid,
        "capture_price_aud_per_mwh": wanted.earned / wanted.priced.replace(0, np.nan),
        "capture_rate": wanted.earned / wanted.worth.where(wanted.worth > 0),
        "unit_intervals": wanted["count"],
    }
    for name, values in pairs.items():
        np.testing.assert_allclose(
            found[name].astype("float64"), values.astype("float64"), rtol=1e-8, atol=1e-6, err_msg=name
        )


def test_groups_pool_numerators_and_denominators(tmp_path: Path) -> None:
    """A large cheap unit and a small dear one: $20 x 100 MW and $200 x 10 MW make $36.36, not $110; the
    capacity of two units counts once each (errors 2, 7)."""
    when = DAY_STAMPS[:2]
    lake = make_lake(
        tmp_path,
        units=[
            unit("BIG", capacity_mw=200.0, station_name="S"),
            unit("SMALL", capacity_mw=20.0, station_name="S", regionid="SA1"),
        ],
        unit_scada=readings("BIG", when, 120.0) + readings("SMALL", when, 12.0),
        dispatch_price=prices("NSW1", when, [10.0, 30.0]) + prices("SA1", when, [100.0, 300.0]),
    )
    rows = tree(open_manager(lake.root), PriceAnalysis(Period(DAY, when[-1]), ("station", "region")))
    station = rows["S"]
    assert station["generation_mwh"] == pytest.approx(22.0)
    assert station["revenue_aud"] == pytest.approx(10 * (10 + 30) + 1 * (100 + 300))
    assert station["capture_price_aud_per_mwh"] == pytest.approx(800 / 22)
    # Flat: 20 MWh at the mean of NSW (20), 2 MWh at that of SA (200).
    assert station["flat_price_aud_per_mwh"] == pytest.approx((20 * 20 + 2 * 200) / 22)
    assert station["capture_rate"] == pytest.approx(1.0)
    assert station["capacity_mw"] == 220.0
    assert station["capacity_factor"] == pytest.approx(22 / (220 / 6))
    assert (station["units"], station["unit_intervals"]) == (2, 4)
    assert station["unit_hours"] == pytest.approx(4 * 5 / 60)
    assert station["region"] is None and rows["S/NSW1"]["region"] == "NSW1"
    assert rows["S/SA1/SMALL"]["capture_price_aud_per_mwh"] == pytest.approx(200.0)
    assert rows["S/NSW1"]["share"] == pytest.approx(20 / 22)
    assert rows["S/NSW1"]["revenue_share"] == pytest.approx(0.5)


def test_the_flat_price_is_over_the_intervals_the_unit_reported(tmp_path: Path) -> None:
    """The unit was silent in the interval of $1,000: its flat price does not know of it. Generating only
    when the price is double the mean makes a rate above one."""
    when = DAY_STAMPS[:3]
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", when[:2], [0.0, 60.0]),
        dispatch_price=prices("NSW1", when, [20.0, 60.0, 1_000.0]),
    )
    row = tree(open_manager(lake.root), PriceAnalysis(Period(DAY, when[-1]), ("fuel",)))["Coal/A"]
    assert row["flat_price_aud_per_mwh"] == pytest.approx(40.0)
    assert row["capture_rate"] == pytest.approx(1.5)


def test_storage_has_two_prices_and_no_share(tmp_path: Path) -> None:
    """Charge and discharge apart (error 9); a pump that only consumed has no price of generation."""
    when = DAY_STAMPS[:4]
    lake = make_lake(
        tmp_path,
        units=[
            unit("HPR1", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL"),
            unit("PUMP1", fuel="Water", dispatch_type="LOAD"),
        ],
        unit_scada=readings("HPR1", when, [-120.0, -120.0, 120.0, 60.0]) + readings("PUMP1", when, 240.0),
        dispatch_price=prices("NSW1", when, [-50.0, -50.0, 250.0, 250.0]),
    )
    rows = tree(open_manager(lake.root), PriceAnalysis(Period(DAY, when[-1]), ("fuel",)))
    battery, pump = rows["Battery Storage"], rows["Water"]
    assert (battery["generation_mwh"], battery["load_mwh"]) == (pytest.approx(15.0), pytest.approx(-20.0))
    assert battery["capture_price_aud_per_mwh"] == pytest.approx(250.0)
    assert battery["load_price_aud_per_mwh"] == pytest.approx(-50.0)
    assert battery["load_revenue_aud"] == pytest.approx(1_000.0)
    assert battery["share"] is None
    assert pump["load_mwh"] == pytest.approx(-80.0)
    for name in ("capture_price_aud_per_mwh", "capture_rate", "capacity_mw", "capacity_factor"):
        assert pump[name] is None, name
    assert pump["load_price_aud_per_mwh"] == pytest.approx(100.0)


def test_unmapped_units_and_missing_prices_stay(tmp_path: Path) -> None:
    """A unit that nobody knows is a class of its own with an unknown owner, and raises no capacity factor
    (error 11); energy without a price counts as energy and enters no price."""
    when = DAY_STAMPS[:2]
    lake = make_lake(
        tmp_path,
        units=[unit("A", owner=None)],
        unit_scada=readings("A", when, 60.0) + readings("NEWUNIT", when, 60.0),
        dispatch_price=prices("NSW1", when[:1], 50.0),
    )
    manager = open_manager(lake.root)
    period = Period(DAY, when[-1])
    rows = tree(manager, PriceAnalysis(period, ("region", "owner")))
    assert set(rows) == {
        *("", "NSW1", "NSW1/Unknown", "NSW1/Unknown/A"),
        *("Unmapped", "Unmapped/Unknown", "Unmapped/Unknown/NEWUNIT"),
    }
    assert rows["Unmapped"]["capture_price_aud_per_mwh"] is None
    assert rows["Unmapped"]["energy_mwh"] == pytest.approx(10.0)
    known = rows["NSW1"]
    assert (known["energy_mwh"], known["revenue_aud"]) == (pytest.approx(10.0), pytest.approx(250.0))
    assert known["capture_price_aud_per_mwh"] == pytest.approx(50.0)
    assert rows[""]["capacity_factor"] == known["capacity_factor"] == pytest.approx(0.6)
    assert assert_same(
        PriceAnalysis(period, ("region", "owner")), (manager, open_manager(lake.root, backend="pandas"))
    )


def test_a_unit_that_changed_its_fuel_counts_once_in_the_whole(tmp_path: Path) -> None:
    noon = DAY + timedelta(hours=12)
    lake = make_lake(
        tmp_path,
        units=[
            unit("A", valid_to=noon, capacity_mw=100.0),
            unit("A", valid_from=noon, fuel="Biomass", capacity_mw=100.0),
        ],
        unit_scada=readings("A", DAY_STAMPS, 50.0),
        dispatch_price=prices("NSW1", DAY_STAMPS, 100.0),
    )
    engines = open_manager(lake.root), open_manager(lake.root, backend="pandas")
    rows = tree(engines[0], PriceAnalysis(WHOLE_DAY, ("fuel",)))
    assert rows["Coal"]["unit_intervals"] == rows["Biomass"]["unit_intervals"] == 144
    assert (rows[""]["capacity_mw"], rows[""]["units"]) == (100.0, 1)
    assert rows[""]["capacity_factor"] == pytest.approx(0.5)
    assert assert_same(PriceAnalysis(WHOLE_DAY, ("fuel",)), engines)


def test_days_without_any_reading_count_as_missing(tmp_path: Path) -> None:
    lake = make_lake(
        tmp_path,
        units=[unit("A"), unit("B")],
        unit_scada=readings("A", DAY_STAMPS, 10.0) + readings("B", DAY_STAMPS[144:], 10.0),
        dispatch_price=prices("NSW1", stamps(DAY + timedelta(minutes=5), 3 * 288), 100.0),
    )
    period = Period(DAY, DAY + timedelta(days=3))
    rows = tree(open_manager(lake.root), PriceAnalysis(period, ("station",)))
    found = {name: (rows[name]["unit_intervals"], rows[name]["unit_intervals_expected"]) for name in rows}
    assert found["A station"] == (288, 864) and found["B station"] == (144, 864)


def test_names_with_slashes_make_no_levels(tmp_path: Path) -> None:
    lake = make_lake(
        tmp_path,
        units=[unit("A/1", station_name="Port 50%/North")],
        unit_scada=readings("A/1", DAY_STAMPS[:1], 10.0),
        dispatch_price=prices("NSW1", DAY_STAMPS[:1], 100.0),
    )
    rows = tree(open_manager(lake.root), PriceAnalysis(WHOLE_DAY, ("station",)))
    assert list(rows) == ["", "Port 50%25%2FNorth", "Port 50%25%2FNorth/A%2F1"]
    assert rows["Port 50%25%2FNorth"]["name"] == "Port 50%/North"


def test_part_by_part_is_the_same_answer(
    engines: tuple[HybridQueryManager, HybridQueryManager], covered: Period
) -> None:
    manager = engines[0]
    request = PriceAnalysis(covered, ("fuel", "owner"))
    told: list[tuple[int, int, pa.Table]] = []
    parts = manager.answer_in_parts(request, lambda done, all_, so_far: told.append((done, all_, so_far())))
    whole = manager.answer(request).table.to_pandas()
    together = parts.table.to_pandas()
    for name in whole.columns:
        if whole[name].dtype.kind in "fi":
            np.testing.assert_allclose(together[name], whole[name], rtol=1e-9, atol=1e-6, err_msg=name)
        else:
            assert together[name].equals(whole[name]), name
    assert [(done, all_) for done, all_, _ in told] == [(1, 2), (2, 2)]  # February and a day of March
    assert told[0][2].num_rows and told[1][2].equals(parts.table)
    stop = CancelToken()
    with pytest.raises(QueryCancelled):
        manager.answer_in_parts(request, lambda *_: stop.cancel(), stop)


def test_months_cut_a_period() -> None:
    day = datetime
    cut = [(p.start, p.end) for p in months(Period(day(2025, 1, 1), day(2025, 3, 2, 7, 5)))]
    assert cut == [
        (day(2025, 1, 1), day(2025, 2, 1)),
        (day(2025, 2, 1), day(2025, 3, 1)),
        (day(2025, 3, 1), day(2025, 3, 2, 7, 5)),
    ]
    assert len(list(months(Period(day(2025, 1, 31, 23, 55), day(2025, 2, 1))))) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"group_by": ()}, "group_by"),
        ({"group_by": "fuel"}, "group_by"),
        ({"group_by": ("fuel", "fuel")}, "group_by"),
        ({"group_by": ("fuel; --",)}, "group_by"),
        ({"group_by": ("region", "fuel", "owner", "station")}, "group_by"),
        ({"regions": ("MARS",)}, "regions"),
        ({"fuels": ("coal",)}, "fuels"),
        ({"match": "x" * 81}, "match"),
        ({"match": "a\nb"}, "match"),
        ({"match": 7}, "match"),
    ],
)
def test_what_is_not_allowed_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as refused:
        PriceAnalysis(WHOLE_DAY, **changes)
    assert refused.value.field == field


def test_a_question_survives_its_address() -> None:
    asked = PriceAnalysis(WHOLE_DAY, ("owner", "fuel"), ("VIC1", "SA1"), ("Wind",), "AGL, Ltd")
    assert PriceAnalysis.from_query(asked.to_query()) == asked
    assert asked.regions == ("SA1", "VIC1")
    assert (
        asked.key()
        != PriceAnalysis(WHOLE_DAY, ("fuel", "owner"), ("VIC1", "SA1"), ("Wind",), "AGL, Ltd").key()
    )


def test_no_match_is_no_rows(engines: tuple[HybridQueryManager, HybridQueryManager], covered: Period) -> None:
    answer = engines[0].answer(PriceAnalysis(covered, match="no such owner"))
    assert answer.table.num_rows == 0
    assert "revenue_aud" in answer.table.column_names


def test_the_notebook_calls(demo_lake: Lake) -> None:
    """docs/notebook.md's example, and each call's frame."""
    motor = PriceAnalysisMotor.over(demo_lake.root).filter_by_date_range("2026-02-20", "2026-02-21")
    held = motor.load_data().set_index("table")
    assert held.loc["unit_scada", "last"] == datetime(2026, 3, 2)
    prices_ = motor.calculate_aggregated_prices(["Fuel", "region"], region_filters=["SA1", "VIC1"])
    assert list(prices_.columns[:3]) == ["fuel", "region", "energy_mwh"]
    assert set(prices_.region) == {"SA1", "VIC1"}
    assert prices_.revenue_aud.fillna(0).is_monotonic_decreasing
    rows = motor.integrate_data()
    assert rows.settlementdate.min() == datetime(2026, 2, 20, 0, 30)
    wind = rows[(rows.fuel_type == "Wind") & (rows.region == "SA1")]
    (found,) = prices_[(prices_.fuel == "Wind") & (prices_.region == "SA1")].itertuples()
    assert found.energy_mwh == pytest.approx(float(wind.energy_mwh.sum()))
    assert found.revenue_aud == pytest.approx(float(wind.revenue_aud.sum()))
    again = motor.integrate_data("2026-02-20", "2026-02-20", force_reload=True)
    assert again.settlementdate.max() == datetime(2026, 2, 21)
    tree_ = motor.create_hierarchical_data(["owner"], fuel_filters=["Wind"])
    assert sorted(tree_.level.unique()) == [0, 1, 2]
    whole = PriceAnalysisMotor(motor.manager).calculate_aggregated_prices()
    assert float(whole.energy_mwh.sum()) > float(prices_.energy_mwh.sum())
