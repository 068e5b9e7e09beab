"""Which rollup answers a request, over which stretches of time, and what that will cost.

The coarsest table that is exact is chosen. One module for each part of the page, as in requests/.
"""

from __future__ import annotations

from typing import Final

from data_layer.lake import Snapshot
from data_layer.planner import (
    analysis,
    batteries,
    core,
    curtailment,
    prices,
    quality,
    regions,
    stations,
    trends,
)
from data_layer.planner.plan import HEAVY_ROWS as HEAVY_ROWS
from data_layer.planner.plan import PartPlanners, Planners, StretchPlanners
from data_layer.planner.plan import Parts as Parts
from data_layer.planner.plan import Plan as Plan
from data_layer.planner.plan import Stretches as Stretches
from data_layer.requests.base import Request

PLANNERS: Final[Planners] = {
    cls: planner
    for module in (core, prices, analysis, stations, regions, trends, batteries, curtailment, quality)
    for cls, planner in module.PLANNERS.items()
}

IN_PARTS: Final[PartPlanners] = analysis.IN_PARTS

IN_STRETCHES: Final[StretchPlanners] = core.IN_STRETCHES


def plan(request: Request, snapshot: Snapshot) -> Plan:
    """The plan for ``request`` on one version of the lake."""
    return PLANNERS[type(request)](request, snapshot)


def plan_in_parts(request: Request, snapshot: Snapshot) -> Parts:
    """The same answer as ``plan``'s by several statements, where the question can be cut into them."""
    if type(request) in IN_PARTS:
        return IN_PARTS[type(request)](request, snapshot)
    whole = plan(request, snapshot)
    return Parts([whole], lambda tables: whole.finished(tables[0]))


def plan_in_stretches(request: Request, snapshot: Snapshot, rows: int) -> Stretches:
    """The rows of ``plan`` by several statements of about ``rows`` rows each, where they can simply follow
    one another; one statement for every other question, whose answers are small."""
    if type(request) in IN_STRETCHES:
        return IN_STRETCHES[type(request)](request, snapshot, rows)
    return Stretches(1, lambda _: plan(request, snapshot))
