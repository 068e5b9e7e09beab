"""Screens of the batteries tab that are measured, and the bare SQL of their questions."""

from benchmarks.floor import Statements
from data_layer.market import Resolution
from data_layer.requests.batteries import BatterySeries, BatterySummary, BatteryTimeOfDay, StorageLevel

SCREENS: dict[str, str] = {
    "30 d": "{30d}",
    "1 y, money by owner": "{1y}&show=money&by=owner",
    "5 y": "{5y}",
    "5 y, ranking by region": "{5y}&view=ranking&by=region",
    "1 y, average day": "{1y}&view=time-of-day",
    "5 y, average day of a region's": "{5y}&view=time-of-day&by=region&selected=SA1",
    "5 y, stored energy": "{5y}&view=stored",
}

_DATED = "date >= CAST($start AS DATE) AND date < CAST($end AS DATE)"
_STAMPED = "settlementdate > $start AND settlementdate <= $end"
_SUMS = "sum(discharge_mwh), sum(charge_mwh), sum(discharge_revenue_aud), sum(charge_cost_aud)"
_IN_REGION = "($region = 'NEM' OR regionid = $region)"


def _summary(request: BatterySummary) -> tuple[str, str]:
    group = "regionid" if request.group_by == "region" else "battery"
    return "battery_day", (
        f"SELECT {group}, {_SUMS}, sum(intervals) FROM read_parquet($files)"
        f" WHERE {_DATED} AND {_IN_REGION} GROUP BY {group}"
    )


def _bucket(resolution: Resolution) -> tuple[str, str, str]:
    """(suffix of the rollup, bucket, condition)."""
    if resolution in (Resolution.DAY, Resolution.MONTH):
        return "day", f"date_trunc('{resolution.value}', date)", _DATED
    if resolution is Resolution.HOUR:
        return "30min", "date_trunc('hour', settlementdate - INTERVAL 30 MINUTE)", _STAMPED
    return "30min", "settlementdate", _STAMPED


def _series(request: BatterySeries) -> tuple[str, str]:
    suffix, bucket, during = _bucket(request.resolution)
    return f"battery_{suffix}", (
        f"SELECT {bucket} AS t, {_SUMS}, max(intervals) FROM read_parquet($files)"
        f" WHERE {during} AND {_IN_REGION} AND (len($chosen) = 0 OR list_contains($chosen, regionid))"
        " GROUP BY t ORDER BY t"
    )


def _time_of_day(request: BatteryTimeOfDay) -> tuple[str, str]:
    return "battery_30min", (
        "WITH b AS (SELECT CAST(settlementdate AS TIME) AS t, regionid, sum(discharge_mwh), sum(charge_mwh)"
        f" FROM read_parquet($files) WHERE {_STAMPED} AND {_IN_REGION}"
        " AND (len($chosen) = 0 OR list_contains($chosen, regionid)) GROUP BY t, regionid),"
        " p AS (SELECT CAST(settlementdate AS TIME) AS t, regionid, sum(price_aud_hours_per_mwh)"
        f" FROM read_parquet($files_region_30min) WHERE {_STAMPED} GROUP BY t, regionid)"
        " SELECT * FROM b JOIN p USING (t, regionid) ORDER BY t"
    )


def _stored(request: StorageLevel) -> tuple[str, str]:
    bucket = {
        Resolution.FIVE_MINUTES: "settlementdate",
        Resolution.DAY: "CAST(settlementdate - INTERVAL 5 MINUTE AS DATE)",
        Resolution.MONTH: "date_trunc('month', settlementdate - INTERVAL 5 MINUTE)",
    }.get(request.resolution, "date_trunc('hour', settlementdate - INTERVAL 5 MINUTE)")
    return "region_demand", (
        f"SELECT {bucket} AS t, regionid, avg(bdu_energy_storage), min(bdu_energy_storage),"
        f" max(bdu_energy_storage) FROM read_parquet($files) WHERE {_STAMPED}"
        " AND list_contains($regions, regionid) GROUP BY t, regionid ORDER BY t, regionid"
    )


STATEMENTS: Statements = {
    BatterySummary: _summary,
    BatterySeries: _series,
    BatteryTimeOfDay: _time_of_day,
    StorageLevel: _stored,
}
