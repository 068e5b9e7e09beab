"""Whether a version of the lake is whole: every file there, of its size, and what its checksum says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from data_layer.durable import is_sound
from data_layer.snapshot import LakeFile, Snapshot

Progress = Callable[[str, int, int], None]
"""Called with what is looked at, and how many of how many are done."""

NOTES: Final = "notes"
"""Stands for a table's name where a text file kept with the version is meant; the partition names it."""

_NOTE_FILE: Final = re.compile(r"-([0-9a-f]{20})\.json$")


@dataclass(frozen=True)
class Damage:
    """One file of a version that is not what it should be. ``problem`` goes on after "the file"."""

    table: str
    partition: str
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table} {self.partition}: the file {self.problem} ({self.path})"


def examine(snapshot: Snapshot, *, quick: bool = False, progress: Progress | None = None) -> list[Damage]:
    """Every damaged file of a version, in order. ``quick``: sizes and Parquet footers, no checksums."""
    files = [(t, name, entry) for t, parts in snapshot.files.items() for name, entry in parts.items()]
    found = []
    for done, (table, partition, entry) in enumerate(files):
        if progress:
            progress(f"{table} {partition}", done, len(files))
        problem = _problem(snapshot, entry, quick=quick)
        if problem:
            found.append(Damage(table, partition, entry.path, problem))
    found += _notes(snapshot)
    if progress:
        progress("files", len(files), len(files))
    return found


def _problem(snapshot: Snapshot, entry: LakeFile, *, quick: bool) -> str:
    path = snapshot.root / entry.path
    try:
        size = path.stat().st_size
        if not path.is_file():
            return "is not a file"
        if size != entry.bytes:
            return f"has {size:,} bytes instead of {entry.bytes:,}"
        if quick:
            with pq.ParquetFile(path) as file:
                if file.metadata.num_rows != entry.rows:
                    return f"has {file.metadata.num_rows:,} rows instead of {entry.rows:,}"
        elif not is_sound(path, entry.sha256):
            return "does not hold what its checksum says"
    except FileNotFoundError:
        return "is missing"
    except (OSError, pa.ArrowException) as error:
        return f"cannot be read ({type(error).__name__})"
    return ""


def _notes(snapshot: Snapshot) -> Iterator[Damage]:
    """Text files carry the beginning of their checksum in their name."""
    for key, note in snapshot.notes.items():
        named = _NOTE_FILE.search(str(note))
        if not key.endswith("_file") or named is None:
            continue
        place = (NOTES, key.removesuffix("_file"), str(note))
        try:
            sound = is_sound(snapshot.root / str(note), named[1])
        except FileNotFoundError:
            yield Damage(*place, "is missing")
        except OSError as error:
            yield Damage(*place, f"cannot be read ({type(error).__name__})")
        else:
            if not sound:
                yield Damage(*place, "does not hold what its checksum says")
