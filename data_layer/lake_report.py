"""What a version of the lake consists of: rows, files, bytes and months of each table, from its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from data_layer.lake_state import span_of
from data_layer.snapshot import Snapshot
from data_layer.tables import RAW_TABLES, STATIC_TABLES, TABLES, Partitioning

READINGS: Final = "readings"
REGISTERS: Final = "registers"
ROLLUPS: Final = "rollups"

_GROUPS: Final[Mapping[str, str]] = {
    **{spec.name: READINGS for spec in RAW_TABLES},
    **{spec.name: REGISTERS for spec in STATIC_TABLES},
}


@dataclass(frozen=True)
class TableFacts:
    """One table of a version. ``first``/``last`` bound its time (None for registers); ``missing`` names the
    months between its first and its last that have no file."""

    name: str
    group: str
    rows: int
    files: int
    bytes: int
    first: datetime | None
    last: datetime | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class LakeReport:
    """A version of the lake. ``bytes`` are those of its own files; older versions that are still kept come
    on top (``bytes_on_disk``)."""

    version: str
    kind: str
    created: datetime
    first: datetime | None
    last: datetime | None
    files: int
    bytes: int
    tables: tuple[TableFacts, ...]


def report(snapshot: Snapshot) -> LakeReport:
    """Facts of one version; the tables in the order of the schema, those without files left out."""
    tables = tuple(_facts(name, snapshot) for name in TABLES if snapshot.partitions(name))
    first, last = span_of(snapshot)
    return LakeReport(
        version=snapshot.token,
        kind=snapshot.kind,
        created=snapshot.created,
        first=first,
        last=last,
        files=sum(table.files for table in tables),
        bytes=sum(table.bytes for table in tables),
        tables=tables,
    )


def bytes_on_disk(root: Path) -> int:
    """Bytes of every file below a lake's directory, superseded versions included."""
    total = 0
    for path in root.rglob("*"):
        with suppress(OSError):  # a writer may be sweeping
            total += path.stat().st_size if path.is_file() else 0
    return total


def _facts(name: str, snapshot: Snapshot) -> TableFacts:
    parts = snapshot.partitions(name)
    span = snapshot.span(name)
    return TableFacts(
        name=name,
        group=_GROUPS.get(name, ROLLUPS),
        rows=snapshot.rows(name),
        files=len(parts),
        bytes=sum(entry.bytes for entry in parts.values()),
        first=span[0] if span else None,
        last=span[1] if span else None,
        missing=_missing_months(list(parts)) if _is_monthly(name) else (),
    )


def _is_monthly(name: str) -> bool:
    return TABLES[name].partitioning is Partitioning.MONTH


def _missing_months(names: list[str]) -> tuple[str, ...]:
    there = {int(name[:4]) * 12 + int(name[5:7]) - 1 for name in names}
    absent = [number for number in range(min(there), max(there)) if number not in there]
    return tuple(f"{number // 12:04d}-{number % 12 + 1:02d}" for number in absent)
