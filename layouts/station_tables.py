"""Tables of units and stations: peers with ranks, groups, facts of the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from dash import html

from layouts import formats, tables, theme
from layouts.formats import NOTHING
from layouts.station_items import Item
from layouts.station_numbers import Record, gwh
from layouts.tables import Cell, Column, Row

SORT_COLUMNS: Final = {
    "capacity": "capacity_mw",
    "energy": "generation_mwh",
    "revenue": "revenue_aud",
    "price": "capture_price_aud_per_mwh",
    "rate": "capture_rate",
    "cf": "capacity_factor",
}


def ordered(rows: Sequence[Record], sort: str) -> list[Record]:
    """Rows by the column that ``sort`` names, '-' before it for descending; what is missing comes last."""
    column = SORT_COLUMNS.get(sort.removeprefix("-"))
    if column is None:
        return list(rows)
    known = [row for row in rows if _finite(row[column])]
    unknown = [row for row in rows if not _finite(row[column])]
    return sorted(known, key=lambda row: float(row[column]), reverse=sort.startswith("-")) + unknown


def _finite(value: float | None) -> bool:
    return value is not None and value == value


def ranking(
    rows: Sequence[Record],
    names: Mapping[str, str],
    hrefs: Mapping[str, str],
    chosen: Mapping[str, str],
    sorts: Mapping[str, str],
    sort: str,
    *,
    scope: str = "region",
    look: str = theme.LIGHT,
) -> html.Div:
    """Units or stations with their numbers and places. ``names``, ``hrefs``: by item; ``chosen``: item ->
    its colour; ``scope``: whose places are shown, of the 'region' or the 'nem'."""
    columns = [Column("Name", numeric=False), Column("Owner", numeric=False), *_measures(sorts, sort)]
    suffix = "_nem" if scope == "nem" else ""
    most = max((row["revenue_aud"] for row in rows), default=0) or 1

    def placed(row: Record, text: str, measure: str) -> Cell:
        rank = row[f"{measure}{suffix}_rank"]
        return Cell(text, delta=f"{rank:.0f} of {row[f'{measure}{suffix}_of']:.0f}" if rank else "")

    made = []
    for row in ordered(rows, sort):
        item = row["item"]
        capacity, energy, revenue, price, rate, cf = _texts(row)
        cells: list[str | Cell] = [
            Cell(names[item], delta=row["station_name"] if row["station_name"] != names[item] else ""),
            Cell(row["owner"], delta=row["regionid"] if scope == "nem" else ""),
            capacity,
            placed(row, energy, "energy"),
            tables.bar(revenue, row["revenue_aud"] / most),
            placed(row, price, "price"),
            placed(row, rate, "rate"),
            placed(row, cf, "cf"),
        ]
        colour = chosen.get(item, "")
        title = f"Remove {names[item]} from the comparison" if colour else f"Show {names[item]}"
        swatch = colour or theme.fuel_colour(row["fuel"], look)
        made.append(Row(cells, href=hrefs[item], title=title, swatch=swatch, strong=bool(colour)))
    return tables.table(columns, made, "Peers with their numbers and places")


def shortlist(
    rows: Sequence[Record],
    names: Mapping[str, str],
    hrefs: Mapping[str, str],
    sorts: Mapping[str, str],
    sort: str,
    look: str,
    *,
    regions: bool,
) -> html.Div:
    """The same in little room: names cut, no owners, no places; with ``regions`` instead of capacity."""
    measures = _measures(sorts, sort)
    columns = [Column("Name", numeric=False), *measures]
    if regions:
        columns = [columns[0], Column("Where", numeric=False), *measures[1:]]
    most = max((row["revenue_aud"] for row in rows), default=0) or 1
    made = []
    for row in ordered(rows, sort):
        name = names[row["item"]]
        capacity, energy, revenue, price, rate, cf = _texts(row)
        cells: list[str | Cell] = [
            Cell(name, "clip", f"{name}: {row['fuel']}, {row['owner']}, {capacity} MW"),
            row["regionid"] if regions else capacity,
            energy,
            tables.bar(revenue, row["revenue_aud"] / most),
            price,
            rate,
            cf,
        ]
        swatch = theme.fuel_colour(row["fuel"], look)
        made.append(Row(cells, href=hrefs[row["item"]], title=f"Show {name}", swatch=swatch))
    return tables.table(columns, made, "Units and stations with their numbers")


def _measures(sorts: Mapping[str, str], sort: str) -> list[Column]:
    """Columns of SORT_COLUMNS, in their order; without a sort they come by revenue."""
    key = sort.removeprefix("-") or "revenue"
    order = "ascending" if sort and not sort.startswith("-") else "descending"
    said = {
        "capacity": ("MW", "", "station_capacity"),
        "energy": ("Energy", "GWh", "energy"),
        "revenue": ("Revenue", "$M", "revenue"),
        "price": ("Price", "$/MWh", "capture_price"),
        "rate": ("Rate", "%", "station_rate"),
        "cf": ("CF", "%", "capacity_factor"),
    }
    return [Column(*text, sorts[name], order if name == key else "") for name, text in said.items()]


def _texts(row: Record) -> tuple[str, str, str, str, str, str]:
    """The measures of a row, as written."""
    return (
        formats.power(row["capacity_mw"]),
        gwh(row["generation_mwh"]),
        formats.millions(row["revenue_aud"]),
        formats.price(row["capture_price_aud_per_mwh"]),
        formats.percent(row["capture_rate"]),
        formats.percent(row["capacity_factor"]),
    )


def groups(rows: Sequence[Record], label: str, names: Sequence[str], hrefs: Sequence[str]) -> html.Div:
    """AggregateByGroup's rows: energy, revenue and capture price of fuels by region, or of owners."""
    most = max((row["revenue_aud"] for row in rows), default=0) or 1
    made = [
        Row(
            [
                name,
                formats.number(row["units"]),
                formats.power(row["capacity_mw"]),
                gwh(row["generation_mwh"]),
                tables.bar(formats.millions(row["revenue_aud"]), row["revenue_aud"] / most),
                formats.price(row["capture_price_aud_per_mwh"]),
                formats.percent(row["capacity_factor"]),
            ],
            href=href,
            title=f"Rank the stations of {name}" if href else "",
        )
        for row, name, href in zip(rows, names, hrefs, strict=True)
    ]
    columns = [
        Column(label, numeric=False),
        Column("Units"),
        Column("Capacity", "MW", "station_capacity"),
        Column("Energy", "GWh", "energy"),
        Column("Revenue", "$M", "revenue"),
        Column("Capture price", "$/MWh", "capture_price"),
        Column("CF", "%", "capacity_factor"),
    ]
    return tables.table(columns, made, f"Energy and revenue by {label.lower()}")


