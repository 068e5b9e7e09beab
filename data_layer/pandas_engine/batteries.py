"""Pandas answers to the questions in requests/batteries.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL, NEM, Fuel
from data_layer.pandas_engine.frames import FIVE, History, minutes_of_day
from data_layer.pandas_engine.selection import Answers, bucket, within
from data_layer.requests import batteries as ask

_SUMS: Final = [
    "discharge_mwh",
    "charge_mwh",
    "discharge_revenue_aud",
    "charge_cost_aud",
    "priced_discharge_mwh",
    "priced_charge_mwh",
]
_COLUMNS: Final = [
    *(
        "name",
        "total",
        "station_name",
        "owner",
        "regions",
        "duids",
        "batteries",
        "capacity_mw",
        "storage_mwh",
    ),
    *("batteries_with_storage", "discharge_mwh", "charge_mwh", "discharge_revenue_aud", "charge_cost_aud"),
    *("revenue_aud", "discharge_price_aud_per_mwh", "charge_price_aud_per_mwh"),
    *("price_difference_aud_per_mwh", "spread_aud_per_mwh", "negative_price_charge_mwh"),
    *("negative_price_charge_income_aud", "cycles_per_day", "round_trip_efficiency"),
    *("round_trip_blank_because", "revenue_aud_per_mw_year", "revenue_aud_per_mwh_year"),
    *("battery_intervals", "battery_intervals_expected"),
]


def battery_of(units: pd.DataFrame) -> dict[str, str]:
    """DUID -> the battery it belongs to, as views/battery_unit.sql says it."""
    known = units[units.fuel == Fuel.BATTERY].sort_values("valid_from")
    facts = known.groupby("duid").agg(
        successor=("successor_duid", lambda s: s.dropna().max() if s.notna().any() else None),
        station=("station_name", "last"),
        region=("regionid", "last"),
        kind=("dispatch_type", "last"),
    )
    found: dict[str, str] = {}
    paired = facts[facts.successor.isna() & facts.kind.isin(["GENERATOR", "LOAD"])]
    for duid, row in facts.iterrows():
        beside = paired[(paired.station == row.station) & (paired.region == row.region)]
        own = beside.index.min() if duid in paired.index and len(beside) else duid
        own = row.successor if pd.notna(row.successor) else own
        found[str(duid)] = str(own)
    return found


def _facts(units: pd.DataFrame, end: datetime) -> pd.DataFrame:
    known = units[units.valid_from < end].sort_values("valid_from")
    facts = known.drop_duplicates("duid", keep="last").set_index("duid")
    facts["most_mw"] = facts.max_capacity_mw.astype("float64").fillna(facts.capacity_mw.astype("float64"))
    return facts


def _rows(request: Any, history: History) -> pd.DataFrame:
    """5-minute rows of batteries in the period, with battery, group name and registry facts."""
    regions = () if request.region == NEM else (request.region,)
    rows = history.readings.within(request.period, regions=regions, fuels=(Fuel.BATTERY,))
    facts = _facts(history.units, request.period.end)
    rows["duid"] = rows.duid.astype("str")
    rows["battery"] = rows.duid.map(battery_of(history.units)).fillna(rows.duid)
    rows["station"] = rows.battery.map(facts.station_name).fillna(rows.battery)
    rows["owner"] = rows.battery.map(facts.owner).fillna("Unknown")
    rows["most_mw"] = rows.battery.map(facts.most_mw).astype("float64")
    rows["storage_mwh"] = rows.battery.map(facts.storage_mwh).astype("float64")
    names = {"unit": rows.battery, "station": rows.station, "owner": rows.owner, "region": rows.regionid}
    rows["name"] = names[request.group_by]
    if getattr(request, "chosen", ()):
        rows = rows[rows.name.isin(request.chosen)]
    rows["discharge_mwh"] = rows.generation_mwh
    rows["charge_mwh"] = -rows.load_mwh
    rows["discharge_revenue_aud"] = rows.generation_revenue_aud
    rows["charge_cost_aud"] = -rows.load_revenue_aud
    rows["priced_discharge_mwh"] = rows.priced_generation_mwh
    rows["priced_charge_mwh"] = -rows.priced_load_mwh
    return rows


def _prices(sums: pd.DataFrame) -> pd.DataFrame:
    """Volume-weighted prices of each row of sums."""
    return pd.DataFrame(
        {
            "discharge_price_aud_per_mwh": sums.discharge_revenue_aud
            / sums.priced_discharge_mwh.where(sums.priced_discharge_mwh != 0),
            "charge_price_aud_per_mwh": sums.charge_cost_aud
            / sums.priced_charge_mwh.where(sums.priced_charge_mwh != 0),
        }
    )


def _blank_because(group: pd.DataFrame, intervals: pd.Series, expected: float) -> str | None:
    charge = group.charge_mwh.sum()
    storage = group.groupby("battery").storage_mwh.first()
    if charge <= 0:
        return "nothing was charged"
    if intervals.max() < 7 * 288:
        return "under 7 days of readings"
    if storage.isna().any():
        return "storage unknown"
    if intervals.sum() < 0.99 * expected:
        return "readings missing"
    return "under ten full charges" if charge < 10 * storage.sum() else None


def _line(name: str, group: pd.DataFrame, *, total: bool = False) -> dict[str, Any]:
    """One row of BatterySummary."""
    by = group.groupby(["battery", "regionid"])
    intervals = by.settlementdate.nunique()
    expected = ((by.settlementdate.max() - by.settlementdate.min()) / FIVE + 1).sum()
    facts = by[["most_mw", "storage_mwh"]].first()
    hours = intervals * HOURS_PER_INTERVAL
    sums = by[_SUMS].sum(min_count=1)
    net = sums.discharge_revenue_aud.fillna(0) - sums.charge_cost_aud.fillna(0)
    whole = group[_SUMS].sum(min_count=1)
    prices = _prices(whole.to_frame().T).iloc[0]
    priced = whole.priced_discharge_mwh or np.nan
    negative = group[group.price < 0]
    blank = _blank_because(group, intervals, expected)
    stored, powered = facts.storage_mwh.notna(), facts.most_mw.notna()
    mw_hours = (facts.most_mw * hours).sum(min_count=1)
    mwh_hours = (facts.storage_mwh * hours).sum(min_count=1)
    only = {column: group[column].unique() for column in ("station", "owner")}
    return {
        "name": name,
        "total": total,
        "station_name": only["station"][0] if len(only["station"]) == 1 else None,
        "owner": only["owner"][0] if len(only["owner"]) == 1 else None,
        "regions": ",".join(sorted(group.regionid.unique())),
        "duids": ",".join(sorted(group.battery.unique())),
        "batteries": len(by),
        "capacity_mw": facts.most_mw.sum(min_count=1),
        "storage_mwh": facts.storage_mwh.sum(min_count=1),
        "batteries_with_storage": int(stored.sum()),
        "discharge_mwh": whole.discharge_mwh,
        "charge_mwh": whole.charge_mwh,
        "discharge_revenue_aud": whole.discharge_revenue_aud,
        "charge_cost_aud": whole.charge_cost_aud,
        "revenue_aud": net.sum(),
        **prices,
        "price_difference_aud_per_mwh": prices.discharge_price_aud_per_mwh - prices.charge_price_aud_per_mwh,
        "spread_aud_per_mwh": (whole.discharge_revenue_aud - whole.charge_cost_aud) / priced,
        "negative_price_charge_mwh": negative.charge_mwh.sum(),
        "negative_price_charge_income_aud": -negative.charge_cost_aud.sum(),
        "cycles_per_day": sums.discharge_mwh[stored].sum(min_count=1) * 24 / mwh_hours,
        "round_trip_efficiency": np.nan if blank else whole.discharge_mwh / whole.charge_mwh,
        "round_trip_blank_because": blank,
        "revenue_aud_per_mw_year": net[powered].sum(min_count=1) * 8760 / mw_hours,
        "revenue_aud_per_mwh_year": net[stored].sum(min_count=1) * 8760 / mwh_hours,
        "battery_intervals": int(intervals.sum()),
        "battery_intervals_expected": round(expected),
    }


def _battery_summary(request: ask.BatterySummary, history: History) -> pd.DataFrame:
    rows = _rows(request, history)
    lines = [_line(str(name), group) for name, group in rows.groupby("name")]
    if len(rows):
        lines.append(_line("All batteries", rows, total=True))
    frame = pd.DataFrame(lines, columns=_COLUMNS)
    return frame.sort_values(["total", "revenue_aud", "name"], ascending=[False, False, True])


def _battery_series(request: ask.BatterySeries, history: History) -> pd.DataFrame:
    rows = _rows(request, history)
    rows["time"] = bucket(rows.settlementdate, request.resolution)
    sums = rows.groupby("time")[_SUMS].sum(min_count=1)
    found = rows.groupby(["time", "battery"]).settlementdate.nunique()
    hours = found.groupby("time").max() * HOURS_PER_INTERVAL
    out = sums.drop(columns=["priced_discharge_mwh", "priced_charge_mwh"])
    out["discharge_mw"] = sums.discharge_mwh / hours
    out["charge_mw"] = sums.charge_mwh / hours
    out["revenue_aud"] = sums.discharge_revenue_aud.fillna(0) - sums.charge_cost_aud.fillna(0)
    out["batteries"] = found.groupby("time").size()
    out["battery_intervals"] = found.groupby("time").sum()
    return out.join(_prices(sums)).reset_index()


def _battery_time_of_day(request: ask.BatteryTimeOfDay, history: History) -> pd.DataFrame:
    rows = _rows(request, history)
    rows["time_of_day"] = minutes_of_day(rows.settlementdate)
    key = ["time_of_day", "regionid"]
    sums = rows.groupby(key)[_SUMS].sum(min_count=1)
    intervals = rows.groupby([*key, "battery"]).settlementdate.nunique().groupby(key).max()
    regions = within(history.regions, request.period)
    prices = regions.assign(time_of_day=minutes_of_day(regions.settlementdate)).groupby(key).price.mean()
    out = pd.DataFrame(
        {
            "discharge_mw": sums.discharge_mwh / intervals * 12,
            "charge_mw": sums.charge_mwh / intervals * 12,
            "price_aud_per_mwh": prices.reindex(sums.index),
            "intervals": intervals,
        }
    )
    return out.join(_prices(sums)).reset_index()


def _storage_level(request: ask.StorageLevel, history: History) -> pd.DataFrame:
    rows = within(history.regions, request.period)
    rows = rows[rows.regionid.isin(request.regions) & rows.bdu_energy_storage.notna()]
    rows = rows.assign(time=bucket(rows.settlementdate, request.resolution))
    grouped = rows.groupby(["time", "regionid"]).bdu_energy_storage
    out = pd.DataFrame(
        {
            "stored_mwh": grouped.mean(),
            "min_stored_mwh": grouped.min(),
            "max_stored_mwh": grouped.max(),
            "intervals": grouped.size(),
        }
    )
    return out.reset_index()


ANSWERS: Final[Answers] = {
    ask.BatterySummary: _battery_summary,
    ask.BatterySeries: _battery_series,
    ask.BatteryTimeOfDay: _battery_time_of_day,
    ask.StorageLevel: _storage_level,
}
