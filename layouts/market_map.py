"""The map of the market: five regions as filled outlines, stations as bubbles, interconnectors as arrows.

Plain scatter traces on two linear axes: no map service, no geographic code, nothing fetched. North-south is
stretched by 1/cos(latitude), so that shapes are true in the middle of the market.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from data_layer.market import NEM, REGION_NAMES, REGIONS
from layouts import formats, graphs, theme
from layouts.graphs import Figure
from layouts.market_state import Line, State, moments
from layouts.outlines import MIDDLE_LATITUDE, bounds, outline
from layouts.traces import Trace

WEST, EAST, SOUTH, NORTH = 129.0, 164.0, -44.4, -9.8
"""What the whole map shows, degrees."""

FOCUS: Final = {"x": 147.5, "y": -34.0}
"""Where the first step of zooming in leads."""

SMALLEST_MW: Final = 200.0
ALL_FROM_ZOOM: Final = 4.0
"""Zoomed out, stations of SMALLEST_MW and more show; zoomed in z times, those of SMALLEST_MW / z² and more,
and from ALL_FROM_ZOOM on all of them. A region that was chosen shows all of its stations."""

LABELS: Final = {
    "NSW1": (146.2, -32.3),
    "QLD1": (144.4, -22.6),
    "SA1": (134.8, -28.2),
    "TAS1": (141.6, -43.0),
    "VIC1": (141.2, -39.9),
}
"""Where a region's name and value stand; the small ones have theirs in the sea beside them."""

_INSIDE: Final = {"TAS1": (146.6, -42.1), "VIC1": (143.6, -36.6)}
"""Where these stand when the map shows little else."""

_PLACES: Final = {
    "NSW1-QLD1": ((150.3, -30.4), (150.3, -26.9), (145.0, -27.1)),
    "N-Q-MNSP1": ((152.9, -30.2), (152.5, -26.4), (158.6, -28.3)),
    "VIC1-NSW1": ((147.6, -37.2), (147.9, -34.2), (154.4, -37.0)),
    "V-SA": ((142.6, -37.5), (139.2, -36.3), (134.6, -37.6)),
    "V-S-MNSP1": ((142.8, -35.4), (139.0, -33.6), (135.4, -32.1)),
    "T-V-MNSP1": ((146.8, -41.2), (146.5, -38.0), (153.0, -40.6)),
}
"""Start, end and label of the lines we know. What the topology adds gets a place between its regions."""


@dataclass(frozen=True)
class Look:
    """How the map is to look and where its parts lead: addresses by region and by line, and one for each
    row of the stations' answer."""

    theme: str
    region: str
    row: int
    hidden: Sequence[str]
    region_hrefs: Mapping[str, str]
    line_hrefs: Mapping[str, str]
    station_hrefs: Sequence[str]


Place = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def place_of(line: Line, number: int) -> Place:
    """Start, end and label of a mapped line's arrow."""
    if line.identity in _PLACES:
        return _PLACES[line.identity]
    (x1, y1), (x2, y2) = LABELS[line.start], LABELS[line.end]
    aside = 0.8 * (1 + number % 3)  # so that two new lines between the same regions do not cover each other
    start = (x1 + 0.3 * (x2 - x1), y1 + 0.3 * (y2 - y1) - aside)
    end = (x1 + 0.7 * (x2 - x1), y1 + 0.7 * (y2 - y1) - aside)
    return start, end, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 0.8)


