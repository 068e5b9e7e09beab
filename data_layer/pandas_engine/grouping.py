"""Grouped answers of the pandas engine: by fuel, by registry column, and the integrated rows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL, Resolution
from data_layer.pandas_engine.frames import FIVE, History, half_hour_end, market_days
from data_layer.pandas_engine.months import by_name, spread
from data_layer.pandas_engine.selection import most_at_once
from data_layer.period import Period
from data_layer.requests.core import AggregateByGroup, IntegratedData

_SUMS: Final = [
    "generation_mwh",
    "load_mwh",
    "generation_revenue_aud",
    "load_revenue_aud",
    "priced_generation_mwh",
    "priced_load_mwh",
    "capacity_mwh",
]


def facts_at(units: pd.DataFrame, end: datetime) -> pd.DataFrame:
    """One row per duid: the registry's facts of the last span that starts before ``end``."""
    known = units[units.valid_from < end].sort_values("valid_from")
    facts = known.drop_duplicates("duid", keep="last").set_index("duid")
    facts["capacity_mw"] = facts.capacity_mw.where(facts.dispatch_type != "LOAD")
    return facts


def expected_readings(rows: pd.DataFrame, keys: list[str], period: Period) -> pd.Series:
    """Readings that the units reporting at once would have made over the whole of each day."""
    inner = list(dict.fromkeys([*keys, "regionid", "fuel"]))
    if rows.empty:
        return rows.groupby(keys)["mw"].sum().rename("expected")
    most = most_at_once(rows, inner, Resolution.DAY).rename(columns={"stretch": "day"})
    start = most.day.clip(lower=pd.Timestamp(period.start))
    end = (most.day + pd.Timedelta(days=1)).clip(upper=pd.Timestamp(period.end))
    most["expected"] = most.units * ((end - start) // FIVE)
    return most.groupby(keys)["expected"].sum()


def _pooled(rows: pd.DataFrame, keys: list[str], facts: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Sums and the ratios of sums for each group."""
    sums = rows.groupby(keys)[_SUMS].sum(min_count=1)
    out = sums[
        ["generation_mwh", "load_mwh", "generation_revenue_aud", "load_revenue_aud", "capacity_mwh"]
    ].copy()
    out["energy_mwh"] = sums.generation_mwh + sums.load_mwh
    out["revenue_aud"] = sums.generation_revenue_aud.fillna(0) + sums.load_revenue_aud.fillna(0)
    priced_generation = sums.priced_generation_mwh.where(sums.priced_generation_mwh != 0)
    priced_load = sums.priced_load_mwh.where(sums.priced_load_mwh != 0)
    out["capture_price_aud_per_mwh"] = sums.generation_revenue_aud / priced_generation
    out["load_price_aud_per_mwh"] = sums.load_revenue_aud / priced_load
    named = list(dict.fromkeys([*keys, "duid"]))
    rated = rows[rows.groupby(named).capacity_mwh.transform("sum") > 0].groupby(keys).generation_mwh.sum()
    out["capacity_factor"] = rated.reindex(out.index) / sums.capacity_mwh.where(sums.capacity_mwh != 0)
    units = rows.loc[rows.fuel != "Rooftop Solar", named].drop_duplicates()
    units["capacity_mw"] = spread(units.duid, facts.capacity_mw)
    by_group = units.groupby(keys)
    out["units"] = by_group.size().reindex(out.index).fillna(0).astype("int64")
    out["capacity_mw"] = by_group.capacity_mw.sum(min_count=1).reindex(out.index)
    out["unit_intervals"] = rows.groupby(keys).size()
    out["unit_intervals_expected"] = expected_readings(rows, keys, period)
    return out.drop(columns="capacity_mwh").reset_index()


def _expected_over_period(rows: pd.DataFrame, period: Period) -> pd.Series:
    """expected_readings, raised from the days of a region on which anything was found to all days;
    rooftop PV is published apart from the units."""
    kind = rows.assign(is_rooftop=rows.fuel == "Rooftop Solar", day=market_days(rows.settlementdate))
    days = kind[["regionid", "is_rooftop", "day"]].drop_duplicates()
    end = (days.day + pd.Timedelta(days=1)).clip(upper=pd.Timestamp(period.end))
    days["covered"] = (end - days.day.clip(lower=pd.Timestamp(period.start))) // FIVE
    covered = days.groupby(["regionid", "is_rooftop"])["covered"].sum()
    expected = expected_readings(kind, ["regionid", "fuel"], period).reset_index()
    place = list(zip(expected.regionid, expected.fuel == "Rooftop Solar", strict=True))
    expected["whole"] = expected.expected * period.intervals / covered.loc[place].to_numpy()
    return expected.groupby("fuel")["whole"].sum().round().astype("int64")


def fuel_summary(rows: pd.DataFrame, units: pd.DataFrame, period: Period) -> pd.DataFrame:
    """FuelSummary from the period's readings."""
    out = _pooled(rows, ["fuel"], facts_at(units, period.end), period)
    out["unit_intervals_expected"] = _expected_over_period(rows, period).reindex(out.fuel).to_numpy()
    storage = out.fuel == "Battery Storage"
    out["share"] = (out.generation_mwh / out.generation_mwh[~storage].sum()).where(~storage)
    return out.sort_values(["generation_mwh", "fuel"], ascending=[False, True], ignore_index=True)


def aggregate_by_group(request: AggregateByGroup, rows: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """AggregateByGroup from the period's readings (rooftop PV is no unit and is left out)."""
    rows = rows[rows.fuel != "Rooftop Solar"]
    if request.regions:
        rows = rows[rows.regionid.isin(request.regions)]
    if request.fuels:
        rows = rows[rows.fuel.isin(request.fuels)]
    facts = facts_at(units, request.period.end)
    sources = {"owner": "owner", "station": "station_name", "technology": "technology"}
    rows = rows.assign(region=rows.regionid)
    for name in request.group_by:
        if name in sources:
            rows[name] = by_name(rows.duid, facts[sources[name]], "Unknown")
    keys = list(request.group_by)
    out = _pooled(rows, keys, facts, request.period)
    return out.sort_values("revenue_aud", ascending=False, ignore_index=True)


def integrated_data(request: IntegratedData, rows: pd.DataFrame, history: History) -> pd.DataFrame:
    """IntegratedData from the readings; ``rows`` must reach 30 minutes before the period's start."""
    stamps = (
        half_hour_end(rows.settlementdate)
        if request.resolution is Resolution.HALF_HOUR
        else rows.settlementdate
    )
    inside = (stamps > request.period.start) & (stamps <= request.period.end)
    rows = rows[inside & (rows.fuel != "Rooftop Solar")]
    rows = rows.assign(revenue_aud=rows.generation_revenue_aud + rows.load_revenue_aud)
    if request.resolution is Resolution.HALF_HOUR:
        rows = _half_hours(rows, history)
    else:
        rows = rows.assign(energy_mwh=rows.mw * HOURS_PER_INTERVAL)
    rows = _with_registry(rows, history.units)
    rows["capacity_factor_pct"] = 100 * rows.energy_mwh / rows.capacity_mwh.where(rows.capacity_mwh != 0)
    names = {"mw": "scadavalue", "fuel": "fuel_type", "regionid": "region", "price": "rrp"}
    rows = rows.rename(columns=names)
    if request.regions:
        rows = rows[rows.region.isin(request.regions)]
    if request.fuels:
        rows = rows[rows.fuel_type.isin(request.fuels)]
    rows = rows.sort_values(["settlementdate", "duid"], ignore_index=True)
    return rows[list(request.columns)]


def _half_hours(rows: pd.DataFrame, history: History) -> pd.DataFrame:
    rows = rows.assign(settlementdate=half_hour_end(rows.settlementdate))
    grouped = rows.groupby(["settlementdate", "duid", "regionid", "fuel"])
    halves = pd.DataFrame(
        {
            "mw": grouped.mw.mean(),
            "energy_mwh": grouped.mw.sum() * HOURS_PER_INTERVAL,
            "revenue_aud": grouped.revenue_aud.sum(min_count=1),
            "capacity_mwh": grouped.capacity_mwh.sum(),
        }
    ).reset_index()
    regions = history.regions
    prices = regions.groupby([half_hour_end(regions.settlementdate), "regionid"]).price.mean().reset_index()
    return halves.merge(prices, on=["settlementdate", "regionid"], how="left")


def _with_registry(rows: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    facts = units[["duid", "valid_from", "valid_to", "station_name", "owner", "capacity_mw", "dispatch_type"]]
    facts = facts.rename(columns={"capacity_mw": "nameplate_capacity"})
    joined = rows.merge(facts, on="duid", how="left")
    inside = (joined.settlementdate > joined.valid_from) & (joined.settlementdate <= joined.valid_to)
    joined = joined[inside | joined.valid_from.isna()]
    joined["nameplate_capacity"] = joined.nameplate_capacity.where(joined.dispatch_type != "LOAD")
    return joined.astype({"nameplate_capacity": np.float64})
