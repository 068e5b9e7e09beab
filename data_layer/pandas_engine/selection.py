"""What every answer of the pandas engine begins with: rows of a period, buckets, expected readings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    rows = within(history.readings, period)
    return rows if region == NEM else rows[rows.regionid == region]


def expected(rows: pd.DataFrame, key: list[str], period: Period, stretch: Resolution) -> pd.Series:
    """Readings that the units reporting at once would have made over the whole of each stretch (a
    bucket, or the days of a month)."""
    at_once = rows.groupby([*key, "settlementdate"]).size().rename("units").reset_index()
    at_once["stretch"] = bucket(at_once.settlementdate, stretch)
    most = at_once.groupby([*key, "stretch"])["units"].max().reset_index()
    length = FIVE * stretch.intervals
    ends = most.stretch if stretch.is_subdaily else most.stretch + length
    start = (ends - length).clip(lower=pd.Timestamp(period.start))
    most["expected"] = most.units * ((ends.clip(upper=pd.Timestamp(period.end)) - start) // FIVE)
    return most.groupby(key)["expected"].sum()
