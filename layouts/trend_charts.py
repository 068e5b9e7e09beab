"""Charts of the Trends tab: mix by bucket, years overlaid, renewable share, demand, evening ramps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_layer.market import Bucket, Fuel
from layouts import buckets, graphs, theme
from layouts.buckets import Buckets
from layouts.graphs import Figure
from layouts.mix import LOADS, STATION_LOAD, generation_name, load_name
from layouts.series import Floats, encode, floats, names_and_codes, total
from layouts.traces import bars, line
from layouts.trends import Band

GWH: Final = "%{y:,.0f} GWh"


@dataclass(frozen=True)
class Trend:
    """FuelTrend's answer on its buckets: MWh by fuel, generation >= 0 and load <= 0."""

    buckets: Buckets
    generation: dict[str, Floats]
    load: dict[str, Floats]

    @classmethod
    def of(cls, places: Buckets, answer: pa.Table) -> Trend:
        names, codes = names_and_codes(answer.column("fuel"))
        dense = np.full((2, len(names), len(places)), np.nan)
        where = places.places(answer)
        dense[0, codes, where] = floats(answer, "generation_mwh")
        dense[1, codes, where] = floats(answer, "load_mwh")
        load = {name: row for name, row in zip(names, dense[1], strict=True) if np.nanmin(row) < -0.05}
        return cls(places, dict(zip(names, dense[0], strict=True)), load)

    def banded(self, entries: Sequence[Band], hidden: Collection[str]) -> list[tuple[Band, Floats]]:
        """Generation of each band that has some, without what is switched off."""
        made = []
        for band in entries:
            parts = [self.generation[f] for f in band.fuels if f in self.generation and f not in hidden]
            if parts:
                made.append((band, total(parts, len(self.buckets))))
        return made

    @property
    def whole(self) -> Floats:
        """All generation without storage."""
        return total([v for f, v in self.generation.items() if f != Fuel.BATTERY], len(self.buckets))


def mix(trend: Trend, entries: Sequence[Band], hidden: Collection[str], look: str) -> Figure:
    """Energy stacked upwards, charging and pumping downwards."""
    places = trend.buckets
    shown = trend.banded(entries, hidden)
    traces = [
        _bar(places, values / 1000, generation_name(band.name), band.colour, GWH) for band, values in shown
    ]
    for fuel in LOADS:
        if fuel in trend.load and fuel not in hidden:
            colour = theme.load_colour(fuel, look)
            traces.append(_bar(places, trend.load[fuel] / 1000, load_name(fuel), colour, GWH))
    station = [v for fuel, v in trend.load.items() if fuel not in (*LOADS, *hidden)]
    if station:
        drawn = total(station, len(places)) / 1000
        traces.append(_bar(places, drawn, STATION_LOAD, theme.palette(look).zero, GWH))
    whole = total([values for _, values in shown], len(places)) / 1000
    traces += [_total(places, whole, look), buckets.days_in_hover(places, whole)]
    return _stacked(places, traces, look, "GWh")


def shares(trend: Trend, entries: Sequence[Band], hidden: Collection[str], look: str) -> Figure:
    """Each band's share of all generation without storage, hidden ones left out of the picture only."""
    places = trend.buckets
    whole = np.where(trend.whole > 0, trend.whole, np.nan)
    shown = trend.banded(entries, {*hidden, Fuel.BATTERY.value})
    traces = [
        _bar(places, values / whole * 100, band.name, band.colour, "%{y:.1f}%") for band, values in shown
    ]
    traces.append(buckets.days_in_hover(places, np.where(np.isfinite(whole), 100.0, np.nan)))
    return _stacked(places, traces, look, "% of generation without storage", range=[0, 100], autorange=False)


def _bar(places: Buckets, values: Floats, name: str, colour: str, hover: str) -> dict[str, Any]:
    made = bars(places.names, values, name, colour, hover)
    return {**made, "marker": {**made["marker"], "opacity": places.opacity}}


def _stacked(places: Buckets, traces: list[dict[str, Any]], look: str, unit: str, **yaxis: Any) -> Figure:
    return graphs.figure(
        look,
        traces,
        barmode="relative",
        bargap=0.12,
        dragmode=False,
        xaxis=buckets.axis(look, places),
        yaxis=graphs.value_axis(look, unit, zeroline=True, **yaxis),
    )


def _total(places: Buckets, values: Floats, look: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": places.names,
        "y": encode(values),
        "name": "Total generation",
        "mode": "markers",
        "marker": {"size": 0.1, "opacity": 0, "color": theme.palette(look).ink},
        "hovertemplate": "<b>%{y:,.0f} GWh</b><extra><b>Total generation</b></extra>",
    }


def share_line(places: Buckets, answer: pa.Table, name: str, look: str) -> Figure:
    """The renewable share by bucket; hollow where a bucket is partial."""
    values = places.spread(answer, "share") * 100
    colour = theme.fuel_colour(Fuel.WIND, look)
    traces = [
        _points(places, values, name, colour, "%{y:.1f}%"),
        buckets.days_in_hover(places, values),
    ]
    return _lines(places, traces, look, "renewable share, %", legend=False)


