"""The tree of Price Analysis as a treemap (area energy, colour price) and as bubbles (energy, price,
revenue): figures from the answer's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_layer.market import FUELS, REGIONS
from layouts import formats, graphs, price_axis, theme
from layouts.graphs import Figure
from layouts.series import Floats, encode

ROOT: Final = "//"
"""Id of the whole: no path is like it."""

MAX_NAMED: Final = 14
"""Bubbles that carry their name; the others say it when pointed at."""

NAME_WIDTH: Final = 0.12
NAME_HEIGHT: Final = 0.05
"""Room that a name takes, as shares of the plot."""

LARGEST_BUBBLE: Final = 56
SMALLEST_BUBBLE: Final = 4


def _said(row: Mapping[str, Any]) -> str:
    """What both charts say of a node when it is pointed at."""
    return (
        f"{formats.energy(row['generation_mwh'] / 1000)} GWh generated<br>"
        f"{formats.price(row['capture_price_aud_per_mwh'])}/MWh"
        f" · capture rate {formats.percent(row['capture_rate'], 1)}<br>"
        f"revenue $M {formats.millions(row['generation_revenue_aud'])}"
    )


def treemap(rows: pa.Table, chosen: str) -> Figure:
    """Area: energy generated, colour: generation-weighted price, from the 2nd to the 98th percentile of
    the energy. Nodes that generated nothing have no area."""
    nodes = [row for row in rows.to_pylist() if row["generation_mwh"] > 0]
    leaves = [row for row in nodes if not row["has_children"]]
    low, high = _price_range(leaves)
    colours = theme.palette(chosen)
    trace = {
        "type": "treemap",
        "ids": [row["path"] or ROOT for row in nodes],
        "labels": [row["name"] for row in nodes],
        "parents": [_parent(row["path"]) for row in nodes],
        # Branches hold what their leaves hold: nothing of their own, so that no rounding can part them.
        "values": [0.0 if row["has_children"] else round(row["generation_mwh"] / 1000, 6) for row in nodes],
        "branchvalues": "remainder",
        "customdata": [_said(row) for row in nodes],
        "text": [f"{formats.price(row['capture_price_aud_per_mwh'])}" for row in nodes],
        "texttemplate": "%{label}<br>%{text}",
        "hovertemplate": "<b>%{label}</b><br>%{customdata}<extra></extra>",
        "maxdepth": 4,
        "tiling": {"pad": 1},
        "pathbar": {"visible": True, "thickness": 22, "textfont": {"color": colours.ink}},
        "marker": {
            # A node without a price has no colour.
            "colors": [row["capture_price_aud_per_mwh"] for row in nodes],
            "colorscale": theme.sequential(chosen),
            "cmin": low,
            "cmax": high,
            "line": {"width": 1, "color": colours.surface},
            "colorbar": {
                "thickness": 10,
                "len": 0.9,
                "outlinewidth": 0,
                "tickfont": {"size": 10, "color": colours.muted},
                "title": {
                    "text": "Price, $/MWh",
                    "side": "right",
                    "font": {"size": 11, "color": colours.muted},
                },
            },
        },
    }
    return graphs.figure(chosen, [trace], hovermode="closest", margin={"l": 4, "r": 4, "t": 4, "b": 4})


def _parent(path: str) -> str:
    """Id of the node above; '' for the root, which is the whole."""
    return (path.rpartition("/")[0] or ROOT) if path else ""


def _price_range(leaves: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    priced = [
        (row["capture_price_aud_per_mwh"], row["generation_mwh"])
        for row in leaves
        if row["capture_price_aud_per_mwh"] is not None
    ]
    if not priced:
        return 0.0, 1.0
    prices, energy = np.array(sorted(priced)).T
    share = np.cumsum(energy) / energy.sum()
    low, high = (float(prices[min(int(np.searchsorted(share, q)), len(prices) - 1)]) for q in (0.02, 0.98))
    return (low, high) if high > low else (low - 1, high + 1)


def drawable(rows: pa.Table) -> tuple[list[dict[str, Any]], int]:
    """The groups just above the units that have priced generation, dearest first, and how many have not."""
    listed = rows.to_pylist()
    depth = max(row["level"] for row in listed) - 1
    groups = [row for row in listed if row["level"] == depth]
    drawn = [
        row for row in groups if row["generation_mwh"] > 0 and row["capture_price_aud_per_mwh"] is not None
    ]
    return sorted(drawn, key=lambda row: -abs(row["generation_revenue_aud"])), len(groups) - len(drawn)


def bubbles(rows: pa.Table, chosen: str) -> Figure:
    """Each lowest group: x energy generated (logarithmic), y generation-weighted price, area revenue. A
    ring instead of a disc where revenue is negative."""
    groups, _ = drawable(rows)
    revenue = np.array([row["generation_revenue_aud"] for row in groups], dtype=np.float64)
    largest = float(np.abs(revenue).max(initial=0)) or 1.0
    sizes = np.maximum(np.sqrt(np.abs(revenue) / largest) * LARGEST_BUBBLE, SMALLEST_BUBBLE)
    energy = np.array([row["generation_mwh"] / 1000 for row in groups], dtype=np.float64)
    prices = np.array([row["capture_price_aud_per_mwh"] for row in groups], dtype=np.float64)
    heights = price_axis.position(prices)
    named = _named(np.log10(energy), heights)
    names = [row["path"].replace("/", " · ").replace("%2F", "/").replace("%25", "%") for row in groups]
    colours = theme.palette(chosen)
    trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": encode(energy),
        "y": encode(heights),
        "text": [name if place in named else "" for place, name in enumerate(names)],
        "textposition": "top center",
        "textfont": {"size": 11, "color": colours.muted},
        "customdata": [f"<b>{name}</b><br>{_said(row)}" for name, row in zip(names, groups, strict=True)],
        "hovertemplate": "%{customdata}<extra></extra>",
        "cliponaxis": False,
        "name": "groups",
        "marker": {
            "size": [round(float(size), 1) for size in sizes],
            "color": [_colour(row, chosen) for row in groups],
            "opacity": 0.75,
            "symbol": ["circle-open" if value < 0 else "circle" for value in revenue],
            "line": {"width": 1, "color": colours.surface},
        },
    }
    energy_axis = {
        **theme.axis(chosen),
        "type": "log",
        "title": {"text": "Energy generated, GWh (logarithmic)", "standoff": 8, **_title_font(chosen)},
        "fixedrange": True,
        "showgrid": True,
        "dtick": 1,
    }
    return graphs.figure(
        chosen,
        [trace],
        hovermode="closest",
        xaxis=energy_axis,
        yaxis=_price_axis(chosen, prices),
    )


def _price_axis(chosen: str, prices: Floats) -> dict[str, Any]:
    made = price_axis.axis(chosen, *price_axis.extremes([prices]))
    made["title"] = {**made["title"], "text": f"Generation-weighted price, {made['title']['text']}"}
    return made


def _named(across: Floats, up: Floats) -> set[int]:
    """Which bubbles carry their names: the dearest, as long as no name lies over another."""
    if not len(across):
        return set()
    width = float(np.ptp(across)) or 1.0
    height = float(np.ptp(up)) or 1.0
    chosen: list[int] = []
    for at in range(len(across)):
        apart = [
            abs(across[at] - across[other]) / width > NAME_WIDTH
            or abs(up[at] - up[other]) / height > NAME_HEIGHT
            for other in chosen
        ]
        if all(apart) and len(chosen) < MAX_NAMED:
            chosen.append(at)
    return set(chosen)


def _title_font(chosen: str) -> dict[str, Any]:
    return {"font": {"size": 11, "color": theme.palette(chosen).muted}}


def _colour(row: Mapping[str, Any], chosen: str) -> str:
    """A group of one fuel has its colour, else one of one region that region's."""
    if row["fuel"] in FUELS:
        return theme.fuel_colour(row["fuel"], chosen)
    if row["region"] in REGIONS:
        return theme.region_colour(row["region"], chosen)
    return theme.palette(chosen).accent
