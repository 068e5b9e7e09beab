"""Stretches of market time, and how finely each may be looked at.

All stamps are naive AEST, interval-ending: a period holds the stamps start < settlementdate <= end.
Text from a URL becomes a Period or a RequestError that says what is allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from data_layer.errors import RequestError
from data_layer.market import INTERVAL, Resolution, market_day

EARLIEST: Final = datetime(1998, 12, 1)
LATEST: Final = datetime(2100, 1, 1)

MAX_BUCKETS: Final = 4_500
"""Buckets one series may have: more than a screen can show, so that nothing shown is lost."""

AUTO_BUCKETS: Final = 1_200
"""What automatic resolution aims to stay below."""

_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?")


def parse_stamp(text: object, field: str) -> datetime:
    """``YYYY-MM-DD`` or ``YYYY-MM-DDTHH:MM`` (AEST) as a datetime, or RequestError."""
    if isinstance(text, str) and _STAMP.fullmatch(text):
        try:
            stamp = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return stamp
    raise RequestError(f"The {field} must be a date such as 2026-06-30 (or 2026-06-30T17:30, AEST).", field)


@dataclass(frozen=True, order=True)
class Period:
    """The stamps ``start < settlementdate <= end``, AEST. Whole days run from 00:00 to 00:00."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            stamp = getattr(self, name)
            if not isinstance(stamp, datetime) or stamp.tzinfo is not None:
                raise RequestError(f"The {name} must be a date and time without a time zone (AEST).", name)
            if not EARLIEST <= stamp <= LATEST:
                raise RequestError("Dates must lie between 1998-12-01 and 2100-01-01.", name)
            if stamp.second or stamp.microsecond or stamp.minute % 5:
                raise RequestError(f"The {name} must fall on a 5-minute boundary.", name)
        if self.end <= self.start:
            raise RequestError("The period ends before it starts: choose a start before the end.", "start")

    @classmethod
    def of_days(cls, first: date, last: date) -> Period:
        """Whole calendar days from ``first`` to ``last``, both included."""
        start = datetime(first.year, first.month, first.day)
        return cls(start, datetime(last.year, last.month, last.day) + timedelta(days=1))

    @classmethod
    def parse(cls, start: object, end: object) -> Period:
        """From the URL's two strings. A plain date as end means that whole day."""
        first = parse_stamp(start, "start")
        last = parse_stamp(end, "end")
        if isinstance(end, str) and "T" not in end and last < LATEST:
            last += timedelta(days=1)
        return cls(first, last)

    @property
    def is_whole_days(self) -> bool:
        return self.start.time() == self.end.time() == datetime.min.time()

    @property
    def intervals(self) -> int:
        """5-minute intervals a complete record of the period holds."""
        return int((self.end - self.start) / INTERVAL)

    @property
    def hours(self) -> float:
        return (self.end - self.start) / timedelta(hours=1)

    def to_strings(self) -> tuple[str, str]:
        """Inverse of ``parse``."""
        if self.is_whole_days:
            return self.start.date().isoformat(), (self.end - timedelta(days=1)).date().isoformat()
        form = "%Y-%m-%dT%H:%M"
        return self.start.strftime(form), self.end.strftime(form)

    def previous(self) -> Period:
        """The period of the same length that ends where this one starts."""
        return Period(self.start - (self.end - self.start), self.start)

    def next(self) -> Period:
        """The period of the same length that starts where this one ends."""
        return Period(self.end, self.end + (self.end - self.start))


def auto_resolution(period: Period) -> Resolution:
    """The finest resolution that keeps a chart of ``period`` below AUTO_BUCKETS buckets."""
    for resolution in Resolution:
        if period.intervals / resolution.intervals <= AUTO_BUCKETS:
            return resolution
    return Resolution.MONTH


def allowed_resolutions(period: Period) -> tuple[Resolution, ...]:
    """Resolutions whose buckets fit both the period and MAX_BUCKETS."""
    return tuple(r for r in Resolution if period.intervals / r.intervals <= MAX_BUCKETS)


def resolve_resolution(text: object, period: Period) -> Resolution:
    """'auto' or a resolution's name as a Resolution allowed for ``period``, or RequestError."""
    if text is None or text in ("", "auto"):
        return auto_resolution(period)
    try:
        resolution = Resolution(text)  # type: ignore[arg-type]
    except ValueError:
        names = ", ".join(Resolution)
        raise RequestError(f"Unknown resolution: choose auto, {names}.", "resolution") from None
    check_resolution(resolution, period)
    return resolution


def check_resolution(resolution: Resolution, period: Period) -> None:
    if not isinstance(resolution, Resolution):
        raise RequestError(f"Unknown resolution: choose {', '.join(Resolution)}.", "resolution")
    allowed = allowed_resolutions(period)
    if resolution not in allowed:
        days = MAX_BUCKETS * resolution.intervals // 288
        names = ", ".join(r.value for r in allowed)
        raise RequestError(
            f"{resolution.label.capitalize()} resolution is for periods up to {days} days: "
            f"shorten the period or choose {names}.",
            "resolution",
        )


PRESETS: Final = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "1y": 365, "all": 0}
"""Periods counted back from the data's own end, in days."""


def preset_period(name: object, first: datetime, last: datetime) -> Period:
    """A named period that ends with the data: '1d' is the last 24 hours to the minute, the others are
    whole days up to and including the last one that has data, so that day rollups serve them."""
    if not isinstance(name, str) or name not in PRESETS:
        raise RequestError(f"Unknown period: choose {', '.join(PRESETS)}, or a start and an end.", "range")
    if name == "1d":
        return Period(last - timedelta(days=1), last)
    final = market_day(last)
    days = PRESETS[name]
    return Period.of_days(final - timedelta(days=days - 1) if days else market_day(first), final)
