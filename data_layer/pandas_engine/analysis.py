"""Pandas answers to the questions in requests/analysis.py."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL, NEM
from data_layer.pandas_engine.frames import History
from data_layer.pandas_engine.grouping import expected_readings, facts_at
from data_layer.pandas_engine.selection import Answers, readings, within
from data_layer.requests.analysis import PriceAnalysis

_FACTS: Final = ["region", "fuel", "owner", "station", "technology", "duid"]


def _price_analysis(request: PriceAnalysis, history: History) -> pd.DataFrame:
    """The tree, node by node: each is worked out from the readings that lie in it."""
    rows = _named(readings(history, request.period, NEM), request, history)
    rows = _with_flat_price(rows, request, history)
    rated = rows.groupby(["duid", "region", "fuel"]).capacity_mwh.transform("sum") > 0
    rows["rated_mwh"] = rows.generation_mwh.where(rated)
    rows = _chosen(rows, request)
    if rows.empty:
        return pd.DataFrame()
    expected = expected_readings(rows, ["duid"], request.period)
    facts = facts_at(history.units, request.period.end)
    made: list[dict[str, Any]] = []

    def visit(part: pd.DataFrame, kind: str, path: list[str], parent: int | None) -> None:
        number = len(made)
        deeper = ["total", *request.group_by, "duid"][len(path) + 1 :]
        node = {"row": number, "parent": parent, "level": len(path), "kind": kind}
        node |= {"name": path[-1] if path else "Total", "has_children": bool(deeper)}
        node["path"] = "/".join(name.replace("%", "%25").replace("/", "%2F") for name in path)
        made.append(node | _measures(part, rows, expected, facts))
        if deeper:
            revenue = part.groupby(deeper[0]).revenue_aud.sum()
            names = sorted(revenue.index, key=lambda name: (-revenue[name], name))
            for name in names:
                visit(part[part[deeper[0]] == name], deeper[0], [*path, name], number)

    visit(rows, "total", [], None)
    frame = pd.DataFrame(made)
    return frame.astype({"parent": "Int64", **dict.fromkeys(_FACTS, object)})


def _named(rows: pd.DataFrame, request: PriceAnalysis, history: History) -> pd.DataFrame:
    facts = facts_at(history.units, request.period.end)
    rooftop = rows.fuel == "Rooftop Solar"
    named = rows.rename(columns={"regionid": "region"})
    virtual = {
        "owner": "Households and businesses",
        "station": "Rooftop solar",
        "technology": "Rooftop photovoltaic",
    }
    for name, source in (("owner", "owner"), ("station", "station_name"), ("technology", "technology")):
        named[name] = rows.duid.map(facts[source]).fillna("Unknown").where(~rooftop, virtual[name])
    named["revenue_aud"] = named.generation_revenue_aud + named.load_revenue_aud
    named["regionid"] = named.region
    return named


def _with_flat_price(rows: pd.DataFrame, request: PriceAnalysis, history: History) -> pd.DataFrame:
    """Each row's ``flat``: the mean price over the intervals its unit reported; rooftop PV's is the mean
    of its region over the period."""
    flat = rows.groupby(["duid", "region", "fuel"]).price.transform("mean")
    of_region = within(history.regions, request.period).groupby("regionid").price.mean()
    rooftop = rows.fuel == "Rooftop Solar"
    return rows.assign(flat=flat.where(~rooftop, rows.region.map(of_region)))


def _chosen(rows: pd.DataFrame, request: PriceAnalysis) -> pd.DataFrame:
    if request.regions:
        rows = rows[rows.region.isin(request.regions)]
    if request.fuels:
        rows = rows[rows.fuel.isin(request.fuels)]
    if request.match:
        text = request.match.casefold()
        found = [rows[name].str.casefold().str.contains(text, regex=False) for name in _FACTS[2:4]]
        rows = rows[found[0] | found[1] | rows.duid.str.casefold().str.contains(text, regex=False)]
    return rows


def _measures(
    part: pd.DataFrame, rows: pd.DataFrame, expected: pd.Series, facts: pd.DataFrame
) -> dict[str, Any]:
    generation, load = part.generation_mwh.sum(), part.load_mwh.sum()
    earned = part.generation_revenue_aud.sum(min_count=1)
    paid = part.load_revenue_aud.sum(min_count=1)
    priced, flat = part.priced_generation_mwh.sum(), (part.priced_generation_mwh * part.flat).sum()
    shared = part[part.fuel != "Battery Storage"].generation_mwh.sum(min_count=1)
    duids = part.loc[part.fuel != "Rooftop Solar", "duid"].drop_duplicates()
    only = {name: part[name].iloc[0] if part[name].nunique() == 1 else None for name in _FACTS}
    return {
        **only,
        "energy_mwh": generation + load,
        "generation_mwh": generation,
        "load_mwh": load,
        "share": _over(shared, rows[rows.fuel != "Battery Storage"].generation_mwh.sum()),
        "revenue_aud": part.revenue_aud.sum(min_count=1),
        "revenue_share": _over(part.revenue_aud.sum(min_count=1), rows.revenue_aud.sum()),
        "generation_revenue_aud": earned,
        "load_revenue_aud": paid,
        "capture_price_aud_per_mwh": _over(earned, priced),
        "load_price_aud_per_mwh": _over(paid, part.priced_load_mwh.sum()),
        "flat_price_aud_per_mwh": _over(flat, priced),
        "capture_rate": _over(earned, flat if flat > 0 else 0),
        "capacity_mw": duids.map(facts.capacity_mw).sum(min_count=1),
        "capacity_factor": _over(part.rated_mwh.sum(), part.capacity_mwh.sum()),
        "units": len(duids),
        "unit_hours": len(part) * HOURS_PER_INTERVAL,
        "unit_intervals": len(part),
        "unit_intervals_expected": int(expected.reindex(part.duid.unique()).sum()),
    }


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else np.nan


ANSWERS: Final[Answers] = {PriceAnalysis: _price_analysis}
