"""The Generation tab: the mix over a period, its prices, and a table that agrees with the chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from dash import dcc, html

from data_layer.market import FUELS, Fuel
from layouts import formats, tables, theme
from layouts.mix import LOADS, STATION_LOAD, generation_name, load_name
from layouts.panel import panel
from layouts.theme import IMPORTS

VIEW_LABELS: Final = {
    "area": "Stack",
    "proportion": "Proportion",
    "capacity-factor": "Capacity factor",
    "time-of-day": "Time of day",
}

SORT_KEYS: Final = ("energy", "share", "revenue", "price", "cf", "found")


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab generation",
        children=[
            html.H1("Generation", className="visually-hidden"),
            dcc.Store(id="zoomed"),
            html.Div(
                className="columns columns-chart-table",
                children=[
                    panel("gen-mix", chart="generation", kind="tall"),
                    panel("gen-table", kind="table-panel"),
                ],
            ),
        ],
    )


@dataclass(frozen=True)
class Line:
    """One row of the table: a fuel's generation, its load, or a flow."""

    fuel: str
    name: str
    colour: str
    energy_mwh: float | None
    share: float | None = None
    revenue_aud: float | None = None
    price: float | None = None
    capacity_mw: float | None = None
    capacity_factor: float | None = None
    found: float | None = None
    expected: float | None = None

    def sort_value(self, key: str) -> float:
        """Number to sort by; what is missing sorts last."""
        values = {
            "energy": self.energy_mwh,
            "share": self.share,
            "revenue": self.revenue_aud,
            "price": self.price,
            "cf": self.capacity_factor,
            "found": self.found / self.expected if self.found is not None and self.expected else None,
        }
        value = values[key]
        return float("-inf") if value is None else float(value)


def lines(summary: pa.Table, net_import_mwh: float | None, look: str) -> list[Line]:
    """Rows in stacking order: generation of every fuel, then loads, then flows."""
    rows = {row["fuel"]: row for row in summary.to_pylist()}
    up, down = [], []
    for fuel in FUELS:
        row = rows.get(fuel)
        if row is None:
            continue
        up.append(
            Line(
                fuel,
                generation_name(fuel),
                theme.fuel_colour(fuel, look),
                row["generation_mwh"],
                row["share"],
                row["generation_revenue_aud"],
                row["capture_price_aud_per_mwh"],
                row["capacity_mw"],
                row["capacity_factor"],
                row["unit_intervals"],
                row["unit_intervals_expected"],
            )
        )
        if fuel in LOADS and (row["load_mwh"] or 0) < 0:
            load = (row["load_mwh"], None, row["load_revenue_aud"], row["load_price_aud_per_mwh"])
            down.append(Line(fuel, load_name(fuel), theme.load_colour(fuel, look), *load))
    auxiliary = [row for fuel, row in rows.items() if fuel not in LOADS and (row["load_mwh"] or 0) < 0]
    if auxiliary:
        down.append(_auxiliary(auxiliary))
    flows = []
    if net_import_mwh is not None:
        name = generation_name(IMPORTS) if net_import_mwh >= 0 else load_name(IMPORTS)
        colour = (theme.fuel_colour if net_import_mwh >= 0 else theme.load_colour)(IMPORTS, look)
        flows.append(Line(IMPORTS, name, colour, net_import_mwh))
    return [*up, *down, *flows]


def _auxiliary(rows: Sequence[Mapping[str, Any]]) -> Line:
    """What power stations other than storage drew: small, many, so one row. It cannot be hidden alone."""
    energy = sum(row["load_mwh"] for row in rows)
    revenue = sum(row["load_revenue_aud"] or 0 for row in rows)
    # Only energy with a price has a revenue; the price is pooled over that energy.
    priced = sum(
        row["load_revenue_aud"] / row["load_price_aud_per_mwh"]
        for row in rows
        if row["load_revenue_aud"] is not None and row["load_price_aud_per_mwh"]
    )
    price = revenue / priced if priced else None
    return Line(STATION_LOAD, STATION_LOAD, "#9aa1ac", energy, None, revenue, price)


