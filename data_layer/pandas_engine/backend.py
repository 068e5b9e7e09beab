"""Answers every request with pandas alone, in the same columns as the DuckDB path.

Chosen by NEMDESK_BACKEND=pandas. Its memory grows with the history.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final

import pyarrow as pa

from data_layer.backend import OnPart
from data_layer.connection import CancelToken
from data_layer.errors import QueryCancelled
from data_layer.lake import Snapshot
from data_layer.pandas_engine import (
    analysis,
    batteries,
    core,
    curtailment,
    memory,
    prices,
    quality,
    regions,
    stations,
    trends,
)
from data_layer.pandas_engine.frames import History
from data_layer.pandas_engine.selection import Answers
from data_layer.pieces import Pieces
from data_layer.requests.base import Request

ANSWERS: Final[Answers] = {
    cls: answer
    for module in (core, prices, analysis, stations, regions, trends, batteries, curtailment, quality)
    for cls, answer in module.ANSWERS.items()
}


LARGE_INTERVALS: Final = 100 * 288
"""Questions over more 5-minute intervals take turns in a process."""


class PandasBackend:
    """Keeps one version of the lake in memory and answers from it. ``memory_mb`` limits what it may hold
    (0: what the machine has free); a larger lake is refused before it is read."""

    name = "pandas"

    def __init__(self, memory_mb: int = 0) -> None:
        self.memory_mb = memory_mb
        self._history: tuple[str, History] | None = None
        self._lock = threading.Lock()
        self._large = threading.Lock()
        _ENGINES.add(self)

    def forget_parent(self) -> None:
        """Called in a child process: a thread of the parent may have held a lock."""
        self._lock, self._large = threading.Lock(), threading.Lock()
        if self._history is not None:
            self._history[1].forget_parent()

    def run(
        self, request: Request, snapshot: Snapshot, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        history = self.history(snapshot)
        # A long question takes several times its rows in memory: one at a time, the next ones wait.
        with self._large if self._is_large(request) else nullcontext():
            if cancel is not None and cancel.cancelled:
                raise QueryCancelled("The query was stopped.")
            frame = ANSWERS[type(request)](request, history)
        table = _plain(pa.Table.from_pandas(frame, preserve_index=False))
        return table, "frames in memory", len(history.readings), len(snapshot.paths("unit_scada"))

    def _is_large(self, request: Request) -> bool:
        return request.period.intervals > LARGE_INTERVALS

    def is_heavy(self, request: Request, snapshot: Snapshot) -> bool:
        # Reading the history is slow once per version; whoever asks meanwhile waits for it at the lock
        # rather than being told that the server is busy.
        return False

    def cost(self, request: Request, snapshot: Snapshot) -> int:
        # No part of the history is cheaper than all of it.
        return 0

    def run_in_parts(
        self, request: Request, snapshot: Snapshot, on_part: OnPart, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        ran = self.run(request, snapshot, cancel)
        on_part(1, 1, lambda: ran[0])
        return ran

    def in_pieces(
        self, request: Request, snapshot: Snapshot, rows: int, cancel: CancelToken | None = None
    ) -> Pieces:
        # Its memory grows with the history in any case.
        def tables() -> Iterator[pa.Table]:
            yield self.run(request, snapshot, cancel)[0]

        return Pieces(1, tables(), "pandas frames", self.name, snapshot.token, snapshot.kind)

    def history(self, snapshot: Snapshot) -> History:
        """The frames of ``snapshot``, loaded once per version."""
        with self._lock:
            if self._history is None or self._history[0] != snapshot.token:
                # The version before makes room first: both at once would need the memory twice. What is
                # being answered from it goes on.
                self._history = None
                memory.check(snapshot, self.memory_mb)
                self._history = (snapshot.token, History(snapshot))
            return self._history[1]


_ENGINES: Final[weakref.WeakSet[PandasBackend]] = weakref.WeakSet()


def _forget_parents() -> None:
    for engine in list(_ENGINES):
        engine.forget_parent()


os.register_at_fork(after_in_child=_forget_parents)


def _plain(table: pa.Table) -> pa.Table:
    """Texts as texts, whatever they were kept as, and no notes of pandas."""
    for number, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = table.column(number).cast(field.type.value_type)
            table = table.set_column(number, field.name, column)
    return table.replace_schema_metadata(None)
