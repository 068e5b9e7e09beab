"""The traces that charts are made of, each written once: plain dicts as plotly.js takes them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from layouts import theme
from layouts.series import Floats, encode

Trace = dict[str, Any]


def line(
    x: dict[str, Any], values: Floats, name: str, colour: str, hover: str, width: float = 1.5, **more: Any
) -> Trace:
    """A line with gaps left open; a single value is a dot. ``x``: a grid's, or {"x": [...]}."""
    return {
        "type": "scatter",
        **x,
        "y": encode(values),
        "name": name,
        "mode": "lines" if len(values) > 1 else "markers",
        "connectgaps": False,
        "line": {"color": colour, "width": width},
        "hovertemplate": f"{hover}<extra>{name}</extra>",
        **more,
    }


def area(
    x: dict[str, Any],
    values: Floats,
    name: str,
    colour: str,
    group: str,
    hover: str = "%{y:,.0f} MW",
) -> Trace:
    """One band of a stack; ``group`` keeps what is stacked upwards from what is stacked downwards."""
    return {
        "type": "scatter",
        **x,
        "y": encode(values),
        "name": name,
        "mode": "lines" if len(values) > 1 else "markers",
        "stackgroup": group,
        "line": {"width": 0, "color": colour},
        "fillcolor": colour,
        "hovertemplate": f"{hover}<extra>{name}</extra>",
    }


def bars(
    labels: Sequence[Any], values: Floats, name: str, colour: str | list[str], hover: str, **more: Any
) -> Trace:
    """Bars over named places; ``colour`` one for all or one for each."""
    return {
        "type": "bar",
        "x": list(labels),
        "y": encode(values),
        "name": name,
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": f"{hover}<extra>{name}</extra>",
        **more,
    }


def heatmap(
    columns: Sequence[Any],
    rows: Sequence[Any],
    values: Floats,
    chosen: str,
    hover: str,
    *,
    unit: str,
    diverging: bool = False,
    **more: Any,
) -> Trace:
    """A grid of colours, NaN left blank. ``values`` is rows x columns; ``diverging`` centres on zero."""
    scale = theme.diverging(chosen) if diverging else theme.sequential(chosen)
    flat = np.ascontiguousarray(values, dtype="<f4")
    return {
        "type": "heatmap",
        "x": list(columns),
        "y": list(rows),
        "z": {
            "dtype": "f4",
            "bdata": base64.b64encode(flat.tobytes()).decode("ascii"),
            "shape": f"{flat.shape[0]}, {flat.shape[1]}",
        },
        "colorscale": scale,
        **({"zmid": 0} if diverging else {}),
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": f"{hover}<extra></extra>",
        "colorbar": {
            "thickness": 10,
            "len": 0.9,
            "outlinewidth": 0,
            "tickfont": {"size": 10, "color": theme.palette(chosen).muted},
            "title": {
                "text": unit,
                "side": "right",
                "font": {"size": 11, "color": theme.palette(chosen).muted},
            },
        },
        **more,
    }
