"""Plans against what is counted by hand, and one example of every question against the raw rows.

The examples are few and each is asked alone, so that a fault in one plan fails the test that names it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from data_layer.lake import Lake
from data_layer.market import FUELS, Resolution
from data_layer.period import Period
from data_layer.planner import HEAVY_ROWS, Plan, plan, plan_in_parts, plan_in_stretches
from data_layer.planner.core import _time_of_day_segments as time_of_day_segments
from data_layer.planner.plan import rows_within
from data_layer.planner.segments import finest_unit_segments, interval_segments, segments
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import (
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    LatestInterval,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    Request,
    TimeOfDay,
)
from data_layer.sql import Segment
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit
from tests.data_layer.test_engines_agree import assert_same

FIVE = timedelta(minutes=5)
DAY = timedelta(days=1)
JUNE = datetime(2025, 6, 1)
WEEK = Period(datetime(2026, 2, 20), datetime(2026, 2, 27))
RAGGED = Period(datetime(2026, 2, 24, 13, 35), datetime(2026, 2, 26, 1, 10))
LAST = datetime(2026, 3, 2)
MONTH, HALF_HOUR = Resolution.MONTH, Resolution.HALF_HOUR


@pytest.mark.parametrize(
    "question",
    [
        GenerationMix(RAGGED, "SA1", Resolution.HOUR),
        RegionSeries(RAGGED, ("SA1", "VIC1"), Resolution.DAY),
        RegionSeries(RAGGED, ("NSW1",), HALF_HOUR),
        # 2,016 intervals in buckets of 2, 5, 6, 252 and 288 intervals.
        *(PriceEnvelope(WEEK, ("SA1", "TAS1"), points) for points in (4_000, 900, 672, 16, 14)),
        PriceEnvelope(RAGGED, ("SA1",), 10),
        PriceEnvelope(Period(RAGGED.start, RAGGED.start + 11 * FIVE), ("SA1",), 11),
        RegionSummary(RAGGED),
        FuelSummary(RAGGED, "SA1"),
        TimeOfDay(RAGGED, "VIC1"),
        TimeOfDay(Period(datetime(2026, 2, 26, 7, 35), LAST), "VIC1"),
        PriceEvents(WEEK, ("NSW1", "SA1"), 150.0, 20.0, "longest"),
        PriceEvents(WEEK, ("NSW1", "SA1"), 150.0, 20.0, "highest"),
        *(AggregateByGroup(RAGGED, (g,), ("SA1", "VIC1")) for g in ("region", "owner", "station")),
        *(AggregateByGroup(RAGGED, (g,), (), FUELS[:5]) for g in ("fuel", "technology", "duid")),
        IntegratedData(Period(RAGGED.end - 6 * FIVE, RAGGED.end), Resolution.FIVE_MINUTES, ("SA1",)),
        IntegratedData(RAGGED, HALF_HOUR, ("SA1",), ("Wind", "Coal")),
        LatestInterval(RAGGED),
        LatestInterval(Period(LAST - 3 * DAY, LAST + 3 * DAY)),
        LatestInterval(Period(LAST - FIVE, LAST)),
    ],
    ids=lambda question: question.key(),
)
def test_both_engines_answer_it_alike(
    question: Request, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    assert assert_same(question, engines)


def named(parts: list[Segment]) -> list[tuple[str, datetime, datetime]]:
    return [(part.table, part.period.start, part.period.end) for part in parts]


def test_a_period_is_cut_at_months_days_and_half_hours() -> None:
    start, end = datetime(2025, 1, 30, 23, 35), datetime(2025, 8, 2, 0, 40)
    ends = [datetime(2025, 1, 31), datetime(2025, 2, 1), datetime(2025, 8, 1), datetime(2025, 8, 2)]
    half_past = datetime(2025, 8, 2, 0, 30)
    assert named(segments("f", Period(start, end), MONTH)) == [
        ("f_5min", start, ends[0]),
        ("f_day", ends[0], ends[1]),
        ("f_month", ends[1], ends[2]),
        ("f_day", ends[2], ends[3]),
        ("f_30min", ends[3], half_past),
        ("f_5min", half_past, end),
    ]
    assert named(segments("f", Period(start, end), Resolution.DAY)) == [
        ("f_5min", start, ends[0]),
        ("f_day", ends[0], ends[3]),
        ("f_30min", ends[3], half_past),
        ("f_5min", half_past, end),
    ]
    assert named(segments("f", Period(start, end), Resolution.HOUR)) == [
        ("f_5min", start, ends[0]),
        ("f_30min", ends[0], half_past),
        ("f_5min", half_past, end),
    ]
    assert named(segments("f", Period(start, end), Resolution.FIVE_MINUTES)) == [("f_5min", start, end)]
    assert [part.table for part in interval_segments("region", Period(start, end), HALF_HOUR)] == [
        "region_interval", "region_30min", "region_interval",
    ]  # fmt: skip
    assert [part.table for part in finest_unit_segments(Period(start, end), HALF_HOUR)] == [
        "unit_interval", "unit_30min", "unit_interval",
    ]  # fmt: skip
    for made in (
        interval_segments("region", Period(start, end), HALF_HOUR),
        finest_unit_segments(Period(start, end), HALF_HOUR),
    ):
        assert [(p.period.start, p.period.end) for p in made] == [
            (start, ends[0]),
            (ends[0], half_past),
            (half_past, end),
        ]


def test_whole_months_are_cut_only_from_half_a_year_on() -> None:
    half_a_year = Period(datetime(2025, 2, 1), datetime(2025, 8, 1))
    assert named(segments("f", half_a_year, MONTH)) == [("f_month", half_a_year.start, half_a_year.end)]
    five_months = Period(datetime(2025, 2, 1), datetime(2025, 7, 1))
    assert named(segments("f", five_months, MONTH)) == [("f_day", five_months.start, five_months.end)]
    from_the_first = Period(datetime(2024, 12, 1), datetime(2025, 12, 31, 23, 55))
    assert named(segments("f", from_the_first, MONTH))[0] == (
        "f_month", datetime(2024, 12, 1), datetime(2025, 12, 1),
    )  # fmt: skip
    with_hours = Period(datetime(2024, 12, 1, 13), datetime(2025, 12, 1, 13))
    assert named(segments("f", with_hours, MONTH))[2] == (
        "f_month",
        datetime(2025, 1, 1),
        datetime(2025, 12, 1),
    )
    assert len(named(segments("f", with_hours, MONTH))) == 4


def test_average_days_come_from_months_and_the_half_hours_beside_them() -> None:
    february = ("region_fuel_time_of_day", datetime(2025, 2, 1), datetime(2025, 3, 1))
    start, end = datetime(2025, 1, 31, 13, 30), datetime(2025, 3, 2, 0, 40)
    assert named(time_of_day_segments(Period(*february[1:]))) == [february]
    assert named(time_of_day_segments(Period(start, end))) == [
        ("region_fuel_30min", start, february[1]),
        february,
        ("region_fuel_30min", february[2], datetime(2025, 3, 2, 0, 30)),
        ("region_fuel_5min", datetime(2025, 3, 2, 0, 30), end),
    ]
    short_of_a_month = Period(datetime(2025, 1, 31), datetime(2025, 2, 28))
    assert named(time_of_day_segments(short_of_a_month)) == [
        ("region_fuel_30min", short_of_a_month.start, short_of_a_month.end)
    ]


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The first of June 2025: 288 prices of one region, 288 readings of two units."""
    when = stamps(JUNE + FIVE, 288)
    return make_lake(
        tmp_path_factory.mktemp("day"),
        units=[unit("A"), unit("B")],
        unit_scada=readings("A", when, 6.0) + readings("B", when, 12.0),
        dispatch_price=prices("NSW1", when, 50.0),
    )


