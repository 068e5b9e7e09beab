"""Pandas answers to the questions in requests/regions.py."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from data_layer.market import HOURS_PER_INTERVAL, NEM, REGIONS, RENEWABLE_FUELS
from data_layer.pandas_engine.frames import History
from data_layer.pandas_engine.selection import Answers, bucket, readings, within
from data_layer.requests import regions as ask

AT_LIMIT_MW: Final = 0.5
"""A target is at a limit from this far on (tables.INTERCONNECTOR_30MIN)."""


def _region_states(request: ask.RegionMeans | ask.RegionSteps, history: History) -> pd.DataFrame:
    rows = within(history.regions, request.period)
    made = readings(history, request.period, NEM)
    made = made[made.regionid != "Unmapped"]
    key = ["regionid"]
    if isinstance(request, ask.RegionSteps):
        key = ["time", "regionid"]
        rows = rows.assign(time=bucket(rows.settlementdate, request.resolution))
        made = made.assign(time=bucket(made.settlementdate, request.resolution))
    # Rooftop PV is a reading too; its own column in ``rows`` is the same number.
    renewable = made[made.fuel.isin(RENEWABLE_FUELS)].groupby(key).generation_mwh.sum()
    rooftop = made[made.fuel == "Rooftop Solar"].groupby(key).generation_mwh.sum()
    known = rows.groupby(key)
    index = known.size().index.union(made.groupby(key).size().index)
    demand = (known.totaldemand.sum(min_count=1) * HOURS_PER_INTERVAL).reindex(index)
    gross = demand + rooftop.reindex(index).fillna(0.0)
    out = pd.DataFrame(
        {
            "price_aud_per_mwh": known.price.mean().reindex(index),
            "renewable_share": renewable.reindex(index) / gross.where(gross != 0),
            "demand_mw": known.totaldemand.mean().reindex(index),
            "net_import_mw": known.net_import_mw.mean().reindex(index),
            "intervals": known.price.count().reindex(index).fillna(0).astype("int64"),
        },
        index=index,
    )
    return out.reset_index()


def _price_separation(request: ask.PriceSeparation, history: History) -> pd.DataFrame:
    rows = within(history.regions, request.period)
    prices = rows.pivot_table(index="settlementdate", columns="regionid", values="price", aggfunc="first")
    prices = prices.reindex(columns=list(REGIONS))
    out = []
    for region, other in combinations(REGIONS, 2):
        apart = (prices[region] - prices[other]).dropna()
        out.append(
            {
                "regionid": region,
                "other_regionid": other,
                "mean_absolute_difference_aud_per_mwh": apart.abs().mean(),
                "mean_difference_aud_per_mwh": apart.mean(),
                "separated_share": (apart.abs() > request.above_aud_per_mwh).mean(),
                "intervals": len(apart),
            }
        )
    return pd.DataFrame(out)


def _interconnectors(
    request: ask.InterconnectorMeans | ask.InterconnectorSeries, history: History
) -> pd.DataFrame:
    rows = within(history.flows, request.period)
    key = ["interconnectorid", "name", "regionid_from", "regionid_to"]
    if isinstance(request, ask.InterconnectorSeries):
        if request.lines:
            rows = rows[rows.interconnectorid.isin(request.lines)]
        rows = rows.assign(time=bucket(rows.settlementdate, request.resolution))
        key = ["time", *key]
    for side in ("regionid_from", "regionid_to"):
        rows = rows.assign(**{side: rows[side].fillna("Unmapped")})
    flow, gap = rows.meteredmwflow, rows.price_difference
    limited = rows.exportlimit.notna() & rows.importlimit.notna()
    against = (flow.abs() * HOURS_PER_INTERVAL).where((flow * gap) < 0, 0.0).where((flow * gap).notna())
    rows = rows.assign(
        export=rows.exportlimit.where(limited),
        import_=rows.importlimit.where(limited),
        exported=flow.clip(lower=0),
        imported=flow.clip(upper=0),
        limited=limited,
        at_export=rows.mwflow >= rows.exportlimit - AT_LIMIT_MW,
        at_import=rows.mwflow <= rows.importlimit + AT_LIMIT_MW,
        against=against,
        against_value=against * gap.abs(),
    )
    grouped = rows.groupby(key, dropna=False)

    def energy(column: str) -> pd.Series:
        return grouped[column].sum(min_count=1) * HOURS_PER_INTERVAL

    with_limits = grouped.limited.sum()
    with_limits = with_limits.where(with_limits > 0)
    out = pd.DataFrame(
        {
            "flow_mw": grouped.meteredmwflow.mean(),
            "min_flow_mw": grouped.meteredmwflow.min(),
            "max_flow_mw": grouped.meteredmwflow.max(),
            "export_limit_mw": grouped.export.mean(),
            "import_limit_mw": grouped.import_.mean(),
            "flow_mwh": energy("meteredmwflow"),
            "export_mwh": energy("exported"),
            "import_mwh": energy("imported"),
            "losses_mwh": energy("mwlosses"),
            "at_export_limit_share": (grouped.at_export.sum() / with_limits).clip(upper=1.0),
            "at_import_limit_share": (grouped.at_import.sum() / with_limits).clip(upper=1.0),
            "counter_price_mwh": grouped.against.sum(min_count=1),
            "counter_price_value_aud": grouped.against_value.sum(min_count=1),
            "price_difference_aud_per_mwh": grouped.price_difference.mean(),
            "intervals": grouped.size(),
        }
    )
    return out.reset_index()


def _flow_duration(request: ask.FlowDuration, history: History) -> pd.DataFrame:
    rows = within(history.flows, request.period)
    if request.line:
        rows = rows[rows.interconnectorid == request.line]
    shares = np.linspace(0.0, 1.0, ask.DURATION_POINTS)
    out = []
    for line, flow in rows.dropna(subset="meteredmwflow").groupby("interconnectorid").meteredmwflow:
        curve = {"interconnectorid": line, "exceeded_share": shares, "intervals": len(flow)}
        out.append(pd.DataFrame({**curve, "flow_mw": np.quantile(flow, 1 - shares)}))
    columns = ["interconnectorid", "exceeded_share", "flow_mw", "intervals"]
    return pd.concat(out, ignore_index=True)[columns] if out else pd.DataFrame(columns=columns)


def _station_sites(request: ask.StationSites, history: History) -> pd.DataFrame:
    start, end = pd.Timestamp(request.period.start), pd.Timestamp(request.period.end)
    units = history.units[history.units.valid_from < end].sort_values("valid_from")
    units = units.drop_duplicates("duid", keep="last")
    left = units.last_date.notna() & (units.last_date <= np.where(units.successor_duid.isna(), start, end))
    present = units[(units.dispatch_type != "LOAD") & ~(units.first_date >= end) & ~left].copy()
    present["station_name"] = present.station_name.fillna("Unknown")
    present["capacity_mw"] = present.capacity_mw.fillna(0.0)
    key = ["station_name", "regionid"]
    by_fuel = present.groupby([*key, "fuel"], as_index=False).agg(
        capacity_mw=("capacity_mw", "sum"), owner=("owner", "min")
    )
    main = by_fuel.sort_values([*key, "capacity_mw", "fuel"], ascending=[True, True, False, True])
    main = main.drop_duplicates(key).set_index(key)[["fuel", "owner"]]
    whole = present.groupby(key).agg(
        capacity_mw=("capacity_mw", "sum"),
        units=("duid", "size"),
        latitude=("latitude", "mean"),
        longitude=("longitude", "mean"),
    )
    out = main.join(whole).reset_index()
    return out.sort_values(["capacity_mw", *key], ascending=[False, True, True], ignore_index=True)


ANSWERS: Final[Answers] = {
    ask.RegionMeans: _region_states,
    ask.RegionSteps: _region_states,
    ask.PriceSeparation: _price_separation,
    ask.InterconnectorMeans: _interconnectors,
    ask.InterconnectorSeries: _interconnectors,
    ask.FlowDuration: _flow_duration,
    ask.StationSites: _station_sites,
}
