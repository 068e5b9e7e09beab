"""Plans of the questions in requests/trends.py."""

from __future__ import annotations

from typing import Any, Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import Bucket, Fuel, Resolution
from data_layer.planner.plan import Plan, Planners, build
from data_layer.planner.segments import segments
from data_layer.requests import trends as ask


def _in_buckets(request: ask.InBuckets) -> dict[str, Any]:
    return {"region": request.region, "bucket": request.bucket, "months": Bucket(request.bucket).months}


def _fuel_trend(request: ask.FuelTrend, snapshot: Snapshot) -> Plan:
    parts = segments("region_fuel", request.period, Resolution.MONTH)
    text = sql.query_text("queries/fuel_trend")
    sources = {"source": (parts, Resolution.MONTH.value)}
    return build(snapshot, text, sources, _in_buckets(request), request.period)


def _share_trend(request: ask.ShareTrend, snapshot: Snapshot) -> Plan:
    parameters = {**_in_buckets(request), "definition": request.definition}
    return build(snapshot, sql.query_text("queries/share_trend"), {}, parameters, request.period)


def _share_records(request: ask.ShareRecords, snapshot: Snapshot) -> Plan:
    parameters = {
        "region": request.region,
        "definition": request.definition,
        "whole_hours": 24 * ask.WHOLE_DAY,
        "least_mw": ask.LEAST_MW,
    }
    return build(snapshot, sql.query_text("queries/share_records"), {}, parameters, request.period)


def _daily_rolling(request: ask.DailyRolling, snapshot: Snapshot) -> Plan:
    parameters = {
        "region": request.region,
        "fuels": list(request.fuels),
        "has_share": request.fuels != (Fuel.BATTERY.value,),
        "whole_intervals": 288 * ask.WHOLE_DAY,
        "before": request.window_days - 1,
        "needs": request.needs,
        "first_day": request.period.start,
    }
    return build(snapshot, sql.query_text("queries/daily_rolling"), {}, parameters, request.read)


def _demand_extremes(request: ask.DemandExtremes, snapshot: Snapshot) -> Plan:
    text = sql.query_text("queries/demand_extremes")
    return build(snapshot, text, {}, _in_buckets(request), request.period)


def _evening_ramp(request: ask.EveningRamp, snapshot: Snapshot) -> Plan:
    parameters = {**_in_buckets(request), "of": request.of}
    return build(snapshot, sql.query_text("queries/evening_ramp"), {}, parameters, request.period)


PLANNERS: Final[Planners] = {
    ask.FuelTrend: _fuel_trend,
    ask.ShareTrend: _share_trend,
    ask.ShareRecords: _share_records,
    ask.DailyRolling: _daily_rolling,
    ask.DemandExtremes: _demand_extremes,
    ask.EveningRamp: _evening_ramp,
}