def table(
    entries: Sequence[Line],
    toggles: Mapping[str, str],
    hidden: Sequence[str],
    sorts: Mapping[str, str],
    sort: str,
) -> html.Div:
    """The summary table. ``toggles``: fuel -> address that hides or shows it; ``sorts``: column -> address
    that sorts by it; ``sort``: the column in force, '-' before it for descending, '' for stacking order."""
    key = sort.removeprefix("-")
    if key in SORT_KEYS:
        entries = sorted(entries, key=lambda line: line.sort_value(key), reverse=sort.startswith("-"))

    def column(label: str, unit: str, definition: str, name: str) -> tables.Column:
        order = "" if key != name else "descending" if sort.startswith("-") else "ascending"
        return tables.Column(label, unit, definition, sorts[name], order)

    columns = (
        tables.Column("Fuel", numeric=False),
        column("Energy", "GWh", "energy", "energy"),
        column("Share", "%", "share", "share"),
        column("Revenue", "$M", "revenue", "revenue"),
        column("Price", "$/MWh", "capture_price", "price"),
        column("CF", "%", "capacity_factor", "cf"),
        column("Found", "%", "found", "found"),
    )
    largest = max((line.share or 0 for line in entries), default=0) or 1
    rows = [_row(line, toggles, hidden, largest) for line in entries]
    rows.append(_total_row(entries, hidden))
    return tables.table(columns, rows, "Energy, revenue and prices by fuel")


def _row(line: Line, toggles: Mapping[str, str], hidden: Sequence[str], largest: float) -> tables.Row:
    off = line.fuel in hidden
    return tables.Row(
        [
            line.name,
            _gwh(line.energy_mwh),
            tables.bar(formats.percent(line.share, 1), line.share / largest)
            if line.share is not None
            else "–",
            formats.millions(line.revenue_aud),
            formats.price(line.price),
            tables.Cell(
                formats.percent(line.capacity_factor),
                title=f"of {formats.power(line.capacity_mw)} MW" if line.capacity_mw else "",
            ),
            tables.quality(line.found, line.expected),
        ],
        href=toggles.get(line.fuel, ""),
        title=f"{'Show' if off else 'Hide'} {line.name}" if line.fuel in toggles else "",
        swatch=line.colour,
        off=off,
    )


def _total_row(entries: Sequence[Line], hidden: Sequence[str]) -> tables.Row:
    """Generation shown: what the chart's total says, as energy."""
    shown = [line for line in entries if (line.energy_mwh or 0) > 0 and line.fuel not in (*hidden, IMPORTS)]
    energy = sum(line.energy_mwh or 0 for line in shown)
    revenue = sum(line.revenue_aud or 0 for line in shown)
    priced = sum(
        line.revenue_aud / line.price for line in shown if line.revenue_aud is not None and line.price
    )
    share = sum(line.share or 0 for line in shown)
    label = "Generation shown" if hidden else "Generation"
    cells: list[Any] = [
        label,
        _gwh(energy),
        formats.percent(share, 1),
        formats.millions(revenue),
        formats.price(revenue / priced if priced else None),
        "",
        "",
    ]
    return tables.Row(cells, strong=True)


def _gwh(value_mwh: float | None) -> str:
    return formats.energy(value_mwh / 1000 if value_mwh is not None else None)


def unmapped_note(entries: Sequence[Line]) -> str:
    """A banner where units are unknown to the registry; '' where none is."""
    for line in entries:
        if line.fuel == Fuel.UNMAPPED and line.energy_mwh:
            return (
                f"{_gwh(line.energy_mwh)} GWh come from units that the registry does not know: "
                "shown as “Unmapped”, counted in every total."
            )
    return ""
