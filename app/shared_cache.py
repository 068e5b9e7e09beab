"""diskcache for a process with many threads: they share one connection instead of having one each.

A connection costs 300 to 400 KB and three open files, and a worker has 64 threads. diskcache's calls here
take about 0.1 ms, so that its threads hardly ever wait for each other.

Somebody may delete the folder, or spoil its files, while the service runs: what was in it is lost, and every
process goes on with a new database at its next call.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Any, Final

from diskcache import Cache
from diskcache.core import DBNAME, DEFAULT_SETTINGS

from app.forks import GATE
from app.private import private_directory

logger = logging.getLogger("nemdesk.cache")

_INHERITED: Final[list[object]] = []
"""Connections that a parent could not close before its fork. Its child may not close them either, says
SQLite, and keeps them as they are."""


_NONE: Final = (0, 0)
"""Identity of a file that is not there."""


def _one_at_a_time(method: Callable[..., Any]) -> Callable[..., Any]:
    """One of diskcache's methods, of which one runs at a time."""

    @wraps(method)
    def call(self: SharedCache, *args: Any, **kwargs: Any) -> Any:
        with self._alone():
            try:
                with self._mended():
                    return method(self, *args, **kwargs)
            except sqlite3.DatabaseError:
                if self._file != _NONE or self._txn_id == threading.get_ident():
                    raise
            with self._mended():
                return method(self, *args, **kwargs)

    return call


class SharedCache(Cache):
    """diskcache.Cache, of which ``get``, ``set``, ``add``, ``touch``, ``delete`` and ``transact`` may be
    called in any thread, and in a child after a fork; but a fork within a transaction has a child that never
    gets the database's lock."""

    def __init__(self, directory: Path | str, **settings: Any) -> None:
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file = _NONE
        self._given = settings
        weak = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _begin_anew(weak()))
        with self._alone():
            self._open(Path(directory))
        GATE.closed_for_forks.add(self)

    def _open(self, directory: Path) -> None:
        """Open the database, made where there is none. OSError, sqlite3.Error."""
        # diskcache fails where two processes begin a database together.
        with (private_directory(directory) / "opening.lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            super().__init__(str(directory), **self._given)
            self._file = _identity(directory / DBNAME)

    @property
    def _con(self) -> sqlite3.Connection:
        """diskcache asks for its connection here; its own would serve only the thread that opened it."""
        if self._connection is None:
            path = Path(self._directory) / DBNAME
            self._connection = sqlite3.connect(
                path, timeout=self._timeout, isolation_level=None, check_same_thread=False
            )
            for name in DEFAULT_SETTINGS:
                # What SQLite forgets with a connection; on a new database diskcache sets it itself.
                if name.startswith("sqlite_") and hasattr(self, name):
                    self.reset(name, getattr(self, name), update=False)
        return self._connection

    def close(self) -> None:
        with self._alone():
            self.close_for_fork()

    def close_for_fork(self) -> None:
        """Called by the gate while no thread is inside."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> SharedCache:
        return self

    def _begin_anew(self) -> None:
        """In a child: its parent's threads, which may hold or wait for the lock, are not here."""
        if self._connection is not None:
            _INHERITED.append(self._connection)
        self._lock = threading.RLock()
        self._connection = None
        self._txn_id = None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # The lock first: who waits for it must not keep the one who holds it from forking.
        with self._lock, GATE.inside():
            yield

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """The database is the one at its place; what turns out to be none is removed, for the next try."""
        path = Path(self._directory) / DBNAME
        if self._txn_id != threading.get_ident() and (self._file == _NONE or _identity(path) != self._file):
            logger.warning("the database in %s was replaced or removed: opened anew", path.parent.name)
            self.close_for_fork()
            self._open(path.parent)
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self._txn_id != threading.get_ident() and _identity(path) == self._file:
                self._give_up(path, error)
            raise

    def _give_up(self, path: Path, error: sqlite3.DatabaseError) -> None:
        """Where the file is no database any more: remove it, so that the next try makes another."""
        # SQLite's words for a damaged file have no class of their own; one that was emptied has no table.
        if type(error) is sqlite3.DatabaseError or "no such table" in str(error):
            logger.exception("the database in %s is damaged: a new one is made", path.parent.name)
            self.close_for_fork()
            for name in (DBNAME, f"{DBNAME}-wal", f"{DBNAME}-shm"):
                with suppress(OSError):
                    path.with_name(name).unlink()
            self._file = _NONE

    get = _one_at_a_time(Cache.get)
    set = _one_at_a_time(Cache.set)
    add = _one_at_a_time(Cache.add)
    touch = _one_at_a_time(Cache.touch)
    delete = _one_at_a_time(Cache.delete)

    @contextmanager
    def transact(self, retry: bool = False) -> Iterator[None]:
        self.get("")  # meets a file that is no database before the transaction begins
        with self._alone(), self._mended(), super().transact(retry):
            yield


def _begin_anew(cache: SharedCache | None) -> None:
    if cache is not None:
        cache._begin_anew()


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return _NONE
    return found.st_dev, found.st_ino
