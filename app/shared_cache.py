"""diskcache for a process with many threads: they share one connection instead of having one each.

A connection costs 300 to 400 KB and three open files, and a worker has 64 threads. diskcache's calls here
take about 0.1 ms, so that its threads hardly ever wait for each other.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Final

from diskcache import Cache
from diskcache.core import DBNAME, DEFAULT_SETTINGS

from app.forks import GATE

_INHERITED: Final[list[object]] = []
"""Connections that a parent could not close before its fork. Its child may not close them either, says
SQLite, and keeps them as they are."""


def _one_at_a_time(method: Callable[..., Any]) -> Callable[..., Any]:
    """One of diskcache's methods, of which one runs at a time."""

    @wraps(method)
    def call(self: SharedCache, *args: Any, **kwargs: Any) -> Any:
        with self._alone():
            return method(self, *args, **kwargs)

    return call


class SharedCache(Cache):
    """diskcache.Cache, of which ``get``, ``set``, ``add``, ``touch``, ``delete`` and ``transact`` may be
    called in any thread, and in a child after a fork; but a fork within a transaction has a child that never
    gets the database's lock."""

    def __init__(self, directory: Path | str, **settings: Any) -> None:
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        weak = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _begin_anew(weak()))
        with self._alone():
            super().__init__(str(directory), **settings)
        GATE.closed_for_forks.add(self)

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

    get = _one_at_a_time(Cache.get)
    set = _one_at_a_time(Cache.set)
    add = _one_at_a_time(Cache.add)
    touch = _one_at_a_time(Cache.touch)
    delete = _one_at_a_time(Cache.delete)

    @contextmanager
    def transact(self, retry: bool = False) -> Iterator[None]:
        with self._alone(), super().transact(retry):
            yield


def _begin_anew(cache: SharedCache | None) -> None:
    if cache is not None:
        cache._begin_anew()
