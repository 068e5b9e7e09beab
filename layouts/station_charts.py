"""Charts of units and stations, one colour for each: output with price, revenue, average day, duration,
price bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from layouts import formats, graphs, mix, price_axis, theme
from layouts.graphs import Figure
from layouts.mix import PRICE_DOMAIN, STACK_DOMAIN
from layouts.series import Floats, Grid, encode, floats, names_and_codes
from layouts.station_items import Item
from layouts.traces import Trace, bars, line

UPPER: Final = (0.46, 1.0)
LOWER: Final = (0.0, 0.36)
"""Two charts of one x axis, of nearly equal weight."""

_LONGEST_NAME: Final = 28

_ROOM_RIGHT: Final = {"l": 8, "r": 24, "t": 8, "b": 8, "pad": 0}
"""For the label of a tick at the very end of the x axis."""


def _own(table: pa.Table, item: Item, column: str) -> Floats:
    """One item's values of a column, in the table's order."""
    names, codes = names_and_codes(table.column("item"))
    place = names.index(item.id) if item.id in names else -1
    values: Floats = floats(table, column)[codes == place]
    return values


def series(grid: Grid, answer: pa.Table, items: Sequence[Item], prices: mix.Prices, chosen: str) -> Figure:
    """Output as lines under their dotted capacity, the regions' prices below on the same x axis."""
    output = grid.spread(answer, "item", "mw")
    capacity = grid.spread(answer, "item", "capacity_mw")
    traces: list[Trace] = []
    for item in items:
        if item.id not in output:
            continue
        name = item.label if len(items) > 1 else "Output"
        traces.append(line(grid.x, output[item.id], name, item.colour, "%{y:,.1f} MW", legend="legend2"))
        if np.isfinite(capacity[item.id]).any():
            traces.append(_capacity(grid, capacity[item.id], item, len(items) == 1))
    mean = list(prices.mean.values())
    bounds = [one for one in (prices.lowest, prices.highest) if one is not None]
    return graphs.figure(
        chosen,
        [*traces, *mix.price_traces(grid, prices, chosen)],
        xaxis={**graphs.time_axis(chosen, grid), "anchor": "y2"},
        yaxis=graphs.value_axis(chosen, "MW", tickformat=",", zeroline=True, domain=list(STACK_DOMAIN)),
        yaxis2=price_axis.axis(chosen, *price_axis.extremes([*mean, *bounds]), domain=list(PRICE_DOMAIN)),
        hoversubplots="axis",
        showlegend=True,
        legend=graphs.legend(chosen, y=PRICE_DOMAIN[1]),
        legend2=graphs.legend(chosen, y=1.0),
        meta={"resolution": grid.resolution.value},
        dragmode="zoom",
    )


def _capacity(grid: Grid, values: Floats, item: Item, alone: bool) -> Trace:
    name = "Registered capacity" if alone else f"{item.label}, capacity"
    drawn = line(grid.x, values, name, item.colour, "%{y:,.0f} MW", 1, legend="legend2", showlegend=alone)
    drawn["line"] = {"color": item.colour, "width": 1, "dash": "dot"}
    return drawn


def revenue(grid: Grid, answer: pa.Table, items: Sequence[Item], chosen: str) -> Figure:
    """Revenue, and energy below it, as bars by day or month; what was paid counts below zero."""
    money = grid.spread(answer, "item", "revenue_aud")
    energy = _net(grid.spread(answer, "item", "generation_mwh"), grid.spread(answer, "item", "load_mwh"))
    largest = max((float(np.nanmax(np.abs(v), initial=0)) for v in money.values()), default=0.0)
    unit, size = ("$M", 1e6) if largest >= 2e6 else ("$k", 1e3)
    most = max((float(np.nanmax(np.abs(v), initial=0)) for v in energy.values()), default=0.0)
    energy_unit, energy_size = ("GWh", 1e3) if most >= 2e3 else ("MWh", 1.0)
    days = [str(stamp)[:10] for stamp in grid.stamps]
    traces: list[Trace] = []
    for item in items:
        if item.id not in money:
            continue
        hover = "%{y:,.2f} " + unit
        group = {"offsetgroup": item.id, "legendgroup": item.id}
        traces.append(bars(days, money[item.id] / size, item.label, item.colour, hover, **group))
        hover = "%{y:,.1f} " + energy_unit
        below = {**group, "yaxis": "y2", "showlegend": False}
        traces.append(bars(days, energy[item.id] / energy_size, item.label, item.colour, hover, **below))
    half = np.timedelta64(12, "h") if grid.step else np.timedelta64(15, "D")
    axis = graphs.time_axis(chosen, grid)
    if len(grid):
        axis["range"] = [str(grid.stamps[0] - half), str(grid.stamps[-1] + half)]
    return _two_rows(chosen, traces, axis, (unit, energy_unit), len(items))


