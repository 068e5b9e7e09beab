"""An axis on which −$1,000, $40 and $23,200 are all readable: linear where prices live, logarithmic beyond.

Values are transformed before they are drawn; tick labels and hover show the true price.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from layouts import formats
from layouts.graphs import value_axis
from layouts.series import Floats

LOW: Final = -100.0
HIGH: Final = 300.0
DECADE_UP: Final = 110.0
"""Height of a factor of ten above HIGH, in dollars of the linear part."""
DECADE_DOWN: Final = 90.0


MATTERING: Final = (0, 300, -1000, -100, 20000, 1000, 100, 10000, 200, 3000, -300)
"""Ticks, those first that stay where there is room for few."""

LABEL_HEIGHT: Final = 0.035
"""Room that a label takes, as a share of a whole chart's height."""


def position(prices: Floats) -> Floats:
    """Where prices stand on the axis; NaN stays NaN. Monotone and continuous."""
    values = np.asarray(prices, dtype=np.float64)
    above = HIGH + DECADE_UP * np.log10(np.maximum(values, HIGH) / HIGH)
    below = LOW - DECADE_DOWN * np.log10(np.minimum(values, LOW) / LOW)
    placed: Floats = np.where(values > HIGH, above, np.where(values < LOW, below, values))
    return placed


def place(price: float) -> float:
    return float(position(np.array([price]))[0])


def axis(theme: str, lowest: float, highest: float, **more: Any) -> dict[str, Any]:
    """y axis that holds ``lowest`` to ``highest`` $/MWh with labelled ticks; at least 0 to 100."""
    low = min(0.0, lowest if math.isfinite(lowest) else 0.0)
    high = max(100.0, highest if math.isfinite(highest) else 0.0)
    bottom, top = place(low), place(high)
    margin = 0.04 * (top - bottom)
    first, last = more.get("domain", (0.0, 1.0))
    room = LABEL_HEIGHT / (last - first) * (top - bottom)
    shown: list[int] = []
    for tick in MATTERING:
        inside = bottom - margin <= place(tick) <= top + margin
        if inside and all(abs(place(tick) - place(other)) >= room for other in shown):
            shown.append(tick)
    shown.sort()
    tails = low < LOW or high > HIGH
    unit = "$/MWh, log tails" if tails else "$/MWh"
    return value_axis(
        theme,
        unit,
        range=[bottom - (margin if low < 0 else 0), top + margin],
        autorange=False,
        tickvals=[place(tick) for tick in shown],
        ticktext=[formats.number(tick) for tick in shown],
        zeroline=True,
        **more,
    )


def extremes(series: list[Floats]) -> tuple[float, float]:
    """Lowest and highest value of all series; (nan, nan) where there is none."""
    values = np.concatenate(series) if series else np.empty(0)
    values = values[~np.isnan(values)]
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)
