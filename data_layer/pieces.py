"""An answer that is too large to hold: its rows a bounded piece at a time, in their promised order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

PIECE_ROWS: Final = 80_000
"""About how many rows are read at a time. Half a day of all units at 5 minutes: larger pieces cost memory
and save no time worth having (benchmarks/bench_exports.py)."""


@dataclass(frozen=True)
class Pieces:
    """Rows of one question on one version of the lake.

    ``tables`` gives one table for each of ``parts``, all of one schema; there is at least one, which may
    have no rows. It can be read once. DataLayerError comes out of it where a part cannot be read.
    """

    parts: int
    tables: Iterator[pa.Table]
    source: str
    engine: str
    version: str
    kind: str
    """Of the lake: lake.KIND_DEMO or KIND_AEMO."""
