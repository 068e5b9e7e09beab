"""Screens of the stations tab that are measured, and the bare SQL of their questions."""

from typing import Any

from benchmarks.floor import Statements
from data_layer.requests.stations import (
    STATION,
    StationDuration,
    StationPeers,
    StationPriceBands,
    StationSeries,
    StationSummary,
    StationTimeOfDay,
    UnitFacts,
    UnitSearch,
)

_PAIR = "units=station:Station+100,station:Station+170"
"""Four units of the generated fleet."""

SCREENS: dict[str, str] = {
    "ranking, 30 days": "{30d}",
    "ranking, 5 years": "{5y}",
    "two stations, 30 days": "{30d}&" + _PAIR,
    "two stations, 5 years": "{5y}&" + _PAIR,
    "two stations, average day, a year": "{1y}&view=time-of-day&" + _PAIR,
    "two stations, price bands, a year": "{1y}&view=price-bands&" + _PAIR,
    "two stations, duration, a year": "{1y}&view=duration&" + _PAIR,
}

_MEMBERS = (
    "(SELECT i.item, u.duid FROM (SELECT unnest($units) AS item) AS i"
    " JOIN read_parquet($files_units) AS u"
    f" ON i.item = u.duid OR i.item = '{STATION}' || u.station_name)"
)
_STAMPED = "r.settlementdate > $start AND r.settlementdate <= $end"
_READINGS = (
    f"read_parquet($files) AS r JOIN {_MEMBERS} AS m ON r.duid = m.duid"
    " LEFT JOIN read_parquet($files_region_5min) AS p"
    f" ON r.settlementdate = p.settlementdate AND r.regionid = p.regionid WHERE {_STAMPED}"
)
_OUTPUTS = (
    "(SELECT item, r.settlementdate, sum(r.mw) AS mw, avg(p.price_aud_per_mwh) AS price"
    f" FROM {_READINGS} GROUP BY item, r.settlementdate)"
)


def _series(request: StationSeries) -> tuple[str, str]:
    if request.resolution.is_subdaily:
        minutes = request.resolution.intervals * 5
        stamp = f"time_bucket(INTERVAL {minutes} MINUTE, r.settlementdate - INTERVAL 5 MINUTE)"
        return "unit_by_duid", (
            f"SELECT item, {stamp} AS t, sum(r.mw), sum(r.mw * p.price_aud_per_mwh), sum(p.price_aud_per_mwh)"
            f" FROM {_READINGS} GROUP BY item, t ORDER BY t, item"
        )
    sums = "sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud), sum(reference_hours)"
    return "unit_day", (
        f"SELECT m.item, date_trunc('{request.resolution.value}', r.date) AS t, {sums}"
        f" FROM read_parquet($files) AS r JOIN {_MEMBERS} AS m ON r.duid = m.duid"
        " WHERE date >= CAST($start AS DATE) AND date < CAST($end AS DATE) GROUP BY m.item, t ORDER BY t"
    )


def _summary(_request: StationSummary) -> tuple[str, str]:
    """Sums, and the steps from one reading to the next: no starts, no stamps, no shares."""
    sums = f"SELECT item, sum(r.mw), sum(r.mw * p.price_aud_per_mwh) FROM {_READINGS} GROUP BY item"
    steps = f"SELECT item, mw - lag(mw) OVER (PARTITION BY item ORDER BY settlementdate) AS d FROM {_OUTPUTS}"
    return "unit_by_duid", (
        f"SELECT * FROM ({sums}) AS s JOIN"
        f" (SELECT item, min(d), max(d) FROM ({steps}) GROUP BY item) AS d ON s.item = d.item"
    )


def _peers(_request: StationPeers) -> tuple[str, str]:
    return "unit_day", (
        "SELECT duid, fuel, regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),"
        " sum(load_revenue_aud), sum(capacity_mwh), sum(reference_price_aud_hours_per_mwh)"
        " FROM read_parquet($files) WHERE date >= CAST($start AS DATE) AND date < CAST($end AS DATE)"
        " GROUP BY duid, fuel, regionid"
    )


def _over_outputs(select: str) -> Any:
    return lambda _request: ("unit_by_duid", f"SELECT item, {select} FROM {_OUTPUTS} GROUP BY ALL")


_BANDS = (
    "SELECT item, (p.price_aud_per_mwh > 0)::INT + (p.price_aud_per_mwh > 300)::INT AS b, sum(r.mw)"
    f" FROM {_READINGS} GROUP BY item, b"
)

STATEMENTS: Statements = {
    StationSeries: _series,
    StationSummary: _summary,
    StationPeers: _peers,
    StationTimeOfDay: _over_outputs(
        "time_bucket(INTERVAL 30 MINUTE, settlementdate)::TIME AS t, avg(mw), avg(price)"
    ),
    StationDuration: _over_outputs("quantile_cont(mw, [0.1, 0.5, 0.9])"),
    StationPriceBands: lambda _request: ("unit_by_duid", _BANDS),
    UnitSearch: lambda _request: ("units", "SELECT * FROM read_parquet($files)"),
    UnitFacts: lambda _request: ("units", "SELECT * FROM read_parquet($files)"),
}