def figure(state: State, stations: pa.Table | None, look: Look) -> Figure:
    """The map at ``look.row``, with the frames of all rows for the slider in ``layout.meta``."""
    fills, texts, arrows = state.fills(look.theme), state.region_texts(), state.line_frames()
    mapped = [line for line in state.lines if line.mapped]
    places = [place_of(line, number) for number, line in enumerate(mapped)]
    shown = _stations(stations, look)
    traces = [_land(look.theme)]
    traces += [_region(region, fills[look.row][place], look) for place, region in enumerate(REGIONS)]
    traces += [shown["trace"]]
    drawn = list(zip(mapped, places, arrows[look.row], strict=True))
    traces += [_halo(place, arrow, look.theme) for _, place, arrow in drawn]
    traces += [_line(line, place, arrow, look) for line, place, arrow in drawn]
    first = 1 + len(REGIONS)
    frames = {
        "at": moments(state.grid),
        "labels": state.labels(),
        "fills": fills,
        "texts": texts,
        "arrows": arrows,
        "ends": [[*start, *end] for start, end, _ in places],
        "gap": theme.palette(look.theme).gap,
        "legend": [legend_ends(state, mean=True), legend_ends(state, mean=False)],
        "row": look.row,
        "halo": HALO,
        "head": HEAD,
        # Regions, arrows, their halos: the order in which the script changes them.
        "traces": [
            *range(1, first),
            *range(first + 1 + len(mapped), first + 1 + 2 * len(mapped)),
            *range(first + 1, first + 1 + len(mapped)),
        ],
        "stations": {**shown["rule"], "trace": first},
        "whole": [WEST, EAST, SOUTH, NORTH],
        "focus": FOCUS,
    }
    labels = [
        _label(_label_place(region, look.region), text, look, strong=region == look.region)
        for region, text in zip(REGIONS, texts[look.row], strict=True)
    ]
    labels += [
        _label(place[2], arrow[2], look, size=10)
        for place, arrow in zip(places, arrows[look.row], strict=True)
    ]
    touching = [place for line, place, _ in drawn if look.region in (line.start, line.end)]
    west, east, south, north = view(look.region, touching)
    bare = {"visible": False, "showgrid": False, "zeroline": False}
    return graphs.figure(
        look.theme,
        traces,
        hovermode="closest",
        dragmode=False,
        uirevision=f"map of {look.region}",
        annotations=labels,
        meta={"frames": json.dumps(frames, separators=(",", ":"))},
        xaxis={**bare, "range": [west, east]},
        yaxis={
            **bare,
            "range": [south, north],
            "scaleanchor": "x",
            "scaleratio": 1 / math.cos(math.radians(MIDDLE_LATITUDE)),
        },
    )


def view(region: str, places: Sequence[Place]) -> tuple[float, float, float, float]:
    """West, east, south, north of what is seen: all of it, or a region with the arrows at ``places`` that
    touch it and their labels."""
    if region == NEM:
        return WEST, EAST, SOUTH, NORTH
    west, east, south, north = bounds(region)
    x = [west, east, *(point[0] for place in places for point in place)]
    y = [south, north, *(point[1] for place in places for point in place)]
    return min(x) - LABEL_ROOM, max(x) + LABEL_ROOM, min(y) - LABEL_ROOM / 2, max(y) + LABEL_ROOM / 2


LABEL_ROOM: Final = 2.0
"""Degrees kept free around what a chosen region's map must show."""


def legend_ends(state: State, *, mean: bool) -> list[str]:
    """Words at both ends of the colour scale."""
    return [state.measure.words(value) for value in state.bounds(mean=mean)]


def _land(chosen: str) -> Trace:
    x, y = outline("")
    colours = theme.palette(chosen)
    return _area(x, y, "", colours.gap, {"color": colours.grid, "width": 1}, hoverinfo="skip")


def _region(region: str, fill: str, look: Look) -> Trace:
    x, y = outline(region)
    colours = theme.palette(look.theme)
    picked = region == look.region
    edge = {"color": colours.ink if picked else colours.zero, "width": 2.5 if picked else 1}
    unknown = fill == colours.gap
    return _area(
        x,
        y,
        region,
        fill,
        edge,
        hoveron="fills",
        text=REGION_NAMES[region],
        hoverinfo="text",
        fillpattern={
            "shape": "/" if unknown else "",
            "size": 8,
            "solidity": 0.2,
            "fillmode": "overlay",
            "fgcolor": colours.zero,
        },
        meta=look.region_hrefs[region],
    )


def _area(x: Any, y: Any, name: str, fill: str, edge: dict[str, Any], **more: Any) -> Trace:
    return {
        "type": "scatter",
        # Lists, since a typed array cannot break an outline between two islands in every version.
        "x": [None if math.isnan(value) else value for value in x.tolist()],
        "y": [None if math.isnan(value) else value for value in y.tolist()],
        "mode": "lines",
        "name": name,
        "fill": "toself",
        "fillcolor": fill,
        "line": edge,
        **more,
    }


HEAD: Final = 16
"""Size of an arrow's head, pixels."""

HALO: Final = 3.0
"""Pixels by which the light edge of an arrow is wider than the arrow: it shows on any colour."""


