"""Units and stations: both engines agree, and their numbers are those worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.planner import plan, stations
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import REQUESTS, AggregateByGroup, Period, Request
from data_layer.requests.stations import (
    StationDuration,
    StationPeers,
    StationPriceBands,
    StationSeries,
    StationSummary,
    StationTimeOfDay,
    UnitFacts,
    UnitSearch,
)
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit
from tests.data_layer.test_engines_agree import plain

Engines = tuple[HybridQueryManager, HybridQueryManager]

ITEMS = (
    "ER01",
    "station:Bayswater Power Station",
    "HPR1",
    "station:Hornsdale Power Reserve",  # its old DUIDs overlap with the new one
    "LANCSF1",  # in no register
    "station:Wivenhoe Power Station",  # pumps are loads
)
DAYS = Period(datetime(2026, 2, 19), datetime(2026, 2, 26))
CUT = Period(datetime(2026, 2, 20, 3, 35), datetime(2026, 2, 24, 17, 10))
QUESTIONS = [
    *(StationSeries(p, ITEMS, r) for p in (DAYS, CUT) for r in Resolution),
    *(kind(p, ITEMS) for p in (DAYS, CUT) for kind in (StationSummary, StationTimeOfDay, StationDuration)),
    StationPriceBands(DAYS, ITEMS),
    StationPriceBands(CUT, ITEMS, (-10.0, 50.0)),
    *(StationPeers(p, by) for p in (DAYS, CUT) for by in ("unit", "station")),
    StationPeers(DAYS, "station", ("SA1",), ("Wind",)),
    *(UnitSearch(DAYS, text, by) for text in ("", "bayswatr", "agl", "lanc") for by in ("unit", "station")),
    UnitFacts(DAYS, ITEMS),
    UnitFacts(CUT),
]
KEYS = ("item", "time", "time_of_day", "exceeded_share", "band", "duid", "valid_from", "score", "name")


def assert_same(request: Request, engines: Engines) -> pd.DataFrame:
    frames = []
    for engine in engines:
        frame = plain(engine.answer(request).table)
        frames.append(frame.sort_values([k for k in KEYS if k in frame.columns], ignore_index=True))
    duck, pandas = frames
    assert len(duck) == len(pandas), request
    if duck.empty:
        return duck
    assert set(duck.columns) == set(pandas.columns), request
    for name in duck.columns:
        if duck[name].dtype == "float64" and pandas[name].dtype == "float64":
            np.testing.assert_allclose(
                duck[name], pandas[name], rtol=1e-9, atol=1e-6, err_msg=f"{request} {name}"
            )
        else:
            assert list(duck[name]) == list(pandas[name]), (request, name)
    return duck


@pytest.mark.parametrize("request_", QUESTIONS, ids=lambda r: f"{r.name}-{r.period.start:%d%H%M}")
def test_both_engines_agree_over_the_demonstration(request_: Request, engines: Engines) -> None:
    assert len(assert_same(request_, engines))


START = datetime(2025, 7, 1)
FIRST = datetime(2025, 7, 1, 0, 5)


def answers(lake: Lake, request: Request) -> list[dict[str, Any]]:
    """Rows of DuckDB, after both engines gave the same."""
    engines = open_manager(lake.root), open_manager(lake.root, backend="pandas")
    assert_same(request, engines)
    rows: list[dict[str, Any]] = engines[0].answer(request).table.to_pylist()
    return rows


def span(intervals: int) -> Period:
    return Period(START, START + timedelta(minutes=5 * intervals))


def test_starts_hours_off_and_changes_by_hand(tmp_path: Path) -> None:
    """Capacity 300 MW: off is at most 3 MW. A gap lies between the 6th and the 9th interval."""
    when = stamps(FIRST, 12)
    output = [0.0, 3.0, 3.1, 50.0, 2.0, 0.0, None, None, 80.0, 0.02, 4.0, 1.0]
    found = [(s, mw) for s, mw in zip(when, output, strict=True) if mw is not None]
    lake = make_lake(
        tmp_path,
        units=[unit("A", capacity_mw=300.0)],
        unit_scada=readings("A", [s for s, _ in found], [mw for _, mw in found]),
        dispatch_price=prices("NSW1", when, [100.0, -50.0, -50.0, -50.0, *[200.0] * 8]),
    )
    (row,) = answers(lake, StationSummary(span(12), ("A",)))
    assert row["starts"] == 2  # 3 -> 3.1 and 0.02 -> 4; 0 -> 80 is over the gap
    assert row["off_hours"] == pytest.approx(6 * 5 / 60)  # 0, 3, 2, 0, 0.02, 1
    assert row["zero_hours"] == pytest.approx(3 * 5 / 60)  # 0, 0, 0.02
    assert (row["max_rise_mw"], row["max_rise_at"]) == (46.9, when[3])
    assert (row["max_fall_mw"], row["max_fall_at"]) == (-79.98, when[9])
    assert row["hours"] == pytest.approx(10 * 5 / 60)
    assert (row["unit_intervals"], row["unit_intervals_expected"]) == (10, 12)
    assert row["negative_price_hours"] == pytest.approx(3 * 5 / 60)
    assert row["negative_generating_hours"] == pytest.approx(2 * 5 / 60)
    assert row["negative_generation_mwh"] == pytest.approx((3 + 3.1 + 50) / 12)
    assert row["negative_revenue_aud"] == pytest.approx(-50 * (3 + 3.1 + 50) / 12)
    energy = sum(mw for _, mw in found) / 12
    assert row["generation_mwh"] == pytest.approx(energy)
    assert row["capacity_factor"] == pytest.approx(energy / (300 * 10 / 12))
    # The price of the gap is in neither: it did not report then.
    reference = (100 - 150 + 6 * 200) / 10
    assert row["reference_price_aud_per_mwh"] == pytest.approx(reference)
    earned = (-50 * 56.1 + 200 * (2 + 80 + 0.02 + 4 + 1)) / 12
    assert row["capture_price_aud_per_mwh"] == pytest.approx(earned / energy)
    assert row["capture_rate"] == pytest.approx(earned / energy / reference)


def test_a_station_sums_what_reported_and_says_what_did_not(tmp_path: Path) -> None:
    when = stamps(FIRST, 6)
    lake = make_lake(
        tmp_path,
        units=[
            unit("A", station_name="Twin", capacity_mw=60.0),
            unit("B", station_name="Twin", capacity_mw=40.0),
            unit("C", station_name="Other"),
        ],
        unit_scada=readings("A", when, 60.0) + readings("B", when[:3], 30.0) + readings("C", when, 10.0),
        dispatch_price=prices("NSW1", when, [100.0, 100.0, 100.0, 40.0, 40.0, 40.0]),
    )
    item = ("station:Twin",)
    fine = answers(lake, StationSeries(span(6), item, Resolution.FIVE_MINUTES))
    assert [row["mw"] for row in fine] == [90.0] * 3 + [60.0] * 3
    assert [(row["units_found"], row["units_expected"]) for row in fine] == [(2, 2)] * 3 + [(1, 2)] * 3
    (half,) = answers(lake, StationSeries(span(6), item, Resolution.HALF_HOUR))
    assert half["mw"] == 90.0  # each unit's mean over its own readings
    assert half["generation_mwh"] == pytest.approx((6 * 60 + 3 * 30) / 12)
    assert half["capacity_mw"] == 100.0
    # Readings weigh alike: nine of them, six at 100 and three at 40.
    assert half["price_aud_per_mwh"] == pytest.approx((6 * 100 + 3 * 40) / 9)
    (row,) = answers(lake, StationSummary(span(6), item))
    assert (row["units_found"], row["capacity_mw"]) == (2, 100.0)
    assert (row["unit_intervals"], row["unit_intervals_expected"]) == (9, 12)
    # B that stops reporting is no fall of the station.
    assert row["max_fall_mw"] is None
    assert row["max_fall_at"] is None
    assert row["starts"] == 0


def test_ratios_leave_out_what_has_no_capacity_and_no_price_above_zero(tmp_path: Path) -> None:
    """Half of the twin has no registered capacity; over the last readings the mean price is below zero."""
    when = stamps(FIRST, 12)
    lake = make_lake(
        tmp_path,
        units=[
            unit("A", station_name="Twin", capacity_mw=60.0),
            unit("B", station_name="Twin", capacity_mw=None),
        ],
        unit_scada=readings("A", when, [30.0] * 11 + [60.0]) + readings("B", when, 90.0),
        dispatch_price=prices("NSW1", when, [100.0] * 6 + [-50.0] * 5 + [10.0]),
    )
    item, late = ("station:Twin",), Period(START + timedelta(minutes=30), START + timedelta(minutes=60))
    (row,) = answers(lake, StationSummary(span(6), item))
    assert row["capacity_factor"] == pytest.approx(0.5)
    assert row["capture_rate"] == pytest.approx(1.0)
    (peer,) = answers(lake, StationPeers(span(6)))
    assert peer["capacity_factor"] == pytest.approx(0.5)
    (fuel,) = answers(lake, AggregateByGroup(span(6), ("fuel", "region")))
    assert fuel["capacity_factor"] == pytest.approx(0.5)
    (row,) = answers(lake, StationSummary(late, item))
    (peer,) = answers(lake, StationPeers(late))
    for found in (row, peer):
        assert found["reference_price_aud_per_mwh"] == pytest.approx(-40.0)
        assert found["capture_price_aud_per_mwh"] < 0
        assert found["capture_rate"] is None
    assert peer["rate_rank"] is None


def test_a_battery_earns_by_discharge_and_pays_for_charge(tmp_path: Path) -> None:
    when = stamps(FIRST, 4)
    lake = make_lake(
        tmp_path,
        units=[unit("BAT", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL", regionid="SA1")],
        unit_scada=readings("BAT", when, [-60.0, -60.0, 90.0, 60.0]),
        dispatch_price=prices("SA1", when, [-20.0, 50.0, 300.0, 100.0]),
    )
    (row,) = answers(lake, StationSummary(span(4), ("BAT",)))
    assert row["capture_price_aud_per_mwh"] == pytest.approx((90 * 300 + 60 * 100) / 150)
    assert row["load_price_aud_per_mwh"] == pytest.approx((60 * -20 + 60 * 50) / 120)
    assert row["load_mwh"] == pytest.approx(-10.0)
    assert row["negative_load_revenue_aud"] == pytest.approx(60 * 20 / 12)  # paid to charge
    assert row["negative_generation_mwh"] == 0
    assert row["starts"] == 1
    assert row["min_mw"] == -60.0


def test_bands_leave_no_gap_and_a_missing_price_is_its_own(tmp_path: Path) -> None:
    when = stamps(FIRST, 7)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", when, 12.0),
        dispatch_price=prices("NSW1", when[:6], [-0.01, 0.0, 29.99, 30.0, 300.0, 16_000.0]),
    )
    rows = answers(lake, StationPriceBands(span(7), ("A",), (0.0, 30.0, 300.0)))
    assert [
        (r["band"], r["from_aud_per_mwh"], r["below_aud_per_mwh"], r["generation_mwh"]) for r in rows
    ] == [
        (-1, None, None, 1.0),
        (0, None, 0.0, 1.0),
        (1, 0.0, 30.0, 2.0),
        (2, 30.0, 300.0, 1.0),
        (3, 300.0, None, 2.0),
    ]
    assert rows[0]["generation_revenue_aud"] is None
    earned = [row["generation_revenue_aud"] for row in rows[1:]]
    assert earned == pytest.approx([-0.01, 29.99, 30.0, 16_300.0])
    assert sum(r["hours"] for r in rows) == pytest.approx(7 * 5 / 60)


def test_the_duration_curve_falls_from_the_highest_to_the_lowest(tmp_path: Path) -> None:
    when = stamps(FIRST, 5)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", when, [10.0, 50.0, 30.0, 20.0, 40.0]),
        dispatch_price=prices("NSW1", when, 1.0),
    )
    rows = answers(lake, StationDuration(span(5), ("A",)))
    curve = {row["exceeded_share"]: row["mw"] for row in rows}
    assert (curve[0.0], curve[0.25], curve[0.5], curve[1.0]) == (50.0, 40.0, 30.0, 10.0)
    assert len(rows) == 201
    assert {row["intervals"] for row in rows} == {5}


def test_the_average_day_is_by_the_half_hours_end(tmp_path: Path) -> None:
    """The reading stamped 00:00 closes the day before."""
    when = [FIRST, FIRST + timedelta(days=1), START + timedelta(days=1)]
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", when, [10.0, 30.0, 7.0]),
        dispatch_price=prices("NSW1", when, [10.0, 20.0, 5.0]),
    )
    rows = answers(lake, StationTimeOfDay(Period(START, START + timedelta(days=2)), ("A",)))
    assert [(r["time_of_day"], r["mw"], r["intervals"]) for r in rows] == [(30, 20.0, 2), (1440, 7.0, 1)]
    assert rows[0]["price_aud_per_mwh"] == 15.0
    assert rows[0]["revenue_aud_per_hour"] == pytest.approx((100 + 600) / 2)


@pytest.fixture(scope="module")
def two_units(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A gives 6 MW and B 12 MW, from 1 June 2025 for three days, at $50."""
    when = stamps(datetime(2025, 6, 1, 0, 5), 3 * 288)
    return make_lake(
        tmp_path_factory.mktemp("two"),
        units=[unit("A"), unit("B")],
        unit_scada=readings("A", when, 6.0) + readings("B", when, 12.0),
        dispatch_price=prices("NSW1", when, 50.0),
    )


