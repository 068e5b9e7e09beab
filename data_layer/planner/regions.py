"""Plans of the questions in requests/regions.py."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np
import pyarrow as pa

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import REGIONS, Resolution
from data_layer.planner.plan import Plan, Planners, build
from data_layer.planner.segments import interval_segments, segments
from data_layer.requests.regions import (
    DURATION_POINTS,
    FlowDuration,
    InterconnectorMeans,
    InterconnectorSeries,
    PriceSeparation,
    RegionMeans,
    RegionSteps,
    StationSites,
)


def _region_states(request: RegionMeans | RegionSteps, snapshot: Snapshot) -> Plan:
    period = request.period
    resolution = getattr(request, "resolution", Resolution.MONTH)
    kind = resolution.value if isinstance(request, RegionSteps) else "none"
    made = build(
        snapshot,
        sql.query_text("queries/region_states"),
        {
            "source": (segments("region", period, resolution), kind),
            "fuel_source": (segments("region_fuel", period, resolution), kind),
        },
        {},
        period,
    )
    return made if isinstance(request, RegionSteps) else replace(made, finish=_without_time)


def _interconnectors(request: InterconnectorMeans | InterconnectorSeries, snapshot: Snapshot) -> Plan:
    period = request.period
    resolution = getattr(request, "resolution", Resolution.MONTH)
    over_time = isinstance(request, InterconnectorSeries)
    parts = interval_segments("interconnector", period, resolution)
    made = build(
        snapshot,
        sql.query_text("queries/interconnectors"),
        {"source": (parts, resolution.value if over_time else "none")},
        {"lines": list(getattr(request, "lines", ()))},
        period,
    )
    return made if over_time else replace(made, finish=_without_time)


def _without_time(table: pa.Table) -> pa.Table:
    """Of a question whose period is one bucket."""
    return table.drop_columns("time")


def _price_separation(request: PriceSeparation, snapshot: Snapshot) -> Plan:
    text = sql.query_text("queries/price_separation")
    made = build(snapshot, text, {}, {"above": request.above_aud_per_mwh}, request.period)
    return replace(made, finish=_pairs)


def _pairs(table: pa.Table) -> pa.Table:
    """The one row of price_separation.sql as a row per pair."""
    (row,) = table.to_pylist()
    pairs = list(combinations(REGIONS, 2))
    found = {
        what: [row[f"{a.lower()}_{b.lower()}_{what}"] for a, b in pairs]
        for what in ("absolute", "mean", "apart", "intervals")
    }
    both = zip(found["apart"], found["intervals"], strict=True)
    return pa.table(
        {
            "regionid": [a for a, _ in pairs],
            "other_regionid": [b for _, b in pairs],
            "mean_absolute_difference_aud_per_mwh": pa.array(found["absolute"], pa.float64()),
            "mean_difference_aud_per_mwh": pa.array(found["mean"], pa.float64()),
            "separated_share": pa.array([a / n if n else None for a, n in both], pa.float64()),
            "intervals": pa.array(found["intervals"], pa.int64()),
        }
    )


_EXCEEDED: Final = np.linspace(0.0, 1.0, DURATION_POINTS)


def _flow_duration(request: FlowDuration, snapshot: Snapshot) -> Plan:
    text = sql.query_text("queries/flow_duration")
    return replace(build(snapshot, text, {}, {"line": request.line}, request.period), finish=_curves)


def _curves(table: pa.Table) -> pa.Table:
    """Every line's flows as its duration curve: between two flows of the sorted record, in proportion."""
    lines = np.array(table.column("interconnectorid").to_pylist(), dtype=object)
    flows = [one.values.to_numpy() for one in table.column("flows")]
    curves = [np.interp(_EXCEEDED * (len(one) - 1), np.arange(len(one)), np.sort(one)[::-1]) for one in flows]
    return pa.table(
        {
            "interconnectorid": pa.array(np.repeat(lines, DURATION_POINTS), pa.string()),
            "exceeded_share": pa.array(np.tile(_EXCEEDED, len(lines)), pa.float64()),
            "flow_mw": pa.array(np.concatenate(curves) if curves else [], pa.float64()),
            "intervals": pa.array(np.repeat([len(one) for one in flows], DURATION_POINTS), pa.int64()),
        }
    )


def _station_sites(request: StationSites, snapshot: Snapshot) -> Plan:
    period = request.period
    parameters = {"period_start": period.start, "period_end": period.end}
    return build(snapshot, sql.query_text("queries/station_sites"), {}, parameters, period)


PLANNERS: Final[Planners] = {
    RegionMeans: _region_states,
    RegionSteps: _region_states,
    PriceSeparation: _price_separation,
    InterconnectorMeans: _interconnectors,
    InterconnectorSeries: _interconnectors,
    FlowDuration: _flow_duration,
    StationSites: _station_sites,
}
