"""The Batteries tab: what storage earned, how it was used, and the table that says it one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from dash import dcc, html

from layouts import formats, tables, theme
from layouts.panel import panel
from layouts.tables import Cell, Column, Row

Line = Mapping[str, Any]
"""A row of the answer to BatterySummary."""

VIEW_LABELS: Final = {
    "over-time": "Over time",
    "ranking": "Ranking",
    "time-of-day": "Time of day",
    "stored": "State of charge",
}
SHOWN_LABELS: Final = {"power": "Power", "money": "Money"}
GROUP_LABELS: Final = {"unit": "Battery", "station": "Station", "owner": "Owner", "region": "Region"}

_LONGEST_LABEL: Final = 38


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab batteries",
        children=[
            html.H1("Batteries", className="visually-hidden"),
            dcc.Store(id="batteries-zoomed"),
            panel("batteries-chart", chart="batteries", kind="over-table"),
            panel("batteries-table", kind="table-panel"),
        ],
    )


def split(rows: Sequence[Line]) -> tuple[Line | None, list[Line]]:
    """The row of all batteries together, and the others."""
    totals = [row for row in rows if row["total"]]
    return (totals[0] if totals else None), [row for row in rows if not row["total"]]


def labels(lines: Sequence[Line], by: str) -> dict[str, str]:
    """What each row is called: a battery by its station, and by its DUID too where the station has others."""
    if by != "unit":
        return {str(line["name"]): shortened(str(line["name"])) for line in lines}
    stations = {str(line["name"]): str(line["station_name"] or line["name"]) for line in lines}
    times_named = Counter(stations.values())
    return {
        name: f"{name} · {shortened(station)}" if times_named[station] > 1 else shortened(station)
        for name, station in stations.items()
    }


def shortened(name: str) -> str:
    """Companies without the trust behind them, long names cut; the full name stands in the cell's title."""
    text = name
    for tail in (" as trustee ", " as the trustee ", " as The Trustee ", " as Trustee "):
        text = text.split(tail)[0]
    text = text.replace("Battery Energy Storage System", "BESS").removesuffix(" Pty Ltd").strip()
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rstrip() + "…"


def _gwh(line: Line, column: str) -> str:
    value = line[column]
    return formats.energy(None if value is None else value / 1000)


def _thousands(value: float | None) -> str:
    """Dollars as $ thousands."""
    if value is None:
        return formats.NOTHING
    thousands = value / 1e3
    return formats.number(thousands, 0 if abs(thousands) >= 9.95 else 1)


def _share(line: Line, found: str, expected: str) -> float | None:
    return line[found] / line[expected] if line[expected] else None


_VALUES: Final[Mapping[str, Callable[[Line], Any]]] = {
    "name": lambda line: str(line["name"]).lower(),
    "mw": lambda line: line["capacity_mw"],
    "mwh": lambda line: line["storage_mwh"],
    "discharge": lambda line: line["discharge_mwh"],
    "charge": lambda line: line["charge_mwh"],
    "received": lambda line: line["discharge_price_aud_per_mwh"],
    "paid": lambda line: line["charge_price_aud_per_mwh"],
    "spread": lambda line: line["spread_aud_per_mwh"],
    "difference": lambda line: line["price_difference_aud_per_mwh"],
    "revenue": lambda line: line["revenue_aud"],
    "negative": lambda line: line["negative_price_charge_income_aud"],
    "cycles": lambda line: line["cycles_per_day"],
    "efficiency": lambda line: line["round_trip_efficiency"],
    "per-mw": lambda line: line["revenue_aud_per_mw_year"],
    "per-mwh": lambda line: line["revenue_aud_per_mwh_year"],
    "found": lambda line: _share(line, "battery_intervals", "battery_intervals_expected"),
}
"""What each column sorts by."""

_HEADS: Final = (
    ("mw", "Capacity", "MW", "battery_capacity"),
    ("mwh", "Storage", "MWh", "battery_storage"),
    ("discharge", "Discharged", "GWh", "battery_energy"),
    ("charge", "Charged", "GWh", ""),
    ("received", "Received", "$/MWh", "battery_prices"),
    ("paid", "Paid", "$/MWh", ""),
    ("spread", "Spread", "$/MWh", "battery_spread"),
    ("difference", "Gap", "$/MWh", "battery_price_difference"),
    ("revenue", "Revenue", "net, $M", "battery_revenue"),
    ("negative", "Below $0", "$k", "battery_negative"),
    ("cycles", "Cycles", "per day", "battery_cycles"),
    ("efficiency", "Round trip", "", "battery_round_trip"),
    ("per-mw", "Per MW", "$k a year", "battery_capacity_year"),
    ("per-mwh", "Per MWh", "$k a year", ""),
    ("found", "Found", "", "battery_found"),
)


