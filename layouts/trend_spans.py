"""Energy by fuel over a stretch of time: a full year, or a whole period, as tables compare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from data_layer.market import Bucket, Fuel
from layouts.buckets import FOUND_ENOUGH


@dataclass(frozen=True)
class Span:
    """What a stretch is called, MWh by fuel, days found and days of it; ``start`` is its first day."""

    name: str
    mwh: Mapping[str, float]
    found: float
    days: float
    start: date | None = None

    @classmethod
    def of(cls, name: str, answer: pa.Table, days: float) -> Span:
        """All buckets of FuelTrend's answer."""
        mwh: dict[str, float] = {}
        found: dict[date, float] = {}
        for row in answer.to_pylist():
            mwh[row["fuel"]] = mwh.get(row["fuel"], 0.0) + row["generation_mwh"]
            found[row["bucket_start"]] = row["days_found"]
        return cls(name, mwh, sum(found.values()), days)

    @property
    def whole(self) -> float:
        """Generation without storage."""
        return sum(value for fuel, value in self.mwh.items() if fuel != Fuel.BATTERY)

    def share(self, fuel: str) -> float | None:
        return self.mwh.get(fuel, 0.0) / self.whole if fuel != Fuel.BATTERY and self.whole else None


def full_years(kind: Bucket, start: datetime, end: datetime, answer: pa.Table) -> list[Span]:
    """The years (calendar or financial) that the period holds and of which enough days were found, oldest
    first, from FuelTrend's answer in buckets that each lie within one year."""
    years = pa.array([kind.start(day) for day in answer.column("bucket_start").to_pylist()], pa.date32())
    made = []
    first = kind.start(start.date())
    while first <= (end - timedelta(days=1)).date():
        following = kind.following(first)
        if first >= start.date() and following <= end.date():
            rows = answer.filter(pc.equal(years, pa.scalar(first, pa.date32())))
            days = (following - first).days
            span = Span.of(kind.name_of(first), rows, days)
            if span.found >= FOUND_ENOUGH * days:
                made.append(Span(span.name, span.mwh, span.found, days, first))
        first = following
    return made
