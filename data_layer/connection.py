"""DuckDB in a server process: one instance per process, one cursor per query, everything limited.

Made after the fork and keyed by process id: a connection inherited by a child hangs, one shared by
threads returns wrong rows (measured; docs/decisions/0003-duckdb-in-a-server.md). The configuration is
locked once the limits are set: only the lake's directory can be read, nothing can be installed.
"""

from __future__ import annotations

import atexit
import ctypes
import logging
import os
import shutil
import tempfile
import threading
import uuid
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import duckdb
import pyarrow as pa

from data_layer import soundness, sql
from data_layer.cancelling import LOOK_SECONDS
from data_layer.cancelling import CancelToken as CancelToken
from data_layer.errors import (
    DataLayerError,
    DiskFull,
    LakeDamaged,
    QueryCancelled,
    QueryTimeout,
    ResultTooLarge,
    says_no_room,
)

logger = logging.getLogger("nemdesk.data")

# The advice is to build a relation instead; that plans every statement twice (measured: 4 to 7 ms more
# for a small answer), which costs more than the copy it saves.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")


T = TypeVar("T")

CALLERS: Final = 4
"""Threads of a process that call DuckDB. Each one keeps memory for later, in the C library's allocator and in
DuckDB's, and a server's worker has 64: under 50 analysts the former alone came to 12 MB."""


@dataclass(frozen=True)
class Limits:
    """What one process may use. Results live outside DuckDB's memory limit, hence ``max_rows``."""

    threads: int = 2
    memory_limit_mb: int = 256
    temp_limit_mb: int = 2_000
    timeout_seconds: float = 60.0
    max_rows: int = 5_000_000
    timeout_setting: str = "NEMDESK_QUERY_TIMEOUT_SECONDS"
    memory_setting: str = "NEMDESK_MEMORY_LIMIT_MB"
    """The variables that whoever runs the service sets these by, for the messages."""


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


def _callers() -> ThreadPoolExecutor:
    """All threads at once, so that what a process needs shows from its first question on."""
    pool = ThreadPoolExecutor(CALLERS, "duckdb-caller")
    together = threading.Barrier(CALLERS, timeout=10)
    for _ in range(CALLERS):
        pool.submit(together.wait)
    return pool


def _ended(called: Future[Any], seconds: float) -> bool:
    """Whether it ended within so long; what it raised is not raised here."""
    try:
        called.exception(seconds)
    except TimeoutError:
        return False
    return True


_BUGS: Final = (duckdb.InternalException, duckdb.FatalException)
"""What DuckDB raises where it met a bug of its own (2.0.0: duckdb issue 24807, joins whose sides it
exchanged), and from then on for whatever the same database is asked."""


class _Broken(DataLayerError):
    """The database met a bug of its own."""


