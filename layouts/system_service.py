"""Tables of the System tab about the running service: lake, ingestion, questions, processes, jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dash import html

from layouts import formats, tables
from layouts.tables import Cell, Column, Line, Row

LIST_LABELS: Final = {"recent": "Latest", "slowest": "Slowest"}

_MIB: Final = 2**20


def mib(value: float | None) -> str:
    """Bytes as whole MiB, with a decimal below ten."""
    if value is None:
        return formats.NOTHING
    size = value / _MIB
    return formats.number(size, 1 if 0 < size < 9.95 else 0)


def facts(entries: Sequence[tuple[str, str]]) -> html.Dl:
    """Names and values in two columns."""
    return html.Dl(
        [part for name, value in entries for part in (html.Dt(name), html.Dd(value))],
        className="system-facts",
    )


def lake_table(lines: Sequence[Line]) -> html.Div:
    """Tables of the published version."""
    columns = [
        Column("Table", numeric=False),
        Column("Rows"),
        Column("From", numeric=False),
        Column("To", numeric=False),
        Column("Months missing", definition="lake_missing"),
        Column("Files"),
        Column("Size", "MiB"),
    ]
    rows = []
    for line in lines:
        missing = line["missing"]
        rows.append(
            Row(
                [
                    Cell(str(line["name"]), title=str(line["group"])),
                    formats.number(line["rows"]),
                    formats.day(line["first"]) if line["first"] else "–",
                    formats.stamp(line["last"]) if line["last"] else "–",
                    Cell(f"{len(missing)} ⚠", "warn", ", ".join(missing))
                    if missing
                    else Cell("none", "muted"),
                    formats.number(line["files"]),
                    mib(line["bytes"]),
                ]
            )
        )
    return tables.table(columns, rows, "Tables of the lake")


def runs_table(lines: Sequence[Line]) -> html.Div:
    """Ingestion runs, newest first."""
    columns = [
        Column("When", "AEST", numeric=False),
        Column("Command", numeric=False),
        Column("Files"),
        Column("Rows read"),
        Column("New"),
        Column("There already", definition="rows_repeated"),
    ]
    rows = [
        Row(
            [
                _moment(line["when"]),
                str(line["command"]),
                formats.number(line["files"]),
                formats.number(line["read"]),
                Cell(formats.number(line["added"]), title=str(line["by_table"])),
                formats.number(line["repeated"]),
            ]
        )
        for line in lines
    ]
    return tables.table(columns, rows, "Ingestion runs")


def refusals_table(lines: Sequence[Line]) -> html.Div:
    """What was not taken, newest first."""
    columns = [
        Column("When", "AEST", numeric=False),
        Column("Reason", numeric=False),
        Column("Line"),
        Column("Rows"),
        Column("File", numeric=False),
    ]
    rows = [
        Row(
            [
                _moment(line["when"]),
                Cell(_clipped(str(line["reason"]), 60), title=str(line["reason"])),
                "whole file" if line["line"] is None else formats.number(line["line"]),
                formats.number(line["rows"]),
                Cell(_end_of(str(line["file"]), 44), title=f"{line['file']} (from {line['source']})"),
            ]
        )
        for line in lines
    ]
    return tables.table(columns, rows, "Refused rows and files")


def _end_of(text: str, most: int) -> str:
    return text if len(text) <= most else "…" + text[-most + 1 :]


def _moment(when: datetime | None) -> str:
    return f"{formats.day(when)} {when:%H:%M:%S}" if when else formats.NOTHING


# -- the running service ------------------------------------------------------------------------------


def queries_table(lines: Sequence[Line], opened: str) -> html.Div:
    """Questions that were computed; a click opens one."""
    columns = [
        Column("When", "AEST", numeric=False),
        Column("Question", numeric=False),
        Column("Asked for", numeric=False),
        Column("Time", "s", "query_seconds"),
        Column("Rows"),
        Column("Read", "rows", "query_read"),
        Column("Files"),
        Column("Tables", numeric=False),
        Column("Engine", numeric=False),
        Column("Process"),
        Column("Request", numeric=False),
    ]
    rows = []
    for line in lines:
        failed = bool(line["error"])
        rows.append(
            Row(
                [
                    f"{line['when']:%d %b %H:%M:%S}",
                    Cell(
                        f"{line['name']} ⚠" if failed else str(line["name"]),
                        "warn" if failed else "",
                        line["error"],
                    ),
                    Cell(_clipped(line["what"], 60), title=str(line["what"])),
                    formats.number(line["seconds"], 3),
                    "failed" if failed else formats.number(line["rows"]),
                    formats.number(line["rows_read"]),
                    formats.number(line["files"]),
                    Cell(_clipped(line["source"], 40), title=str(line["source"])),
                    str(line["engine"]),
                    str(line["pid"]),
                    str(line["request_id"]),
                ],
                href=str(line["href"]),
                title="Show its SQL statement",
                strong=line["id"] == opened,
            )
        )
    return tables.table(columns, rows, "Questions that were computed")


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def statement(title: str, text: str, parameters: Mapping[str, str], note: str, error: str) -> html.Div:
    """One question opened: its SQL, the values bound to it, what went wrong."""
    parts: list[Any] = [html.H3(title)]
    if error:
        parts.append(html.P(error, className="message message-error"))
    if note:
        parts.append(html.P(note, className="message message-note"))
    if text:
        parts.append(html.Pre(text, tabIndex=0, **{"aria-label": "SQL statement"}))
    if parameters:
        parts.append(facts(list(parameters.items())))
    return html.Div(parts, className="statement")


def processes_table(lines: Sequence[Line]) -> html.Div:
    """Processes of the service with their memory against their limits."""
    columns = [
        Column("Process", numeric=False),
        Column("Memory", "MiB", "process_memory"),
        Column("Limit", "MiB"),
        Column("Threads"),
        Column("Since", "AEST", numeric=False),
    ]
    rows = []
    for line in lines:
        share = line["memory"] / line["limit"] if line["limit"] else None
        text = mib(line["memory"]) + (" ⚠" if line["near"] else "")
        shown = (
            Cell(text, "bar warn" if line["near"] else "bar", bar=f"{min(share, 1.0):.1%}") if share else text
        )
        rows.append(
            Row(
                [
                    Cell(f"{line['role']} {line['pid']}"),
                    shown,
                    mib(line["limit"]) if line["limit"] else "none",
                    str(line["threads"]),
                    _moment(line["since"]),
                ]
            )
        )
    return tables.table(columns, rows, "Processes")


def caches_table(lines: Sequence[Line]) -> html.Div:
    """Each worker's cache of answers."""
    columns = [
        Column("Answers kept by", numeric=False),
        Column("Entries"),
        Column("Memory", "MiB", "cache_memory"),
        Column("Limit", "MiB"),
        Column("Found", definition="cache_hits"),
        Column("Computed"),
        Column("Evicted", definition="cache_evictions"),
    ]
    rows = []
    for line in lines:
        asked = line["hits"] + line["misses"]
        share = line["bytes"] / line["limit_bytes"] if line["limit_bytes"] else None
        found = formats.percent(line["hits"] / asked) if asked else formats.NOTHING
        rows.append(
            Row(
                [
                    f"{line['role']} {line['pid']}",
                    formats.number(line["entries"]),
                    tables.bar(mib(line["bytes"]), share),
                    mib(line["limit_bytes"]),
                    Cell(found, title=f"{line['hits']:,} of {asked:,} questions"),
                    formats.number(line["misses"]),
                    formats.number(line["evictions"]),
                ]
            )
        )
    return tables.table(columns, rows, "Caches of answers")


def jobs_table(lines: Sequence[Line]) -> html.Div:
    """Jobs of the whole service. Whose they are is not said."""
    columns = [
        Column("Job", numeric=False),
        Column("State", numeric=False),
        Column("Time", "s"),
        Column("Rows"),
        Column("Waiting for it", "visitors"),
        Column("Process"),
    ]
    rows = [
        Row(
            [
                f"{line['kind']}: {line['name']}",
                str(line["state"]),
                formats.number(line["seconds"]),
                formats.number(line["rows"]),
                formats.number(line["visitors"]),
                str(line["pid"] or "–"),
            ]
        )
        for line in lines
    ]
    return tables.table(columns, rows, "Jobs")
