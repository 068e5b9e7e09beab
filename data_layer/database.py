"""One DuckDB database of a process: made at its first use, sandboxed, and made anew now and then.

Made after the fork and keyed by process id: a connection inherited by a child hangs, one shared by
threads returns wrong rows (measured; docs/decisions/0003-duckdb-in-a-server.md). The configuration is
locked once the limits are set: only the lake's directory can be read, nothing can be installed.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from data_layer import sql


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


RENEWED_AFTER: Final = 2_000
"""Statements after which another database takes over. DuckDB keeps a note of each block that a join, a
grouping or a window let go of, up to tens of thousands: 9 KB a question under 50 analysts, until they came to
40 MB in each worker. Closing the database frees them."""


class Database:
    """The database of whichever process asks. ``renewed`` is called when another has taken over, in the
    thread of the statement that made it necessary. Thread-safe."""

    def __init__(self, directory: Path, limits: Limits, renewed: Callable[[], None] = lambda: None) -> None:
        self.directory = directory
        self.limits = limits
        self._renewed = renewed
        self._connections: dict[int, duckdb.DuckDBPyConnection] = {}
        self._statements = 0
        self._lock = threading.Lock()

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Whose cursor may ask one statement. The database before lives on until its last one has ended."""
        pid, renewed = os.getpid(), False
        with self._lock:
            self._statements += 1
            connection = self._connections.get(pid)
            if connection is None or self._statements > RENEWED_AFTER:
                renewed = connection is not None
                # Whoever still asks the one before holds it; the last of them closes it.
                connection = self._connections[pid] = self.connect()
                self._statements = 1
        if renewed:
            self._renewed()
        return connection

    def forget(self, connection: duckdb.DuckDBPyConnection) -> None:
        """After a bug inside it a database refuses every further query: the next one opens another."""
        with self._lock:
            if self._connections.get(os.getpid()) is connection:
                del self._connections[os.getpid()]

    def forget_parent(self) -> None:
        """Called in a child process: its parent's lock and connections are not its own."""
        # A thread of the parent may have held the lock at the moment of the fork.
        self._lock = threading.Lock()
        for connection in self._connections.values():
            # Closing an inherited database waits for its threads, which the child has not got: a child
            # that ends normally would hang at its exit (tested). One reference too many is never closed.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        self._connections = {}

    def connect(self, *, careful: bool = False) -> duckdb.DuckDBPyConnection:
        """Another database; a ``careful`` one leaves out the optimizers that were seen to meet a bug."""
        limits = self.limits
        # Not made here: DuckDB makes it when it first spills, so that a process leaves nothing behind.
        spill = Path(tempfile.gettempdir()) / f"{_SPILL}-{os.getpid()}-{uuid.uuid4().hex}"
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


atexit.register(lambda: remove_spill(os.getpid()))
