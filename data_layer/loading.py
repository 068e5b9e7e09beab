"""Rows into partitions: splits by month, merges with what is there, keeps one row per key.

The stated rule for two rows with one key (tables.TableSpec): the table's own preference first (the
pricing run for prices, the physical run for flows and demand, the better quality for rooftop PV), then
the row AEMO published later, then the larger values - so that the outcome does not depend on the order
in which files arrive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from data_layer import soundness, sql, sql_writing
from data_layer.errors import LakeDamaged, not_written
from data_layer.lake import Writer, partition_of
from data_layer.market import INTERVAL
from data_layer.ordering import strictly_sorted
from data_layer.tables import TABLES, Partitioning, TableSpec


@dataclass(frozen=True)
class Loaded:
    """What one flush did to one partition."""

    table: str
    partition: str
    rows_before: int
    rows_after: int
    rows_offered: int

    @property
    def rows_added(self) -> int:
        return self.rows_after - self.rows_before


class Loader:
    """Collects Arrow rows for the lake's raw and static tables; ``flush`` merges and stages them."""

    def __init__(self, writer: Writer, threads: int = 2, memory_limit_mb: int = 2_000) -> None:
        self.writer = writer
        self.connection = connect_writer(writer, threads, memory_limit_mb)
        self._pending: dict[tuple[str, str], list[pa.Table]] = defaultdict(list)

    def add(self, table: str, rows: pa.Table) -> None:
        """Queue rows; missing nullable columns become null. ValueError for a null in a key column."""
        spec = TABLES[table]
        rows = conform(rows, spec)
        if rows.num_rows == 0:
            return
        for column in spec.required:
            if rows.column(column).null_count:
                raise ValueError(f"{table}.{column} must not be null")
        for partition, part in split(rows, spec):
            self._pending[table, partition].append(part)

    def replace(self, table: str, rows: pa.Table) -> None:
        """Make ``rows`` the whole content of a static table."""
        spec = TABLES[table]
        if spec.partitioning is not Partitioning.WHOLE:
            raise ValueError(f"{table} is partitioned by time: use add")
        self._write(spec, "all", conform(rows, spec), sort=True)

    def flush(self) -> list[Loaded]:
        """Merge everything queued into the writer's partitions."""
        done = []
        for (table, partition), parts in sorted(self._pending.items()):
            done.append(self._merge(TABLES[table], partition, pa.concat_tables(parts)))
        self._pending.clear()
        return done

    def _merge(self, spec: TableSpec, partition: str, offered: pa.Table) -> Loaded:
        existing = self.writer.partitions(spec.name).get(partition)
        before = existing.rows if existing else 0
        merged = strictly_sorted(offered, spec.key) if existing is None else None
        if merged is None:
            merged = self._unique(spec, partition, offered, self.writer.path(spec.name, partition))
        self._write(spec, partition, merged, sort=False)
        return Loaded(spec.name, partition, before, merged.num_rows, offered.num_rows)

    def _unique(self, spec: TableSpec, partition: str, offered: pa.Table, existing: str | None) -> pa.Table:
        if existing:
            # A changed byte that nothing notices would be published again, under a right checksum.
            soundness.ensure([existing])
        cursor = self.connection.cursor()
        cursor.register("offered", offered)
        parameters = {"existing": existing} if existing else {}
        statement = sql_writing.merge_statement(spec, with_existing=existing is not None)
        try:
            return cursor.sql(statement, params=parameters).to_arrow_table()
        except duckdb.OutOfMemoryException as error:
            raise not_written(error, self.writer.lake.root) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            # Going on without it would lose its rows silently: the ledger holds their files for ingested.
            raise LakeDamaged.at(spec.name, partition) from error

    def _write(self, spec: TableSpec, partition: str, rows: pa.Table, *, sort: bool) -> None:
        cursor = self.connection.cursor()
        cursor.register("rows_to_write", rows)
        path = self.writer.new_path()
        with storing(self.writer):
            cursor.execute(sql_writing.write_statement(spec, path, sort=sort))
        first = last = None
        if spec.time is not None and rows.num_rows:
            bounds = pc.min_max(rows.column(spec.time)).as_py()
            first, last = bounds["min"], bounds["max"]
        self.writer.put(spec.name, partition, path, rows=rows.num_rows, first=first, last=last)


@contextmanager
def storing(writer: Writer) -> Iterator[None]:
    """Says DuckDB's failure to write a file, or to spill to disk, as the data layer does: DiskFull."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise not_written(error, writer.lake.root) from error


def connect_writer(writer: Writer, threads: int, memory_limit_mb: int) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB for the writing process: spills into the lake's staging folder."""
    connection = duckdb.connect(config={"threads": threads})
    connection.execute("SET GLOBAL memory_limit = $limit", {"limit": f"{memory_limit_mb}MB"})
    connection.execute("SET GLOBAL temp_directory = $folder", {"folder": str(writer.staging / "spill")})
    connection.execute(sql.macros())
    return connection


def conform(rows: pa.Table, spec: TableSpec) -> pa.Table:
    """``rows`` with exactly the table's columns and types; ArrowInvalid where a value does not fit."""
    columns = []
    for field in spec.schema:
        if field.name in rows.schema.names:
            column = rows.column(field.name)
            columns.append(column if column.type == field.type else column.cast(field.type))
        else:
            columns.append(pa.nulls(rows.num_rows, field.type))
    return pa.table(columns, schema=spec.schema)


def split(rows: pa.Table, spec: TableSpec) -> list[tuple[str, pa.Table]]:
    """Cut rows by the partition they belong to (a month's first stamp is 00:05 of the 1st)."""
    if spec.time is None:
        return [("all", rows)]
    column = rows.column(spec.time)
    bounds = pc.min_max(column).as_py()
    partition = partition_of(spec.name, bounds["min"])
    if partition == partition_of(spec.name, bounds["max"]):
        return [(partition, rows)]
    parts = []
    low: datetime | date = bounds["min"]
    while True:
        start, end = _bounds_of(partition_of(spec.name, low))
        inside = pc.and_(pc.greater(column, pa.scalar(start)), pc.less_equal(column, pa.scalar(end)))
        part = rows.filter(inside)
        if part.num_rows:
            parts.append((partition_of(spec.name, low), part))
        if end >= bounds["max"]:
            return parts
        low = end + INTERVAL


def _bounds_of(partition: str) -> tuple[datetime, datetime]:
    """(start, end] stamps of a month partition."""
    year, month = (int(part) for part in partition.split("-"))
    start = datetime(year, month, 1)
    return start, (start + timedelta(days=32)).replace(day=1)
