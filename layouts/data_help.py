"""The page /data: how to take the rows behind a view into Excel, R or a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

FORMS = (
    ("csv", "Excel, any tool; text that a spreadsheet would run as a formula gets an apostrophe"),
    ("json", "scripts: {provenance, columns, rows}; times are ISO texts"),
    ("parquet", "pandas, polars, DuckDB, R: exact types"),
    ("arrow", "an Arrow IPC stream: the fastest into pyarrow, polars or R"),
)

EXAMPLES = (
    (
        "Python",
        'import pandas as pd\nframe = pd.read_parquet("{base}/generation/data.parquet?region=SA1&range=30d")',
    ),
    (
        "R",
        'prices <- read.csv("{base}/generation/data.csv?region=SA1&range=30d&table=prices")',
    ),
    ("Excel", "Data › From Web › {base}/generation/data.csv?region=SA1&range=30d"),
)

AFTER_THE_TAB = (
    " behind the name of the tab in the address of any view, before the question mark, and you get the "
    "rows behind it: the same question, the same cache, the same limits."
)

ERRORS = (
    ("400", "a parameter is not allowed: a page drops it with a notice, a file refuses"),
    ("404", "no such view or form"),
    ("422", "the answer is too large (export it instead), or a file of the lake is damaged"),
    ("503", "busy, or no data yet: try again"),
)


def page(tables: Mapping[str, Sequence[str]], base: str) -> html.Div:
    """``tables``: tab name -> names of its tables, the main one first; ``base``: address of this server."""
    return html.Div(
        className="tab help-page",
        children=[
            html.H1("Every view is also data"),
            html.P(
                [
                    "Put ",
                    html.Code("/data.csv"),
                    AFTER_THE_TAB,
                ]
            ),
            _listed("Forms", [(f".{ending}", text) for ending, text in FORMS]),
            html.H2("Examples"),
            *[
                part
                for name, text in EXAMPLES
                for part in (html.H3(name), html.Pre(text.replace("{base}", base), tabIndex=0))
            ],
            html.H2("Tables of each view"),
            html.P(
                [
                    "A view with several tables gives its first one; ",
                    html.Code("&table=name"),
                    " picks another.",
                ]
            ),
            _listed("", [(f"/{tab}", ", ".join(names) or "–") for tab, names in tables.items()]),
            html.H2("More rows than one answer may have"),
            html.P(
                "“Export…” below every view has no such limit: a job writes all rows of one of its tables, "
                "or all unit readings of its period, as zipped CSV, Parquet or Excel, and you fetch the "
                "file when it is ready. A download that broke off goes on where it stopped."
            ),
            html.H2("Times and units"),
            html.P(
                "AEST (UTC+10, no daylight saving). Below a day a stamp names the end of its interval, days "
                "and months their first day. Units are in the column names; money is Australian dollars."
            ),
            _listed("Errors", list(ERRORS)),
            html.P(
                [
                    "An error's body is JSON: ",
                    html.Code('{"error": "what to do", "field": "parameter", "request_id": "for the log"}'),
                ]
            ),
        ],
    )


def _listed(title: str, entries: Sequence[tuple[str, str]]) -> html.Div:
    rows: list[Any] = [html.H2(title)] if title else []
    rows.append(
        html.Dl(
            [part for name, text in entries for part in (html.Dt(html.Code(name)), html.Dd(text))],
            className="help-list",
        )
    )
    return html.Div(rows)


def links(addresses: Mapping[str, str]) -> list[Any]:
    """The line under every view: its rows in each form. ``addresses``: form -> address."""
    return [
        html.Span("The rows behind this view: "),
        *[html.A(f".{form}", href=address, className="download") for form, address in addresses.items()],
        html.A("How to use them", href="/data", **{"data-nav": "true"}),
    ]
