"""What each number means, once. docs/definitions/ carries the same texts with formulas at length."""

from __future__ import annotations

import json
from typing import Final

from dash import html

from layouts.definitions import (
    analysis,
    batteries,
    core,
    curtailment,
    prices,
    regions,
    stations,
    system,
    trends,
)
from layouts.definitions.definition import Definition as Definition

PAGES: Final = {
    "core": core.DEFINITIONS,
    "prices": prices.DEFINITIONS,
    "analysis": analysis.DEFINITIONS,
    "stations": stations.DEFINITIONS,
    "regions": regions.DEFINITIONS,
    "trends": trends.DEFINITIONS,
    "batteries": batteries.DEFINITIONS,
    "curtailment": curtailment.DEFINITIONS,
    "system": system.DEFINITIONS,
}
"""Definitions by the page of docs/definitions/ that has them at length."""

DEFINITIONS: Final = {key: entry for page in PAGES.values() for key, entry in page.items()}


def info(key: str) -> html.Button:
    """The small "i" beside a number. One component, since a page has dozens: assets/definitions.js opens the
    text of ``texts`` beside it."""
    name = DEFINITIONS[key].name
    return html.Button(
        "i",
        type="button",
        className="info",
        title=f"What is this? {name}",
        **{"data-definition": key, "aria-label": f"Definition: {name}", "aria-expanded": "false"},
    )


def texts() -> html.Div:
    """Every definition, once in the page, as data for the script."""
    return html.Div(
        id="definitions",
        hidden=True,
        **{"data-texts": json.dumps({k: vars(d) for k, d in DEFINITIONS.items()})},
    )
