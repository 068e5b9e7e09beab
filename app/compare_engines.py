"""``python -m app compare-engines``: both engines' answers and times side by side, question by question."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta
from typing import Any, Final

OK: Final = 0
DIFFERENT: Final = 1

AGREE: Final = 1e-9
"""Largest relative difference at which two numbers are the same: sums added in another order."""


def add(commands: Any) -> None:
    """Add the command to the command line."""
    compare = commands.add_parser(
        "compare-engines", help="ask DuckDB and pandas the same questions; times and differences"
    )
    compare.add_argument(
        "--days", type=int, default=0, help="ask about the last so many days (default: each tab's own period)"
    )
    compare.add_argument(
        "--sample", type=int, default=0, help="ask so many questions, spread over all (default: all)"
    )
    compare.set_defaults(command=_compare)


def _compare(chosen: argparse.Namespace) -> int:
    import callbacks
    from app.settings import Settings
    from callbacks.guard import span
    from callbacks.questions import asked_by
    from data_layer.market import market_day
    from data_layer.query_manager import open_manager

    if chosen.days < 0 or chosen.sample < 0:
        raise ValueError("--days and --sample take numbers from 1 on")
    settings = Settings(lake_dir=chosen.lake) if chosen.lake else Settings()
    duckdb, pandas = (
        open_manager(
            settings.lake_dir,
            backend=name,
            memory_limit_mb=settings.memory_limit_mb,
            threads=settings.threads,
            timeout_seconds=settings.query_timeout_seconds,
            max_rows=settings.max_rows,
            pandas_memory_mb=settings.pandas_memory_mb,
        )
        for name in ("duckdb", "pandas")
    )
    period = ""
    if chosen.days:
        last = market_day(span(duckdb.lake_state())[1])
        period = f"start={last - timedelta(days=chosen.days - 1):%Y-%m-%d}&end={last:%Y-%m-%d}"
    questions = list(asked_by(duckdb, callbacks.TABS, period).values())
    if chosen.sample and chosen.sample < len(questions):
        questions = [questions[n * len(questions) // chosen.sample] for n in range(chosen.sample)]
    began = time.perf_counter()
    pandas.answer(questions[0][1])
    print(
        f"pandas read the lake in {time.perf_counter() - began:.1f} s; {len(questions)} questions", flush=True
    )
    return _table(duckdb, pandas, questions)


def _table(duckdb: Any, pandas: Any, questions: list[Any]) -> int:
    from data_layer.agreement import difference
    from data_layer.errors import DataLayerError

    print(
        f"{'question':28} {'DuckDB ms':>10} {'pandas ms':>10} {'ratio':>7} {'difference':>10}  first asked by"
    )
    different = 0
    for address, request in questions:
        try:
            (one, first), (two, second) = _timed(duckdb, request), _timed(pandas, request)
        except DataLayerError as error:
            different += 1
            print(f"{request.name:28} {'':>39}  {address}: {error}", flush=True)
            continue
        apart = difference(one, two)
        different += not apart.largest <= AGREE
        remark = "" if apart.largest <= AGREE else f"  DIFFERENT: {apart.other or apart.column}"
        print(
            f"{request.name:28} {1000 * first:10.1f} {1000 * second:10.1f} {second / first:7.1f} "
            f"{apart.largest:10.1e}  {address}{remark}",
            flush=True,
        )
    if different:
        print(f"{different} of {len(questions)} questions have different answers.", file=sys.stderr)
    else:
        print(f"All {len(questions)} questions have the same answer (relative difference at most {AGREE:g}).")
    return DIFFERENT if different else OK


def _timed(manager: Any, request: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    table = manager.answer(request, use_cache=False).table
    return table, time.perf_counter() - began
