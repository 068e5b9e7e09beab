"""Answers of long work, kept on disk for every process of the service.

A job has a process of its own, whose memory ends with it: what it found is read here by the workers that
draw it, and by whoever asks the same later. Arrow streams, written aside and renamed, never pickles; bounded
in bytes and in age. What cannot be read is as good as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa

from data_layer.errors import DataLayerError

Facts = tuple[str, int, int]
"""(source, rows scanned, files read)."""

DEFAULT_BYTES: Final = 500 * 1024 * 1024
DEFAULT_KEPT_SECONDS: Final = 900.0

_FACTS: Final = b"nemdesk"


class SharedAnswers:
    """Answers by key in a directory that only this service writes. Creating the object touches nothing."""

    def __init__(
        self,
        directory: Path,
        limit_bytes: int = DEFAULT_BYTES,
        kept_seconds: float = DEFAULT_KEPT_SECONDS,
    ) -> None:
        self.directory = directory
        self.limit_bytes = limit_bytes
        self.kept_seconds = kept_seconds

    def has(self, key: str) -> bool:
        with suppress(OSError):
            return time.time() - self._path(key).stat().st_mtime < self.kept_seconds
        return False

    def get(self, key: str) -> tuple[pa.Table, Facts] | None:
        """The answer and how it was made; None where there is none that can be read."""
        if not self.has(key):
            return None
        try:
            table = read_table(self._path(key))
            found = json.loads((table.schema.metadata or {})[_FACTS])
            if found["key"] != key:
                return None
            facts = (str(found["source"]), int(found["rows"]), int(found["files"]))
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
            return None
        kept = {name: value for name, value in (table.schema.metadata or {}).items() if name != _FACTS}
        return table.replace_schema_metadata(kept or None), facts

    def put(self, key: str, table: pa.Table, facts: Facts) -> None:
        """Keep an answer. DataLayerError where the disk takes none."""
        source, rows, files = facts
        note = json.dumps({"key": key, "source": source, "rows": rows, "files": files}).encode()
        marked = table.replace_schema_metadata({**(table.schema.metadata or {}), _FACTS: note})
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_table(marked, self._path(key))
        except (OSError, pa.ArrowException) as error:
            raise DataLayerError(
                "The answer could not be kept: the cache folder cannot be written. Tell whoever runs this "
                "service."
            ) from error
        self.sweep()

    def sweep(self) -> None:
        """Remove what is too old, and the oldest where there is too much."""
        aged: list[tuple[float, int, Path]] = []
        with suppress(OSError):
            for path in self.directory.iterdir():
                with suppress(OSError):
                    facts = path.stat()
                    aged.append((facts.st_mtime, facts.st_size, path))
        total = 0
        for modified, size, path in sorted(aged, reverse=True):
            total += size
            if total > self.limit_bytes or time.time() - modified > self.kept_seconds:
                with suppress(OSError):
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self.directory / f"{hashlib.sha256(key.encode()).hexdigest()}.arrow"


_ROWS: Final = b"nemdesk.rows"


def write_table(table: pa.Table, path: Path) -> None:
    """One Arrow stream, whole or not at all."""
    staged = path.with_name(f"{path.name}.{os.getpid()}.part")
    # A stream cut between two batches reads as a shorter one.
    counted = table.replace_schema_metadata({**(table.schema.metadata or {}), _ROWS: str(table.num_rows)})
    try:
        with pa.OSFile(str(staged), "wb") as sink, pa.ipc.new_stream(sink, counted.schema) as writer:
            writer.write_table(counted)
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def read_table(path: Path) -> pa.Table:
    """What ``write_table`` wrote, in memory of its own: it may be removed meanwhile. OSError, ArrowException.

    A stream, since Arrow starts threads for a file, and a process keeps them."""
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as reader:
        table = reader.read_all()
    metadata = dict(table.schema.metadata or {})
    if metadata.pop(_ROWS, b"") != str(table.num_rows).encode():
        raise pa.ArrowInvalid(f"{path.name} is not whole")
    return table.replace_schema_metadata(metadata or None)
