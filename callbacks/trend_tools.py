"""The choices above the charts of the Trends tab: each a link or field that writes the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from callbacks.options.shared import HIDEABLE
from callbacks.state import View
from layouts import controls
from layouts.controls import Choice, Option
from layouts.definitions import info
from layouts.mix import generation_name
from layouts.tables import legend
from layouts.trends import Band


def choices(view: View, name: str, label: str, labels: Mapping[str, str]) -> Any:
    """A row of links, one for each value of the option ``name``."""
    entries = [
        Choice(text, view.href(**{name: value}), value == view[name]) for value, text in labels.items()
    ]
    return controls.segmented(label, entries, "views")


def switch(row: Any, definition: str) -> html.Div:
    """A row of links with the definition of what it chooses beside it."""
    return html.Div([row, info(definition)], className="switch")


def select(view: View, name: str, label: str, labels: Mapping[str, str]) -> Any:
    """A field for an option with many values; its default is the first."""
    options = [Option(value, text) for value, text in labels.items()]
    return controls.select(label, name, options, view[name], next(iter(labels)))


def legend_of(view: View, bands: Sequence[Band]) -> Any:
    """The legend that switches a band's fuels off and on."""
    hidden = view["hidden"]
    entries = []
    for band in bands:
        off = all(fuel in hidden for fuel in band.fuels)
        kept = {fuel for fuel in hidden if fuel not in band.fuels}
        after = kept if off else kept | set(band.fuels)
        href = view.href(hidden=tuple(fuel for fuel in HIDEABLE if fuel in after))
        entries.append((generation_name(band.name), band.colour, href, off))
    return legend(entries)
