"""How long the runner goes on with an answer that nobody seems to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from app.jobs.table import Record

LEFT_SECONDS: Final = 3.0
"""How long an answer is still made whose panels all show something else: they may come right back to it,
as one does that only sorts its rows differently."""

ABANDONED_SECONDS: Final = 150.0
"""An answer that nobody asked after for so long is not made. Browsers wake a hidden page once a minute."""


class Patience:
    """Counts the runner's own seconds: neither a clock that is set nor a laptop that slept ends a job."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[Any, float]] = {}

    def over(self, record: Record, asked: dict[str, float]) -> bool:
        """Whether the job should end. ``asked``: of each visitor who waits for it, when he last asked
        anything, by the service's clock."""
        left = {visitor: when for visitor, when in record.left.items() if visitor in asked}
        unheard = self._unchanged("asked", record.id, dict(asked))
        gone = self._unchanged("left", record.id, left)
        return unheard > ABANDONED_SECONDS or (len(left) == len(asked) > 0 and gone > LEFT_SECONDS)

    def forget(self, record: Record) -> None:
        """It has ended."""
        for what in ("asked", "left"):
            self._seen.pop((what, record.id), None)

    def _unchanged(self, what: str, job: str, value: Any) -> float:
        """Seconds since this was first seen to be so."""
        now = self._clock()
        before, since = self._seen.get((what, job), (None, now))
        if before != value:
            since = now
        self._seen[what, job] = (value, since)
        return now - since
