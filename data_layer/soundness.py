"""Is a file of the lake what its name says? Asked before its rows are believed.

Parquet as DuckDB writes it carries no checksum of its pages: a byte that changed on the disk can come out as
another number without an error (tests/trust/damage.py finds such bytes). Every file of the lake is
named by the SHA-256 of its content, so that it is read through once by a service that needs it, and then
known by its inode, size and times until one of these changes. What that costs: docs/lake.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from data_layer import durable
from data_layer.errors import LakeDamaged
from data_layer.found_sound import FoundSound

_LAKE_FILE: Final = re.compile(
    r"/data/([a-z_0-9]+)(?:/year=(\d{4}))?(?:/month=(\d{2}))?/([0-9a-f]{20})\.parquet"
)
_KEPT: Final = 20_000
"""Files remembered; a lake of twenty years has fewer than half of that."""

_Marks = tuple[int, int, int, int]
_known: dict[str, _Marks] = {}
_found = FoundSound()
"""Of this process, and of all that were forked from the same one."""


def named_in(text: str) -> tuple[str, str] | None:
    """Table and partition of the lake's file that ``text`` (a path, an error message) names, or None."""
    found = _LAKE_FILE.search(text)
    return _place(found) if found else None


def ensure(paths: Iterable[str], *, stopped: Callable[[], bool] = lambda: False, after: bool = False) -> None:
    """Nothing, where every file of the lake among ``paths`` holds what its name says; LakeDamaged names the
    first that is missing or does not. Goes on unchecked once ``stopped``: nobody waits for the answer.
    ``after`` they were read: one that was collected meanwhile is no loss."""
    for path in paths:
        found = _LAKE_FILE.search(path)
        if found is None or stopped():
            continue
        try:
            sound = _is_sound(path, found[4])
        except FileNotFoundError:
            sound = after
        except OSError:
            sound = False
        if not sound:
            _known.pop(path, None)
            raise LakeDamaged.at(*_place(found))


def _is_sound(path: str, digest: str) -> bool:
    marks = _marks(path)
    if _known.get(path) == marks:
        return True
    entry = f"{path} {marks}"
    if entry not in _found:
        if not durable.is_sound(Path(path), digest):
            return False
        # What was written to while it was read is looked at again by whoever asks next.
        if _marks(path) != marks:
            return True
        _found.add(entry)
    if len(_known) >= _KEPT:
        _known.clear()
    _known[path] = marks
    return True


def _marks(path: str) -> _Marks:
    facts = Path(path).stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _place(found: re.Match[str]) -> tuple[str, str]:
    table, year, month, _ = found.groups()
    return table, "-".join(filter(None, (year, month))) or "all"
