"""Outlines of the NEM's regions as traces take them. Their origin is in the file and in docs/outlines/."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from layouts.series import Floats

FILE: Final = Path(__file__).parent.parent / "assets" / "outlines.json"

MIDDLE_LATITUDE: Final = -32.0
"""Where the map is true to shape: the middle of the market's load."""

Rings = Sequence[Sequence[float]]


@cache
def _rings() -> tuple[dict[str, Rings], Rings]:
    held = json.loads(FILE.read_text(encoding="utf-8"))
    return held["regions"], held["others"]


@cache
def outline(region: str) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of a region's rings, NaN between two rings; '' for land of other markets."""
    regions, others = _rings()
    parts = []
    for ring in regions[region] if region else others:
        parts += [np.array(ring).reshape(-1, 2), np.array([[np.nan, np.nan]])]
    joined = np.vstack(parts[:-1])
    return joined[:, 0], joined[:, 1]


def bounds(region: str) -> tuple[float, float, float, float]:
    """West, east, south, north of a region."""
    x, y = outline(region)
    return float(np.nanmin(x)), float(np.nanmax(x)), float(np.nanmin(y)), float(np.nanmax(y))
