"""Kinds of parameter that a tab's address may carry: each reads untrusted text and writes it back.

A tab's own module beside this one lists its options; callbacks/state.py reads them into the view. What
cannot be read is dropped with a notice, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from data_layer.errors import RequestError
from data_layer.market import INTERVAL
from data_layer.period import Period, parse_stamp
from data_layer.requests.base import join, number, split
from data_layer.requests.prices import LARGEST_EDGE


@dataclass(frozen=True, eq=False)
class Option:
    """One parameter. ``read`` raises RequestError whose message says what is allowed; ``write`` is its
    inverse; ``salvage`` keeps what can be kept of a list in which something is not allowed. Two tabs that
    list the same Option object hand its value to each other."""

    name: str
    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    salvage: Callable[[str], Any] | None = None
    examples: tuple[str, ...] = ()
    """What can be chosen from a list, one choice at a time."""


def one_of(name: str, allowed: Sequence[str], default: str | None = None) -> Option:
    """A name out of a list; the first is the default unless another is named."""

    def read(text: str) -> str:
        if text in allowed:
            return text
        raise RequestError(f"Choose one of {', '.join(choice for choice in allowed if choice)}.", name)

    return Option(name, allowed[0] if default is None else default, read, examples=tuple(allowed))


def sort_by(keys: Sequence[str]) -> Option:
    """The column that a table is sorted by, "-" before it for descending; '' leaves the table as it comes."""
    return one_of("sort", ("", *keys, *(f"-{key}" for key in keys)))


def many_of(name: str, allowed: Sequence[str], default: Sequence[str] = (), *, most: int = 0) -> Option:
    """Several names out of a list, kept in the list's order."""

    def read(text: str) -> tuple[str, ...]:
        names = split(text)
        if any(one not in allowed for one in names):
            raise RequestError(f"It takes any of {', '.join(allowed)}.", name)
        return _at_most(known(text), most, name)

    def known(text: str) -> tuple[str, ...]:
        names = split(text)
        return tuple(one for one in allowed if one in names)[: most or None]

    return Option(name, tuple(default), read, join, known, examples=tuple(join([one]) for one in allowed))


def ordered(name: str, allowed: Sequence[str], default: Sequence[str], *, most: int) -> Option:
    """Several names out of a list, in the order given, each once, at least one."""

    def read(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(split(text)))
        if not names or any(one not in allowed for one in names):
            raise RequestError(f"It takes one to {most} of {', '.join(allowed)}.", name)
        return _at_most(names, most, name)

    return Option(name, tuple(default), read, join, examples=tuple(join([one]) for one in allowed))


_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]+")


def texts(name: str, *, most: int, longest: int = 80) -> Option:
    """Free texts such as DUIDs and station names; whether they exist is for the data layer to say."""

    def read(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(split(text)))
        if any(_TEXT.fullmatch(one) is None or len(one) > longest for one in names):
            raise RequestError(f"It takes names of at most {longest} characters, commas between them.", name)
        return _at_most(names, most, name)

    return Option(name, (), read, join)


def whole(name: str, low: int, high: int, default: int) -> Option:
    """A whole number within bounds."""

    def read(text: str) -> int:
        if re.fullmatch(r"-?\d{1,9}", text) and low <= int(text) <= high:
            return int(text)
        raise RequestError(f"It takes a whole number from {low} to {high}.", name)

    return Option(name, default, read)


def edges(name: str, default: Sequence[float], *, most: int) -> Option:
    """Ascending numbers, the edges of bands that leave no gap."""

    def read(text: str) -> tuple[float, ...]:
        values = tuple(number(item, name) for item in split(text))
        if not values or any(b <= a for a, b in pairwise(values)) or max(map(abs, values)) > LARGEST_EDGE:
            raise RequestError(
                f"It takes ascending numbers up to {LARGEST_EDGE:,.0f}, commas between them.", name
            )
        return _at_most(values, most, name)

    return Option(name, tuple(default), read, lambda values: join(f"{value:g}" for value in values))


PREVIOUS: Final = "previous"
YEAR_BEFORE: Final = "year"


def _compared(text: str) -> str:
    if text in ("", PREVIOUS, YEAR_BEFORE):
        return text
    try:
        start = parse_stamp(text, "compare")
        Period(start, start + INTERVAL)
    except RequestError:
        raise RequestError(
            f"It takes {PREVIOUS}, {YEAR_BEFORE} or the first day of the other period, such as 2025-06-01.",
            "compare",
        ) from None
    return text


COMPARE: Final = Option("compare", "", _compared, examples=(PREVIOUS, YEAR_BEFORE))
"""The other period of a comparison: '' none, the one before, the same a year before, or its start."""


def compared_start(text: str, start: datetime, end: datetime) -> datetime | None:
    """Where the other period begins; it is as long as this one. None without a comparison."""
    if not text:
        return None
    if text == PREVIOUS:
        return start - (end - start)
    if text == YEAR_BEFORE:
        leap = (start.month, start.day) == (2, 29)
        return start.replace(year=start.year - 1, day=28 if leap else start.day)
    return parse_stamp(text, "compare")


def _at_most(values: tuple[Any, ...], most: int, name: str) -> tuple[Any, ...]:
    if most and len(values) > most:
        raise RequestError(f"It takes at most {most}.", name)
    return values
