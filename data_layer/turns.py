"""Heavy queries take turns: only so many at once in a process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from data_layer.errors import ServerBusy

HEAVY_WAIT_SECONDS = 1.5
"""How long a heavy query waits for its turn before the visitor is told that the server is busy."""


class HeavyTurns:
    """``at_once`` turns in each process."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._owned = (os.getpid(), threading.BoundedSemaphore(at_once))
        self.patience: Callable[[], float] = lambda: HEAVY_WAIT_SECONDS
        """Seconds that who asks now may wait."""
        self.while_waiting: Callable[[], AbstractContextManager[None]] = nullcontext
        """Held while somebody waits."""

    @contextmanager
    def turn(self, heavy: bool) -> Iterator[None]:
        """A heavy query's turn; ServerBusy where it does not come in time. Others need none."""
        if not heavy:
            yield
            return
        turns = self.semaphore()
        if not turns.acquire(blocking=False) and not self._waited(turns):
            raise ServerBusy("The server is busy with other large questions: try again in a moment.")
        try:
            yield
        finally:
            turns.release()

    def _waited(self, turns: threading.BoundedSemaphore) -> bool:
        with self.while_waiting():
            return turns.acquire(timeout=self.patience())

    def semaphore(self) -> threading.BoundedSemaphore:
        """This process's own: a child must not wait for turns that its parent's threads hold."""
        owner, turns = self._owned
        if owner != os.getpid():
            owner, turns = self._owned = (os.getpid(), threading.BoundedSemaphore(self._at_once))
        return turns
