"""No fork while a thread is inside SQLite, nor with a connection open: the child would inherit its mutexes
locked, and wait for ever at its first use of it (seen at every second fork beside a thread that opened a
database), or believe that its parent's locks on the files are its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol
from weakref import WeakSet

LONGEST_SECONDS: Final = 10.0
"""How long a fork waits for threads that are inside; after that it takes its chance."""


class Closing(Protocol):
    """Something with a connection."""

    def close_for_fork(self) -> None: ...


class Gate:
    """Threads go through it into SQLite; a fork of the process waits until none is inside."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._own = threading.local()
        self._inside = 0
        self._forks = 0
        self.closed_for_forks: WeakSet[Closing] = WeakSet()
        """What is closed before a fork, and opens itself again where it is needed."""

    @contextmanager
    def inside(self) -> Iterator[None]:
        """For code that uses SQLite. May be nested; waits while another thread forks."""
        depth = getattr(self._own, "depth", 0)
        if depth == 0:
            with self._changed:
                if self._forks:
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
                    if self._forks:
                        self._changed.notify_all()

    def before_fork(self) -> None:
        """Keeps its lock over the fork, so that the child finds it in order."""
        own = 1 if getattr(self._own, "depth", 0) else 0
        self._changed.acquire()
        self._forks += 1
        self._changed.wait_for(lambda: self._inside <= own, LONGEST_SECONDS)
        if not self._inside:
            for one in list(self.closed_for_forks):
                one.close_for_fork()

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
