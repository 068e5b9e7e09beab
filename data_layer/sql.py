"""The one place where SQL text is put together.

View texts come from views/*.sql; tables come as explicit lists of files. ``compose`` prefixes a query
with one common table expression per table and view it needs, so that nothing has to be created in the
database, two queries can read two versions of the lake at once, and a file no row can come from is
never opened. Values are bound parameters; the only text ever inserted is from this package's own files
and from the fixed names in tables/ and views/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from data_layer.lake import Snapshot
from data_layer.period import Period
from data_layer.tables import MEASURES, TABLES, UNIT_MEASURES, TableSpec

VIEWS: Final = Path(__file__).parent / "views"

_WORD: Final = re.compile(r"[a-z_][a-z0-9_]*")
_COMMENT: Final = re.compile(r"--[^\n]*")

_TYPES: Final = {
    pa.timestamp("us"): "TIMESTAMP",
    pa.date32(): "DATE",
    pa.string(): "VARCHAR",
    pa.float64(): "DOUBLE",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
}


@cache
def macros() -> str:
    """Statements that a new connection runs once."""
    return (VIEWS / "macros.sql").read_text(encoding="utf-8")


@cache
def view_texts() -> Mapping[str, str]:
    """View name -> SELECT text, comments removed."""
    return {path.stem: _read(path) for path in sorted(VIEWS.glob("*.sql")) if path.stem != "macros"}


@cache
def query_text(name: str) -> str:
    """One of the shipped queries under views/<folder>/, by 'folder/name'."""
    return _read(VIEWS / f"{name}.sql")


def _read(path: Path) -> str:
    return _COMMENT.sub("", path.read_text(encoding="utf-8")).strip()


@cache
def _needs(text: str, own: str = "") -> tuple[str, ...]:
    words = set(_WORD.findall(text.lower()))
    return tuple(sorted((words & (set(view_texts()) | set(TABLES))) - {own}))


def required(text: str) -> tuple[list[str], list[str]]:
    """Tables and views that ``text`` needs, directly or through views; views in dependency order."""
    tables: list[str] = []
    views: list[str] = []

    def visit(name: str) -> None:
        if name in tables or name in views:
            return
        if name in TABLES:
            tables.append(name)
            return
        for inner in _needs(view_texts()[name], name):
            visit(inner)
        views.append(name)

    for name in _needs(text):
        visit(name)
    return tables, views


@dataclass(frozen=True)
class Segment:
    """A stretch of time read from one table, or from 5-minute readings (see READINGS)."""

    table: str
    period: Period


@dataclass(frozen=True)
class Composed:
    """A statement with its parameters, and the tables it reads besides its sources."""

    statement: str
    parameters: dict[str, Any]
    tables: tuple[str, ...]


def compose(
    text: str, files: Mapping[str, Sequence[str]], period: Period | None = None
) -> tuple[str, dict[str, Any]]:
    """``text`` with every table and view it names bound to ``files``: the statement, its parameters.

    ``files`` maps a table to absolute paths; a table without files is an empty relation of its schema.
    ``period`` limits every time-stamped table to its rows.
    """
    parameters: dict[str, Any] = {}
    parts = _relations(text, files, period, parameters)
    return _with(parts, text), parameters


def compose_sources(
    text: str, sources: Mapping[str, tuple[list[Segment], str]], snapshot: Snapshot, period: Period
) -> Composed:
    """Like ``compose``, where ``text`` also names relations made of segments of rollups.

    ``sources`` maps a relation's name to its segments and to the kind of its time column: a resolution's
    name, 'time_of_day', or 'none'.
    """
    parameters: dict[str, Any] = {}
    tables, _ = required(text)
    files = {table: snapshot.paths(table, period) for table in tables}
    relations = _relations(text, files, period, parameters)
    relations += [
        f"{name} AS NOT MATERIALIZED ({_source_body(name, parts, kind, snapshot, parameters)})"
        for name, (parts, kind) in sources.items()
    ]
    return Composed(_with(relations, text), parameters, tuple(tables))


def _with(relations: list[str], text: str) -> str:
    return f"WITH {', '.join(relations)} SELECT * FROM ({text}) AS answer" if relations else text


def _relations(
    text: str,
    files: Mapping[str, Sequence[str]],
    period: Period | None,
    parameters: dict[str, Any],
    suffix: str = "",
) -> list[str]:
    """One common table expression per table and view; ``suffix`` keeps nested parameters apart."""
    tables, views = required(text)
    parts = []
    for name in tables:
        spec = TABLES[name]
        paths = list(files.get(name, ()))
        if not paths:
            parts.append(f"{name} AS NOT MATERIALIZED ({_empty(spec)})")
            continue
        parameters[f"files_{name}{suffix}"] = paths
        body = f"SELECT {', '.join(spec.schema.names)} FROM read_parquet($files_{name}{suffix})"
        if period is not None and spec.time is not None:
            body += f" WHERE {_within(spec, f'period_start{suffix}', f'period_end{suffix}')}"
            parameters[f"period_start{suffix}"] = period.start
            parameters[f"period_end{suffix}"] = period.end
        parts.append(f"{name} AS NOT MATERIALIZED ({body})")
    return parts + [f"{name} AS NOT MATERIALIZED ({view_texts()[name]})" for name in views]


_FUEL_COLUMNS: Final = ("regionid", "fuel", *MEASURES)
_UNIT_COLUMNS: Final = ("duid", "regionid", "fuel", *UNIT_MEASURES)
_COMMON_COLUMNS: Final = {f"unit_{grain}": _UNIT_COLUMNS for grain in ("30min", "day", "month")}
"""What the tables of a family have in common, where they are not alike but for their time column."""
_TIME_OF_DAY_COLUMNS: Final = ("regionid", "fuel", "generation_mwh", "load_mwh", "intervals")


def _measures_of(rollup: TableSpec) -> tuple[str, ...]:
    return tuple(name for name in rollup.schema.names if name != rollup.time)


_FAMILIES: Final = {
    "battery": "unit_scada",
    "interconnector": "interconnector_flow",
    "curtailment": "region_demand",
    "unit_curtailment": "unit_dispatch",
}

READINGS: Final = {
    "unit_interval": ("unit_interval_measures", _UNIT_COLUMNS, "unit_scada"),
    **{
        f"{family}_interval": (f"{family}_interval", _measures_of(TABLES[f"{family}_30min"]), read)
        for family, read in _FAMILIES.items()
    },
}
"""Segments that no rollup is fine enough for -> the view over 5-minute rows, its columns, and the table
that says what reading it costs."""

_STAMP_TIMES: Final = {
    "none": "CAST(NULL AS TIMESTAMP)",
    "5min": "settlementdate",
    "30min": "half_hour_end(settlementdate)",
    "hour": "hour_end(settlementdate)",
    "day": "CAST(market_date(settlementdate) AS TIMESTAMP)",
    "month": "CAST(date_trunc('month', market_date(settlementdate)) AS TIMESTAMP)",
    "time_of_day": (
        "date_diff('minute', CAST(market_date(settlementdate) AS TIMESTAMP), half_hour_end(settlementdate))"
    ),
}
_DATE_TIMES: Final = {
    "none": "CAST(NULL AS TIMESTAMP)",
    "day": "CAST(date AS TIMESTAMP)",
    "month": "CAST(date_trunc('month', date) AS TIMESTAMP)",
    "time_of_day": "time_of_day",
}


def _source_body(
    name: str, parts: list[Segment], kind: str, snapshot: Snapshot, parameters: dict[str, Any]
) -> str:
    """UNION ALL of the segments with a common set of columns and a bucket column."""
    time_name = "time_of_day" if kind == "time_of_day" else "time"
    bodies = []
    for index, segment in enumerate(parts):
        label = f"{name}_{index}"
        if segment.table in READINGS:
            bodies.append(_readings_body(segment, kind, time_name, label, snapshot, parameters))
        else:
            bodies.append(_segment_body(segment, kind, time_name, label, snapshot, parameters))
    return " UNION ALL ".join(bodies)


def _readings_body(
    segment: Segment, kind: str, time_name: str, label: str, snapshot: Snapshot, parameters: dict[str, Any]
) -> str:
    """Measures finer than any rollup, straight from the readings of the segment."""
    view, columns, _ = READINGS[segment.table]
    text = f"SELECT {_STAMP_TIMES[kind]} AS {time_name}, {', '.join(columns)} FROM {view}"
    files = {table: snapshot.paths(table, segment.period) for table in required(text)[0]}
    return f"({_with(_relations(text, files, segment.period, parameters, f'_{label}'), text)})"


def _segment_body(
    segment: Segment, kind: str, time_name: str, label: str, snapshot: Snapshot, parameters: dict[str, Any]
) -> str:
    spec = TABLES[segment.table]
    columns = _segment_columns(segment.table, time_name)
    times = _DATE_TIMES if spec.time == "date" else _STAMP_TIMES
    paths = snapshot.paths(segment.table, segment.period)
    if paths:
        parameters[f"files_{label}"] = paths
        relation = f"read_parquet($files_{label})"
    else:
        relation = f"({_empty(spec)})"
    within = _within(spec, f"start_{label}", f"end_{label}")
    parameters[f"start_{label}"] = segment.period.start
    parameters[f"end_{label}"] = segment.period.end
    return f"SELECT {times[kind]} AS {time_name}, {columns} FROM {relation} WHERE {within}"


def _segment_columns(table: str, time_name: str) -> str:
    """What a segment of ``table`` contributes beside its time column."""
    if table == "region_5min":
        return _region_interval_columns()
    if table.startswith("region_fuel"):
        return ", ".join(_TIME_OF_DAY_COLUMNS if time_name == "time_of_day" else _FUEL_COLUMNS)
    if table in _COMMON_COLUMNS:
        return ", ".join(_COMMON_COLUMNS[table])
    return ", ".join(_measures_of(TABLES[table]))


@cache
def _region_interval_columns() -> str:
    """The measures of one 5-minute interval, named as the coarser region rollups name them."""
    return query_text("queries/region_interval_columns")


def stepped(steps: Sequence[tuple[str, str]], body: str) -> str:
    """``body`` after named steps: (relation, text), each of which may name the tables and those before it.
    All texts come from views/queries."""
    relations = ", ".join(f"{name} AS ({text})" for name, text in steps)
    return f"WITH {relations} SELECT * FROM ({body}) AS stepped"


def bucketed(text: str, kind: str) -> str:
    """Rows of ``text`` with the bucket of their settlementdate as ``time``; ``kind``: a resolution's name."""
    return f"SELECT {_STAMP_TIMES[kind]} AS time, m.* FROM ({text}) AS m"


