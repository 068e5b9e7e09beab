"""Curtailment: numbers worked out from a few rows, sums that must tie out, both engines, and AEMO's files."""

from __future__ import annotations

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
from data_layer.requests.curtailment import (
    CURTAILED_FUELS,
    REQUESTS,
    CurtailmentSeries,
    CurtailmentSummary,
    CurtailmentTimeOfDay,
    UnitCurtailment,
)
from tests.data_layer.ingest.test_real_months import plain_rows, stamp
from tests.data_layer.lakes import make_lake, prices, stamps, unit
from tests.data_layer.test_engines_agree import assert_same, periods

FIRST = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)
BOTH = ("duckdb", "pandas")
DAY = Period(FIRST, FIRST + timedelta(days=1))


def small(root: Path) -> Lake:
    """Half an hour of South Australia: sun held back by 12 MW at $0, at $50, at -$10 and without a price;
    wind dispatched above its forecast once, which curtails nothing. New South Wales publishes no wind."""
    when = stamps(FIRST + FIVE, 6)
    sun = [(60.0, 48.0)] * 4 + [(60.0, 60.0)] * 2
    wind = [(10.0, 22.0)] + [(24.0, 12.0)] * 5
    return make_lake(
        root,
        units=[
            unit("SUN", regionid="SA1", fuel="Solar", station_name="Sun farm", capacity_mw=70.0),
            unit("GUST", regionid="SA1", fuel="Wind"),
        ],
        dispatch_price=[
            record
            for record in prices("SA1", when, [0.0, 50.0, -10.0, 99.0, 50.0, 50.0])
            if record["settlementdate"] != when[3]
        ]
        + prices("NSW1", when, 20.0),
        region_demand=[
            {
                "settlementdate": s,
                "regionid": "SA1",
                "totaldemand": 1.0,
                "ss_solar_uigf": sun[k][0],
                "ss_solar_clearedmw": sun[k][1],
                "ss_wind_uigf": wind[k][0],
                "ss_wind_clearedmw": wind[k][1],
            }
            for k, s in enumerate(when)
        ]
        + [
            {
                "settlementdate": s,
                "regionid": "NSW1",
                "totaldemand": 1.0,
                "ss_solar_uigf": 30.0,
                "ss_solar_clearedmw": 18.0,
            }
            for s in when[:3]
        ],
        unit_dispatch=[
            {
                "settlementdate": s,
                "duid": duid,
                "uigf": pair[k][0],
                "totalcleared": pair[k][1],
                "intervention": 0,
            }
            for duid, pair in (("SUN", sun), ("GUST", wind), ("NEWCOMER", sun))
            for k, s in enumerate(when)
        ],
    )


@pytest.mark.parametrize("backend", BOTH)
def test_the_price_splits_curtailment_and_exactly_zero_is_economic(backend: str, tmp_path: Path) -> None:
    rows = (
        open_manager(small(tmp_path).root, backend=backend).answer(CurtailmentSummary(DAY)).table.to_pylist()
    )
    found = {(row["regionid"], row["fuel"]): row for row in rows}
    assert set(found) == {
        ("NEM", "All"), ("NEM", "Solar"), ("NEM", "Wind"), ("NSW1", "All"), ("NSW1", "Solar"),
        ("SA1", "All"), ("SA1", "Solar"), ("SA1", "Wind"),
    }  # fmt: skip
    sun = found["SA1", "Solar"]
    assert sun["uigf_mwh"] == pytest.approx(30)
    assert sun["curtailed_mwh"] == pytest.approx(4)
    # 12 MW for five minutes is 1 MWh: at $0 and -$10 economic, at $50 network, one without a price.
    assert sun["economic_curtailed_mwh"] == pytest.approx(2)
    assert sun["network_curtailed_mwh"] == pytest.approx(1)
    assert sun["unpriced_curtailed_mwh"] == pytest.approx(1)
    assert sun["curtailed_value_aud"] == pytest.approx(50 - 10)
    assert sun["curtailed_share"] == pytest.approx(4 / 30)
    assert (sun["intervals"], sun["intervals_expected"]) == (6, 288)
    wind = found["SA1", "Wind"]
    assert wind["curtailed_mwh"] == pytest.approx(5), "above its forecast once: not -1 MWh"
    assert wind["cleared_mwh"] == pytest.approx((22 + 5 * 12) / 12)
    assert found["NSW1", "All"]["curtailed_mwh"] == pytest.approx(3)
    assert found["NEM", "All"]["curtailed_mwh"] == pytest.approx(4 + 5 + 3)
    assert found["NEM", "All"]["intervals"] == 6 + 6 + 3
    assert found["NEM", "All"]["intervals_expected"] == 3 * 288


