"""Pandas answers to the questions in requests/stations.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL, NEM
from data_layer.pandas_engine.frames import FIVE, History, minutes_of_day
from data_layer.pandas_engine.peers import peers
from data_layer.pandas_engine.selection import Answers, bucket, readings
from data_layer.requests import stations as ask
from data_layer.unit_matching import search


def last_known(units: pd.DataFrame, end: datetime) -> pd.DataFrame:
    """One row per duid: of each fact the last that the registry knew before ``end``."""
    known = units[units.valid_from < end].sort_values("valid_from")
    known = known.assign(capacity_mw=known.capacity_mw.where(known.dispatch_type != "LOAD"))
    return known.groupby("duid").last()


def _members(request: Any, history: History) -> pd.DataFrame:
    """item, duid of every unit that belongs to an item."""
    names = last_known(history.units, request.period.end).station_name
    pairs = [
        (item, duid)
        for item in request.units
        for duid in sorted({item, *names.index[ask.STATION + names.fillna("") == item]})
    ]
    return pd.DataFrame(pairs, columns=["item", "duid"])


def _readings(request: Any, history: History) -> pd.DataFrame:
    """item, and the readings of its units within the period."""
    members = _members(request, history)
    rows = history.readings.within(request.period, duids=members.duid)
    rows = rows[rows.fuel != "Rooftop Solar"]
    return rows.astype({"duid": "str"}).merge(members, on="duid")


def _outputs(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per item and interval; ``reporting`` is the set of units that reported."""
    rows = rows.sort_values(["item", "settlementdate", "duid"])
    grouped = rows.groupby(["item", "settlementdate"])
    out = pd.DataFrame(
        {
            "mw": grouped.mw.sum().round(6),
            "capacity_mw": grouped.capacity_mw.sum(min_count=1),
            "reporting": grouped.duid.agg("|".join),
            "price": grouped.price.mean(),
        }
    )
    return out.reset_index()


def _series(request: ask.StationSeries, history: History) -> pd.DataFrame:
    rows = _readings(request, history)
    expected = rows.groupby("item").duid.nunique()
    rows = rows.assign(time=bucket(rows.settlementdate, request.resolution))
    by_unit = rows.groupby(["time", "item", "duid"]).agg(
        mw=("mw", "mean"),
        capacity=("capacity_mw", lambda values: values.fillna(0).mean()),
        readings=("mw", "size"),
    )
    grouped = rows.groupby(["time", "item"])
    sums = grouped[["generation_mwh", "load_mwh"]].sum()
    money = grouped[["generation_revenue_aud", "load_revenue_aud"]].sum(min_count=1)
    priced = grouped.priced_generation_mwh.sum()
    per_item = by_unit.groupby(["time", "item"])
    capacity = per_item.capacity.sum()
    out = pd.DataFrame(
        {
            "mw": per_item.mw.sum(),
            "capacity_mw": capacity.where(capacity != 0),
            "price_aud_per_mwh": grouped.price.mean(),
            "generation_mwh": sums.generation_mwh,
            "load_mwh": sums.load_mwh,
            "revenue_aud": money.generation_revenue_aud.fillna(0) + money.load_revenue_aud.fillna(0),
            "generation_revenue_aud": money.generation_revenue_aud,
            "load_revenue_aud": money.load_revenue_aud,
            "capture_price_aud_per_mwh": money.generation_revenue_aud / priced.where(priced != 0),
            "unit_intervals": grouped.size(),
            "units_found": per_item.size(),
        }
    ).reset_index()
    out["units_expected"] = out.item.map(expected)
    return out


def _summary(request: ask.StationSummary, history: History) -> pd.DataFrame:
    rows = _readings(request, history)
    outputs = _outputs(rows)
    found = [
        _one_summary(request, item, part, outputs[outputs.item == item])
        for item, part in rows.groupby("item")
    ]
    return pd.DataFrame(found)


def _joined(values: pd.Series) -> str:
    return " + ".join(dict.fromkeys([values.min(), values.max()]))


