"""Curtailment as charts: by cause, by fuel, as a share, over the average day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from layouts import graphs, theme
from layouts.graphs import Figure
from layouts.series import Floats, Grid, floats, names_and_codes, total
from layouts.traces import Trace, area, line

CAUSES: Final = ("network", "economic", "unpriced")
CAUSE_NAMES: Final = {"network": "Network", "economic": "Economic", "unpriced": "Without a price"}
_COLOURS: Final = {
    theme.LIGHT: {"network": "#c2553a", "economic": "#6f8fbf", "unpriced": "#9aa1ac"},
    theme.DARK: {"network": "#e8795b", "economic": "#86a8dc", "unpriced": "#8a919d"},
}

POWER_DOMAIN: Final = (0.36, 1.0)
SHARE_DOMAIN: Final = (0.0, 0.28)
_MW: Final = "%{y:,.0f} MW"
_PERCENT: Final = "%{y:.1f}%"


def cause_colour(cause: str, look: str) -> str:
    return _COLOURS[look][cause]


def by_cause(grid: Grid, answer: pa.Table, look: str) -> Figure:
    """Network, economic and unpriced curtailment stacked; below, the share of what could have been made.
    ``answer``: CurtailmentSeries."""
    traces = []
    for cause in CAUSES:
        values = _added(grid, answer, f"{cause}_curtailed_mw")
        if cause == "unpriced" and not np.nanmax(values, initial=0) > 0:
            continue
        traces.append(area(grid.x, values, CAUSE_NAMES[cause], cause_colour(cause, look), "up", _MW))
    return _over_share(grid, answer, traces, look)


def by_fuel(grid: Grid, answer: pa.Table, look: str) -> Figure:
    """Sun and wind held back, stacked; below, the share of what could have been made."""
    traces = [
        area(grid.x, values, fuel, theme.fuel_colour(fuel, look), "up", _MW)
        for fuel, values in sorted(grid.spread(answer, "fuel", "curtailed_mw").items())
    ]
    return _over_share(grid, answer, traces, look)


def share(grid: Grid, answer: pa.Table, look: str) -> Figure:
    """Each fuel's share of what it could have made, and that of both together."""
    series = sorted(grid.spread(answer, "fuel", "curtailed_share").items())
    traces = [
        line(grid.x, values * 100, fuel, theme.fuel_colour(fuel, look), _PERCENT, 1.75)
        for fuel, values in series
    ]
    if len(series) > 1:
        both = _whole_share(grid, answer)
        traces.append(line(grid.x, both, "Both", theme.palette(look).ink, _PERCENT, 1.25))
    return graphs.figure(
        look,
        traces,
        xaxis=graphs.time_axis(look, grid),
        yaxis=graphs.value_axis(look, "% of UIGF", zeroline=True),
        meta={"resolution": grid.resolution.value},
        dragmode="zoom",
        **graphs.legend_above(look),
    )


def average_day(answer: pa.Table, look: str) -> Figure:
    """The mean day: causes stacked, fuels added; the line is what could have been made."""
    x = graphs.HALF_HOURS
    traces = []
    for cause in CAUSES:
        values = _by_half_hour(answer, f"{cause}_curtailed_mw")
        if cause == "unpriced" and not np.nanmax(values, initial=0) > 0:
            continue
        traces.append(area(x, values, CAUSE_NAMES[cause], cause_colour(cause, look), "up", _MW))
    forecast = _by_half_hour(answer, "uigf_mw")
    traces.append(
        line(x, forecast, "Could have been made (UIGF)", theme.palette(look).muted, _MW, 1.5)
        | {"line": {"color": theme.palette(look).muted, "width": 1.5, "dash": "dot"}}
    )
    return graphs.figure(
        look,
        traces,
        xaxis=graphs.day_axis(look),
        yaxis=graphs.value_axis(look, "MW, mean over days", zeroline=True, tickformat=","),
        **graphs.legend_above(look),
    )


def _added(grid: Grid, answer: pa.Table, column: str) -> Floats:
    """A column over time, fuels added; NaN where no fuel has a value."""
    return total(list(grid.spread(answer, "fuel", column).values()), len(grid))


def _whole_share(grid: Grid, answer: pa.Table) -> Floats:
    """Curtailed over UIGF of the fuels in the answer, in percent; NaN where nothing could be made."""
    possible = _added(grid, answer, "uigf_mwh")
    held: Floats = _added(grid, answer, "curtailed_mwh") / np.where(possible > 0, possible, np.nan) * 100
    return held


def _by_half_hour(answer: pa.Table, column: str) -> Floats:
    place = floats(answer, "time_of_day").astype(int) // 30 - 1
    names, codes = names_and_codes(answer.column("fuel"))
    dense = np.full((len(names), 48), np.nan)
    dense[codes, place] = floats(answer, column)
    return total(list(dense), 48)


def _over_share(grid: Grid, answer: pa.Table, traces: Sequence[Trace], look: str) -> Figure:
    share_line = line(
        grid.x, _whole_share(grid, answer), "Share of UIGF", theme.palette(look).ink, _PERCENT, 1.25
    )
    gaps = grid.gaps([_added(grid, answer, "curtailed_mw")])
    return graphs.figure(
        look,
        [*traces, {**share_line, "yaxis": "y2"}],
        xaxis={**graphs.time_axis(look, grid), "anchor": "y2"},
        yaxis=graphs.value_axis(
            look, "MW curtailed", zeroline=True, tickformat=",", domain=list(POWER_DOMAIN)
        ),
        yaxis2=graphs.value_axis(look, "% of UIGF", zeroline=True, nticks=4, domain=list(SHARE_DOMAIN)),
        shapes=graphs.gap_shapes(look, gaps, "y domain"),
        hoversubplots="axis",
        meta={"resolution": grid.resolution.value},
        dragmode="zoom",
        **graphs.legend_above(look),
    )
