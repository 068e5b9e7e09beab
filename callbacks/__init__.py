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
    job_centre,
    navigation,
    prices,
    regions,
    stations,
    today,
    trends,
)
from callbacks.guard import Manager
from callbacks.jobs import PanelWork
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


def register(
    app: Dash, manager: Manager, job_rows: int, centre: Centre | None = None
) -> dict[str, PanelWork]:
    """Connect every callback. ``manager`` answers requests; it may open its database lazily. Questions
    that read more than ``job_rows`` rows are done by ``centre``, where a panel can wait for them, and so are
    exports; its list stands in the header. Gives those panels, for the background callback manager."""
    navigation.register(app, manager, TABS)
    if centre is not None:
        job_centre.register(app, centre)
    works: dict[str, PanelWork] = {}
    for tab in TABS:
        works |= tab.register(app, manager, centre, job_rows)
    if centre is not None:
        exports.register(app, manager, TABS, centre)
    return works
