"""A gradual roll-out: a share of the visitors is answered by DuckDB, the others by pandas.

NEMDESK_HYBRID_SHARE=0.05, then 0.5, then 1. Who is among the share follows from a visitor's name alone: it
stays over requests, workers and restarts, and whoever is in at one share is in at every larger one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import pyarrow as pa
from flask import Flask, g, has_request_context, request

from app.settings import Settings
from callbacks import guard
from data_layer.backend import Backend, OnPart
from data_layer.connection import CancelToken
from data_layer.errors import DataLayerError
from data_layer.pieces import Pieces
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import Request
from data_layer.snapshot import Snapshot

logger = logging.getLogger("nemdesk.data")

DUCKDB: Final = "duckdb"

_SALT: Final = "nemdesk-engine-1:"
"""Fixed: another salt would deal every visitor anew."""

_acting_for: ContextVar[str | None] = ContextVar("acting_for", default=None)


def place_of(visitor: str) -> float:
    """A visitor's place in the line, 0 <= place < 1, spread evenly and the same for ever. DuckDB answers
    those whose place is below the share."""
    digest = hashlib.sha256((_SALT + visitor).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def asker() -> str:
    """Who asks, as the roll-out knows them; '' outside a request. Who keeps no cookie (a script) is known
    by the address: the random name of one request would deal the next one another engine."""
    ordered = _acting_for.get()
    if ordered is not None:
        return ordered
    if has_request_context() and g.get("visitor_is_new"):
        return f"address {request.remote_addr or ''}"
    return guard.visitor()


@contextmanager
def acting_for(visitor: str) -> Iterator[None]:
    """Answer as for this visitor: a job has no request, and its engine is that of who ordered it."""
    token = _acting_for.set(visitor)
    try:
        yield
    finally:
        _acting_for.reset(token)


class SharedOut:
    """A backend that is DuckDB for some visitors and pandas for the others.

    Its ``name`` is that of the engine that answers now, so that what is kept, told to observers and shown
    under a panel is each engine's own. Outside a request (a job whose visitor nobody named, a notebook) it
    is DuckDB. Where one engine fails, the visitor reads so: the other is never asked instead, since that
    would hide the fault from whoever watches the roll-out.
    """

    def __init__(self, duckdb: Backend, pandas: Backend, share: float) -> None:
        self.duckdb = duckdb
        self.pandas = pandas
        self.share = share

    def engine(self) -> Backend:
        """Who answers the visitor of now."""
        visitor = asker()
        return self.duckdb if not visitor or place_of(visitor) < self.share else self.pandas

    @property
    def name(self) -> str:
        return self.engine().name

    def run(
        self, request: Request, snapshot: Snapshot, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        return self.engine().run(request, snapshot, cancel)

    def run_in_parts(
        self, request: Request, snapshot: Snapshot, on_part: OnPart, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        return self.engine().run_in_parts(request, snapshot, on_part, cancel)

    def in_pieces(
        self, request: Request, snapshot: Snapshot, rows: int, cancel: CancelToken | None = None
    ) -> Pieces:
        # DuckDB for everybody: an export is a job, whose memory is bounded, and pandas' is the history's.
        return self.duckdb.in_pieces(request, snapshot, rows, cancel)

    def cost(self, request: Request, snapshot: Snapshot) -> int:
        return self.engine().cost(request, snapshot)

    def is_heavy(self, request: Request, snapshot: Snapshot) -> bool:
        return self.engine().is_heavy(request, snapshot)


def open_for(settings: Settings) -> HybridQueryManager:
    """The manager that the settings ask for: one engine, or both by visitor. One cache and one list of
    observers either way. Opens and reads nothing yet."""
    manager = open_manager(
        settings.lake_dir,
        backend=settings.backend,
        memory_limit_mb=settings.memory_limit_mb,
        threads=settings.threads,
        timeout_seconds=settings.query_timeout_seconds,
        max_rows=settings.max_rows,
        cache_bytes=settings.answer_cache_bytes,
        cache_ttl_seconds=settings.cache_ttl_seconds,
        heavy_at_once=settings.heavy_queries_at_once,
        pandas_memory_mb=settings.pandas_memory_mb,
    )
    if settings.backend == DUCKDB and settings.hybrid_share < 1:
        from data_layer.pandas_engine.backend import PandasBackend

        pandas = PandasBackend(settings.pandas_memory_mb)
        manager.backend = SharedOut(manager.backend, pandas, settings.hybrid_share)
    return manager


def install(server: Flask, settings: Settings, manager: HybridQueryManager) -> None:
    """Where not everybody is answered by DuckDB: have panels name their engine, and say in the log at the
    start what memory the other one needs."""
    shared = isinstance(manager.backend, SharedOut)
    server.config[guard.NAMES_ENGINE] = shared or manager.backend.name != DUCKDB
    if server.config[guard.NAMES_ENGINE]:
        _say_what_is_needed(settings, manager)


def _say_what_is_needed(settings: Settings, manager: HybridQueryManager) -> None:
    from data_layer.pandas_engine import memory

    try:
        each = memory.needed(manager.lake.snapshot()) // memory.MIB
    except DataLayerError:
        return  # no lake yet: it is looked at again when the first question comes
    free = memory.available() // memory.MIB
    limit = f"NEMDESK_PANDAS_MEMORY_MB is {settings.pandas_memory_mb:,}" if settings.pandas_memory_mb else ""
    enough = each * settings.workers <= free and (not limit or each <= settings.pandas_memory_mb)
    logger.log(
        logging.INFO if enough else logging.WARNING,
        "the pandas engine needs about %d MiB in each of %d workers; %d MiB are free%s%s",
        each,
        settings.workers,
        free,
        f", {limit}" * bool(limit),
        "" if enough else ": some workers will refuse to read the lake (docs/rollback.md)",
    )
