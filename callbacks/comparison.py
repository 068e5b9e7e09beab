"""The control that chooses what a period is compared with, the same on every tab that compares."""

from __future__ import annotations

from typing import Any

from callbacks.guard import Ask, span
from data_layer.market import market_day
from data_layer.requests import Period
from layouts import controls, formats


def control(ask: Ask) -> list[Any]:
    """For a tab's share of the period bar."""
    first, last = span(ask.lake)
    compared = ask.view.compared
    start = compared.start.date().isoformat() if compared else ""
    days = market_day(first).isoformat(), market_day(last).isoformat()
    return [controls.compare(ask.view["compare"], start, *days)]


def note(ask: Ask) -> str:
    """What a reader of a comparison must know: that there is none, or that days of it lie outside the data;
    '' where all is well."""
    other = ask.compared
    if other is None:
        return ask.compared_note
    first, last = span(ask.lake)
    covered = Period.of_days(market_day(first), market_day(last))
    if other.start >= covered.start and other.end <= covered.end:
        return ""
    days = formats.span(covered.start, covered.end)
    return f"Only part of the other period has data, which covers {days}: sums of it are short."


def named(period: Period) -> str:
    """The other period in words."""
    return formats.span(period.start, period.end)
