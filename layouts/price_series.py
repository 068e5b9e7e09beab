"""The big chart of the Prices tab: a line for each region, over the other period's where one is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from data_layer.market import REGIONS
from layouts import graphs, price_axis, smoothing, theme
from layouts.graphs import Figure
from layouts.price_traces import price_band, price_line
from layouts.series import Floats, Grid, Times, floats, names_and_codes, times, with_gaps
from layouts.traces import Trace

OTHER = ", other period"
"""What the lines of a comparison are called beside the region; the subtitle says which period it is."""


@dataclass(frozen=True)
class Look:
    """How prices are drawn: theme, scale of the axis, smoothing and its window."""

    theme: str
    scale: str = price_axis.HYBRID
    smoothing: str = smoothing.NONE
    window: str = "1d"


@dataclass(frozen=True)
class Lines:
    """Mean price by region on a grid and, for one region in buckets, the extremes within each."""

    grid: Grid
    mean: Mapping[str, Floats]
    lowest: Floats | None = None
    highest: Floats | None = None
    extremes: list[Floats] = field(default_factory=list)

    @classmethod
    def of(cls, grid: Grid, answer: pa.Table) -> Lines:
        """From the answer to RegionSeries."""
        spread = grid.spread(answer, "regionid", "price_aud_per_mwh")
        mean: dict[str, Floats] = {region: spread[region] for region in REGIONS if region in spread}
        if len(mean) != 1 or grid.resolution.intervals == 1:
            return cls(grid, mean)
        lowest = next(iter(grid.spread(answer, "regionid", "min_price_aud_per_mwh").values()))
        highest = next(iter(grid.spread(answer, "regionid", "max_price_aud_per_mwh").values()))
        return cls(grid, mean, lowest, highest)

    @property
    def is_empty(self) -> bool:
        return not any(np.isfinite(values).any() for values in self.mean.values())

    def aligned(self, length: int) -> dict[str, Floats]:
        """The values bucket by bucket from the start, as many as another grid has."""
        filled = {}
        for region, values in self.mean.items():
            row = np.full(length, np.nan)
            row[: min(length, len(values))] = values[:length]
            filled[region] = row
        return filled


def over_time(lines: Lines, look: Look, other: Lines | None = None) -> Figure:
    """Averages of buckets. Smoothed: the smooth line in front, the values behind it, faded."""
    grid = lines.grid
    window = smoothing.buckets(look.window, grid.resolution)
    is_smoothed = look.smoothing != smoothing.NONE and window >= 2
    traces: list[Trace] = []
    drawn: list[Floats] = []
    if lines.lowest is not None and lines.highest is not None:
        colour = theme.region_colour(next(iter(lines.mean)), look.theme)
        traces += price_band(grid, lines.lowest, lines.highest, colour, look.scale)
        drawn += [lines.lowest, lines.highest]
    for region, values in (other.aligned(len(grid)) if other else {}).items():
        smooth = smoothing.smooth(values, look.smoothing, window)
        drawn.append(smooth)
        traces.append(_other(grid.x, smooth, region, look))
    for region, values in lines.mean.items():
        colour = theme.region_colour(region, look.theme)
        if is_smoothed:
            raw = {"hoverinfo": "skip", "hovertemplate": None, "showlegend": False}
            faint = price_line(grid.x, values, f"{region} unsmoothed", colour, look.scale, width=1, **raw)
            traces.append({**faint, "opacity": 0.3})
            drawn.append(values)
        smooth = smoothing.smooth(values, look.smoothing, window)
        drawn.append(smooth)
        width = 2.25 if is_smoothed else 1.5
        traces.append(price_line(grid.x, smooth, region, colour, look.scale, width=width))
    return _figure(look, traces, drawn, graphs.time_axis(look.theme, grid), grid.resolution.value)


def _other(x: dict[str, Any], values: Floats, region: str, look: Look) -> Trace:
    """A line of the other period: faded and dotted, where this one's is."""
    colour = theme.faded(theme.region_colour(region, look.theme), 0.55)
    drawn = price_line(x, values, region + OTHER, colour, look.scale, width=1.25)
    return {**drawn, "line": {**drawn["line"], "dash": "dot"}}


@dataclass(frozen=True)
class Envelope:
    """5-minute prices thinned to the lowest and highest of each stretch, by region."""

    start: datetime
    end: datetime
    series: Mapping[str, tuple[Times, Floats]]

    @classmethod
    def of(cls, start: datetime, end: datetime, answer: pa.Table) -> Envelope:
        """From the answer to PriceEnvelope."""
        names, codes = names_and_codes(answer.column("regionid"))
        stamps, prices = times(answer), floats(answer, "price_aud_per_mwh")
        series: dict[str, tuple[Times, Floats]] = {}
        for region in (region for region in REGIONS if region in names):
            mine = codes == names.index(region)
            series[region] = with_gaps(stamps[mine], prices[mine], start, end)
        return cls(start, end, series)

    def moved(self, by: timedelta) -> dict[str, tuple[Times, Floats]]:
        shift = np.timedelta64(int(by.total_seconds()), "s")
        return {region: (stamps + shift, prices) for region, (stamps, prices) in self.series.items()}


def spikes(lines: Envelope, look: Look, other: Envelope | None = None) -> Figure:
    """Every spike and dip at 5 minutes, whatever the period."""
    traces: list[Trace] = []
    drawn: list[Floats] = []
    before = other.moved(lines.start - other.start) if other else {}
    for region, (stamps, prices) in before.items():
        drawn.append(prices)
        traces.append(_other({"x": [str(stamp) for stamp in stamps]}, prices, region, look))
    for region, (stamps, prices) in lines.series.items():
        drawn.append(prices)
        colour = theme.region_colour(region, look.theme)
        x = {"x": [str(stamp) for stamp in stamps]}
        traces.append(price_line(x, prices, region, colour, look.scale, width=1.25))
    axis = {
        **graphs.time_axis(look.theme, Grid.of(lines.start, lines.start, graphs.FINEST)),
        "range": [lines.start.isoformat(), lines.end.isoformat()],
        "autorange": False,
    }
    return _figure(look, traces, drawn, axis, graphs.FINEST.value)


def _figure(
    look: Look, traces: Sequence[Trace], drawn: list[Floats], xaxis: dict[str, Any], resolution: str
) -> Figure:
    return graphs.figure(
        look.theme,
        list(traces),
        xaxis=xaxis,
        yaxis=price_axis.axis(look.theme, *price_axis.extremes(drawn), look.scale),
        meta={"resolution": resolution},
        dragmode="zoom",
    )
