"""The System tab: what is known of the data's quality, of the lake, and of the running service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import dcc, html

from layouts import formats, tables
from layouts.panel import panel
from layouts.system_calendar import MEASURES, UNMAPPED
from layouts.tables import Cell, Column, Row

Line = Mapping[str, Any]
"""A row of an answer, or facts by name."""

BEAT_MILLISECONDS: Final = 5_000
"""How often the live panels look whether something changed."""

LIVE: Final = (
    "system-lake",
    "system-ingestion",
    "system-audit",
    "system-queries",
    "system-memory",
    "system-jobs",
)
"""Panels that follow the running service."""

MOST_DAYS: Final = 100
MOST_GAPS: Final = 200
"""Rows of the tables; the downloads have all."""

GAP_LABELS: Final = {
    "price": "No settlement price",
    "demand": "No demand",
    "readings": "No unit reported",
    "rooftop": "No rooftop PV",
    "intervention": "Two runs, one kept",
    "unit": "Unit did not report",
    "unmapped": "Unit not in the registry",
}
"""Kinds of DataGaps, the gravest first."""


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab system",
        children=[
            html.H1("System", className="visually-hidden"),
            dcc.Interval(id="system-clock", interval=BEAT_MILLISECONDS),
            dcc.Store(id="system-beat"),
            dcc.Store(id="system-followed"),
            *(dcc.Store(id=f"{name}-seen") for name in (*LIVE, "system-warnings")),
            html.Div(id="system-warnings", className="system-warnings", role="status"),
            panel("system-calendar", chart="data-quality", kind="calendar"),
            panel("system-findings", kind="table-panel"),
            html.Div(
                [panel("system-lake", kind="table-panel"), panel("system-ingestion", kind="table-panel")],
                className="columns columns-halves",
            ),
            panel("system-audit", kind="table-panel"),
            panel("system-queries", kind="table-panel"),
            html.Div(
                [panel("system-memory", kind="table-panel"), panel("system-jobs", kind="table-panel")],
                className="columns columns-halves",
            ),
        ],
    )


def scale(entries: Sequence[tuple[str, str]]) -> html.Div:
    """What the calendar's colours mean."""
    return html.Div(
        [html.Span(text, className="swatched", style={"--swatch": colour}) for text, colour in entries],
        className="scale",
        role="list",
        **{"aria-label": "Colours of the calendar"},
    )


def notes(texts: Sequence[str]) -> list[html.P]:
    """Warnings at the top of the tab."""
    return [html.P(text, className="message message-error", role="alert") for text in texts]


# -- data quality ---------------------------------------------------------------------------------


def _counted(name: str, line: Line) -> str | Cell:
    measure = MEASURES[name]
    found = measure.found(line)
    if measure.expected is not None:
        return tables.quality(found, measure.expected(line))
    return Cell(formats.number(found), "warn" if found else "muted", measure.text(line))


def quality_table(
    lines: Sequence[Line], hrefs: Mapping[tuple[str, str], str], current: str, caption: str
) -> html.Div:
    """A row per day and region. ``hrefs``: (day, region) -> its findings; ``current``: the measure that
    colours the calendar stands first and strong."""
    names = [current, *(name for name in MEASURES if name != current)]
    columns = [Column("Day", numeric=False), Column("Region", numeric=False)]
    columns += [Column(MEASURES[name].label, definition=MEASURES[name].definition) for name in names]
    rows = []
    for line in lines:
        day, region = f"{line['time']:%Y-%m-%d}", str(line["regionid"])
        cells = [
            f"{line['time']:%a} {formats.day(line['time'])}",
            "no region" if region == UNMAPPED else region,
        ]
        own = [
            "–"
            if region == UNMAPPED and MEASURES[name].expected and name != "readings"
            else _counted(name, line)
            for name in names
        ]
        rows.append(Row([*cells, *own], href=hrefs.get((day, region), ""), title="List what is missing"))
    return tables.table(columns, rows, caption)


def gaps_table(lines: Sequence[Line]) -> html.Div:
    """What is missing of a day, region by region, the gravest first."""
    columns = [
        Column("Finding", numeric=False, definition="quality_gaps"),
        Column("Region", numeric=False),
        Column("Unit", numeric=False),
        Column("After"),
        Column("Until"),
        Column("Intervals", "5 min"),
    ]
    order = list(GAP_LABELS)
    ranked = sorted(lines, key=lambda line: (order.index(line["kind"]), -line["intervals"], line["duid"]))
    rows = [
        Row(
            [
                GAP_LABELS[line["kind"]],
                _place(line["regionid"]),
                str(line["duid"]),
                formats.clock(line["start"]),
                formats.stamp(line["end"]).rsplit(" ", 1)[1],
                formats.number(line["intervals"]),
            ]
        )
        for line in ranked[:MOST_GAPS]
    ]
    return tables.table(columns, rows, "What is missing")


def _place(region: str) -> str:
    return "no region" if region == UNMAPPED else region
