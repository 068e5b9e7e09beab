"""HTML tables: right-aligned numbers, sticky header, headers that sort (by link), rows that toggle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from layouts.definitions import info


@dataclass(frozen=True)
class Column:
    """A header: its unit small and grey beside it, an "i" for its definition, a link that sorts."""

    label: str
    unit: str = ""
    definition: str = ""
    href: str = ""
    sorted: str = ""  # '', 'ascending' or 'descending'
    numeric: bool = True


@dataclass(frozen=True)
class Row:
    """Cells left to right; ``href`` makes the whole row a link (through its first cell)."""

    cells: Sequence[Any]
    href: str = ""
    title: str = ""
    swatch: str = ""
    off: bool = False
    strong: bool = False


def table(columns: Sequence[Column], rows: Sequence[Row], caption: str) -> html.Div:
    """A table in its own scrolling frame, so that a phone scrolls the table and not the page."""
    header = html.Thead(html.Tr([_heading(column) for column in columns]))
    body = html.Tbody([_row(row, columns) for row in rows])
    return html.Div(
        html.Table(
            [html.Caption(caption, className="visually-hidden"), header, body], className="data-table"
        ),
        className="table-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": caption},
    )


def _heading(column: Column) -> html.Th:
    label: Any = column.label
    if column.href:
        mark = {"ascending": " ▲", "descending": " ▼"}.get(column.sorted, "")
        label = html.A(
            column.label + mark, href=column.href, title=f"Sort by {column.label}", **{"data-nav": "true"}
        )
    parts: list[Any] = [label]
    if column.definition:
        parts.append(info(column.definition))
    if column.unit:
        parts.append(html.Span(column.unit, className="unit"))
    more = {"aria-sort": column.sorted} if column.sorted else {}
    return html.Th(parts, className="num" if column.numeric else "", scope="col", **more)


def _row(row: Row, columns: Sequence[Column]) -> html.Tr:
    first: Any = row.cells[0]
    if row.href:
        first = html.A(first, href=row.href, title=row.title, className="row-link", **{"data-nav": "true"})
    classes = [
        name for name, on in (("off", row.off), ("strong", row.strong), ("clickable", bool(row.href))) if on
    ]
    style = {"--swatch": row.swatch} if row.swatch else None
    cells: list[Any] = [html.Th(first, scope="row", className="swatched" if style else "", style=style)]
    for cell, column in zip(row.cells[1:], columns[1:], strict=True):
        names = ["num"] if column.numeric else []
        if isinstance(cell, Cell):
            names.append(cell.class_name)
            cells.append(
                html.Td(cell.text, className=" ".join(names), title=cell.title or None, style=cell.style)
            )
        else:
            cells.append(html.Td(cell, className=" ".join(names)))
    return html.Tr(cells, className=" ".join(classes))


@dataclass(frozen=True)
class Cell:
    """A cell with more than text: a class, a title, a style. Not a component of its own, since every
    component costs the browser at every update."""

    text: Any
    class_name: str = ""
    title: str = ""
    style: dict[str, str] | None = None


def bar(text: str, share: float | None) -> Cell:
    """A number with a bar behind it, where comparison is the point; ``share`` is 0..1."""
    width = max(0.0, min(1.0, share or 0.0)) * 100
    return Cell(text, "bar", style={"--bar-width": f"{width:.1f}%"})


def quality(found: float | None, expected: float | None) -> Cell:
    """Readings found as a percentage; a mark where some are missing, so that colour is not alone."""
    if not expected or found is None:
        return Cell("–")
    share = found / expected
    title = f"{found:,.0f} of {expected:,.0f} readings"
    if share >= 0.9995:
        return Cell("100%", "muted", title)
    return Cell(f"{share * 100:.1f}% ⚠", "warn", title)


def legend(entries: Sequence[tuple[str, str, str, bool]]) -> html.Div:
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
        **{"aria-label": "Fuels shown"},
    )
