"""The Generation tab: the mix over a period, its prices, and a table that agrees with the chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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

    @property
    def is_load(self) -> bool:
        """Charging, pumping, station load: a fuel may have a line of generation and one of load."""
        return self.fuel != IMPORTS and (self.energy_mwh or 0) < 0

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
    others: Sequence[Line] | None = None,
) -> html.Div:
    """The summary table. ``toggles``: fuel -> address that hides or shows it; ``sorts``: column -> address
    that sorts by it; ``sort``: the column in force, '-' before it for descending, '' for stacking order.
    ``others``: the lines of the period that this one is compared with; each number shows its change."""
    key = sort.removeprefix("-")
    if key in SORT_KEYS:
        entries = sorted(entries, key=lambda line: line.sort_value(key), reverse=sort.startswith("-"))

    def column(label: str, unit: str, definition: str, name: str) -> tables.Column:
        return tables.Column(label, unit, definition, sorts[name], tables.direction(sort, name))

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
    before = {(line.fuel, line.is_load): line for line in others or ()}
    rows = [_row(line, before.get((line.fuel, line.is_load)), toggles, hidden, largest) for line in entries]
    rows.append(_total_row(entries, others, hidden))
    return tables.table(columns, rows, "Energy, revenue and prices by fuel")


OTHER = "Other period"


def _row(
    line: Line, was: Line | None, toggles: Mapping[str, str], hidden: Sequence[str], largest: float
) -> tables.Row:
    off = line.fuel in hidden
    of = f"of {formats.power(line.capacity_mw)} MW" if line.capacity_mw else ""

    def against(name: str, write: Any) -> tables.Cell:
        return tables.changed(getattr(line, name), getattr(was, name, None), write, OTHER)

    share = against("share", _share)
    factor = against("capacity_factor", formats.percent)
    return tables.Row(
        [
            line.name,
            against("energy_mwh", _gwh),
            replace(share, class_name="bar", bar=tables.bar("", line.share / largest).bar)
            if line.share is not None
            else share,
            against("revenue_aud", formats.millions),
            against("price", formats.price),
            replace(factor, title=" · ".join(text for text in (of, factor.title) if text)),
            tables.quality(line.found, line.expected),
        ],
        href=toggles.get(line.fuel, ""),
        title=f"{'Show' if off else 'Hide'} {line.name}" if line.fuel in toggles else "",
        swatch=line.colour,
        off=off,
    )


def _total_row(entries: Sequence[Line], others: Sequence[Line] | None, hidden: Sequence[str]) -> tables.Row:
    """Generation shown: what the chart's total says, as energy."""
    now = _sums(entries, hidden)
    was = _sums(others, hidden) if others else {}
    label = "Generation shown" if hidden else "Generation"
    writes = {"energy": _gwh, "share": _share, "revenue": formats.millions, "price": formats.price}
    cells: list[Any] = [
        tables.changed(now[name], was.get(name), write, OTHER) for name, write in writes.items()
    ]
    return tables.Row([label, *cells, "", ""], strong=True)


def _sums(entries: Sequence[Line], hidden: Sequence[str]) -> dict[str, float | None]:
    shown = [line for line in entries if (line.energy_mwh or 0) > 0 and line.fuel not in (*hidden, IMPORTS)]
    revenue = sum(line.revenue_aud or 0 for line in shown)
    priced = sum(
        line.revenue_aud / line.price for line in shown if line.revenue_aud is not None and line.price
    )
    return {
        "energy": sum(line.energy_mwh or 0 for line in shown),
        "share": sum(line.share or 0 for line in shown),
        "revenue": revenue,
        "price": revenue / priced if priced else None,
    }


def _share(value: float | None) -> str:
    return formats.percent(value, 1)


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
