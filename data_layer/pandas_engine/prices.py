"""Pandas answers to the questions in requests/prices.py."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from data_layer.market import Resolution
from data_layer.pandas_engine.frames import History, market_days
from data_layer.pandas_engine.selection import Answers, bucket, within
from data_layer.requests import prices as ask

STATISTICS: Final = [
    "regionid",
    "intervals",
    "intervals_expected",
    "mean_price_aud_per_mwh",
    "demand_weighted_price_aud_per_mwh",
    "q1_price_aud_per_mwh",
    "median_price_aud_per_mwh",
    "q3_price_aud_per_mwh",
    "min_price_aud_per_mwh",
    "max_price_aud_per_mwh",
    "volatility_aud_per_mwh",
    "negative_share",
    "cap_intervals",
    "cap_share",
    "lowest_cap_aud_per_mwh",
    "highest_cap_aud_per_mwh",
]


def _priced(request: Any, history: History) -> pd.DataFrame:
    """Rows of the period and regions that have a price."""
    rows = within(history.regions, request.period)
    return rows[rows.regionid.isin(request.regions) & rows.price.notna()]


def _price_statistics(request: ask.PriceStatistics, history: History) -> pd.DataFrame:
    rows = _priced(request, history)
    caps = history.thresholds.dropna(subset="voll").sort_values("effectivedate")
    period = request.period
    until = caps.effectivedate.shift(-1)
    first = np.arange(len(caps)) == 0  # the earliest cap that is known holds before its date too
    begun = first | (caps.effectivedate < period.end)
    in_force = caps[begun & (until.isna() | (until > period.start))].voll
    # The cap from the first of the day on is in force from the interval that ends at 00:05.
    place = np.searchsorted(caps.effectivedate.to_numpy(), rows.settlementdate.to_numpy(), side="left") - 1
    cap = caps.voll.to_numpy()[place.clip(0)] if len(caps) else np.full(len(rows), np.inf)
    rows = rows.assign(at_cap=rows.price.to_numpy() >= cap)
    answer = []
    for regionid, part in rows.groupby("regionid"):
        price, both = part.price, part.dropna(subset="totaldemand")
        demand = both.totaldemand.sum()
        weighted = (both.price * both.totaldemand).sum() / demand if demand else np.nan
        quartiles = price.quantile([0.25, 0.5, 0.75])
        spread = [price.min(), price.max(), price.std(), (price < 0).mean()]
        caps_met = [int(part.at_cap.sum()), part.at_cap.mean(), in_force.min(), in_force.max()]
        counts = [len(part), period.intervals]
        answer.append([regionid, *counts, price.mean(), weighted, *quartiles, *spread, *caps_met])
    return pd.DataFrame(answer, columns=STATISTICS)


def _price_duration(request: ask.PriceDuration, history: History) -> pd.DataFrame:
    rows = _priced(request, history)
    usual = 0.25 if request.period.intervals <= 31 * 288 else 1.0
    wide = np.where(rows.price.between(-1000, 1000, inclusive="left"), 10.0, 100.0)
    width = np.where(rows.price.between(-100, 300, inclusive="left"), usual, wide)
    rows = rows.assign(step=np.floor(rows.price / width) * width)
    prices = rows.groupby(["regionid", "step"]).price
    out = pd.DataFrame(
        {
            "price_aud_per_mwh": prices.min(),
            "highest_price_aud_per_mwh": prices.max(),
            "intervals": prices.size(),
        }
    ).reset_index()
    out = out.sort_values(["regionid", "step"], ascending=[True, False], ignore_index=True)
    by_region = out.groupby("regionid").intervals
    out["share_at_or_above"] = by_region.cumsum() / by_region.transform("sum")
    return out.drop(columns="step")


def _price_bands(request: ask.PriceBands, history: History) -> pd.DataFrame:
    rows = _priced(request, history)
    rows = rows.assign(band=np.searchsorted(request.edges, rows.price.to_numpy(), side="right"))
    prices = rows.groupby(["regionid", "band"]).price
    out = pd.DataFrame({"intervals": prices.size(), "price_sum": prices.sum()}).reset_index()
    totals = out.groupby("regionid")[["intervals", "price_sum"]].transform("sum")
    low, high = np.array([np.nan, *request.edges]), np.array([*request.edges, np.nan])
    return pd.DataFrame(
        {
            "regionid": out.regionid,
            "band": out.band,
            "low_aud_per_mwh": low[out.band],
            "high_aud_per_mwh": high[out.band],
            "intervals": out.intervals,
            "share_of_time": out.intervals / totals.intervals,
            "mean_price_aud_per_mwh": out.price_sum / out.intervals,
            "contribution_aud_per_mwh": out.price_sum / totals.intervals,
            "contribution_share": out.price_sum / totals.price_sum.where(totals.price_sum != 0),
        }
    )


def _top_intervals(request: ask.TopIntervals, history: History) -> pd.DataFrame:
    rows = _priced(request, history)
    rows = rows.sort_values(["regionid", "price", "settlementdate"], ascending=[True, False, True])
    groups = rows.groupby("regionid").price
    total, count = groups.transform("sum"), groups.transform("size")
    rank = rows.groupby("regionid").cumcount() + 1
    removed = groups.cumsum()
    out = pd.DataFrame(
        {
            "regionid": rows.regionid,
            "rank": rank,
            "settlementdate": rows.settlementdate,
            "price_aud_per_mwh": rows.price,
            "mean_price_aud_per_mwh": total / count,
            "mean_without_aud_per_mwh": (total - removed) / (count - rank).where(rank < count),
            "share_of_average": (removed / total).where(total > 0),
            "intervals": count,
        }
    )
    return out[out["rank"] <= request.top].reset_index(drop=True)


def _price_profile(request: ask.PriceProfile, history: History) -> pd.DataFrame:
    rows = _priced(request, history)
    grain = Resolution.HALF_HOUR if request.by == "time_of_day" else Resolution.HOUR
    days = market_days(rows.settlementdate)
    part = {"weekday": days.dt.day_of_week + 1, "month": days.dt.year * 100 + days.dt.month}
    rows = rows.assign(
        part=part.get(request.by, 0),
        time_of_day=(bucket(rows.settlementdate, grain) - days) // pd.Timedelta(minutes=1),
        value=rows.price * rows.totaldemand,
        weight=rows.totaldemand,
    )
    grouped = rows.groupby(["regionid", "part", "time_of_day"])
    out = pd.DataFrame(
        {
            "price_aud_per_mwh": grouped.price.mean(),
            "demand_weighted_price_aud_per_mwh": grouped["value"].sum(min_count=1)
            / grouped["weight"].sum(min_count=1),
            "min_price_aud_per_mwh": grouped.price.min(),
            "max_price_aud_per_mwh": grouped.price.max(),
            "intervals": grouped.size(),
        }
    )
    return out.reset_index()


ANSWERS: Final[Answers] = {
    ask.PriceStatistics: _price_statistics,
    ask.PriceDuration: _price_duration,
    ask.PriceBands: _price_bands,
    ask.TopIntervals: _top_intervals,
    ask.PriceProfile: _price_profile,
}
