"""The Today tab: the newest interval, the last 24 hours, and what happened in them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from dash import html

from data_layer.market import NEM, REGION_NAMES, REGIONS
from layouts import formats, graphs, price_axis, tables, theme
from layouts.definitions import info
from layouts.graphs import Figure
from layouts.panel import panel
from layouts.series import Floats, Grid, encode, floats, names_and_codes, times, with_gaps


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab today",
        children=[
            html.H1("Today in the National Electricity Market", className="visually-hidden"),
            panel("today-cards", kind="bare cards-panel"),
            html.Div(
                className="columns columns-wide-left",
                children=[
                    panel("today-mix", chart="generation last 24 hours"),
                    panel("today-prices", chart="prices last 24 hours"),
                ],
            ),
            html.Div(
                className="columns columns-wide-left",
                children=[
                    panel("today-summary", kind="table-panel"),
                    panel("today-events", kind="table-panel"),
                ],
            ),
        ],
    )


@dataclass(frozen=True)
class Card:
    """One region at the newest interval."""

    region: str
    price: float | None
    change: float | None
    demand_mw: float | None
    renewable_share: float | None
    rooftop_late: bool
    net_import_mw: float | None
    history: Floats
    href: str
    current: bool = False


def cards_of(
    latest: pa.Table, history: Mapping[str, Floats], hrefs: Mapping[str, str], chosen: str
) -> list[Card]:
    """Cards in the field's order, from LatestInterval's answer and each region's prices of the day."""
    rows = {row["regionid"]: row for row in latest.to_pylist()}
    return [
        Card(
            region=region,
            price=rows[region]["price_aud_per_mwh"],
            change=rows[region]["price_change_aud_per_mwh"],
            demand_mw=rows[region]["demand_mw"],
            renewable_share=rows[region]["renewable_share"],
            rooftop_late=bool(rows[region]["rooftop_late"]),
            net_import_mw=rows[region]["net_import_mw"],
            history=history.get(region, np.empty(0)),
            href=hrefs[region],
            current=region == chosen,
        )
        for region in REGIONS
        if region in rows
    ]


def cards(entries: Sequence[Card]) -> html.Div:
    return html.Div([_card(entry) for entry in entries], className="cards")


def _card(card: Card) -> html.Article:
    change = card.change
    rising = (change or 0) > 0
    if change is None:
        moved = "no interval before"
    elif abs(change) < 0.005:
        moved = "unchanged on 5 min ago"
    else:
        moved = f"{'▲' if rising else '▼'} {formats.price(abs(change))} on 5 min ago"
    flow = card.net_import_mw
    flow_label = "Net imports" if flow is None or flow >= 0 else "Net exports"
    late = "*" if card.rooftop_late else ""
    name = REGION_NAMES[card.region]
    return html.Article(
        className="card current" if card.current else "card",
        children=[
            html.A(
                [name, html.Small(card.region)],
                href=card.href,
                className="card-head",
                title=f"Show {name} below",
                **{"data-nav": "true"},
            ),
            html.P(
                [
                    html.Strong(
                        formats.price(card.price), className="negative" if (card.price or 0) < 0 else ""
                    ),
                    " /MWh ",
                    info("price"),
                ],
                className="card-price",
            ),
            html.P([moved, " ", info("price_change")], className="card-change"),
            html.Img(src=sparkline(card.history), alt=_in_words(card), className="sparkline"),
            html.Dl(
                [
                    *_fact("Demand", f"{formats.power(card.demand_mw)} MW", "demand"),
                    *_fact("Renewables", formats.percent(card.renewable_share) + late, "renewable_share"),
                    *_fact(
                        flow_label, f"{formats.power(abs(flow) if flow is not None else None)} MW", "net_flow"
                    ),
                ],
                className="facts",
            ),
        ],
    )


def _in_words(card: Card) -> str:
    low, high = price_axis.extremes([card.history]) if len(card.history) else (float("nan"), float("nan"))
    return f"Price of the last 24 hours, from {formats.price(low)} to {formats.price(high)}"


def _fact(label: str, value: str, definition: str) -> list[Any]:
    return [html.Dt([label, " ", info(definition)]), html.Dd(value)]


def sparkline(values: Floats, width: int = 160, height: int = 32) -> str:
    """A line without axes as an image address (SVG); mid-grey, which both themes carry. Gaps are gaps."""
    points = price_axis.position(values)
    known = points[~np.isnan(points)]
    paths = []
    if len(known) > 1:
        low, high = float(known.min()), float(known.max())
        scale = (height - 4) / ((high - low) or 1.0)
        xs = np.linspace(1, width - 1, len(points))
        ys = height - 2 - (points - low) * scale
        pen_down = False
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            if y != y:  # NaN; a call for each point would cost more than the rest
                pen_down = False
                continue
            paths.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
            pen_down = True
        if low < 0 < high:
            zero = height - 2 - (0 - low) * scale
            paths.append(f"M0 {zero:.1f}H{width}")
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
        f'<path d="{"".join(paths)}" fill="none" '
        'stroke="#7a828e" stroke-width="1.3" vector-effect="non-scaling-stroke"/>'
        "</svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def history_by_region(answer: pa.Table, grid: Grid) -> dict[str, Floats]:
    """Each region's mean price on the grid, from RegionSeries."""
    return grid.spread(answer, "regionid", "price_aud_per_mwh")


