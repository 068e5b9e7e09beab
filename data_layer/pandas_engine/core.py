"""Pandas answers to the questions in requests/core.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL, NEM, RENEWABLE_FUELS, Resolution
from data_layer.pandas_engine.frames import FIVE, History, minutes_of_day
from data_layer.pandas_engine.grouping import aggregate_by_group, fuel_summary, integrated_data
from data_layer.pandas_engine.selection import Answers, bucket, expected, readings, within
from data_layer.period import Period
from data_layer.requests import core as ask

SUMS: Final = ["generation_mwh", "load_mwh", "generation_revenue_aud", "load_revenue_aud", "capacity_mwh"]


def _generation_mix(request: ask.GenerationMix, history: History) -> pd.DataFrame:
    rows = readings(history, request.period, request.region)
    rows = rows.assign(time=bucket(rows.settlementdate, request.resolution))
    key = ["time", "regionid", "fuel"]
    grouped = rows.groupby(key)
    sums = grouped[SUMS].sum(min_count=1)
    sums["intervals"] = grouped["settlementdate"].nunique()
    sums["unit_intervals"] = grouped.size()
    per_hour = sums.intervals * HOURS_PER_INTERVAL
    stretch = min(request.resolution, Resolution.DAY, key=lambda r: r.intervals)
    out = pd.DataFrame(
        {
            "generation_mw": sums.generation_mwh / per_hour,
            "load_mw": sums.load_mwh / per_hour,
            "generation_mwh": sums.generation_mwh,
            "load_mwh": sums.load_mwh,
            "revenue_aud": sums.generation_revenue_aud + sums.load_revenue_aud,
            "capacity_mw": sums.capacity_mwh / per_hour,
            "capacity_mwh": sums.capacity_mwh,
            "unit_intervals": sums.unit_intervals,
            "unit_intervals_expected": expected(rows, key, request.period, stretch),
        }
    )
    return out.groupby(["time", "fuel"]).sum(min_count=1).reset_index()


def _region_series(request: ask.RegionSeries, history: History) -> pd.DataFrame:
    rows = within(history.regions, request.period)
    rows = rows[rows.regionid.isin(request.regions)]
    rows = rows.assign(time=bucket(rows.settlementdate, request.resolution))
    priced = rows.price.notna() & rows.totaldemand.notna()
    rows["value"] = rows.price * rows.totaldemand
    rows["priced_demand"] = rows.totaldemand.where(priced)
    grouped = rows.groupby(["time", "regionid"])
    out = pd.DataFrame(
        {
            "price_aud_per_mwh": grouped.price.mean(),
            "min_price_aud_per_mwh": grouped.price.min(),
            "max_price_aud_per_mwh": grouped.price.max(),
            "demand_weighted_price_aud_per_mwh": grouped["value"].sum(min_count=1)
            / grouped["priced_demand"].sum(min_count=1),
            "demand_mw": grouped.totaldemand.mean(),
            "net_import_mw": grouped.net_import_mw.mean(),
            "intervals": grouped.price.count(),
            "intervals_expected": grouped.size(),
        }
    )
    return out.reset_index()


def _price_envelope(request: ask.PriceEnvelope, history: History) -> pd.DataFrame:
    rows = within(history.regions, request.period)
    rows = rows[rows.regionid.isin(request.regions) & rows.price.notna()]
    width = max(-(-request.period.intervals // max(request.max_points // 2, 1)), 1)
    grain = Resolution.FIVE_MINUTES
    if width >= Resolution.HALF_HOUR.intervals:
        grain = Resolution.DAY if width >= Resolution.DAY.intervals else Resolution.HALF_HOUR
    length = {Resolution.FIVE_MINUTES: FIVE, Resolution.HALF_HOUR: 6 * FIVE}.get(grain, pd.Timedelta(0))
    # Which bucket an interval falls into goes by the whole half-hour or day that it is part of.
    starts = (bucket(rows.settlementdate, grain) - length).clip(lower=request.period.start)
    rows = rows.assign(time=rows.settlementdate, bucket=(starts - request.period.start) // (FIVE * width))
    group = ["regionid", "bucket"]
    low = rows.sort_values([*group, "price", "time"]).drop_duplicates(group)
    high = rows.sort_values([*group, "price", "time"], ascending=[True, True, False, True]).drop_duplicates(
        group
    )
    out = pd.concat([low, high]).rename(columns={"price": "price_aud_per_mwh"})
    out = out[["time", "regionid", "price_aud_per_mwh"]].drop_duplicates()
    return out.sort_values(["regionid", "time", "price_aud_per_mwh"], ignore_index=True)


def _region_summary(request: ask.RegionSummary, history: History) -> pd.DataFrame:
    rows = within(history.regions, request.period).copy()
    rows["value"] = rows.price * rows.totaldemand
    rows["priced_demand"] = rows.totaldemand.where(rows.price.notna())
    rows["negative"] = (rows.price < 0).where(rows.price.notna())
    fuels = readings(history, request.period, NEM)

    def one(label: str, part: pd.DataFrame, made: pd.DataFrame, regions: int) -> dict[str, Any]:
        by_fuel = made.groupby("fuel").generation_mwh.sum()
        total = by_fuel.sum() if len(by_fuel) else np.nan

        def pick(*names: str) -> float:
            return float(by_fuel.reindex(list(names)).sum(min_count=1))

        rooftop = pick("Rooftop Solar")
        demand = part.totaldemand.sum(min_count=1) * HOURS_PER_INTERVAL
        weighted = part["value"].sum(min_count=1) / part.priced_demand.sum(min_count=1)
        renewable, generation = pick(*RENEWABLE_FUELS), by_fuel.drop("Battery Storage", errors="ignore").sum()
        return {
            "regionid": label,
            "price_aud_per_mwh": weighted if label == NEM else part.price.mean(),
            "price_basis": "demand-weighted" if label == NEM else "time-weighted",
            "demand_weighted_price_aud_per_mwh": weighted,
            "min_price_aud_per_mwh": part.price.min(),
            "max_price_aud_per_mwh": part.price.max(),
            "negative_price_share": part.negative.mean(),
            "demand_mwh": demand,
            "generation_mwh": total,
            "renewable_mwh": renewable,
            "rooftop_mwh": rooftop,
            "coal_mwh": pick("Coal"),
            "gas_mwh": pick("CCGT", "OCGT", "Gas other"),
            "renewable_share": renewable / (demand + np.nan_to_num(rooftop)),
            "coal_share": pick("Coal") / generation,
            "gas_share": pick("CCGT", "OCGT", "Gas other") / generation,
            "net_import_mwh": np.nan
            if label == NEM
            else part.net_import_mw.sum(min_count=1) * HOURS_PER_INTERVAL,
            "intervals": int(part.price.count()),
            "intervals_expected": request.period.intervals * regions,
        }

    known = sorted((set(rows.regionid) | set(fuels.regionid)) - {"Unmapped"})
    if not known:
        return pd.DataFrame()
    answer = [one(NEM, rows, fuels, len(known))]
    answer += [one(r, rows[rows.regionid == r], fuels[fuels.regionid == r], 1) for r in known]
    return pd.DataFrame(answer)


def _latest_interval(request: ask.LatestInterval, history: History) -> pd.DataFrame:
    period = request.period
    last = min(period.end, history.regions.settlementdate.max())
    last = last if last > period.start else period.end
    day = Period(max(period.start, last - timedelta(days=1)), last)
    regions = within(history.regions, day)
    readings = history.readings.within(day)
    counts = regions[regions.price.notna()].groupby("settlementdate").regionid.nunique()
    reporting = readings.loc[readings.fuel != "Rooftop Solar", "settlementdate"].unique()
    full = counts[(counts == counts.max()) & counts.index.isin(reporting)]
    newest = full.index.max()
    now = regions[regions.settlementdate == newest].set_index("regionid")
    before = regions[regions.settlementdate == newest - FIVE].set_index("regionid")
    made = readings[readings.settlementdate == newest]
    by_region = made.groupby("regionid").generation_mwh.sum() * 12
    renewable = made[made.fuel.isin(RENEWABLE_FUELS)].groupby("regionid").generation_mwh.sum() * 12
    out = pd.DataFrame(
        {
            "settlementdate": now.settlementdate,
            "price_aud_per_mwh": now.price,
            "price_change_aud_per_mwh": now.price - before.price.reindex(now.index),
            "demand_mw": now.totaldemand,
            "net_import_mw": now.net_import_mw,
            "generation_mw": by_region.reindex(now.index),
            "renewable_mw": renewable.reindex(now.index),
            "rooftop_mw": now.rooftop_mw,
            "renewable_share": renewable.reindex(now.index) / (now.totaldemand + now.rooftop_mw.fillna(0)),
            "rooftop_late": now.rooftop_mw.isna(),
        }
    )
    return out.reset_index().sort_values("regionid", ignore_index=True)


def _time_of_day(request: ask.TimeOfDay, history: History) -> pd.DataFrame:
    rows = readings(history, request.period, request.region)
    rows = rows.assign(time_of_day=minutes_of_day(rows.settlementdate))
    grouped = rows.groupby(["time_of_day", "regionid", "fuel"])
    sums = grouped[["generation_mwh", "load_mwh"]].sum()
    intervals = grouped["settlementdate"].nunique()
    out = pd.DataFrame(
        {
            "generation_mw": sums.generation_mwh * 12 / intervals,
            "load_mw": sums.load_mwh * 12 / intervals,
            "intervals": intervals,
        }
    )
    return out.groupby(["time_of_day", "fuel"]).sum().reset_index()


def _from_half_hour(period: Period) -> Period:
    """The period with the whole of the half-hours that its ends cut."""
    half = timedelta(minutes=30)
    return Period(period.start - half, period.end + half)


def _price_events(request: ask.PriceEvents, history: History) -> pd.DataFrame:
    rows = within(history.regions, request.period)
    rows = rows[rows.regionid.isin(request.regions)].sort_values(["regionid", "settlementdate"])
    runs = []
    for kind, beyond in (
        ("high", rows[rows.price > request.high_aud_per_mwh]),
        ("negative", rows[(rows.price < request.low_aud_per_mwh) & ~(rows.price > request.high_aud_per_mwh)]),
    ):
        broken = (beyond.settlementdate.diff() != FIVE) | (beyond.regionid != beyond.regionid.shift())
        for (regionid, _), run in beyond.groupby(["regionid", broken.cumsum()]):
            runs.append(
                {
                    "regionid": regionid,
                    "kind": kind,
                    "start": run.settlementdate.min() - FIVE,
                    "end": run.settlementdate.max(),
                    "intervals": len(run),
                    "extreme_price_aud_per_mwh": run.price.max() if kind == "high" else run.price.min(),
                    "mean_price_aud_per_mwh": run.price.mean(),
                }
            )
    columns = [
        "regionid",
        "kind",
        "start",
        "end",
        "intervals",
        "extreme_price_aud_per_mwh",
        "mean_price_aud_per_mwh",
    ]
    frame = pd.DataFrame(runs, columns=columns)
    frame["events"] = len(frame)
    extreme = frame.extreme_price_aud_per_mwh
    by = {"highest": -extreme, "lowest": extreme, "longest": -frame.intervals}
    frame["place"] = by.get(request.order, 0.0)
    key = ["place", "end", "regionid", "kind"]
    frame = frame.sort_values(key, ascending=[True, False, True, True], ignore_index=True)
    return frame.drop(columns="place").head(200)


ANSWERS: Final[Answers] = {
    ask.GenerationMix: _generation_mix,
    ask.RegionSeries: _region_series,
    ask.PriceEnvelope: _price_envelope,
    ask.RegionSummary: _region_summary,
    ask.LatestInterval: _latest_interval,
    ask.FuelSummary: lambda r, h: fuel_summary(readings(h, r.period, r.region), h.units, r.period),
    ask.TimeOfDay: _time_of_day,
    ask.PriceEvents: _price_events,
    ask.AggregateByGroup: lambda r, h: aggregate_by_group(r, readings(h, r.period, NEM), h.units),
    ask.IntegratedData: lambda r, h: integrated_data(r, readings(h, _from_half_hour(r.period), NEM), h),
}
