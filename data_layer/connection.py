"""DuckDB in a server process: one instance per process, one cursor per query, everything limited.

Made after the fork and keyed by process id: a connection inherited by a child hangs, one shared by
threads returns wrong rows (measured; docs/decisions/0003-duckdb-in-a-server.md). The configuration is
locked once the limits are set: only the lake's directory can be read, nothing can be installed.
"""

from __future__ import annotations

import os
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from data_layer import sql
from data_layer.errors import (
    DataLayerError,
    LakeDamaged,
    QueryCancelled,
    QueryTimeout,
    ResultTooLarge,
)

# The advice is to build a relation instead; that plans every statement twice (measured: 4 to 7 ms more
# for a small answer), which costs more than the copy it saves.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")


@dataclass(frozen=True)
class Limits:
    """What one process may use. Results live outside DuckDB's memory limit, hence ``max_rows``."""

    threads: int = 2
    memory_limit_mb: int = 256
    temp_limit_mb: int = 2_000
    timeout_seconds: float = 60.0
    max_rows: int = 5_000_000


@dataclass
class CancelToken:
    """Handed to a query so that another thread can stop it."""

    cancelled: bool = False
    _cursors: list[duckdb.DuckDBPyConnection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self) -> None:
        """Stop what runs under this token; what starts under it later stops at once."""
        with self._lock:
            self.cancelled = True
            for cursor in self._cursors:
                cursor.interrupt()

    @contextmanager
    def watching(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        with self._lock:
            if self.cancelled:
                raise QueryCancelled("The query was stopped.")
            self._cursors.append(cursor)
        try:
            yield
        finally:
            with self._lock:
                self._cursors.remove(cursor)


class Engine(Protocol):
    """The door behind which a SQL engine stands."""

    def query(
        self, statement: str, parameters: Mapping[str, Any], cancel: CancelToken | None = None
    ) -> pa.Table: ...

    def batches(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        rows_per_batch: int,
        cancel: CancelToken | None = None,
    ) -> Iterator[pa.RecordBatch]: ...


class DuckEngine:
    """DuckDB over the Parquet files below one directory, read-only."""

    def __init__(self, directory: Path, limits: Limits | None = None) -> None:
        self.directory = Path(directory)
        self.limits = limits or Limits()
        self._connections: dict[int, duckdb.DuckDBPyConnection] = {}
        self._lock = threading.Lock()
        # A child must not wait for a lock that a thread of its parent held at the moment of the fork.
        os.register_at_fork(after_in_child=self._forget_parent)

    def _forget_parent(self) -> None:
        self._lock = threading.Lock()

    def query(
        self, statement: str, parameters: Mapping[str, Any], cancel: CancelToken | None = None
    ) -> pa.Table:
        """All rows as an Arrow table. ResultTooLarge, QueryTimeout, QueryCancelled, LakeDamaged."""
        limit = self.limits.max_rows
        with self._running(cancel) as cursor:
            table: pa.Table = cursor.execute(sql.bounded(statement, limit), dict(parameters)).to_arrow_table()
        if table.num_rows > limit:
            raise ResultTooLarge(
                f"The answer has more than {limit:,} rows: shorten the period, choose a coarser resolution "
                "or read it in chunks."
            )
        return table

    def batches(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        rows_per_batch: int,
        cancel: CancelToken | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The rows in pieces of at most ``rows_per_batch``, in order, without ever holding them all."""
        with self._running(cancel) as cursor:
            reader = cursor.sql(statement, params=dict(parameters)).to_arrow_reader(rows_per_batch)
            for batch in reader:
                yield from _pieces(batch, rows_per_batch)

    @contextmanager
    def _running(self, cancel: CancelToken | None) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._connection().cursor()
        try:
            if cancel is None:
                yield cursor
            else:
                with cancel.watching(cursor):
                    yield cursor
        except duckdb.Error as error:
            raise self._explained(error, cancel) from error
        finally:
            cursor.close()

    def _explained(self, error: duckdb.Error, cancel: CancelToken | None) -> DataLayerError:
        text = str(error)
        if cancel is not None and cancel.cancelled:
            return QueryCancelled("The query was stopped.")
        if isinstance(error, duckdb.InterruptException) or "max_execution_time" in text:
            return QueryTimeout(
                f"The query ran longer than {self.limits.timeout_seconds:g} s: shorten the period or choose "
                "a coarser resolution."
            )
        if isinstance(error, duckdb.OutOfMemoryException):
            return ResultTooLarge(
                "The query needs more memory than it may use: shorten the period or choose a coarser "
                "resolution."
            )
        if isinstance(
            error, duckdb.IOException | duckdb.InvalidInputException | duckdb.SerializationException
        ):
            return LakeDamaged(
                f"A file of the lake cannot be read: {_file_named_in(text)}. Ingest that month again."
            )
        return DataLayerError("The query failed inside the database; the log has the details.")

    def _connection(self) -> duckdb.DuckDBPyConnection:
        pid = os.getpid()
        connection = self._connections.get(pid)
        if connection is None:
            with self._lock:
                connection = self._connections.get(pid)
                if connection is None:
                    connection = self._connect()
                    self._connections[pid] = connection
        return connection

    def _connect(self) -> duckdb.DuckDBPyConnection:
        limits = self.limits
        spill = tempfile.mkdtemp(prefix="nemdesk-spill-")
        connection = duckdb.connect(config={"threads": limits.threads, "python_enable_replacements": False})
        connection.execute(sql.macros())
        settings: dict[str, Any] = {
            "memory_limit": f"{limits.memory_limit_mb}MB",
            "temp_directory": spill,
            "max_temp_directory_size": f"{limits.temp_limit_mb}MB",
            "max_execution_time": int(limits.timeout_seconds * 1_000),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "parquet_metadata_cache": True,
            "allowed_configs": ["enable_progress_bar", "enable_progress_bar_print"],
            "allowed_directories": [str(self.directory)],
            "enable_external_access": False,
            "lock_configuration": True,
        }
        for name, value in settings.items():
            connection.execute(sql.setting(name), {"value": value})
        return connection


def _pieces(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _file_named_in(text: str) -> str:
    """Table, year and month of the file an error message names, without the machine's path."""
    _, found, rest = text.partition("/data/")
    return rest.split(".parquet")[0].rsplit("/", 1)[0] if found else "unknown file"
