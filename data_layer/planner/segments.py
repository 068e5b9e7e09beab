"""How a period is cut into the coarsest exact stretches of a rollup family.

A period that is not whole days is cut into whole days (day rollup) and its two ends (finer rollups), so
that cost follows what is drawn and not how long the history is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from data_layer.market import Resolution
from data_layer.period import Period
from data_layer.sql import Segment


def _midnight_after(stamp: datetime) -> datetime:
    midnight = stamp.replace(hour=0, minute=0)
    return midnight if midnight == stamp else midnight + timedelta(days=1)


def _half_hour_after(stamp: datetime) -> datetime:
    return stamp + timedelta(minutes=-stamp.minute % 30)


def _month_after(stamp: datetime) -> datetime:
    first = stamp.replace(day=1, hour=0, minute=0)
    return first if first == stamp else (first + timedelta(days=32)).replace(day=1)


MONTHS_WORTH_A_CUT: Final = timedelta(days=180)
"""Below this, the days themselves are fewer than what planning another stretch costs."""


@dataclass(frozen=True)
class _Grain:
    """A rollup's bucket: its table suffix, the first and last boundary inside a period, and how long a
    stretch must be to be worth a cut."""

    suffix: str
    first: Callable[[datetime], datetime]
    last: Callable[[datetime], datetime]
    worth: timedelta = timedelta(0)


GRAINS: Final = {
    Resolution.MONTH: _Grain(
        "month", _month_after, lambda s: s.replace(day=1, hour=0, minute=0), MONTHS_WORTH_A_CUT
    ),
    Resolution.DAY: _Grain("day", _midnight_after, lambda s: s.replace(hour=0, minute=0)),
    Resolution.HALF_HOUR: _Grain("30min", _half_hour_after, lambda s: s - timedelta(minutes=s.minute % 30)),
}


def segments(family: str, period: Period, coarsest: Resolution) -> list[Segment]:
    """Cut ``period`` into the coarsest exact stretches of a rollup family ('region', 'region_fuel').

    ``coarsest`` is the longest bucket the answer can be built from. Stretches are in time order.
    """
    for grain, facts in GRAINS.items():
        if grain.intervals > coarsest.intervals:
            continue
        start, end = facts.first(period.start), facts.last(period.end)
        if end <= start or end - start < facts.worth:
            continue
        before = segments(family, Period(period.start, start), grain) if period.start < start else []
        after = segments(family, Period(end, period.end), grain) if end < period.end else []
        return [*before, Segment(f"{family}_{facts.suffix}", Period(start, end)), *after]
    return [Segment(f"{family}_5min", period)]


def finest_unit_segments(period: Period, coarsest: Resolution) -> list[Segment]:
    """Like ``segments`` for the unit rollups, whose finest table is the half-hour."""
    return [
        Segment("unit_interval", s.period) if s.table == "unit_5min" else s
        for s in segments("unit", period, coarsest)
    ]


def interval_segments(family: str, period: Period, coarsest: Resolution) -> list[Segment]:
    """Like ``segments`` for a family whose finest rollup is the half-hour: below it, the family's view over
    5-minute rows (sql.READINGS)."""
    return [
        Segment(f"{family}_interval", s.period) if s.table == f"{family}_5min" else s
        for s in segments(family, period, coarsest)
    ]