def demand(places: Buckets, answer: pa.Table, look: str) -> Figure:
    """Highest, mean and lowest operational demand by bucket."""
    colours = theme.palette(look)
    traces = []
    for column, name, colour in (
        ("max_demand_mw", "Highest", colours.negative),
        ("mean_demand_mw", "Mean", colours.muted),
        ("min_demand_mw", "Lowest", colours.accent),
    ):
        traces.append(_points(places, places.spread(answer, column), name, colour, "%{y:,.0f} MW"))
    traces.append(buckets.days_in_hover(places, places.spread(answer, "mean_demand_mw")))
    return _lines(places, traces, look, "operational demand, MW")


def ramp(places: Buckets, answer: pa.Table, look: str) -> Figure:
    """Mean evening ramp as bars, the record of each bucket as a mark above."""
    mean, most = (places.spread(answer, column) for column in ("mean_ramp_mw", "max_ramp_mw"))
    colours = theme.palette(look)
    traces = [
        _bar(places, mean, "Mean of days", colours.accent, "%{y:,.0f} MW"),
        {
            **_points(places, most, "Record", colours.negative, "%{y:,.0f} MW"),
            "mode": "markers",
        },
        {**buckets.days_in_hover(places, mean), "showlegend": False},
    ]
    return _lines(places, traces, look, "rise over three hours, MW")


def _points(places: Buckets, values: Floats, name: str, colour: str, hover: str) -> dict[str, Any]:
    mode = "lines+markers" if len(places) <= 120 else "lines"
    made = line({"x": places.names}, values, name, colour, hover, 1.75)
    marker = {"color": colour, "size": 6, "symbol": places.symbols}
    return {**made, "mode": mode, "marker": marker}


def _lines(
    places: Buckets, traces: list[dict[str, Any]], look: str, unit: str, *, legend: bool = True
) -> Figure:
    return graphs.figure(
        look,
        traces,
        bargap=0.3,
        dragmode=False,
        xaxis={**buckets.axis(look, places), "showspikes": False},
        yaxis=graphs.value_axis(look, unit, zeroline=True),
        showlegend=legend,
        legend=graphs.legend(look, y=1.0),
    )


@dataclass(frozen=True)
class Year:
    """One year of a daily series: its name, and values by the day of a leap year (NaN: no value)."""

    name: str
    days: list[str]
    values: Floats


def years(answer: pa.Table, column: str, bucket: Bucket) -> list[Year]:
    """A daily answer cut into years, oldest first: calendar years, or financial years where those are
    chosen. A day stands at its place in a leap year, so that 1 March is 1 March in every year; a year
    without a 29 February simply has no such place."""
    cut = Bucket.FINANCIAL_YEAR if bucket is Bucket.FINANCIAL_YEAR else Bucket.YEAR
    values = floats(answer, column)
    known = np.isfinite(values)
    dates = np.asarray(answer.column("date").to_numpy(), dtype="datetime64[D]")[known]
    values = values[known]
    made: list[Year] = []
    start = cut.start(dates.min().item()) if len(dates) else date.max
    while len(dates) and start <= dates.max().item():
        following = cut.following(start)
        mine = (dates >= np.datetime64(start)) & (dates < np.datetime64(following))
        places = (dates[mine] - np.datetime64(start)).astype(int)
        if len(places):
            first, last = int(places.min()), int(places.max())
            dense = np.full(last - first + 1, np.nan)
            dense[places - first] = values[mine]
            days = _days_of_year(start.month, leap=(following - start).days == 366)
            made.append(Year(cut.name_of(start), list(days[first : last + 1]), dense))
        start = following
    return made


@cache
def _days_of_year(month: int, *, leap: bool) -> tuple[str, ...]:
    """The days of a year that begins with ``month``, as they are called in the year around 29 February
    2000; without that day where the year has none."""
    first = date(2000 if month == 1 else 1999, month, 1)
    days = [first + timedelta(days=step) for step in range(366)]
    return tuple(day.isoformat() for day in days if leap or day != date(2000, 2, 29))


def overlay(entries: Sequence[Year], look: str, unit: str, hover: str, scale: float) -> Figure:
    """Years over each other; the latest in front, older ones fainter."""
    traces = [
        {
            **line({"x": year.days}, year.values * scale, year.name, colour, hover, width),
            "line": {"color": colour, "width": width, "dash": dash},
        }
        for year, (colour, width, dash) in zip(entries, _styles(len(entries), look), strict=True)
    ]
    first = min((year.days[0][:4] for year in entries), default="2000")
    span = ["2000-01-01", "2000-12-31"] if first == "2000" else ["1999-07-01", "2000-06-30"]
    return graphs.figure(
        look,
        traces,
        dragmode=False,
        xaxis={
            **theme.axis(look),
            "type": "date",
            "range": span,
            "autorange": False,
            "fixedrange": True,
            "showgrid": False,
            "dtick": "M1",
            "tickformat": "%b",
            "hoverformat": "%-d %b",
            "ticklabelmode": "period",
        },
        yaxis=graphs.value_axis(look, unit, zeroline=True),
        showlegend=True,
        legend=graphs.legend(look, y=1.0),
    )


def _styles(count: int, look: str) -> list[tuple[str, float, str]]:
    """(colour, width, dash) from the oldest year to the latest."""
    colours = theme.palette(look)
    dashes = ("solid", "dash", "dot", "dashdot", "longdash")
    made = []
    for age in range(count - 1, -1, -1):
        if age == 0:
            made.append((colours.accent, 2.5, "solid"))
        else:
            opacity = max(0.3, 0.95 - 0.17 * (age - 1))
            made.append((theme.faded(colours.ink, opacity), 1.5, dashes[(age - 1) % len(dashes)]))
    return made
