"""What a job does: answer a question part by part and keep the answer, or write all rows to a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import pyarrow as pa

from app.exports import Exports
from app.jobs.process import STOP
from app.jobs.table import JobTable, Record
from callbacks.guard import Manager
from callbacks.work import EXPORT, Order, Told
from data_layer.backend import OnPart
from data_layer.connection import CancelToken
from data_layer.pieces import Pieces
from data_layer.query_manager import Answer
from data_layer.requests import REQUESTS, Request
from data_layer.shared_answers import write_table

TOLD_SECONDS: Final = 0.25
"""How often a job says how far it is. Answers so far come at most half as often."""


class Working(Manager, Protocol):
    """What jobs need of the data layer's one door, beside what a page needs."""

    def answer_in_parts(
        self, request: Request, on_part: OnPart, cancel: CancelToken | None = None
    ) -> Answer: ...

    def keep(self, request: Request, answer: Answer) -> None: ...

    def pieces(self, request: Request, cancel: CancelToken | None = None) -> Pieces: ...


def answer(manager: Working, table: JobTable, record: Record) -> None:
    """Answer the order's question and keep the answer; DataLayerError, QueryCancelled."""
    request = REQUESTS[record.order["name"]].from_query(record.order["query"])
    with Telling(table, record, manager.cost(request), request.parts) as telling:
        found = manager.answer_in_parts(request, telling.part, STOP)
        telling.say(phase="Keeping the answer")
        manager.keep(request, found)


def export(manager: Working, kept: Exports, table: JobTable, record: Record) -> None:
    """Write the order's file; its address and size go into the record. DataLayerError, QueryCancelled."""
    request = REQUESTS[record.order["name"]].from_query(record.order["query"])
    order = Order(request, record.title, record.href, EXPORT, record.order["form"])

    def tell(told: Told) -> None:
        table.tell(record.id, told, 0)

    record.file, record.bytes = kept.run(order, record.id, manager, tell, STOP)


@dataclass
class Pace:
    """Seconds left, from how much of the whole was done in which time."""

    began: float

    def left(self, fraction: float | None) -> float | None:
        seconds = time.monotonic() - self.began
        if not fraction or fraction >= 1 or seconds < 1:
            return None
        return seconds / fraction * (1 - fraction)


class Telling:
    """Writes down how far the job is: parts done, rows read, DuckDB's own estimate, the answer so far."""

    def __init__(self, table: JobTable, record: Record, rows: int, unit: str = "months") -> None:
        self.table = table
        self.record = record
        self.rows = rows
        self.now = Told(phase="Reading", unit=unit)
        self.partial = 0
        self._pace = Pace(time.monotonic())
        self._drawn = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> Telling:
        self.table.partial_path(self.record.id).parent.mkdir(mode=0o700, exist_ok=True)
        self.say()
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def part(self, done: int, parts: int, so_far: Callable[[], pa.Table]) -> None:
        """One more part is there; the answer so far is written down if the last one is a while ago."""
        now = time.monotonic()
        if done < parts and now - self._drawn > 2 * TOLD_SECONDS:
            write_table(so_far(), self.table.partial_path(self.record.id))
            self.partial, self._drawn = self.partial + 1, now
        left = self._pace.left(done / parts)
        self.say(done=done, parts=parts, rows=round(self.rows * done / parts), seconds_left=left)

    def say(self, message: str = "", **facts: object) -> None:
        """Change what is told; ``message`` is added to what was said before, and every one arrives."""
        with self._lock:
            said = (*self.now.messages, message) if message else self.now.messages
            self.now = replace(self.now, messages=said, **facts)  # type: ignore[arg-type]
            self.table.tell(self.record.id, self.now, self.partial)

    def _beat(self) -> None:
        while not self._over.wait(TOLD_SECONDS):
            fraction = STOP.progress()
            if fraction and self.now.parts <= 1 and fraction != self.now.fraction:
                self.say(fraction=fraction, seconds_left=self._pace.left(fraction))
