"""What the whole service has asked its data lately, and what took longest: shared by all processes.

Each process appends the questions that it had to compute, and those that failed, to a small database of
texts in the cache directory; answers out of a cache cost it nothing. Whoever can write to that directory can
only change texts: nothing in it is ever unpickled. Where the log cannot be written it stays empty, and no
question fails for it, or waits for it: a thread of its own writes and reads, over the process's only
connection (a worker has 64 threads, and a connection costs memory and three open files).
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from diskcache import Cache, Disk, Timeout

from app.forks import GATE
from app.shared_cache import SharedCache
from data_layer.answers import Observation

logger = logging.getLogger("nemdesk.queries")

RECENT: Final = 100
SLOWEST: Final = 20
SLOW_KEPT: Final = timedelta(hours=24)
"""How long a question may stay among the slowest."""

LONGEST_TEXT: Final = 4_000
"""Characters of a question's parameters that are kept; a longer one keeps its name only."""

_WAIT_SECONDS: Final = 5.0
"""How long the thread waits for another process that is writing; after that this question is not logged."""
_MOST_WAITING: Final = 1_000
"""Questions that wait to be written; further ones are not logged."""
_READ_SECONDS: Final = 10.0
"""How long a reader waits for what was logged before."""
_RETRY_SECONDS: Final = 10.0
"""After a failure the log is left alone for so long."""

_SLOW: Final = "slowest"
_BROKEN: Final = (OSError, ValueError, TypeError, KeyError, sqlite3.Error, Timeout)

T = TypeVar("T")


class TextDisk(Disk):
    """diskcache's storage for texts only: what is marked as a pickle is refused, not loaded."""

    def store(self, value: Any, read: Any, key: Any = None) -> Any:
        if not isinstance(value, str):
            raise TypeError("the log keeps texts only")
        return super().store(value, read, key)

    def fetch(self, mode: Any, filename: Any, value: Any, read: Any) -> str:
        if not isinstance(value, str) or filename is not None:
            raise ValueError("not a text")
        return value

    def get(self, key: Any, raw: Any) -> Any:
        if not raw:
            raise ValueError("not a plain key")
        return key


class _Desk:
    """The thread of one process that uses its connection, one piece of work after the other."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "query-log")
        self._places = threading.BoundedSemaphore(_MOST_WAITING)
        self._cache: Cache | None = None

    def put(self, work: Callable[[], None]) -> None:
        """Have it done soon; not at all where too much waits already."""
        if self._places.acquire(blocking=False):
            try:
                self._thread.submit(_in_gate, work).add_done_callback(self._done)
            except RuntimeError:  # the process ends
                self._places.release()

    def _done(self, _: Future[None]) -> None:
        self._places.release()

    def get(self, work: Callable[[], T], seconds: float = _READ_SECONDS) -> T:
        """Its result, after everything that was put before. Raises what it raises, or TimeoutError."""
        try:
            return self._thread.submit(_in_gate, work).result(seconds)
        except RuntimeError as error:
            raise OSError("the process ends") from error

    def cache(self, directory: Path) -> Cache:
        """The database. For the desk's thread only."""
        if self._cache is None:
            self._cache = SharedCache(
                directory,
                disk=TextDisk,
                timeout=_WAIT_SECONDS,
                eviction_policy="none",
                disk_min_file_size=2**20,
                sqlite_synchronous=0,  # a log may lose its last lines when the machine loses its power
            )
        return self._cache


def _in_gate(work: Callable[[], T]) -> T:
    with GATE.inside():
        return work()


