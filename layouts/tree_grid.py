"""A tree in AG Grid: rows with level and path, branches that open in the browser, sorting by address.

The community edition has no tree: assets/analysis.js shows the rows whose branches are open, through the
grid's external filter. Rows are sent once, all of them, in the order they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dash_ag_grid as dag  # type: ignore[import-untyped]
import numpy as np
import pyarrow as pa

from data_layer.market import FUELS, REGIONS
from layouts import tables, theme

GRID_ID: Final = "analysis-grid"
"""As assets/analysis.js knows it."""


@dataclass(frozen=True)
class Measure:
    """A column of the tree: the answer's column, what it is multiplied with, how the browser writes it."""

    label: str
    unit: str
    definition: str
    column: str
    form: str
    scale: float = 1.0


MEASURES: Final = {
    "energy": Measure("Energy", "GWh", "energy", "energy_mwh", "energy", 1e-3),
    "generation": Measure("Generation", "GWh", "generation", "generation_mwh", "energy", 1e-3),
    "share": Measure("Share", "%", "tree_share", "share", "share"),
    "revenue": Measure("Revenue", "$M", "revenue", "revenue_aud", "millions", 1e-6),
    "revenue-share": Measure("Of revenue", "%", "revenue_share", "revenue_share", "percent"),
    "price": Measure("Price", "$/MWh", "capture_price", "capture_price_aud_per_mwh", "price"),
    "flat": Measure("Flat price", "$/MWh", "flat_price", "flat_price_aud_per_mwh", "price"),
    "rate": Measure("Capture rate", "%", "capture_rate", "capture_rate", "percent"),
    "load": Measure("Load", "GWh", "load_energy", "load_mwh", "energy", 1e-3),
    "paid": Measure("Load revenue", "$M", "load_revenue", "load_revenue_aud", "millions", 1e-6),
    "load-price": Measure("Price paid", "$/MWh", "load_price", "load_price_aud_per_mwh", "price"),
    "capacity": Measure("Capacity", "MW", "group_capacity", "capacity_mw", "power"),
    "cf": Measure("CF", "%", "group_capacity_factor", "capacity_factor", "percent"),
    "units": Measure("Units", "", "distinct_units", "units", "count"),
    "hours": Measure("Unit hours", "h", "unit_hours", "unit_hours", "count"),
    "found": Measure("Found", "%", "found", "found", "found"),
}
"""In the order in which columns stand."""


@dataclass(frozen=True)
class Headings:
    """What the headers say and lead to: column -> address that sorts by it; the sort in force."""

    first: str
    sorts: Mapping[str, str]
    sort: str


def order(rows: pa.Table, sort: str) -> list[int]:
    """Places of the rows in the order shown: each node's children sorted by ``sort`` ('-' for descending,
    what has no value last), parents before children."""
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    if sort == "-revenue":
        return list(range(rows.num_rows))
    if key == "name":
        values: list[Any] = [name.casefold() for name in rows.column("name").to_pylist()]
    else:
        column = np.asarray(_values(rows, key), dtype=np.float64)
        column = -column if descending else column
        values = np.where(np.isfinite(column), column, np.inf).tolist()
    children: dict[int, list[int]] = {}
    for place, parent in enumerate(rows.column("parent").to_pylist()):
        children.setdefault(-1 if parent is None else parent, []).append(place)
    shown: list[int] = []
    stack = list(reversed(children.get(-1, [])))
    while stack:
        place = stack.pop()
        shown.append(place)
        below = sorted(children.get(place, ()), key=values.__getitem__, reverse=key == "name" and descending)
        stack.extend(reversed(below))
    return shown


def _values(rows: pa.Table, key: str) -> Any:
    if key == "found":
        found = rows.column("unit_intervals").to_numpy()
        expected = rows.column("unit_intervals_expected").to_numpy().astype(np.float64)
        return np.divide(found, expected, out=np.full(len(found), np.nan), where=expected > 0)
    measure = MEASURES[key]
    values = rows.column(measure.column).cast(pa.float64()).to_numpy()
    return values * measure.scale if measure.scale != 1.0 else values


def records(rows: pa.Table, columns: Sequence[str], chosen: str) -> list[dict[str, Any]]:
    """A dict a row, as the grid takes them. Numbers to nine digits; what is missing is null."""
    plain: list[dict[str, Any]] = rows.select(
        ["path", "level", "name", "has_children", "kind", "fuel", "region"]
    ).to_pylist()
    for key in columns:
        for row, value in zip(plain, _values(rows, key).tolist(), strict=True):
            row[key] = float(f"{value:.9g}") if value == value else None
    for row in plain:
        row["colour"] = _colour(row, chosen)
        del row["fuel"], row["region"]
    return plain


def _colour(row: Mapping[str, Any], chosen: str) -> str:
    """A swatch where the name is a fuel or a region."""
    if row["kind"] == "fuel" and row["name"] in FUELS:
        return theme.fuel_colour(row["name"], chosen)
    if row["kind"] == "region" and row["name"] in REGIONS:
        return theme.region_colour(row["name"], chosen)
    return ""


def grid(rows: pa.Table, columns: Sequence[str], headings: Headings, chosen: str) -> dag.AgGrid:
    """The tree, its total pinned below. ``columns``: keys of MEASURES."""
    shown = rows.take(pa.array(order(rows, headings.sort)))
    data = records(shown, [key for key in MEASURES if key in columns], chosen)
    definitions = [_first(headings), *(_column(key, headings) for key in MEASURES if key in columns)]
    return dag.AgGrid(
        id=GRID_ID,
        className="tree-grid",
        rowData=data[1:],
        columnDefs=definitions,
        defaultColDef={"sortable": False, "resizable": True, "suppressMovable": True},
        getRowId="params.data.path",
        dashGridOptions={
            "theme": {"function": "themeQuartz"},
            "pinnedBottomRowData": data[:1],
            "isExternalFilterPresent": {"function": "true"},
            "doesExternalFilterPass": {"function": "treeShown(params)"},
            "suppressColumnVirtualisation": True,
            "animateRows": False,
            "rowHeight": 30,
            "headerHeight": 46,
            "enableCellTextSelection": True,
            "tooltipShowDelay": 300,
        },
        dangerously_allow_code=False,
        style={"height": None},
    )


def _first(headings: Headings) -> dict[str, Any]:
    return {
        "field": "name",
        "pinned": "left",
        "width": 260,
        "cellRenderer": "NemdeskTreeName",
        "suppressKeyboardEvent": {"function": "treeKey(params)"},
        "headerComponent": "NemdeskTreeHeader",
        "headerComponentParams": _heading("name", headings.first, "", "", headings),
    }


def _column(key: str, headings: Headings) -> dict[str, Any]:
    measure = MEASURES[key]
    made: dict[str, Any] = {
        "field": key,
        "type": "rightAligned",
        "flex": 1,
        "minWidth": 86,
        "valueFormatter": {"function": f"treeText(params.value, '{measure.form}')"},
        "cellClass": "ag-right-aligned-cell",
        "headerComponent": "NemdeskTreeHeader",
        "headerComponentParams": _heading(key, measure.label, measure.unit, measure.definition, headings),
    }
    if measure.form == "share":
        made["cellStyle"] = {"function": "treeBar(params)"}
    return made


def _heading(key: str, label: str, unit: str, definition: str, headings: Headings) -> dict[str, str]:
    return {
        "label": label,
        "unit": unit,
        "definition": definition,
        "href": headings.sorts[key],
        "sorted": tables.direction(headings.sort, key),
    }