def _one_summary(
    request: ask.StationSummary, item: str, rows: pd.DataFrame, outputs: pd.DataFrame
) -> dict[str, Any]:
    sums = rows[
        ["generation_mwh", "load_mwh", "priced_generation_mwh", "priced_load_mwh", "capacity_mwh"]
    ].sum()
    priced = rows[rows.price.notna()]
    earned = priced.generation_revenue_aud.sum() if len(priced) else np.nan
    paid = priced.load_revenue_aud.sum() if len(priced) else np.nan
    below = rows[rows.price < 0]
    last = rows[rows.capacity_mw.notna()].sort_values("settlementdate").drop_duplicates("duid", keep="last")
    reference = priced.price.mean()
    capture = _ratio(earned, sums.priced_generation_mwh)
    return {
        "item": item,
        "regionid": _joined(rows.regionid),
        "fuel": _joined(rows.fuel),
        "units_found": rows.duid.nunique(),
        "capacity_mw": last.capacity_mw.sum(min_count=1),
        "hours": len(outputs) * HOURS_PER_INTERVAL,
        "generation_mwh": sums.generation_mwh,
        "load_mwh": sums.load_mwh,
        "generation_revenue_aud": earned,
        "load_revenue_aud": paid,
        "capture_price_aud_per_mwh": capture,
        "load_price_aud_per_mwh": _ratio(paid, sums.priced_load_mwh),
        "reference_price_aud_per_mwh": reference,
        "capture_rate": _ratio(capture, reference) if reference > 0 else np.nan,
        "capacity_factor": _ratio(rows.generation_mwh[rows.capacity_mw > 0].sum(), sums.capacity_mwh),
        **_running(outputs),
        "negative_generation_mwh": below.generation_mwh.sum(),
        "negative_revenue_aud": below.generation_revenue_aud.sum(),
        "negative_load_mwh": below.load_mwh.sum(),
        "negative_load_revenue_aud": below.load_revenue_aud.sum(),
        "unit_intervals": len(rows),
        "unit_intervals_expected": rows.duid.nunique() * request.period.intervals,
    }


def _ratio(over: float, under: float) -> float:
    return over / under if under else np.nan


def _running(outputs: pd.DataFrame) -> dict[str, Any]:
    """Starts, hours off, changes: from one item's outputs in time order."""
    limit = np.maximum(ask.OFF_MW, ask.OFF_SHARE * outputs.capacity_mw.fillna(0))
    on = outputs.mw > limit
    together = (outputs.settlementdate.diff() == FIVE) & (outputs.reporting == outputs.reporting.shift())
    change = outputs.mw.diff().round(6).where(together)
    rise, fall = change[change > 0], change[change < 0]
    negative = outputs.price < 0

    def hours(which: pd.Series) -> float:
        return float(which.sum()) * HOURS_PER_INTERVAL

    return {
        "average_mw": outputs.mw.mean(),
        "max_mw": outputs.mw.max(),
        "min_mw": outputs.mw.min(),
        "starts": int((together & on & ~on.shift(fill_value=False)).sum()),
        "off_hours": hours(~on),
        "zero_hours": hours(outputs.mw.abs() < ask.ZERO_MW),
        "max_rise_mw": rise.max() if len(rise) else np.nan,
        "max_rise_at": outputs.settlementdate[rise.idxmax()] if len(rise) else pd.NaT,
        "max_fall_mw": fall.min() if len(fall) else np.nan,
        "max_fall_at": outputs.settlementdate[fall.idxmin()] if len(fall) else pd.NaT,
        "negative_price_hours": hours(negative),
        "negative_generating_hours": hours(negative & on),
    }


def _time_of_day(request: ask.StationTimeOfDay, history: History) -> pd.DataFrame:
    rows = _outputs(_readings(request, history))
    rows = rows.assign(time_of_day=minutes_of_day(rows.settlementdate), worth=rows.mw * rows.price)
    grouped = rows.groupby(["item", "time_of_day"])
    out = pd.DataFrame(
        {
            "mw": grouped.mw.mean(),
            "p10_mw": grouped.mw.quantile(0.1),
            "p90_mw": grouped.mw.quantile(0.9),
            "price_aud_per_mwh": grouped.price.mean(),
            "revenue_aud_per_hour": grouped.worth.mean(),
            "intervals": grouped.size(),
        }
    )
    return out.reset_index()


