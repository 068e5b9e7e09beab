"""Plans of the questions in requests/stations.py.

What needs every reading comes from unit_by_duid, where the history of a unit lies together; days and months
come from the unit rollups.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import Resolution
from data_layer.period import EARLIEST, LATEST, Period
from data_layer.planner.plan import Plan, Planners, build, rows_within
from data_layer.planner.segments import finest_unit_segments
from data_layer.ranks import with_ranks
from data_layer.requests import stations as ask
from data_layer.unit_matching import search

EVER: Final = Period(EARLIEST, LATEST)

ROWS_OF_AN_ITEM: Final = 61_440
"""Readings of each month's file that are read for an item: about one row group."""

_CHOSEN: Final = ("chosen", "queries/station_chosen")
_REPORTED: Final = (_CHOSEN, ("reported", "queries/station_reported"))
_READINGS: Final = (*_REPORTED, ("readings", "queries/station_readings"))
_UNPRICED: Final = (*_REPORTED, ("readings", "queries/station_readings_unpriced"))
_OUTPUTS: Final = ("outputs", "queries/station_outputs")
_OUTPUTS_OF_UNITS: Final = ("outputs", "queries/station_outputs_of_units")


def _text(body: str, *steps: tuple[str, str]) -> str:
    return sql.stepped([(name, sql.query_text(path)) for name, path in steps], sql.query_text(body))


def _outputs(request: ask.OfItems) -> tuple[str, str]:
    """The step that makes one row per item and interval of its readings."""
    stations = any(item.startswith(ask.STATION) for item in request.units)
    return _OUTPUTS if stations else _OUTPUTS_OF_UNITS


def _from_readings(
    request: Any, snapshot: Snapshot, text: str, parameters: dict[str, Any] | None = None
) -> Plan:
    """A plan over the 5-minute readings of the request's items."""
    period = request.period
    bound = {"items": list(request.units), "period_end_day": period.end, **(parameters or {})}
    made = build(snapshot, text, {}, bound, period)
    all_readings = rows_within(snapshot, "unit_by_duid", period)
    at_most = ROWS_OF_AN_ITEM * len(request.units) * len(snapshot.select("unit_by_duid", period))
    rows = made.rows - all_readings + min(all_readings, at_most)
    return replace(made, source="unit_by_duid", rows=rows)


def _series(request: ask.StationSeries, snapshot: Snapshot) -> Plan:
    body = sql.query_text("queries/station_series")
    if request.resolution.is_subdaily:
        measures = sql.bucketed(sql.query_text("queries/station_measures"), request.resolution.value)
        steps = [(name, sql.query_text(path)) for name, path in _READINGS]
        return _from_readings(request, snapshot, sql.stepped([*steps, ("measured", measures)], body))
    text = _text("queries/station_series", _CHOSEN, ("measured", "queries/station_rollup"))
    parts = finest_unit_segments(request.period, request.resolution)
    bound = {"items": list(request.units), "period_end_day": request.period.end}
    sources = {"source": (parts, request.resolution.value)}
    return build(snapshot, text, sources, bound, request.period)


def _summary(request: ask.StationSummary, snapshot: Snapshot) -> Plan:
    text = _text("queries/station_summary", *_READINGS, _outputs(request))
    limits = {"off_mw": ask.OFF_MW, "off_share": ask.OFF_SHARE, "zero_mw": ask.ZERO_MW}
    return _from_readings(request, snapshot, text, {**limits, "period_intervals": request.period.intervals})


def _time_of_day(request: ask.StationTimeOfDay, snapshot: Snapshot) -> Plan:
    text = _text("queries/station_time_of_day", *_READINGS, _outputs(request))
    return _from_readings(request, snapshot, text)


SHARES: Final = [step / 200 for step in range(201)]
"""Steps of a duration curve."""


def _duration(request: ask.StationDuration, snapshot: Snapshot) -> Plan:
    text = _text("queries/station_duration", *_UNPRICED, _outputs(request))
    return _from_readings(request, snapshot, text, {"shares": SHARES})


def _price_bands(request: ask.StationPriceBands, snapshot: Snapshot) -> Plan:
    text = _text("queries/station_price_bands", *_READINGS)
    padded = [*request.edges, *[math.inf] * (ask.MOST_EDGES - len(request.edges))]
    edges = {f"edge_{place}": edge for place, edge in enumerate(padded, 1)}
    made = _from_readings(request, snapshot, text, edges)
    return replace(made, finish=lambda table: with_edges(table, request.edges))


def with_edges(table: pa.Table, edges: Sequence[float]) -> pa.Table:
    """The bands' edges beside their numbers: null where a band is open, or has no price."""
    bands = table.column("band").to_pylist()
    low = [edges[band - 1] if band > 0 else None for band in bands]
    high = [edges[band] if 0 <= band < len(edges) else None for band in bands]
    for name, values in (("below_aud_per_mwh", high), ("from_aud_per_mwh", low)):
        table = table.add_column(2, name, pa.array(values, pa.float64()))
    return table


def _peers(request: ask.StationPeers, snapshot: Snapshot) -> Plan:
    bound = {"by": request.by, "period_end_day": request.period.end}
    parts = finest_unit_segments(request.period, Resolution.MONTH)
    text = sql.query_text("queries/station_peers")
    made = build(snapshot, text, {"source": (parts, "none")}, bound, request.period)
    return replace(made, finish=lambda table: with_ranks(table, request))


def _search(request: ask.UnitSearch, snapshot: Snapshot) -> Plan:
    text = sql.query_text("queries/unit_list")
    made = build(snapshot, text, {}, {"period_end_day": request.period.end}, EVER)
    return replace(made, finish=lambda table: search(request, table.to_pylist()))


def _facts(request: ask.UnitFacts, snapshot: Snapshot) -> Plan:
    text = _text("queries/unit_facts", _CHOSEN)
    bound = {"items": list(request.units), "period_end_day": request.period.end}
    return build(snapshot, text, {}, bound, EVER)


PLANNERS: Final[Planners] = {
    ask.StationSeries: _series,
    ask.StationSummary: _summary,
    ask.StationTimeOfDay: _time_of_day,
    ask.StationDuration: _duration,
    ask.StationPriceBands: _price_bands,
    ask.StationPeers: _peers,
    ask.UnitSearch: _search,
    ask.UnitFacts: _facts,
}
