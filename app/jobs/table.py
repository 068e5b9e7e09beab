"""What is known of every job, shared by all processes of the service.

A diskcache directory that no other user can read, whose values are JSON: nothing in it is ever unpickled,
and what cannot be read counts as not there. Where somebody deletes the directory its jobs are lost, and the
next one finds it made again.
``jobs`` lists ids in the order in which they came; a job's record changes only within a transaction; what
a job tells of itself has a key of its own, which only its process writes.
"""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from diskcache import JSONDisk
from diskcache.core import MODE_BINARY, MODE_RAW

from app.liveness import Being
from app.shared_cache import SharedCache
from callbacks.work import DONE, ENDED, FAILED, RUNNING, STOPPED, WAITING, JobState, Told

KEPT_SECONDS: Final = 900.0
"""How long an ended job stays on its visitors' lists."""

LISTED: Final = "jobs"


@dataclass
class Record:
    """One job. ``visitors``: who ordered it -> whether he still waits for it."""

    id: str
    kind: str
    work: str
    order: dict[str, Any]
    title: str
    href: str
    submitted: float
    kept: float = KEPT_SECONDS
    state: str = WAITING
    visitors: dict[str, bool] = field(default_factory=dict)
    left: dict[str, float] = field(default_factory=dict)
    """Visitors whose panel shows something else since then."""
    began: float = 0.0
    ended: float = 0.0
    pid: int = 0
    born: str = ""
    message: str = ""
    file: str = ""
    bytes: int = 0

    @property
    def over(self) -> bool:
        return self.state in ENDED

    @property
    def being(self) -> Being:
        return Being(self.pid, self.born)

    def end(self, state: str, message: str = "") -> None:
        """It is over, if it is not over already."""
        if not self.over:
            self.state, self.message, self.ended = state, message, time.time()


class PlainDisk(JSONDisk):
    """diskcache's storage as JSON, without its way to a pickle: JSONDisk loads what a row calls one."""

    def fetch(self, mode: Any, filename: Any, value: Any, read: Any) -> Any:
        if read or mode not in (MODE_RAW, MODE_BINARY):
            return None
        try:
            return super().fetch(mode, filename, value, read)
        except (ValueError, TypeError, zlib.error):
            return None


class JobTable:
    """The records. Every method may be called from any process and thread."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        self.directory = directory
        self._over: set[str] = set()
        self.store = SharedCache(
            str(directory),
            disk=PlainDisk,
            size_limit=2**30,
            eviction_policy="none",
        )

    # -- records ----------------------------------------------------------------------------------

    def add(
        self, record: Record, most_waiting: int, has_file: Callable[[Record], bool] = lambda _: False
    ) -> str | None:
        """Put a job at the end of the queue, or its visitors to the equal one that has not ended or whose
        file is still there; the id. None where the queue is full."""
        with self.store.transact():
            waiting = 0
            for other in self.records():
                waiting += other.state == WAITING
                if other.work == record.work and (not other.over or has_file(other)):
                    other.visitors |= record.visitors
                    for visitor in record.visitors:
                        other.left.pop(visitor, None)
                    self._write(other)
                    return other.id
            if waiting >= most_waiting:
                return None
            self._write(record)
            self.store.set(LISTED, [*self.ids(), record.id])
            return record.id

    def ids(self) -> list[str]:
        listed = self.store.get(LISTED)
        return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []

    def records(self) -> Iterator[Record]:
        """All jobs, oldest first."""
        for identity in self.ids():
            record = self.get(identity)
            if record is not None:
                yield record

    def unended(self) -> Iterator[Record]:
        """Jobs that have not ended, oldest first. What this process once saw ended is not read again: under
        a crowd a waiting job's place took an eighth of a worker's time."""
        ids = self.ids()
        self._over.intersection_update(ids)
        for identity in ids:
            if identity in self._over:
                continue
            record = self.get(identity)
            if record is not None and record.over:
                self._over.add(identity)
            elif record is not None:
                yield record

    def get(self, identity: str) -> Record | None:
        found = self.store.get(f"job-{identity}")
        with suppress(TypeError):
            return Record(**found)
        return None

    @contextmanager
    def changing(self, identity: str) -> Iterator[Record | None]:
        """A record to change, written at the end; None where there is none."""
        with self.store.transact():
            record = self.get(identity)
            was_over = record is None or record.over
            yield record
            if record is not None:
                self._write(record)
                if record.over and not was_over:
                    self.store.set(f"ended-{record.state}", self.counts()[record.state] + 1)

    def remove(self, identity: str) -> None:
        """Forget a job and all that it left here."""
        with self.store.transact():
            self.store.set(LISTED, [one for one in self.ids() if one != identity])
            self.store.delete(f"job-{identity}")
            self.store.delete(f"told-{identity}")
        self.partial_path(identity).unlink(missing_ok=True)

    def _write(self, record: Record) -> None:
        self.store.set(f"job-{record.id}", asdict(record))

    def next_waiting(self) -> Record | None:
        """Make the first waiting job a running one. Only the runner calls it, and starts its process next."""
        with self.store.transact():
            for record in self.records():
                if record.state == WAITING:
                    record.state, record.began = RUNNING, time.time()
                    self._write(record)
                    return record
        return None

    def counts(self) -> dict[str, int]:
        """How many jobs ended since the table was made, by how."""
        return {state: int(self.store.get(f"ended-{state}") or 0) for state in ENDED}

    # -- what a job tells -------------------------------------------------------------------------

    def tell(self, identity: str, told: Told, partial: int) -> None:
        self.store.set(f"told-{identity}", {**asdict(told), "partial": partial})

    def told(self, identity: str) -> tuple[Told, int]:
        """(how far it is, number of its newest answer so far)."""
        found = self.store.get(f"told-{identity}") or {}
        names = {one.name for one in fields(Told)}
        known = {name: value for name, value in found.items() if name in names}
        known["messages"] = tuple(known.get("messages", ()))
        return Told(**known), int(found.get("partial", 0))

    def partial_path(self, identity: str) -> Path:
        return self.directory / "partial" / f"{identity}.arrow"

    # -- visitors ---------------------------------------------------------------------------------

    def asked(self, visitor: str) -> None:
        """He is still there."""
        self.store.set(f"asked-{visitor}", time.time(), expire=24 * 3600)

    def last_asked(self, visitor: str) -> float:
        return float(self.store.get(f"asked-{visitor}") or 0.0)

    def state(self, record: Record, visitor: str = "", place: int = 0) -> JobState:
        """A job as one visitor sees it: who no longer waits sees it as stopped."""
        left = record.visitors.get(visitor) is False and record.state in (WAITING, RUNNING)
        told, _ = self.told(record.id)
        end = record.ended or time.time()
        return JobState(
            id=record.id,
            kind=record.kind,
            title=record.title,
            href=record.href,
            state=STOPPED if left else record.state,
            place=0 if left else place,
            seconds=max(end - record.submitted, 0.0),
            told=told,
            message=record.message if record.state == FAILED else "",
            file=record.file if record.state == DONE else "",
            bytes=record.bytes,
        )


def new_id() -> str:
    """A name that nobody can guess: who knows it may fetch an export's file."""
    return secrets.token_hex(16)