_ALWAYS: Final = (datetime(1998, 1, 1), datetime(2200, 1, 1))


def facts(rows: Sequence[Record], items: Sequence[Item]) -> html.Div:
    """What the registry says of every unit, span by span; where each fact comes from is its title."""
    colours = {item.id: item.colour for item in items}
    made = [Row(_fact_cells(row), swatch=colours.get(row["item"], "")) for row in rows]
    columns = [
        Column("DUID", numeric=False),
        Column("Station, owner", numeric=False),
        Column("Region", numeric=False),
        Column("Fuel, technology", numeric=False),
        Column("Capacity", "MW", "station_capacity"),
        Column("Maximum", "MW"),
        Column("Storage", "MWh"),
        Column("These facts hold", "", "station_registry", numeric=False),
        Column("Registered", "", "station_registry", numeric=False),
        Column("Loss factor", "", "station_loss_factor"),
        Column("Source", "", "station_registry", numeric=False),
    ]
    return tables.table(columns, made, "Facts of the registry")


def _fact_cells(row: Record) -> list[str | Cell]:
    sources: dict[str, str] = json.loads(row["sources"]) if row["sources"] else {}

    def said(text: str | None, column: str, below: str | None = "") -> Cell:
        source = f"Source: {sources[column]}" if column in sources else ""
        return Cell(text or NOTHING, title=source, delta=below or "")

    kind = ", ".join(str(row[name]).lower() for name in ("dispatch_type", "schedule_type") if row[name])
    return [
        said(row["duid"], "dispatch_type", kind),
        said(row["station_name"], "station_name", row["owner"]),
        said(row["regionid"], "regionid"),
        said(row["fuel_detail"] or row["fuel"], "fuel", row["technology"]),
        said(formats.power(row["capacity_mw"]), "capacity_mw"),
        said(formats.power(row["max_capacity_mw"]), "max_capacity_mw"),
        said(formats.number(row["storage_mwh"]), "storage_mwh"),
        _dates(row["valid_from"], row["valid_to"]),
        _dates(row["first_date"], row["last_date"], "not said"),
        _loss(row),
        ", ".join(dict.fromkeys(sources.values())) or "in no register",
    ]


def _dates(first: datetime | None, last: datetime | None, unknown: str = "always") -> str:
    """Days on which a span begins and ends; the registry's own ends of time are not dates."""
    begins = formats.day(first) if first is not None and first != _ALWAYS[0] else ""
    ends = formats.day(last) if last is not None and last != _ALWAYS[1] else ""
    if begins and ends:
        return f"{begins} to {ends}"
    if begins:
        return f"from {begins}"
    return f"until {ends}" if ends else unknown


def _loss(row: Record) -> Cell:
    marginal, local = row["transmissionlossfactor"], row["distributionlossfactor"]
    if marginal is None or marginal != marginal:
        return Cell(NOTHING, title="no loss factor in force at the end of the period")
    text = formats.number(marginal * (1.0 if local is None or local != local else local), 4)
    since = formats.day(row["loss_factor_from"])
    detail = f"transmission {formats.number(marginal, 4)}, distribution {formats.number(local, 4)}"
    return Cell(text, title=f"{detail}. Source: {row['loss_factor_source']}", delta=f"from {since}")
