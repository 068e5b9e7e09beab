"""Screens of the regions tab that are measured, and the bare SQL of their questions."""

from __future__ import annotations

from benchmarks.floor import Statements
from data_layer.market import Resolution
from data_layer.requests import Request
from data_layer.requests.regions import (
    FlowDuration,
    InterconnectorMeans,
    InterconnectorSeries,
    PriceSeparation,
    RegionMeans,
    RegionSteps,
    StationSites,
)

SCREENS: dict[str, str] = {
    "7 days": "range=7d",
    "30 days": "{30d}",
    "a year of net flows": "{1y}&measure=flow&view=counter-price",
    "5 years, duration curve": "{5y}&view=duration",
}

_STAMPED = "settlementdate > $start AND settlementdate <= $end"
_DATED = "date >= CAST($start AS DATE) AND date < CAST($end AS DATE)"
_STATES = "sum(price_aud_hours_per_mwh), sum(price_hours), sum(demand_mwh), sum(net_import_mwh)"
_RENEWABLE = (
    "sum(generation_mwh) FILTER (WHERE fuel IN ('Biomass', 'Water', 'Wind', 'Solar', 'Rooftop Solar'))"
)
_FLOWS = (
    "sum(flow_mwh), sum(export_limit_mw_hours), sum(import_limit_mw_hours), sum(at_export_limit_hours),"
    " sum(at_import_limit_hours), sum(counter_price_mwh), sum(counter_price_value_aud)"
)


def _grain(request: Request) -> tuple[str, str, str]:
    """(suffix of the best rollup, its bucket, its rows of the period)."""
    resolution = getattr(request, "resolution", None)
    daily = resolution in (None, Resolution.DAY, Resolution.MONTH) and request.period.is_whole_days
    if not daily:
        return "30min", "settlementdate", _STAMPED
    return "day", "date_trunc('month', date)" if resolution is Resolution.MONTH else "date", _DATED


def _states(request: RegionMeans | RegionSteps) -> tuple[str, str]:
    suffix, bucket, rows = _grain(request)
    by = f"{bucket} AS t, regionid" if isinstance(request, RegionSteps) else "regionid"
    return f"region_{suffix}", (
        f"SELECT * FROM (SELECT {by}, {_STATES} FROM read_parquet($files) WHERE {rows} GROUP BY ALL)"
        f" JOIN (SELECT {by}, {_RENEWABLE} FROM read_parquet($files_region_fuel_{suffix}) WHERE {rows}"
        f" GROUP BY ALL) USING ({'t, ' if isinstance(request, RegionSteps) else ''}regionid)"
    )


def _flows(request: InterconnectorMeans | InterconnectorSeries) -> tuple[str, str]:
    suffix, bucket, rows = _grain(request)
    over_time = isinstance(request, InterconnectorSeries)
    by = f"{bucket} AS t, interconnectorid" if over_time else "interconnectorid"
    among = " AND list_contains($lines, interconnectorid)" if getattr(request, "lines", ()) else ""
    return f"interconnector_{suffix}", (
        f"SELECT {by}, {_FLOWS} FROM read_parquet($files) WHERE {rows}{among} GROUP BY ALL ORDER BY ALL"
    )


def _duration(request: FlowDuration) -> tuple[str, str]:
    return "interconnector_flow", (
        f"SELECT meteredmwflow FROM read_parquet($files) WHERE {_STAMPED}"
        " AND interconnectorid = $line ORDER BY meteredmwflow DESC"
    )


def _separation(_request: PriceSeparation) -> tuple[str, str]:
    prices = ", ".join(
        f"max(price_aud_per_mwh) FILTER (WHERE regionid = '{region}') AS {region}"
        for region in ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
    )
    return "region_5min", (
        f"SELECT avg(abs(NSW1 - QLD1)), avg(abs(NSW1 - SA1)), avg(abs(NSW1 - TAS1)), avg(abs(NSW1 - VIC1)),"
        f" avg(abs(QLD1 - SA1)), avg(abs(QLD1 - TAS1)), avg(abs(QLD1 - VIC1)), avg(abs(SA1 - TAS1)),"
        f" avg(abs(SA1 - VIC1)), avg(abs(TAS1 - VIC1)) FROM (SELECT settlementdate, {prices}"
        f" FROM read_parquet($files) WHERE {_STAMPED} GROUP BY settlementdate)"
    )


def _sites(_request: StationSites) -> tuple[str, str]:
    return "units", (
        "SELECT station_name, regionid, sum(capacity_mw), avg(latitude), avg(longitude)"
        " FROM read_parquet($files) GROUP BY ALL"
    )


STATEMENTS: Statements = {
    RegionMeans: _states,
    RegionSteps: _states,
    InterconnectorMeans: _flows,
    InterconnectorSeries: _flows,
    FlowDuration: _duration,
    PriceSeparation: _separation,
    StationSites: _sites,
}
