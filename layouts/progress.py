"""How far long work is, in words and as a bar: the same in a panel's own box and in the job centre.

Plain values only. ``done`` of ``parts`` (``unit``: what they are, in the plural); ``fraction`` is 0..1 or
None while nobody can know; times are seconds.
Words make no promise that the numbers do not: what is left is rounded and says "about".
"""

from __future__ import annotations

import math
from typing import Any, Final

from dash import html

from layouts import formats

MINUTE: Final = 60
HOUR: Final = 3600
PLAIN: Final = ("Reading", "Writing")
"""Phases that a count of what was read or written says as well."""


def lasted(seconds: float) -> str:
    """A time that has passed: "34 s", "1 min 12 s", "2 h 05 min"."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02d} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"


def left(seconds: float | None) -> str:
    """A time still to come, as roughly as it is known; '' where it is not."""
    if seconds is None or seconds < 0 or not math.isfinite(seconds):
        return ""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} s left"
    if seconds < 90 * MINUTE:
        return f"about {max(1, round(seconds / MINUTE))} min left"
    return f"about {round(seconds / HOUR)} h left"


def percent(fraction: float) -> str:
    """ "43 %", never "100 %" before the end: the last part is still to come."""
    return f"{min(99, max(0, int(fraction * 100)))} %"


def words(
    seconds: float,
    *,
    done: int = 0,
    parts: int = 0,
    unit: str = "months",
    fraction: float | None = None,
    rows: int = 0,
    written: bool = False,
    seconds_left: float | None = None,
    phase: str = "",
) -> str:
    """One line: "12 of 60 months read · 34 s · about 2 min left". Months before per cent before rows;
    a file (``written``) always tells its rows. ``phase`` leads where it says more than the count."""
    verb = "written" if written else "read"
    said = []
    if parts:
        named = unit.removesuffix("s") if parts == 1 else unit
        said.append(f"{done} of {parts} {named} {verb}")
    elif fraction is not None:
        said.append(percent(fraction))
    if rows and (written or not (parts or fraction is not None)):
        said.append(f"{formats.whole(rows)} {'row' if rows == 1 else 'rows'} {verb}")
    # "Reading" says nothing beside "12 of 60 months read"; beside "43 %" it does.
    plain = phase in PLAIN and any(one.endswith(verb) for one in said)
    if phase and not plain:
        said.insert(0, phase)
    return " · ".join([*(said or ["Starting"]), lasted(seconds), *filter(None, [left(seconds_left)])])


def place(number: int) -> str:
    """ "Waiting, 2nd in line"."""
    if number < 1:
        return "Waiting"
    if number == 1:
        return "Waiting, next in line"
    teens = number % 100 in (11, 12, 13)
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"Waiting, {number}{ending} in line"


def bar(fraction: float | None, **more: Any) -> html.Progress:
    """A bar; one that only says "at work" where the fraction is not known."""
    return html.Progress(value=value(fraction), max="1", **more)


def value(fraction: float | None) -> str | None:
    """What a bar's ``value`` is for a fraction."""
    return None if fraction is None else f"{min(1.0, max(0.0, fraction)):.4f}"
