"""Answers as series on a regular grid: what a chart draws, with gaps as gaps.

An answer holds rows for what was found; a chart needs one value for every bucket of its period, NaN
where nothing was found. Values go to the browser as base64 of float32 and x as start and step, so that a
figure stays small.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data_layer.market import INTERVAL, Resolution

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]


def encode(values: Floats) -> dict[str, str]:
    """plotly's typed array: NaN is a gap."""
    return {"dtype": "f4", "bdata": base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")}


def names_and_codes(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Distinct texts of a column and each row's place among them."""
    encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(encoded, pa.ChunkedArray):  # an empty table combines to no chunk
        return [], np.empty(0, dtype=np.int64)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    return names, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def floats(table: pa.Table, column: str) -> Floats:
    return np.asarray(table.column(column).to_numpy(), dtype=np.float64)


def times(table: pa.Table, column: str = "time") -> Times:
    return np.asarray(table.column(column).to_numpy(), dtype="datetime64[s]")


@dataclass(frozen=True)
class Grid:
    """Every bucket of a period at a resolution; ``stamps`` as the data layer stamps them."""

    stamps: Times
    resolution: Resolution

    @classmethod
    def of(cls, start: datetime, end: datetime, resolution: Resolution) -> Grid:
        """Buckets that hold an interval of ``start < stamp <= end``."""
        if resolution is Resolution.MONTH:
            last_month = np.datetime64(end - INTERVAL, "M")
            months = np.arange(np.datetime64(start, "M"), last_month + 1, dtype="datetime64[M]")
            return cls(months.astype("datetime64[s]"), resolution)
        if resolution is Resolution.DAY:
            last_day = np.datetime64(end - INTERVAL, "D")
            days = np.arange(np.datetime64(start, "D"), last_day + 1, dtype="datetime64[D]")
            return cls(days.astype("datetime64[s]"), resolution)
        step = np.timedelta64(resolution.intervals * 300, "s")
        epoch = np.datetime64(0, "s")
        before = (np.datetime64(start, "s") - epoch) // step
        upto = -((epoch - np.datetime64(end, "s")) // step)
        return cls(epoch + np.arange(before + 1, upto + 1) * step, resolution)

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def step(self) -> timedelta | None:
        """Distance of two stamps; None for months."""
        if self.resolution is Resolution.MONTH:
            return None
        return self.resolution.intervals * INTERVAL

    @property
    def x(self) -> dict[str, Any]:
        """A trace's x: start and step where the grid is regular."""
        if self.step is None or not len(self):
            return {"x": [str(stamp) for stamp in self.stamps]}
        return {"x0": str(self.stamps[0]), "dx": int(self.step.total_seconds() * 1000)}

    def places(self, stamps: Times) -> npt.NDArray[np.int64]:
        """Index of each stamp in the grid."""
        return np.searchsorted(self.stamps, stamps)

    def spread(self, table: pa.Table, group: str, column: str) -> dict[str, Floats]:
        """One series per name in ``group``, NaN where the table has no row."""
        names, codes = names_and_codes(table.column(group))
        dense = np.full((len(names), len(self)), np.nan)
        place = self.places(times(table))
        inside = place < len(self)
        dense[codes[inside], place[inside]] = floats(table, column)[inside]
        return dict(zip(names, dense, strict=True))

    def gaps(self, series: list[Floats]) -> list[tuple[str, str]]:
        """Runs of buckets in which no series has a value, as x ranges between the neighbours that have
        one. Buckets after the last value are no gap: the data ends there."""
        if not series or not len(self):
            return []
        empty = np.all(np.isnan(np.vstack(series)), axis=0)
        found = np.flatnonzero(~empty)
        if not len(found):
            return []
        runs = []
        for before, after in pairwise(found):
            if after - before > 1:
                runs.append((str(self.stamps[before]), str(self.stamps[after])))
        return runs


def runs(found: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, one past the last) of every unbroken run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], found, [False])).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def total(series: list[Floats], length: int) -> Floats:
    """Sum over series, ignoring what is missing; NaN where all are."""
    if not series:
        return np.full(length, np.nan)
    stacked = np.vstack(series)
    summed: Floats = np.where(np.all(np.isnan(stacked), axis=0), np.nan, np.nansum(stacked, axis=0))
    return summed


def with_gaps(stamps: Times, values: Floats, start: datetime, end: datetime) -> tuple[Times, Floats]:
    """Breaks a line where intervals are missing. An envelope keeps two points a bucket, so neighbours may
    rightly stand up to two buckets apart; further apart means a gap."""
    if len(stamps) < 2:
        return stamps, values
    bucket = max(timedelta(minutes=5), (end - start) / max(1, len(stamps) / 2))
    limit = np.timedelta64(int(2.5 * bucket.total_seconds()), "s")
    if len(stamps) >= (end - start) / timedelta(minutes=10):  # nothing was thinned: 5-minute neighbours
        limit = np.timedelta64(300, "s")
    wide = np.flatnonzero(np.diff(stamps) > limit) + 1
    return np.insert(stamps, wide, stamps[wide - 1] + np.timedelta64(300, "s")), np.insert(
        values, wide, np.nan
    )