@pytest.mark.parametrize("backend", BOTH)
def test_power_is_a_mean_over_what_was_found_and_regions_are_added(backend: str, tmp_path: Path) -> None:
    manager = open_manager(small(tmp_path).root, backend=backend)
    request = CurtailmentSeries(DAY, fuels=("Solar",), resolution=Resolution.HALF_HOUR)
    row = manager.answer(request).table.to_pylist()[0]
    assert row["time"] == FIRST + timedelta(minutes=30)
    assert row["curtailed_mw"] == pytest.approx(8 + 12), "8 MW over six intervals, 12 MW over three"
    assert row["uigf_mw"] == pytest.approx(60 + 30)
    assert row["curtailed_share"] == pytest.approx(7 / 37.5)
    part = Period(FIRST, FIRST + 3 * FIVE)
    row = manager.answer(CurtailmentSeries(part, "SA1", ("Wind",), Resolution.FIVE_MINUTES)).table.to_pylist()
    assert [one["curtailed_mw"] for one in row] == [0, 12, 12]
    day = manager.answer(CurtailmentTimeOfDay(DAY, "SA1", ("Solar",))).table.to_pylist()
    assert [(one["time_of_day"], one["curtailed_mw"]) for one in day] == [(30, pytest.approx(8))]


@pytest.mark.parametrize("backend", BOTH)
def test_units_the_registry_does_not_know_are_shown(backend: str, tmp_path: Path) -> None:
    manager = open_manager(small(tmp_path).root, backend=backend)
    rows = {row["duid"]: row for row in manager.answer(UnitCurtailment(DAY)).table.to_pylist()}
    assert set(rows) == {"SUN", "GUST", "NEWCOMER"}
    assert (rows["SUN"]["station_name"], rows["SUN"]["capacity_mw"]) == ("Sun farm", 70)
    assert rows["SUN"]["economic_curtailed_mwh"] == pytest.approx(2)
    assert rows["NEWCOMER"]["fuel"] == rows["NEWCOMER"]["regionid"] == "Unmapped"
    assert rows["NEWCOMER"]["unpriced_curtailed_mwh"] == pytest.approx(4)
    assert (rows["SUN"]["intervals"], rows["SUN"]["intervals_expected"]) == (6, 288)
    only = manager.answer(UnitCurtailment(DAY, "SA1", ("Wind",))).table
    assert only.column("duid").to_pylist() == ["GUST"]


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_both_engines_agree_on_curtailment(
    data: st.DataObject, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    state = engines[0].lake_state()
    assert state.first is not None
    assert state.last is not None
    period = data.draw(periods(state.first - FIVE, state.last))
    region = data.draw(st.sampled_from(("NEM", *REGIONS)))
    fuels = data.draw(st.sampled_from([(), ("Solar",), ("Wind",), CURTAILED_FUELS]))
    resolution = data.draw(st.sampled_from(allowed_resolutions(period)))
    assert_same(CurtailmentSeries(period, region, fuels, resolution), engines)
    assert_same(CurtailmentTimeOfDay(period, region, fuels), engines)
    assert_same(CurtailmentSummary(period, fuels), engines)
    assert_same(UnitCurtailment(period, region, fuels), engines)


CAUSES = ("economic_curtailed_mwh", "network_curtailed_mwh", "unpriced_curtailed_mwh")


def test_sums_tie_out_on_the_demonstration(demo_lake: Lake) -> None:
    """Units to regions, regions to the NEM, causes to the whole, days to the period."""
    manager = open_manager(demo_lake.root)
    period = Period(datetime(2026, 2, 20), datetime(2026, 3, 1))
    summary = manager.answer(CurtailmentSummary(period)).table.to_pylist()
    units = manager.answer(UnitCurtailment(period)).table.to_pylist()
    whole = {(row["regionid"], row["fuel"]): row for row in summary}
    assert whole["NEM", "All"]["curtailed_mwh"] > 1_000
    assert whole["NEM", "All"]["economic_curtailed_mwh"] > 0
    assert whole["NEM", "All"]["network_curtailed_mwh"] > 0
    for row in (*summary, *units):
        assert sum(row[cause] for cause in CAUSES) == pytest.approx(row["curtailed_mwh"])
    parts = [row for row in summary if row["regionid"] != "NEM" and row["fuel"] != "All"]
    for column in ("uigf_mwh", "curtailed_mwh", *CAUSES):
        assert sum(row[column] for row in parts) == pytest.approx(whole["NEM", "All"][column])
    unmapped = [row for row in units if row["regionid"] == "Unmapped"]
    assert [row["duid"] for row in unmapped] == ["LANCSF1"], "a solar farm of Victoria"
    for region in REGIONS:
        for fuel in CURTAILED_FUELS:
            own = [
                row
                for row in units
                if (row["regionid"], row["fuel"]) == (region, fuel)
                or (row in unmapped and (region, fuel) == ("VIC1", "Solar"))
            ]
            shown = whole.get((region, fuel))
            if shown is None:
                assert own == []
                continue
            for column in ("uigf_mwh", "curtailed_mwh"):
                # Published to a hundredth of a megawatt.
                assert sum(row[column] for row in own) == pytest.approx(shown[column], rel=1e-4, abs=0.5)
    daily = manager.answer(CurtailmentSeries(period, resolution=Resolution.DAY)).table
    total = whole["NEM", "All"]["curtailed_mwh"]
    assert sum(daily.column("curtailed_mwh").to_pylist()) == pytest.approx(total)


@pytest.mark.real
@pytest.mark.parametrize("month", ["2025-01", "2026-03"])
@pytest.mark.parametrize("region", ["SA1", "NSW1"])
def test_a_real_month_equals_the_file_read_alone(
    month: str, region: str, real: Path, real_lake: Lake
) -> None:
    """UIGF less cleared of DISPATCHREGIONSUM, by the csv module."""
    rows: dict[datetime, dict[str, Any]] = {}
    for _, row in plain_rows(real, "DISPATCHREGIONSUM"):
        end = stamp(row["SETTLEMENTDATE"])
        if row["REGIONID"] == region and f"{end - FIVE:%Y-%m}" == month:
            kept = rows.get(end)
            if kept is None or row["INTERVENTION"] >= kept["INTERVENTION"]:
                rows[end] = row
    assert len(rows) >= 288
    first = datetime.fromisoformat(f"{month}-01")
    period = Period(first, (first + timedelta(days=32)).replace(day=1))
    table = open_manager(real_lake.root).answer(CurtailmentSummary(period)).table
    found = {(row["regionid"], row["fuel"]): row for row in table.to_pylist()}
    for fuel in CURTAILED_FUELS:
        names = f"SS_{fuel.upper()}_UIGF", f"SS_{fuel.upper()}_CLEAREDMW"
        pairs = [[float(row[name]) for name in names] for row in rows.values() if all(row[n] for n in names)]
        shown = found[region, fuel]
        assert shown["intervals"] == len(pairs)
        assert shown["uigf_mwh"] == pytest.approx(sum(uigf for uigf, _ in pairs) / 12)
        held = sum(max(uigf - cleared, 0) for uigf, cleared in pairs) / 12
        assert shown["curtailed_mwh"] == pytest.approx(held)
        assert held > 0


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: CurtailmentSeries(DAY, "MOON"), "region"),
        (lambda: CurtailmentSeries(DAY, fuels=("Coal",)), "fuel"),
        (lambda: CurtailmentSeries(DAY, resolution="5min"), "resolution"),  # type: ignore[arg-type]
        (lambda: CurtailmentTimeOfDay(DAY, fuels="Solar"), "fuel"),  # type: ignore[arg-type]
        (lambda: CurtailmentSummary(DAY, ("Sun; --",)), "fuel"),
        (lambda: UnitCurtailment(DAY, "NEM", ("Water",)), "fuel"),
    ],
)
def test_what_is_not_allowed_is_refused(make: Any, field: str) -> None:
    with pytest.raises(RequestError) as caught:
        make()
    assert caught.value.field == field


def test_requests_come_back_from_their_address() -> None:
    asked: list[Request] = [
        CurtailmentSeries(DAY, "SA1", ("Wind",), Resolution.HOUR),
        CurtailmentTimeOfDay(DAY, "SA1", ("Solar",)),
        CurtailmentSummary(DAY, ("Wind",)),
        UnitCurtailment(DAY, "QLD1", ("Solar",)),
    ]
    assert {type(request) for request in asked} == set(REQUESTS)
    for request in asked:
        assert type(request).from_query(request.to_query()) == request
