"""What happens. One module per tab, named as its layout; ``register`` connects them all to an app."""

from __future__ import annotations

from typing import Final

from dash import Dash

from callbacks import (
    analysis,
    batteries,
    curtailment,
    generation,
    navigation,
    prices,
    regions,
    stations,
    system,
    system_live,
    today,
    trends,
)
from callbacks.guard import Manager
from callbacks.service import Service
from callbacks.tab import Tab

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
    system.TAB,
)


def register(app: Dash, manager: Manager, job_rows: int, service: Service | None = None) -> tuple[Tab, ...]:
    """Connect every callback; the tabs that stand on the page. ``manager`` answers requests; it may open its
    database lazily. Questions that read more than ``job_rows`` rows run as jobs, where a panel can.
    ``service`` is what the System tab shows; without it that tab is switched off."""
    tabs = TABS if service else tuple(tab for tab in TABS if tab is not system.TAB)
    navigation.register(app, manager, tabs)
    for tab in tabs:
        tab.register(app, manager, job_rows)
    if service:
        system_live.connect(app, manager, service)
    return tabs
