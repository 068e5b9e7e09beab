"""HTML tables: right-aligned numbers, sticky header, headers that sort (by link), rows that toggle."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

Line = Mapping[str, Any]
"""A row of an answer, which becomes a row of a table."""


@dataclass(frozen=True)
class Column:
    """A header: its unit small and grey beside it, an "i" for its definition, a link that sorts."""

    label: str
    unit: str = ""
    definition: str = ""
    href: str = ""
    sorted: str = ""  # '', 'ascending' or 'descending'
    numeric: bool = True
    swatch: str = ""  # colour of what the column is about


@dataclass(frozen=True)
class Cell:
    """A cell with more than text: a unit beside it, an "i" for its definition, a class, a title, a change in
    small below, a bar behind ("40%")."""

    text: str
    class_name: str = ""
    title: str = ""
    delta: str = ""
    bar: str = ""
    unit: str = ""
    definition: str = ""


@dataclass(frozen=True)
class Row:
    """Cells left to right; ``href`` makes the whole row a link (through its first cell)."""

    cells: Sequence[str | Cell]
    href: str = ""
    title: str = ""
    swatch: str = ""
    off: bool = False
    strong: bool = False


def table(columns: Sequence[Column], rows: Sequence[Row], caption: str) -> html.Div:
    """A table in its own scrolling frame, so that a phone scrolls the table and not the page.

    One component that carries its rows as data; assets/tables.js draws them. As components of Dash, cells
    would cost the browser at every update of the page (measured: half of a tab's time to open).
    """
    data = {
        "caption": caption,
        "columns": [_said(column) for column in columns],
        "rows": [_row(row) for row in rows],
    }
    return html.Div(
        className="table-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": caption, "data-table": json.dumps(data, ensure_ascii=False, separators=(",", ":"))},
    )


def _row(row: Row) -> dict[str, Any]:
    # Most cells are plain text, and some tables have thousands.
    cells = [_said(cell) if isinstance(cell, Cell) else {"text": cell} for cell in row.cells]
    return {**_said(row), "cells": cells}


def _said(part: Column | Row | Cell) -> dict[str, Any]:
    """Fields that say something: what is empty is not sent."""
    return {name: value for name, value in vars(part).items() if value or name == "text"}


def direction(sort: str, key: str) -> str:
    """``Column.sorted`` of the column ``key`` under the parameter ``sort``, "-" before it for descending."""
    if sort.removeprefix("-") != key:
        return ""
    return "descending" if sort.startswith("-") else "ascending"


def in_order(lines: Sequence[Line], sort: str, values: Mapping[str, Callable[[Line], Any]]) -> list[Line]:
    """Lines as sorted by a parameter such as "-share", by the value it names; what is missing stands last
    either way. Without a parameter they stay as they are."""
    if not sort:
        return list(lines)
    value = values[sort.removeprefix("-")]
    known = [line for line in lines if value(line) is not None]
    missing = [line for line in lines if value(line) is None]
    return [*sorted(known, key=value, reverse=sort.startswith("-")), *missing]


def bar(text: str, share: float | None) -> Cell:
    """A number with a bar behind it, where comparison is the point; ``share`` is 0..1."""
    width = max(0.0, min(1.0, share or 0.0)) * 100
    return Cell(text, "bar", bar=f"{width:.1f}%")


def changed(value: float | None, was: float | None, write: Callable[[float | None], str], when: str) -> Cell:
    """A number with its change against ``when`` in small below, both written by ``write``."""
    if value is None or was is None:
        return Cell(write(value))
    mark = "▲" if value > was else "▼" if value < was else ""
    return Cell(write(value), title=f"{when}: {write(was)}", delta=f"{mark}{write(abs(value - was))}")


def quality(found: float | None, expected: float | None) -> Cell:
    """Readings found as a percentage; a mark where some are missing, so that colour is not alone."""
    if not expected or found is None:
        return Cell("–")
    share = found / expected
    title = f"{found:,.0f} of {expected:,.0f} readings"
    if share >= 0.9995:
        return Cell("100%", "muted", title)
    return Cell(f"{share * 100:.1f}% ⚠", "warn", title)


def legend(entries: Sequence[tuple[str, str, str, bool]], label: str = "Fuels shown") -> html.Div:
    """The legend that is also the control: (name, colour, address that toggles it, hidden)."""
    return html.Div(
        [
            html.A(
                name,
                href=href,
                style={"--swatch": colour},
                className="legend-entry swatched off" if hidden else "legend-entry swatched",
                title=f"{'Show' if hidden else 'Hide'} {name}",
                **{"data-nav": "true", "aria-label": f"{'Show' if hidden else 'Hide'} {name}"},
            )
            for name, colour, href, hidden in entries
        ],
        className="legend",
        role="group",
        **{"aria-label": label},
    )
