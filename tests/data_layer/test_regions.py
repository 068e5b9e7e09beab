"""Regions, interconnectors, price separation, stations: both engines agree, and hand-made cases by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.market import REGIONS, Resolution
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import Period, Request, allowed_resolutions
from data_layer.requests.regions import (
    DURATION_POINTS,
    REQUESTS,
    FlowDuration,
    InterconnectorMeans,
    InterconnectorSeries,
    PriceSeparation,
    RegionMeans,
    RegionSteps,
    StationSites,
)
from tests.data_layer.lakes import frame, make_lake, prices, readings, stamps, unit

Engines = tuple[HybridQueryManager, HybridQueryManager]
KEYS = ["time", "regionid", "other_regionid", "interconnectorid", "exceeded_share", "station_name"]
FIRST = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)


def both(root: Path) -> Engines:
    return open_manager(root), open_manager(root, backend="pandas")


def plain(table: pa.Table) -> pd.DataFrame:
    """Rows in a fixed order, numbers as float64, the rest as text."""
    rows = table.to_pandas()
    rows = rows.sort_values([key for key in KEYS if key in rows.columns], ignore_index=True)
    for name in rows.columns:
        if pd.api.types.is_numeric_dtype(rows[name]):
            rows[name] = rows[name].astype("float64")
        else:
            rows[name] = rows[name].astype("object").where(rows[name].notna(), None).map(str)
    return rows


def assert_same(request: Request, engines: Engines) -> pd.DataFrame:
    duck, pandas = (plain(engine.answer(request).table) for engine in engines)
    assert len(duck) == len(pandas), request
    assert set(duck.columns) == set(pandas.columns), request
    for name in duck.columns:
        left, right = duck[name], pandas[name]
        if left.dtype == "float64":
            np.testing.assert_allclose(
                left, right.astype("float64"), rtol=1e-9, atol=1e-6, err_msg=f"{request} {name}"
            )
        else:
            assert list(left) == list(right), (request, name)
    return duck


@pytest.fixture(scope="module")
def demo(demo_lake: Lake) -> Engines:
    return both(demo_lake.root)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_period_gets_one_answer(data: st.DataObject, demo: Engines) -> None:
    state = demo[0].lake_state()
    assert state.first is not None and state.last is not None
    begin, count = state.first - FIVE, int((state.last - state.first) / FIVE)
    step = data.draw(st.sampled_from([1, 6, 288]))
    start = data.draw(st.integers(0, count // step - 1))
    length = data.draw(st.integers(1, count // step - start))
    period = Period(begin + start * step * FIVE, begin + (start + length) * step * FIVE)
    resolution = data.draw(st.sampled_from(allowed_resolutions(period)))
    line = data.draw(st.sampled_from(["V-SA", "N-Q-MNSP1", ""]))
    questions: list[Request] = [
        RegionMeans(period),
        RegionSteps(period, resolution),
        PriceSeparation(period, data.draw(st.sampled_from([0.0, 5.0, 50.0]))),
        InterconnectorMeans(period),
        InterconnectorSeries(period, (line,), resolution),
        FlowDuration(period, line),
        StationSites(period),
    ]
    assert len(assert_same(data.draw(st.sampled_from(questions)), demo))


def flow(when: datetime, line: str, metered: float, **facts: Any) -> dict[str, Any]:
    """One interconnector_flow record whose target is what was metered, between wide limits."""
    usual = {
        "intervention": 0,
        "mwlosses": 1.0,
        "mwflow": metered,
        "exportlimit": 600.0,
        "importlimit": -500.0,
    }
    return {"settlementdate": when, "interconnectorid": line, "meteredmwflow": metered, **usual, **facts}


HEYWOOD = {"interconnectorid": "V-SA", "name": "Heywood", "regionid_from": "VIC1", "regionid_to": "SA1"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """Two hours of Victoria and South Australia with a known line and one that nobody mapped; the price of
    SA1 lacks from 00:15 to 00:20, no price at all after 01:00."""
    when = stamps(FIRST + FIVE, 24)
    victoria = [100.0] * 12
    south = [50.0, 130.0, None, None, *[100.0] * 8]
    flows = [flow(s, "V-SA", 120.0) for s in when]
    # Against the price: to SA1 while it is the cheaper. At the export limit; a band below zero.
    flows[0] = flow(when[0], "V-SA", 60.0, mwflow=599.7)
    flows[1] = flow(when[1], "V-SA", -24.0, mwflow=-30.0, exportlimit=-20.0, importlimit=-30.4)
    flows[2] = flow(when[2], "V-SA", 12.0, exportlimit=None)
    del flows[20:]  # the line falls silent at 01:40
    dearer = [(s, p) for s, p in zip(when, south, strict=False) if p is not None]
    lake = make_lake(
        tmp_path_factory.mktemp("small"),
        units=[
            unit("WIND", regionid="SA1", fuel="Wind", station_name="Hill", latitude=-33.0, longitude=138.0),
            unit("GAS", regionid="SA1", fuel="CCGT", station_name="Hill", capacity_mw=150.0),
            unit("PUMP", regionid="SA1", station_name="Pump", dispatch_type="LOAD"),
            unit("GONE", regionid="VIC1", station_name="Gone", last_date=datetime(2020, 1, 1)),
            unit("LATER", regionid="VIC1", station_name="Later", first_date=datetime(2027, 1, 1)),
        ],
        unit_scada=readings("WIND", when, 60.0)
        + readings("GAS", when, 30.0)
        + readings("NOBODY", when, 500.0),
        dispatch_price=prices("VIC1", when[:12], victoria)
        + prices("SA1", [s for s, _ in dearer], [p for _, p in dearer]),
        region_demand=[
            {"settlementdate": s, "regionid": r, "totaldemand": mw, "intervention": 0}
            for s in when
            for r, mw in (("SA1", 180.0), ("VIC1", 900.0))
        ],
        rooftop_pv=[
            {"settlementdate": s, "regionid": "SA1", "type": "MEASUREMENT", "power": 20.0, "qi": 1.0}
            for s in stamps(FIRST + 6 * FIVE, 2, 30)
        ],
        interconnectors=[HEYWOOD],
        interconnector_flow=flows + [flow(s, "NEW-1", 77.0) for s in when],
    )
    return both(lake.root)


HOURS_2 = Period(FIRST, FIRST + timedelta(hours=2))
HOUR_1 = Period(FIRST, FIRST + timedelta(hours=1))


def by(table: pa.Table, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in table.to_pylist()}


def test_states_of_the_hand_made_regions(small: Engines) -> None:
    for engine in small:
        rows = by(engine.answer(RegionMeans(HOUR_1)).table, "regionid")
        south, victoria = rows["SA1"], rows["VIC1"]
        assert south["price_aud_per_mwh"] == pytest.approx((50 + 130 + 8 * 100) / 10)
        assert south["intervals"] == 10
        # Wind 60 and rooftop 20 over demand 180 and rooftop 20.
        assert south["renewable_share"] == pytest.approx(80 / 200)
        assert south["net_import_mw"] == pytest.approx((60 - 24 + 12 + 9 * 120) / 12)
        assert victoria["net_import_mw"] == pytest.approx(-south["net_import_mw"])
        assert victoria["demand_mw"] == pytest.approx(900)
        assert victoria["renewable_share"] is None or np.isnan(victoria["renewable_share"])
        later = by(engine.answer(RegionSteps(HOURS_2, Resolution.HALF_HOUR)).table.slice(6), "regionid")[
            "SA1"
        ]
        # Without a price there is no price, not zero; rooftop of the second hour is not published.
        assert later["time"] == FIRST + timedelta(hours=2)
        assert pd.isna(later["price_aud_per_mwh"])
        assert later["renewable_share"] == pytest.approx(60 / 180)
        assert later["net_import_mw"] == pytest.approx(120)  # the two intervals that the line still reported
    assert_same(RegionSteps(HOURS_2, Resolution.FIVE_MINUTES), small)


def test_interconnectors_by_hand(small: Engines) -> None:
    for engine in small:
        lines = by(engine.answer(InterconnectorMeans(HOURS_2)).table, "interconnectorid")
        heywood, new = lines["V-SA"], lines["NEW-1"]
        assert (heywood["name"], heywood["regionid_from"], heywood["intervals"]) == ("Heywood", "VIC1", 20)
        assert heywood["flow_mw"] == pytest.approx((60 - 24 + 12 + 17 * 120) / 20)
        assert heywood["export_mwh"] == pytest.approx((60 + 12 + 17 * 120) / 12)
        assert heywood["import_mwh"] == pytest.approx(-24 / 12)
        # One interval has one limit only: the band is the mean over the other nineteen.
        assert heywood["export_limit_mw"] == pytest.approx((-20 + 18 * 600) / 19)
        assert heywood["import_limit_mw"] == pytest.approx((-30.4 + 18 * -500) / 19)
        assert heywood["at_export_limit_share"] == pytest.approx(1 / 19)  # 599.7 of 600
        assert heywood["at_import_limit_share"] == pytest.approx(1 / 19)  # -30.0 of -30.4
        # 60 MW to SA1 at 50 from VIC1 at 100, and 24 MW from SA1 at 130 to VIC1 at 100.
        assert heywood["counter_price_mwh"] == pytest.approx((60 + 24) / 12)
        assert heywood["counter_price_value_aud"] == pytest.approx((60 * 50 + 24 * 30) / 12)
        assert heywood["price_difference_aud_per_mwh"] == pytest.approx((-50 + 30 + 0) / 10)
        assert (new["name"], new["regionid_from"], new["regionid_to"]) == (None, "Unmapped", "Unmapped")
        assert new["flow_mw"] == pytest.approx(77)
        assert pd.isna(new["counter_price_mwh"])
        band = engine.answer(
            InterconnectorSeries(Period(FIRST + FIVE, FIRST + 2 * FIVE), ("V-SA",), Resolution.FIVE_MINUTES)
        ).table.to_pylist()
        assert [(row["import_limit_mw"], row["export_limit_mw"]) for row in band] == [
            pytest.approx((-30.4, -20.0))
        ]
    for resolution in (Resolution.FIVE_MINUTES, Resolution.HALF_HOUR, Resolution.DAY):
        assert_same(InterconnectorSeries(HOURS_2, (), resolution), small)


def test_separation_by_hand(small: Engines) -> None:
    for engine in small:
        rows = {
            (row["regionid"], row["other_regionid"]): row
            for row in engine.answer(PriceSeparation(HOURS_2, 30.0)).table.to_pylist()
        }
        assert set(rows) == set(combinations(REGIONS, 2))
        found = rows["SA1", "VIC1"]
        assert found["intervals"] == 10
        assert found["mean_absolute_difference_aud_per_mwh"] == pytest.approx((50 + 30) / 10)
        assert found["mean_difference_aud_per_mwh"] == pytest.approx((-50 + 30) / 10)
        assert found["separated_share"] == pytest.approx(1 / 10)  # 30 is not more than 30
        assert rows["NSW1", "TAS1"]["intervals"] == 0
        assert pd.isna(rows["NSW1", "TAS1"]["separated_share"])


def test_duration_curve_by_hand(small: Engines) -> None:
    for engine in small:
        rows = engine.answer(FlowDuration(HOURS_2, "V-SA")).table.to_pylist()
        assert len(rows) == DURATION_POINTS
        assert [row["exceeded_share"] for row in rows[:2]] == [0.0, 1 / 400]
        flows = [row["flow_mw"] for row in rows]
        assert flows == sorted(flows, reverse=True)
        assert (flows[0], flows[-1], rows[0]["intervals"]) == (120.0, -24.0, 20)
        # 20 values: three lie below 120, so the curve leaves it after 16 of 19 steps.
        assert flows[336] == pytest.approx(120.0)
        assert flows[340] == pytest.approx(120 - (0.85 * 19 - 16) * 60)
    assert engine.answer(FlowDuration(HOURS_2, "NOWHERE")).table.num_rows == 0


def test_stations_by_hand(small: Engines) -> None:
    for engine in small:
        rows = engine.answer(StationSites(HOURS_2)).table.to_pylist()
        assert [(row["station_name"], row["fuel"], row["units"]) for row in rows] == [("Hill", "CCGT", 2)]
        assert rows[0]["capacity_mw"] == 250.0
        assert (rows[0]["latitude"], rows[0]["longitude"]) == (-33.0, 138.0)


def test_flows_and_regions_balance(demo_lake: Lake, demo: Engines) -> None:
    """From the raw rows: what flows into a region is its net import, every interval of all regions adds to
    nothing, and no mapped flow is missing or counted twice."""
    snapshot = demo_lake.snapshot()
    raw = frame(snapshot, "interconnector_flow").merge(
        frame(snapshot, "interconnectors"), on="interconnectorid"
    )
    state = demo[0].lake_state()
    assert state.last is not None
    period = Period(state.last - timedelta(days=2), state.last)
    raw = raw[(raw.settlementdate > period.start) & (raw.settlementdate <= period.end)]
    into = (
        raw.groupby(["settlementdate", "regionid_to"]).meteredmwflow.sum().rename_axis(["time", "regionid"])
    )
    out = (
        raw.groupby(["settlementdate", "regionid_from"]).meteredmwflow.sum().rename_axis(["time", "regionid"])
    )
    expected = into.sub(out, fill_value=0.0)
    steps = demo[0].answer(RegionSteps(period, Resolution.FIVE_MINUTES)).table.to_pandas()
    found = steps.set_index(["time", "regionid"]).net_import_mw
    assert len(found) == 2 * 288 * 5
    np.testing.assert_allclose(found, expected.reindex(found.index), atol=1e-9)
    np.testing.assert_allclose(found.groupby("time").sum(), 0.0, atol=1e-9)
    # The same over the period, from the rollups of lines and of regions.
    lines = demo[0].answer(InterconnectorMeans(period)).table.to_pandas()
    means = demo[0].answer(RegionMeans(period)).table.to_pandas().set_index("regionid").net_import_mw
    for region in REGIONS:
        inflow = (
            lines[lines.regionid_to == region].flow_mw.sum()
            - lines[lines.regionid_from == region].flow_mw.sum()
        )
        assert means[region] == pytest.approx(inflow)


def test_generation_imports_and_demand_belong_together(demo_lake: Lake, demo: Engines) -> None:
    """What scheduled units made and lines brought is what was demanded, region by region: TOTALDEMAND
    leaves out non-scheduled units. What is missing are gaps in readings and a unit nobody registered."""
    state = demo[0].lake_state()
    assert state.last is not None
    period = Period(state.last - timedelta(days=2), state.last)
    snapshot = demo_lake.snapshot()
    scada = frame(snapshot, "unit_scada").merge(frame(snapshot, "units"), on="duid")
    scada = scada[(scada.settlementdate > period.start) & (scada.settlementdate <= period.end)]
    scada = scada[scada.schedule_type != "NON-SCHEDULED"]
    scada = scada[(scada.settlementdate > scada.valid_from) & (scada.settlementdate <= scada.valid_to)]
    signed = scada.scadavalue.where(scada.dispatch_type != "LOAD", -scada.scadavalue.abs())
    made = signed.groupby([scada.settlementdate, scada.regionid]).sum().groupby("regionid").mean()
    rows = demo[0].answer(RegionMeans(period)).table.to_pandas().set_index("regionid")
    left = (made + rows.net_import_mw - rows.demand_mw) / rows.demand_mw
    assert left.abs().max() < 0.01, left


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda p: PriceSeparation(p, -1), "above_aud_per_mwh"),
        (lambda p: PriceSeparation(p, float("nan")), "above_aud_per_mwh"),
        (lambda p: PriceSeparation(p, True), "above_aud_per_mwh"),
        (lambda p: FlowDuration(p, "V-SA; DROP"), "line"),
        (lambda p: FlowDuration(p, 7), "line"),
        (lambda p: InterconnectorSeries(p, "V-SA"), "lines"),
        (lambda p: InterconnectorSeries(p, ("A" * 25,)), "line"),
        (lambda p: InterconnectorSeries(p, tuple(f"L{n}" for n in range(21))), "lines"),
        (
            lambda p: RegionSteps(Period(FIRST, FIRST + timedelta(days=400)), Resolution.FIVE_MINUTES),
            "resolution",
        ),
    ],
)
def test_what_is_not_allowed_is_refused(make: Any, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        make(HOURS_2)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "request_",
    [
        *(cls(HOURS_2) for cls in REQUESTS),
        PriceSeparation(HOURS_2, 12.5),
        InterconnectorSeries(HOURS_2, ("V-SA", "N-Q-MNSP1"), Resolution.HOUR),
        FlowDuration(HOURS_2, "V-SA"),
    ],
)
def test_a_request_survives_its_address(request_: Request) -> None:
    assert type(request_).from_query(request_.to_query()) == request_
    assert InterconnectorSeries(HOURS_2, ("V-SA", "V-SA", "")).lines == ("V-SA",)


def test_the_coarsest_rollup_is_read(demo: Engines) -> None:
    whole = Period(datetime(2026, 2, 20), datetime(2026, 2, 25))
    assert demo[0].answer(InterconnectorMeans(whole)).provenance.source == "interconnector_day"
    cut = Period(whole.start + FIVE, whole.end)
    assert demo[0].answer(InterconnectorMeans(cut)).provenance.source.split(" + ") == [
        "interconnector_interval",
        "interconnector_30min",
        "interconnector_day",
    ]