@pytest.mark.parametrize(
    ("table", "start", "end", "rows"),
    [
        ("dispatch_price", JUNE, JUNE + DAY, 288),
        ("dispatch_price", JUNE, JUNE + 6 * FIVE, 6),
        ("dispatch_price", JUNE + DAY / 4, JUNE + DAY / 2, 72),
        ("dispatch_price", JUNE - DAY, JUNE + FIVE, 1),
        ("dispatch_price", JUNE + DAY - FIVE, JUNE + 9 * DAY, 1),
        ("dispatch_price", JUNE + DAY, JUNE + 9 * DAY, 0),
        ("unit_scada", JUNE + DAY / 2, JUNE + 9 * DAY, 288),
        ("region_day", JUNE, JUNE + DAY, 1),
        ("region_day", JUNE + DAY / 4, JUNE + 9 * DAY, 1),
        ("region_day", JUNE + 3 * DAY / 4, JUNE + 9 * DAY, 0),
        ("units", JUNE, JUNE + FIVE, 2),
    ],
)
def test_rows_are_estimated_by_the_part_of_a_file_that_is_asked_for(
    one_day: Lake, table: str, start: datetime, end: datetime, rows: int
) -> None:
    assert rows_within(one_day.snapshot(), table, Period(start, end)) == rows


