"""What happens. One module per tab, named as its layout; ``register`` connects them all to an app."""

from __future__ import annotations

from typing import Final

from dash import Dash

from callbacks import (
    analysis,
    batteries,
    curtailment,
    exports,
    generation,
    navigation,
    prices,
    regions,
    stations,
    today,
    trends,
)
from callbacks.guard import Manager
from callbacks.tab import Tab
from callbacks.work import Centre

TABS: Final[tuple[Tab, ...]] = (
    today.TAB,
    generation.TAB,
    prices.TAB,
    analysis.TAB,
    stations.TAB,
    regions.TAB,
    trends.TAB,
    batteries.TAB,
    curtailment.TAB,
)


def register(app: Dash, manager: Manager, job_rows: int, centre: Centre | None = None) -> None:
    """Connect every callback. ``manager`` answers requests; it may open its database lazily. Questions
    that read more than ``job_rows`` rows run as jobs, where a panel can; exports need ``centre``."""
    navigation.register(app, manager, TABS)
    for tab in TABS:
        tab.register(app, manager, job_rows)
    if centre is not None:
        exports.register(app, manager, TABS, centre)
