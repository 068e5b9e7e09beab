"""What a table of the lake is: columns, key, partitioning, and which of two rows for one key is kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

STAMP = pa.timestamp("us")


class Partitioning(StrEnum):
    MONTH = "month"
    """One file per market month: first stamp 00:05 of the 1st, last 00:00 of the next 1st."""
    YEAR = "year"
    """Day-grain rollups, a file per calendar year."""
    WHOLE = "all"
    """Small tables kept in one file."""


@dataclass(frozen=True)
class TableSpec:
    """One table of the lake.

    ``key`` identifies a row; ``time`` is the column partitions are cut by (interval-ending stamp for
    month tables, ``date`` for year tables); ``prefer`` is an ORDER BY list tried before
    ``published_at DESC`` when two rows have one key; ``sort`` is the order inside a file.
    """

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    sort: tuple[str, ...]
    partitioning: Partitioning
    time: str | None = None
    prefer: str = ""
    required: tuple[str, ...] = ()
    """Columns without which a row is malformed; the others may be null."""
    row_group_rows: int | None = None
    """Rows of a Parquet row group, where a reader skips most of a file; None: the writer's own choice."""
