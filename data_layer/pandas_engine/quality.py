"""Pandas answers to the questions in requests/quality.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from data_layer.lake_state import span_of
from data_layer.market import REGIONS
from data_layer.pandas_engine.frames import FIVE, History, half_hour_end, market_days, read_table
from data_layer.pandas_engine.selection import Answers, within
from data_layer.period import Period
from data_layer.requests import quality as ask

_UNMAPPED: Final = "Unmapped"
_COUNTS: Final = [
    "intervals_found",
    "demand_found",
    "intervention_intervals",
    "rooftop_expected",
    "rooftop_found",
    "units_reporting",
    "units_unmapped",
    "readings_found",
]


def _bounds(period: Period, history: History) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The period within the lake's own span."""
    first, last = span_of(history.snapshot)
    start = max(pd.Timestamp(period.start), pd.Timestamp(first) - FIVE)
    return start, max(start, min(pd.Timestamp(period.end), pd.Timestamp(last)))


def _units(history: History, period: Period) -> pd.DataFrame:
    rows = history.readings.within(period)
    rows = rows.loc[rows.fuel != "Rooftop Solar", ["settlementdate", "duid", "regionid", "fuel"]]
    # Texts: grouping by categories would count those that are not there.
    return rows.astype({"duid": "str", "regionid": "str", "fuel": "str"})


def _interventions(history: History, period: Period) -> pd.DataFrame:
    rows = within(read_table(history.snapshot, "region_demand"), period)
    return rows.loc[rows.intervention == 1, ["settlementdate", "regionid"]]


def _half_hours(history: History, period: Period, units: pd.DataFrame) -> pd.DataFrame:
    """One row per region and half-hour in which a unit reported: end, regionid, rooftop (found or not)."""
    ends = units[["regionid"]].assign(end=half_hour_end(units.settlementdate)).drop_duplicates()
    known = within(history.regions, period)
    known = known[known.rooftop_mw.notna()]
    found = known[["regionid"]].assign(end=half_hour_end(known.settlementdate), rooftop=True)
    joined = ends.merge(found.drop_duplicates(), on=["regionid", "end"], how="left")
    return joined.assign(rooftop=joined.rooftop.notna())


def _quality(request: ask.DataQuality, history: History) -> pd.DataFrame:
    period = ask.whole_days(request.period)
    start, end = _bounds(period, history)
    days = pd.date_range(period.start, periods=(period.end - period.start).days, freq="D")
    opens, closes = days.where(days > start, start), days + pd.Timedelta(days=1)
    expected = pd.Series((closes.where(closes < end, end) - opens) // FIVE, days).clip(lower=0)
    key = ["time", "regionid"]
    regions = within(history.regions, period)
    regions = regions.assign(time=market_days(regions.settlementdate))
    units = _units(history, period)
    halves = _half_hours(history, period, units)
    halves["time"] = market_days(halves.end)
    units["time"] = market_days(units.settlementdate)
    unmapped = units[units.fuel == _UNMAPPED]
    intervened = _interventions(history, period)
    intervened = intervened.assign(time=market_days(intervened.settlementdate))
    grid = pd.MultiIndex.from_product([days, [*REGIONS, _UNMAPPED]], names=key)
    out = pd.DataFrame(index=grid)
    out["intervals_found"] = regions.groupby(key).price.count()
    out["demand_found"] = regions.groupby(key).totaldemand.count()
    out["intervention_intervals"] = intervened.groupby(key).size()
    out["rooftop_expected"] = halves.groupby(key).size()
    out["rooftop_found"] = halves.groupby(key).rooftop.sum()
    out["units_reporting"] = units.groupby(key).duid.nunique()
    out["units_unmapped"] = unmapped.groupby(key).duid.nunique()
    out["readings_found"] = units.groupby(key).size()
    out = out.fillna(0).astype("int64").reset_index()
    out["intervals_expected"] = out.time.map(expected).astype("int64")
    out["readings_expected"] = out.units_reporting * out.intervals_expected
    nowhere = out.regionid == _UNMAPPED
    out.loc[nowhere, ["intervals_expected", "rooftop_expected", "rooftop_found"]] = 0
    out = out[~nowhere | (out.units_reporting > 0)].sort_values(key, ignore_index=True)
    return out[[*key, "intervals_expected", *_COUNTS[:-1], "readings_expected", "readings_found"]]


def _gaps(request: ask.DataGaps, history: History) -> pd.DataFrame:
    period, region = request.period, request.region
    start, end = _bounds(period, history)
    grid = pd.date_range(start + FIVE, end, freq=FIVE)
    regions = within(history.regions, period)
    regions = regions[regions.regionid == region]
    every = _units(history, period)
    units = every[every.regionid == region]
    out = []
    for kind, found in (
        ("price", regions.settlementdate[regions.price.notna()]),
        ("demand", regions.settlementdate[regions.totaldemand.notna()]),
        ("readings", units.settlementdate),
    ):
        out += _runs(kind, "", grid.difference(pd.DatetimeIndex(found)), FIVE)
    for duid, found in units.groupby("duid").settlementdate:
        out += _runs("unit", str(duid), grid.difference(pd.DatetimeIndex(found)), FIVE)
    wider = Period(_half_hour_before(period.start), period.end)
    around = _units(history, wider)
    halves = _half_hours(history, wider, around[around.regionid == region])
    halves = halves[(halves.end > period.start) & (halves.end <= period.end)]
    out += _runs("rooftop", "", pd.DatetimeIndex(halves.end[~halves.rooftop]), 6 * FIVE)
    intervened = _interventions(history, period)
    intervened = intervened[intervened.regionid == region]
    out += _runs("intervention", "", pd.DatetimeIndex(intervened.settlementdate), FIVE)
    unmapped = every[(every.fuel == _UNMAPPED) & every.regionid.isin([region, _UNMAPPED])]
    frame = pd.DataFrame(out, columns=["kind", "duid", "start", "end", "intervals"])
    frame.insert(1, "regionid", region)
    nobodys = [
        ("unmapped", place, duid, found.min() - FIVE, found.max(), len(found))
        for (place, duid), found in unmapped.groupby(["regionid", "duid"]).settlementdate
    ]
    frame = pd.concat([frame, pd.DataFrame(nobodys, columns=frame.columns)], ignore_index=True)
    frame = frame.astype({"start": "datetime64[us]", "end": "datetime64[us]", "intervals": "int64"})
    return frame.sort_values(["kind", "start", "duid"], ignore_index=True)


def _half_hour_before(stamp: datetime) -> datetime:
    return stamp - timedelta(minutes=stamp.minute % 30)


def _runs(
    kind: str, duid: str, stamps: pd.DatetimeIndex, step: pd.Timedelta
) -> list[tuple[str, str, pd.Timestamp, pd.Timestamp, int]]:
    """Runs of stamps that follow each other by ``step``."""
    ordered = pd.Series(stamps.sort_values().unique())
    runs = ordered.groupby((ordered.diff() != step).cumsum()).agg(["min", "max"])
    return [
        (kind, duid, first - step, last, (last - first + step) // FIVE)
        for first, last in runs.itertuples(index=False)
    ]


ANSWERS: Final[Answers] = {ask.DataQuality: _quality, ask.DataGaps: _gaps}
