"""The service as its operator sees it: what the System tab needs of the processes that run it.

app/service.py answers; nothing here looks at a process or a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from data_layer.audit.findings import Finding
from data_layer.lake_report import LakeReport


class ProcessFacts(Protocol):
    """One process of the service; bytes, UTC."""

    @property
    def pid(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def pss(self) -> int | None:
        """None where the system tells only what counts shared memory in full (``rss``)."""
        ...

    @property
    def rss(self) -> int: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def threads(self) -> int: ...
    @property
    def started(self) -> datetime: ...


@dataclass(frozen=True)
class CacheFacts:
    """One worker's cache of answers since it started. ``waits``: questions answered by somebody else's
    computation of the same thing at the same moment. ``when`` it said so, UTC."""

    pid: int
    when: datetime
    entries: int
    bytes: int
    limit_bytes: int
    hits: int
    misses: int
    waits: int
    evictions: int


@dataclass(frozen=True)
class QueryFacts:
    """One question that was computed, or failed. ``query``: its own parameters, None where they were too long
    to keep. ``seconds`` from question to answer; ``when`` it ended, UTC."""

    id: str
    when: datetime
    pid: int
    name: str
    query: Mapping[str, str] | None
    engine: str
    source: str
    files: int
    rows_read: int
    rows: int
    seconds: float
    error: str
    request_id: str


@dataclass(frozen=True)
class Statement:
    """What answers a question on the version published now: SQL text and the values bound to it (a list of
    files as how many). ``text`` is '' where the engine has no statement, and ``note`` says why."""

    text: str
    parameters: Mapping[str, str]
    note: str = ""


@dataclass(frozen=True)
class Ingestion:
    """The record kept with the published version: runs and refusals, newest first, as
    data_layer/ingest/ledger.py has them; files known, and those to be asked for again."""

    runs: Sequence[Mapping[str, Any]]
    refusals: Sequence[Mapping[str, Any]]
    files: int
    retry: Sequence[str]


class Service(Protocol):
    """What can be asked about the running service. Every method is quick and fails only with a DataLayerError
    (no lake, a damaged one)."""

    def lake(self) -> LakeReport: ...

    def lake_bytes(self) -> int:
        """Bytes on disk, superseded versions included."""
        ...

    def ingestion(self) -> Ingestion: ...

    def audit(self) -> Mapping[str, Sequence[Finding]] | None:
        """Month -> what the audit found in it before it was published; None where it was not audited."""
        ...

    def processes(self) -> Sequence[ProcessFacts]: ...

    def caches(self) -> Sequence[CacheFacts]: ...

    def queries(self, *, slowest: bool) -> Sequence[QueryFacts]:
        """The last 100, newest first, or the 20 slowest of a day; none where the log cannot be kept."""
        ...

    def query(self, identity: str) -> QueryFacts | None: ...

    def statement(self, asked: QueryFacts) -> Statement: ...

    def logs(self) -> bool:
        """Can the log of queries be written?"""
        ...

    def jobs(self) -> Mapping[str, Any] | None:
        """Centre.facts() (callbacks/work.py); None where nothing runs long work."""
        ...
