"""Questions that must spill while the disk of temporary files is full: said, and the next one is answered.

Needs root, for a disk of 10 MB. Long: `python -m tests.trust.spill` (50 questions, by a panel and in pieces).
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from app import create_app
from app.settings import Settings
from data_layer.connection import DuckEngine, Limits
from data_layer.errors import DiskFull
from data_layer.lake import Lake
from tests.app.callback_client import filled
from tests.trust.demonstration import demonstration
from tests.trust.ingest_disk import can_mount, mounted
from tests.trust.serving_figures import Row, write

SORTED = "SELECT hash(range) AS a, hash(range + 1) AS b FROM range(4000000) ORDER BY a LIMIT 3900000"
"""64 MB of rows to sort."""
SPILLS = f"SELECT count(b) AS n FROM ({SORTED})"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """10 MB for temporary files, with nothing on it."""
    with (
        mounted(folder, 10 * 2**20) as disk,
        mock.patch.object(tempfile, "tempdir", str(disk)),
    ):
        yield disk


@contextmanager
def spilling() -> Iterator[None]:
    """Whatever is asked must spill."""
    table = DuckEngine._table

    def spills(self: DuckEngine, connection: Any, _: str, __: Any, cancel: Any) -> Any:
        return table(self, connection, SPILLS, {}, cancel)

    with mock.patch.object(DuckEngine, "_table", spills):
        yield


def left_on(disk: Path) -> int:
    """Bytes on it; a database that lives keeps an empty file there."""
    return sum(path.stat().st_size for path in disk.rglob("*") if path.is_file())


def by_panel(lake: Lake, folder: Path, times: int) -> Counter[str]:
    """A panel whose question spills, then another panel."""
    went: Counter[str] = Counter()
    with small_disk(folder / "disk") as disk:
        settings = Settings(lake_dir=lake.root, cache_dir=folder / "cache", memory_limit_mb=64)
        client = create_app(settings).server.test_client()
        for number in range(times):
            search = f"?start=2026-02-{20 + number % 8}&end=2026-02-28"
            with spilling():
                full = filled(client, "gen-mix", "/generation", search)
            said = str(full["gen-mix-top"])
            clear = "free some in" in said and "shorten the period" in said and "Traceback" not in said
            failed = full["gen-mix"]["className"] == "panel-failed"
            went["said" if clear and failed else f"not said: {said[:200]}"] += 1
            after = filled(client, "gen-table", "/generation", search)["gen-table"]["className"]
            went["answered" if after == "panel-ready" else f"the next: {after}"] += 1
            if left_on(disk):
                went["bytes left behind"] += 1
    return went


def in_pieces(folder: Path, times: int) -> Counter[str]:
    """Rows read piece by piece, as an export does."""
    went: Counter[str] = Counter()
    with small_disk(folder / "disk") as disk:
        engine = DuckEngine(folder, Limits(threads=1, memory_limit_mb=40))
        for _ in range(times):
            try:
                sum(batch.num_rows for batch in engine.batches(SORTED, {}, 100_000))
                went["had room"] += 1
            except DiskFull:
                went["said"] += 1
            answered = engine.query("SELECT 42 AS n", {}).to_pylist() == [{"n": 42}]
            went["answered" if answered else "the next failed"] += 1
            if left_on(disk):
                went["bytes left behind"] += 1
    return went


def is_right(went: Counter[str]) -> bool:
    return set(went) == {"said", "answered"}


def main(times: int = 25) -> int:
    wanted = "what to do is said, the next question is answered, no byte is left"
    logging.disable(logging.CRITICAL)
    found: dict[str, Counter[str]] = {"a panel's question": Counter(), "rows in pieces": Counter()}
    with demonstration("spill-run") as (folder, lake):
        if can_mount():
            found = {
                "a panel's question": by_panel(lake, folder / "panel", times),
                "rows in pieces": in_pieces(folder / "pieces", times),
            }
    return write(
        "spill",
        [
            Row(
                f"{name} that must spill on a full disk (R7)",
                f"{times} times",
                ", ".join(f"{count} {how}" for how, count in went.items()) or "not tried: needs root",
                wanted,
                is_right(went),
            )
            for name, went in found.items()
        ],
    )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
