"""What is missing: holes punched into a lake must be found exactly, by both engines and by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_layer import rollups
from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.loading import Loader
from data_layer.market import REGIONS
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import Period, Request
from data_layer.requests.quality import REQUESTS, DataGaps, DataQuality
from data_layer.tables import RAW_TABLES, STATIC_TABLES
from tests.data_layer.lakes import frame, make_lake, prices, readings, stamps, unit
from tests.data_layer.test_engines_agree import assert_same, periods

BOTH = ("duckdb", "pandas")
FIVE = timedelta(minutes=5)
DAY = timedelta(days=1)
FIRST = datetime(2026, 2, 18)
"""The punched lake has the demonstration's days from here on."""
NEWEST = datetime(2026, 3, 1, 10, 10)
OWN_UNMAPPED = "LANCSF1"
"""The demonstration has a unit that no register knows."""
COUNTED = (
    "intervals_expected", "intervals_found", "demand_found", "intervention_intervals", "rooftop_expected",
    "rooftop_found", "units_reporting", "units_unmapped", "readings_expected", "readings_found",
)  # fmt: skip


def between(rows: pd.DataFrame, start: datetime, end: datetime) -> pd.Series:
    return (rows.settlementdate > start) & (rows.settlementdate <= end)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of February 2026."""
    return datetime(2026, 2, 1, hour, minute) + (day - 1) * DAY


def punched(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """The rows that a lake with holes has of the demonstration."""
    rows = rows[between(rows, FIRST, NEWEST)]
    lost = pd.Series(False, rows.index)
    if table in ("dispatch_price", "trading_price"):
        lost |= (rows.regionid == "SA1") & between(rows, at(20, 3), at(20, 4, 35))
        lost |= (rows.regionid == "SA1") & between(rows, at(20, 23, 55), at(21, 0, 10))
        lost |= (rows.regionid == "TAS1") & between(rows, at(22), at(23))
    if table == "region_demand":
        lost |= (rows.regionid == "VIC1") & between(rows, at(21, 12), at(21, 12, 5))
        rows = rows.assign(intervention=between(rows, at(19, 12), at(19, 13)).astype("int16"))
    if table == "rooftop_pv":
        lost |= (rows.regionid == "QLD1") & between(rows, at(24, 10), at(24, 12))
        lost |= between(rows, at(28, 20), NEWEST)
    if table == "unit_scada":
        lost |= between(rows, at(25, 6), at(25, 6, 15))
        lost |= (rows.duid == "ER01") & between(rows, at(23, 1), at(23, 2))
        lost |= between(rows, at(26), at(27))
    return rows[~lost]


@pytest.fixture(scope="module")
def holed(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The demonstration with holes, cut off at NEWEST, and without two of its units in the registry."""
    snapshot = demo_lake.snapshot()
    lake = Lake(tmp_path_factory.mktemp("holed"))
    with lake.write() as writer:
        loader = Loader(writer)
        for spec in RAW_TABLES:
            rows = punched(frame(snapshot, spec.name), spec.name)
            loader.add(spec.name, pa.Table.from_pandas(rows, spec.schema, preserve_index=False))
        for spec in STATIC_TABLES:
            if not snapshot.paths(spec.name):
                continue
            rows = frame(snapshot, spec.name)
            if spec.name == "units":
                rows = rows[rows.duid != "BW01"]
                rows.loc[rows.duid == "ER02", "fuel"] = "Unmapped"
            loader.replace(spec.name, pa.Table.from_pandas(rows, spec.schema, preserve_index=False))
        loader.flush()
        rollups.build(writer)
        writer.publish()
    return lake


@pytest.fixture(scope="module")
def managers(holed: Lake) -> tuple[HybridQueryManager, HybridQueryManager]:
    return open_manager(holed.root), open_manager(holed.root, backend="pandas")


def market_days(rows: pd.DataFrame) -> pd.Series:
    return (rows.settlementdate - FIVE).dt.normalize()


