"""Plans of the questions in requests/analysis.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from data_layer import price_tree, sql
from data_layer.lake import Snapshot
from data_layer.market import INTERVAL, Resolution
from data_layer.period import Period
from data_layer.planner.plan import PartPlanners, Parts, Plan, Planners, build
from data_layer.planner.segments import GRAINS, finest_unit_segments, segments
from data_layer.requests.analysis import PriceAnalysis


def _price_analysis(request: PriceAnalysis, snapshot: Snapshot) -> Plan:
    plan = _unit_sums(request, snapshot, request.period)
    return replace(plan, finish=lambda units: price_tree.build(units, request))


def _unit_sums(request: PriceAnalysis, snapshot: Snapshot, stretch: Period) -> Plan:
    """Sums per unit over a stretch of the request's period, facts as of the period's end."""
    return build(
        snapshot,
        sql.query_text("queries/unit_sums"),
        {
            "source": (finest_unit_segments(stretch, Resolution.MONTH), "none"),
            "rooftop_source": (segments("region_fuel", stretch, Resolution.MONTH), "none"),
            "price_source": (segments("region", stretch, Resolution.MONTH), "none"),
        },
        {"period_end_day": request.period.end},
        stretch,
    )


def _price_analysis_in_months(request: PriceAnalysis, snapshot: Snapshot) -> Parts:
    plans = [_unit_sums(request, snapshot, stretch) for stretch in months(request.period)]

    def combine(parts: Sequence[pa.Table]) -> pa.Table:
        return price_tree.build(price_tree.together(parts), request)

    return Parts(plans, combine)


def months(period: Period) -> Iterator[Period]:
    """The calendar months of a period, the first and last cut to it."""
    start = period.start
    while start < period.end:
        end = min(GRAINS[Resolution.MONTH].first(start + INTERVAL), period.end)
        yield Period(start, end)
        start = end


PLANNERS: Final[Planners] = {PriceAnalysis: _price_analysis}

IN_PARTS: Final[PartPlanners] = {PriceAnalysis: _price_analysis_in_months}
