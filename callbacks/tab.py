"""What a tab is: its empty layout, its panels, the rows behind them, and its share of the period bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State

from callbacks import jobs
from callbacks.guard import Ask, Make, Manager, connect
from callbacks.jobs import PanelWork, Waiting
from callbacks.work import Centre
from data_layer.errors import RequestError
from data_layer.requests import Request


@dataclass(frozen=True)
class Panel:
    """What fills one panel; ``chart`` where the panel of the layout has a graph, ``long`` where a question
    may be so large that it runs as a job: what is shown meanwhile (the layout's panel says long=True).
    ``zoomed``: a store of the layout, where a drag over the chart asks for that span (assets/navigation.js
    writes the address)."""

    make: Make
    chart: bool = False
    long: Waiting | None = None
    zoomed: str = ""


@dataclass(frozen=True)
class Tab:
    """One tab of the page.

    ``datasets`` gives the questions behind the view, the main one first, by the names under which
    /<tab>/data.csv?table=<name> serves their rows. ``bar`` adds controls to the period bar;
    ``has_regions``, ``has_resolutions`` say whether the common pickers stand there. ``more`` connects
    callbacks that are not panels. ``tables``: every name that ``datasets`` may give, where it has to ask the
    data layer to find out which.
    """

    name: str
    layout: Callable[[], Any]
    panels: Mapping[str, Panel]
    datasets: Callable[[Ask], Mapping[str, Request]]
    bar: Callable[[Ask], list[Any]] | None = None
    has_period: bool = True
    has_regions: bool = True
    has_resolutions: bool = True
    more: Callable[[Dash, Manager], None] | None = field(default=None)
    tables: Sequence[str] = ()

    def may_have(self, table: str) -> None:
        """RequestError, before anything is asked, where no view of the tab has a table of that name."""
        if self.tables and table not in self.tables:
            raise RequestError(f"Unknown table: choose one of {', '.join(self.tables)}.", "table")

    def register(
        self, app: Dash, manager: Manager, centre: Centre | None, job_rows: int
    ) -> dict[str, PanelWork]:
        """Connect the tab's panels and whatever else it listens to. Gives the panels that may wait for jobs;
        without a centre there are none, and every question is answered at once."""
        works = {}
        for panel_id, panel in self.panels.items():
            if panel.long and centre is not None:
                work = PanelWork(
                    centre,
                    manager,
                    self.name,
                    panel_id,
                    panel.make,
                    panel.long,
                    chart=panel.chart,
                    job_rows=job_rows,
                )
                jobs.connect(app, work)
                works[panel_id] = work
            else:
                connect(app, manager, self.name, panel_id, panel.make, chart=panel.chart)
            if panel.zoomed:
                listen_to_drags(app, panel_id, panel.zoomed)
        if self.more:
            self.more(app, manager)
        return works


def listen_to_drags(app: Dash, panel_id: str, store: str) -> None:
    app.clientside_callback(
        ClientsideFunction("nemdesk", "zoom"),
        Output(store, "data"),
        Input(f"{panel_id}-graph", "relayoutData"),
        State(f"{panel_id}-graph", "figure"),
        prevent_initial_call=True,
    )
