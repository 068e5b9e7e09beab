"""Generation by fuel as charts: stack, shares, capacity factors, average day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from data_layer.market import FUELS, Fuel
from layouts import graphs, price_axis, theme
from layouts.graphs import Figure
from layouts.price_traces import price_band, price_line
from layouts.series import Floats, Grid, encode, floats, names_and_codes, total
from layouts.theme import IMPORTS
from layouts.traces import area, line

LOAD_NAMES = {Fuel.BATTERY.value: "Battery charging", Fuel.WATER.value: "Pumps", IMPORTS: "Net exports"}
GENERATION_NAMES = {Fuel.BATTERY.value: "Battery discharging", IMPORTS: "Net imports"}

LOADS = (Fuel.BATTERY.value, Fuel.WATER.value)
"""Fuels whose load is a business of its own: charging and pumping."""

STATION_LOAD = "Station load"
"""What all other power stations draw: small and many, so one band and one row."""

STACK_DOMAIN = (0.3, 1.0)
PRICE_DOMAIN = (0.0, 0.24)


def generation_name(fuel: str) -> str:
    return GENERATION_NAMES.get(fuel, fuel)


def load_name(fuel: str) -> str:
    return LOAD_NAMES.get(fuel, f"{fuel} load")


@dataclass(frozen=True)
class Mix:
    """MW by fuel on a grid: ``generation`` >= 0, ``load`` <= 0 (only fuels that have some), and what
    flows in (+) or out (−) where one region is shown."""

    grid: Grid
    generation: Mapping[str, Floats]
    load: Mapping[str, Floats]
    net_import: Floats | None = None

    @classmethod
    def of(cls, grid: Grid, answer: pa.Table, region_answer: pa.Table | None = None) -> Mix:
        """From the answers to GenerationMix and, for one region, RegionSeries."""
        generation = _in_order(grid.spread(answer, "fuel", "generation_mw"))
        load = {
            k: v
            for k, v in _in_order(grid.spread(answer, "fuel", "load_mw")).items()
            if np.nanmin(v, initial=0) < -0.05
        }
        flows = None
        if region_answer is not None:
            found = list(grid.spread(region_answer, "regionid", "net_import_mw").values())
            flows = found[0] if found else None
        return cls(grid, generation, load, flows)

    @property
    def fuels(self) -> tuple[str, ...]:
        """What can be hidden, in stacking order."""
        imports = (IMPORTS,) if self.net_import is not None else ()
        return (*imports, *self.generation)

    @property
    def is_empty(self) -> bool:
        return not any(np.isfinite(values).any() for values in self.generation.values())


@dataclass(frozen=True)
class Prices:
    """Price lines under the stack: mean by region and, for one region, the extremes within a bucket."""

    mean: Mapping[str, Floats]
    lowest: Floats | None = None
    highest: Floats | None = None

    @classmethod
    def of(cls, grid: Grid, answer: pa.Table) -> Prices:
        """From the answer to RegionSeries."""
        mean = dict(sorted(grid.spread(answer, "regionid", "price_aud_per_mwh").items()))
        if len(mean) != 1 or grid.resolution.intervals == 1:
            return cls(mean)
        lowest = next(iter(grid.spread(answer, "regionid", "min_price_aud_per_mwh").values()))
        highest = next(iter(grid.spread(answer, "regionid", "max_price_aud_per_mwh").values()))
        return cls(mean, lowest, highest)


@dataclass(frozen=True)
class Look:
    """How a chart is to look: theme and the fuels switched off."""

    theme: str
    hidden: Collection[str] = field(default_factory=tuple)


def _in_order(series: Mapping[str, Floats]) -> dict[str, Floats]:
    return {fuel: series[fuel] for fuel in FUELS if fuel in series}


def stack(mix: Mix, look: Look, prices: Prices | None = None) -> Figure:
    """Generation stacked upwards, load and exports downwards; price lines below on the same x axis."""
    traces: list[dict[str, Any]] = []
    if mix.net_import is not None and IMPORTS not in look.hidden:
        # A stack takes a missing value for zero, and the hover leaves it out: only one of the two is said.
        inflow = np.where(mix.net_import >= 0, mix.net_import, np.nan)
        outflow = np.where(mix.net_import < 0, mix.net_import, np.nan)
        traces.append(
            area(mix.grid.x, inflow, GENERATION_NAMES[IMPORTS], theme.fuel_colour(IMPORTS, look.theme), "up")
        )
        traces.append(
            area(mix.grid.x, outflow, LOAD_NAMES[IMPORTS], theme.load_colour(IMPORTS, look.theme), "down")
        )
    for fuel, values in mix.generation.items():
        if fuel not in look.hidden:
            colour = theme.fuel_colour(fuel, look.theme)
            traces.append(area(mix.grid.x, values, generation_name(fuel), colour, "up"))
    for fuel, values in mix.load.items():
        if fuel in LOADS and fuel not in look.hidden:
            colour = theme.load_colour(fuel, look.theme)
            traces.append(area(mix.grid.x, values, load_name(fuel), colour, "down"))
    station = [values for fuel, values in mix.load.items() if fuel not in (*LOADS, *look.hidden)]
    if station:
        drawn = total(station, len(mix.grid))
        traces.append(area(mix.grid.x, drawn, STATION_LOAD, theme.palette(look.theme).zero, "down"))
    shown = [values for fuel, values in mix.generation.items() if fuel not in look.hidden]
    traces.append(_total(mix.grid, total(shown, len(mix.grid)), look.theme))
    shapes = graphs.gap_shapes(look.theme, mix.grid.gaps(list(mix.generation.values())), "y domain")
    return _with_prices(mix.grid, look, traces, "MW", prices, shapes)


def proportion(mix: Mix, look: Look, prices: Prices | None = None) -> Figure:
    """Each fuel's share of the generation shown; loads and flows have no place in a share."""
    shown = {fuel: values for fuel, values in mix.generation.items() if fuel not in look.hidden}
    whole = total(list(shown.values()), len(mix.grid))
    whole = np.where(whole > 0, whole, np.nan)
    traces = [
        area(
            mix.grid.x,
            values / whole * 100,
            generation_name(fuel),
            theme.fuel_colour(fuel, look.theme),
            "up",
            "%{y:.1f}%",
        )
        for fuel, values in shown.items()
    ]
    shapes = graphs.gap_shapes(look.theme, mix.grid.gaps(list(mix.generation.values())), "y domain")
    return _with_prices(mix.grid, look, traces, "% of generation shown", prices, shapes, yrange=[0, 100])


