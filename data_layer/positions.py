"""Where stations stand: a small built-in table of facts, one row per DUID.

AEMO's lists name a place but no coordinates. Positions are rounded to a hundredth of a degree (about a
kilometre), which is enough for a map of the market.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

SOURCE = "NEMDesk positions"


@cache
def positions() -> dict[str, tuple[float, float]]:
    """DUID -> (latitude, longitude) in degrees, WGS 84. Do not change the returned mapping."""
    with open(Path(__file__).with_name("station_positions.csv"), newline="", encoding="utf-8") as handle:
        return {
            row["duid"]: (float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(handle)
        }
