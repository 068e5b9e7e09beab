"""The Price Analysis tab: one panel, a tree of groups down to units, also as treemap and as bubbles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from dash import html

from data_layer.market import Fuel
from layouts import controls, formats
from layouts.controls import Choice, Option
from layouts.definitions import info
from layouts.panel import panel

GROUP_LABELS: Final = {
    "region": "Region",
    "fuel": "Fuel",
    "owner": "Owner",
    "station": "Station",
    "technology": "Technology",
}
SHOWN_LABELS: Final = {"tree": "Tree", "treemap": "Treemap", "bubble": "Bubbles"}
SHOWN_DEFINITIONS: Final = {"tree": "pooled", "treemap": "price_treemap", "bubble": "price_bubbles"}


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab analysis",
        children=[
            html.H1("Price Analysis", className="visually-hidden"),
            panel("analysis", kind="tall", long=True),
        ],
    )


def group_name(groups: Sequence[str]) -> str:
    """Such as "region, fuel and unit"."""
    return f"{', '.join(groups)} and unit"


def groups(chosen: Sequence[str], most: int) -> html.Div:
    """The order of groups, a picker for each place. A picker's values are whole orders, so that each writes
    the one parameter; choosing what stands elsewhere swaps the two."""
    pickers = []
    for place in range(min(most, len(chosen) + 1)):
        current = chosen[place] if place < len(chosen) else ""
        options = [
            Option(",".join(_placed(chosen, place, name)), label) for name, label in GROUP_LABELS.items()
        ]
        if place:
            options.insert(0, Option(",".join(chosen[:place]), "—"))
        value = ",".join(_placed(chosen, place, current) if current else chosen[:place])
        label = "Group by" if place == 0 else "then"
        pickers.append(
            controls.select(label, "group", options, value, "region,fuel", element_id=f"group-{place + 1}")
        )
    return html.Div(pickers, className="group-pickers", role="group", **{"aria-label": "Groups"})


def _placed(chosen: Sequence[str], place: int, name: str) -> list[str]:
    order = list(chosen)
    if name in order and place < len(order):
        order[order.index(name)] = order[place]
    elif name in order:
        order.remove(name)
        return [*order, name]
    if place < len(order):
        order[place] = name
        return order
    return [*order, name]


def folded(label: str, entries: Sequence[Choice], name: str) -> html.Details:
    """Many switches behind one word; ``name`` tells assets/analysis.js which stays open while they are
    switched."""
    return html.Details(
        [html.Summary(label), controls.toggles(label, entries)], className="folded", **{"data-fold": name}
    )


def shown(choices: Sequence[Choice], current: str) -> html.Div:
    return html.Div(
        [controls.segmented("Show as", choices, "views"), info(SHOWN_DEFINITIONS[current])],
        className="switch",
    )


def branches() -> html.Div:
    """Open or close the whole tree; assets/analysis.js does it."""
    return html.Div(
        [
            html.Button("Open all", type="button", className="work-button", **{"data-branches": "open"}),
            html.Button("Close all", type="button", className="work-button", **{"data-branches": "close"}),
        ],
        className="branches",
    )


def fuel_note(rows: pa.Table) -> str:
    """A remark where units are unknown to the registry; '' where none is."""
    unmapped = sum(
        row["energy_mwh"]
        for row in rows.select(["kind", "fuel", "energy_mwh"]).to_pylist()
        if row["kind"] == "duid" and row["fuel"] == Fuel.UNMAPPED
    )
    if not unmapped:
        return ""
    return (
        f"{formats.energy(unmapped / 1000)} GWh come from units that the registry does not know: "
        "shown as “Unmapped”, counted in every total."
    )


def summary(total: Mapping[str, Any]) -> html.Dl:
    """The whole in a line: what the pinned row says, for treemap and bubbles."""
    facts = (
        ("Energy", formats.energy(total["energy_mwh"] / 1000), "GWh"),
        ("Revenue", formats.millions(total["revenue_aud"]), "$M"),
        ("Price", formats.price(total["capture_price_aud_per_mwh"]), "/MWh"),
        ("Capture rate", formats.percent(total["capture_rate"], 1), ""),
    )
    return html.Dl(
        [
            html.Div([html.Dt(name), html.Dd([value, html.Span(unit, className="unit")])])
            for name, value, unit in facts
        ],
        className="line-facts",
    )
