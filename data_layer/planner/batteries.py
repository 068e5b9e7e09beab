"""Plans of the questions in requests/batteries.py."""

from __future__ import annotations

from typing import Any, Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import Resolution
from data_layer.period import Period
from data_layer.planner.plan import Plan, Planners, build
from data_layer.planner.segments import segments
from data_layer.requests.batteries import (
    BatterySeries,
    BatterySummary,
    BatteryTimeOfDay,
    StorageLevel,
)
from data_layer.sql import Segment


def _battery_segments(period: Period, coarsest: Resolution) -> list[Segment]:
    """The battery rollups, whose finest table is the half-hour; below it, the readings."""
    return [
        Segment("battery_interval", s.period) if s.table == "battery_5min" else s
        for s in segments("battery", period, coarsest)
    ]


def _battery_summary(request: BatterySummary, snapshot: Snapshot) -> Plan:
    return build(
        snapshot,
        sql.with_batteries(sql.query_text("queries/battery_summary")),
        {"source": (_battery_segments(request.period, Resolution.MONTH), "none")},
        {
            "group_by": request.group_by,
            "region": request.region,
            "period_end_day": request.period.end,
        },
        request.period,
    )


def _chosen(request: BatterySeries | BatteryTimeOfDay) -> dict[str, Any]:
    return {
        "group_by": request.group_by,
        "chosen": list(request.chosen),
        "region": request.region,
        "period_end_day": request.period.end,
    }


def _battery_series(request: BatterySeries, snapshot: Snapshot) -> Plan:
    parts = _battery_segments(request.period, request.resolution)
    return build(
        snapshot,
        sql.with_batteries(sql.query_text("queries/battery_series"), chosen=True),
        {"source": (parts, request.resolution.value)},
        _chosen(request),
        request.period,
    )


def _battery_time_of_day(request: BatteryTimeOfDay, snapshot: Snapshot) -> Plan:
    period = request.period
    return build(
        snapshot,
        sql.with_batteries(sql.query_text("queries/battery_time_of_day"), chosen=True),
        {
            "source": (_battery_segments(period, Resolution.HALF_HOUR), "time_of_day"),
            "price_source": (segments("region", period, Resolution.HALF_HOUR), "time_of_day"),
        },
        _chosen(request),
        period,
    )


def _storage_level(request: StorageLevel, snapshot: Snapshot) -> Plan:
    return build(
        snapshot,
        sql.query_text("queries/storage_level"),
        {"source": ([Segment("region_demand", request.period)], request.resolution.value)},
        {"regions": list(request.regions)},
        request.period,
    )


PLANNERS: Final[Planners] = {
    BatterySummary: _battery_summary,
    BatterySeries: _battery_series,
    BatteryTimeOfDay: _battery_time_of_day,
    StorageLevel: _storage_level,
}
