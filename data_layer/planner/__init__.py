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
from data_layer.planner.plan import PartPlanners, Planners
from data_layer.planner.plan import Parts as Parts
from data_layer.planner.plan import Plan as Plan
from data_layer.requests.base import Request

PLANNERS: Final[Planners] = {
    cls: planner
    for module in (core, prices, analysis, stations, regions, trends, batteries, curtailment, quality)
    for cls, planner in module.PLANNERS.items()
}

IN_PARTS: Final[PartPlanners] = analysis.IN_PARTS


def plan(request: Request, snapshot: Snapshot) -> Plan:
    """The plan for ``request`` on one version of the lake."""
    return PLANNERS[type(request)](request, snapshot)


def plan_in_parts(request: Request, snapshot: Snapshot) -> Parts:
    """The same answer as ``plan``'s by several statements, where the question can be cut into them."""
    if type(request) in IN_PARTS:
        return IN_PARTS[type(request)](request, snapshot)
    whole = plan(request, snapshot)
    return Parts([whole], lambda tables: whole.finished(tables[0]))
