"""Plans of the questions in requests/core.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import INTERVAL, Resolution
from data_layer.period import Period
from data_layer.planner.plan import Plan, Planners, Stretches, StretchPlanners, build, rows_within
from data_layer.planner.segments import GRAINS, finest_unit_segments, segments
from data_layer.requests.core import (
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    LatestInterval,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    TimeOfDay,
)
from data_layer.sql import Segment


def _generation_mix(request: GenerationMix, snapshot: Snapshot) -> Plan:
    parts = segments("region_fuel", request.period, request.resolution)
    return build(
        snapshot,
        sql.query_text("queries/generation_mix"),
        {"source": (parts, request.resolution.value)},
        {"region": request.region},
        request.period,
    )


def _region_series(request: RegionSeries, snapshot: Snapshot) -> Plan:
    parts = segments("region", request.period, request.resolution)
    return build(
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
        return build(snapshot, text, {}, parameters, request.period)
    coarsest = Resolution.DAY if bucket_intervals >= Resolution.DAY.intervals else Resolution.HALF_HOUR
    # Half-hours are stamped at their end, days at their start.
    parameters["row_minutes"] = 30 if coarsest is Resolution.HALF_HOUR else 0
    parts = segments("region", request.period, coarsest)
    text = sql.query_text("queries/price_envelope")
    return build(snapshot, text, {"source": (parts, coarsest.value)}, parameters, request.period)


def _region_summary(request: RegionSummary, snapshot: Snapshot) -> Plan:
    period = request.period
    return build(
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
    return build(snapshot, sql.query_text("queries/latest_interval"), {}, {}, day)


def _fuel_summary(request: FuelSummary, snapshot: Snapshot) -> Plan:
    period = request.period
    return build(
        snapshot,
        sql.query_text("queries/fuel_summary"),
        {
            "source": (segments("region_fuel", period, Resolution.MONTH), "none"),
            "unit_source": (finest_unit_segments(period, Resolution.MONTH), "none"),
        },
        {"region": request.region, "period_end_day": period.end, "period_intervals": period.intervals},
        period,
    )


def _time_of_day_segments(period: Period) -> list[Segment]:
    """Whole months from the average days of months, the ends from half-hours."""
    months = GRAINS[Resolution.MONTH]
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
    return build(
        snapshot,
        sql.query_text("queries/time_of_day"),
        {"source": (parts, "time_of_day")},
        {"region": request.region},
        request.period,
    )


def _price_events(request: PriceEvents, snapshot: Snapshot) -> Plan:
    return build(
        snapshot,
        sql.query_text("queries/price_events"),
        {},
        {
            "regions": list(request.regions),
            "high_aud_per_mwh": request.high_aud_per_mwh,
            "low_aud_per_mwh": request.low_aud_per_mwh,
            "order": request.order,
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
    return build(
        snapshot,
        text,
        {"source": (finest_unit_segments(request.period, Resolution.MONTH), "none")},
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
    made = build(snapshot, text, {}, parameters, request.period)
    return replace(made, order=key) if has_key else made


def _integrated_data_in_stretches(request: IntegratedData, snapshot: Snapshot, rows: int) -> Stretches:
    """A row is one unit's interval, so that the period may be cut anywhere between two of them."""
    period, interval = request.period, INTERVAL * request.resolution.intervals
    table = "unit_scada" if request.resolution is Resolution.FIVE_MINUTES else "unit_30min"
    pieces = max(rows_within(snapshot, table, period) / rows, 1.0)
    length = max((period.end - period.start) / pieces // interval, 1) * interval
    count = max(-(-(period.end - period.start) // length), 1)

    def plan_of(number: int) -> Plan:
        start = period.start + number * length
        stretch = Period(start, min(start + length, period.end))
        return _integrated_data(replace(request, period=stretch), snapshot)

    return Stretches(count, plan_of)


PLANNERS: Final[Planners] = {
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

IN_STRETCHES: Final[StretchPlanners] = {IntegratedData: _integrated_data_in_stretches}
