"""Plans of the questions in requests/quality.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.lake_state import span_of
from data_layer.market import INTERVAL, REGIONS
from data_layer.period import Period
from data_layer.planner.plan import Plan, Planners, build
from data_layer.requests.quality import DataGaps, DataQuality, whole_days


def _within_lake(period: Period, snapshot: Snapshot) -> tuple[datetime, datetime]:
    """The part of ``period`` for which the lake could hold data, from where to where; empty where it could
    not."""
    first, last = span_of(snapshot)
    if first is None or last is None:
        return period.start, period.start
    start = max(period.start, first - INTERVAL)
    return start, max(start, min(period.end, last))


def _quality(request: DataQuality, snapshot: Snapshot) -> Plan:
    period = whole_days(request.period)
    start, end = _within_lake(period, snapshot)
    days = [period.start + timedelta(days=n) for n in range((period.end - period.start).days)]
    expected = [max((min(day + timedelta(days=1), end) - max(day, start)) // INTERVAL, 0) for day in days]
    parameters = {"days": [day.date() for day in days], "expected": expected, "regions": list(REGIONS)}
    made = build(snapshot, sql.query_text("queries/data_quality"), {}, parameters, period)
    return replace(made, order=("time", "regionid"))


def _gaps(request: DataGaps, snapshot: Snapshot) -> Plan:
    start, end = _within_lake(request.period, snapshot)
    parameters = {"region": request.region, "gaps_start": start, "gaps_end": end}
    made = build(snapshot, sql.query_text("queries/data_gaps"), {}, parameters, request.period)
    return replace(made, order=("kind", "start", "duid"))


PLANNERS: Final[Planners] = {DataQuality: _quality, DataGaps: _gaps}
