"""What the audit found in the lake when its months were published, as a table of the System tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html

from layouts import formats, tables
from layouts.tables import Cell, Column, Row

MOST: Final = 100
"""Rows of the table; ``python -m app audit`` lists all."""


def findings_table(lines: Sequence[Mapping[str, Any]]) -> html.Div:
    """A row per finding, the newest month first. Lines: month, title (of the check), table, place, count,
    text and ``ours``, whether NEMDesk and not AEMO's data is at fault."""
    columns = [
        Column("Month", numeric=False),
        Column("Finding", numeric=False),
        Column("Where", numeric=False),
        Column("Times"),
        Column("In words", numeric=False),
    ]
    ranked = sorted(lines, key=lambda line: (line["month"], line["ours"], line["count"]), reverse=True)
    rows = [
        Row(
            [
                str(line["month"]),
                Cell(str(line["title"]), "warn" if line["ours"] else "", str(line["table"])),
                str(line["place"]) or formats.NOTHING,
                formats.number(line["count"]),
                str(line["text"]),
            ]
        )
        for line in ranked[:MOST]
    ]
    return tables.table(columns, rows, "Findings of the audit")
