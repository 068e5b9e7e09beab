"""Pandas answers to the questions in requests/analysis.py."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL
from data_layer.pandas_engine.frames import History
from data_layer.pandas_engine.grouping import expected_readings, facts_at
from data_layer.pandas_engine.selection import Answers, within
from data_layer.requests.analysis import PriceAnalysis

_ENERGIES: Final = ["generation_mwh", "load_mwh", "priced_generation_mwh", "priced_load_mwh"]
_MONEY: Final = ["generation_revenue_aud", "load_revenue_aud"]
_FACTS: Final = ["region", "fuel", "owner", "station", "technology", "duid"]


def _price_analysis(request: PriceAnalysis, history: History) -> pd.DataFrame:
    """The tree, node by node: each is worked out from the units that lie in it."""
    rows = history.readings.within(request.period, regions=request.regions, fuels=request.fuels)
    if rows.empty:
        return pd.DataFrame()
    units = _matching(_named(_units(rows, history, request), request, history), request.match)
    if units.empty:
        return pd.DataFrame()
    facts = facts_at(history.units, request.period.end)
    expected = expected_readings(rows[rows.duid.isin(units.duid)], ["duid"], request.period)
    made: list[dict[str, Any]] = []

    def visit(part: pd.DataFrame, kind: str, path: list[str], parent: int | None) -> None:
        number = len(made)
        deeper = ["total", *request.group_by, "duid"][len(path) + 1 :]
        node = {"row": number, "parent": parent, "level": len(path), "kind": kind}
        node |= {"name": path[-1] if path else "Total", "has_children": bool(deeper)}
        node["path"] = "/".join(name.replace("%", "%25").replace("/", "%2F") for name in path)
        made.append(node | _measures(part, units, expected, facts))
        if deeper:
            revenue = part.groupby(deeper[0]).revenue_aud.sum()
            names = sorted(revenue.index, key=lambda name: (-revenue[name], name))
            for name in names:
                visit(part[part[deeper[0]] == name], deeper[0], [*path, name], number)

    visit(units, "total", [], None)
    frame = pd.DataFrame(made)
    return frame.astype({"parent": "Int64", **dict.fromkeys(_FACTS, object)})


def _units(rows: pd.DataFrame, history: History, request: PriceAnalysis) -> pd.DataFrame:
    """One row for each unit, region and fuel: the sums of its readings. ``flat_aud`` is what its priced
    generation would have earned at the mean price of the intervals it reported; rooftop PV's is the mean
    of its region over the period."""
    grouped = rows.groupby(["duid", "regionid", "fuel"])
    out = grouped[[*_ENERGIES, "capacity_mwh"]].sum()
    out[_MONEY] = grouped[_MONEY].sum(min_count=1)
    out["unit_intervals"] = grouped.size()
    out["flat"] = grouped.price.mean()
    out = out.reset_index().astype({"duid": "str", "regionid": "str", "fuel": "str"})
    out["revenue_aud"] = out[_MONEY].sum(axis=1, min_count=1)
    of_region = within(history.regions, request.period).groupby("regionid").price.mean()
    rooftop = out.fuel == "Rooftop Solar"
    out["flat"] = out.flat.where(~rooftop, out.regionid.map(of_region))
    out["flat_aud"] = (out.priced_generation_mwh * out.flat).fillna(0.0)
    out["rated_mwh"] = out.generation_mwh.where(out.capacity_mwh > 0)
    return out.rename(columns={"regionid": "region"})


def _named(units: pd.DataFrame, request: PriceAnalysis, history: History) -> pd.DataFrame:
    facts = facts_at(history.units, request.period.end)
    rooftop = units.fuel == "Rooftop Solar"
    virtual = {
        "owner": "Households and businesses",
        "station": "Rooftop solar",
        "technology": "Rooftop photovoltaic",
    }
    for name, source in (("owner", "owner"), ("station", "station_name"), ("technology", "technology")):
        units[name] = units.duid.map(facts[source]).fillna("Unknown").where(~rooftop, virtual[name])
    return units


def _matching(units: pd.DataFrame, text: str) -> pd.DataFrame:
    if not text:
        return units
    names = units[["owner", "station", "duid"]]
    found = names.apply(lambda column: column.str.casefold().str.contains(text.casefold(), regex=False))
    return units[found.any(axis=1)]


def _measures(
    part: pd.DataFrame, units: pd.DataFrame, expected: pd.Series, facts: pd.DataFrame
) -> dict[str, Any]:
    generation, load = part.generation_mwh.sum(), part.load_mwh.sum()
    earned = part.generation_revenue_aud.sum(min_count=1)
    paid = part.load_revenue_aud.sum(min_count=1)
    priced, flat = part.priced_generation_mwh.sum(), part.flat_aud.sum()
    shared = part[part.fuel != "Battery Storage"].generation_mwh.sum(min_count=1)
    duids = part.loc[part.fuel != "Rooftop Solar", "duid"].drop_duplicates()
    only = {name: part[name].iloc[0] if part[name].nunique() == 1 else None for name in _FACTS}
    readings = int(part.unit_intervals.sum())
    return {
        **only,
        "energy_mwh": generation + load,
        "generation_mwh": generation,
        "load_mwh": load,
        "share": _over(shared, units[units.fuel != "Battery Storage"].generation_mwh.sum()),
        "revenue_aud": part.revenue_aud.sum(min_count=1),
        "revenue_share": _over(part.revenue_aud.sum(min_count=1), units.revenue_aud.sum()),
        "generation_revenue_aud": earned,
        "load_revenue_aud": paid,
        "capture_price_aud_per_mwh": _over(earned, priced),
        "load_price_aud_per_mwh": _over(paid, part.priced_load_mwh.sum()),
        "flat_price_aud_per_mwh": _over(flat, priced),
        "capture_rate": _over(earned, flat if flat > 0 else 0),
        "capacity_mw": duids.map(facts.capacity_mw).sum(min_count=1),
        "capacity_factor": _over(part.rated_mwh.sum(), part.capacity_mwh.sum()),
        "units": len(duids),
        "unit_hours": readings * HOURS_PER_INTERVAL,
        "unit_intervals": readings,
        "unit_intervals_expected": int(expected.reindex(part.duid.unique()).sum()),
    }


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else np.nan


ANSWERS: Final[Answers] = {PriceAnalysis: _price_analysis}
