"""An answer, how it was made, and what is told of it to whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from data_layer.errors import DataLayerError
from data_layer.requests import Request


@dataclass(frozen=True)
class Provenance:
    """How an answer was made, for the footer of the page."""

    source: str
    rows_scanned: int
    files: int
    seconds: float
    version: str
    engine: str
    cached: bool


@dataclass(frozen=True)
class Answer:
    """Rows and their provenance. The table is shared with the cache and cannot be changed."""

    table: pa.Table
    provenance: Provenance

    def frame(self) -> pd.DataFrame:
        """The rows as a pandas frame of Arrow-backed columns: a new frame each time, safe to change."""
        return self.table.to_pandas(types_mapper=pd.ArrowDtype)


@dataclass(frozen=True)
class Observation:
    """One question asked of the manager, for whoever watches the service: metrics, the query log."""

    request: Request
    provenance: Provenance | None
    """None where it failed."""
    rows: int
    seconds: float
    engine: str
    error: DataLayerError | None = None


Observer = Callable[[Observation], None]
