"""Directories of the cache folder: made when needed, also after somebody deleted them, for this user only."""

from __future__ import annotations

from pathlib import Path


def private_directory(path: Path) -> Path:
    """``path`` and its parent, made with mode 0700 where they are not there; OSError where that cannot be."""
    for directory in (path.parent, path):
        directory.mkdir(mode=0o700, exist_ok=True, parents=directory is path.parent)
    return path
