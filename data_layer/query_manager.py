"""HybridQueryManager: the one door between a question and the data.

    from data_layer.query_manager import open_manager
    manager = open_manager("var/lake")
    manager.query_integrated_data("2026-06-01", "2026-08-31", regions=["SA1"], fuels=["Solar"])

Frames are pandas with Arrow-backed dtypes; ``answer(...).table`` is the Arrow table itself. Every
answer says where it came from (``provenance``).
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_layer import divided, unmapped
from data_layer.answers import Answer as Answer
from data_layer.answers import Observation as Observation
from data_layer.answers import Observer
from data_layer.answers import Provenance as Provenance
from data_layer.backend import Backend, DuckBackend, OnPart
from data_layer.cache import DEFAULT_BYTES, DEFAULT_TTL_SECONDS, AnswerCache
from data_layer.cancelling import Wanted, always
from data_layer.connection import CancelToken, DuckEngine, Limits
from data_layer.errors import DataLayerError, LakeDamaged, LakeMissing, RequestError
from data_layer.lake import HOW_TO_START, Lake, Snapshot
from data_layer.lake_state import LakeState as LakeState
from data_layer.lake_state import current, span_of
from data_layer.market import market_day
from data_layer.notebook_calls import NotebookCalls
from data_layer.pieces import PIECE_ROWS, Pieces
from data_layer.requests import Request
from data_layer.shared_answers import SharedAnswers
from data_layer.turns import HeavyTurns

logger = logging.getLogger("nemdesk.data")


class HybridQueryManager(NotebookCalls):
    """Answers requests, cached by (request, lake version); see module docstring.

    ``heavy_at_once`` heavy queries run at a time in this process, the next wait for a while and
    then get ServerBusy. Thread-safe; usable after a fork (each process opens its own database).
    """

    def __init__(
        self,
        lake: Lake,
        backend: Backend | None = None,
        *,
        limits: Limits | None = None,
        cache_bytes: int = DEFAULT_BYTES,
        cache_ttl_seconds: float = DEFAULT_TTL_SECONDS,
        cache_options: dict[str, Any] | None = None,
        heavy_at_once: int = 1,
        shared: SharedAnswers | None = None,
    ) -> None:
        self.lake = lake
        self.engine = DuckEngine(lake.root, limits)
        self.backend: Backend = backend or DuckBackend(self.engine)
        self._cache = AnswerCache(cache_bytes, cache_ttl_seconds, cache_options)
        self.shared = shared
        self.observers: list[Observer] = []
        """Told of every question, in the thread that asked it: they must be quick."""
        self._heavy = HeavyTurns(heavy_at_once)
        self._asker: Callable[[], Callable[[], bool]] = lambda: always
        self._recent: deque[dict[str, Any]] = deque(maxlen=200)
        self._queries = 0
        self._rows = 0
        self._seconds = 0.0

    # -- requests ---------------------------------------------------------------------------------

    def answer(
        self, request: Request, *, use_cache: bool = True, cancel: CancelToken | None = None
    ) -> Answer:
        """Answer a request; RequestError where the period lies outside the data."""
        if not isinstance(request, Request):
            raise RequestError("Ask with one of the requests of data_layer.requests.")
        started = time.perf_counter()
        try:
            return self._answer_published(request, use_cache, cancel, started)
        except DataLayerError as error:
            self._observe(request, None, 0, time.perf_counter() - started, error)
            raise

    def _answer_published(
        self, request: Request, use_cache: bool, cancel: CancelToken | None, started: float
    ) -> Answer:
        snapshot = self.lake.snapshot()
        try:
            return self._answer_from(snapshot, request, use_cache, cancel, started)
        except LakeDamaged:
            # A version superseded long ago may have been collected between our reading its manifest
            # and its files: the published version is asked once.
            newer = self.lake.snapshot()
            if newer.token == snapshot.token:
                raise
            return self._answer_from(newer, request, use_cache, cancel, started)

    def _observe(
        self,
        request: Request,
        provenance: Provenance | None,
        rows: int,
        seconds: float,
        error: DataLayerError | None = None,
    ) -> None:
        observation = Observation(request, provenance, rows, seconds, self.backend.name, error)
        for observer in self.observers:
            try:
                observer(observation)
            except Exception:
                logger.exception("an observer failed")  # watching must never cost an answer

    def cost(self, request: Request) -> int:
        """Rows that answering would read, before it is tried; 0 where the engine cannot say."""
        return self.backend.cost(request, self.lake.snapshot())

    def known(self, request: Request) -> bool:
        """Whether ``answer`` has it already, here or from another process's long work."""
        version = self.lake.token()
        parts = request.divided()
        return self._has(request, version) or (
            len(parts) > 1 and all(self._has(one, version) for one in parts)
        )

    def _has(self, request: Request, version: str) -> bool:
        key = self._key(request, version)
        return self._cache.has(key) or (self.shared is not None and self.shared.has(key))

    def keep(self, request: Request, answer: Answer) -> None:
        """Let every process of the service have an answer that took long. DataLayerError where it cannot."""
        if self.shared is not None:
            facts = (answer.provenance.source, answer.provenance.rows_scanned, answer.provenance.files)
            version = answer.provenance.version
            self.shared.put(self._key(request, version), answer.table, facts)

    def _key(self, request: Request, version: str) -> str:
        return f"{version}|{self.backend.name}|{request.key()}"

    def answer_in_parts(self, request: Request, on_part: OnPart, cancel: CancelToken | None = None) -> Answer:
        """``answer`` for long work, uncached: part by part, where it can be cut.

        ``on_part(done, parts, so_far)`` after each part; ``so_far()`` is the answer of the parts done,
        made only when called. Stops between parts, and within one, when ``cancel`` is cancelled. Parts that
        are questions of their own are kept, and those that others kept are not worked out again.
        """
        started = time.perf_counter()
        snapshot = self.lake.snapshot()
        self._check_period(request, snapshot)
        parts = request.divided()
        if len(parts) > 1:
            table, facts = divided.one_by_one(
                parts, lambda one: self._part(one, snapshot, cancel), on_part, cancel
            )
        else:
            table, source, rows, files = self.backend.run_in_parts(request, snapshot, on_part, cancel)
            facts = (source, rows, files)
        return self._answer(request, table, facts, snapshot, started, cached=False)

    def _part(self, request: Request, snapshot: Snapshot, cancel: CancelToken | None) -> divided.Found:
        key = self._key(request, snapshot.token)
        known = self._known(key)
        if known is not None:
            return known
        table, facts = self._run(request, snapshot, cancel)
        if self.shared is not None:
            with suppress(DataLayerError):  # where it cannot be kept, the whole answer's turn says so
                self.shared.put(key, table, facts)
        return table, facts

    def _known(self, key: str) -> divided.Found | None:
        known: divided.Found | None = self._cache.get(key)
        return known or self._shared(key)

    def pieces(self, request: Request, cancel: CancelToken | None = None) -> Pieces:
        """The rows of ``answer`` a bounded piece at a time, uncached and all of one version of the lake."""
        snapshot = self.lake.snapshot()
        self._check_period(request, snapshot)
        rows = min(PIECE_ROWS, max(self.engine.limits.max_rows // 2, 1))
        return self.backend.in_pieces(request, snapshot, rows, cancel)

    def _answer_from(
        self,
        snapshot: Snapshot,
        request: Request,
        use_cache: bool,
        cancel: CancelToken | None,
        started: float,
    ) -> Answer:
        key = self._key(request, snapshot.token)
        wanted = Wanted(self._asker())
        cancel = cancel or CancelToken(wanted=wanted)
        if not use_cache:
            table, facts = self._compute(request, snapshot, cancel)
            return self._answer(request, table, facts, snapshot, started, cached=False)
        (table, facts), cached = self._cache.get_or_compute(
            key,
            lambda: (
                self._shared(key)
                or divided.all_known(request, lambda one: self._known(self._key(one, snapshot.token)))
                or self._compute(request, snapshot, cancel)
            ),
            wanted,
        )
        return self._answer(request, table, facts, snapshot, started, cached=cached)

    def _shared(self, key: str) -> tuple[pa.Table, tuple[str, int, int]] | None:
        return self.shared.get(key) if self.shared is not None else None

    def _compute(
        self, request: Request, snapshot: Snapshot, cancel: CancelToken | None
    ) -> tuple[pa.Table, tuple[str, int, int]]:
        self._check_period(request, snapshot)
        with self._heavy.turn(self.backend.is_heavy(request, snapshot)):
            return self._run(request, snapshot, cancel)

    def _run(
        self, request: Request, snapshot: Snapshot, cancel: CancelToken | None
    ) -> tuple[pa.Table, tuple[str, int, int]]:
        table, source, rows, files = self.backend.run(request, snapshot, cancel)
        return table, (source, rows, files)

    def _answer(
        self,
        request: Request,
        table: pa.Table,
        facts: tuple[str, int, int],
        snapshot: Snapshot,
        started: float,
        *,
        cached: bool,
    ) -> Answer:
        source, rows, files = facts
        seconds = time.perf_counter() - started
        provenance = Provenance(source, rows, files, seconds, snapshot.token, self.backend.name, cached)
        self._queries += 1
        self._seconds += seconds
        self._rows += 0 if cached else rows
        self._recent.append({"request": request.name, "rows": table.num_rows, **asdict(provenance)})
        self._observe(request, provenance, table.num_rows, seconds)
        return Answer(table, provenance)

    def _check_period(self, request: Request, snapshot: Snapshot) -> None:
        current(snapshot)
        first, last = span_of(snapshot)
        if first is None or last is None:
            raise LakeMissing(f"The lake holds no prices and no readings yet: {HOW_TO_START}.")
        if request.period.end < first or request.period.start >= last:
            days = f"{market_day(first):%Y-%m-%d} to {market_day(last):%Y-%m-%d}"
            raise RequestError(f"There is no data for that period: the data covers {days}.", "start")

    def warm(self) -> int:
        """Open this process's database and keep the footers of all files of the published version in it
        (60 KB each; a second and 80 MB for 1,200 files), so that no question about old months pays for
        them; how many files. Leaves out what cannot be read: whoever asks for it will be told."""
        read = 0
        if self.backend.name != DuckBackend.name:
            return read
        with suppress(DataLayerError):
            snapshot = self.lake.snapshot()
            for table in snapshot.files:
                files = snapshot.paths(table)
                with suppress(DataLayerError):
                    self.engine.read_footers(files)
                    read += len(files)
        return read

    # -- facts ------------------------------------------------------------------------------------

    def lake_state(self) -> LakeState:
        """Version, kind and span of the data. LakeMissing where there is none."""
        snapshot = current(self.lake.snapshot())
        first, last = span_of(snapshot)
        return LakeState(snapshot.token, snapshot.kind, first, last, snapshot.created)

    def unmapped_units(self) -> int:
        """Units with readings in the newest month that the registry does not know. LakeMissing where there is
        no data."""
        return unmapped.count(current(self.lake.snapshot()))

    def get_date_ranges(self) -> dict[str, tuple[datetime, datetime]]:
        """Table -> (first stamp, last stamp), for the tables that have rows."""
        snapshot = self.lake.snapshot()
        spans = {table: snapshot.span(table) for table in snapshot.files}
        return {table: span for table, span in spans.items() if span is not None}

    def when_heavy_waits(
        self, patience: Callable[[], float], aside: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """How long who asks now may wait for a heavy query's turn, and what is held meanwhile."""
        self._heavy.patience, self._heavy.while_waiting = patience, aside

    def ask_whether_wanted(self, asker: Callable[[], Callable[[], bool]]) -> None:
        """``asker`` is called by whoever asks, and gives what tells any thread whether he is still there: a
        question that nobody waits for any more is stopped."""
        self._asker = asker

    def statistics(self) -> dict[str, Any]:
        """Counts since the start of this process, the cache's state, and the latest queries."""
        return {
            "queries": self._queries,
            "seconds": self._seconds,
            "rows_scanned": self._rows,
            "cache": self._cache.statistics(),
            "recent": list(self._recent),
        }

    def cache_statistics(self) -> dict[str, int]:
        """Of this process's cache: hits, misses, waits; entries, bytes, limit_bytes and evictions."""
        return self._cache.statistics()

    def shrink_cache(self, to_bytes: int) -> int:
        """Let go of the answers asked for least recently, down to ``to_bytes``; the bytes let go."""
        return self._cache.shrink(to_bytes)

    def clear_cache(self) -> None:
        self._cache.clear()


def open_manager(
    lake_dir: Path | str,
    *,
    backend: str = "duckdb",
    memory_limit_mb: int = 256,
    threads: int = 2,
    timeout_seconds: float = 60.0,
    max_rows: int = 5_000_000,
    pandas_memory_mb: int = 0,
    **options: Any,
) -> HybridQueryManager:
    """A manager over the lake in ``lake_dir``; ``backend`` is 'duckdb' or 'pandas' (the way back), which
    may hold ``pandas_memory_mb`` (0: what the machine has free)."""
    limits = Limits(threads, memory_limit_mb, timeout_seconds=timeout_seconds, max_rows=max_rows)
    lake = Lake(lake_dir)
    if backend == "duckdb":
        return HybridQueryManager(lake, limits=limits, **options)
    if backend == "pandas":
        from data_layer.pandas_engine.backend import PandasBackend

        return HybridQueryManager(lake, PandasBackend(pandas_memory_mb), limits=limits, **options)
    raise RequestError("The backend must be duckdb or pandas.", "backend")
