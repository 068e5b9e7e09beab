"""The other period of a comparison, faded behind a chart of this one, on the same x."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from layouts import price_axis, theme
from layouts.graphs import Figure
from layouts.mix import PRICE_DOMAIN, Mix, Prices
from layouts.series import Floats, Grid, encode, floats, names_and_codes, total
from layouts.theme import IMPORTS
from layouts.traces import line

OPACITY: Final = 0.45
NAME: Final = "other period"


@dataclass(frozen=True)
class Other:
    """The top of the other period's stack (generation shown, and net imports where one region is) and its
    prices, on the x of this one."""

    x: Mapping[str, Any]
    total: Floats
    prices: Mapping[str, Floats]

    @classmethod
    def of(cls, grid: Grid, other: Grid, shift: timedelta, mix: Mix, prices: Prices, hidden: Any) -> Other:
        """``grid`` is this period's, ``other`` and the series the other's; ``shift`` takes one to the
        other."""
        shown = [values for fuel, values in mix.generation.items() if fuel not in hidden]
        if mix.net_import is not None and IMPORTS not in hidden:
            shown.append(np.maximum(mix.net_import, 0))
        return cls(_moved(grid, other, shift), total(shown, len(other)), prices.mean)


def _moved(grid: Grid, other: Grid, shift: timedelta) -> dict[str, Any]:
    """The other period's stamps in this one. Days and months go by their order, since a shift of hours
    would take a day between two days, and months are not equally long."""
    if other.resolution.is_subdaily:
        return Grid(other.stamps + np.timedelta64(int(shift.total_seconds()), "s"), other.resolution).x
    extra = max(0, len(other) - len(grid))
    return {"x": [str(stamp) for stamp in grid.stamps[: len(other)]] + [None] * extra}


def draw(figure: Figure, other: Other, shown: Prices, look: str, *, top: str) -> Figure:
    """``figure`` with the other period: its prices and, named ``top``, a line where its stack would end;
    no such line without a name."""
    ink = theme.palette(look).ink
    traces = list(figure["data"])
    if top:
        hover = "%{y:,.0f} MW"
        made = line(dict(other.x), other.total, f"{top}, {NAME}", theme.faded(ink, 0.75), hover, 1.5)
        traces.append({**made, "line": {**made["line"], "dash": "dot"}, "showlegend": True})
    layout = dict(figure["layout"])
    if "yaxis2" in layout:
        traces += _prices(other, look)
        series = [*shown.mean.values(), *other.prices.values()]
        series += [values for values in (shown.lowest, shown.highest) if values is not None]
        bounds = price_axis.extremes(series)
        layout["yaxis2"] = price_axis.axis(look, *bounds, domain=list(PRICE_DOMAIN))
    return {"data": traces, "layout": layout}


def _prices(other: Other, look: str) -> list[dict[str, Any]]:
    traces = []
    for region, values in other.prices.items():
        colour = theme.faded(theme.region_colour(region, look), OPACITY)
        made = line(
            dict(other.x),
            price_axis.position(values),
            f"Price {region}, {NAME}",
            colour,
            "%{customdata:$,.2f}",
            1.5,
        )
        look_of_line = {"color": colour, "width": 1.5, "dash": "dot"}
        only = len(other.prices) == 1
        traces.append(
            {
                **made,
                "line": look_of_line,
                "customdata": encode(values),
                "yaxis": "y2",
                "showlegend": only,
            }
        )
    return traces


def average_day(figure: Figure, answer: pa.Table, hidden: Any, look: str) -> Figure:
    """The average day with the total of the other period's, from TimeOfDay's answer."""
    names, codes = names_and_codes(answer.column("fuel"))
    dense = np.full((len(names), 48), np.nan)
    dense[codes, floats(answer, "time_of_day").astype(int) // 30 - 1] = floats(answer, "generation_mw")
    shown = [row for name, row in zip(names, dense, strict=True) if name not in hidden]
    colour = theme.faded(theme.palette(look).ink, 0.75)
    x = {"x0": 0.5, "dx": 0.5}
    made = line(x, total(shown, 48), f"Total, {NAME}", colour, "%{y:,.0f} MW")
    dotted = {**made, "line": {**made["line"], "dash": "dot"}}
    return {"data": [*figure["data"], dotted], "layout": figure["layout"]}
