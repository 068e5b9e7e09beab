"""What a long run over the demonstration begins with: a lake that is its own to harm."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from data_layer import demo
from data_layer.lake import Lake

END = datetime(2026, 3, 2)
"""A fixed end, so that tests know the demonstration's content: a late summer's fortnight."""


@contextmanager
def demonstration(run: str, days: int = 12) -> Iterator[tuple[Path, Lake]]:
    """(a folder for the run's own files, the lake in it); both are removed at the end."""
    with tempfile.TemporaryDirectory(prefix=f"nemdesk-{run}-", ignore_cleanup_errors=True) as folder:
        lake = Lake(Path(folder) / "lake")
        demo.build(lake, end=END, days=days)
        yield Path(folder), lake
