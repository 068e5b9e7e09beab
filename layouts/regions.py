"""The Regions tab: map, regions, interconnectors, price separation, stations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dash_bootstrap_components as dbc
import pyarrow as pa
from dash import dcc, html

from data_layer.market import REGION_NAMES, REGIONS
from layouts import controls, formats, tables, theme
from layouts.definitions import info
from layouts.market_map import legend_ends
from layouts.market_state import MEASURES, State
from layouts.panel import panel


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab regions-tab",
        children=[
            html.H1("Regions", className="visually-hidden"),
            dcc.Store(id="regions-followed"),
            dcc.Store(id="regions-settled"),
            dcc.Store(id="regions-zoomed"),
            html.Div(
                className="columns columns-map",
                children=[
                    panel("regions-map", chart="regions", kind="tall"),
                    html.Div(
                        className="stack",
                        children=[
                            panel("regions-table", kind="table-panel"),
                            panel("regions-lines", kind="table-panel"),
                            panel("regions-separation", kind="table-panel"),
                        ],
                    ),
                ],
            ),
            panel("regions-line", chart="interconnector"),
            panel("regions-stations", kind="table-panel stations-panel"),
        ],
    )


def legend(state: State, chosen: str, row: int) -> html.Div:
    """The colour scale with the words at its ends; the script follows the slider."""
    stops = theme.diverging(chosen) if state.measure.diverging else theme.sequential(chosen)
    low, high = legend_ends(state, mean=row == 0)
    return html.Div(
        [
            html.Span(low, id="regions-low"),
            html.Span(
                className="scale-bar",
                style={"background": f"linear-gradient(90deg, {', '.join(colour for _, colour in stops)})"},
                **{"aria-hidden": "true"},
            ),
            html.Span(high, id="regions-high"),
            html.Span("no data", className="scale-gap"),
        ],
        className="map-scale",
        **{"aria-label": f"Colours: {state.measure.label}, {state.measure.unit}"},
    )


def measure_switch(choices: Sequence[controls.Choice], measure: str) -> html.Div:
    return html.Div(
        [controls.segmented("Colour by", choices, "views"), info(MEASURES[measure].definition)],
        className="switch",
    )


def scrubber(labels: Sequence[str], row: int, mean_href: str) -> html.Div:
    """The slider over the period's steps with play and zoom buttons; position 0 is the period's mean.
    The script says there how many stations the zoom shows."""
    slider = dbc.Input(
        id="regions-slider", type="range", min=0, max=len(labels) - 1, step=1, value=row, class_name="slider"
    )
    return html.Div(
        [
            html.Div(
                [
                    _button("Play", "▶", play="true"),
                    html.Label(
                        [html.Span("Moment shown on the map", className="visually-hidden"), slider],
                        className="scrub-slider",
                    ),
                    html.Div(
                        [
                            _button("Zoom in", "+", zoom="in"),
                            _button("Zoom out", "−", zoom="out"),
                            _button("Whole map", "⤢", zoom="all"),
                        ],
                        className="zoom",
                    ),
                ],
                className="scrub-row",
            ),
            html.Div(
                [
                    html.Output(labels[row], id="regions-moment"),
                    controls.link("Mean of the period", mean_href) if row else None,
                    html.Span(id="regions-shown", className="muted"),
                ],
                className="scrub-words",
            ),
        ],
        className="scrub",
    )


def _button(label: str, sign: str, **data: str) -> html.Button:
    attributes = {f"data-map-{name}": value for name, value in data.items()}
    return html.Button(
        sign, type="button", className="map-button", title=label, **{"aria-label": label, **attributes}
    )


REGION_COLUMNS: Final = (
    tables.Column("Region", numeric=False),
    tables.Column("Price", "mean $/MWh", definition="price"),
    tables.Column("Renewable share", "%", definition="renewable_share"),
    tables.Column("Demand", "mean MW", definition="demand"),
    tables.Column("Net imports", "mean MW", definition="net_flow"),
    tables.Column("Prices found", "%"),
)


def table(means: pa.Table, hrefs: Mapping[str, str], current: str, expected: int, look: str) -> Any:
    """The regions over the period; each leads to the view of that region."""
    rows = [
        tables.Row(
            [
                tables.Cell(REGION_NAMES[row["regionid"]], title=row["regionid"]),
                formats.price(row["price_aud_per_mwh"]),
                tables.bar(formats.percent(row["renewable_share"]), row["renewable_share"]),
                formats.power(row["demand_mw"]),
                formats.power(row["net_import_mw"], sign=True),
                tables.quality(row["intervals"], expected),
            ],
            href=hrefs[row["regionid"]],
            title=f"Show {REGION_NAMES[row['regionid']]} only",
            swatch=theme.region_colour(row["regionid"], look),
            strong=row["regionid"] == current,
        )
        for row in means.to_pylist()
        if row["regionid"] in REGIONS
    ]
    return tables.table(REGION_COLUMNS, rows, "Regions over the period")


def separation(answer: pa.Table, current: str) -> Any:
    """Region by region: how far apart the prices are, on average and with sign, and how often."""
    found = {(row["regionid"], row["other_regionid"]): (row, 1) for row in answer.to_pylist()}
    found |= {(other, region): (row, -1) for (region, other), (row, _) in found.items()}
    columns = [
        tables.Column("Price of", "against →", numeric=False),
        *(tables.Column(region) for region in REGIONS),
    ]
    rows = [
        tables.Row(
            [region, *(_apart(*found.get((region, other), (None, 1))) for other in REGIONS)],
            swatch="",
            strong=region == current,
        )
        for region in REGIONS
    ]
    return tables.table(columns, rows, "Price separation, region by region")


def _apart(row: Mapping[str, Any] | None, sign: int) -> tables.Cell:
    if row is None or row["mean_absolute_difference_aud_per_mwh"] is None:
        return tables.Cell(formats.NOTHING, "muted")
    mean = formats.price(sign * row["mean_difference_aud_per_mwh"], sign=True)
    share = row["separated_share"]
    cell = tables.bar(formats.price(row["mean_absolute_difference_aud_per_mwh"]), share)
    title = f"{row['intervals']:,} intervals with both prices"
    return tables.Cell(cell.text, cell.class_name, title, f"{mean} · {formats.percent(share)}", cell.bar)


STATION_COLUMNS: Final = (
    tables.Column("Station", numeric=False),
    tables.Column("Region", numeric=False),
    tables.Column("Fuel", numeric=False),
    tables.Column("Owner", numeric=False),
    tables.Column("Capacity", "MW", definition="station_bubble"),
    tables.Column("Units"),
    tables.Column("On the map", numeric=False),
)


def station_list(rows: Sequence[Mapping[str, Any]], hrefs: Sequence[str], look: str) -> Any:
    """Every station as a link, for those who do not point at bubbles."""
    most = max((row["capacity_mw"] for row in rows), default=0.0)
    entries = [
        tables.Row(
            [
                row["station_name"],
                row["regionid"],
                row["fuel"],
                row["owner"] or formats.NOTHING,
                tables.bar(formats.number(row["capacity_mw"]), row["capacity_mw"] / most if most else 0),
                formats.number(row["units"]),
                "yes" if row["latitude"] is not None else "place not known",
            ],
            href=href,
            title=f"Open {row['station_name']}",
            swatch=theme.fuel_colour(row["fuel"], look),
        )
        for row, href in zip(rows, hrefs, strict=True)
    ]
    return tables.table(STATION_COLUMNS, entries, "Stations by capacity")