def _net(generation: dict[str, Floats], load: dict[str, Floats]) -> dict[str, Floats]:
    return {item: values + np.nan_to_num(load[item]) for item, values in generation.items()}


def _two_rows(
    chosen: str, traces: list[Trace], xaxis: dict[str, Any], units: tuple[str, str], items: int
) -> Figure:
    return graphs.figure(
        chosen,
        traces,
        xaxis={**xaxis, "anchor": "y2"},
        yaxis=graphs.value_axis(chosen, units[0], tickformat=",", zeroline=True, domain=list(UPPER)),
        yaxis2=graphs.value_axis(chosen, units[1], tickformat=",", zeroline=True, domain=list(LOWER)),
        hoversubplots="axis",
        barmode="group",
        bargap=0.2,
        showlegend=items > 1,
        legend=graphs.legend(chosen, y=1.0),
        dragmode="zoom" if xaxis.get("type") == "date" else False,
    )


def time_of_day(answer: pa.Table, items: Sequence[Item], chosen: str) -> Figure:
    """The mean day; one item alone with the band of its middle 80 percent. Prices below."""
    x = graphs.HALF_HOURS
    traces: list[Trace] = []
    prices: list[Floats] = []
    for item in items:
        place = _own(answer, item, "time_of_day").astype(int) // 30 - 1
        if not len(place):
            continue
        day = {
            name: _spread(answer, item, name, place)
            for name in ("mw", "p10_mw", "p90_mw", "price_aud_per_mwh")
        }
        if len(items) == 1:
            traces += _band(x, day["p10_mw"], day["p90_mw"], item)
        traces.append(line(x, day["mw"], item.label, item.colour, "%{y:,.1f} MW", 2))
        price = day["price_aud_per_mwh"]
        prices.append(price)
        below: dict[str, Any] = {"yaxis": "y2", "customdata": encode(price), "showlegend": False}
        name = f"Price, {' + '.join(item.regions)}"
        traces.append(line(x, price_axis.position(price), name, item.colour, "%{customdata:$,.2f}", **below))
    return graphs.figure(
        chosen,
        traces,
        xaxis=graphs.day_axis(chosen, anchor="y2"),
        yaxis=graphs.value_axis(
            chosen, "MW, mean over days", tickformat=",", zeroline=True, domain=list(STACK_DOMAIN)
        ),
        yaxis2=price_axis.axis(chosen, *price_axis.extremes(prices), domain=list(PRICE_DOMAIN)),
        hoversubplots="axis",
        showlegend=True,
        legend=graphs.legend(chosen, y=1.0),
        margin=_ROOM_RIGHT,
    )


def _spread(answer: pa.Table, item: Item, column: str, place: Any) -> Floats:
    """An item's half-hours in their places of the day, NaN where none was found."""
    values = np.full(48, np.nan)
    values[place] = _own(answer, item, column)
    return values


def _band(x: dict[str, Any], low: Floats, high: Floats, item: Item) -> list[Trace]:
    below = line(x, low, "lowest tenth below", item.colour, "%{y:,.1f} MW", 0, showlegend=False)
    above = line(x, high, "highest tenth above", item.colour, "%{y:,.1f} MW", 0, showlegend=False)
    above |= {"fill": "tonexty", "fillcolor": theme.faded(item.colour)}
    return [below, above]


