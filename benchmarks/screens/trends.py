"""Screens of the trends tab that are measured, and the bare SQL of their questions."""

from __future__ import annotations

from benchmarks.floor import Statements
from data_layer.market import NEM
from data_layer.requests.trends import (
    DailyRolling,
    DemandExtremes,
    EveningRamp,
    FuelTrend,
    InDays,
    ShareRecords,
    ShareTrend,
)

SCREENS: dict[str, str] = {
    "months of five years": "{5y}",
    "financial years of a region": "{5y}&region=SA1&bucket=fy&as=share",
    "a year against the one before": "{1y}&compare=year",
    "years overlaid": "{5y}&view=overlay",
    "demand by quarter": "{5y}&view=demand&bucket=quarter",
    "evening ramps": "{5y}&view=ramp&bucket=quarter",
}

_DATED = "date >= CAST($start AS DATE) AND date < CAST($end AS DATE)"
_STAMPED = "settlementdate > $start AND settlementdate <= $end"
_BALANCE = "sum(renewable_mwh), sum(rooftop_mwh), sum(generation_mwh), sum(demand_mwh)"


def _chosen(request: InDays) -> str:
    return "" if request.region == NEM else " AND regionid = $region"


def _fuels(request: FuelTrend) -> tuple[str, str]:
    return "region_fuel_day", (
        "SELECT date_trunc('month', date) AS m, fuel, sum(generation_mwh), sum(load_mwh), max(intervals)"
        f" FROM read_parquet($files) WHERE {_DATED}{_chosen(request)} GROUP BY m, fuel ORDER BY m, fuel"
    )


def _share(request: ShareTrend) -> tuple[str, str]:
    return "balance_day", (
        f"SELECT date_trunc('month', date) AS m, {_BALANCE} FROM read_parquet($files)"
        f" WHERE {_DATED}{_chosen(request)} GROUP BY m ORDER BY m"
    )


def _records(request: ShareRecords) -> tuple[str, str]:
    return "balance_30min", (
        "SELECT arg_max(settlementdate, share), max(share), arg_min(settlementdate, share), min(share) FROM ("
        "SELECT settlementdate, sum(renewable_mwh + rooftop_mwh) / sum(demand_mwh + rooftop_mwh) AS share"
        f" FROM read_parquet($files) WHERE {_STAMPED}{_chosen(request)} GROUP BY settlementdate)"
    )


def _rolling(request: DailyRolling) -> tuple[str, str]:
    return "region_fuel_day", (
        "SELECT date, sum(generation_mwh) FILTER (WHERE list_contains($fuels, fuel)), sum(generation_mwh)"
        f" FROM read_parquet($files) WHERE {_DATED}{_chosen(request)} GROUP BY date ORDER BY date"
    )


def _demand(request: DemandExtremes) -> tuple[str, str]:
    return "balance_30min", (
        "SELECT date_trunc('quarter', settlementdate) AS q, arg_max(settlementdate, mwh), max(mwh),"
        " arg_min(settlementdate, mwh), min(mwh) FROM (SELECT settlementdate, sum(demand_mwh) AS mwh"
        f" FROM read_parquet($files) WHERE {_STAMPED}{_chosen(request)} GROUP BY settlementdate)"
        " GROUP BY q ORDER BY q"
    )


def _ramp(request: EveningRamp) -> tuple[str, str]:
    net = "sum(demand_mwh - wind_solar_mwh)" if request.of == "residual" else "sum(demand_mwh)"
    return "balance_30min", (
        f"WITH h AS (SELECT settlementdate AS t, {net} AS mwh FROM read_parquet($files)"
        f" WHERE {_STAMPED}{_chosen(request)} AND hour(settlementdate) BETWEEN 14 AND 21"
        " GROUP BY settlementdate) SELECT date_trunc('quarter', l.t) AS q, max(l.mwh - e.mwh)"
        " FROM h AS e JOIN h AS l ON l.t = e.t + INTERVAL 3 HOUR GROUP BY q ORDER BY q"
    )


STATEMENTS: Statements = {
    FuelTrend: _fuels,
    ShareTrend: _share,
    ShareRecords: _records,
    DailyRolling: _rolling,
    DemandExtremes: _demand,
    EveningRamp: _ramp,
}
