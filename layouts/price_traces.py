"""Lines and bands of prices, placed on the scale of layouts/price_axis.py; the hover says the true price."""

from __future__ import annotations

from typing import Any

import numpy as np

from layouts import price_axis, theme
from layouts.series import Floats, Grid, encode, runs
from layouts.traces import Trace, line

HOVER = "%{customdata:$,.2f}/MWh"


def price_line(
    x: dict[str, Any], values: Floats, name: str, colour: str, scale: str = price_axis.HYBRID, **more: Any
) -> Trace:
    """A line of prices with its gaps open. ``more``: width, yaxis, opacity ..."""
    drawn = line(x, price_axis.position(values, scale), name, colour, HOVER, **more)
    return {**drawn, "customdata": encode(values)}


def price_band(
    grid: Grid, lowest: Floats, highest: Floats, colour: str, scale: str = price_axis.HYBRID, **more: Any
) -> list[Trace]:
    """From the lowest to the highest price within each bucket. plotly.js fills between two lines as if
    their gaps were not there: each unbroken run is a band of its own."""
    traces: list[Trace] = []
    for first, last in runs(np.isfinite(lowest) & np.isfinite(highest)):
        x = Grid(grid.stamps[first:last], grid.resolution).x
        low = price_line(x, lowest[first:last], "Lowest price", colour, scale, width=0, **more)
        high = price_line(x, highest[first:last], "Highest price", colour, scale, width=0, **more)
        fill = {"fill": "tonexty", "fillcolor": theme.faded(colour)}
        traces += [{**low, "showlegend": False}, {**high, **fill, "showlegend": False}]
    return traces
