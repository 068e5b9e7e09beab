"""What a reader knows of one published version of the lake: its files and their spans.

Immutable and cheap: made from a manifest by lake.py, handed to the planner, which picks files from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from data_layer.market import market_day
from data_layer.period import Period
from data_layer.tables import SCHEMA_VERSION, TABLES, Partitioning


@dataclass(frozen=True)
class LakeFile:
    """One Parquet file of a version. ``first``/``last`` bound the table's time column (ISO, market
    time); ``inputs`` names what a rollup was built from, so that an unchanged one is kept."""

    path: str
    rows: int
    bytes: int
    sha256: str
    first: str | None = None
    last: str | None = None
    inputs: str = ""

    @property
    def last_stamp(self) -> datetime | None:
        return _stamp(self.last) if self.last else None

    @property
    def first_stamp(self) -> datetime | None:
        return _stamp(self.first) if self.first else None


@lru_cache(maxsize=16_384)
def _stamp(text: str) -> datetime:
    """Kept, since a question about one day looks at the stamps of every month, several times."""
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Snapshot:
    """A published version: all that a reader needs to know of the lake. Immutable and cheap."""

    root: Path
    token: str
    number: int
    kind: str
    created: datetime
    files: Mapping[str, Mapping[str, LakeFile]]
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Small facts the writer left: ingested files and refusals are under 'ledger' (a file name)."""
    schema: str = SCHEMA_VERSION
    """tables.SCHEMA_VERSION of the code that built the rollups."""

    def partitions(self, table: str) -> Mapping[str, LakeFile]:
        """Partition name ('2025-01', '2025' or 'all') -> file, in order."""
        return self.files.get(table, {})

    def select(self, table: str, period: Period | None = None) -> list[LakeFile]:
        """Files of ``table`` that can hold rows of ``period``, oldest first."""
        chosen = []
        for name, entry in sorted(self.partitions(table).items()):
            if period is not None and not _overlaps(name, entry, period):
                continue
            chosen.append(entry)
        return chosen

    def paths(self, table: str, period: Period | None = None) -> list[str]:
        """Absolute paths of ``select``."""
        return [str(self.root / entry.path) for entry in self.select(table, period)]

    def span(self, table: str) -> tuple[datetime, datetime] | None:
        """First and last stamp of ``table``, or None where it is empty."""
        return self._spans.get(table)

    @cached_property
    def _spans(self) -> dict[str, tuple[datetime, datetime]]:
        found = {}
        for table, entries in self.files.items():
            firsts = [entry.first_stamp for entry in entries.values() if entry.first_stamp]
            lasts = [entry.last_stamp for entry in entries.values() if entry.last_stamp]
            if firsts and lasts:
                found[table] = (min(firsts), max(lasts))
        return found

    def rows(self, table: str) -> int:
        return sum(entry.rows for entry in self.partitions(table).values())

    @property
    def registry_version(self) -> str:
        """Changes when the units table does; rollups that carry registry facts name it."""
        units = self.partitions("units").get("all")
        return units.sha256[:16] if units else "none"


def _overlaps(partition: str, entry: LakeFile, period: Period) -> bool:
    if entry.first is None or entry.last is None:
        return entry.rows > 0
    first, last = entry.first_stamp, entry.last_stamp
    assert first is not None and last is not None
    if len(entry.first) == 10:  # a date table: the day covers (date, date + 1]
        return first < period.end and last + timedelta(days=1) > period.start
    return first <= period.end and last > period.start


def partition_of(table: str, moment: datetime | date) -> str:
    """The partition a row belongs to, from its interval-ending stamp or its date."""
    spec = TABLES[table]
    if spec.partitioning is Partitioning.WHOLE:
        return "all"
    day = market_day(moment) if isinstance(moment, datetime) else moment
    return f"{day.year:04d}" if spec.partitioning is Partitioning.YEAR else f"{day.year:04d}-{day.month:02d}"


def directory_of(table: str, partition: str) -> str:
    if partition == "all":
        return f"data/{table}"
    year, _, month = partition.partition("-")
    return f"data/{table}/year={year}" + (f"/month={month}" if month else "")
