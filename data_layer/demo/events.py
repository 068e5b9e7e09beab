"""The oddities of real data that the demonstration carries, so that nobody meets them first in AEMO's.

All are fixed in the calendar (not counted from the start), so that a month looks the same in every
demonstration that contains it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from data_layer.demo.fleet import NEW_UNIT, OLD_GENERATOR, OLD_LOAD, Unit
from data_layer.demo.noise import Floats
from data_layer.demo.weather import EPOCH, INTERVALS_PER_DAY, Clock
from data_layer.market import Fuel

LATE_ROOFTOP_REGION = "QLD1"
"""Its newest half-hour of rooftop PV has not arrived."""

OVERLAP = timedelta(days=7)
"""How long the battery's old and new DUIDs both report, as happened with real ones."""

_INTERVENTION_MONTHS = (2, 5, 8, 11)
_INTERVENTION_DAY = 6
_GAP_DAY = 9


def changeover(end: datetime) -> datetime:
    """Start of the day from which the battery reports under its new DUID: the last 4 February that
    lies at least the overlap before ``end``."""
    year = end.year
    while datetime(year, 2, 4) + OVERLAP > end:
        year -= 1
    return datetime(year, 2, 4)


def _days(clock: Clock) -> list[tuple[int, date]]:
    days = range(int(clock.day[0]), int(clock.day[-1]) + 1)
    return [(day, (EPOCH + timedelta(days=day)).date()) for day in days]


def _between(clock: Clock, day: int, first_hour: float, last_hour: float) -> npt.NDArray[np.bool_]:
    base = day * INTERVALS_PER_DAY
    return np.asarray((clock.index >= base + first_hour * 12) & (clock.index < base + last_hour * 12))


def intervention(clock: Clock) -> npt.NDArray[np.bool_]:
    """Intervals in which AEMO directed units: four hours of one day in each quarter."""
    directed = np.zeros(clock.count, dtype=bool)
    for day, on in _days(clock):
        if on.month in _INTERVENTION_MONTHS and on.day == _INTERVENTION_DAY:
            directed |= _between(clock, day, 10.5, 14.5)
    return directed


def reported(duids: list[str], clock: Clock, end: datetime) -> npt.NDArray[np.bool_]:
    """intervals x duids: which readings were published.

    Each month has twenty minutes without any reading and half a day without those of one station.
    """
    exists = np.ones((clock.count, len(duids)), dtype=bool)
    for day, on in _days(clock):
        if on.day == _GAP_DAY:
            exists[_between(clock, day, 3 + 1 / 6, 3.5)] = False
            silent = duids[(on.year * 12 + on.month) * 7 % len(duids)]
            exists[_between(clock, day, 8.0, 19.5), duids.index(silent)] = False
    change = np.datetime64(changeover(end))
    stamps = clock.stamps
    exists[:, duids.index(NEW_UNIT)] &= stamps > change
    for old in (OLD_GENERATOR, OLD_LOAD):
        exists[:, duids.index(old)] &= stamps <= change + np.timedelta64(OVERLAP)
    return exists


def as_metered(unit: Unit, mw: Floats, noise: np.random.Generator) -> Floats:
    """A unit's output as SCADA reports it: pumps count what they consume as positive, meters jitter,
    and thermal units that stand still draw a little power."""
    if unit.pump:
        return np.asarray(np.maximum(-mw, 0.0))
    if unit.fuel in (Fuel.WIND, Fuel.SOLAR):
        return np.where(mw > 0.05, mw, -0.0008 * unit.max_capacity_mw * (unit.fuel == Fuel.SOLAR))
    if unit.fuel == Fuel.WATER:
        return np.where(mw > 0.5, mw, 0.0)
    standing = mw < 0.02 * unit.max_capacity_mw
    return np.where(
        standing, -0.004 * unit.max_capacity_mw, mw + 0.15 * noise.standard_normal(len(mw), dtype=np.float32)
    )
