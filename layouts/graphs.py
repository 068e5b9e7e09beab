"""The one graph factory: every chart of the page is made here.

plotly 7 offers to upload charts to a cloud and fetches map outlines from a CDN unless told otherwise;
both are switched off here, once.
"""

from __future__ import annotations

import re
from typing import Any, Final

from dash import dcc

from data_layer.market import Resolution
from layouts import theme
from layouts.series import Grid

Figure = dict[str, Any]

FINEST: Final = Resolution.FIVE_MINUTES
"""Resolution that a drag over a chart of single intervals asks for."""

HALF_HOURS: Final = {"x0": 0.5, "dx": 0.5}
"""x of a trace with one value for each half-hour of the day."""

TICK_FORMATS: Final = [
    {"dtickrange": [None, 3_600_000], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [3_600_000, 86_400_000], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [86_400_000, "M1"], "value": "%-d %b\n%Y"},
    {"dtickrange": ["M1", "M12"], "value": "%b\n%Y"},
    {"dtickrange": ["M12", None], "value": "%Y"},
]


def config(file_name: str) -> dict[str, Any]:
    """Settings of dcc.Graph; ``file_name`` is what a saved picture is called."""
    safe = re.sub(r"[^a-z0-9]+", "-", file_name.lower()).strip("-")
    return {
        "displaylogo": False,
        "showSendToCloud": False,
        "topojsonURL": "/assets/topojson/",
        "responsive": True,
        "displayModeBar": "hover",
        "modeBarButtons": [["toImage"]],
        "doubleClick": False,  # assets/navigation.js goes back in the browser's history instead
        "scrollZoom": False,
        "toImageButtonOptions": {
            "format": "png",
            "filename": f"nemdesk-{safe}",
            "width": 1280,
            "height": 720,
            "scale": 2,
        },
    }


def graph(graph_id: str, file_name: str) -> dcc.Graph:
    """An empty chart; its figure comes from a callback, its height from the box around it."""
    return dcc.Graph(
        id=graph_id,
        figure={"data": [], "layout": {**theme.base_layout(theme.LIGHT), **_NO_AXES}},
        config=config(file_name),
        responsive=True,
    )


_NO_AXES: Final = {"xaxis": {"visible": False}, "yaxis": {"visible": False}}


def time_axis(chosen: str, grid: Grid) -> dict[str, Any]:
    """x axis over the grid's whole period, whatever was found in it."""
    bounds = {}
    if len(grid):
        first, last = grid.stamps[0], grid.stamps[-1]
        if len(grid) == 1:
            first, last = first - 300, last + 300
        bounds = {"range": [str(first), str(last)], "autorange": False}
    return {
        **theme.axis(chosen),
        **bounds,
        "type": "date",
        "showgrid": False,
        "tickformatstops": TICK_FORMATS,
        "hoverformat": hover_format(grid),
        "ticks": "outside",
        "ticklen": 4,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "solid",
        "spikecolor": theme.palette(chosen).zero,
        "showspikes": True,
        "spikesnap": "hovered data",
    }


def day_axis(chosen: str, **more: Any) -> dict[str, Any]:
    """x axis of the average day: ends of half-hours, 0.5 to 24 (``HALF_HOURS``)."""
    axis = theme.axis(chosen)
    hours = list(range(0, 25, 3))
    return {
        **axis,
        "range": [0.5, 24],
        "fixedrange": True,
        "showgrid": False,
        "tickvals": hours,
        "ticktext": [f"{hour:02d}:00" for hour in hours],
        "title": {"text": "end of the half-hour, AEST", "font": axis["title"]["font"]},
        "unifiedhovertitle": {"text": "half-hour ending at hour %{x:.1f}"},
        **more,
    }


def hover_format(grid: Grid) -> str:
    """What the hover calls a bucket: its interval-ending stamp, its day, its month."""
    if grid.resolution.is_subdaily:
        return "%a %-d %b %Y, ending %H:%M"
    return "%B %Y" if grid.step is None else "%a %-d %b %Y"


def value_axis(chosen: str, unit: str, **more: Any) -> dict[str, Any]:
    """y axis: fixed, so that dragging over a chart asks for a span of time."""
    axis = theme.axis(chosen)
    title = {**axis["title"], "text": unit, "standoff": 4}
    return {**axis, "title": title, "fixedrange": True, "rangemode": "tozero", **more}


def gap_shapes(chosen: str, gaps: list[tuple[str, str]], yref: str = "paper") -> list[dict[str, Any]]:
    """A stacked area cannot leave a hole, so a gap is covered with the colour of "nothing here"."""
    return [
        {
            "type": "rect",
            "layer": "above",
            "xref": "x",
            "yref": yref,
            "x0": start,
            "x1": end,
            "y0": 0,
            "y1": 1,
            "line": {"width": 0},
            "fillcolor": theme.palette(chosen).gap,
            "label": {
                "text": "no data",
                "font": {"size": 10, "color": theme.palette(chosen).muted},
                "textangle": -90,
            },
        }
        for start, end in gaps
    ]


def legend(chosen: str, y: float) -> dict[str, Any]:
    """A row of names above the line at ``y`` of the plot's height, where colour alone would not say."""
    return {
        "orientation": "h",
        "x": 0,
        "y": y,
        "yanchor": "bottom",
        "itemclick": False,
        "itemdoubleclick": False,
        "font": {"size": 11, "color": theme.palette(chosen).muted},
        "bgcolor": "rgba(0,0,0,0)",
    }


def legend_above(chosen: str) -> dict[str, Any]:
    """Names above the chart in the order of the traces, and room for them."""
    return {
        "showlegend": True,
        "legend": {**legend(chosen, 1.02), "traceorder": "normal"},
        "margin": {"l": 8, "r": 24, "t": 28, "b": 8, "pad": 0},
    }


def figure(chosen: str, traces: list[dict[str, Any]], **layout: Any) -> Figure:
    """A figure as plotly's plain dict: what plotly.graph_objects would serialise to, without its checks."""
    return {"data": traces, "layout": {**theme.base_layout(chosen), **layout}}
