"""Plans of the questions in requests/prices.py."""

from __future__ import annotations

from typing import Any, Final

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import HIGH_PRICE_AUD_PER_MWH, Resolution
from data_layer.planner.plan import Plan, Planners, build
from data_layer.planner.segments import segments
from data_layer.requests.base import Request
from data_layer.requests.prices import (
    MAX_EDGES,
    PriceBands,
    PriceDuration,
    PriceProfile,
    PriceStatistics,
    TopIntervals,
)

FINE_STEPS_UP_TO: Final = 31 * Resolution.DAY.intervals
"""Intervals of a period whose duration curve is drawn in quarter dollars: fewer prices than steps."""


def _of_intervals(query: str, request: Request, snapshot: Snapshot, **parameters: Any) -> Plan:
    """A question that only the 5-minute rows can answer."""
    return build(snapshot, sql.query_text(f"queries/{query}"), {}, parameters, request.period)


def _price_statistics(request: PriceStatistics, snapshot: Snapshot) -> Plan:
    return _of_intervals(
        "price_statistics",
        request,
        snapshot,
        regions=list(request.regions),
        first_stamp=request.period.start,
        last_stamp=request.period.end,
        intervals_expected=request.period.intervals,
        candidate_aud_per_mwh=HIGH_PRICE_AUD_PER_MWH,
    )


def _price_duration(request: PriceDuration, snapshot: Snapshot) -> Plan:
    step = 0.25 if request.period.intervals <= FINE_STEPS_UP_TO else 1.0
    regions = list(request.regions)
    return _of_intervals("price_duration", request, snapshot, regions=regions, step_aud_per_mwh=step)


def _price_bands(request: PriceBands, snapshot: Snapshot) -> Plan:
    padded = [*request.edges, *[None] * (MAX_EDGES - len(request.edges))]
    named = {f"edge_{place}": edge for place, edge in enumerate(padded, start=1)}
    return _of_intervals(
        "price_bands", request, snapshot, regions=list(request.regions), edges=list(request.edges), **named
    )


def _top_intervals(request: TopIntervals, snapshot: Snapshot) -> Plan:
    return build(
        snapshot,
        sql.query_text("queries/top_intervals"),
        {"source": (segments("region", request.period, Resolution.MONTH), "none")},
        {"regions": list(request.regions), "top": request.top},
        request.period,
    )


def _price_profile(request: PriceProfile, snapshot: Snapshot) -> Plan:
    bucket = Resolution.HALF_HOUR if request.by == "time_of_day" else Resolution.HOUR
    return build(
        snapshot,
        sql.query_text("queries/price_profile"),
        {"source": (segments("region", request.period, Resolution.HALF_HOUR), bucket.value)},
        {"regions": list(request.regions), "by": request.by},
        request.period,
    )


PLANNERS: Final[Planners] = {
    PriceStatistics: _price_statistics,
    PriceDuration: _price_duration,
    PriceBands: _price_bands,
    TopIntervals: _top_intervals,
    PriceProfile: _price_profile,
}
