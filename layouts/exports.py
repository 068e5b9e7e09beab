"""The line's "Export…": all rows of a table as a file, made by a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import html

from layouts.controls import Option
from layouts.definitions import info

FORM_LABELS: Final = {
    "csv": "CSV, zipped",
    "parquet": "Parquet",
    "xlsx": "Excel (.xlsx)",
}

UNIT_READINGS: Final = "all-unit-readings"
UNIT_HALF_HOURS: Final = "all-unit-half-hours"
READINGS_LABELS: Final = {
    UNIT_READINGS: "All unit readings, 5 minutes",
    UNIT_HALF_HOURS: "All unit readings, half-hours",
}
"""What can be exported below every view, beside its own tables."""


def label(table: str) -> str:
    """Name of a table as a person reads it."""
    return READINGS_LABELS.get(table) or table.replace("-", " ").capitalize()


def box() -> html.Div:
    """The button and, once it is pressed, the choice; drawn anew, and so closed, with every address."""
    button = html.Button(
        "Export…",
        id="export-open",
        type="button",
        className="work-button",
        **{"aria-expanded": "false", "aria-controls": "export-body"},
    )
    return html.Div([button, html.Div(id="export-body", className="export-body")], className="export")


def choice(tables: Sequence[str], period: str) -> list[Any]:
    """Which table, in which form, and the button that starts it. ``tables``: names, the main one first."""
    options = [vars(Option(name, label(name))) for name in tables]
    forms = [vars(Option(name, text)) for name, text in FORM_LABELS.items()]
    return [
        html.Button(
            "×",
            type="button",
            className="export-close",
            title="Close",
            **{"aria-label": "Close", "data-press": "export-open"},
        ),
        html.H2("Export all rows"),
        html.P(
            f"{period}. A job on the server writes the file, however many rows there are; fetch it when it "
            "is ready."
        ),
        html.Div(
            [
                _field("Table", dbc.Select(id="export-table", options=options, value=tables[0])),
                _field("Form", dbc.Select(id="export-form", options=forms, value="csv")),
            ],
            className="export-fields",
        ),
        html.Div(id="export-rows", className="export-rows", role="status"),
        html.Div(
            [
                html.Button(
                    "Start export", id="export-start", type="button", className="work-button primary"
                ),
                html.Div(id="export-said", role="status"),
            ],
            className="export-start",
        ),
    ]


def _field(name: str, control: Any) -> html.Label:
    control.class_name = "resolution-select"
    return html.Label([html.Span(name, className="field-label"), control], className="field")


def rows(count: int | None, *, exact: bool) -> list[Any]:
    """How many rows there will be."""
    if count is None:
        return ["The number of rows is known once they are read.", info("export_rows")]
    unit = "row" if count == 1 else "rows"
    return [f"{'' if exact else 'About '}{count:,} {unit}", info("export_rows")]


def added(what: str) -> html.P:
    return html.P(["Added to jobs: ", html.Strong(what), "."], className="export-added")


def refused(text: str) -> html.P:
    return html.P(text, className="message message-error", role="alert")
