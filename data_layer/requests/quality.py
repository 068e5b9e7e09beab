"""Questions about the data itself: what was expected of each day and region, what was found, what is missing.

Expected is what the time asks for, from the first to the newest stamp of the lake: nothing is missing before
the data began or after it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import REGIONS
from data_layer.period import Period
from data_layer.requests.base import Request, check_region

LONGEST_GAPS: Final = timedelta(days=31)
"""The most days of which single gaps are listed."""


def whole_days(period: Period) -> Period:
    """The market days that a period touches, whole."""
    return Period(_midnight(period.start), _midnight(period.end - timedelta(minutes=5)) + timedelta(days=1))


def _midnight(stamp: datetime) -> datetime:
    return stamp.replace(hour=0, minute=0)


@dataclass(frozen=True)
class DataQuality(Request):
    """What was found of each market day that the period touches, whole days.

    Answer, one row per day and region, and one per day with regionid 'Unmapped' where units reported that no
    register knows: time, regionid, intervals_expected (5-minute intervals of the day within the lake's own
    span; 0 for 'Unmapped'), intervals_found (with a settlement price), demand_found (with a demand),
    intervention_intervals (AEMO published two runs, one was kept), rooftop_expected (half-hours in which
    units of the region reported), rooftop_found (of those, with rooftop PV), units_reporting, units_unmapped
    (of those, without registry entry or known fuel), readings_expected (units_reporting times the day's
    intervals), readings_found.
    """

    name: ClassVar[str] = "data_quality"


@dataclass(frozen=True)
class DataGaps(Request):
    """What exactly is missing or unusual in one region.

    Answer, in time order within each kind: kind, regionid, duid ('' but for units), start, end (the stamps
    start < t <= end), intervals (5 minutes each). Kinds: 'price', 'demand' (none was found), 'readings' (no
    unit of the region reported), 'rooftop' (no rooftop PV while units reported, half-hours that end in the
    period), 'intervention' (two runs were published, one was kept), 'unit' (a unit that reported at some time
    of the period did not), 'unmapped' (first to last reading of a unit that no register knows; intervals
    counts its readings; one without a region, 'Unmapped', comes with every region).
    """

    region: str = REGIONS[0]

    name: ClassVar[str] = "data_gaps"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region, allow_nem=False)
        if self.period.end - self.period.start > LONGEST_GAPS:
            raise RequestError(f"Gaps are listed for at most {LONGEST_GAPS.days} days.", "end")


REQUESTS: Final[tuple[type[Request], ...]] = (DataQuality, DataGaps)
