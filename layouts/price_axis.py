"""An axis on which −$1,000, $40 and $23,200 are all readable.

The hybrid scale is linear where prices live and logarithmic beyond; the symmetric log has no linear part to
speak of; linear is linear. Values are transformed before they are drawn; tick labels and hover show the
true price.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from layouts import formats
from layouts.graphs import value_axis
from layouts.series import Floats

HYBRID: Final = "hybrid"
LINEAR: Final = "linear"
SYMLOG: Final = "symlog"

LOW: Final = -100.0
HIGH: Final = 300.0
DECADE_UP: Final = 110.0
"""Height of a factor of ten above HIGH, in dollars of the linear part."""
DECADE_DOWN: Final = 90.0

SYMLOG_UNIT: Final = 10.0
"""Around here the symmetric log passes from linear to logarithmic, $/MWh."""

MATTERING: Final = (0, 300, -1000, -100, 20000, 1000, 100, 10000, 200, 3000, -300)
"""Ticks, those first that stay where there is room for few."""

MATTERING_SYMLOG: Final = (0, 100, 1000, -100, 10000, 10, -10, -1000, 300, 30, -30, 3000, -300)

LABEL_HEIGHT: Final = 0.035
"""Room that a label takes, as a share of a whole chart's height."""


def position(prices: Floats, scale: str = HYBRID) -> Floats:
    """Where prices stand on the axis; NaN stays NaN. Monotone and continuous."""
    values = np.asarray(prices, dtype=np.float64)
    if scale == LINEAR:
        return values
    if scale == SYMLOG:
        logged: Floats = np.sign(values) * np.log10(1 + np.abs(values) / SYMLOG_UNIT)
        return logged
    above = HIGH + DECADE_UP * np.log10(np.maximum(values, HIGH) / HIGH)
    below = LOW - DECADE_DOWN * np.log10(np.minimum(values, LOW) / LOW)
    placed: Floats = np.where(values > HIGH, above, np.where(values < LOW, below, values))
    return placed


def place(price: float, scale: str = HYBRID) -> float:
    return float(position(np.array([price]), scale)[0])


def axis(theme: str, lowest: float, highest: float, scale: str = HYBRID, **more: Any) -> dict[str, Any]:
    """y axis that holds ``lowest`` to ``highest`` $/MWh with labelled ticks; at least 0 to 100."""
    low = min(0.0, lowest if math.isfinite(lowest) else 0.0)
    high = max(100.0, highest if math.isfinite(highest) else 0.0)
    bottom, top = place(low, scale), place(high, scale)
    margin = 0.04 * (top - bottom)
    ticks = {"tickformat": ","} if scale == LINEAR else _ticks(bottom, top, margin, scale, more.get("domain"))
    return value_axis(
        theme,
        _unit(low, high, scale),
        range=[bottom - (margin if low < 0 else 0), top + margin],
        autorange=False,
        **ticks,
        zeroline=True,
        **more,
    )


def _unit(low: float, high: float, scale: str) -> str:
    if scale == SYMLOG:
        return "$/MWh, symmetric log"
    return "$/MWh, log tails" if scale == HYBRID and (low < LOW or high > HIGH) else "$/MWh"


def _ticks(bottom: float, top: float, margin: float, scale: str, domain: Any) -> dict[str, Any]:
    first, last = domain or (0.0, 1.0)
    room = LABEL_HEIGHT / (last - first) * (top - bottom)
    shown: list[int] = []
    for tick in MATTERING_SYMLOG if scale == SYMLOG else MATTERING:
        inside = bottom - margin <= place(tick, scale) <= top + margin
        if inside and all(abs(place(tick, scale) - place(other, scale)) >= room for other in shown):
            shown.append(tick)
    shown.sort()
    return {
        "tickvals": [place(tick, scale) for tick in shown],
        "ticktext": [formats.number(tick) for tick in shown],
    }


def extremes(series: list[Floats]) -> tuple[float, float]:
    """Lowest and highest value of all series; (nan, nan) where there is none."""
    values = np.concatenate(series) if series else np.empty(0)
    values = values[~np.isnan(values)]
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)
