"""Tables of units and stations: peers with ranks, groups, facts of the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

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
    brief: bool = False,
) -> html.Div:
    """Units or stations with their numbers and places. ``names``, ``hrefs``: by item; ``chosen``: item ->
    its colour; ``scope``: whose places are shown, of the 'region' or the 'nem'; ``brief``: without owner and
    places."""
    key = sort.removeprefix("-") if sort else "revenue"
    down = "ascending" if sort and not sort.startswith("-") else "descending"

    def column(label: str, unit: str, definition: str, name: str) -> Column:
        return Column(label, unit, definition, sorts[name], down if name == key else "")

    first = [Column("Name", numeric=False)]
    middle = [] if brief else [Column("Owner", numeric=False)]
    columns = [
        *first,
        *middle,
        column("MW", "", "station_capacity", "capacity"),
        column("Energy", "GWh", "energy", "energy"),
        column("Revenue", "$M", "revenue", "revenue"),
        column("Price", "$/MWh", "capture_price", "price"),
        column("Rate", "%", "station_rate", "rate"),
        column("CF", "%", "capacity_factor", "cf"),
    ]
    if brief:
        columns.insert(1, Column("Where", numeric=False))
    most = max((row["revenue_aud"] for row in rows), default=0) or 1
    made = [
        _peer(
            row, names[row["item"]], hrefs[row["item"]], chosen.get(row["item"], ""), most, scope, look, brief
        )
        for row in ordered(rows, sort)
    ]
    return tables.table(columns, made, "Units and stations with their numbers")


def _peer(
    row: Record, name: str, href: str, colour: str, most: float, scope: str, look: str, brief: bool
) -> Row:
    suffix = "_nem" if scope == "nem" else ""

    def placed(text: str, measure: str) -> Cell | str:
        rank = row[f"{measure}{suffix}_rank"]
        return Cell(
            text, delta="" if brief or not rank else f"{rank:.0f} of {row[f'{measure}{suffix}_of']:.0f}"
        )

    cells: list[str | Cell] = [
        Cell(name, title=row["station_name"]),
        *([Cell(row["regionid"], title=f"{row['fuel']}, {row['owner']}")] if brief else []),
        *([] if brief else [row["owner"]]),
        formats.power(row["capacity_mw"]),
        placed(gwh(row["generation_mwh"]), "energy"),
        tables.bar(formats.millions(row["revenue_aud"]), row["revenue_aud"] / most),
        placed(formats.price(row["capture_price_aud_per_mwh"]), "price"),
        placed(formats.percent(row["capture_rate"]), "rate"),
        placed(formats.percent(row["capacity_factor"]), "cf"),
    ]
    swatch = colour or theme.fuel_colour(row["fuel"], look)
    title = f"Remove {name} from the comparison" if colour else f"Show {name}"
    return Row(cells, href=href, title=title, swatch=swatch, strong=bool(colour))


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
        Column("Station", numeric=False),
        Column("Owner", numeric=False),
        Column("Region", numeric=False),
        Column("Fuel, technology", numeric=False),
        Column("Capacity", "MW", "station_capacity"),
        Column("Maximum", "MW"),
        Column("Storage", "MWh"),
        Column("Type", numeric=False),
        Column("These facts hold", "", "station_registry", numeric=False),
        Column("Registered", "", "station_registry", numeric=False),
        Column("Loss factor", "", "station_loss_factor"),
        Column("Source", "", "station_registry", numeric=False),
    ]
    return tables.table(columns, made, "Facts of the registry")


def _fact_cells(row: Record) -> list[str | Cell]:
    sources: dict[str, str] = json.loads(row["sources"]) if row["sources"] else {}

    def said(text: str | None, column: str) -> Cell:
        return Cell(text or NOTHING, title=f"Source: {sources[column]}" if column in sources else "")

    technology = " · ".join(part for part in (row["fuel_detail"] or row["fuel"], row["technology"]) if part)
    kind = ", ".join(str(row[name]).lower() for name in ("dispatch_type", "schedule_type") if row[name])
    return [
        row["duid"],
        said(row["station_name"], "station_name"),
        said(row["owner"], "owner"),
        said(row["regionid"], "regionid"),
        said(technology, "fuel"),
        said(formats.power(row["capacity_mw"]), "capacity_mw"),
        said(formats.power(row["max_capacity_mw"]), "max_capacity_mw"),
        said(formats.number(row["storage_mwh"]), "storage_mwh"),
        said(kind, "dispatch_type"),
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
