"""The numbers of units and stations side by side, one column for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dash import html

from layouts import formats, tables
from layouts.formats import NOTHING
from layouts.station_items import Item
from layouts.tables import Cell, Column, Row

Record = Mapping[str, Any]


@dataclass(frozen=True)
class _Number:
    """A row of the comparison: what it says of an item's summary, and which rank stands below."""

    label: str
    unit: str
    definition: str
    show: Callable[[Record], Cell]
    rank: str = ""


def gwh(mwh: float | None) -> str:
    """MWh as GWh."""
    return formats.energy(mwh / 1000 if mwh is not None else None)


def _hours(hours: float | None) -> str:
    return formats.number(hours, 0 if hours is None or hours >= 100 else 1)


def _share(part: float | None, whole: float | None) -> str:
    return formats.percent(part / whole, 1) if part is not None and whole else NOTHING


def _at(moment: datetime | None) -> str:
    return formats.stamp(moment) if moment is not None else ""


def _has_load(row: Record) -> bool:
    """Whether it consumes as a business of its own: more than a twentieth of what it generates."""
    return -(row["load_mwh"] or 0) > 0.05 * (row["generation_mwh"] or 0) and row["load_mwh"] < -1


def _net_revenue(row: Record) -> Cell:
    paid = row["load_revenue_aud"] or 0
    earned = row["generation_revenue_aud"]
    total = None if earned is None else earned + paid
    more = f"{formats.millions(paid)} by consuming" if _has_load(row) else ""
    return Cell(formats.millions(total), delta=more)


_NUMBERS: Final = (
    _Number("Revenue", "$M", "revenue", _net_revenue),
    _Number("Energy generated", "GWh", "energy", lambda r: Cell(gwh(r["generation_mwh"])), "energy"),
    _Number(
        "Capture price",
        "$/MWh",
        "capture_price",
        lambda r: Cell(formats.price(r["capture_price_aud_per_mwh"])),
        "price",
    ),
    _Number(
        "Capture rate",
        "%",
        "station_rate",
        lambda r: Cell(
            formats.percent(r["capture_rate"], 1),
            title=f"of {formats.price(r['reference_price_aud_per_mwh'])}/MWh",
        ),
        "rate",
    ),
    _Number(
        "Price of its region",
        "$/MWh",
        "station_reference",
        lambda r: Cell(formats.price(r["reference_price_aud_per_mwh"])),
    ),
    _Number(
        "Capacity factor",
        "%",
        "capacity_factor",
        lambda r: Cell(formats.percent(r["capacity_factor"], 1)),
        "cf",
    ),
    _Number(
        "Capacity",
        "MW",
        "station_capacity",
        lambda r: Cell(formats.power(r["capacity_mw"]), delta=_units(r["units_found"])),
    ),
    _Number(
        "Output: mean, peak",
        "MW",
        "station_output",
        lambda r: Cell(f"{formats.power(r['average_mw'])}, {formats.power(r['max_mw'])}"),
    ),
    _Number(
        "Generated below $0",
        "MWh",
        "station_negative",
        lambda r: Cell(
            formats.number(r["negative_generation_mwh"]),
            delta=f"{_share(r['negative_generation_mwh'], r['generation_mwh'])} of its output",
        ),
    ),
    _Number(
        "Earned below $0",
        "$k",
        "station_negative",
        lambda r: Cell(
            formats.number(
                r["negative_revenue_aud"] / 1e3, 0 if abs(r["negative_revenue_aud"]) >= 1e4 else 1
            ),
            delta=f"in {_hours(r['negative_generating_hours'])} of {_hours(r['negative_price_hours'])} h",
        ),
    ),
    _Number("Starts", "", "station_starts", lambda r: Cell(formats.number(r["starts"]))),
    _Number(
        "Hours off, at zero",
        "h",
        "station_off",
        lambda r: Cell(
            f"{_hours(r['off_hours'])}, {_hours(r['zero_hours'])}", delta=f"of {_hours(r['hours'])} h found"
        ),
    ),
    _Number(
        "Largest 5-minute rise",
        "MW",
        "station_ramps",
        lambda r: Cell(formats.power(r["max_rise_mw"], sign=True), delta=_at(r["max_rise_at"])),
    ),
    _Number(
        "Largest 5-minute fall",
        "MW",
        "station_ramps",
        lambda r: Cell(formats.power(r["max_fall_mw"]), delta=_at(r["max_fall_at"])),
    ),
)
_LOADS: Final = (
    _Number(
        "Energy consumed",
        "GWh",
        "energy",
        lambda r: Cell(gwh(r["load_mwh"])),
    ),
    _Number(
        "Price paid for it",
        "$/MWh",
        "capture_price",
        lambda r: Cell(formats.price(r["load_price_aud_per_mwh"])),
    ),
    _Number(
        "Earned by consuming below $0",
        "$k",
        "station_negative",
        lambda r: Cell(formats.number(r["negative_load_revenue_aud"] / 1e3, 1)),
    ),
)
_FOUND: Final = _Number(
    "Readings found",
    "%",
    "found",
    lambda r: tables.quality(r["unit_intervals"], r["unit_intervals_expected"]),
)


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"


def rank_text(row: Record | None, measure: str) -> str:
    """ "3/14 SA1 · 9/71 NEM": place and how many have one; '' where it has no rank."""
    if row is None or not row[f"{measure}_rank"]:
        return ""
    here = f"{row[f'{measure}_rank']:.0f}/{row[f'{measure}_of']:.0f} {row['regionid']}"
    return f"{here} · {row[f'{measure}_nem_rank']:.0f}/{row[f'{measure}_nem_of']:.0f} NEM"


def _rank_title(row: Record, measure: str) -> str:
    """The same in words."""
    here = f"{row[f'{measure}_rank']:.0f} of {row[f'{measure}_of']:.0f} in {row['regionid']}"
    nem = f"{row[f'{measure}_nem_rank']:.0f} of {row[f'{measure}_nem_of']:.0f} in the NEM"
    return f"Rank among {row['fuel']}: {here}, {nem}"


def numbers(items: Sequence[Item], summaries: Mapping[str, Record], ranks: Mapping[str, Record]) -> html.Div:
    """One column for each item; under what is ranked, the place among its fuel in its region and the NEM."""
    wanted = [*_NUMBERS]
    if any(_has_load(row) for row in summaries.values()):
        wanted += _LOADS
    rows = []
    for number in (*wanted, _FOUND):
        cells: list[str | Cell] = [Cell(number.label, unit=number.unit, definition=number.definition)]
        cells += [_cell(number, summaries.get(item.id), ranks.get(item.id)) for item in items]
        rows.append(Row(cells))
    columns = [
        Column("Of the period", numeric=False),
        *(Column(item.short, swatch=item.colour) for item in items),
    ]
    return tables.table(columns, rows, "Numbers of the period side by side")


def _cell(number: _Number, row: Record | None, ranks: Record | None) -> Cell:
    if row is None:
        return Cell(NOTHING, title="no readings in this period")
    shown = number.show(row)
    if not number.rank:
        return shown
    place = rank_text(ranks, number.rank)
    said = [shown.title, _rank_title(ranks, number.rank)] if place and ranks else [shown.title]
    return Cell(shown.text, shown.class_name, ". ".join(part for part in said if part), place)
