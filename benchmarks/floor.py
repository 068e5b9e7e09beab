"""Alternative (d), the floor: the shortest SQL over the best rollup's files, on a bare DuckDB.

No limits, no cache, no checks, no shares, no prices; only the sums that the answer is made of. What an
answer of the data layer takes beyond this is the price of everything else it promises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from data_layer.lake import Snapshot
from data_layer.market import NEM, Resolution
from data_layer.requests import (
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    LatestInterval,
    Period,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    Request,
    TimeOfDay,
)

_MEASURES = ("generation_mwh", "load_mwh", "generation_revenue_aud", "load_revenue_aud", "capacity_mwh")
_SUMS = ", ".join(f"sum({name})" for name in _MEASURES)
_SUFFIX = {Resolution.FIVE_MINUTES: "5min", Resolution.DAY: "day", Resolution.MONTH: "day"}
_REGION_SUMS = "sum(price_aud_hours_per_mwh), sum(price_hours), sum(demand_mwh), sum(net_import_mwh)"


def _bucket(resolution: Resolution) -> str:
    if resolution is Resolution.MONTH:
        return "date_trunc('month', date)"
    if resolution is Resolution.HOUR:
        return "date_trunc('hour', settlementdate - INTERVAL 5 MINUTE)"
    return "date" if resolution is Resolution.DAY else "settlementdate"


Statements = dict[type[Request], Callable[[Any], tuple[str, str]]]
"""Request class -> (table whose files are $files, the shortest SQL over them). Parameters are $start,
$end, any field of the request, and $files_<table> for further tables."""


class Floor:
    """Bare DuckDB over one version of the lake. ``more``: SQL of questions that are not named here."""

    def __init__(self, snapshot: Snapshot, more: Statements | None = None) -> None:
        self.snapshot = snapshot
        self.more = more or {}
        self.connection = duckdb.connect(config={"threads": 2})
        self.connection.execute("SET GLOBAL parquet_metadata_cache = true")

    def answer(self, request: Request) -> pa.Table:
        """Rows of the request's bare SQL."""
        table, text = self._statement(request)
        period = self._period(request)
        parameters: dict[str, Any] = {}
        for name in set(re.findall(r"\$(\w+)", text)):
            if name.startswith("files"):
                parameters[name] = self.snapshot.paths(
                    name.removeprefix("files_") if "_" in name else table, period
                )
            elif name in ("start", "end"):
                parameters[name] = getattr(period, name)
            else:
                value = getattr(request, name)
                parameters[name] = list(value) if isinstance(value, tuple) else value
        return self.connection.execute(text, parameters).to_arrow_table()

    def frame(self, request: Request) -> pd.DataFrame:
        """The same as Arrow-backed pandas."""
        return self.answer(request).to_pandas(types_mapper=pd.ArrowDtype)

    def _period(self, request: Request) -> Period:
        if isinstance(request, LatestInterval):
            return Period(request.period.end - timedelta(minutes=30), request.period.end)
        return request.period

    def _statement(self, request: Request) -> tuple[str, str]:
        """(table, SQL over $files)."""
        if type(request) in self.more:
            return self.more[type(request)](request)
        whole_days = request.period.is_whole_days
        day = "day" if whole_days else "30min"
        stamped = "settlementdate > $start AND settlementdate <= $end"
        dated = "date >= CAST($start AS DATE) AND date < CAST($end AS DATE)"
        during = dated if whole_days else stamped
        chosen = "AND regionid = $region" if getattr(request, "region", NEM) != NEM else ""
        among = "AND list_contains($regions, regionid)"
        match request:
            case GenerationMix(resolution=resolution):
                table = f"region_fuel_{_SUFFIX.get(resolution, '30min')}"
                where = dated if table.endswith("day") else stamped
                bucket = _bucket(resolution)
                return table, (
                    f"SELECT {bucket} AS t, fuel, {_SUMS} FROM read_parquet($files) WHERE {where} {chosen}"
                    " GROUP BY t, fuel ORDER BY t, fuel"
                )
            case RegionSeries(resolution=Resolution.FIVE_MINUTES):
                return "region_5min", (
                    "SELECT settlementdate, regionid, price_aud_per_mwh, totaldemand, net_import_mw"
                    f" FROM read_parquet($files) WHERE {stamped} {among} ORDER BY settlementdate, regionid"
                )
            case RegionSeries(resolution=resolution):
                table = f"region_{_SUFFIX.get(resolution, '30min')}"
                where = dated if table.endswith("day") else stamped
                return table, (
                    f"SELECT {_bucket(resolution)} AS t, regionid, {_REGION_SUMS} FROM read_parquet($files)"
                    f" WHERE {where} {among} GROUP BY t, regionid ORDER BY t, regionid"
                )
            case RegionSummary():
                return f"region_fuel_{day}", (
                    f"SELECT regionid, fuel, {_SUMS} FROM read_parquet($files) WHERE {during}"
                    " GROUP BY regionid, fuel"
                )
            case FuelSummary() | AggregateByGroup():
                return f"region_fuel_{day}", (
                    f"SELECT fuel, {_SUMS} FROM read_parquet($files) WHERE {during} {chosen} GROUP BY fuel"
                )
            case TimeOfDay():
                return "region_fuel_30min", (
                    "SELECT CAST(settlementdate AS TIME) AS t, fuel, sum(generation_mwh), sum(load_mwh)"
                    f" FROM read_parquet($files) WHERE {stamped} {chosen} GROUP BY t, fuel ORDER BY t, fuel"
                )
            case PriceEnvelope():
                return "region_5min", (
                    "SELECT settlementdate, regionid, price_aud_per_mwh"
                    f" FROM read_parquet($files) WHERE {stamped} {among} ORDER BY regionid, settlementdate"
                )
            case PriceEvents():
                return "region_5min", (
                    "SELECT settlementdate, regionid, price_aud_per_mwh FROM read_parquet($files)"
                    f" WHERE {stamped} {among}"
                    " AND (price_aud_per_mwh > $high_aud_per_mwh OR price_aud_per_mwh < $low_aud_per_mwh)"
                )
            case LatestInterval():
                return (
                    "region_5min",
                    f"SELECT * FROM read_parquet($files) WHERE {stamped} ORDER BY settlementdate",
                )
            case IntegratedData():
                return "unit_30min", (
                    "SELECT s.settlementdate, s.duid, (s.generation_mwh + s.load_mwh) * 2 AS scadavalue,"
                    " u.station_name, u.owner, s.fuel, s.regionid, u.capacity_mw,"
                    " p.price_aud_hours_per_mwh / p.price_hours AS rrp,"
                    " s.generation_mwh + s.load_mwh AS energy_mwh,"
                    " s.generation_revenue_aud + s.load_revenue_aud AS revenue_aud"
                    " FROM read_parquet($files) s LEFT JOIN read_parquet($files_units) u ON s.duid = u.duid"
                    " LEFT JOIN read_parquet($files_region_30min) p"
                    " ON s.settlementdate = p.settlementdate AND s.regionid = p.regionid"
                    f" WHERE s.{stamped.replace('AND ', 'AND s.')} ORDER BY s.settlementdate, s.duid"
                )
        raise TypeError(request.name)