def in_order(lines: Sequence[Line], sort: str) -> list[Line]:
    """Rows as sorted by a parameter such as "-spread"."""
    return tables.in_order(lines, sort, _VALUES)


def table(
    lines: Sequence[Line],
    fleet: Line | None,
    by: str,
    *,
    selected: Collection[str],
    hrefs: Mapping[str, str],
    sorts: Mapping[str, str],
    sort: str,
    look: str,
) -> html.Div:
    """All batteries together, then one row per group. ``hrefs``: name -> address that selects it or lets go;
    ``sorts``: key -> address that sorts by it."""
    columns = [
        Column(GROUP_LABELS[by], href=sorts["name"], sorted=tables.direction(sort, "name"), numeric=False)
    ]
    columns += [Column("Region", numeric=False)] if by != "region" else []
    columns += [
        Column(text, unit, definition, sorts[name], tables.direction(sort, name))
        for name, text, unit, definition in _HEADS
    ]
    largest = max((abs(line["revenue_aud"] or 0) for line in lines), default=0.0)
    rows = [_row(fleet, "All batteries", by, 0.0)] if fleet is not None and len(lines) > 1 else []
    accent = theme.palette(look).accent
    called = labels(lines, by)
    for line in in_order(lines, sort):
        name = str(line["name"])
        on = name in selected
        rows.append(
            _row(
                line,
                called[name],
                by,
                largest,
                href=hrefs.get(name, ""),
                title=f"{'Let go of' if on else 'Show'} {name}",
                swatch=accent if on else "",
                strong=on,
            )
        )
    return tables.table(columns, rows, f"Batteries by {by}")


def _row(line: Line, text: str, by: str, largest: float, **more: Any) -> Row:
    cells: list[str | Cell] = [Cell(text, title=_full_name(line))]
    if by != "region":
        regions = str(line["regions"]).split(",")
        several = Cell(f"{len(regions)} regions", title=", ".join(regions))
        cells.append(regions[0] if len(regions) == 1 else several)
    revenue = formats.millions(line["revenue_aud"])
    return Row(
        [
            *cells,
            formats.power(line["capacity_mw"]),
            _storage(line),
            _gwh(line, "discharge_mwh"),
            _gwh(line, "charge_mwh"),
            formats.price(line["discharge_price_aud_per_mwh"]),
            formats.price(line["charge_price_aud_per_mwh"]),
            formats.price(line["spread_aud_per_mwh"]),
            formats.price(line["price_difference_aud_per_mwh"]),
            tables.bar(revenue, abs(line["revenue_aud"] or 0) / largest) if largest else revenue,
            Cell(
                _thousands(line["negative_price_charge_income_aud"]),
                title=f"for {_gwh(line, 'negative_price_charge_mwh')} GWh charged at prices below zero",
            ),
            _of_storage(line, formats.number(line["cycles_per_day"], 2)),
            _round_trip(line),
            _thousands(line["revenue_aud_per_mw_year"]),
            _of_storage(line, _thousands(line["revenue_aud_per_mwh_year"])),
            tables.quality(line["battery_intervals"], line["battery_intervals_expected"]),
        ],
        **{"strong": True, **more},
    )


def _full_name(line: Line) -> str:
    owner = f" ({line['owner']})" if line["owner"] and line["owner"] != line["name"] else ""
    return f"{line['station_name'] or line['name']}{owner}: {str(line['duids']).replace(',', ', ')}"


def _storage(line: Line) -> Cell:
    known, all_of_them = line["batteries_with_storage"], line["batteries"]
    if not known:
        return Cell(formats.NOTHING, title="The registry does not know its storage")
    title = f"of {known} of {all_of_them} batteries: the others' is unknown" if known < all_of_them else ""
    return Cell(formats.number(line["storage_mwh"]), title=title)


def _of_storage(line: Line, text: str) -> Cell:
    """A number per MWh of storage: blank where that is unknown, and says so."""
    known, all_of_them = line["batteries_with_storage"], line["batteries"]
    if not known:
        return Cell(formats.NOTHING, title="Blank: its storage is unknown")
    return Cell(text, title=f"over the {known} of {all_of_them} with known storage" * (known < all_of_them))


def _round_trip(line: Line) -> Cell:
    if line["round_trip_efficiency"] is None:
        return Cell(formats.NOTHING, title=f"Blank: {line['round_trip_blank_because']}")
    return Cell(formats.percent(line["round_trip_efficiency"], 1))


def blank_note(lines: Sequence[Line]) -> str:
    """Why round trips are blank, where all of them are; '' where some are shown."""
    reasons = {line["round_trip_blank_because"] for line in lines}
    if len(reasons) != 1 or None in reasons:
        return ""
    return f"Round trips are blank: {reasons.pop()}."