def _duration(request: ask.StationDuration, history: History) -> pd.DataFrame:
    rows = _outputs(_readings(request, history))
    shares = np.arange(201) / 200
    parts = [
        pd.DataFrame(
            {
                "item": item,
                "exceeded_share": shares,
                "mw": np.quantile(part.mw, 1 - shares),
                "intervals": len(part),
            }
        )
        for item, part in rows.groupby("item")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _price_bands(request: ask.StationPriceBands, history: History) -> pd.DataFrame:
    rows = _readings(request, history)
    band = np.searchsorted(request.edges, rows.price.fillna(0), side="right")
    rows = rows.assign(band=np.where(rows.price.isna(), -1, band))
    grouped = rows.groupby(["item", "band"])
    out = grouped[["generation_mwh", "load_mwh"]].sum()
    out.insert(0, "hours", grouped.size() * HOURS_PER_INTERVAL)
    money = ["generation_revenue_aud", "load_revenue_aud"]
    out[money] = grouped[money].sum(min_count=1)
    out = out.reset_index()
    low = dict(enumerate(request.edges, 1))
    high = dict(enumerate(request.edges))
    out["from_aud_per_mwh"] = out.band.map(low).astype("float64")
    out["below_aud_per_mwh"] = out.band.map(high).astype("float64")
    return out


def _search(request: ask.UnitSearch, history: History) -> pd.DataFrame:
    known = last_known(history.units, request.period.end).reset_index()
    strange = sorted(history.readings.duids("Unmapped"))
    columns = ["duid", "station_name", "owner", "fuel", "regionid", "capacity_mw"]
    unmapped = pd.DataFrame({"duid": strange, "fuel": "Unmapped", "regionid": "Unmapped"})
    rows = pd.concat([known[columns], unmapped], ignore_index=True).astype(object)
    rows = rows.where(rows.notna(), None)
    return search(request, rows.to_dict("records")).to_pandas()


_FACTS: Final = [
    "duid",
    "valid_from",
    "valid_to",
    "station_name",
    "owner",
    "participantid",
    "regionid",
    "fuel",
    "fuel_detail",
    "technology",
    "capacity_mw",
    "max_capacity_mw",
    "load_capacity_mw",
    "storage_mwh",
    "dispatch_type",
    "schedule_type",
    "first_date",
    "last_date",
    "latitude",
    "longitude",
    "successor_duid",
    "sources",
]


def _facts(request: ask.UnitFacts, history: History) -> pd.DataFrame:
    every = pd.DataFrame({"item": history.units.duid.unique(), "duid": history.units.duid.unique()})
    wanted = _members(request, history) if request.units else every
    known = wanted.merge(history.units[_FACTS], on="duid")
    factors = history.loss_factors
    in_force = factors[(factors.valid_from < request.period.end) & (factors.valid_to >= request.period.end)]
    in_force = in_force.rename(columns={"valid_from": "loss_factor_from", "source": "loss_factor_source"})
    known = known.merge(in_force.drop(columns="valid_to"), on="duid", how="left")
    reported = history.readings.duids() - set(history.units.duid)
    strange = wanted[wanted.duid.isin(reported) & ~wanted.duid.str.startswith("rooftop ")]
    strange = strange.assign(regionid="Unmapped", fuel="Unmapped")
    if len(strange):
        known = pd.concat([known, strange], ignore_index=True)
    return known.sort_values(["item", "duid", "valid_from"], ignore_index=True)


ANSWERS: Final[Answers] = {
    ask.StationSeries: _series,
    ask.StationSummary: _summary,
    ask.StationTimeOfDay: _time_of_day,
    ask.StationDuration: _duration,
    ask.StationPriceBands: _price_bands,
    ask.StationPeers: lambda r, h: peers(r, readings(h, r.period, NEM), last_known(h.units, r.period.end)),
    ask.UnitSearch: _search,
    ask.UnitFacts: _facts,
}
