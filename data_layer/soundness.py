"""Is a file of the lake what its name says? Asked before its rows are believed.

Parquet as DuckDB writes it carries no checksum of its pages: a byte that changed on the disk can come out as
another number without an error (tests/trust/damage.py finds such bytes). Every file of the lake is
named by the SHA-256 of its content, so that it is read through once by a service that needs it, and then
known by its inode, size and times until one of these changes. What that costs: docs/lake.md.

A file that was harmed and put back while a question read it holds what it should before and after: only
its times tell (tests/trust/in_place.py). So a question's files must be the same after it as before by these.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from data_layer import durable
from data_layer.errors import DataLayerError, LakeDamaged, QueryCancelled, QueryTimeout
from data_layer.found_sound import FoundSound

_LAKE_FILE: Final = re.compile(
    r"/data/([a-z_0-9]+)(?:/year=(\d{4}))?(?:/month=(\d{2}))?/([0-9a-f]{20})\.parquet"
)
_KEPT: Final = 20_000
"""Files remembered; a lake of twenty years has fewer than half of that."""

_STEP_NS: Final = 20_000_000
"""More than a step of the clock that files' times are taken from: a kernel's tick, 10 ms at most."""

_Marks = tuple[int, int, int, int]
_known: dict[str, _Marks] = {}
_found = FoundSound()
"""Of this process, and of all that were forked from the same one."""


def named_in(text: str) -> tuple[str, str] | None:
    """Table and partition of the lake's file that ``text`` (a path, an error message) names, or None."""
    found = _LAKE_FILE.search(text)
    return _place(found) if found else None


class LakeChanged(LakeDamaged):
    """A file of the lake changed while it was read: what was read may be wrong, another try may be right."""


def ensure(paths: Iterable[str], *, stopped: Callable[[], bool] = lambda: False) -> Mapping[str, _Marks]:
    """What each file of the lake among ``paths`` is known by, where all hold what their names say;
    LakeDamaged names the first that is missing or does not. Goes on unchecked once ``stopped``: nobody waits
    for the answer."""
    known = {}
    for path in paths:
        found = _LAKE_FILE.search(path)
        if found is None or stopped():
            continue
        try:
            marks = _sound_marks(path, found[4])
        except OSError:
            marks = None
        if marks is None:
            _known.pop(path, None)
            raise LakeDamaged.at(*_place(found))
        known[path] = marks
    return known


@contextmanager
def watched(
    paths: Iterable[str], *, stopped: Callable[[], bool] = lambda: False, may_vanish: bool = False
) -> Iterator[None]:
    """``ensure`` the files before they are read within, and LakeChanged where one is another after it,
    whatever came of the reading. ``may_vanish``: one that is gone by then was collected, and is no loss."""
    before = ensure(paths, stopped=stopped)
    try:
        yield
    except (QueryCancelled, QueryTimeout):
        raise
    except DataLayerError as error:
        _unchanged(before, may_vanish, error)
        raise
    _unchanged(before, may_vanish)


def _unchanged(before: Mapping[str, _Marks], may_vanish: bool, cause: Exception | None = None) -> None:
    for path, marks in before.items():
        try:
            same = _marks(path) == marks
        except FileNotFoundError:
            same = may_vanish
        except OSError:
            same = False
        found = _LAKE_FILE.search(path)
        if not same and found is not None:
            raise LakeChanged.at(*_place(found)) from cause


def _sound_marks(path: str, digest: str) -> _Marks | None:
    """What a file is known by, or None where it is not what its name says."""
    marks = _settled_marks(path)
    if _known.get(path) == marks:
        return marks
    entry = f"{path} {marks}"
    if entry not in _found:
        if not durable.is_sound(Path(path), digest):
            return None
        # What was written to while it was read is looked at again by whoever asks next.
        if _marks(path) != marks:
            return marks
        _found.add(entry)
    if len(_known) >= _KEPT:
        _known.clear()
    _known[path] = marks
    return marks


def _settled_marks(path: str) -> _Marks:
    """``_marks`` that no later change of the file can have too: the system's clock for them moves in steps,
    and within the step of its last change a file may change once more and look the same."""
    marks = _marks(path)
    for _ in range(3):
        young = _STEP_NS - (time.time_ns() - marks[3])
        if not 0 < young <= _STEP_NS:
            break
        time.sleep(young / 1e9)
        marks = _marks(path)
    return marks


def _marks(path: str) -> _Marks:
    facts = Path(path).stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _place(found: re.Match[str]) -> tuple[str, str]:
    table, year, month, _ = found.groups()
    return table, "-".join(filter(None, (year, month))) or "all"


def is_readable(path: str) -> bool:
    """Whether a Parquet file can be read from its first row to its last."""
    try:
        with pq.ParquetFile(path) as file:
            return all(batch.num_rows >= 0 for batch in file.iter_batches())
    except (OSError, pa.ArrowException):
        return False
