"""Answers every request with pandas alone, in the same columns as the DuckDB path.

Chosen by NEMDESK_BACKEND=pandas. Its memory grows with the history.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from data_layer.backend import OnPart
from data_layer.connection import CancelToken
from data_layer.lake import Snapshot
from data_layer.pandas_engine import (
    analysis,
    batteries,
    core,
    curtailment,
    prices,
    regions,
    stations,
    trends,
)
from data_layer.pandas_engine.frames import History, load_history
from data_layer.pandas_engine.selection import Answers
from data_layer.pieces import Pieces
from data_layer.requests.base import Request

ANSWERS: Final[Answers] = {
    cls: answer
    for module in (core, prices, analysis, stations, regions, trends, batteries, curtailment)
    for cls, answer in module.ANSWERS.items()
}


class PandasBackend:
    """Keeps one version of the lake in memory and answers from it."""

    name = "pandas"

    def __init__(self) -> None:
        self._history: tuple[str, History] | None = None
        self._lock = threading.Lock()

    def run(
        self, request: Request, snapshot: Snapshot, cancel: CancelToken | None = None
    ) -> tuple[pa.Table, str, int, int]:
        history = self.history(snapshot)
        frame = ANSWERS[type(request)](request, history)
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        return table, "pandas frames", len(history.readings), len(snapshot.paths("unit_scada"))

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
                self._history = None
                self._history = (snapshot.token, load_history(snapshot))
            return self._history[1]