class DuckEngine:
    """DuckDB over the Parquet files below one directory, read-only."""

    def __init__(self, directory: Path, limits: Limits | None = None) -> None:
        self.directory = Path(directory)
        self.limits = limits or Limits()
        self._connections: dict[int, duckdb.DuckDBPyConnection] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        _ENGINES.add(self)

    def forget_parent(self) -> None:
        """Called in a child process: its parent's lock and connections are not its own."""
        # A thread of the parent may have held the lock at the moment of the fork.
        self._lock = threading.Lock()
        self._threads = None
        for connection in self._connections.values():
            # Closing an inherited database waits for its threads, which the child has not got: a child
            # that ends normally would hang at its exit (tested). One reference too many is never closed.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        self._connections = {}

    def query(
        self, statement: str, parameters: Mapping[str, Any], cancel: CancelToken | None = None
    ) -> pa.Table:
        """All rows as an Arrow table. ResultTooLarge, QueryTimeout, QueryCancelled, LakeDamaged.

        Asked once more is what met a bug inside DuckDB, without the optimizers that were seen to lead to one,
        and what read a file that changed meanwhile. At most CALLERS run at a time, the others wait. One that
        nobody wants any more (``cancel.wanted``) is stopped."""
        cancel = cancel or CancelToken()
        cancel.check_wanted()
        called = self._called(self._query, statement, parameters, cancel)
        try:
            while not _ended(called, LOOK_SECONDS):
                if not cancel.cancelled and not cancel.wanted():
                    cancel.cancel()
            return called.result()
        except BaseException:
            if not called.done():  # whoever waits was interrupted, as by Ctrl-C in a notebook
                cancel.cancel()
            raise

    def _called(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """``work`` in one of the threads that call DuckDB."""
        try:
            with self._lock:
                if self._threads is None:
                    self._threads = _callers()
                threads = self._threads
            return threads.submit(work, *arguments)
        except RuntimeError as error:
            raise QueryCancelled("The query was stopped: this process is ending.") from error

    def _query(self, statement: str, parameters: Mapping[str, Any], cancel: CancelToken) -> pa.Table:
        limit = self.limits.max_rows
        bounded = sql.bounded(statement, limit)
        try:
            table = self._sound_table(bounded, parameters, cancel)
        except soundness.LakeChanged:
            table = self._sound_table(bounded, parameters, cancel)
        if table.num_rows > limit:
            raise ResultTooLarge(
                f"The answer has more than {limit:,} rows: shorten the period, choose a coarser resolution "
                "or read it in chunks."
            )
        return table

    def _sound_table(self, statement: str, parameters: Mapping[str, Any], cancel: CancelToken) -> pa.Table:
        with soundness.watched(_files_in(parameters), stopped=lambda: cancel.cancelled):
            try:
                return self._table(self._connection(), statement, parameters, cancel)
            except _Broken:
                careful = self._connect(careful=True)
                try:
                    return self._table(careful, statement, parameters, cancel)
                finally:
                    careful.close()

    def read_footers(self, files: Sequence[str]) -> int:
        """Keep the footers of Parquet files in memory, as the first query on them would; the rows they
        hold. What a file's rows are worth is asked when they are read. LakeDamaged, QueryTimeout."""
        parameters = {"files": list(files)}
        called = self._called(lambda: self._table(self._connection(), sql.footers(), parameters, None))
        return int(called.result()["n"][0].as_py())

    def _table(
        self,
        connection: duckdb.DuckDBPyConnection,
        statement: str,
        parameters: Mapping[str, Any],
        cancel: CancelToken | None,
    ) -> pa.Table:
        with self._running(parameters, cancel, connection) as cursor:
            return cursor.execute(statement, dict(parameters)).to_arrow_table()

    def batches(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        rows_per_batch: int,
        cancel: CancelToken | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The rows in pieces of at most ``rows_per_batch``, in order, without ever holding them all."""
        stop = cancel or CancelToken()
        files = soundness.watched(_files_in(parameters), stopped=lambda: stop.cancelled, may_vanish=True)
        with files, self._running(parameters, stop) as cursor:
            reader = cursor.sql(statement, params=dict(parameters)).to_arrow_reader(rows_per_batch)
            for batch in reader:
                yield from _pieces(batch, rows_per_batch)

    @contextmanager
    def _running(
        self,
        parameters: Mapping[str, Any],
        cancel: CancelToken | None,
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = connection or self._connection()
        cursor = connection.cursor()
        try:
            if cancel is None:
                yield cursor
            else:
                if cancel.told:
                    for statement in sql.progress():
                        cursor.execute(statement)
                with cancel.watching(cursor):
                    yield cursor
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            # While a result streams, DuckDB's errors arrive through Arrow, as its exceptions.
            explained = self._explained(error, parameters, cancel)
            if isinstance(explained, _Broken):
                self._forget(connection)
            raise explained from error
        finally:
            cursor.close()

    def _explained(
        self, error: Exception, parameters: Mapping[str, Any], cancel: CancelToken | None
    ) -> DataLayerError:
        text = str(error)
        if cancel is not None and cancel.cancelled:
            return QueryCancelled("The query was stopped.")
        if (
            isinstance(error, duckdb.InterruptException)
            or "max_execution_time" in text
            or "INTERRUPT" in text
        ):
            return QueryTimeout(
                f"The query ran longer than {self.limits.timeout_seconds:g} s: shorten the period or choose "
                f"a coarser resolution (for whoever runs this service: {self.limits.timeout_setting})."
            )
        logger.error("query failed: %s", text)
        if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in text:
            return ResultTooLarge(
                f"The query needs more memory than the {self.limits.memory_limit_mb} MB it may use: shorten "
                "the period or choose a coarser resolution (for whoever runs this service: "
                f"{self.limits.memory_setting})."
            )
        if says_no_room(text):
            return DiskFull(
                "The query needs more room for what does not fit into memory than the disk has: shorten the "
                "period or choose a coarser resolution (for whoever runs this service: free some in "
                f"{tempfile.gettempdir()}, or set TMPDIR)."
            )
        file = soundness.named_in(text)
        if not file and type(error) in (duckdb.Error, duckdb.IOException, OSError):
            # Damage inside a file's metadata is reported without the file's name.
            damaged = (path for path in _files_in(parameters) if not soundness.is_readable(path))
            file = soundness.named_in(next(damaged, ""))
        if file:
            return LakeDamaged.at(*file)
        failed = "The query failed inside the database; the log has the details."
        if isinstance(error, _BUGS) or text.startswith(("INTERNAL", "FATAL")):
            return _Broken(failed)
        return DataLayerError(failed)

    def _forget(self, connection: duckdb.DuckDBPyConnection) -> None:
        """After a bug inside it a database refuses every further query: the next one opens another."""
        with self._lock:
            if self._connections.get(os.getpid()) is connection:
                del self._connections[os.getpid()]

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

    def _connect(self, *, careful: bool = False) -> duckdb.DuckDBPyConnection:
        limits = self.limits
        # Not made here: DuckDB makes it when it first spills, so that a process leaves nothing behind.
        spill = Path(tempfile.gettempdir()) / f"{_SPILL}-{os.getpid()}-{uuid.uuid4().hex}"
        atexit.register(shutil.rmtree, spill, ignore_errors=True)
        connection = duckdb.connect(config={"threads": limits.threads, "python_enable_replacements": False})
        connection.execute(sql.macros())
        settings: dict[str, Any] = {
            "memory_limit": f"{limits.memory_limit_mb}MB",
            "temp_directory": str(spill),
            "max_temp_directory_size": f"{limits.temp_limit_mb}MB",
            "max_execution_time": int(limits.timeout_seconds * 1_000),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "parquet_metadata_cache": True,
            # Its allocator gives back what a query left only while others run, not once it is quiet.
            "allocator_background_threads": True,
            "disabled_optimizers": "join_order,build_side_probe_side" if careful else "",
            "allowed_configs": ["enable_progress_bar", "enable_progress_bar_print"],
            "allowed_directories": [str(self.directory)],
            "enable_external_access": False,
            "lock_configuration": True,
        }
        for name, value in settings.items():
            connection.execute(sql.setting(name), {"value": value})
        return connection


_SPILL: Final = "nemdesk-spill"


def remove_spill(pid: int) -> None:
    """Remove what a process spilled that ended without its exit handlers."""
    for spill in Path(tempfile.gettempdir()).glob(f"{_SPILL}-{pid}-*"):
        shutil.rmtree(spill, ignore_errors=True)


def _pieces(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _files_in(parameters: Mapping[str, Any]) -> Iterator[str]:
    for value in parameters.values():
        if isinstance(value, list):
            yield from (str(item) for item in value if str(item).endswith(".parquet"))


_ENGINES: Final[weakref.WeakSet[DuckEngine]] = weakref.WeakSet()


def _forget_parents() -> None:
    for engine in list(_ENGINES):
        engine.forget_parent()


os.register_at_fork(after_in_child=_forget_parents)
