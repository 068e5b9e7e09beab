"""Local limits of the network that hold sun and wind back while prices are above zero.

A line is out, or too few synchronous machines run: for some hours the farms behind it are dispatched to a
share of their capacity, whatever they could produce and whatever they offered. Fixed in the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from data_layer.demo.fleet import Unit
from data_layer.demo.noise import Floats, uniform
from data_layer.demo.weather import INTERVALS_PER_DAY, Clock


@dataclass(frozen=True)
class Corner:
    """Farms behind one weak line: chance of a limit per day, its first hour, its longest length in hours,
    and the share of capacity that passes when it is tightest."""

    name: str
    duids: frozenset[str]
    chance: float
    first_hour: float
    longest_hours: float
    least_share: float


CORNERS: Final = (
    Corner("south-west NSW", frozenset({"SUNRSF1", "LIMOSF11", "DARLSF1", "COLEASF1"}), 0.45, 6.5, 10, 0.25),
    Corner("north-west VIC", frozenset({"KIAMSF1", "CRWARP1", "KARSF1", "MUWAWF1"}), 0.4, 6.0, 12, 0.3),
    Corner("north QLD", frozenset({"MEWF1", "KABANWF1", "DAYDSF1"}), 0.3, 5.0, 14, 0.3),
    Corner("mid-north SA", frozenset({"HDWF1", "SNOWNTH1", "SNOWSTH1", "NBHWF1"}), 0.3, 17.0, 16, 0.35),
)


def passed_mw(unit: Unit, clock: Clock) -> Floats | None:
    """MW that the network takes from a unit in each interval; None where nothing ever holds it back."""
    corner = next((corner for corner in CORNERS if unit.duid in corner.duids), None)
    if corner is None:
        return None
    share = np.ones(clock.count)
    # From the day before, because an evening's limit lasts into the night.
    days = np.arange(int(clock.day[0]) - 1, int(clock.day[-1]) + 1)
    for day in days[uniform(days, f"limit/{corner.name}") < corner.chance]:
        begin = corner.first_hour + 3.0 * float(uniform(day, f"limit hour/{corner.name}"))
        hours = corner.longest_hours * (0.25 + 0.75 * float(uniform(day, f"limit length/{corner.name}")))
        depth = corner.least_share + 0.4 * float(uniform(day, f"limit depth/{corner.name}"))
        start = day * INTERVALS_PER_DAY + round(begin * 12)
        within = (clock.index >= start) & (clock.index < start + round(hours * 12))
        share = np.where(within, np.minimum(share, depth), share)
    return np.asarray(unit.max_capacity_mw * share)
