"""Numbers and dates as the field writes them. Pure text; None and NaN become an en dash."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

NOTHING: Final = "–"
MINUS: Final = "−"


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def number(value: float | None, decimals: int = 0, *, sign: bool = False) -> str:
    """Thousands separators, a true minus; ``sign`` also writes a plus. No "−0"."""
    if value is None or _missing(value):
        return NOTHING
    text = f"{abs(value):,.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    if value < 0:
        return MINUS + text
    return "+" + text if sign else text


def whole(value: float) -> str:
    """A finite number without decimals, as ``number`` writes it: for texts made by the thousand."""
    text = f"{value:,.0f}"
    return text if text[0] != "-" else MINUS + text[1:] if text != "-0" else "0"


def price(value: float | None, *, sign: bool = False) -> str:
    """$/MWh: 2 decimals below 10, 1 below 100, none above; the dollar sign after the minus."""
    if value is None or _missing(value):
        return NOTHING
    size = abs(value)
    # Rounded first: 9.996 is "10.0", not "10.00".
    decimals = 2 if round(size, 2) < 10 else 1 if round(size, 1) < 100 else 0
    text = number(value, decimals, sign=sign)
    return f"{text[0]}${text[1:]}" if text[0] in "+" + MINUS else f"${text}"


def energy(value_gwh: float | None) -> str:
    """GWh without noise digits."""
    if value_gwh is None or _missing(value_gwh):
        return NOTHING
    size = abs(value_gwh)
    return number(value_gwh, 0 if size >= 100 else 1 if size >= 1 else 2)


def power(value_mw: float | None, *, sign: bool = False) -> str:
    """MW, whole above 10."""
    if value_mw is None or _missing(value_mw):
        return NOTHING
    return number(value_mw, 0 if abs(value_mw) >= 9.95 or value_mw == 0 else 1, sign=sign)


def percent(share: float | None, decimals: int = 0) -> str:
    """A share of 0..1 as a percentage; one decimal below 10 %."""
    if share is None or _missing(share):
        return NOTHING
    points = share * 100
    return number(points, decimals or (1 if 0 < abs(points) < 9.95 else 0)) + "%"


def millions(value_aud: float | None) -> str:
    """Dollars as $M."""
    if value_aud is None or _missing(value_aud):
        return NOTHING
    value = value_aud / 1e6
    size = abs(value)
    return number(value, 0 if size >= 100 else 1 if size >= 1 else 2)


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def stamp(moment: datetime) -> str:
    """An interval-ending stamp: midnight closes the day before and is written 24:00."""
    if moment.hour == 0 and moment.minute == 0:
        return f"{day(moment - timedelta(days=1))} 24:00"
    return f"{day(moment)} {clock(moment)}"


def span(start: datetime, end: datetime) -> str:
    """The stamps ``start < t <= end`` in words; whole days without a time."""
    midnight = (0, 0)
    if (start.hour, start.minute) == midnight and (end.hour, end.minute) == midnight:
        last = end - timedelta(days=1)
        if last.date() == start.date():
            return day(start)
        if last.year == start.year:
            return f"{start.day} {start:%b} to {day(last)}"
        return f"{day(start)} to {day(last)}"
    if start.date() == end.date():
        return f"{day(start)}, {clock(start)} to {clock(end)}"
    return f"{day(start)} {clock(start)} to {stamp(end)}"


def length(start: datetime, end: datetime) -> str:
    """How long an event was."""
    minutes = int((end - start).total_seconds() // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d}"
