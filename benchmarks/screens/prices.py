"""Screens of the prices tab that are measured, and the bare SQL of their questions."""

from benchmarks.floor import Statements
from data_layer.requests import PriceBands, PriceDuration, PriceProfile, PriceStatistics, TopIntervals

SCREENS: dict[str, str] = {
    "30 d": "{30d}",
    "1 y, one region, smoothed, against the year before": "{1y}&region=SA1&smooth=loess&compare=year",
    "5 y": "{5y}",
    "5 y, daily": "{5y}&resolution=day",
    "5 y, spikes and dips, duration curve": "{5y}&draw=extremes&view=duration",
    "5 y, price bands": "{5y}&view=bands",
    "5 y, heat-map": "{5y}&view=heat-map&heat=month",
    "5 y, time of day": "{5y}&view=time-of-day",
    "5 y, dearest intervals": "{5y}&view=top",
    "5 y, events": "{5y}&view=events",
}

_PRICED = (
    "FROM read_parquet($files) WHERE settlementdate > $start AND settlementdate <= $end"
    " AND price_aud_per_mwh IS NOT NULL AND list_contains($regions, regionid)"
)

STATEMENTS: Statements = {
    PriceStatistics: lambda request: (
        "region_5min",
        (
            "SELECT regionid, count(*), avg(price_aud_per_mwh), sum(price_aud_per_mwh * totaldemand),"
            " sum(totaldemand), quantile_cont(price_aud_per_mwh, [0.25, 0.5, 0.75]), min(price_aud_per_mwh),"
            " max(price_aud_per_mwh), stddev_samp(price_aud_per_mwh),"
            f" count(*) FILTER (WHERE price_aud_per_mwh < 0) {_PRICED} GROUP BY regionid"
        ),
    ),
    PriceDuration: lambda request: (
        "region_5min",
        f"SELECT regionid, floor(price_aud_per_mwh) AS step, count(*) {_PRICED} GROUP BY regionid, step",
    ),
    PriceBands: lambda request: (
        "region_5min",
        (
            "SELECT regionid, CASE WHEN price_aud_per_mwh < 0 THEN 0 WHEN price_aud_per_mwh < 30 THEN 1"
            " WHEN price_aud_per_mwh < 100 THEN 2 WHEN price_aud_per_mwh < 300 THEN 3"
            " WHEN price_aud_per_mwh < 1000 THEN 4 ELSE 5 END AS band, count(*), sum(price_aud_per_mwh)"
            f" {_PRICED} GROUP BY regionid, band"
        ),
    ),
    TopIntervals: lambda request: (
        "region_5min",
        (
            f"SELECT regionid, settlementdate, price_aud_per_mwh {_PRICED} QUALIFY row_number() OVER"
            " (PARTITION BY regionid ORDER BY price_aud_per_mwh DESC) <= $top"
        ),
    ),
    PriceProfile: lambda request: (
        "region_30min",
        (
            "SELECT regionid, CAST(settlementdate AS TIME) AS t, date_trunc('month', settlementdate) AS part,"
            " sum(price_aud_hours_per_mwh), sum(price_hours), sum(demand_value_aud), sum(priced_demand_mwh)"
            " FROM read_parquet($files) WHERE settlementdate > $start AND settlementdate <= $end"
            " AND list_contains($regions, regionid) GROUP BY regionid, t, part"
        ),
    ),
}
