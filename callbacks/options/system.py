"""Parameters of the System tab."""

from __future__ import annotations

import re
from typing import Final

from callbacks.options.kinds import Option, one_of
from data_layer.errors import RequestError
from data_layer.period import parse_stamp

MEASURES: Final = ("price", "demand", "readings", "rooftop", "unmapped", "intervention")
LISTS: Final = ("recent", "slowest")


def _day(text: str) -> str:
    if not text:
        return ""
    if "T" in text:
        raise RequestError("It takes a day such as 2026-03-01.", "day")
    return f"{parse_stamp(text, 'day'):%Y-%m-%d}"


def _query(text: str) -> str:
    if re.fullmatch(r"([0-9a-f]{12})?", text):
        return text
    raise RequestError("It takes the number of a question in the list.", "query")


OPTIONS: Final[tuple[Option, ...]] = (
    one_of("measure", MEASURES),
    Option("day", "", _day),
    one_of("queries", LISTS),
    Option("query", "", _query),
)
"""``day``: whose findings are listed, '' for all days with one. ``query``: which question stands open."""