def aggregate_text(columns: Sequence[str], names: Sequence[str]) -> str:
    """aggregate_by_group.sql over one to three registry columns (fixed names of planner.py)."""
    padded = [*columns, *["''"] * (3 - len(columns))]
    groups = ", ".join(f"{column} AS group_{index + 1}" for index, column in enumerate(padded))
    inner = f"SELECT {groups}, g.* FROM ({query_text('queries/grouped')}) AS g"
    body = query_text("queries/aggregate_by_group")
    chosen = ", ".join(f"group_{index + 1} AS {name}" for index, name in enumerate(names))
    return (
        f"WITH grouped AS ({inner}) SELECT {chosen}, answer.* EXCLUDE (group_1, group_2, group_3) "
        f"FROM ({body}) AS answer ORDER BY revenue_aud DESC"
    )


def with_batteries(text: str, *, chosen: bool = False) -> str:
    """``text`` with the relation "battery_facts" (the registry's facts of each battery) and, if wanted,
    "chosen" (rows of "source", limited to the batteries that parameters name)."""
    relations = f"battery_facts AS ({query_text('queries/battery_facts')})"
    if chosen:
        relations += f", chosen AS NOT MATERIALIZED ({query_text('queries/battery_chosen')})"
    return f"WITH {relations} SELECT * FROM ({text}) AS answer"


