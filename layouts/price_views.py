"""What the analysis panel of Prices draws: duration, bands, heat-map, average day, dearest intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_layer.market import REGIONS
from layouts import formats, graphs, price_axis, theme
from layouts.graphs import Figure
from layouts.price_series import OTHER, Look
from layouts.price_traces import HOVER, price_line
from layouts.series import Floats, encode, floats, names_and_codes
from layouts.traces import Trace, heatmap

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def by_region(answer: pa.Table) -> dict[str, pa.Table]:
    """The answer's rows region by region, in the field's order."""
    names, codes = names_and_codes(answer.column("regionid"))
    return {r: answer.filter(pa.array(codes == names.index(r))) for r in REGIONS if r in names}


def _axis(chosen: str, text: str, **more: Any) -> dict[str, Any]:
    axis = theme.axis(chosen)
    return {**axis, "title": {**axis["title"], "text": text, "standoff": 6}, "fixedrange": True, **more}


def _faded(trace: Trace) -> Trace:
    return {**trace, "line": {**trace["line"], "dash": "dot"}, "opacity": 0.55, "showlegend": False}


def _curve(rows: pa.Table) -> tuple[Floats, Floats]:
    """(share of time in %, price) of a duration curve: from the highest price at nothing to the lowest at
    all of the time."""
    share = floats(rows, "share_at_or_above") * 100
    price = floats(rows, "price_aud_per_mwh")
    return np.insert(share, 0, 0.0), np.insert(price, 0, floats(rows, "highest_price_aud_per_mwh")[0])


def duration(answer: pa.Table, look: Look, other: pa.Table | None = None) -> Figure:
    """Price against the share of time for which it was reached."""
    traces: list[Trace] = []
    drawn: list[Floats] = []
    for table, suffix in ((other, OTHER), (answer, "")):
        if table is None:
            continue
        for region, rows in by_region(table).items():
            share, price = _curve(rows)
            drawn.append(price)
            colour = theme.region_colour(region, look.theme)
            trace = price_line({"x": encode(share)}, price, region + suffix, colour, look.scale)
            trace["hovertemplate"] = (
                f"%{{x:.2f}}% of the time at or above {HOVER}<extra>{trace['name']}</extra>"
            )
            traces.append(_faded(trace) if suffix else trace)
    return graphs.figure(
        look.theme,
        traces,
        hovermode="closest",
        xaxis=_axis(look.theme, "% of the time at or above", range=[0, 100], showgrid=False, ticksuffix="%"),
        yaxis=price_axis.axis(look.theme, *price_axis.extremes(drawn), look.scale),
        **_legend(look.theme),
    )


def _legend(chosen: str) -> dict[str, Any]:
    return {"showlegend": True, "legend": graphs.legend(chosen, y=1.02)}


def band_name(low: float | None, high: float | None) -> str:
    """Of a price band: its lower edge belongs to it, the upper one does not."""
    if low is None:
        return f"below {_edge(high or 0.0)}"
    return f"{_edge(low)} and above" if high is None else f"{_edge(low)} to {_edge(high)}"


def _edge(value: float) -> str:
    """An edge as it was given, no digit lost."""
    digits = f"{abs(value):,.6f}".rstrip("0").rstrip(".")
    return f"{formats.MINUS if value < 0 else ''}${digits}"


def edges_of(edges: Sequence[float]) -> list[tuple[float | None, float | None]]:
    """Every band between ``edges``, the open ones included, ascending."""
    return list(zip((None, *edges), (*edges, None), strict=True))


def butterfly(answer: pa.Table, edges: Sequence[float], chosen: str) -> Figure:
    """Left: share of time in each band. Right: what the band contributes to the average."""
    bands = [band_name(low, high) for low, high in edges_of(edges)]
    traces: list[Trace] = []
    for region, rows in by_region(answer).items():
        place = floats(rows, "band").astype(int)
        for axis, column, factor, hover in (
            ("x", "share_of_time", 100.0, "%{x:.2f}% of the time"),
            ("x2", "contribution_aud_per_mwh", 1.0, "%{x:$,.2f}/MWh of the average"),
        ):
            values = np.full(len(bands), np.nan)
            values[place] = floats(rows, column) * factor
            traces.append(_wing(values, bands, region, axis, hover, chosen))
    few = {"nticks": 5, "tickangle": 0}
    return graphs.figure(
        chosen,
        traces,
        barmode="group",
        bargap=0.25,
        hovermode="closest",
        xaxis=_axis(chosen, "% of time", domain=[0, 0.47], autorange="reversed", **few, ticksuffix="%"),
        xaxis2=_axis(chosen, "$/MWh of the average", domain=[0.53, 1], anchor="y", **few, zeroline=True),
        yaxis={**theme.axis(chosen), "type": "category", "fixedrange": True, "showgrid": False},
        **_legend(chosen),
    )


def _wing(
    values: Floats, bands: Sequence[str], region: str, axis: str, hover: str, chosen: str
) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "x": encode(values),
        "y": list(bands),
        "xaxis": axis,
        "name": region,
        "legendgroup": region,
        "showlegend": axis == "x",
        "marker": {"color": theme.region_colour(region, chosen), "line": {"width": 0}},
        "hovertemplate": f"%{{y}}: {hover}<extra>{region}</extra>",
    }


def heat_map(rows: pa.Table, by: str, look: Look) -> Figure:
    """Hour of the day (rows, midnight on top) by weekday or month, one region."""
    parts, minutes = floats(rows, "part").astype(int), floats(rows, "time_of_day").astype(int)
    columns = list(range(1, 8)) if by == "weekday" else sorted(set(parts.tolist()))
    grid = np.full((24, len(columns)), np.nan)
    place = np.searchsorted(columns, parts)
    grid[minutes // 60 - 1, place] = floats(rows, "price_aud_per_mwh")
    labels = list(DAYS) if by == "weekday" else [_month(part) for part in columns]
    hours = [f"{hour:02d}–{hour + 1:02d}" for hour in range(24)]
    shown = price_axis.position(grid, look.scale)
    trace = heatmap(
        labels,
        hours,
        shown,
        look.theme,
        "%{x}, %{y} h: <b>%{customdata:$,.2f}/MWh</b>",
        unit="$/MWh",
        diverging=bool(np.nanmin(grid, initial=0) < 0),
        customdata=[[None if np.isnan(v) else round(float(v), 2) for v in row] for row in grid],
    )
    finite = grid[np.isfinite(grid)]
    if look.scale != price_axis.LINEAR and len(finite):
        ticks = price_axis.axis(look.theme, float(finite.min()), float(finite.max()), look.scale)
        trace["colorbar"] |= {key: ticks[key] for key in ("tickvals", "ticktext")}
    return graphs.figure(
        look.theme,
        [trace],
        hovermode="closest",
        xaxis={**theme.axis(look.theme), "type": "category", "fixedrange": True, "showgrid": False},
        yaxis=_axis(
            look.theme,
            "hour of the day, AEST",
            type="category",
            autorange="reversed",
            nticks=12,
            showgrid=False,
        ),
    )


def _month(part: int) -> str:
    return f"{date(part // 100, part % 100, 1):%b %Y}"


def average_day(answer: pa.Table, look: Look, other: pa.Table | None = None) -> Figure:
    """Mean price of every half-hour of the day."""
    traces: list[Trace] = []
    drawn: list[Floats] = []
    for table, suffix in ((other, OTHER), (answer, "")):
        if table is None:
            continue
        for region, rows in by_region(table).items():
            values = np.full(48, np.nan)
            values[floats(rows, "time_of_day").astype(int) // 30 - 1] = floats(rows, "price_aud_per_mwh")
            drawn.append(values)
            colour = theme.region_colour(region, look.theme)
            trace = price_line(graphs.HALF_HOURS, values, region + suffix, colour, look.scale)
            traces.append(_faded(trace) if suffix else trace)
    axis = graphs.day_axis(look.theme)
    return graphs.figure(
        look.theme,
        traces,
        xaxis={**axis, "title": {**axis["title"], "standoff": 6}},
        yaxis=price_axis.axis(look.theme, *price_axis.extremes(drawn), look.scale),
        **_legend(look.theme),
    )


def without_dearest(answer: pa.Table, top: int, chosen: str) -> Figure:
    """The average as the dearest intervals are taken away, one by one; a line at the chosen number. The
    axis is linear and fits the averages: what matters is how they fall."""
    traces: list[Trace] = []
    for region, rows in by_region(answer).items():
        values = np.insert(
            floats(rows, "mean_without_aud_per_mwh"), 0, floats(rows, "mean_price_aud_per_mwh")[0]
        )
        colour = theme.region_colour(region, chosen)
        traces.append(price_line({"x0": 0, "dx": 1}, values, region, colour, price_axis.LINEAR))
    mark = {
        "type": "line",
        "x0": top,
        "x1": top,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": theme.palette(chosen).muted, "width": 1, "dash": "dash"},
    }
    return graphs.figure(
        chosen,
        traces,
        xaxis=_axis(
            chosen,
            "dearest 5-minute intervals left out",
            range=[0, max(2.5 * top, 50)],
            showgrid=False,
            unifiedhovertitle={"text": "average without the %{x} dearest intervals"},
        ),
        yaxis=graphs.value_axis(chosen, "average, $/MWh", rangemode="normal", tickformat=","),
        shapes=[mark],
        **_legend(chosen),
    )


def shares_made(answer: pa.Table, top: int) -> dict[str, Mapping[str, Any]]:
    """By region: the row of the ``top``-th dearest interval, or of the last one there is, with the first
    one's price and stamp."""
    made: dict[str, Mapping[str, Any]] = {}
    for region, rows in by_region(answer).items():
        first = rows.slice(0, 1).to_pylist()[0]
        last = rows.slice(min(top, rows.num_rows) - 1, 1).to_pylist()[0]
        made[region] = {**last, "highest": first["price_aud_per_mwh"], "stamp": first["settlementdate"]}
    return made
