"""No fork while a thread is inside SQLite: the child would inherit its mutexes locked, and wait for ever at
its first use of it (seen at every second fork beside a thread that opened a database)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from diskcache import Cache

LONGEST_SECONDS: Final = 10.0
"""How long a fork waits for threads that are inside; after that it takes its chance."""


class Gate:
    """Threads go through it into SQLite; a fork of the process waits until none is inside."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._own = threading.local()
        self._inside = 0
        self._forks = 0

    @contextmanager
    def inside(self) -> Iterator[None]:
        """For code that uses SQLite. May be nested; waits while another thread forks."""
        depth = getattr(self._own, "depth", 0)
        if depth == 0:
            with self._changed:
                self._changed.wait_for(lambda: self._forks == 0, LONGEST_SECONDS)
                self._inside += 1
        self._own.depth = depth + 1
        try:
            yield
        finally:
            self._own.depth = depth
            if depth == 0:
                with self._changed:
                    self._inside -= 1
                    self._changed.notify_all()

    def before_fork(self) -> None:
        """Keeps its lock over the fork, so that the child finds it in order."""
        own = 1 if getattr(self._own, "depth", 0) else 0
        self._changed.acquire()
        self._forks += 1
        self._changed.wait_for(lambda: self._inside <= own, LONGEST_SECONDS)

    def after_fork_in_parent(self) -> None:
        self._forks -= 1
        self._changed.notify_all()
        self._changed.release()

    def after_fork_in_child(self) -> None:
        """The other threads, and whoever waited for the lock, are not here."""
        self._changed = threading.Condition(threading.Lock())
        self._inside = 1 if getattr(self._own, "depth", 0) else 0
        self._forks = 0


GATE: Final = Gate()
os.register_at_fork(
    before=GATE.before_fork,
    after_in_parent=GATE.after_fork_in_parent,
    after_in_child=GATE.after_fork_in_child,
)


class ForkSafeCache(Cache):
    """diskcache's Cache for processes that fork: these operations of it go through the gate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        with GATE.inside():
            super().__init__(*args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        with GATE.inside():
            return super().get(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        with GATE.inside():
            return super().set(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        with GATE.inside():
            return super().delete(*args, **kwargs)

    @contextmanager
    def transact(self, retry: bool = False) -> Iterator[None]:
        with GATE.inside(), super().transact(retry):
            yield
