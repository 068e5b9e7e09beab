"""Pandas answers to the questions in requests/trends.py."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from data_layer.market import NEM, RENEWABLE_FUELS, Bucket
from data_layer.pandas_engine.frames import History, half_hour_end, market_days
from data_layer.pandas_engine.selection import Answers, readings, within
from data_layer.requests import trends as ask

STORAGE: Final = "Battery Storage"
ROOFTOP: Final = "Rooftop Solar"
HOUR: Final = 1 / 12
HALF: Final = pd.Timedelta(minutes=30)


def _bucket_starts(days: pd.Series, bucket: str) -> pd.Series:
    """First day of the bucket of each day, by the calendar's own rules rather than by truncation."""
    known = {day: pd.Timestamp(Bucket(bucket).start(day.date())) for day in days.unique()}
    return days.map(known)


def _with_days(frame: pd.DataFrame, bucket: str) -> pd.DataFrame:
    """``frame`` with the length of its buckets, and bucket_start as dates."""
    starts = [start.date() for start in frame.bucket_start]
    days = [(Bucket(bucket).following(start) - start).days for start in starts]
    return frame.assign(bucket_start=starts, days=days)


def _fuel_trend(request: ask.FuelTrend, history: History) -> pd.DataFrame:
    rows = readings(history, request.period, request.region)
    rows = rows.assign(bucket_start=_bucket_starts(market_days(rows.settlementdate), request.bucket))
    out = rows.groupby(["bucket_start", "fuel"])[["generation_mwh", "load_mwh"]].sum().reset_index()
    whole = out[out.fuel != STORAGE].groupby("bucket_start").generation_mwh.sum()
    whole = whole.where(whole != 0)
    out["share"] = (out.generation_mwh / out.bucket_start.map(whole)).where(out.fuel != STORAGE)
    units = rows[(rows.fuel != ROOFTOP) & (rows.regionid != "Unmapped")]
    by_fuel = units.groupby(["bucket_start", "regionid", "fuel"]).settlementdate.nunique()
    best = by_fuel.groupby(["bucket_start", "regionid"]).max().groupby("bucket_start").sum()
    found = best / 288 / units.regionid.nunique()
    out["days_found"] = out.bucket_start.map(found).fillna(0.0)
    return _with_days(out, request.bucket)


def _balance(request: ask.InDays, history: History) -> pd.DataFrame:
    """One row per half-hour and region: what shares are made of, and the hours each was found."""
    key = ["half", "regionid"]
    made = readings(history, request.period, request.region)
    made = made.assign(half=half_hour_end(made.settlementdate))
    regions = within(history.regions, request.period)
    if request.region != NEM:
        regions = regions[regions.regionid == request.region]
    regions = regions.assign(half=half_hour_end(regions.settlementdate))

    def energy(*fuels: str) -> pd.Series:
        return made[made.fuel.isin(fuels)].groupby(key).generation_mwh.sum()

    def hours(rows: pd.DataFrame) -> pd.Series:
        return rows.groupby([*key, "fuel"]).settlementdate.nunique().groupby(key).max() * HOUR

    grouped = regions.groupby(key)
    frame = pd.DataFrame(
        {
            "demand": grouped.totaldemand.sum() * HOUR,
            "demand_hours": grouped.totaldemand.count() * HOUR,
            "nonsched": grouped.demand_and_nonschedgen.sum() * HOUR,
            "nonsched_hours": grouped.demand_and_nonschedgen.count() * HOUR,
            "generation": made[made.fuel != STORAGE].groupby(key).generation_mwh.sum(),
            "renewable": energy(*(fuel for fuel in RENEWABLE_FUELS if fuel != ROOFTOP)),
            "wind_solar": energy("Wind", "Solar"),
            "rooftop": energy(ROOFTOP),
            "unit_hours": hours(made[made.fuel != ROOFTOP]),
            "rooftop_hours": hours(made[made.fuel == ROOFTOP]),
        }
    )
    frame = frame.fillna(0.0).reset_index()
    return frame.assign(day=(frame.half - HALF).dt.normalize())


