"""Plans of the questions in requests/batteries.py."""

from __future__ import annotations

from typing import Any, Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import Resolution
from data_layer.planner.plan import Plan, Planners, build
from data_layer.planner.segments import interval_segments, segments
from data_layer.requests.batteries import (
    BatterySeries,
    BatterySummary,
    BatteryTimeOfDay,
    StorageLevel,
)
from data_layer.sql import Segment


def _battery_summary(request: BatterySummary, snapshot: Snapshot) -> Plan:
    return build(
        snapshot,
        sql.with_batteries(sql.query_text("queries/battery_summary")),
        {"source": (interval_segments("battery", request.period, Resolution.MONTH), "none")},
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
    parts = interval_segments("battery", request.period, request.resolution)
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
            "source": (interval_segments("battery", period, Resolution.HALF_HOUR), "time_of_day"),
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
