"""The grammar of addresses: which tabs there are, and which parameters each knows beside the common ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callbacks.options import (
    analysis,
    batteries,
    curtailment,
    generation,
    prices,
    regions,
    stations,
    system,
    today,
    trends,
)
from callbacks.options.kinds import Option

TABS: Final = {
    "today": "Today",
    "generation": "Generation",
    "prices": "Prices",
    "price-analysis": "Price Analysis",
    "stations": "Stations",
    "regions": "Regions",
    "trends": "Trends",
    "batteries": "Batteries",
    "curtailment": "Curtailment",
    "system": "System",
}

OPTIONS: Final[Mapping[str, tuple[Option, ...]]] = {
    "today": today.OPTIONS,
    "generation": generation.OPTIONS,
    "prices": prices.OPTIONS,
    "price-analysis": analysis.OPTIONS,
    "stations": stations.OPTIONS,
    "regions": regions.OPTIONS,
    "trends": trends.OPTIONS,
    "batteries": batteries.OPTIONS,
    "curtailment": curtailment.OPTIONS,
    "system": system.OPTIONS,
}

DEFAULT_TAB: Final = "today"

DEFAULT_RANGES: Final = {
    "price-analysis": "30d",
    "stations": "30d",
    "trends": "all",
    "batteries": "30d",
    "curtailment": "30d",
    "system": "1y",
}
DEFAULT_RANGE: Final = "7d"


def default_range(tab: str) -> str:
    """The period a tab opens with."""
    return DEFAULT_RANGES.get(tab, DEFAULT_RANGE)
