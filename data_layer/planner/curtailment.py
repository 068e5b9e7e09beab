"""Plans of the questions in requests/curtailment.py."""

from __future__ import annotations

from typing import Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import Resolution
from data_layer.planner.plan import Plan, Planners, build
from data_layer.planner.segments import interval_segments
from data_layer.requests.curtailment import (
    CurtailmentSeries,
    CurtailmentSummary,
    CurtailmentTimeOfDay,
    UnitCurtailment,
)


def _series(request: CurtailmentSeries, snapshot: Snapshot) -> Plan:
    parts = interval_segments("curtailment", request.period, request.resolution)
    return build(
        snapshot,
        sql.query_text("queries/curtailment_series"),
        {"source": (parts, request.resolution.value)},
        {"region": request.region, "fuels": list(request.fuels)},
        request.period,
    )


def _time_of_day(request: CurtailmentTimeOfDay, snapshot: Snapshot) -> Plan:
    parts = interval_segments("curtailment", request.period, Resolution.HALF_HOUR)
    return build(
        snapshot,
        sql.query_text("queries/curtailment_time_of_day"),
        {"source": (parts, "time_of_day")},
        {"region": request.region, "fuels": list(request.fuels)},
        request.period,
    )


def _summary(request: CurtailmentSummary, snapshot: Snapshot) -> Plan:
    period = request.period
    return build(
        snapshot,
        sql.query_text("queries/curtailment_summary"),
        {"source": (interval_segments("curtailment", period, Resolution.MONTH), "none")},
        {"fuels": list(request.fuels), "period_intervals": period.intervals},
        period,
    )


def _units(request: UnitCurtailment, snapshot: Snapshot) -> Plan:
    period = request.period
    return build(
        snapshot,
        sql.query_text("queries/unit_curtailment"),
        {"source": (interval_segments("unit_curtailment", period, Resolution.MONTH), "none")},
        {
            "region": request.region,
            "fuels": list(request.fuels),
            "period_intervals": period.intervals,
            "period_end_day": period.end,
        },
        period,
    )


PLANNERS: Final[Planners] = {
    CurtailmentSeries: _series,
    CurtailmentTimeOfDay: _time_of_day,
    CurtailmentSummary: _summary,
    UnitCurtailment: _units,
}
