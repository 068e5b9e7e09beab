"""Screens of the curtailment tab that are measured, and the bare SQL of their questions."""

from benchmarks.floor import Statements
from data_layer.market import Resolution
from data_layer.requests.curtailment import (
    CurtailmentSeries,
    CurtailmentSummary,
    CurtailmentTimeOfDay,
    UnitCurtailment,
)

SCREENS: dict[str, str] = {
    "30 d": "{30d}",
    "1 y, by fuel, units": "{1y}&view=fuel&by=unit",
    "5 y": "{5y}",
    "5 y, SA1, share, units": "{5y}&view=share&region=SA1&by=unit",
    "5 y, average day": "{5y}&view=time-of-day",
}

_DATED = "date >= CAST($start AS DATE) AND date < CAST($end AS DATE)"
_STAMPED = "settlementdate > $start AND settlementdate <= $end"
_SUMS = (
    "sum(uigf_mwh), sum(curtailed_mwh), sum(economic_curtailed_mwh), sum(network_curtailed_mwh),"
    " sum(unpriced_curtailed_mwh), sum(intervals)"
)
_CHOSEN = "($region = 'NEM' OR regionid = $region) AND (len($fuels) = 0 OR list_contains($fuels, fuel))"


def _series(request: CurtailmentSeries) -> tuple[str, str]:
    daily = request.resolution in (Resolution.DAY, Resolution.MONTH)
    hourly = request.resolution is Resolution.HOUR
    bucket = f"date_trunc('{request.resolution.value}', date)" if daily else "settlementdate"
    bucket = "date_trunc('hour', settlementdate - INTERVAL 30 MINUTE)" if hourly else bucket
    return f"curtailment_{'day' if daily else '30min'}", (
        f"SELECT {bucket} AS t, fuel, {_SUMS} FROM read_parquet($files)"
        f" WHERE {_DATED if daily else _STAMPED} AND {_CHOSEN} GROUP BY t, fuel ORDER BY t, fuel"
    )


def _time_of_day(request: CurtailmentTimeOfDay) -> tuple[str, str]:
    return "curtailment_30min", (
        f"SELECT CAST(settlementdate AS TIME) AS t, fuel, {_SUMS} FROM read_parquet($files)"
        f" WHERE {_STAMPED} AND {_CHOSEN} GROUP BY t, fuel ORDER BY t, fuel"
    )


def _summary(request: CurtailmentSummary) -> tuple[str, str]:
    return "curtailment_day", (
        f"SELECT regionid, fuel, {_SUMS} FROM read_parquet($files)"
        f" WHERE {_DATED} AND list_contains($fuels, fuel) GROUP BY regionid, fuel"
    )


def _units(request: UnitCurtailment) -> tuple[str, str]:
    return "unit_curtailment_day", (
        f"SELECT duid, fuel, {_SUMS} FROM read_parquet($files) WHERE {_DATED} AND {_CHOSEN}"
        " GROUP BY duid, fuel ORDER BY 4 DESC"
    )


STATEMENTS: Statements = {
    CurtailmentSeries: _series,
    CurtailmentTimeOfDay: _time_of_day,
    CurtailmentSummary: _summary,
    UnitCurtailment: _units,
}
