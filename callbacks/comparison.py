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


def named(period: Period) -> str:
    """The other period in words."""
    return formats.span(period.start, period.end)
