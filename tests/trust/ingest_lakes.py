"""A small lake of AEMO's real files under test: what it holds, whether it is whole, and work done in a fork.

A fork of a process that has imported everything and started nothing costs milliseconds, so that hundreds of
ingests can be ended. The parent must therefore never open DuckDB or read Parquet itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_layer.errors import DataLayerError, LakeMissing
from data_layer.ingest.ledger import Ledger
from data_layer.lake import Lake
from data_layer.query_manager import open_manager

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("NEMDESK_REAL") or ROOT.parent / "shared" / "real")
NOTHING = "no lake"


@dataclass
class Ended:
    """How a forked piece of work ended: its value, its error's text, or the signal that killed it."""

    value: Any = None
    error: str = ""
    killed: bool = False
    seconds: float = 0.0


def in_fork(work: Callable[[], Any], kill_after: float | None = None) -> Ended:
    """Do ``work`` in a forked child; SIGKILL it after ``kill_after`` seconds, unless it ended before."""
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            message = pickle.dumps((work(), ""))
        except BaseException as error:
            message = pickle.dumps((None, f"{type(error).__name__}: {error}\n{traceback.format_exc()}"))
        with os.fdopen(writing, "wb") as handle:
            handle.write(message)
        os._exit(0)
    os.close(writing)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as handle:
        message = handle.read()
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - started
    if os.WIFSIGNALED(status):
        return Ended(killed=True, seconds=seconds)
    value, error = pickle.loads(message)
    return Ended(value, error, seconds=seconds)


def state(root: Path) -> str:
    """One digest of everything a reader of the published version sees; raises where anything is torn.

    Every file against its checksum, every row, the ledger's files, and the answers of a few questions.
    """
    lake = Lake(root)
    try:
        snapshot = lake.snapshot()
    except LakeMissing:
        return NOTHING
    digest = hashlib.sha256()
    for table, parts in sorted(snapshot.files.items()):
        for name, entry in sorted(parts.items()):
            path = root / entry.path
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if (found, path.stat().st_size) != (entry.sha256, entry.bytes):
                raise AssertionError(f"{entry.path} is not what its manifest says")
            rows = pq.read_table(path, partitioning=None)
            if rows.num_rows != entry.rows:
                raise AssertionError(f"{entry.path} holds {rows.num_rows} rows, not {entry.rows}")
            digest.update(f"{table}/{name}:{rows_digest(rows)};".encode())
    files = Ledger.of(snapshot).files
    taken = {name: (entry["size"], entry["sha256"], entry["rows"]) for name, entry in sorted(files.items())}
    digest.update(json.dumps(taken).encode())
    digest.update(_answers(root).encode())
    return digest.hexdigest()


def rows_digest(rows: pa.Table) -> str:
    """Digest of a table's rows in their order, whatever the encoding; floats to nine digits."""
    digest = hashlib.sha256(str(rows.schema.names).encode())
    for column in rows.columns:
        values = column.to_pylist()
        if pa.types.is_floating(column.type):
            values = [None if value is None else f"{value:.9g}" for value in values]
        digest.update(repr(values).encode())
    return digest.hexdigest()


def _answers(root: Path) -> str:
    manager = open_manager(root)
    try:
        span = manager.lake.snapshot().span("region_5min")
        if span is None:
            return "no prices"
        first, last = (moment.date().isoformat() for moment in span)
        frame = manager.query_integrated_data(first, last, regions=["NSW1", "SA1"])
        counted = manager.query(
            "SELECT regionid, count(*) AS n, sum(rrp) AS s FROM dispatch_price GROUP BY ALL"
        )
        return frame.round(6).to_csv() + counted.round(4).sort_values("regionid").to_csv(index=False)
    except DataLayerError as error:
        return f"{type(error).__name__}: {error}"


def unnamed_bytes(root: Path) -> int:
    """Bytes below data/ and staging/ that no kept version names."""
    named = _named(root)
    total = 0
    for folder in ("data", "staging"):
        for path in (root / folder).rglob("*"):
            if path.is_file() and str(path.relative_to(root)) not in named:
                total += path.stat().st_size
    return total


def leftovers(root: Path, downloads: Path | None = None) -> list[str]:
    """What a finished run and a collection without grace leave that no version needs."""
    Lake(root).collect_garbage(timedelta(0))
    named = _named(root) | {"CURRENT", "writer.lock"}
    named |= {str(path.relative_to(root)) for path in (root / "versions").glob("*.json")}
    found = [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and str(path.relative_to(root)) not in named
    ]
    if (root / "staging").exists():
        found.append("staging")
    if downloads is not None:
        found += [str(path) for path in downloads.glob("*.part*")]
    return found


def _named(root: Path) -> set[str]:
    named: set[str] = set()
    for path in (root / "versions").glob("*.json"):
        body = json.loads(path.read_text(encoding="utf-8"))
        named |= {entry["path"] for parts in body["tables"].values() for entry in parts.values()}
        named |= {str(note) for key, note in body["notes"].items() if key.endswith("_file")}
    return named


def legal_states(root: Path, known: Mapping[str, str]) -> dict[str, str]:
    """State of every kept version that is not ``known``, by token: each is made the published one in turn."""
    pointer = root / "CURRENT"
    now = pointer.read_text(encoding="ascii")
    found = {}
    for path in sorted((root / "versions").glob("*.json")):
        if path.stem in known:
            continue
        pointer.write_text(path.stem + "\n", encoding="ascii")
        found[path.stem] = state(root)
    pointer.write_text(now, encoding="ascii")
    return found