def _halo(place: Place, arrow: list[Any], chosen: str) -> Trace:
    return {
        "type": "scatter",
        "x": [place[0][0], place[1][0]],
        "y": [place[0][1], place[1][1]],
        "mode": "lines",
        "line": {"color": theme.palette(chosen).surface, "width": arrow[1] + HALO},
        "hoverinfo": "skip",
    }


def _line(line: Line, place: Place, arrow: list[Any], look: Look) -> Trace:
    """An arrow from where the power comes to where it goes; without direction it is a plain line."""
    direction, width, _ = arrow
    start, end, _ = place
    tail, head = (start, end) if direction >= 0 else (end, start)
    colour = theme.palette(look.theme).ink
    return {
        "type": "scatter",
        "x": [tail[0], head[0]],
        "y": [tail[1], head[1]],
        "mode": "lines+markers",
        "name": line.identity,
        "line": {"color": colour, "width": width},
        "marker": {
            "symbol": "arrow",
            "angleref": "previous",
            "size": [0, HEAD if direction else 0],
            "color": colour,
            "opacity": 1,
            "line": {"color": theme.palette(look.theme).surface, "width": HALO / 2},
        },
        "hovertemplate": f"<b>{line.name}</b>, positive {line.start} → {line.end}<extra></extra>",
        "customdata": [look.line_hrefs[line.identity]] * 2,
    }


def _stations(answer: pa.Table | None, look: Look) -> dict[str, Any]:
    """The bubbles' trace, largest first and cut where the rule cuts it, and what the rule needs."""
    rows = [] if answer is None else answer.to_pylist()
    kept = [
        (row, href)
        for row, href in zip(rows, look.station_hrefs, strict=True)
        if row["latitude"] is not None
        and row["fuel"] not in look.hidden
        and look.region in (NEM, row["regionid"])
    ]
    x = [round(row["longitude"], 3) for row, _ in kept]
    capacity = [row["capacity_mw"] for row, _ in kept]
    everything = look.region != NEM
    count = len(kept) if everything else sum(mw >= SMALLEST_MW for mw in capacity)
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "Stations",
        "x": x[:count],
        "y": [round(row["latitude"], 3) for row, _ in kept],
        "marker": {
            "size": [round(bubble(mw), 1) for mw in capacity],
            "color": [theme.fuel_colour(row["fuel"], look.theme) for row, _ in kept],
            "opacity": 0.9,
            "line": {"width": 1, "color": theme.palette(look.theme).surface},
        },
        "text": [station_text(row) for row, _ in kept],
        "hovertemplate": "%{text}<extra></extra>",
        "customdata": [href for _, href in kept],
    }
    rule = {
        "x": x,
        "capacity": capacity,
        "smallest": SMALLEST_MW,
        "everythingFrom": ALL_FROM_ZOOM,
        "everything": everything,
        "lacking": sum(row["latitude"] is None and look.region in (NEM, row["regionid"]) for row in rows),
        "off": answer is None,
    }
    return {"trace": trace, "rule": rule}


def bubble(capacity_mw: float) -> float:
    """Diameter in pixels: the area follows the capacity, and the smallest can still be hit."""
    return max(5.0, 0.42 * math.sqrt(max(capacity_mw, 0.0)))


def station_text(row: Mapping[str, Any]) -> str:
    units = f"{row['units']} unit{'' if row['units'] == 1 else 's'}"
    return (
        f"<b>{row['station_name']}</b><br>{row['fuel']} · {formats.number(row['capacity_mw'])} MW · {units}"
    )


def _label_place(region: str, picked: str) -> tuple[float, float]:
    return _INSIDE.get(region, LABELS[region]) if region == picked else LABELS[region]


def _label(
    place: tuple[float, float], text: str, look: Look, *, strong: bool = False, size: int = 12
) -> dict[str, Any]:
    colours = theme.palette(look.theme)
    return {
        "x": place[0],
        "y": place[1],
        "text": text,
        "showarrow": False,
        "align": "center",
        "font": {"size": size, "color": colours.ink},
        "bgcolor": theme.faded(colours.surface, 0.82),
        "bordercolor": colours.ink if strong else "rgba(0,0,0,0)",
        "borderwidth": 1,
        "borderpad": 1,
    }
