"""What a worker does with jobs: order, look, stop. Nothing here waits for one."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from app.exports import Exports
from app.jobs.runner import Runner
from app.jobs.table import JobTable, Record, new_id
from callbacks.guard import Manager
from callbacks.work import RUNNING, STOPPED, WAITING, JobState, Order
from data_layer.errors import ServerBusy
from data_layer.shared_answers import read_table

FULL: Final = "The server is busy with other large questions: try again in a moment."

ASKED_SECONDS: Final = 5.0
"""How often at most it is written down that a visitor is still there."""

STILL_ASKING_SECONDS: Final = 0.5
"""Who asks for a job so long after leaving it has another window open on it; sooner, it may be the last
question of the window that left."""


class JobCentre:
    """callbacks.work.Centre over the table, with a runner that is started when it is missing."""

    def __init__(
        self,
        table: JobTable,
        runner: Runner,
        manager: Manager,
        kept: Exports,
        *,
        most_waiting: int,
    ) -> None:
        self.table = table
        self.runner = runner
        self.manager = manager
        self.most_waiting = most_waiting
        self._kept = kept
        self._asked: dict[str, float] = {}

    def submit(self, visitor: str, order: Order) -> str:
        self.seen(visitor)
        version = self.manager.lake_state().version
        parts = (order.kind, order.form, order.request.key(), version)
        record = Record(
            id=new_id(),
            kind=order.kind,
            work=hashlib.sha256("|".join(parts).encode()).hexdigest(),
            order={"name": order.request.name, "query": order.request.to_query(), "form": order.form},
            title=order.title,
            href=order.href,
            submitted=time.time(),
            visitors={visitor: True},
        )
        if order.form:
            record.kept = self._kept.kept_seconds
        identity = self.table.add(record, self.most_waiting, self._has_file)
        if identity is None:
            raise ServerBusy(FULL)
        self.runner.wake()
        return identity

    def _has_file(self, record: Record) -> bool:
        name = record.file.rpartition("/")[2]
        return bool(name) and self._kept.find(record.id, name) is not None

    def jobs(self, visitor: str) -> list[JobState]:
        self.seen(visitor)
        return [
            self.table.state(record, visitor, place)
            for record, place in _placed(self.table.records())
            if visitor in record.visitors
        ]

    def job(self, job: str, visitor: str = "") -> JobState | None:
        record = self.table.get(job)
        if record is None:
            return None
        if visitor:
            self.seen(visitor)
            if time.time() - record.left.get(visitor, math.inf) > STILL_ASKING_SECONDS:
                with self.table.changing(job) as changed:
                    if changed is not None:
                        changed.left.pop(visitor, None)
        if not record.over:
            self.runner.start()  # nothing where there is one, and unlike a knock it wakes nobody
        if record.state == RUNNING and not record.being.lives():
            # The runner will see it too; if it is gone as well, who asks must not wait for it.
            self.runner.wake()
            record = self.table.get(job) or record
        place = 0
        if record.state == WAITING:
            place = next((place for other, place in _placed(self.table.unended()) if other.id == job), 0)
        return self.table.state(record, visitor, place)

    def partial(self, job: str, after: int) -> tuple[int, pa.Table | None]:
        _, number = self.table.told(job)
        if number <= after:
            return after, None
        try:
            return number, read_table(self.table.partial_path(job))
        except (OSError, pa.ArrowException):
            return after, None

    def leave(self, visitor: str, job: str) -> None:
        with self.table.changing(job) as record:
            if record is not None and visitor in record.visitors:
                record.left[visitor] = time.time()

    def stop(self, visitor: str, job: str) -> None:
        with self.table.changing(job) as record:
            if record is None or visitor not in record.visitors or record.over:
                return
            record.visitors[visitor] = False
            if any(record.visitors.values()):
                return
            being = record.being
            record.end(STOPPED)
        self.runner.stop(being)

    def forget(self, visitor: str, job: str) -> None:
        with self.table.changing(job) as record:
            if record is None or visitor not in record.visitors:
                return
            if record.visitors[visitor] and not record.over:
                return
            del record.visitors[visitor]
            nobody = not record.visitors
            over = record.over
        if nobody and over:
            self._kept.forget(job)
            self.table.remove(job)

    def seen(self, visitor: str) -> None:
        """Note, now and then, that a visitor is still there."""
        now = time.monotonic()
        if now - self._asked.get(visitor, -ASKED_SECONDS) >= ASKED_SECONDS:
            if len(self._asked) > 1_000:
                self._asked.clear()
            self._asked[visitor] = now
            self.table.asked(visitor)

    def served(self) -> bool:
        """Whether jobs are worked on: there is a runner, or nothing for one to do."""
        return self.runner.pid() > 0 or all(record.over for record in self.table.records())

    def facts(self) -> Mapping[str, Any]:
        now = time.time()
        records = list(self.table.records())
        return {
            "runner": self.runner.pid(),
            "at_once": self.runner.limits.at_once,
            "most_waiting": self.most_waiting,
            "memory_limit_mb": self.runner.limits.memory_mb,
            "seconds_limit": self.runner.limits.seconds,
            "ended": self.table.counts(),
            "jobs": [
                {
                    "kind": one.kind,
                    "name": one.order["name"],
                    "state": one.state,
                    "pid": one.pid if one.state == RUNNING else 0,
                    "seconds": now - (one.began or one.submitted),
                    "visitors": len(one.visitors),
                    "rows": self.table.told(one.id)[0].rows,
                }
                for one in records
                if not one.over
            ],
        }


def _placed(records: Iterable[Record]) -> Iterator[tuple[Record, int]]:
    """Jobs, oldest first, each with its place in the queue; 0 for one that does not wait."""
    place = 0
    for record in records:
        place += record.state == WAITING
        yield record, place if record.state == WAITING else 0
