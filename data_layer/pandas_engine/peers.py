"""The peers of units and stations by pandas: pooled sums and their ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_layer.pandas_engine.months import by_name, spread
from data_layer.requests.stations import STATION, UNIT, StationPeers

_MEASURES = {"energy": 6, "price": 6, "rate": 9, "cf": 9}
"""What is ranked, and the decimals at which equals share a rank."""


def peers(request: StationPeers, rows: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """StationPeers from the period's readings and the last known facts of each unit."""
    rows = rows[rows.fuel != "Rooftop Solar"]
    item = rows.duid if request.by == UNIT else by_name(rows.duid, STATION + facts.station_name)
    rows = rows.assign(item=item, station_name=by_name(rows.duid, facts.station_name))
    rows["owner"] = by_name(rows.duid, facts.owner, "Unknown")
    out = _pooled(rows, facts)
    generated = out.generation_mwh > 0
    out["energy"] = out.generation_mwh.where(generated)
    out["price"] = out.capture_price_aud_per_mwh.where(generated)
    out["rate"] = out.capture_rate.where(generated)
    out["cf"] = out.capacity_factor.where(generated)
    for measure, decimals in _MEASURES.items():
        values = out[measure].round(decimals)
        for suffix, keys in (("", ["fuel", "regionid"]), ("_nem", ["fuel"])):
            groups = values.groupby([out[key] for key in keys])
            out[f"{measure}{suffix}_rank"] = groups.rank(method="min", ascending=False)
            out[f"{measure}{suffix}_of"] = groups.transform("count")
    out = out.drop(columns=list(_MEASURES)).reset_index()
    if request.regions:
        out = out[out.regionid.isin(request.regions)]
    if request.fuels:
        out = out[out.fuel.isin(request.fuels)]
    return out.sort_values(["revenue_aud", "item"], ascending=[False, True], ignore_index=True)


def _pooled(rows: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.groupby("item")
    sums = grouped[
        ["generation_mwh", "load_mwh", "capacity_mwh", "priced_generation_mwh", "priced_load_mwh"]
    ].sum()
    money = grouped[["generation_revenue_aud", "load_revenue_aud"]].sum(min_count=1)
    owners = grouped.owner
    several = owners.min() != owners.max()
    units = rows[["item", "duid"]].drop_duplicates()
    capacity = units.assign(capacity=spread(units.duid, facts.capacity_mw)).groupby("item").capacity
    main = rows.groupby(["item", "fuel", "regionid"]).generation_mwh.sum().reset_index()
    main = main.sort_values(
        ["item", "generation_mwh", "fuel", "regionid"], ascending=[True, False, True, True]
    )
    main = main.drop_duplicates("item").set_index("item")
    capture = money.generation_revenue_aud / _some(sums.priced_generation_mwh)
    reference = grouped.price.mean()
    has_capacity = rows.groupby(["duid", "fuel", "regionid"]).capacity_mwh.transform("sum") > 0
    rated = rows.generation_mwh.where(has_capacity).groupby(rows["item"]).sum(min_count=1)
    return pd.DataFrame(
        {
            "station_name": grouped.station_name.min(),
            "owner": owners.min().astype("str") + np.where(several, " and others", ""),
            "fuel": main.fuel,
            "regionid": main.regionid,
            "units_found": grouped.duid.nunique(),
            "capacity_mw": capacity.sum(min_count=1),
            "generation_mwh": sums.generation_mwh,
            "load_mwh": sums.load_mwh,
            "revenue_aud": money.generation_revenue_aud.fillna(0) + money.load_revenue_aud.fillna(0),
            "generation_revenue_aud": money.generation_revenue_aud,
            "load_revenue_aud": money.load_revenue_aud,
            "capture_price_aud_per_mwh": capture,
            "load_price_aud_per_mwh": money.load_revenue_aud / _some(sums.priced_load_mwh),
            "reference_price_aud_per_mwh": reference,
            "capture_rate": capture / reference.where(reference > 0),
            "capacity_factor": rated / _some(sums.capacity_mwh),
            "unit_intervals": grouped.size(),
        }
    )


def _some(values: pd.Series) -> pd.Series:
    """Without the zeros that nothing can be divided by."""
    return values.where(values != 0)
