"""Alternative (c): polars, lazily over the same half-hour Parquet as (a)."""

from __future__ import annotations

import polars as pl

from benchmarks.generated_lake import BenchData
from data_layer.requests import Period


class PolarsLazy:
    """The join as a lazy frame; polars pushes the period and the columns down."""

    def __init__(self, data: BenchData) -> None:
        units = pl.scan_parquet(data.duid_mapping).rename(
            {"Region": "regionid", "DUID": "duid", "Fuel": "fuel_type"}
        )
        self.joined = (
            pl.scan_parquet(data.scada30)
            .join(units, on="duid", how="left")
            .join(pl.scan_parquet(data.prices30), on=["settlementdate", "regionid"], how="left")
            .with_columns(revenue_30min=pl.col("scadavalue") * pl.col("rrp") * 0.5)
        )

    def _rows(self, period: Period) -> pl.LazyFrame:
        stamp = pl.col("settlementdate")
        return self.joined.filter((stamp > period.start) & (stamp <= period.end))

    def integrated(self, period: Period) -> pl.DataFrame:
        """Half-hour rows of the period, as polars' own frame."""
        return self._rows(period).sort("settlementdate", "duid").collect()

    def by_fuel(self, period: Period) -> pl.DataFrame:
        """Energy and revenue by fuel."""
        return (
            self._rows(period)
            .group_by("fuel_type")
            .agg(generation_mwh=pl.col("scadavalue").sum() * 0.5, revenue=pl.col("revenue_30min").sum())
            .collect()
        )
