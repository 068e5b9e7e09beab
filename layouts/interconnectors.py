"""One interconnector as charts: flow against limits, duration curve, counter-price flow. All as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from layouts import formats, graphs, tables, theme
from layouts.graphs import Figure
from layouts.market_state import UNMAPPED, Line, band
from layouts.series import Floats, Grid, floats, runs
from layouts.traces import Trace, bars, line

VIEW_LABELS: Final = {
    "over-time": "Over time",
    "duration": "Duration curve",
    "counter-price": "Counter-price flow",
}

UPPER_DOMAIN: Final = (0.34, 1.0)
LOWER_DOMAIN: Final = (0.0, 0.26)


def over_time(grid: Grid, answer: pa.Table, drawn: Line, chosen: str) -> Figure:
    """Mean flow in the band between both limits; below, the share of time at each of them."""
    series = _series(grid, answer, drawn)
    accent, edge = theme.palette(chosen).accent, theme.palette(chosen).zero
    traces: list[Trace] = []
    lower, upper = series["import_limit_mw"], series["export_limit_mw"]
    # plotly.js fills between two lines as if their gaps were not there: each unbroken run is a band.
    for first, last in runs(np.isfinite(lower) & np.isfinite(upper)):
        part = Grid(grid.stamps[first:last], grid.resolution)
        low = line(part.x, lower[first:last], "Import limit", edge, "%{y:,.0f} MW", 0.75)
        high = line(part.x, upper[first:last], "Export limit", edge, "%{y:,.0f} MW", 0.75)
        traces += [low, {**high, "fill": "tonexty", "fillcolor": theme.faded(edge, 0.16)}]
    traces.append(line(grid.x, series["flow_mw"], "Flow", accent, "%{y:,.0f} MW", 1.75))
    for name, column, colour in (
        ("At export limit", "at_export_limit_share", theme.palette(chosen).positive),
        ("At import limit", "at_import_limit_share", theme.palette(chosen).negative),
    ):
        shares = np.where(series[column] > 0, series[column] * 100, np.nan)
        traces.append(_bars(grid, shares, name, colour, "%{y:.0f}% of the time"))
    return graphs.figure(
        chosen,
        traces,
        **_time(grid, chosen, f"MW, positive: {drawn.start} → {drawn.end}"),
        yaxis2=graphs.value_axis(
            chosen, "% of time at limit", domain=list(LOWER_DOMAIN), range=[0, 100], autorange=False, nticks=3
        ),
        barmode="stack",
        shapes=graphs.gap_shapes(chosen, grid.gaps([series["flow_mw"]]), "y domain"),
    )


def counter_price(grid: Grid, answer: pa.Table, drawn: Line, chosen: str) -> Figure:
    """Energy that ran to the cheaper region, and what it was worth."""
    series = _series(grid, answer, drawn)
    colours = theme.palette(chosen)
    energy, value = series["counter_price_mwh"], series["counter_price_value_aud"]
    traces = [
        _bars(grid, energy, "Counter-price flow", colours.accent, "%{y:,.1f} MWh", yaxis="y"),
        _bars(grid, value, "Value", colours.negative, "$%{y:,.0f}"),
    ]
    return graphs.figure(
        chosen,
        traces,
        **_time(grid, chosen, "MWh against the price"),
        yaxis2=graphs.value_axis(chosen, "$", domain=list(LOWER_DOMAIN), nticks=4),
        shapes=graphs.gap_shapes(chosen, grid.gaps([energy]), "y domain"),
    )


def duration(answer: pa.Table, drawn: Line, chosen: str) -> Figure:
    """The flow that is reached or exceeded for a share of the time."""
    x = {"x": (floats(answer, "exceeded_share") * 100).round(2).tolist()}
    colour = theme.palette(chosen).accent
    trace = line(x, floats(answer, "flow_mw"), "Flow", colour, "%{y:,.0f} MW or more", 2, fill="tozeroy")
    axis = theme.axis(chosen)
    return graphs.figure(
        chosen,
        [{**trace, "fillcolor": theme.faded(colour)}],
        xaxis={
            **axis,
            "title": {**axis["title"], "text": "% of 5-minute intervals"},
            "range": [0, 100],
            "fixedrange": True,
            "unifiedhovertitle": {"text": "%{x:.1f}% of the time"},
        },
        yaxis=graphs.value_axis(chosen, f"MW, positive: {drawn.start} → {drawn.end}", zeroline=True),
    )


def _series(grid: Grid, answer: pa.Table, drawn: Line) -> dict[str, Floats]:
    names = (
        "flow_mw",
        "import_limit_mw",
        "export_limit_mw",
        "at_export_limit_share",
        "at_import_limit_share",
        "counter_price_mwh",
        "counter_price_value_aud",
    )
    gap = np.full(len(grid), np.nan)
    return {name: grid.spread(answer, "interconnectorid", name).get(drawn.identity, gap) for name in names}


def _bars(
    grid: Grid, values: Floats, name: str, colour: str, hover: str, yaxis: str = "y2"
) -> dict[str, Any]:
    made = bars((), values, name, colour, hover, yaxis=yaxis)
    del made["x"]
    return {**made, **grid.x}


def _time(grid: Grid, chosen: str, unit: str) -> dict[str, Any]:
    return {
        "xaxis": {**graphs.time_axis(chosen, grid), "anchor": "y2"},
        "yaxis": graphs.value_axis(chosen, unit, zeroline=True, domain=list(UPPER_DOMAIN)),
        "meta": {"resolution": grid.resolution.value},
        "dragmode": "zoom",
        "hoversubplots": "axis",
        "bargap": 0,
    }


COLUMNS: Final = (
    tables.Column("Interconnector", "positive direction", numeric=False),
    tables.Column("Flow", "mean MW", definition="line_flow"),
    tables.Column("Limits", "band, mean MW", definition="limits"),
    tables.Column("Export", "GWh"),
    tables.Column("Import", "GWh"),
    tables.Column("At export", "limit, %", definition="at_limit"),
    tables.Column("At import", "limit, %"),
    tables.Column("Counter-price", "MWh", definition="counter_price"),
    tables.Column("worth", "$", definition="counter_price_value"),
)


def table(totals: pa.Table, hrefs: Mapping[str, str], current: str) -> Any:
    """Every interconnector with a reading; each leads to its own charts."""
    rows = []
    for row in totals.to_pylist():
        identity = row["interconnectorid"]
        unmapped = UNMAPPED in (row["regionid_from"], row["regionid_to"])
        name = row["name"] or identity
        cells: list[str | tables.Cell] = [
            tables.Cell(name, title=identity, delta="unmapped" if unmapped else _direction(row)),
            formats.power(row["flow_mw"]),
            _limits(row),
            formats.energy(_gwh(row["export_mwh"])),
            formats.energy(_gwh(row["import_mwh"])),
            tables.bar(formats.percent(row["at_export_limit_share"]), row["at_export_limit_share"]),
            tables.bar(formats.percent(row["at_import_limit_share"]), row["at_import_limit_share"]),
            formats.number(row["counter_price_mwh"]),
            formats.number(row["counter_price_value_aud"]),
        ]
        rows.append(
            tables.Row(
                cells,
                href=hrefs[identity],
                title=f"Charts of {name}",
                strong=identity == current,
            )
        )
    return tables.table(COLUMNS, rows, "Interconnectors over the period")


NO_PRICES: Final = (
    "The topology does not know which regions this interconnector joins, so there are no prices to compare."
)


def unmapped_note(totals: pa.Table) -> str:
    """Says which lines the topology does not know, '' where it knows all."""
    unknown = [
        row["interconnectorid"]
        for row in totals.select(["interconnectorid", "regionid_from", "regionid_to"]).to_pylist()
        if UNMAPPED in (row["regionid_from"], row["regionid_to"])
    ]
    if not unknown:
        return ""
    return f"Unmapped: {', '.join(unknown)}. Listed, but on no map and in no region's balance."


def _direction(row: Mapping[str, Any]) -> str:
    return f"{row['regionid_from']} → {row['regionid_to']}"


def _limits(row: Mapping[str, Any]) -> str:
    lower, upper = row["import_limit_mw"], row["export_limit_mw"]
    return formats.NOTHING if lower is None or upper is None else band(lower, upper)


def _gwh(mwh: float | None) -> float | None:
    return None if mwh is None else mwh / 1_000
