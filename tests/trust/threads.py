"""The page's own questions from eight threads of one process at once, each answer compared with the one that
it has when nobody else asks. A connection shared by threads gave other threads' rows to every fifth.

Long: `python -m tests.trust.threads` (2,000 questions a thread).
"""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from callbacks import TABS
from callbacks.questions import asked_by
from data_layer.agreement import difference
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import REQUESTS, Request
from tests.trust.demonstration import demonstration
from tests.trust.serving_figures import Row, write

THREADS = 8
AGREE = 1e-9
"""Relative difference of sums that were added in another order."""
PERIODS = ("", "start=2026-02-20&end=2026-02-20", "start=2026-02-19&end=2026-02-26", "range=all")


def catalogue(manager: HybridQueryManager) -> list[Request]:
    """What every tab asks, with each of its options, over several periods."""
    found: dict[str, Request] = {}
    for period in PERIODS:
        found |= {key: request for key, (_, request) in asked_by(manager, TABS, period).items()}
    return list(found.values())


def run(lake: Lake, questions: int) -> tuple[Counter[str], set[type[Request]], int]:
    """(how ``questions`` of each thread went, the classes among them, different questions)."""
    manager = open_manager(lake.root)
    asked = catalogue(manager)
    alone = {request.key(): _fresh(manager, request) for request in asked}
    went: Counter[str] = Counter()
    seen: set[type[Request]] = set()
    together = threading.Barrier(THREADS)

    def ask(number: int) -> tuple[Counter[str], set[type[Request]]]:
        drawn = random.Random(number)
        mine: Counter[str] = Counter()
        classes: set[type[Request]] = set()
        mixed = drawn.sample(asked, len(asked))
        together.wait()
        for turn in range(questions):
            request = mixed[turn % len(mixed)]
            classes.add(type(request))
            try:
                apart = difference(alone[request.key()], _fresh(manager, request))
                mine["right" if apart.largest <= AGREE else f"wrong: {request.name}"] += 1
            except Exception as error:
                mine[f"error: {type(error).__name__} {str(error)[:80]}"] += 1
        return mine, classes

    with ThreadPoolExecutor(THREADS) as pool:
        for mine, classes in pool.map(ask, range(THREADS)):
            went.update(mine)
            seen |= classes
    return went, seen, len(asked)


def _fresh(manager: HybridQueryManager, request: Request) -> pa.Table:
    return manager.answer(request, use_cache=False).table


def main(questions: int = 2_000) -> int:
    with demonstration("threads") as (_, lake):
        went, seen, different = run(lake, questions)
    never = sorted(cls.name for cls in set(REQUESTS.values()) - seen)
    found = ", ".join(f"{count:,} {how}" for how, count in went.most_common(6))
    missing = f"; never asked: {', '.join(never)}" if never else ""
    return write(
        "threads",
        [
            Row(
                f"{different:,} questions of the page, {len(seen)} kinds, by {THREADS} threads at once (R6)",
                f"{THREADS} x {questions:,} questions",
                found + missing,
                "0 wrong, 0 errors; every kind of question",
                set(went) == {"right"} and went["right"] == THREADS * questions and not never,
            )
        ],
    )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
