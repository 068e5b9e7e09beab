"""The one place where SQL text is put together.

View texts come from views/*.sql; tables come as explicit lists of files. ``compose`` prefixes a query
with one common table expression per table and view it needs, so that nothing has to be created in the
database, two queries can read two versions of the lake at once, and a file no row can come from is
never opened. Values are bound parameters; the only text ever inserted is from this package's own files
and from the fixed names in tables.py and views/.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from data_layer.requests import Period
from data_layer.tables import TABLES, TableSpec

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


def compose(
    text: str,
    files: Mapping[str, Sequence[str]],
    period: Period | None = None,
    replaced: Collection[str] = (),
) -> tuple[str, dict[str, Any]]:
    """``text`` with everything it names bound to ``files``; returns the statement and its parameters.

    ``files`` maps a table to absolute paths; a table without files is an empty relation of its schema.
    ``period`` limits every time-stamped table to its rows. Names in ``replaced`` are left to the caller
    (a relation registered under that name).
    """
    tables, views = required(text)
    parameters: dict[str, Any] = {}
    parts: list[str] = []
    for name in tables:
        if name in replaced:
            continue
        spec = TABLES[name]
        paths = list(files.get(name, ()))
        if not paths:
            parts.append(f"{name} AS NOT MATERIALIZED ({_empty(spec)})")
            continue
        parameters[f"files_{name}"] = paths
        body = f"SELECT {', '.join(spec.schema.names)} FROM read_parquet($files_{name})"
        if period is not None and spec.time is not None:
            body += f" WHERE {_within(spec)}"
            parameters["period_start"] = period.start
            parameters["period_end"] = period.end
        parts.append(f"{name} AS NOT MATERIALIZED ({body})")
    parts += [f"{name} AS NOT MATERIALIZED ({view_texts()[name]})" for name in views]
    if not parts:
        return text, parameters
    return f"WITH {', '.join(parts)} SELECT * FROM ({text}) AS answer", parameters


def _within(spec: TableSpec) -> str:
    if spec.time == "date":
        return "date >= CAST($period_start AS DATE) AND date < CAST($period_end AS DATE)"
    if spec.name in _HALF_HOURS:
        # A half-hour that the period's end cuts is still needed for the intervals before the end.
        return "settlementdate > $period_start AND settlementdate < $period_end + INTERVAL 30 MINUTE"
    return "settlementdate > $period_start AND settlementdate <= $period_end"


_HALF_HOURS: Final = frozenset({"rooftop_pv", "trading_price"})


def type_name(kind: pa.DataType) -> str:
    """SQL name of a lake column type."""
    return _TYPES[kind]


def _empty(spec: TableSpec) -> str:
    columns = ", ".join(f"CAST(NULL AS {type_name(field.type)}) AS {field.name}" for field in spec.schema)
    return f"SELECT {columns} WHERE false"


def literal(path: Path) -> str:
    """A path of our own as a SQL string literal, for COPY ... TO, which takes no parameter."""
    return "'" + str(path).replace("'", "''") + "'"
