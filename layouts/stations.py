"""The Stations tab: a search, what is chosen, one chart of it and its numbers, its peers, its registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import dcc, html

from layouts import controls
from layouts.definitions import info
from layouts.panel import panel
from layouts.station_items import Item

VIEW_LABELS: Final = {
    "series": "Output",
    "revenue": "Revenue",
    "time-of-day": "Time of day",
    "duration": "Duration",
    "price-bands": "Price bands",
}

LEVEL_LABELS: Final = {"station": "Stations", "unit": "Units"}
SCOPE_LABELS: Final = {"region": "Its region", "nem": "The NEM"}


def layout() -> html.Div:
    """The tab's panels, empty. The search is filled by assets/stations.js."""
    return html.Div(
        className="tab stations",
        children=[
            html.H1("Stations", className="visually-hidden"),
            dcc.Store(id="stations-zoomed"),
            html.Div([_search(), panel("stations-chosen", kind="bare")], className="station-bar"),
            html.Div(
                className="columns columns-chart-table",
                children=[
                    panel("stations-chart", chart="stations", kind="tall", long=True),
                    panel("stations-numbers", kind="table-panel", long=True),
                ],
            ),
            panel("stations-peers", kind="table-panel"),
            panel("stations-facts", kind="table-panel"),
        ],
    )


def _search() -> html.Div:
    return html.Div(
        className="station-search",
        children=[
            html.Label(
                "Find a station, unit or owner", htmlFor="station-search", className="visually-hidden"
            ),
            dbc.Input(
                id="station-search",
                type="search",
                placeholder="Find a station, unit or owner …",
                class_name="text-input",
                maxLength=80,
                autoComplete="off",
            ),
            html.Div(id="station-matches", className="station-matches", hidden=True),
        ],
    )


def chosen_bar(
    search_address: str,
    levels: Sequence[controls.Choice],
    fuels: Any,
    items: Sequence[Item],
    removals: Mapping[str, str],
    changes: Mapping[str, tuple[str, str]],
    clear: str,
) -> html.Div:
    """Level and fuel of the search, and what is chosen. ``removals``: item -> address without it;
    ``changes``: item -> (label, address) of its station or its units."""
    chips = [_chip(item, removals[item.id], changes.get(item.id)) for item in items]
    if len(items) > 1:
        chips.append(controls.link("Clear", clear, class_name="chip-clear", title="Choose nothing"))
    level = html.Div(
        [controls.segmented("Search for", levels, "views"), info("station_item")], className="switch"
    )
    return html.Div(
        [level, fuels, html.Div(chips, className="chips")],
        className="station-tools",
        **{"data-search": search_address},
    )


def _chip(item: Item, removal: str, change: tuple[str, str] | None) -> html.Span:
    parts: list[Any] = [html.Span(item.label, className="chip-name")]
    if change:
        parts.append(controls.link(change[0], change[1], class_name="chip-change"))
    parts.append(
        html.A(
            "×",
            href=removal,
            className="chip-remove",
            title=f"Remove {item.label}",
            **{"data-nav": "true", "aria-label": f"Remove {item.label}"},
        )
    )
    return html.Span(parts, className="chip swatched", style={"--swatch": item.colour}, title=item.facts)