def _share_parts(request: ask.ShareTrend | ask.ShareRecords, history: History) -> pd.DataFrame:
    """The balance with numerator, denominator and whether a region's rooftop is needed."""
    frame = _balance(request, history)
    kind = request.definition
    frame["part"] = frame.renewable + (0 if kind == "utility" else frame.rooftop)
    frame["whole"] = {
        "demand": frame.demand + frame.rooftop,
        "generation": frame.generation,
        "gross": frame.nonsched + frame.rooftop,
        "utility": frame.demand,
    }[kind]
    needed = {"generation": "unit_hours", "gross": "nonsched_hours"}.get(kind, "demand_hours")
    frame["needed"] = frame[needed]
    has_rooftop = frame.groupby("regionid").rooftop_hours.transform("max") > 0
    frame["rooftop_needed"] = has_rooftop & (kind != "utility")
    anything = frame[["renewable", "demand", "rooftop_hours"]].max(axis=1) > 0
    anything |= frame[["unit_hours", "needed"]].min(axis=1) > 0
    frame["known"] = frame.regionid.isin(frame.regionid[anything & (frame.regionid != "Unmapped")])
    return frame


def _least_found(sums: pd.DataFrame) -> pd.Series:
    least = sums[["unit_hours", "needed"]].min(axis=1)
    return least.where(~sums.rooftop_needed, np.minimum(least, sums.rooftop_hours))


def _by(frame: pd.DataFrame, time: str) -> pd.DataFrame:
    """Sums by time and region."""
    added = ["part", "whole", "unit_hours", "needed", "rooftop_hours"]
    grouped = frame.groupby([time, "regionid"])
    return pd.concat([grouped[added].sum(), grouped[["rooftop_needed", "known"]].max()], axis=1).reset_index()


def _share_trend(request: ask.ShareTrend, history: History) -> pd.DataFrame:
    frame = _share_parts(request, history)
    regions = frame[frame.known].regionid.nunique()
    days = _by(frame, "day")
    days["hours"] = _least_found(days).where(days.known, 0.0)
    days["bucket_start"] = _bucket_starts(days.day, request.bucket)
    out = days.groupby("bucket_start")[["part", "whole", "hours"]].sum().reset_index()
    out["days_found"] = out.hours / 24 / max(regions, 1)
    out["share"] = out.part / out.whole.where(out.whole != 0)
    out = out.rename(columns={"part": "renewable_mwh", "whole": "whole_mwh"}).drop(columns="hours")
    return _with_days(out, request.bucket)


def _whole(sums: pd.DataFrame, time: str, hours: float, regions: int) -> pd.DataFrame:
    """The times at which every region has what is needed, summed over regions."""
    sums = sums.assign(ok=sums.known & (_least_found(sums) > hours - 0.01))
    grouped = sums.groupby(time)
    out = grouped[["part", "whole"]].sum()
    return out[grouped.ok.sum() == regions].reset_index().rename(columns={time: "time"})


def _share_records(request: ask.ShareRecords, history: History) -> pd.DataFrame:
    frame = _share_parts(request, history)
    regions = frame[frame.known].regionid.nunique()
    halves = _whole(_by(frame, "half"), "half", 0.5, regions).assign(hours=0.5)
    days = _whole(_by(frame, "day"), "day", 24 * ask.WHOLE_DAY, regions).assign(hours=24.0)
    months = days.groupby(days.time.dt.to_period("M"))
    full = months[["part", "whole"]].sum().assign(hours=24.0 * months.size())
    full = full[months.size() == full.index.days_in_month].reset_index()
    full["time"] = full.time.dt.to_timestamp()
    records = []
    for name, found in (("half-hour", halves), ("day", days), ("month", full)):
        found = found[(found.whole > 0) & (found.whole >= ask.LEAST_MW * found.hours)].sort_values("time")
        if not len(found):
            continue
        share = (found.part / found.whole).round(9)
        for side, place in (("highest", share.idxmax()), ("lowest", share.idxmin())):
            row = found.loc[place]
            records.append(
                {
                    "record": f"{side} {name}",
                    "time": row.time,
                    "share": share[place],
                    "renewable_mw": row.part / row.hours,
                    "whole_mw": row.whole / row.hours,
                    "candidates": len(found),
                }
            )
    columns = ["record", "time", "share", "renewable_mw", "whole_mw", "candidates"]
    return pd.DataFrame(records, columns=columns)