def by_hand(lake: Lake) -> pd.DataFrame:
    """DataQuality of the whole lake, from nothing but its raw rows."""
    snapshot = lake.snapshot()
    price = frame(snapshot, "dispatch_price")
    demand = frame(snapshot, "region_demand")
    scada = frame(snapshot, "unit_scada")
    rooftop = frame(snapshot, "rooftop_pv")
    units = frame(snapshot, "units")
    facts: dict[str, tuple[str, str]] = {u.duid: (u.regionid, u.fuel) for u in units.itertuples()}
    assert units.duid.is_unique, "so that a unit has one region and fuel"
    scada["regionid"] = [facts.get(duid, ("Unmapped", ""))[0] for duid in scada.duid]
    scada["unmapped"] = [facts.get(duid, ("", "Unmapped"))[1] == "Unmapped" for duid in scada.duid]
    scada["half"] = scada.settlementdate.dt.ceil("30min")

    def by_day_and_region(table: pd.DataFrame) -> Callable[[Any, str], pd.DataFrame]:
        parts = dict(list(table.groupby([market_days(table), "regionid"])))
        return lambda day, region: parts.get((day, region), table[:0])

    readings, prices, demands = map(by_day_and_region, (scada, price, demand))
    rows: list[dict[str, Any]] = []
    for day in pd.date_range(FIRST, NEWEST.date(), freq="D"):
        expected = min(288, int((NEWEST - day.to_pydatetime()) / FIVE))
        for region in (*REGIONS, "Unmapped"):
            made, load = readings(day, region), demands(day, region)
            if region == "Unmapped" and made.empty:
                continue
            halves = set(made.half) if region != "Unmapped" else set()
            here = rooftop[rooftop.regionid == region].settlementdate
            reporting = made.duid.nunique()
            rows.append(
                {
                    "time": day,
                    "regionid": region,
                    "intervals_expected": expected if region != "Unmapped" else 0,
                    "intervals_found": prices(day, region).settlementdate.nunique(),
                    "demand_found": load.settlementdate.nunique(),
                    "intervention_intervals": int((load.intervention == 1).sum()),
                    "rooftop_expected": len(halves),
                    "rooftop_found": len(halves & set(here)),
                    "units_reporting": reporting,
                    "units_unmapped": made[made.unmapped].duid.nunique(),
                    "readings_expected": reporting * expected,
                    "readings_found": len(made),
                }
            )
    return pd.DataFrame(rows).sort_values(["time", "regionid"], ignore_index=True)


@pytest.fixture(scope="module")
def expected(holed: Lake) -> pd.DataFrame:
    return by_hand(holed)


@pytest.mark.parametrize("which", [0, 1])
def test_every_day_is_counted_as_a_hand_count_of_the_raw_rows(
    which: int, managers: tuple[HybridQueryManager, ...], expected: pd.DataFrame
) -> None:
    whole = Period(FIRST, NEWEST)
    found = managers[which].answer(DataQuality(whole)).table.to_pandas()
    assert list(found.time) == list(expected.time)
    assert list(found.regionid) == list(expected.regionid)
    for column in COUNTED:
        assert list(found[column]) == list(expected[column]), column
    # The hand count sees the holes, so that it could not agree with a count that saw nothing.
    facts = found.set_index(["time", "regionid"])
    assert facts.intervals_found[at(20), "SA1"] == 288 - 19 - 1
    assert facts.intervals_found[at(21), "SA1"] == 288 - 2
    assert facts.intervals_found[at(22), "TAS1"] == 0
    assert facts.demand_found[at(21), "VIC1"] == 287
    assert facts.rooftop_found[at(24), "QLD1"] == 44
    assert facts.units_reporting[at(26), "NSW1"] == 0
    assert facts.units_unmapped[at(25), "NSW1"] == 1
    assert facts.units_unmapped[at(25), "Unmapped"] == 2
    assert facts.intervals_expected[datetime(2026, 3, 1), "NSW1"] == 122
    assert facts.rooftop_found[datetime(2026, 3, 1), "NSW1"] == 0
    assert facts.intervention_intervals[at(19), "NSW1"] == 12


@pytest.mark.parametrize("which", [0, 1])
def test_gaps_are_named_to_the_interval(which: int, managers: tuple[HybridQueryManager, ...]) -> None:
    def gaps(region: str, start: datetime, end: datetime) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        answer = managers[which].answer(DataGaps(Period(start, end), region))
        for row in answer.table.to_pylist():
            found.setdefault(row["kind"], []).append(
                (row["duid"], row["start"], row["end"], row["intervals"])
            )
        return found

    assert gaps("SA1", at(20), at(21))["price"] == [
        ("", at(20, 3), at(20, 4, 35), 19),
        ("", at(20, 23, 55), at(21), 1),
    ]
    assert gaps("SA1", at(20), at(22))["price"][1:] == [("", at(20, 23, 55), at(21, 0, 10), 3)]
    assert gaps("TAS1", at(22), at(23))["price"] == [("", at(22), at(23), 288)]
    assert gaps("VIC1", at(21), at(22))["demand"] == [("", at(21, 12), at(21, 12, 5), 1)]
    assert gaps("QLD1", at(24), at(25))["rooftop"] == [("", at(24, 10), at(24, 12), 24)]
    assert ("ER01", at(23, 1), at(23, 2), 12) in gaps("NSW1", at(23), at(24))["unit"]
    silent = gaps("NSW1", at(25), at(26))
    assert silent["readings"] == [("", at(25, 6), at(25, 6, 15), 3)]
    assert ("ER01", at(25, 6), at(25, 6, 15), 3) in silent["unit"]
    nobodys = {duid: count for duid, _, _, count in silent["unmapped"]}
    assert nobodys == {"BW01": 285, "ER02": 285, OWN_UNMAPPED: 285}
    assert {duid for duid, *_ in gaps("SA1", at(25), at(26))["unmapped"]} == {"BW01", OWN_UNMAPPED}
    named = managers[which].answer(DataGaps(Period(at(25), at(26)), "NSW1")).table.to_pylist()
    places = {row["duid"]: row["regionid"] for row in named if row["kind"] == "unmapped"}
    assert places == {"BW01": "Unmapped", "ER02": "NSW1", OWN_UNMAPPED: "Unmapped"}
    assert "unit" not in gaps("NSW1", at(26), at(27)), "nobody reported: that is one gap, not hundreds"
    assert gaps("NSW1", at(26), at(27))["readings"] == [("", at(26), at(27), 288)]
    # Nothing is missing after the newest stamp, and rooftop PV is late, not the rest.
    today = gaps("NSW1", datetime(2026, 3, 1), datetime(2026, 3, 2))
    assert "price" not in today
    assert today["rooftop"] == [("", datetime(2026, 3, 1), datetime(2026, 3, 1, 10), 120)] or today[
        "rooftop"
    ] == [("", datetime(2026, 3, 1), datetime(2026, 3, 1, 10, 30), 126)]