def test_a_plan_says_what_it_reads(one_day: Lake) -> None:
    snapshot, morning = one_day.snapshot(), Period(JUNE, JUNE + DAY / 4)
    found = plan(RegionSeries(morning, ("NSW1",), HALF_HOUR), snapshot)
    assert (found.source, found.files) == ("region_30min", 1)
    # Twelve; a file's first row is taken for five minutes long, whatever its table.
    assert found.rows == pytest.approx(12, abs=1)
    events = plan(PriceEvents(morning, ("NSW1",)), snapshot)
    assert (events.source, events.rows, events.files) == ("region_5min", 72, 1)
    ends = plan(RegionSeries(Period(JUNE + FIVE, JUNE + 8 * FIVE), ("NSW1",), HALF_HOUR), snapshot)
    # Five intervals to 00:30, none whole to 01:00, and two more.
    assert (ends.source, ends.rows, ends.files) == ("region_5min", 7, 1)
    assert not found.heavy
    assert found.order == ()
    assert found.finish is None


def test_a_plan_counts_every_stretch_and_table_that_it_reads(one_day: Lake) -> None:
    """Of two units: 14 readings in seven intervals, or ten, two half-hours and two; and the two units."""
    snapshot = one_day.snapshot()
    ragged = Period(JUNE + FIVE, JUNE + 8 * FIVE), Period(JUNE + FIVE, JUNE + 13 * FIVE)
    short, long = (plan(AggregateByGroup(period, ("duid",)), snapshot) for period in ragged)
    assert (short.source, short.rows, short.files) == ("unit_interval", 14 + 2, 2)
    assert (long.source, long.rows, long.files) == ("unit_interval + unit_30min", 10 + 2 + 2 + 2, 4)


def test_a_plan_does_what_is_done_after_its_statement() -> None:
    table = pa.table({"x": [2, 1]})
    assert Plan("", {}, "", 0, 0, finish=lambda rows: rows.slice(1)).finished(table).to_pylist() == [{"x": 1}]
    assert Plan("", {}, "", 0, 0).finished(table) is table


