"""What answers a request from one version of the lake: the planner and DuckDB (pandas: pandas_engine/)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa

from data_layer import sql
from data_layer.connection import CancelToken, Engine
from data_layer.errors import QueryCancelled
from data_layer.pieces import Pieces
from data_layer.planner import Plan, plan, plan_in_parts, plan_in_stretches
from data_layer.requests.base import Request
from data_layer.snapshot import Snapshot

OnPart = Callable[[int, int, Callable[[], pa.Table]], None]
"""Told (parts done, parts in all, the answer so far when called) after each part of long work."""


class Backend(Protocol):
    """Something that answers a request from one version of the lake."""

    @property
    def name(self) -> str:
        """The engine's name: part of the key under which an answer is kept."""
        ...

    def run(
        self, request: Request, snapshot: Snapshot, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        """(rows, source, rows scanned, files read)."""
        ...

    def run_in_parts(
        self, request: Request, snapshot: Snapshot, on_part: OnPart, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        """The same, telling how far it is."""
        ...

    def in_pieces(
        self, request: Request, snapshot: Snapshot, rows: int, cancel: CancelToken | None = None
    ) -> Pieces:
        """The rows of ``run`` in pieces of about ``rows``, where they can be had so."""
        ...

    def cost(self, request: Request, snapshot: Snapshot) -> int:
        """Rows that ``run`` would read."""
        ...

    def is_heavy(self, request: Request, snapshot: Snapshot) -> bool: ...


class DuckBackend:
    """Requests through the planner to DuckDB."""

    name = "duckdb"

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._last: tuple[Request, Snapshot, Plan] | None = None

    def _plan(self, request: Request, snapshot: Snapshot) -> Plan:
        """Who asks how heavy a question is has it answered next: it is planned once for both."""
        last = self._last
        if last is not None and last[0] is request and last[1] is snapshot:
            return last[2]
        chosen = plan(request, snapshot)
        self._last = (request, snapshot, chosen)
        return chosen

    def run(
        self, request: Request, snapshot: Snapshot, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        chosen = self._plan(request, snapshot)
        table = self.engine.query(chosen.statement, chosen.parameters, cancel)
        return chosen.finished(table), chosen.source, chosen.rows, chosen.files

    def run_in_parts(
        self, request: Request, snapshot: Snapshot, on_part: OnPart, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        parts = plan_in_parts(request, snapshot)
        tables: list[pa.Table] = []
        for done, one in enumerate(parts.plans, start=1):
            if cancel is not None and cancel.cancelled:
                raise QueryCancelled("The query was stopped.")
            tables.append(self.engine.query(one.statement, one.parameters, cancel))
            on_part(done, len(parts.plans), lambda: parts.combine(tables))
        sources = dict.fromkeys(name for one in parts.plans for name in one.source.split(" + "))
        rows, files = sum(one.rows for one in parts.plans), sum(one.files for one in parts.plans)
        return parts.combine(tables), " + ".join(sources), rows, files

    def in_pieces(
        self, request: Request, snapshot: Snapshot, rows: int, cancel: CancelToken | None = None
    ) -> Pieces:
        stretches = plan_in_stretches(request, snapshot, rows)

        def tables() -> Iterator[pa.Table]:
            for number in range(stretches.count):
                one = stretches.plan_of(number)
                # The database sorts faster than we do, and each piece is small enough for it.
                table = self.engine.query(sql.ordered(one.statement, one.order), one.parameters, cancel)
                yield one.finish(table) if one.finish else table

        source = stretches.plan_of(0).source
        return Pieces(stretches.count, tables(), source, self.name, snapshot.token, snapshot.kind)

    def cost(self, request: Request, snapshot: Snapshot) -> int:
        return self._plan(request, snapshot).rows

    def is_heavy(self, request: Request, snapshot: Snapshot) -> bool:
        return self._plan(request, snapshot).heavy
