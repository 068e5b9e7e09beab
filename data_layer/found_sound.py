"""What a process has found sound, its children and siblings need not read again.

A job is a process of its own, forked for one question; without this each would read through every file of
the question once more (a second of a processor for the history of one unit). The memory is made where the
program begins, before anything is forked, and shared by all processes that come of it. Nobody waits for
anybody: an entry that is half written, or was overwritten by another, is one that is not there.
"""

from __future__ import annotations

import hashlib
import mmap
from typing import Final

_DIGEST: Final = 16
_PLACES: Final = 8
_BUCKETS: Final = 4_096
"""With eight places each: room for 32,768 files; a lake of twenty years has 10,000."""

_BUCKET: Final = _DIGEST * _PLACES


class FoundSound:
    """A set of things, by their text, that every process has which was forked after it was made."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BUCKETS * _BUCKET)

    def __contains__(self, text: str) -> bool:
        digest, start = _place(text)
        bucket = self._memory[start : start + _BUCKET]
        return any(bucket[at : at + _DIGEST] == digest for at in range(0, _BUCKET, _DIGEST))

    def add(self, text: str) -> None:
        """Remember it; where its bucket is full, another is forgotten."""
        digest, start = _place(text)
        bucket = self._memory[start : start + _BUCKET]
        free = (at for at in range(0, _BUCKET, _DIGEST) if not any(bucket[at : at + _DIGEST]))
        at = next(free, digest[-1] % _PLACES * _DIGEST)
        self._memory[start + at : start + at + _DIGEST] = digest


def _place(text: str) -> tuple[bytes, int]:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=_DIGEST).digest()
    return digest, int.from_bytes(digest[:4], "little") % _BUCKETS * _BUCKET
