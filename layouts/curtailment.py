"""The Curtailment tab: sun and wind that were there and not taken, why, where, and whose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dash import dcc, html

from data_layer.market import NEM, REGION_NAMES, Fuel
from layouts import formats, tables, theme
from layouts.panel import panel
from layouts.tables import Cell, Column, Row

Line = Mapping[str, Any]
"""A row of the answer to CurtailmentSummary or UnitCurtailment."""

VIEW_LABELS: Final = {
    "cause": "By cause",
    "fuel": "By fuel",
    "share": "Share",
    "time-of-day": "Time of day",
}
GROUP_LABELS: Final = {"region": "Region", "unit": "Unit"}
ALL: Final = "All"

MOST_UNITS: Final = 60
"""Units in the table; the download has all."""


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab curtailment",
        children=[
            html.H1("Curtailment", className="visually-hidden"),
            dcc.Store(id="curtailment-zoomed"),
            panel("curtailment-chart", chart="curtailment", kind="over-table"),
            panel("curtailment-table", kind="table-panel"),
        ],
    )


def _gwh(value_mwh: float | None) -> str:
    return formats.energy(None if value_mwh is None else value_mwh / 1000)


_VALUES: Final[Mapping[str, Callable[[Line], Any]]] = {
    "uigf": lambda line: line["uigf_mwh"],
    "curtailed": lambda line: line["curtailed_mwh"],
    "share": lambda line: line["curtailed_share"],
    "economic": lambda line: line["economic_curtailed_mwh"],
    "network": lambda line: line["network_curtailed_mwh"],
    "value": lambda line: line["curtailed_value_aud"],
    "found": lambda line: line["intervals"] / line["intervals_expected"],
}
"""What each column sorts by, beside the name."""


def _place(line: Line) -> str:
    return f"{line['regionid']} {line['fuel']}"


def _station(line: Line) -> str:
    return str(line["station_name"]).lower()


_HEADS: Final = (
    ("uigf", "Could have", "GWh", "curtailment_uigf"),
    ("curtailed", "Curtailed", "GWh", "curtailment"),
    ("share", "Share", "", "curtailment_share"),
    ("economic", "Economic", "GWh", "curtailment_cause"),
    ("network", "Network", "GWh", ""),
    ("value", "Value at spot", "$M", "curtailment_value"),
    ("found", "Found", "", "curtailment_found"),
)


def _head(sorts: Mapping[str, str], sort: str, first: Sequence[Column]) -> list[Column]:
    measures = (
        Column(text, unit, definition, sorts[name], tables.direction(sort, name))
        for name, text, unit, definition in _HEADS
    )
    return [*first, *measures]


def _cells(line: Line, largest: float) -> list[str | Cell]:
    unpriced = line["unpriced_curtailed_mwh"] or 0.0
    title = f"{_gwh(unpriced)} GWh of it had no price: in neither cause" if unpriced > 0.5 else ""
    share = line["curtailed_share"]
    return [
        _gwh(line["uigf_mwh"]),
        Cell(_gwh(line["curtailed_mwh"]), title=title),
        tables.bar(formats.percent(share), share / largest) if share is not None and largest else "–",
        _gwh(line["economic_curtailed_mwh"]),
        _gwh(line["network_curtailed_mwh"]),
        formats.millions(line["curtailed_value_aud"]),
        tables.quality(line["intervals"], line["intervals_expected"]),
    ]


def _largest(lines: Sequence[Line]) -> float:
    return max((line["curtailed_share"] or 0.0 for line in lines), default=0.0)


def region_table(
    lines: Sequence[Line],
    current: str,
    hrefs: Mapping[str, str],
    sorts: Mapping[str, str],
    sort: str,
    look: str,
) -> html.Div:
    """The NEM, then each region and fuel. ``current``: the region in view; ``hrefs``: region -> address that
    shows it alone."""
    first = [
        Column("Region", href=sorts["name"], sorted=tables.direction(sort, "name"), numeric=False),
        Column("Fuel", numeric=False),
    ]
    totals = [line for line in lines if line["regionid"] == NEM]
    totals = totals[:1] if len(totals) == 2 else totals  # one fuel: the sum of all is that fuel
    parts = [line for line in lines if line["regionid"] != NEM and line["fuel"] != ALL]
    largest = _largest(parts)
    rows = [_region_row(line, 0.0, "", look) for line in totals if len(parts) > 1]
    rows += [
        _region_row(line, largest, hrefs.get(str(line["regionid"]), ""), look, line["regionid"] == current)
        for line in tables.in_order(parts, sort, {**_VALUES, "name": _place})
    ]
    return tables.table(_head(sorts, sort, first), rows, "Curtailment by region and fuel")


def _region_row(line: Line, largest: float, href: str, look: str, strong: bool = True) -> Row:
    region, fuel = str(line["regionid"]), str(line["fuel"])
    cells = _cells(line, largest or (line["curtailed_share"] or 0.0))
    if not largest and line["curtailed_share"] is not None:
        cells[2] = formats.percent(line["curtailed_share"])
    return Row(
        [Cell(region, title=REGION_NAMES.get(region, region)), fuel, *cells],
        href=href,
        title=f"Show {REGION_NAMES.get(region, region)}" if href else "",
        swatch=theme.fuel_colour(fuel, look) if fuel != ALL else "",
        strong=strong,
    )


def unit_table(
    lines: Sequence[Line], hrefs: Mapping[str, str], sorts: Mapping[str, str], sort: str, look: str
) -> html.Div:
    """Units, most curtailed first. ``hrefs``: DUID -> its page."""
    first = [
        Column("Unit", href=sorts["name"], sorted=tables.direction(sort, "name"), numeric=False),
        Column("DUID", numeric=False),
        Column("Region", numeric=False),
        Column("Capacity", "MW"),
    ]
    largest = _largest(lines)
    rows = [
        Row(
            [
                Cell(str(line["station_name"]), title=f"{line['station_name']} ({line['owner']})"),
                str(line["duid"]),
                str(line["regionid"]),
                formats.power(line["capacity_mw"]),
                *_cells(line, largest),
            ],
            href=hrefs.get(str(line["duid"]), ""),
            title=f"Open {line['duid']} in Stations",
            swatch=theme.fuel_colour(str(line["fuel"]), look),
        )
        for line in tables.in_order(lines, sort, {**_VALUES, "name": _station})[:MOST_UNITS]
    ]
    return tables.table(_head(sorts, sort, first), rows, "Curtailment by unit")


def gap_note(lines: Sequence[Line]) -> str:
    """Which regions' forecasts are missing for a part of the period; '' where none is."""
    short = [
        f"{line['regionid']} {str(line['fuel']).lower()}"
        for line in lines
        if line["regionid"] != NEM
        and line["fuel"] != ALL
        and line["intervals"] < 0.99 * line["intervals_expected"]
    ]
    if not short:
        return ""
    return (
        f"A part of the period has no forecast for {', '.join(short)}: it is left out, not counted as "
        "nothing curtailed (see Found)."
    )


def unit_note(lines: Sequence[Line]) -> str:
    """What the table of units lacks: days without forecasts per unit, units the registry does not know."""
    notes = []
    expected = max(line["intervals_expected"] for line in lines)
    covered = max(line["intervals"] for line in lines)
    if covered < 0.99 * expected:
        notes.append(
            f"AEMO's dispatch files have forecasts per unit for {covered / 288:,.1f} of "
            f"{expected / 288:,.0f} days: the rest is left out, so that units do not add up to their region."
        )
    unknown = [str(line["duid"]) for line in lines if line["fuel"] == Fuel.UNMAPPED]
    if unknown:
        notes.append(f"Not in the registry, so without region and price: {', '.join(unknown)}.")
    if len(lines) > MOST_UNITS:
        notes.append(f"{MOST_UNITS} of {len(lines)} units; the download has all.")
    return " ".join(notes)
