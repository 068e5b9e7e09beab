"""How a question is stopped: by a token, or because nobody waits for its answer any more.

The data layer does not know who asks: whoever serves visitors gives it a function that says whether one is
still there (``HybridQueryManager.ask_whether_wanted``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import duckdb

from data_layer.errors import QueryCancelled

LOOK_SECONDS: Final = 0.5
"""How often it is looked whether a question that is being worked out is still wanted."""

UNWANTED: Final = "The query was stopped: nobody waits for its answer any more."


def always() -> bool:
    """Of an asker who is known to wait: a job, a notebook."""
    return True


class Wanted:
    """Whether any of those who wait for one answer is still there. Thread-safe."""

    def __init__(self, asker: Callable[[], bool] = always) -> None:
        self._askers = [asker]

    def __call__(self) -> bool:
        return any(asker() for asker in tuple(self._askers))

    def join(self, other: Wanted) -> None:
        """Another waits for the same answer."""
        self._askers.append(other)

    def leave(self, other: Wanted) -> None:
        self._askers.remove(other)


@dataclass
class CancelToken:
    """Handed to a query so that another thread can stop it, and that it stops where nobody wants it."""

    cancelled: bool = False
    told: bool = False
    """Whether its queries keep account of how far they are (``progress``); costs them a little."""
    wanted: Callable[[], bool] = always
    """Whether anybody waits for the answer; looked at now and then while a query runs."""
    _cursors: list[duckdb.DuckDBPyConnection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self) -> None:
        """Stop what runs under this token; what starts under it later stops at once."""
        self.cancelled = True
        if self._interrupt():
            # An interrupt that comes before its query has begun is lost: repeat it until all have ended.
            threading.Thread(target=self._insist, daemon=True).start()

    def check_wanted(self) -> None:
        """QueryCancelled where nobody waits for the answer."""
        if not self.wanted():
            raise QueryCancelled(UNWANTED)

    def _interrupt(self) -> bool:
        with self._lock:
            for cursor in self._cursors:
                cursor.interrupt()
            return bool(self._cursors)

    def progress(self) -> float | None:
        """How far the query that runs now is, 0..1, as DuckDB estimates it; None where it cannot say."""
        with self._lock:
            found = [cursor.query_progress() for cursor in self._cursors] if self.told else []
        known = [value / 100 for value in found if 0 <= value <= 100]
        return min(known) if known else None

    def _insist(self) -> None:
        while self._interrupt():
            time.sleep(0.02)

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
