"""What a statement could do if a stranger's text ever reached the database, through the application's own
connection. ``python -m tests.trust.sandbox`` adds a runaway query, a hungry one and ten million rows."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from data_layer.connection import DuckEngine, Limits
from data_layer.errors import DataLayerError, QueryTimeout, ResultTooLarge
from tests.trust.hostile import _figure, write

DENIED: Final = (
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM parquet_metadata('{outside}/x.parquet')",
    "SELECT * FROM parquet_schema('{outside}/x.parquet')",
    "SELECT * FROM read_parquet('{outside}/x.parquet')",
    "SELECT * FROM read_parquet('{lake}/../outside/x.parquet')",
    "SELECT * FROM read_parquet('{lake}/./../outside/x.parquet')",
    "SELECT * FROM read_parquet('{lake}/sub/../../outside/x.parquet')",
    "SELECT * FROM read_parquet('{lake}-sibling/x.parquet')",
    "SELECT * FROM read_parquet('{lake}/*/../../outside/*.parquet')",
    "SELECT * FROM read_parquet('file://{outside}/x.parquet')",
    "SELECT * FROM read_text('{lake}/link')",
    "SELECT * FROM read_parquet('{lake}/link.parquet')",
    "SELECT * FROM read_parquet('{lake}/folder/x.parquet')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "COPY (SELECT 1) TO '{outside}/out.csv'",
    "COPY (SELECT 1) TO '{outside}/out.parquet'",
    "EXPORT DATABASE '{outside}/all'",
    "IMPORT DATABASE '{outside}/all'",
    "ATTACH '{outside}/x.duckdb' AS x",
    "ATTACH 'http://127.0.0.1:9/x.duckdb' AS x",
    "INSTALL httpfs",
    "INSTALL httpfs FROM community",
    "LOAD httpfs",
    "LOAD '{outside}/x.duckdb_extension'",
    "SET memory_limit = '64GB'",
    "SET GLOBAL memory_limit = '64GB'",
    "SET GLOBAL threads = 64",
    "SET GLOBAL max_execution_time = 0",
    "SET SESSION max_execution_time = 0",
    "SET GLOBAL allowed_directories = ['/']",
    "SET GLOBAL allowed_paths = ['/etc/passwd']",
    "SET GLOBAL enable_external_access = true",
    "SET GLOBAL lock_configuration = false",
    "SET temp_directory = '/'",
    "SET GLOBAL autoload_known_extensions = true",
    "SET GLOBAL allow_unsigned_extensions = true",
    "SET GLOBAL secret_directory = '{outside}'",
    "SET log_query_path = '{outside}/log'",
    "SET profiling_output = '{outside}/profile'",
    "CALL enable_logging(storage='file', storage_path='{outside}/logs')",
    "CALL enable_profiling()",
    "RESET memory_limit",
    "RESET GLOBAL max_execution_time",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "SELECT * FROM frame_of_the_caller",
    "SELECT getenv('HOME')",
)
"""What must fail whatever the folders' rights are."""

INSIDE: Final = (
    "COPY (SELECT 1) TO '{lake}/out.parquet'",
    "ATTACH '{lake}/x.duckdb' AS x",
    "EXPORT DATABASE '{lake}/all'",
)
"""What DuckDB allows inside an allowed folder: denied by the lake's rights, as the server only reads it."""


@dataclass(frozen=True)
class Folders:
    lake: Path
    outside: Path


@contextmanager
def folders(parent: Path) -> Iterator[Folders]:
    """A lake with links that lead out of it, and what lies beside it."""
    lake, outside, sibling = parent / "lake", parent / "outside", parent / "lake-sibling"
    for folder in (lake, lake / "sub", outside, sibling):
        folder.mkdir()
    rows = pa.table({"n": [1]})
    for folder in (outside, sibling):
        pq.write_table(rows, folder / "x.parquet")
    (lake / "link").symlink_to("/etc/passwd")
    (lake / "link.parquet").symlink_to(outside / "x.parquet")
    (lake / "folder").symlink_to(outside)
    yield Folders(lake, outside)