def test_an_intervention_is_two_runs_of_one_interval(tmp_path: Path) -> None:
    when = stamps(at(20) + FIVE, 288)
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", when, 1.0),
        dispatch_price=prices("NSW1", when, 50.0),
        region_demand=[
            {"settlementdate": s, "regionid": "NSW1", "totaldemand": 1.0 + run, "intervention": run}
            for k, s in enumerate(when)
            for run in (0, 1)
            if run == 0 or k in (3, 4, 10)
        ],
    )
    for backend in BOTH:
        manager = open_manager(lake.root, backend=backend)
        row = manager.answer(DataQuality(Period(at(20), at(21)))).table.to_pylist()[0]
        assert (row["regionid"], row["intervention_intervals"], row["demand_found"]) == ("NSW1", 3, 288)
        gaps = manager.answer(DataGaps(Period(at(20), at(21)))).table.to_pylist()
        assert [(g["start"], g["end"], g["intervals"]) for g in gaps if g["kind"] == "intervention"] == [
            (at(20, 0, 15), at(20, 0, 25), 2),
            (at(20, 0, 50), at(20, 0, 55), 1),
        ]
        assert {g["kind"] for g in gaps} == {"intervention", "rooftop"}


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_both_engines_find_the_same(
    data: st.DataObject, managers: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    period = data.draw(periods(FIRST, NEWEST))
    region = data.draw(st.sampled_from(REGIONS))
    asked: list[Callable[[], Request]] = [lambda: DataQuality(period), lambda: DataGaps(period, region)]
    for make in asked:
        answers = [manager.answer(make()).table for manager in managers]
        assert answers[0].schema.names == answers[1].schema.names
        rows = [answer.to_pylist() for answer in answers]
        assert rows[0] == rows[1], make()
    assert {type(make()) for make in asked} == set(REQUESTS)
    assert_same(DataQuality(period), managers)


def test_a_gap_list_is_for_a_region_and_a_month_at_most() -> None:
    with pytest.raises(RequestError, match="31 days"):
        DataGaps(Period(FIRST, FIRST + 32 * DAY), "SA1")
    with pytest.raises(RequestError, match="NSW1"):
        DataGaps(Period(FIRST, FIRST + DAY), "NEM")
    request = DataGaps(Period(FIRST, FIRST + DAY), "SA1")
    assert DataGaps.from_query(request.to_query()) == request


def test_gaps_and_what_was_found_make_up_the_day(
    managers: tuple[HybridQueryManager, HybridQueryManager],
) -> None:
    days = pd.date_range(FIRST, NEWEST.date(), freq="D").to_pydatetime()
    quality = managers[0].answer(DataQuality(Period(FIRST, NEWEST))).table.to_pylist()
    for day, following in pairwise([*days, days[-1] + DAY]):
        for row in (r for r in quality if r["time"] == day and r["regionid"] != "Unmapped"):
            gaps = managers[0].answer(DataGaps(Period(day, following), row["regionid"])).table.to_pylist()

            def missing(kind: str, gaps: list[dict[str, Any]] = gaps) -> int:
                return sum(gap["intervals"] for gap in gaps if gap["kind"] == kind)

            assert missing("price") == row["intervals_expected"] - row["intervals_found"]
            assert missing("demand") == row["intervals_expected"] - row["demand_found"]
            assert missing("unit") == row["readings_expected"] - row["readings_found"]
            assert missing("rooftop") == 6 * (row["rooftop_expected"] - row["rooftop_found"])