class QueryLog:
    """One service's log, as seen by one process. Usable after a fork: each process opens it for itself."""

    def __init__(self, directory: Path, request_id: Callable[[], str] = lambda: "") -> None:
        self.directory = directory
        self._request_id = request_id
        self._desks: dict[int, _Desk] = {}
        self._silent_until = 0.0
        self._floor = (0.0, 0.0)
        """Seconds of the least of the slowest, and until when that is believed."""

    def __call__(self, told: Observation) -> None:
        """An observer of HybridQueryManager."""
        if told.provenance is not None and told.provenance.cached:
            return
        if time.monotonic() < self._silent_until:
            return
        entry = _entry(told, self._request_id())
        self._desk().put(lambda: self._write(entry))

    def recent(self) -> list[dict[str, Any]]:
        """The last RECENT questions, newest first; [] where there is no log."""
        with suppress(*_BROKEN):
            return _entries(self._desk().get(self._read_recent))
        return []

    def slowest(self) -> list[dict[str, Any]]:
        """The SLOWEST questions of the last SLOW_KEPT, slowest first; [] where there is no log."""
        with suppress(*_BROKEN):
            return _young(_list(self._desk().get(lambda: self._cache().get(_SLOW))))
        return []

    def flush(self, seconds: float = 1.0) -> None:
        """Wait until what this process has logged is written, but no longer than that."""
        with suppress(*_BROKEN):
            self._desk().get(lambda: None, seconds)

    def entry(self, identity: str) -> dict[str, Any] | None:
        """One question of the log by its id."""
        for found in (*self.recent(), *self.slowest()):
            if found["id"] == identity:
                return found
        return None

    @property
    def works(self) -> bool:
        """Can it be written to, as far as this process knows?"""
        there = next(path for path in (self.directory, *self.directory.parents) if path.exists())
        writable = there.is_dir() and os.access(there, os.W_OK)
        return writable and time.monotonic() >= self._silent_until

    def _desk(self) -> _Desk:
        """This process's: a parent's thread is not there after a fork. Two threads may make one each, of
        which one is kept; the other has not started anything."""
        process = os.getpid()
        return self._desks.get(process) or self._desks.setdefault(process, _Desk())

    def _cache(self) -> Cache:
        return self._desk().cache(self.directory)

    def _write(self, entry: dict[str, Any]) -> None:
        try:
            self._append(self._cache(), entry)
        except Timeout:
            logger.info("the query log was taken for %.0f s: a question is not in it", _WAIT_SECONDS)
        except _BROKEN as error:
            self._silent_until = time.monotonic() + _RETRY_SECONDS
            logger.info("the query log cannot be written (%s)", type(error).__name__)

    def _read_recent(self) -> list[Any]:
        cache = self._cache()
        keys = sorted((key for key in cache if isinstance(key, str) and key != _SLOW), reverse=True)
        found = []
        for key in keys[:RECENT]:
            with suppress(*_BROKEN):
                found.append(cache.get(key))
        return found

    def _append(self, cache: Cache, entry: dict[str, Any]) -> None:
        with cache.transact():
            # Ascending keys: time first, so that all processes' lines stand in one order.
            cache.set(f"{time.time_ns():020d}-{entry['id']}", json.dumps(entry))
            if len(cache) > RECENT + 2 * SLOWEST:
                for key in sorted(key for key in cache if key != _SLOW)[:-RECENT]:
                    cache.delete(key)
        if entry["seconds"] > self._least_of_the_slowest(cache):
            self._keep_among_the_slowest(cache, entry)

    def _least_of_the_slowest(self, cache: Cache) -> float:
        least, until = self._floor
        if time.monotonic() > until:
            kept = _young(_list(cache.get(_SLOW)))
            least = kept[-1]["seconds"] if len(kept) >= SLOWEST else -1.0
            self._floor = (least, time.monotonic() + 60)
        return least

    def _keep_among_the_slowest(self, cache: Cache, entry: dict[str, Any]) -> None:
        with cache.transact():
            kept = _young([*_list(cache.get(_SLOW)), entry])[:SLOWEST]
            cache.set(_SLOW, json.dumps(kept))
        if len(kept) == SLOWEST:
            self._floor = (kept[-1]["seconds"], time.monotonic() + 60)


def _entry(told: Observation, request_id: str) -> dict[str, Any]:
    facts = told.provenance
    query: dict[str, str] | None = told.request.to_query()
    if len(json.dumps(query)) > LONGEST_TEXT:
        query = None
    return {
        "id": uuid.uuid4().hex[:12],
        "when": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "pid": os.getpid(),
        "name": told.request.name,
        "query": query,
        "engine": told.engine,
        "source": facts.source if facts else "",
        "files": facts.files if facts else 0,
        "rows_read": facts.rows_scanned if facts else 0,
        "version": facts.version if facts else "",
        "rows": told.rows,
        "seconds": round(told.seconds, 4),
        "error": str(told.error)[:300] if told.error else "",
        "request_id": request_id,
    }


_EXPECTED: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("id", "when", "name", "engine", "source", "version", "error", "request_id"), str),
    **dict.fromkeys(("pid", "files", "rows_read", "rows"), int),
    "query": (dict, type(None)),
    "seconds": (int, float),
}


def _entries(texts: list[Any]) -> list[dict[str, Any]]:
    """The entries among texts that anybody may have written."""
    found = []
    for text in texts:
        with suppress(ValueError, TypeError):
            entry = json.loads(text)
            if _is_entry(entry):
                found.append(entry)
    return found


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    if not all(isinstance(entry.get(name), kind) for name, kind in _EXPECTED.items()):
        return False
    with suppress(ValueError):
        return datetime.fromisoformat(entry["when"]).tzinfo is not None
    return False


def _list(text: Any) -> list[dict[str, Any]]:
    with suppress(ValueError, TypeError):
        return [entry for entry in json.loads(text) if _is_entry(entry)]
    return []


def _young(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    oldest = (datetime.now(UTC) - SLOW_KEPT).isoformat()
    return sorted((e for e in entries if e["when"] >= oldest), key=lambda e: -e["seconds"])