def duration(answer: pa.Table, items: Sequence[Item], chosen: str) -> Figure:
    """The output reached or passed in a share of the time, highest first."""
    traces = [
        line({"x0": 0, "dx": 0.5}, _own(answer, item, "mw"), item.label, item.colour, "%{y:,.1f} MW", 2)
        for item in items
        if len(_own(answer, item, "mw"))
    ]
    return graphs.figure(
        chosen,
        traces,
        xaxis={
            **theme.axis(chosen),
            "range": [0, 100],
            "fixedrange": True,
            "ticksuffix": "%",
            "title": {
                "text": "share of the 5-minute readings with at least this output",
                "font": theme.axis(chosen)["title"]["font"],
            },
            "unifiedhovertitle": {"text": "%{x:.1f}% of the time at least"},
        },
        yaxis=graphs.value_axis(chosen, "MW", tickformat=",", zeroline=True),
        margin=_ROOM_RIGHT,
        showlegend=len(items) > 1,
        legend=graphs.legend(chosen, y=1.0),
    )


def band_label(low: float | None, high: float | None) -> str:
    """ "< $0", "$0–30", "≥ $1,000": a band holds its lower edge; an open side is None."""
    if low is None:
        return "no price" if high is None else f"< {_dollars(high)}"
    return f"≥ {_dollars(low)}" if high is None else f"{_dollars(low)}–{formats.number(high)}"


def _dollars(value: float) -> str:
    text = formats.number(value)
    return f"{text[0]}${text[1:]}" if text.startswith(formats.MINUS) else f"${text}"


def price_bands(answer: pa.Table, items: Sequence[Item], edges: Sequence[float], chosen: str) -> Figure:
    """Generation, and what it earned, by band of the region's price; several items as shares of their own
    totals, so that large and small can be compared."""
    labels = [band_label(low, high) for low, high in zip([None, *edges], [*edges, None], strict=True)]
    alone = len(items) == 1
    traces: list[Trace] = []
    for item in items:
        energy = _in_bands(answer, item, "generation_mwh", len(labels)) / 1e3
        money = _in_bands(answer, item, "generation_revenue_aud", len(labels)) / 1e6
        for values, unit, axis in ((energy, "GWh", "y"), (money, "$M", "y2")):
            total = values.sum()
            shares = values / total * 100 if total else np.full(len(values), np.nan)
            more = {
                "offsetgroup": item.id,
                "customdata": encode(shares if alone else values),
                "yaxis": axis,
                "showlegend": axis == "y",
            }
            drawn = values if alone else shares
            hover = "%{y:,.2f} " + unit + ", %{customdata:.1f}% of its total"
            if not alone:
                hover = "%{y:.1f}% of its total, %{customdata:,.2f} " + unit
            traces.append(bars(labels, drawn, item.label, item.colour, hover, **more))
    axis_title = {
        "text": "settlement price of the region, $/MWh",
        "font": theme.axis(chosen)["title"]["font"],
    }
    x = {**theme.axis(chosen), "type": "category", "fixedrange": True, "showgrid": False, "title": axis_title}
    units = ("GWh generated", "$M earned") if alone else ("% of generation", "% of revenue")
    return _two_rows(chosen, traces, x, units, len(items))


def _in_bands(answer: pa.Table, item: Item, column: str, count: int) -> Floats:
    """An item's values by band, 0 where nothing fell into one; what has no price is in none."""
    band = _own(answer, item, "band").astype(int)
    values = np.zeros(count)
    values[band[band >= 0]] = np.nan_to_num(_own(answer, item, column)[band >= 0])
    return values


def largest(rows: Sequence[dict[str, Any]], chosen: str) -> Figure:
    """Revenue of the first rows of a ranking, coloured by fuel, the largest on top."""
    shown = list(reversed(rows))
    names = [_short(row["name"]) for row in shown]
    values = np.array([row["revenue_aud"] / 1e6 for row in shown])
    colours = [theme.fuel_colour(row["fuel"], chosen) for row in shown]
    places = [f"{row['fuel']}, {row['regionid']}" for row in shown]
    trace = bars(
        names,
        values,
        "Revenue",
        colours,
        "%{customdata}: %{x:,.2f} $M",
        orientation="h",
        x=encode(values),
        y=names,
        customdata=places,
    )
    return graphs.figure(
        chosen,
        [trace],
        hovermode="closest",
        bargap=0.25,
        xaxis=graphs.value_axis(chosen, "$M", zeroline=True, side="bottom"),
        yaxis={**theme.axis(chosen), "type": "category", "fixedrange": True, "showgrid": False, "ticks": ""},
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
