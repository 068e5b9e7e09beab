"""Parameters of the Price Analysis tab."""

from __future__ import annotations

import re
from typing import Final

from callbacks.options.kinds import Option, many_of, one_of, ordered
from callbacks.options.shared import FUELS_CHOSEN, REGIONS_CHOSEN
from data_layer.errors import RequestError
from data_layer.requests.analysis import GROUPS, MAX_GROUPS

SHOWN: Final = ("tree", "treemap", "bubble")

COLUMNS: Final = (
    "energy",
    "generation",
    "share",
    "revenue",
    "revenue-share",
    "price",
    "flat",
    "rate",
    "load",
    "paid",
    "load-price",
    "capacity",
    "cf",
    "units",
    "hours",
    "found",
)
DEFAULT_COLUMNS: Final = (
    "energy",
    "share",
    "revenue",
    "price",
    "rate",
    "load",
    "load-price",
    "capacity",
    "cf",
)
DEFAULT_GROUPS: Final = ("region", "fuel")
DEFAULT_SORT: Final = "-revenue"

_MATCH: Final = re.compile(r"[^\x00-\x1f\x7f]{0,80}")


def _match(text: str) -> str:
    if _MATCH.fullmatch(text):
        return text.strip()
    raise RequestError("It takes a text of at most 80 characters.", "match")


OPTIONS: Final[tuple[Option, ...]] = (
    ordered("group", GROUPS, DEFAULT_GROUPS, most=MAX_GROUPS),
    REGIONS_CHOSEN,
    FUELS_CHOSEN,
    Option("match", "", _match),
    one_of("show", SHOWN),
    many_of("columns", COLUMNS, DEFAULT_COLUMNS),
    one_of("sort", ("name", "-name", *COLUMNS, *(f"-{key}" for key in COLUMNS)), DEFAULT_SORT),
)
