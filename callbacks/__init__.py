"""What happens. One module per tab, named as its layout; ``register`` connects them all to an app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dash import Dash

from callbacks import (
    analysis,
    batteries,
    curtailment,
    exports,
    generation,
    job_centre,
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
from callbacks.jobs import PanelWork
from callbacks.service import Service
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
    system.TAB,
)


@dataclass(frozen=True)
class Connected:
    """What stands on the page: its tabs, and the panels that may wait for jobs, for the background callback
    manager."""

    tabs: tuple[Tab, ...]
    works: Mapping[str, PanelWork]


def register(
    app: Dash,
    manager: Manager,
    job_rows: int,
    centre: Centre | None = None,
    service: Service | None = None,
) -> Connected:
    """Connect every callback. ``manager`` answers requests; it may open its database lazily. Questions
    that read more than ``job_rows`` rows are done by ``centre``, where a panel can wait for them, and so are
    exports; its list stands in the header. ``service`` is what the System tab shows; without it that tab is
    switched off."""
    tabs = TABS if service else tuple(tab for tab in TABS if tab is not system.TAB)
    navigation.register(app, manager, tabs)
    works: dict[str, PanelWork] = {}
    for tab in tabs:
        works |= tab.register(app, manager, centre, job_rows)
    if centre is not None:
        job_centre.register(app, centre)
        exports.register(app, manager, tabs, centre)
    if service:
        system_live.connect(app, manager, service)
    return Connected(tabs, works)
