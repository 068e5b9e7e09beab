"""Batteries as charts: power and money over time, a ranking, the average day, stored energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_layer.market import Fuel
from layouts import graphs, price_axis, theme
from layouts.batteries import Line, shortened
from layouts.graphs import Figure
from layouts.series import Floats, Grid, encode, floats, names_and_codes, times
from layouts.traces import Trace, area, bars, line

MOST_RANKED: Final = 40
"""Bars that stand beside each other and can still be read."""

POWER_DOMAIN: Final = (0.42, 1.0)
PRICE_DOMAIN: Final = (0.0, 0.32)

BATTERY: Final = Fuel.BATTERY.value
_MW: Final = "%{y:,.1f} MW"


def _up(look: str) -> str:
    return theme.fuel_colour(BATTERY, look)


def _down(look: str) -> str:
    return theme.load_colour(BATTERY, look)


def _spread(grid: Grid, answer: pa.Table, column: str) -> Floats:
    """A column of an answer without groups on the grid, NaN where it has no row."""
    values = np.full(len(grid), np.nan)
    place = grid.places(times(answer))
    inside = place < len(grid)
    values[place[inside]] = floats(answer, column)[inside]
    return values


def power(grid: Grid, answer: pa.Table, prices: pa.Table, look: str) -> Figure:
    """Discharging upwards, charging downwards; below, the price of each region on the same x axis.

    ``answer``: BatterySeries; ``prices``: RegionSeries.
    """
    out, into = _spread(grid, answer, "discharge_mw"), _spread(grid, answer, "charge_mw")
    traces = [
        area(grid.x, out, "Discharging", _up(look), "up", _MW),
        {**area(grid.x, -into, "Charging", _down(look), "down"), **_positive_hover(into, "MW", "Charging")},
    ]
    shapes = graphs.gap_shapes(look, grid.gaps([out]), "y domain")
    lines = dict(sorted(grid.spread(prices, "regionid", "price_aud_per_mwh").items()))
    xaxis = graphs.time_axis(look, grid)
    return _over_prices(
        traces, grid.x, lines, look, xaxis, shapes=shapes, meta={"resolution": grid.resolution.value}
    )


def money(grid: Grid, answer: pa.Table, look: str) -> Figure:
    """Discharge revenue upwards, charge cost downwards, net revenue as a line; $ thousands a bucket."""
    revenue = _spread(grid, answer, "discharge_revenue_aud") / 1e3
    cost = _spread(grid, answer, "charge_cost_aud") / 1e3
    net = _spread(grid, answer, "revenue_aud") / 1e3
    labels = [str(stamp) for stamp in grid.stamps]
    traces = [
        bars(labels, revenue, "Discharge revenue", _up(look), "%{y:$,.1f}k"),
        {
            **bars(labels, -cost, "Charge cost", _down(look), ""),
            **_positive_hover(cost, "", "Charge cost", "%{customdata:$,.1f}k"),
        },
        line({"x": labels}, net, "Net revenue", theme.palette(look).ink, "%{y:$,.1f}k", 1.25),
    ]
    names = {"5min": "5 minutes", "30min": "half-hour"}
    each = names.get(grid.resolution.value, grid.resolution.value)
    return graphs.figure(
        look,
        traces,
        barmode="relative",
        bargap=0.05,
        xaxis=graphs.time_axis(look, grid),
        yaxis=graphs.value_axis(look, f"$ thousands per {each}", zeroline=True, tickformat=","),
        meta={"resolution": grid.resolution.value},
        dragmode="zoom",
        **graphs.legend_above(look),
    )


def ranking(lines: Sequence[Line], by: str, selected: Sequence[str], look: str) -> Figure:
    """Discharge revenue up and charge cost down for each group, net revenue as a mark, largest first."""
    shown = sorted(lines, key=lambda one: one["revenue_aud"] or 0.0, reverse=True)[:MOST_RANKED]
    names = [str(one["name"]) for one in shown]
    ticks = [name if by == "unit" else shortened(name)[:24] for name in names]
    on = [not selected or name in selected for name in names]
    money = {
        column: np.array([np.nan if one[column] is None else one[column] / 1e6 for one in shown])
        for column in ("discharge_revenue_aud", "charge_cost_aud", "revenue_aud")
    }

    def shaded(colour: str) -> list[str]:
        return [colour if one else theme.faded(colour, 0.35) for one in on]

    x = list(range(len(names)))
    cost = money["charge_cost_aud"]
    traces = [
        bars(x, money["discharge_revenue_aud"], "Discharge revenue", shaded(_up(look)), "%{y:$,.2f}M"),
        {
            **bars(x, -cost, "Charge cost", shaded(_down(look)), ""),
            **_positive_hover(cost, "", "Charge cost", "%{customdata:$,.2f}M"),
        },
        {
            "type": "scatter",
            "x": x,
            "y": encode(money["revenue_aud"]),
            "mode": "markers",
            "name": "Net revenue",
            "marker": {
                "symbol": "diamond",
                "size": 8,
                "color": theme.palette(look).ink,
                "line": {"width": 1, "color": theme.palette(look).surface},
            },
            "hovertemplate": "<b>%{y:$,.2f}M</b><extra>Net revenue</extra>",
        },
    ]
    axis = {
        **theme.axis(look),
        "tickvals": x,
        "ticktext": ticks,
        "range": [-0.6, len(x) - 0.4],
        "tickangle": -45 if len(x) > 8 else 0,
        "showgrid": False,
        "fixedrange": True,
    }
    return graphs.figure(
        look,
        traces,
        barmode="relative",
        bargap=0.25,
        xaxis=axis,
        yaxis=graphs.value_axis(look, "$ million", zeroline=True, tickformat=","),
        **graphs.legend_above(look),
    )


def average_day(answer: pa.Table, look: str) -> Figure:
    """The mean day: power of all regions together, the price of each below. ``answer``: BatteryTimeOfDay."""
    place = floats(answer, "time_of_day").astype(int) // 30 - 1
    names, codes = names_and_codes(answer.column("regionid"))
    x = graphs.HALF_HOURS
    sums: dict[str, Floats] = {}
    for column in ("discharge_mw", "charge_mw"):
        sums[column] = np.bincount(place, weights=floats(answer, column), minlength=48).astype(np.float64)
        sums[column][np.bincount(place, minlength=48) == 0] = np.nan
    prices = np.full((len(names), 48), np.nan)
    prices[codes, place] = floats(answer, "price_aud_per_mwh")
    into = sums["charge_mw"]
    traces = [
        area(x, sums["discharge_mw"], "Discharging", _up(look), "up", _MW),
        {**area(x, -into, "Charging", _down(look), "down"), **_positive_hover(into, "MW", "Charging")},
    ]
    lines = dict(sorted(zip(names, prices, strict=True)))
    return _over_prices(traces, x, lines, look, graphs.day_axis(look), unit="MW, mean over days")


def stored(grid: Grid, answer: pa.Table, look: str) -> Figure:
    """Energy stored in each region's batteries, one on the other; with one region, how far it swung within
    a bucket. ``answer``: StorageLevel."""
    series = dict(sorted(grid.spread(answer, "regionid", "stored_mwh").items()))
    # A region without batteries is published as zero or not at all: neither is a level.
    series = {region: values for region, values in series.items() if np.nanmax(values, initial=0) > 0}
    hover = "%{y:,.0f} MWh"
    if len(series) == 1:
        region, values = next(iter(series.items()))
        colour = theme.region_colour(region, look)
        low = grid.spread(answer, "regionid", "min_stored_mwh")[region]
        high = grid.spread(answer, "regionid", "max_stored_mwh")[region]
        traces: list[Trace] = [
            line(grid.x, low, "Lowest", colour, hover, 0.5),
            line(grid.x, high, "Highest", colour, hover, 0.5),
            line(grid.x, values, f"Stored, {region}", colour, hover, 1.75),
        ]
    else:
        traces = [
            area(grid.x, values, region, theme.region_colour(region, look), "up", hover)
            for region, values in series.items()
        ]
    return graphs.figure(
        look,
        traces,
        xaxis=graphs.time_axis(look, grid),
        yaxis=graphs.value_axis(look, "MWh stored", zeroline=True, tickformat=","),
        shapes=graphs.gap_shapes(look, grid.gaps(list(series.values()))) if len(series) > 1 else [],
        meta={"resolution": grid.resolution.value},
        dragmode="zoom",
        **graphs.legend_above(look),
    )


def _positive_hover(values: Floats, unit: str, name: str, form: str = "") -> dict[str, Any]:
    """What is drawn downwards is said as the positive number it is."""
    form = form or f"%{{customdata:,.1f}} {unit}"
    return {"customdata": encode(values), "hovertemplate": f"{form}<extra>{name}</extra>"}


def _over_prices(
    traces: list[Trace],
    x: dict[str, Any],
    prices: Mapping[str, Floats],
    look: str,
    xaxis: dict[str, Any],
    unit: str = "MW",
    **more: Any,
) -> Figure:
    """``traces`` above, price lines by region below, on one x axis with one hover."""
    price_traces = [_price_line(x, values, region, look) for region, values in prices.items()]
    extremes = price_axis.extremes(list(prices.values()))
    return graphs.figure(
        look,
        [*traces, *price_traces],
        xaxis={**xaxis, "anchor": "y2"},
        yaxis=graphs.value_axis(look, unit, zeroline=True, tickformat=",", domain=list(POWER_DOMAIN)),
        yaxis2=price_axis.axis(look, *extremes, domain=list(PRICE_DOMAIN)),
        hoversubplots="axis",
        dragmode="zoom",
        **graphs.legend_above(look),
        **more,
    )


def _price_line(x: dict[str, Any], values: Floats, region: str, look: str) -> Trace:
    colour = theme.region_colour(region, look)
    return {
        **line(x, price_axis.position(values), f"Price {region}", colour, "%{customdata:$,.2f}", 1.25),
        "customdata": encode(values),
        "yaxis": "y2",
    }