@pytest.mark.parametrize(
    ("resolution", "rows", "pieces"),
    [
        (Resolution.FIVE_MINUTES, 144, [144, 144, 144, 144]),
        (Resolution.FIVE_MINUTES, 200, [200, 200, 176]),
        (Resolution.FIVE_MINUTES, 576, [576]),
        (Resolution.FIVE_MINUTES, 100_000, [576]),
        (Resolution.FIVE_MINUTES, 1, [2] * 288),
        (HALF_HOUR, 20, [20, 20, 20, 20, 16]),
        (HALF_HOUR, 96, [96]),
        # 3.84 pieces of 375 minutes: twelve half-hours and not the thirteenth.
        (HALF_HOUR, 25, [24, 24, 24, 24]),
    ],
)
def test_rows_are_handed_out_in_stretches_of_about_so_many(
    one_day: Lake, resolution: Resolution, rows: int, pieces: list[int]
) -> None:
    from data_layer.backend import DuckBackend
    from data_layer.connection import DuckEngine

    request = IntegratedData(Period(JUNE, JUNE + DAY), resolution)
    snapshot = one_day.snapshot()
    made = plan_in_stretches(request, snapshot, rows)
    assert made.count == len(pieces)
    engine = DuckBackend(DuckEngine(one_day.root)).engine
    several = [made.plan_of(number) for number in (range(made.count) if made.count < 10 else (0, 1, 287))]
    found = [one.finished(engine.query(one.statement, one.parameters, None)).to_pylist() for one in several]
    if made.count < 10:
        assert [len(rows) for rows in found] == pieces
    else:
        assert [len(rows) for rows in found] == [2, 2, 2]
        assert [rows[0]["settlementdate"] for rows in found] == [JUNE + FIVE, JUNE + 2 * FIVE, JUNE + DAY]
    together = [(row["settlementdate"], row["duid"]) for rows in found for row in rows]
    assert together == sorted(together)


def test_a_question_that_cannot_be_cut_is_one_part_and_one_stretch(one_day: Lake) -> None:
    snapshot, question = one_day.snapshot(), RegionSummary(Period(JUNE, JUNE + DAY))
    whole = plan(question, snapshot)
    stretches = plan_in_stretches(question, snapshot, 10)
    assert stretches.count == 1
    assert stretches.plan_of(0).statement == whole.statement
    parts = plan_in_parts(question, snapshot)
    assert [part.statement for part in parts.plans] == [whole.statement]
    given = [object(), object()]
    assert parts.combine(given) is given[0]  # type: ignore[arg-type, comparison-overlap]


def test_the_order_is_promised_where_the_rows_have_what_it_is_of(one_day: Lake) -> None:
    snapshot, day = one_day.snapshot(), Period(JUNE, JUNE + DAY)
    assert plan(IntegratedData(day), snapshot).order == ("settlementdate", "duid")
    assert plan(IntegratedData(day, columns=("settlementdate", "duid")), snapshot).order == (
        "settlementdate",
        "duid",
    )
    without = plan(IntegratedData(day, columns=("duid", "rrp")), snapshot)
    assert without.order == ()
    assert "order by" in without.statement.lower()
    assert "order by" not in plan(IntegratedData(day), snapshot).statement.lower().rsplit("from", 1)[1]


def test_heavy_is_more_than_three_million_rows() -> None:
    assert HEAVY_ROWS == 3_000_000
    assert not Plan("", {}, "", 3_000_000, 1).heavy
    assert Plan("", {}, "", 3_000_001, 1).heavy


def test_the_latest_interval_of_a_time_without_prices(tmp_path: Path) -> None:
    """Prices may end before readings do, or be missing altogether: no rows then, and no error."""
    found = readings("A", [JUNE + FIVE, JUNE + 3 * DAY], 1.0)
    day = LatestInterval(Period(JUNE + DAY, JUNE + 2 * DAY))
    without = make_lake(tmp_path / "without", units=[unit("A")], unit_scada=found)
    early = make_lake(
        tmp_path / "early",
        units=[unit("A")],
        unit_scada=found,
        dispatch_price=prices("NSW1", [JUNE + FIVE], 50.0),
    )
    for lake in (without, early):
        assert open_manager(lake.root).query(day).empty
    assert len(open_manager(early.root).query(LatestInterval(Period(JUNE, JUNE + DAY)))) == 1
