"""Which rollup answers a request, over which stretches of time, and what that will cost.

The coarsest table that is exact is chosen: a period that is not whole days is cut into whole days
(day rollup) and its two ends (finer rollups), so that cost follows what is drawn and not how long the
history is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import INTERVAL, Resolution
from data_layer.requests import (
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    LatestInterval,
    Period,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    Request,
    TimeOfDay,
)
from data_layer.sql import Segment
from data_layer.tables import TABLES

HEAVY_ROWS: Final = 3_000_000
"""Rows above which a query counts as heavy: it takes the semaphore, and a page would run it as a job."""


@dataclass(frozen=True)
class Plan:
    """A statement ready to run, and what is said about it on the page."""

    statement: str
    parameters: dict[str, Any]
    source: str
    rows: int
    files: int
    order: tuple[str, ...] = ()
    """Order the rows are promised in and the statement does not force: see ordering.in_order."""

    @property
    def heavy(self) -> bool:
        return self.rows > HEAVY_ROWS


def plan(request: Request, snapshot: Snapshot) -> Plan:
    """The plan for ``request`` on one version of the lake."""
    return _PLANNERS[type(request)](request, snapshot)


def _midnight_after(stamp: datetime) -> datetime:
    midnight = stamp.replace(hour=0, minute=0)
    return midnight if midnight == stamp else midnight + timedelta(days=1)


def _half_hour_after(stamp: datetime) -> datetime:
    return stamp + timedelta(minutes=-stamp.minute % 30)


def _month_after(stamp: datetime) -> datetime:
    first = stamp.replace(day=1, hour=0, minute=0)
    return first if first == stamp else (first + timedelta(days=32)).replace(day=1)


MONTHS_WORTH_A_CUT: Final = timedelta(days=180)
"""Below this, the days themselves are fewer than what planning another stretch costs."""


@dataclass(frozen=True)
class _Grain:
    """A rollup's bucket: its table suffix, the first and last boundary inside a period, and how long a
    stretch must be to be worth a cut."""

    suffix: str
    first: Callable[[datetime], datetime]
    last: Callable[[datetime], datetime]
    worth: timedelta = timedelta(0)


_GRAINS: Final = {
    Resolution.MONTH: _Grain(
        "month", _month_after, lambda s: s.replace(day=1, hour=0, minute=0), MONTHS_WORTH_A_CUT
    ),
    Resolution.DAY: _Grain("day", _midnight_after, lambda s: s.replace(hour=0, minute=0)),
    Resolution.HALF_HOUR: _Grain("30min", _half_hour_after, lambda s: s - timedelta(minutes=s.minute % 30)),
}


def segments(family: str, period: Period, coarsest: Resolution) -> list[Segment]:
    """Cut ``period`` into the coarsest exact stretches of a rollup family ('region', 'region_fuel').

    ``coarsest`` is the longest bucket the answer can be built from. Stretches are in time order.
    """
    for grain, facts in _GRAINS.items():
        if grain.intervals > coarsest.intervals:
            continue
        start, end = facts.first(period.start), facts.last(period.end)
        if end <= start or end - start < facts.worth:
            continue
        before = segments(family, Period(period.start, start), grain) if period.start < start else []
        after = segments(family, Period(end, period.end), grain) if end < period.end else []
        return [*before, Segment(f"{family}_{facts.suffix}", Period(start, end)), *after]
    return [Segment(f"{family}_5min", period)]


def _finest_unit_segments(period: Period, coarsest: Resolution) -> list[Segment]:
    """Like ``segments`` for the unit rollups, whose finest table is the half-hour."""
    return [
        Segment("unit_interval", s.period) if s.table == "unit_5min" else s
        for s in segments("unit", period, coarsest)
    ]


def _build(
    snapshot: Snapshot,
    text: str,
    sources: dict[str, tuple[list[Segment], str]],
    parameters: dict[str, Any],
    period: Period,
) -> Plan:
    """Bind ``sources`` (relation name -> segments and time expression kind) and the tables ``text`` names."""
    composed = sql.compose_sources(text, sources, snapshot, period)
    read = [s for parts, _ in sources.values() for s in parts]
    rows = files = 0
    for segment in read:
        table = "unit_scada" if segment.table == "unit_interval" else segment.table
        rows += _rows(snapshot, table, segment.period)
        files += len(snapshot.select(table, segment.period))
    for table in composed.tables:
        rows += _rows(snapshot, table, period)
        files += len(snapshot.select(table, period))
    names = list(dict.fromkeys([s.table for s in read])) or list(composed.tables)
    used = {**composed.parameters, **parameters}
    return Plan(composed.statement, used, " + ".join(names), rows, files)


def _rows(snapshot: Snapshot, table: str, period: Period) -> int:
    """Rows of ``table`` within ``period``, in proportion to the time each file covers."""
    total = 0.0
    for entry in snapshot.select(table, period):
        first, last = entry.first_stamp, entry.last_stamp
        if first is None or last is None:
            total += entry.rows
            continue
        if TABLES[table].time == "date":
            last += timedelta(days=1)
        else:
            first -= INTERVAL  # the stamp ends its interval
        span = max((last - first).total_seconds(), 1.0)
        inside = (min(last, period.end) - max(first, period.start)).total_seconds()
        total += entry.rows * min(max(inside, 0.0) / span, 1.0)
    return round(total)


def _generation_mix(request: GenerationMix, snapshot: Snapshot) -> Plan:
    parts = segments("region_fuel", request.period, request.resolution)
    return _build(
        snapshot,
        sql.query_text("queries/generation_mix"),
        {"source": (parts, request.resolution.value)},
        {"region": request.region},
        request.period,
    )


def _region_series(request: RegionSeries, snapshot: Snapshot) -> Plan:
    parts = segments("region", request.period, request.resolution)
    return _build(
        snapshot,
        sql.query_text("queries/region_series"),
        {"source": (parts, request.resolution.value)},
        {"regions": list(request.regions)},
        request.period,
    )


def _price_envelope(request: PriceEnvelope, snapshot: Snapshot) -> Plan:
    buckets = max(request.max_points // 2, 1)
    bucket_intervals = max(-(-request.period.intervals // buckets), 1)
    parameters: dict[str, Any] = {
        "regions": list(request.regions),
        "first_stamp": request.period.start,
        "bucket_intervals": bucket_intervals,
    }
    if bucket_intervals < Resolution.HALF_HOUR.intervals:
        parameters["first_stamp"] = request.period.start + timedelta(minutes=5)
        text = sql.query_text("queries/price_envelope_5min")
        return _build(snapshot, text, {}, parameters, request.period)
    coarsest = Resolution.DAY if bucket_intervals >= Resolution.DAY.intervals else Resolution.HALF_HOUR
    # Half-hours are stamped at their end, days at their start.
    parameters["row_minutes"] = 30 if coarsest is Resolution.HALF_HOUR else 0
    parts = segments("region", request.period, coarsest)
    text = sql.query_text("queries/price_envelope")
    return _build(snapshot, text, {"source": (parts, coarsest.value)}, parameters, request.period)


def _region_summary(request: RegionSummary, snapshot: Snapshot) -> Plan:
    period = request.period
    return _build(
        snapshot,
        sql.query_text("queries/region_summary"),
        {
            "source": (segments("region", period, Resolution.MONTH), "none"),
            "fuel_source": (segments("region_fuel", period, Resolution.MONTH), "none"),
        },
        {"intervals_expected": period.intervals},
        period,
    )


def _latest_interval(request: LatestInterval, snapshot: Snapshot) -> Plan:
    # The day before the period's end or, where the period goes on after it, before the data's end.
    span = snapshot.span("region_5min")
    end = min(request.period.end, span[1]) if span else request.period.end
    end = end if end > request.period.start else request.period.end
    day = Period(max(request.period.start, end - timedelta(days=1)), end)
    return _build(snapshot, sql.query_text("queries/latest_interval"), {}, {}, day)


def _fuel_summary(request: FuelSummary, snapshot: Snapshot) -> Plan:
    period = request.period
    return _build(
        snapshot,
        sql.query_text("queries/fuel_summary"),
        {
            "source": (segments("region_fuel", period, Resolution.MONTH), "none"),
            "unit_source": (_finest_unit_segments(period, Resolution.MONTH), "none"),
        },
        {"region": request.region, "period_end_day": period.end, "period_intervals": period.intervals},
        period,
    )


def _time_of_day_segments(period: Period) -> list[Segment]:
    """Whole months from the average days of months, the ends from half-hours."""
    months = _GRAINS[Resolution.MONTH]
    start, end = months.first(period.start), months.last(period.end)
    if end <= start:
        return segments("region_fuel", period, Resolution.HALF_HOUR)
    parts = [Segment("region_fuel_time_of_day", Period(start, end))]
    if period.start < start:
        parts = segments("region_fuel", Period(period.start, start), Resolution.HALF_HOUR) + parts
    if end < period.end:
        parts += segments("region_fuel", Period(end, period.end), Resolution.HALF_HOUR)
    return parts


def _time_of_day(request: TimeOfDay, snapshot: Snapshot) -> Plan:
    parts = _time_of_day_segments(request.period)
    return _build(
        snapshot,
        sql.query_text("queries/time_of_day"),
        {"source": (parts, "time_of_day")},
        {"region": request.region},
        request.period,
    )


def _price_events(request: PriceEvents, snapshot: Snapshot) -> Plan:
    return _build(
        snapshot,
        sql.query_text("queries/price_events"),
        {},
        {
            "regions": list(request.regions),
            "high_aud_per_mwh": request.high_aud_per_mwh,
            "low_aud_per_mwh": request.low_aud_per_mwh,
        },
        request.period,
    )


_GROUP_EXPRESSIONS: Final = {
    "region": "region",
    "fuel": "fuel",
    "owner": "owner",
    "station": "station_name",
    "technology": "technology",
    "duid": "duid",
}


def _aggregate_by_group(request: AggregateByGroup, snapshot: Snapshot) -> Plan:
    groups = [_GROUP_EXPRESSIONS[group] for group in request.group_by]
    text = sql.aggregate_text(groups, request.group_by)
    return _build(
        snapshot,
        text,
        {"source": (_finest_unit_segments(request.period, Resolution.MONTH), "none")},
        {
            "regions": list(request.regions),
            "fuels": list(request.fuels),
            "period_end_day": request.period.end,
        },
        request.period,
    )


def _integrated_data(request: IntegratedData, snapshot: Snapshot) -> Plan:
    key = ("settlementdate", "duid")
    has_key = set(key) <= set(request.columns)
    view = f"integrated_data_{request.resolution.value}"
    text = sql.integrated_text(view, request.columns, sort=not has_key)
    parameters = {"regions": list(request.regions), "fuels": list(request.fuels)}
    made = _build(snapshot, text, {}, parameters, request.period)
    return replace(made, order=key) if has_key else made


_PLANNERS: Final[dict[type[Request], Callable[[Any, Snapshot], Plan]]] = {
    GenerationMix: _generation_mix,
    RegionSeries: _region_series,
    PriceEnvelope: _price_envelope,
    RegionSummary: _region_summary,
    LatestInterval: _latest_interval,
    FuelSummary: _fuel_summary,
    TimeOfDay: _time_of_day,
    PriceEvents: _price_events,
    AggregateByGroup: _aggregate_by_group,
    IntegratedData: _integrated_data,
}