def _daily_rolling(request: ask.DailyRolling, history: History) -> pd.DataFrame:
    rows = readings(history, request.read, request.region)
    rows = rows.assign(day=market_days(rows.settlementdate))
    units = rows[(rows.fuel != ROOFTOP) & (rows.regionid != "Unmapped")]
    found = units.groupby(["day", "regionid", "fuel"]).settlementdate.nunique()
    best = found.groupby(["day", "regionid"]).max()
    enough = (best >= 288 * ask.WHOLE_DAY).groupby("day").sum() == units.regionid.nunique()
    whole_days = enough[enough].index
    rows = rows[rows.day.isin(whole_days)]

    def energy(chosen: pd.Series) -> pd.Series:
        return rows[chosen].groupby("day").generation_mwh.sum().reindex(whole_days).fillna(0.0)

    picked = rows.fuel.isin(request.fuels)
    frame = pd.DataFrame(
        {
            "all": energy(picked),
            "part": energy(picked & (rows.fuel != STORAGE)),
            "whole": energy(rows.fuel != STORAGE),
        }
    ).sort_index()
    window = frame.rolling(f"{request.window_days}D")
    days, sums = window["all"].count(), window[["part", "whole"]].sum()
    share = sums.part / sums.whole.where(sums.whole != 0)
    out = pd.DataFrame(
        {
            "date": [day.date() for day in frame.index],
            "energy_mwh": window["all"].mean().where(days >= request.needs).to_numpy(),
            "share": share.where((days >= request.needs) & (request.fuels != (STORAGE,))).to_numpy(),
            "days_found": days.to_numpy(),
        }
    )
    return out[frame.index >= pd.Timestamp(request.period.start)].reset_index(drop=True)


def _loads(frame: pd.DataFrame, residual: bool) -> pd.Series:
    """MW by half-hour over the regions, where all intervals were found in each."""
    with_demand = frame[frame.demand_hours > 0]
    found = (frame.demand_hours > 0.49) & (~np.array(residual) | (frame.unit_hours > 0.49))
    found &= frame.regionid != "Unmapped"
    complete = found.groupby(frame.half).sum() == with_demand.regionid.nunique()
    net = frame.demand - (frame.wind_solar if residual else 0.0)
    loads = net[frame.regionid != "Unmapped"].groupby(frame.half).sum() * 2
    return loads[complete.reindex(loads.index, fill_value=False)]


def _demand_extremes(request: ask.DemandExtremes, history: History) -> pd.DataFrame:
    loads = _loads(_balance(request, history), residual=False).round(6)
    starts = _bucket_starts((loads.index - HALF).normalize().to_series(), request.bucket).to_numpy()
    grouped = loads.groupby(starts)
    out = pd.DataFrame(
        {
            "max_demand_mw": grouped.max(),
            "max_demand_at": grouped.idxmax(),
            "min_demand_mw": grouped.min(),
            "min_demand_at": grouped.idxmin(),
            "mean_demand_mw": grouped.mean(),
            "days_found": grouped.size() / 48,
        }
    )
    return _with_days(out.rename_axis("bucket_start").reset_index(), request.bucket)


def _evening_ramp(request: ask.EveningRamp, history: History) -> pd.DataFrame:
    loads = _loads(_balance(request, history), residual=request.of == "residual")
    minutes = loads.index.hour * 60 + loads.index.minute
    loads = loads[(minutes >= 14 * 60 + 30) & (minutes <= 21 * 60)]
    later = loads.reindex(loads.index + 6 * HALF)
    rises = pd.Series(later.to_numpy() - loads.to_numpy(), later.index).dropna().round(6)
    best = rises.groupby(rises.index.normalize()).agg(["max", "idxmax"])
    starts = _bucket_starts(best.index.to_series(), request.bucket).to_numpy()
    grouped = best["max"].groupby(starts)
    when = best.loc[grouped.idxmax(), "idxmax"]
    out = pd.DataFrame(
        {
            "mean_ramp_mw": grouped.mean(),
            "max_ramp_mw": grouped.max(),
            "max_ramp_at": when.to_numpy(),
            "days_found": grouped.size().astype("float64"),
        }
    )
    return _with_days(out.rename_axis("bucket_start").reset_index(), request.bucket)


ANSWERS: Final[Answers] = {
    ask.FuelTrend: _fuel_trend,
    ask.ShareTrend: _share_trend,
    ask.ShareRecords: _share_records,
    ask.DailyRolling: _daily_rolling,
    ask.DemandExtremes: _demand_extremes,
    ask.EveningRamp: _evening_ramp,
}
