"""What every answer of the pandas engine begins with: rows of a period, buckets, expected readings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from data_layer.market import NEM, Resolution
from data_layer.pandas_engine.frames import FIVE, History, half_hour_end, market_days
from data_layer.period import Period
from data_layer.requests.base import Request

Answers = dict[type[Request], Callable[[Any, History], pd.DataFrame]]
"""Request class -> what answers it from the frames, in the columns of the DuckDB path."""


def within(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Rows whose interval-ending stamp lies in (start, end]."""
    return frame[(frame.settlementdate > period.start) & (frame.settlementdate <= period.end)]


def bucket(stamps: pd.Series, resolution: Resolution) -> pd.Series:
    """The ``time`` of each stamp: bucket end below a day, first day of the bucket from a day on."""
    if resolution is Resolution.FIVE_MINUTES:
        return stamps
    if resolution is Resolution.HALF_HOUR:
        return half_hour_end(stamps)
    if resolution is Resolution.HOUR:
        return stamps.dt.ceil("60min")
    days = market_days(stamps)
    return days if resolution is Resolution.DAY else days.dt.to_period("M").dt.to_timestamp()


def readings(history: History, period: Period, region: str) -> pd.DataFrame:
    return history.readings.within(period, regions=() if region == NEM else (region,))


def most_at_once(rows: pd.DataFrame, keys: list[str], stretch: Resolution) -> pd.DataFrame:
    """``keys``, ``stretch`` (the bucket, as ``bucket`` names it) and ``units``: the most rows of one
    interval within each stretch of at most a day in which there is any."""
    grouped = rows.groupby(keys)
    names = grouped.size().index.to_frame(index=False)
    first = market_days(rows.settlementdate).min()
    step = ((rows.settlementdate - first) // FIVE - 1).to_numpy("int64")
    steps = -(-int(step.max() + 1) // stretch.intervals) * stretch.intervals
    counted = np.bincount(grouped.ngroup().to_numpy() * steps + step, minlength=len(names) * steps)
    most = counted.reshape(len(names), -1, stretch.intervals).max(axis=2)
    group, number = np.nonzero(most)
    out = names.iloc[group].reset_index(drop=True)
    began = first + pd.to_timedelta(number * stretch.intervals * 5, unit="min").to_series(index=out.index)
    out["stretch"] = bucket(began + FIVE, stretch)
    out["units"] = most[group, number]
    return out


def expected(rows: pd.DataFrame, key: list[str], period: Period, stretch: Resolution) -> pd.Series:
    """Readings that the units reporting at once would have made over the whole of each stretch (a
    bucket, or the days of a month). ``key`` begins with time, a bucket that stretches make up."""
    if rows.empty:
        return rows.groupby(key)["mw"].sum().rename("expected")
    time_of = pd.DataFrame({"time": rows.time, "stretch": bucket(rows.settlementdate, stretch)})
    time_of = time_of.drop_duplicates().set_index("stretch").time
    most = most_at_once(rows, key[1:], stretch)
    most["time"] = most.stretch.map(time_of)
    length = FIVE * stretch.intervals
    ends = most.stretch if stretch.is_subdaily else most.stretch + length
    start = (ends - length).clip(lower=pd.Timestamp(period.start))
    most["expected"] = most.units * ((ends.clip(upper=pd.Timestamp(period.end)) - start) // FIVE)
    return most.groupby(key)["expected"].sum()