def capacity_factor(grid: Grid, answer: pa.Table, look: Look, prices: Prices | None = None) -> Figure:
    """Energy over capacity by fuel as lines; fuels without registered capacity are left out."""
    energy = _in_order(grid.spread(answer, "fuel", "generation_mwh"))
    possible = grid.spread(answer, "fuel", "capacity_mwh")
    traces = []
    for fuel, values in energy.items():
        room = possible[fuel]
        if fuel in look.hidden or not np.nansum(room) > 0:
            continue
        factor = values / np.where(room > 0, room, np.nan) * 100
        traces.append(
            line(grid.x, factor, generation_name(fuel), theme.fuel_colour(fuel, look.theme), "%{y:.1f}%")
        )
    return _with_prices(grid, look, traces, "capacity factor, %", prices, [])


def average_day(answer: pa.Table, look: Look) -> Figure:
    """The mean day by fuel, half-hours by their end."""
    names, codes = names_and_codes(answer.column("fuel"))
    place = floats(answer, "time_of_day").astype(int) // 30 - 1
    generation = np.full((len(names), 48), np.nan)
    load = np.full((len(names), 48), np.nan)
    generation[codes, place] = floats(answer, "generation_mw")
    load[codes, place] = floats(answer, "load_mw")
    up = _in_order(dict(zip(names, generation, strict=True)))
    down = _in_order(dict(zip(names, load, strict=True)))
    x = graphs.HALF_HOURS
    traces = [
        area(x, values, generation_name(fuel), theme.fuel_colour(fuel, look.theme), "up")
        for fuel, values in up.items()
        if fuel not in look.hidden
    ] + [
        area(x, values, load_name(fuel), theme.load_colour(fuel, look.theme), "down")
        for fuel, values in down.items()
        if fuel not in look.hidden and np.nanmin(values, initial=0) < -0.05
    ]
    shown = [values for fuel, values in up.items() if fuel not in look.hidden]
    traces.append({**_total_at(x, total(shown, 48), look.theme)})
    return graphs.figure(
        look.theme,
        traces,
        xaxis=graphs.day_axis(look.theme),
        yaxis=graphs.value_axis(look.theme, "MW, mean over days", zeroline=True),
    )


def _with_prices(
    grid: Grid,
    look: Look,
    traces: list[dict[str, Any]],
    unit: str,
    prices: Prices | None,
    shapes: list[dict[str, Any]],
    yrange: list[float] | None = None,
) -> Figure:
    layout: dict[str, Any] = {
        "xaxis": graphs.time_axis(look.theme, grid),
        "yaxis": graphs.value_axis(look.theme, unit, zeroline=True),
        "shapes": shapes,
        "meta": {"resolution": grid.resolution.value},
        "dragmode": "zoom",
    }
    if yrange is not None:
        layout["yaxis"] |= {"range": yrange, "autorange": False}
    if prices is not None and prices.mean:
        layout["yaxis"]["domain"] = list(STACK_DOMAIN)
        layout["xaxis"]["anchor"] = "y2"
        layout["hoversubplots"] = "axis"
        series = [*prices.mean.values(), *(s for s in (prices.lowest, prices.highest) if s is not None)]
        layout["yaxis2"] = price_axis.axis(
            look.theme, *price_axis.extremes(series), domain=list(PRICE_DOMAIN)
        )
        layout["legend"] = graphs.legend(look.theme, y=PRICE_DOMAIN[1])
        layout["showlegend"] = True
        traces = [{"showlegend": False, **trace} for trace in traces]
        traces += price_traces(grid, prices, look.theme)
    return graphs.figure(look.theme, traces, **layout)


def price_traces(grid: Grid, prices: Prices, chosen: str) -> list[dict[str, Any]]:
    """Lines on the price axis y2, one region with the band of its extremes."""
    traces: list[dict[str, Any]] = []
    if prices.lowest is not None and prices.highest is not None:
        colour = theme.region_colour(next(iter(prices.mean)), chosen)
        traces += price_band(grid, prices.lowest, prices.highest, colour, yaxis="y2")
    for region, values in prices.mean.items():
        name = f"Price {region}" if len(prices.mean) == 1 else region
        colour = theme.region_colour(region, chosen)
        traces.append(price_line(grid.x, values, name, colour, width=1.25, yaxis="y2"))
    return traces


def _total(grid: Grid, values: Floats, chosen: str) -> dict[str, Any]:
    return _total_at(grid.x, values, chosen)


def _total_at(x: dict[str, Any], values: Floats, chosen: str) -> dict[str, Any]:
    """An invisible line that puts the total into the hover."""
    return {
        "type": "scatter",
        **x,
        "y": encode(values),
        "name": "Total generation",
        "mode": "lines",
        "line": {"width": 0, "color": theme.palette(chosen).ink},
        "hovertemplate": "<b>%{y:,.0f} MW</b><extra><b>Total generation</b></extra>",
    }
