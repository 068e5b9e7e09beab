"""Pandas answers to the questions in requests/curtailment.py."""

from __future__ import annotations

from typing import Final

import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL, NEM
from data_layer.pandas_engine.frames import History, minutes_of_day
from data_layer.pandas_engine.selection import Answers, bucket, within
from data_layer.period import Period
from data_layer.requests import curtailment as ask

_CAUSES: Final = ["economic_curtailed", "network_curtailed", "unpriced_curtailed"]
_ENERGIES: Final = ["uigf", "cleared", "curtailed", *_CAUSES]
_SUMS: Final = [*(f"{name}_mwh" for name in _ENERGIES), "curtailed_value_aud"]


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with uigf, cleared (MW) and price: with the energies, split by price."""
    rows = rows[rows.uigf.notna() & rows.cleared.notna()].copy()
    curtailed = (rows.uigf - rows.cleared).clip(lower=0) * HOURS_PER_INTERVAL
    rows["uigf_mwh"] = rows.uigf * HOURS_PER_INTERVAL
    rows["cleared_mwh"] = rows.cleared * HOURS_PER_INTERVAL
    rows["curtailed_mwh"] = curtailed
    rows["economic_curtailed_mwh"] = curtailed.where(rows.price <= 0, 0.0)
    rows["network_curtailed_mwh"] = curtailed.where(rows.price > 0, 0.0)
    rows["unpriced_curtailed_mwh"] = curtailed.where(rows.price.isna(), 0.0)
    rows["curtailed_value_aud"] = curtailed * rows.price
    return rows


def _regional(history: History, period: Period, region: str, fuels: tuple[str, ...]) -> pd.DataFrame:
    """One row per 5 minutes, region and fuel."""
    frame = within(history.regions, period)
    frame = frame if region == NEM else frame[frame.regionid == region]
    parts = [
        frame[["settlementdate", "regionid", "price"]].assign(
            fuel=fuel,
            uigf=frame[f"ss_{fuel.lower()}_uigf"],
            cleared=frame[f"ss_{fuel.lower()}_clearedmw"],
        )
        for fuel in fuels
    ]
    return _measured(pd.concat(parts, ignore_index=True))


def _powers(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Mean MW by ``key``: of each region over the intervals found, then added over regions; and sums."""
    by_region = rows.groupby([*key, "regionid"])
    sums = by_region[_SUMS].sum(min_count=1)
    sums["intervals"] = by_region.size()
    for name in _ENERGIES:
        sums[f"{name}_mw"] = sums[f"{name}_mwh"] / sums.intervals * 12
    out = sums.groupby(key).sum(min_count=1)
    out["curtailed_share"] = _share(out)
    return out.astype({"intervals": "int64"}).reset_index()


def _share(sums: pd.DataFrame) -> pd.Series:
    return sums.curtailed_mwh / sums.uigf_mwh.where(sums.uigf_mwh != 0)


def _series(request: ask.CurtailmentSeries, history: History) -> pd.DataFrame:
    rows = _regional(history, request.period, request.region, request.fuels)
    rows["time"] = bucket(rows.settlementdate, request.resolution)
    out = _powers(rows, ["time", "fuel"])
    return out.drop(columns=["cleared_mwh", *(f"{name}_mwh" for name in _CAUSES)])


def _time_of_day(request: ask.CurtailmentTimeOfDay, history: History) -> pd.DataFrame:
    rows = _regional(history, request.period, request.region, request.fuels)
    rows["time_of_day"] = minutes_of_day(rows.settlementdate)
    return _powers(rows, ["time_of_day", "fuel"]).drop(columns=[*_SUMS, "cleared_mw"])


def _summary(request: ask.CurtailmentSummary, history: History) -> pd.DataFrame:
    rows = _regional(history, request.period, NEM, request.fuels)
    levels = []
    for region, fuel in ((None, None), (None, "fuel"), ("regionid", None), ("regionid", "fuel")):
        named = rows.assign(
            regionid=rows.regionid if region else NEM,
            fuel=rows.fuel if fuel else "All",
            part=rows.regionid + rows.fuel,
        )
        grouped = named.groupby(["regionid", "fuel"])
        sums = grouped[_SUMS].sum(min_count=1)
        sums["intervals"] = grouped.size()
        sums["intervals_expected"] = grouped.part.nunique() * request.period.intervals
        levels.append(sums.reset_index())
    out = pd.concat(levels, ignore_index=True)
    return out.assign(curtailed_share=_share(out))


def _units(request: ask.UnitCurtailment, history: History) -> pd.DataFrame:
    regions = () if request.region == NEM else (request.region,)
    rows = history.targets.within(request.period, regions=regions, fuels=request.fuels)
    grouped = _measured(rows.rename(columns={"totalcleared": "cleared"})).groupby(
        ["duid", "regionid", "fuel"]
    )
    out = grouped[_SUMS].sum(min_count=1)
    out["intervals"] = grouped.size()
    out = out.reset_index().astype({"duid": "str"})
    known = history.units[history.units.valid_from < request.period.end].sort_values("valid_from")
    facts = known.groupby("duid")[["station_name", "owner", "capacity_mw"]].last()
    out["station_name"] = out.duid.map(facts.station_name).fillna(out.duid)
    out["owner"] = out.duid.map(facts.owner).fillna("Unknown")
    out["capacity_mw"] = out.duid.map(facts.capacity_mw).astype("float64")
    out["curtailed_share"] = _share(out)
    out["intervals_expected"] = request.period.intervals
    return out.sort_values(["curtailed_mwh", "duid"], ascending=[False, True])


ANSWERS: Final[Answers] = {
    ask.CurtailmentSeries: _series,
    ask.CurtailmentTimeOfDay: _time_of_day,
    ask.CurtailmentSummary: _summary,
    ask.UnitCurtailment: _units,
}
