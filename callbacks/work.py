"""Long work as the page sees it: what can be ordered, how far it is, and the place that does it.

The place is app/jobs (one process a job, a queue, equal orders computed once). Nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import pyarrow as pa

from data_layer.requests import Request

ANSWER: Final = "answer"
"""A question whose answer a panel waits for."""

EXPORT: Final = "export"
"""All rows of a question as a file."""

WAITING: Final = "waiting"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
STOPPED: Final = "stopped"
ENDED: Final = (DONE, FAILED, STOPPED)


@dataclass(frozen=True)
class Order:
    """What a visitor wants done. Orders with the same kind, request and form on one version of the lake are
    one computation; ``title`` and ``href`` (the view it was ordered from) are only what the visitor reads."""

    request: Request
    title: str
    href: str
    kind: str = ANSWER
    form: str = ""
    """Of an export: one of data_layer.exports.FORMS."""


@dataclass(frozen=True)
class Told:
    """How far a job is: ``done`` of ``parts`` (``unit``: what they are), or DuckDB's own ``fraction``
    (0..1) where the question is one statement; ``rows`` read or written; ``seconds_left`` None while nobody
    can know."""

    phase: str = ""
    done: int = 0
    parts: int = 0
    unit: str = "months"
    rows: int = 0
    fraction: float | None = None
    seconds_left: float | None = None
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobState:
    """One job of a visitor, now. ``place``: 1 is the next to begin, 0 where it does not wait."""

    id: str
    kind: str
    title: str
    href: str
    state: str
    place: int
    seconds: float
    """Since it was ordered; until it ended, once it has."""
    told: Told = field(default_factory=Told)
    message: str = ""
    """Of a failed job: what the visitor reads."""
    file: str = ""
    """Of a finished export: the address of its file, below /exports/."""
    bytes: int = 0

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def fraction(self) -> float | None:
        """How much is done, 0..1; None while nobody can know."""
        if self.state == DONE:
            return 1.0
        if self.told.parts:
            return self.told.done / self.told.parts
        return self.told.fraction


class Centre(Protocol):
    """Where long work is done. Every method is quick; none waits for a job."""

    def submit(self, visitor: str, order: Order) -> str:
        """The id of the job that does the order, a new one or the equal one under way. ServerBusy where the
        queue is full."""
        ...

    def jobs(self, visitor: str) -> list[JobState]:
        """This visitor's jobs, oldest first; ended ones until they are forgotten or too old."""
        ...

    def job(self, job: str, visitor: str = "") -> JobState | None:
        """One job, as the visitor sees it if one is named; None where it is not known (any more)."""
        ...

    def partial(self, job: str, after: int) -> tuple[int, pa.Table | None]:
        """(number, the answer so far) where there is one later than ``after``, else (after, None)."""
        ...

    def leave(self, visitor: str, job: str) -> None:
        """The panel that watched it shows something else. It ends in a few seconds, unless it is ordered or
        watched again, or somebody else waits for it."""
        ...

    def stop(self, visitor: str, job: str) -> None:
        """This visitor no longer wants it. It ends at once, unless somebody else waits for it."""
        ...

    def forget(self, visitor: str, job: str) -> None:
        """Take an ended job off this visitor's list, and an export's file with it when nobody else has it."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """For the operator: jobs waiting and running, their process ids, seconds and limits."""
        ...
