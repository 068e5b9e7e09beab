"""Months, quarters, seasons and years as places on an axis, each with how much of it was found.

A bucket that the period cuts, or of which days are missing, is partial: it is drawn lighter, named with
an asterisk and says its days in the hover, so that nobody compares a third of a year with a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_layer.market import INTERVAL, Bucket
from layouts import formats, theme
from layouts.series import Floats, encode, floats

FOUND_ENOUGH: Final = 0.99
"""Part of a bucket's days from which on it counts as whole."""

LIGHTER: Final = 0.45
MOST_TICKS: Final = 14


@dataclass(frozen=True)
class Buckets:
    """Every bucket that a period touches; ``found`` and ``days`` as the answers count them (NaN: no row).
    ``place`` finds a bucket by its first day."""

    bucket: Bucket
    starts: tuple[date, ...]
    found: Floats
    partial: tuple[bool, ...]

    @classmethod
    def of(cls, bucket: Bucket, start: datetime, end: datetime, answer: pa.Table) -> Buckets:
        """From a period and any answer with bucket_start and days_found."""
        starts = []
        one = bucket.start(start.date())
        while one <= (end - INTERVAL).date():
            starts.append(one)
            one = bucket.following(one)
        found = np.full(len(starts), np.nan)
        made = cls(bucket, tuple(starts), found, ())
        found[made.places(answer)] = floats(answer, "days_found")
        last = (end - timedelta(days=1)).date()
        partial = [
            first < start.date()
            or bucket.following(first) - timedelta(days=1) > last
            or bool(have < FOUND_ENOUGH * made.length(first))
            for first, have in zip(starts, found.tolist(), strict=True)
        ]
        return cls(bucket, tuple(starts), found, tuple(partial))

    def __len__(self) -> int:
        return len(self.starts)

    def length(self, start: date) -> int:
        """Days of the bucket that begins on ``start``."""
        return (self.bucket.following(start) - start).days

    def places(self, answer: pa.Table) -> np.typing.NDArray[np.int64]:
        """Each row's place among the buckets."""
        known = {start: place for place, start in enumerate(self.starts)}
        return np.array([known[start] for start in answer.column("bucket_start").to_pylist()], dtype=np.int64)

    def spread(self, answer: pa.Table, column: str) -> Floats:
        """One value a bucket, NaN where the answer has no row."""
        dense = np.full(len(self), np.nan)
        dense[self.places(answer)] = floats(answer, column)
        return dense

    @property
    def names(self) -> list[str]:
        """What the buckets are called; an asterisk where one is partial."""
        return [
            self.bucket.name_of(start) + " *" * partial
            for start, partial in zip(self.starts, self.partial, strict=True)
        ]

    @property
    def full(self) -> list[date]:
        """First days of the buckets of which (almost) all was found."""
        listed = zip(self.starts, self.partial, self.found.tolist(), strict=True)
        return [start for start, cut, have in listed if not cut and have > 0]

    @property
    def coverage(self) -> list[str]:
        """Days found of each bucket in words."""
        return [
            f"{_days(found)} of {self.length(start)} days"
            for start, found in zip(self.starts, self.found.tolist(), strict=True)
        ]

    @property
    def note(self) -> str:
        """What the asterisk means; '' where none is drawn."""
        return "* partial, drawn lighter" if any(self.partial) else ""

    @property
    def opacity(self) -> float | list[float]:
        """Of each bar."""
        return [LIGHTER if partial else 1.0 for partial in self.partial] if any(self.partial) else 1.0

    @property
    def symbols(self) -> list[str] | str:
        """Markers of a line: hollow where partial."""
        return ["circle-open" if partial else "circle" for partial in self.partial]


def _days(found: float) -> str:
    if not np.isfinite(found):
        return "0"
    return formats.number(found, 0 if abs(found - round(found)) < 0.05 else 1)


def axis(chosen: str, buckets: Buckets) -> dict[str, Any]:
    """x axis of named places; as many labels as fit."""
    names = buckets.names
    step = -(-len(names) // MOST_TICKS) or 1
    if buckets.bucket is Bucket.MONTH and step > 1:
        step = next(size for size in (2, 3, 4, 6, 12, 24, 60, 120, 1200) if size >= step)
    elif buckets.bucket in (Bucket.QUARTER, Bucket.SEASON) and step > 1:
        step = -(-step // 2) * 2 if step < 4 else -(-step // 4) * 4
    # Counted back from the last one, whose name is looked for first.
    places = list(range(len(names) - 1, -1, -step))[::-1]
    return {
        **theme.axis(chosen),
        "type": "category",
        "categoryorder": "array",
        "categoryarray": names,
        "range": [-0.5, len(names) - 0.5],
        "autorange": False,
        "fixedrange": True,
        "showgrid": False,
        "tickmode": "array",
        "tickvals": [names[place] for place in places],
        "ticktext": _labels([names[place] for place in places]),
        "tickangle": 0,
    }


def _labels(names: list[str]) -> list[str]:
    """Names on two lines, the year only where it changes, so that many fit."""
    made = []
    before = ""
    for name in names:
        first, _, rest = name.removesuffix(" *").partition(" ")
        star = "*" if name.endswith(" *") else ""
        made.append(f"{first}{star}<br>{rest}" if rest and rest != before else first + star)
        before = rest
    return made


def days_in_hover(buckets: Buckets, values: Floats) -> dict[str, Any]:
    """An invisible line that puts the days found into the hover."""
    return {
        "type": "scatter",
        "x": buckets.names,
        "y": encode(values),
        "customdata": buckets.coverage,
        "name": "Found",
        "mode": "markers",
        "marker": {"size": 0.1, "opacity": 0},
        "showlegend": False,
        "hovertemplate": "%{customdata}<extra>Found</extra>",
    }