def test_days_of_a_unit_by_hand(two_units: Lake) -> None:
    """From noon of the first day on: half a day and a whole one, and nothing of the other unit."""
    period = Period(datetime(2025, 6, 1, 12), datetime(2025, 6, 3))
    found = open_manager(two_units.root).answer(StationSeries(period, ("A",), Resolution.DAY))
    days = found.table.sort_by("time").to_pylist()
    assert {day["item"] for day in days} == {"A"}
    assert [day["generation_mwh"] for day in days] == pytest.approx([6 * 12, 6 * 24])
    assert [day["revenue_aud"] for day in days] == pytest.approx([6 * 12 * 50, 6 * 24 * 50])
    assert [day["unit_intervals"] for day in days] == [144, 288]
    assert [day["mw"] for day in days] == pytest.approx([6, 6])
    assert "unit_30min" in found.provenance.source
    assert "unit_day" in found.provenance.source


def test_what_reading_an_item_costs_is_a_row_group_of_each_month(
    two_units: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, day = two_units.snapshot(), Period(datetime(2025, 6, 1), datetime(2025, 6, 2))
    small = plan(StationDuration(day, ("A",)), snapshot)
    beside = small.rows - 2 * 288
    assert small.source == "unit_by_duid"
    assert 0 <= beside < 2 * 288, "both units lie in one row group, and are read"
    monkeypatch.setattr(stations, "ROWS_OF_AN_ITEM", 100)
    assert plan(StationDuration(day, ("A",)), snapshot).rows == beside + 100
    assert plan(StationDuration(day, ("A", "B")), snapshot).rows == beside + 200


def test_ranks_are_among_the_same_fuel(tmp_path: Path) -> None:
    when = stamps(FIRST, 2)
    lake = make_lake(
        tmp_path,
        units=[
            unit("W1", fuel="Wind", regionid="SA1"),
            unit("W2", fuel="Wind", regionid="SA1"),
            unit("W3", fuel="Wind", regionid="VIC1"),
            unit("C1", fuel="Coal", regionid="SA1"),
            unit("P1", fuel="Wind", regionid="SA1", dispatch_type="LOAD"),
        ],
        unit_scada=readings("W1", when, [10.0, 20.0])
        + readings("W2", when, [30.0, 0.0])
        + readings("W3", when, [50.0, 50.0])
        + readings("C1", when, 90.0)
        + readings("P1", when, 5.0),
        dispatch_price=prices("SA1", when, [0.0, 100.0]) + prices("VIC1", when, 20.0),
    )
    found = {row["item"]: row for row in answers(lake, StationPeers(span(2), "unit"))}

    def ranks(item: str, measure: str) -> tuple[Any, ...]:
        return tuple(found[item][f"{measure}_{part}"] for part in ("rank", "of", "nem_rank", "nem_of"))

    assert ranks("W1", "energy") == (1, 2, 2, 3)  # W2 made as much: they share the place
    assert ranks("W2", "energy") == (1, 2, 2, 3)
    assert ranks("W3", "energy") == (1, 1, 1, 3)
    assert ranks("C1", "energy") == (1, 1, 1, 1)
    assert ranks("P1", "energy") == (None, 2, None, 3)
    assert found["W1"]["capture_rate"] == pytest.approx(2000 / 30 / 50)
    assert ranks("W1", "rate") == (1, 2, 1, 3)
    assert ranks("W2", "rate") == (2, 2, 3, 3)
    only = answers(lake, StationPeers(span(2), "unit", ("VIC1",)))
    assert [row["item"] for row in only] == ["W3"]
    assert only[0]["energy_nem_of"] == 3  # what is chosen does not change the ranks


def test_a_station_is_what_bears_the_name_before_the_end(tmp_path: Path) -> None:
    when = stamps(FIRST, 3 * 288)
    renamed = datetime(2025, 7, 3)
    lake = make_lake(
        tmp_path,
        units=[
            unit("A", station_name="Old", valid_to=renamed),
            unit("A", station_name="New", valid_from=renamed),
        ],
        unit_scada=readings("A", when, 12.0),
        dispatch_price=prices("NSW1", when, 1.0),
    )
    early, late = Period(START, renamed), Period(START, START + timedelta(days=3))
    assert answers(lake, StationSummary(early, ("station:Old",)))[0]["generation_mwh"] == pytest.approx(576)
    assert answers(lake, StationSummary(early, ("station:New",))) == []
    assert answers(lake, StationSummary(late, ("station:New",)))[0]["generation_mwh"] == pytest.approx(864)
    spans = answers(lake, UnitFacts(late, ("station:New",)))
    assert [row["station_name"] for row in spans] == ["Old", "New"]


def test_search_forgives_typing_and_knows_owners(engines: Engines) -> None:
    def first(text: str, by: str = "station", **more: Any) -> list[str]:
        table = engines[0].answer(UnitSearch(DAYS, text, by, **more)).table
        return list(table.column("item").to_pylist())

    assert first("bayswatr")[0] == "station:Bayswater Power Station"
    assert first("erar")[0] == "station:Eraring Power Station"
    assert first("er03")[0] == "station:Eraring Power Station"
    assert first("er03", "unit")[0] == "ER03"
    assert first("loy yang")[:2] == ["station:Loy Yang A Power Station", "station:Loy Yang B Power Station"]
    assert first("LANCSF1") == ["LANCSF1"]
    owned = engines[0].answer(UnitSearch(DAYS, "agl")).table.to_pylist()
    assert sum("AGL" in row["owner"] for row in owned) >= 5
    assert first("xqzw") == []
    assert first("?!") == []
    assert "station:Bayswater Power Station" not in first("", regions=("SA1",))
    assert len(first("", most=3)) == 3


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: StationSummary(DAYS), "units"),
        (lambda: StationSummary(DAYS, "ER01"), "units"),  # type: ignore[arg-type]
        (lambda: StationSummary(DAYS, tuple("ABCDEFG")), "units"),
        (lambda: StationSummary(DAYS, ("A\x00",)), "units"),
        (lambda: StationSeries(DAYS, ("A",), "5min"), "resolution"),  # type: ignore[arg-type]
        (lambda: StationPriceBands(DAYS, ("A",), (30.0, 0.0)), "edges"),
        (lambda: StationPriceBands(DAYS, ("A",), ()), "edges"),
        (lambda: StationPriceBands(DAYS, ("A",), tuple(range(9))), "edges"),
        (lambda: StationPeers(DAYS, "owner"), "by"),
        (lambda: StationPeers(DAYS, "unit", ("MARS",)), "region"),
        (lambda: StationPeers(DAYS, "unit", (), ("Uranium",)), "fuel"),
        (lambda: UnitSearch(DAYS, "x" * 81), "text"),
        (lambda: UnitSearch(DAYS, "x", most=0), "most"),
    ],
)
def test_what_is_not_allowed_is_refused(make: Any, field: str) -> None:
    with pytest.raises(RequestError) as error:
        make()
    assert error.value.field == field


@pytest.mark.parametrize("request_", QUESTIONS, ids=lambda r: r.name)
def test_a_question_survives_its_address(request_: Request) -> None:
    again = REQUESTS[request_.name].from_query(request_.to_query())
    assert again == request_
    assert again.key() == request_.key()


def test_names_with_commas_survive_too() -> None:
    asked = StationSummary(DAYS, ("station:Smith, Sons & 50% Co", "W/HOE#1"))
    assert StationSummary.from_query(asked.to_query()) == asked
