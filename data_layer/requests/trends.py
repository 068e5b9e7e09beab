"""Questions of the Trends tab: months to years, how much of it is renewable, and the extremes.

All of them work in whole market days: a period that starts or ends within a day is widened to the days
it touches. What "found" means is said with each answer; days are counted in 288 intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import FUELS, RENEWABLE_FUELS, Bucket, interval_start, market_day
from data_layer.period import EARLIEST, Period
from data_layer.requests.base import Request, check_region, sorted_choice

BUCKETS: Final = tuple(bucket.value for bucket in Bucket)

DEFINITIONS: Final = ("demand", "generation", "gross", "utility")
"""What a renewable share divides by what (docs/definitions/trends.md)."""

LOADS: Final = ("residual", "demand")
"""What an evening ramp is a rise of."""

WINDOWS: Final = (7, 30, 90)
"""Lengths of a rolling mean in days; it needs two thirds of them found."""

WHOLE_DAY: Final = 0.95
"""A day is whole where at least this part of its intervals was found in every region."""

LEAST_MW: Final = 100.0
"""Below this mean of what a share divides by (South Australia's demand on a sunny noon) its ratio says
nothing, and no record is taken from it."""


def check_choice(value: object, allowed: Sequence[str], field: str) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise RequestError(f"Unknown {field}: choose one of {', '.join(allowed)}.", field)


def whole_days(period: Period) -> Period:
    """The market days that a period touches."""
    first = market_day(period.start + (period.start - interval_start(period.start)))
    return Period.of_days(first, market_day(period.end))


@dataclass(frozen=True)
class InDays(Request):
    """Base of the tab's questions: a period of whole days and one region or the NEM."""

    region: str = "NEM"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)
        object.__setattr__(self, "period", whole_days(self.period))


@dataclass(frozen=True)
class InBuckets(InDays):
    """Base of the questions that are answered by month, quarter, season, year or financial year."""

    bucket: str = "month"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.bucket, BUCKETS, "bucket")


@dataclass(frozen=True)
class FuelTrend(InBuckets):
    """Energy by fuel and bucket.

    Answer: bucket_start (date), fuel, generation_mwh (>= 0), load_mwh (<= 0), share (of the bucket's
    generation excl. storage, 0..1; null for storage), days_found (intervals with any unit reading / 288,
    mean over the regions that report within the period), days (whole days of the bucket).
    """

    name: ClassVar[str] = "fuel_trend"


@dataclass(frozen=True)
class ShareTrend(InBuckets):
    """The renewable share by bucket under one definition.

    Answer: bucket_start (date), renewable_mwh, whole_mwh (what the definition divides by), share (null
    without a denominator), days_found (intervals with all that the definition needs / 288, mean over
    the regions), days.
    """

    definition: str = "demand"

    name: ClassVar[str] = "share_trend"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.definition, DEFINITIONS, "definition")


@dataclass(frozen=True)
class ShareRecords(InDays):
    """Highest and lowest renewable share of half-hours, days and months, and when.

    Answer, at most six rows: record ('highest half-hour', 'lowest half-hour', ... day, month), time (end
    of the half-hour, or first day), share, renewable_mw, whole_mw (means), candidates (how many were
    compared). A half-hour counts where all six intervals of all that the definition needs were found in
    every region; a day where WHOLE_DAY of them were; a month where all of its days count; none where what
    is divided by is below LEAST_MW on average. Of equals the earliest.
    """

    definition: str = "demand"

    name: ClassVar[str] = "share_records"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.definition, DEFINITIONS, "definition")


@dataclass(frozen=True)
class DailyRolling(InDays):
    """Rolling mean of a group of fuels by day, over ``window_days`` days that end with the day.

    Answer, one row per whole day: date, energy_mwh (mean of a whole day), share (of generation excl.
    storage, sums over the window; null for storage alone, which is in neither), days_found (whole days in
    the window). The numbers are null where fewer than two thirds of the window's days are whole. The
    window may begin before the period.
    """

    fuels: tuple[str, ...] = RENEWABLE_FUELS
    window_days: int = 30

    name: ClassVar[str] = "daily_rolling"

    def __post_init__(self) -> None:
        super().__post_init__()
        fuels = sorted_choice(self.fuels, FUELS, "fuels") or RENEWABLE_FUELS
        object.__setattr__(self, "fuels", fuels)
        if isinstance(self.window_days, bool) or self.window_days not in WINDOWS:
            allowed = ", ".join(str(days) for days in WINDOWS)
            raise RequestError(f"A window is one of {allowed} days long.", "window_days")

    @property
    def needs(self) -> int:
        """Whole days a window must hold."""
        return -(-2 * self.window_days // 3)

    @property
    def read(self) -> Period:
        """The period with the days before it that its first window reaches."""
        return Period(
            max(self.period.start - timedelta(days=self.window_days - 1), EARLIEST), self.period.end
        )


@dataclass(frozen=True)
class DemandExtremes(InBuckets):
    """Highest and lowest operational demand by bucket, half-hour means, and when.

    Answer: bucket_start (date), max_demand_mw, max_demand_at, min_demand_mw, min_demand_at (ends of the
    half-hours; of equals the earliest), mean_demand_mw, days_found (half-hours that count / 48), days. A
    half-hour counts where all six intervals were found in every region, so that a sum of regions is
    never short of one.
    """

    name: ClassVar[str] = "demand_extremes"


@dataclass(frozen=True)
class EveningRamp(InBuckets):
    """The largest rise over three hours in the evening, by bucket.

    Of each day: the largest rise from the mean of one half-hour to that of the half-hour three hours
    later, both within 14:00 to 21:00 AEST. Answer: bucket_start (date), mean_ramp_mw (over days),
    max_ramp_mw, max_ramp_at (end of the later half-hour; of equals the earliest), days_found (days with
    a ramp), days. ``of`` is 'demand' (operational) or 'residual' (less wind and utility-scale solar).
    """

    of: str = "residual"

    name: ClassVar[str] = "evening_ramp"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.of, LOADS, "of")


REQUESTS: Final[tuple[type[Request], ...]] = (
    FuelTrend,
    ShareTrend,
    ShareRecords,
    DailyRolling,
    DemandExtremes,
    EveningRamp,
)