def integrated_text(view: str, columns: Sequence[str], *, sort: bool) -> str:
    """integrated_data.sql over one of the two integrated views, with the named columns; ``sort`` where
    they leave out what the rows could be ordered by afterwards."""
    if view not in view_texts():
        raise KeyError(view)
    body = query_text("queries/integrated_data")
    # Quoted because the names come from a request; they were checked against INTEGRATED_COLUMNS there.
    chosen = ", ".join(f'"{column}"' for column in columns)
    order = " ORDER BY settlementdate, duid" if sort else ""
    return f"WITH integrated AS (SELECT * FROM {view}) SELECT {chosen} FROM ({body}) AS chosen{order}"


def _within(spec: TableSpec, start: str, end: str) -> str:
    """The rows of a table within the period bound to two parameters."""
    if spec.time == "date":
        return f"date >= CAST(${start} AS DATE) AND date < CAST(${end} AS DATE)"
    if spec.name in _HALF_HOURS:
        # A half-hour that the period's end cuts is still needed for the intervals before the end.
        return f"settlementdate > ${start} AND settlementdate < ${end} + INTERVAL 30 MINUTE"
    return f"settlementdate > ${start} AND settlementdate <= ${end}"


_HALF_HOURS: Final = frozenset({"rooftop_pv", "trading_price"})


def type_name(kind: pa.DataType) -> str:
    """SQL name of a lake column type."""
    return _TYPES[kind]


def _empty(spec: TableSpec) -> str:
    columns = ", ".join(f"CAST(NULL AS {type_name(field.type)}) AS {field.name}" for field in spec.schema)
    return f"SELECT {columns} WHERE false"


def ordered(statement: str, key: Sequence[str]) -> str:
    """``statement`` with its rows ascending by the columns of ``key`` (fixed names of planner.py)."""
    return f"SELECT * FROM ({statement}) ORDER BY {', '.join(key)}" if key else statement


def bounded(statement: str, rows: int) -> str:
    """``statement`` cut one row past ``rows``, so that an answer over the limit is noticed."""
    return f"SELECT * FROM ({statement}) LIMIT {int(rows) + 1}"


def counted(statement: str) -> str:
    """How many rows ``statement`` gives, as column n."""
    return f"SELECT count(*) AS n FROM ({statement})"


def without_rows(statement: str) -> str:
    """The columns of ``statement`` only."""
    return f"SELECT * FROM ({statement}) LIMIT 0"


def footers() -> str:
    """Opens the Parquet files bound as $files and reads nothing of them but what stands in their footers."""
    return "SELECT count(*) AS n FROM read_parquet($files)"


def setting(name: str) -> str:
    """SET GLOBAL of one of connection.py's fixed settings."""
    return f"SET GLOBAL {name} = $value"


def progress() -> tuple[str, ...]:
    """Let a cursor's queries say how far they are, and print nothing."""
    return "SET enable_progress_bar = true", "SET enable_progress_bar_print = false"
