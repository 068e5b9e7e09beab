"""The first dashboard's calls, and SQL for notebooks: what the manager offers to people who write code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

import pandas as pd
import pyarrow as pa

from data_layer import sql
from data_layer.answers import Answer
from data_layer.backend import Backend
from data_layer.connection import CancelToken, DuckEngine
from data_layer.errors import RequestError
from data_layer.lake import Lake, Snapshot
from data_layer.market import Resolution
from data_layer.planner import plan
from data_layer.requests import AggregateByGroup, IntegratedData, Period, Request
from data_layer.turns import HeavyTurns


class NotebookCalls:
    """Of HybridQueryManager: everything that takes dates and texts and gives pandas frames."""

    lake: Lake
    engine: DuckEngine
    backend: Backend
    _heavy: HeavyTurns

    def answer(
        self, request: Request, *, use_cache: bool = True, cancel: CancelToken | None = None
    ) -> Answer:
        raise NotImplementedError

    def _check_period(self, request: Request, snapshot: Snapshot) -> None:
        raise NotImplementedError

    def query_integrated_data(
        self,
        start_date: str | date | datetime,
        end_date: str | date | datetime,
        resolution: str = "30min",
        regions: Iterable[str] = (),
        fuels: Iterable[str] = (),
        columns: Iterable[str] = (),
        use_cache: bool = True,
    ) -> pd.DataFrame:
        """Unit readings with registry facts, price and revenue, one row per unit and interval.

        ``end_date`` given as a date means that whole day. Columns: requests.INTEGRATED_COLUMNS.
        """
        period = Period.parse(_text(start_date), _text(end_date))
        try:
            grain = Resolution(resolution)
        except ValueError:
            raise RequestError("Integrated data comes at 5min or 30min.", "resolution") from None
        request = IntegratedData(period, grain, regions, fuels, columns)  # type: ignore[arg-type]
        return self.answer(request, use_cache=use_cache).frame()

    def aggregate_by_group(
        self,
        start_date: str | date | datetime,
        end_date: str | date | datetime,
        group_by: Iterable[str] = ("fuel",),
        regions: Iterable[str] = (),
        fuels: Iterable[str] = (),
    ) -> pd.DataFrame:
        """Energy, revenue and capture price by up to three groups; see requests.AggregateByGroup."""
        period = Period.parse(_text(start_date), _text(end_date))
        request = AggregateByGroup(period, group_by, regions, fuels)  # type: ignore[arg-type]
        return self.answer(request).frame()

    def query_chunks(
        self, query: Request | str, chunk_size: int = 100_000, cancel: CancelToken | None = None
    ) -> Iterator[pd.DataFrame]:
        """The rows of a request (or of SQL over the views, from trusted code only) in frames of at most
        ``chunk_size`` rows, in order; memory stays bounded by one chunk."""
        if not isinstance(chunk_size, int) or chunk_size < 1:
            raise RequestError("The chunk size must be a whole number of rows.", "chunk_size")
        statement, parameters = self._statement(query)
        pieces = self._chunks(statement, parameters, chunk_size, cancel)
        # Held until the first rows are there, for then they are sorted: not while a reader takes his time.
        with self._heavy.turn(
            isinstance(query, Request) and self.backend.is_heavy(query, self.lake.snapshot())
        ):
            first = list(islice(pieces, 1))
        yield from chain(first, pieces)

    def _chunks(
        self, statement: str, parameters: dict[str, Any], chunk_size: int, cancel: CancelToken | None
    ) -> Iterator[pd.DataFrame]:
        for batch in self.engine.batches(statement, parameters, chunk_size, cancel):
            yield pa.Table.from_batches([batch]).to_pandas(types_mapper=pd.ArrowDtype)

    def query_with_progress(
        self,
        query: Request | str,
        chunk_size: int = 100_000,
        progress_callback: Callable[[int, int], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> pd.DataFrame:
        """All rows as one frame; ``progress_callback(rows_done, rows_total)`` after every chunk."""
        statement, parameters = self._statement(query)
        counted = self.engine.query(sql.counted(statement), parameters, cancel)
        total = int(counted.column("n")[0].as_py())
        frames, done = [], 0
        if progress_callback:
            progress_callback(0, total)
        for frame in self._chunks(statement, parameters, chunk_size, cancel):
            frames.append(frame)
            done += len(frame)
            if progress_callback:
                progress_callback(done, total)
        if frames:
            return pd.concat(frames, ignore_index=True)
        empty = self.engine.query(sql.without_rows(statement), parameters)
        return empty.to_pandas(types_mapper=pd.ArrowDtype)

    def query(self, text: str, parameters: dict[str, Any] | None = None) -> pd.DataFrame:
        """SQL of a notebook or of the command line over tables and views by name. Never pass text that
        came from a browser: requests are for that."""
        statement, bound = self._statement(text)
        return self.engine.query(statement, {**bound, **(parameters or {})}).to_pandas(
            types_mapper=pd.ArrowDtype
        )

    def _statement(self, query: Request | str) -> tuple[str, dict[str, Any]]:
        snapshot = self.lake.snapshot()
        if isinstance(query, Request):
            self._check_period(query, snapshot)
            chosen = plan(query, snapshot)
            return sql.ordered(chosen.statement, chosen.order), chosen.parameters
        files = {table: snapshot.paths(table) for table in sql.required(query)[0]}
        return sql.compose(query, files)


def _text(moment: str | date | datetime) -> str:
    if isinstance(moment, datetime):
        return moment.strftime("%Y-%m-%dT%H:%M")
    return moment.isoformat() if isinstance(moment, date) else moment