def held(engine: DuckEngine, where: Folders, statement: str) -> str:
    """'' where the statement is denied in each way it could be asked; else how it got through."""
    frame_of_the_caller = pa.table({"n": [1]})
    text = statement.format(lake=where.lake, outside=where.outside)
    before = sorted(where.outside.rglob("*"))
    ways = {
        "as a question": lambda: engine.query(text, {}),
        "by itself": lambda: list(engine.batches(text, {}, 10)),
        "after another": lambda: list(engine.batches(f"SELECT 1 AS n; {text}", {}, 10)),
    }
    for way, ask in ways.items():
        try:
            ask()
        except DataLayerError:
            continue
        if frame_of_the_caller.num_rows:
            return f"{text} got through {way}"
    if sorted(where.outside.rglob("*")) != before:
        return f"{text} wrote something"
    return ""


def through_a_plain_cursor(engine: DuckEngine, where: Folders, statement: str) -> str:
    """The same through the connection's cursor itself, which takes several statements at once."""
    import duckdb

    text = statement.format(lake=where.lake, outside=where.outside)
    cursor = engine._connection().cursor()
    try:
        cursor.execute(text).fetchall()
    except duckdb.Error:
        return ""
    finally:
        cursor.close()
    return f"{text} got through a cursor"


class Memory:
    """The most this process held meanwhile, beyond what it held before, in bytes."""

    def __enter__(self) -> Memory:
        self._process = psutil.Process()
        self._before = self.most = self._process.memory_info().rss
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def grown(self) -> int:
        return self.most - self._before


RUNAWAY: Final = "SELECT sum(a.range * b.range) AS n FROM range(100000000) AS a, range(1000000) AS b"
MANY: Final = "SELECT range AS a, range * 2 AS b, random() AS c, 'text ' || range AS d FROM range(10000000)"


def runaway(folder: Path, seconds: float) -> float:
    """Seconds until a query that would never end was stopped, with a limit of ``seconds``."""
    engine = DuckEngine(folder, Limits(timeout_seconds=seconds))
    engine.query("SELECT 1 AS n", {})
    started = time.perf_counter()
    try:
        engine.query(RUNAWAY, {})
    except QueryTimeout:
        return time.perf_counter() - started
    raise AssertionError("it ended")


def many_rows(folder: Path) -> tuple[bool, int]:
    """(whether ten million rows were refused by an engine that allows one million, bytes grown)."""
    engine = DuckEngine(folder, Limits(max_rows=1_000_000))
    engine.query("SELECT 1 AS n", {})
    with Memory() as memory:
        try:
            engine.query(MANY, {})
        except ResultTooLarge:
            return True, memory.grown
    return False, memory.grown


def main() -> int:
    os.nice(15)
    logging.disable(logging.ERROR)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, folders(Path(name)) as where:
        engine = DuckEngine(where.lake)
        found = [held(engine, where, one) or through_a_plain_cursor(engine, where, one) for one in DENIED]
        through = [one for one in found if one]
        rows.append(
            _figure(
                "statements that must be denied",
                f"{len(DENIED)} statements, 4 ways each",
                f"{len(through)} got through {through[:5]}",
                "0",
                not through,
            )
        )
        times = [runaway(where.lake, 2.0) for _ in range(5)]
        worst = max(abs(one - 2.0) for one in times) / 2.0
        rows.append(
            _figure(
                "a runaway query is stopped at its limit",
                "5 times, 2 s",
                f"{worst:.0%} off",
                "+- 10 %",
                worst <= 0.1,
            )
        )
        refused, grown = many_rows(where.lake)
        rows.append(
            _figure(
                "ten million rows are refused",
                "once",
                f"{grown / 2**20:.0f} MiB grown",
                "<= 300 MiB",
                refused and grown <= 300 * 2**20,
            )
        )
    return write("sandbox", rows)


if __name__ == "__main__":
    raise SystemExit(main())
