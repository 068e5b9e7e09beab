"""Files of the lake overwritten, cut, replaced, unlinked where they lie, and put back, while questions run.

Nothing of NEMDesk changes a file of the lake. A disk, a backup program or a hand in the wrong folder may:
then each answer is the right one or says that a file cannot be read, and none is of bytes that lay there for
a moment. A harm that is over before the question ends is the worst, since nothing shows afterwards.

Long: `python -m tests.trust.in_place` (1,000 questions of four threads).
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_layer import soundness
from data_layer.connection import DuckEngine
from data_layer.errors import LakeDamaged
from data_layer.lake import Lake
from data_layer.requests import Request
from tests.trust.damage import Harness, rows_of, same
from tests.trust.demonstration import demonstration
from tests.trust.serving_figures import Row, write

THREADS = 4
PAUSE = 0.03
"""Seconds between two harms at most: a question of the demonstration takes about as long."""


WAYS = ("overwrite", "cut", "replace", "unlink")


def other_content(path: Path, aside: Path) -> bytes:
    """A sound Parquet file of the same rows with other numbers."""
    table = pq.ParquetFile(path).read()
    changed = [
        pc.add(column, pa.scalar(1, column.type)) if pa.types.is_floating(column.type) else column
        for column in table.columns
    ]
    pq.write_table(pa.table(changed, schema=table.schema), aside)
    return aside.read_bytes()


class Harmer(threading.Thread):
    """Harms one file after the other for a moment, until it is told to end."""

    def __init__(self, paths: list[Path], aside: Path, seed: int, ways: tuple[str, ...] = WAYS) -> None:
        super().__init__()
        self.ways = ways
        self.drawn = random.Random(seed)
        self.right = {path: path.read_bytes() for path in paths}
        self.other = {path: other_content(path, aside) for path in paths}
        self.aside = aside
        self.ended = threading.Event()
        self.harms: Counter[str] = Counter()

    def run(self) -> None:
        while not self.ended.is_set():
            way, path = self.drawn.choice(self.ways), self.drawn.choice(list(self.right))
            getattr(self, way)(path)
            self.harms[way] += 1
            time.sleep(self.drawn.random() * PAUSE)

    def _wait(self) -> None:
        time.sleep(self.drawn.random() * PAUSE / 2)

    def overwrite(self, path: Path) -> None:
        """With a file that is sound and says something else, and back: the inode stays."""
        for content in (self.other[path], self.right[path]):
            with open(path, "r+b") as handle:
                handle.write(content)
                handle.truncate()
            self._wait()

    def cut(self, path: Path) -> None:
        os.truncate(path, len(self.right[path]) // 2)
        self._wait()
        path.write_bytes(self.right[path])

    def replace(self, path: Path) -> None:
        for content in (self.other[path], self.right[path]):
            self.aside.write_bytes(content)
            os.replace(self.aside, path)
            self._wait()

    def unlink(self, path: Path) -> None:
        path.unlink()
        self._wait()
        path.write_bytes(self.right[path])


@contextmanager
def counting_tries(tries: Counter[int]) -> Iterator[None]:
    """Into ``tries``: how many questions went to the database how often."""
    query, table = DuckEngine._query, DuckEngine._table
    own = threading.local()

    def counted_query(self: DuckEngine, *arguments: Any) -> Any:
        own.tries = 0
        try:
            return query(self, *arguments)
        finally:
            tries[own.tries] += 1

    def counted_table(self: DuckEngine, *arguments: Any) -> Any:
        own.tries = getattr(own, "tries", 0) + 1
        return table(self, *arguments)

    with mock.patch.multiple(DuckEngine, _query=counted_query, _table=counted_table):
        yield


def run(
    root: Path, aside: Path, scans: int, seed: int, ways: tuple[str, ...] = WAYS
) -> tuple[Counter[str], Counter[str], Counter[int]]:
    """(how ``scans`` questions went, the harms meanwhile, how often the database was asked for one)."""
    harness = Harness(Lake(root))
    needed = set().union(*harness.needs.values())
    harmer = Harmer(sorted(Path(path) for path in needed if path.endswith(".parquet")), aside, seed, ways)
    went: Counter[str] = Counter()
    tries: Counter[int] = Counter()
    lock = threading.Lock()

    def ask(number: int) -> None:
        drawn = random.Random(f"{seed} {number}")
        mine = Counter(_asked(harness, drawn.choice(harness.questions)) for _ in range(scans // THREADS))
        with lock:
            went.update(mine)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    with counting_tries(tries):
        for thread in (harmer, *threads):
            thread.start()
        for thread in threads:
            thread.join()
    harmer.ended.set()
    harmer.join()
    after = Counter(_asked(harness, request) for request in harness.questions)
    went["not right afterwards"] += sum(after.values()) - after["right"]
    return +went, harmer.harms, tries


def _asked(harness: Harness, request: Request) -> str:
    try:
        rows = rows_of(harness.manager, request)
    except LakeDamaged:
        return "said to be unreadable"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    return "right" if same(rows, harness.right[request]) else f"wrong: {request.name}"


def is_right(went: Counter[str], tries: Counter[int]) -> bool:
    return set(went) <= {"right", "said to be unreadable"} and went["right"] > 0 and max(tries) <= 2


def main(scans: int = 1_000) -> int:
    with demonstration("in-place") as (folder, lake):
        went, harms, tries = run(lake.root, folder / "aside", scans, 1)
        with mock.patch.object(soundness, "ensure", return_value={}):
            bare, _, _ = run(lake.root, folder / "aside", scans // 2, 2, ("overwrite", "replace"))
    said = ", ".join(f"{count:,} {how}" for how, count in went.most_common())
    done = ", ".join(f"{count} {how}" for how, count in sorted(harms.items()))
    wrong = sum(count for how, count in bare.items() if how.startswith("wrong"))
    return write(
        "in_place",
        [
            Row(
                f"files overwritten, cut, replaced, unlinked in place and put back ({done}), under {THREADS} "
                "threads that ask (R10)",
                f"{scans:,} questions",
                f"{said}; at most {max(tries) - 1} tries more for one ({tries[2]} times)",
                "0 wrong, at most one try more, all right afterwards",
                is_right(went, tries),
            ),
            Row(
                "the same without the guard: what the harness sees",
                f"{scans // 2:,} questions",
                f"{wrong} wrong",
                "some wrong answers",
                wrong > 0,
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