def price_lines(answer: pa.Table, start: datetime, end: datetime, chosen: str, region: str) -> Figure:
    """Prices of all regions from PriceEnvelope: 5-minute intervals, the chosen region in front."""
    names, codes = names_and_codes(answer.column("regionid"))
    stamps, prices = times(answer), floats(answer, "price_aud_per_mwh")
    order = sorted(names, key=lambda name: (name == region, name))
    drawn: list[Floats] = []
    traces = []
    for name in order:
        mine = codes == names.index(name)
        x, y = with_gaps(stamps[mine], prices[mine], start, end)
        drawn.append(y)
        colour = theme.region_colour(name, chosen)
        traces.append(
            {
                "type": "scatter",
                "x": [str(moment) for moment in x],
                "y": encode(price_axis.position(y)),
                "customdata": encode(y),
                "name": name,
                "mode": "lines",
                "connectgaps": False,
                "opacity": 1 if region in (NEM, name) else 0.55,
                "line": {"color": colour, "width": 2 if name == region else 1.25},
                "hovertemplate": f"%{{customdata:$,.2f}}<extra>{name}</extra>",
            }
        )
    low, high = price_axis.extremes(drawn)
    axis = theme.axis(chosen)
    return graphs.figure(
        chosen,
        traces,
        xaxis={
            **axis,
            "type": "date",
            "range": [start.isoformat(), end.isoformat()],
            "autorange": False,
            "showgrid": False,
            "fixedrange": True,
            "tickformatstops": graphs.TICK_FORMATS,
            "hoverformat": "%a %-d %b %Y, ending %H:%M",
        },
        yaxis=price_axis.axis(chosen, low, high),
        showlegend=True,
        legend=graphs.legend(chosen, y=1.02),
    )


SUMMARY_COLUMNS = (
    tables.Column("Region", numeric=False),
    tables.Column("Average", "$/MWh", "price"),
    tables.Column("Low", "$/MWh"),
    tables.Column("High", "$/MWh"),
    tables.Column("Demand", "GWh", "demand"),
    tables.Column("Generation", "GWh", "generation"),
    tables.Column("Renewable", "%", "renewable_share"),
    tables.Column("Coal", "%", "coal_share"),
    tables.Column("Gas", "%", "gas_share"),
    tables.Column("Found", "%", "found"),
)


def summary(now: pa.Table, before: pa.Table, hrefs: Mapping[str, str], chosen: str, look: str) -> html.Div:
    """The last 24 hours by region, each number with its change on the 24 hours before."""
    earlier = {row["regionid"]: row for row in before.to_pylist()}
    rows = []
    current = {row["regionid"]: row for row in now.to_pylist()}
    for region in (*REGIONS, NEM):
        row = current.get(region)
        if row is None:
            continue
        past = earlier.get(region, {})
        rows.append(
            tables.Row(
                [
                    region,
                    _changed(row, past, "price_aud_per_mwh", formats.price),
                    formats.price(row["min_price_aud_per_mwh"]),
                    formats.price(row["max_price_aud_per_mwh"]),
                    _changed(row, past, "demand_mwh", _gwh),
                    _changed(row, past, "generation_mwh", _gwh),
                    _changed(row, past, "renewable_share", formats.percent),
                    formats.percent(row["coal_share"]),
                    formats.percent(row["gas_share"]),
                    tables.quality(row["intervals"], row["intervals_expected"]),
                ],
                href=hrefs[region],
                title=f"Show {REGION_NAMES[region]}",
                swatch=theme.region_colour(region, look) if region != NEM else "transparent",
                strong=region in (NEM, chosen),
            )
        )
    return tables.table(
        SUMMARY_COLUMNS, rows, "Last 24 hours by region, with the change on the 24 hours before"
    )


def _gwh(value_mwh: float | None) -> str:
    return formats.energy(value_mwh / 1000 if value_mwh is not None else None)


def _changed(row: Mapping[str, Any], past: Mapping[str, Any], name: str, write: Any) -> Any:
    return tables.changed(row[name], past.get(name), write, "Day before")


EVENT_COLUMNS = (
    tables.Column("From", numeric=False),
    tables.Column("Region", numeric=False),
    tables.Column("Kind", numeric=False),
    tables.Column("Extreme", "$/MWh"),
    tables.Column("Mean", "$/MWh"),
    tables.Column("Length"),
)


def events(rows: Sequence[Mapping[str, Any]], hrefs: Sequence[str], look: str) -> html.Div:
    """Price events, newest first; each leads to that moment in Generation."""
    listed = [
        tables.Row(
            [
                f"{row['start']:%-d %b %H:%M}",
                row["regionid"],
                "High" if row["kind"] == "high" else "Negative",
                tables.Cell(
                    formats.price(row["extreme_price_aud_per_mwh"]),
                    "negative" if row["kind"] == "negative" else "high",
                ),
                formats.price(row["mean_price_aud_per_mwh"]),
                formats.length(row["start"], row["end"]),
            ],
            href=href,
            title=f"Generation in {REGION_NAMES[row['regionid']]} at that moment",
            swatch=theme.region_colour(row["regionid"], look),
        )
        for row, href in zip(rows, hrefs, strict=True)
    ]
    return tables.table(EVENT_COLUMNS, listed, "Price events, newest first")
