"""Files that stay what they are: their digest, and writing that survives a power cut."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def sha256(path: Path) -> str:
    """Digest of a file's bytes, in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def is_sound(path: Path, digest: str) -> bool:
    """Whether a file holds what its manifest says; ``digest`` in full, or its beginning of 20 and more."""
    return len(digest) >= 20 and sha256(path).startswith(digest)


def fsync(path: Path) -> None:
    """Return when the file's bytes are on the disk."""
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())


def fsync_directory(path: Path, seen: set[Path] | None = None) -> None:
    """Return when the directory's entries are on the disk; one that is in ``seen`` is not written again."""
    if seen is not None:
        if path in seen:
            return
        seen.add(path)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
