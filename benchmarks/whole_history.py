"""Alternative (b): the whole history as pandas frames in memory, at half-hours.

At 5 minutes 252 M joined rows would take some 8 GB; the half-hour frame (42 M rows, text as categories,
joined once at start) is what fits beside anything else, and what the first dashboard held before DuckDB.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.generated_lake import BenchData
from data_layer.requests import Period


class WholeHistory:
    """Everything joined and in memory; ``megabytes`` is what the frame takes."""

    def __init__(self, data: BenchData) -> None:
        mapping = pd.read_parquet(data.duid_mapping)
        prices = pd.read_parquet(data.prices30).pivot(
            index="settlementdate", columns="regionid", values="rrp"
        )
        table = pq.read_table(data.scada30, read_dictionary=["duid"])
        duids = table.column("duid").combine_chunks()
        names = np.array(duids.dictionary.to_pylist())
        order = mapping.set_index("DUID").loc[names]
        codes = duids.indices.to_numpy().astype(np.int16)
        stamps = table.column("settlementdate").to_numpy()
        megawatts = table.column("scadavalue").to_numpy()
        region = pd.Categorical(order["Region"]).set_categories(list(prices.columns))
        row = prices.index.searchsorted(stamps)
        rrp = prices.to_numpy()[row, region.codes[codes]]
        fuel = pd.Categorical(order["Fuel"])
        self.frame = pd.DataFrame(
            {
                "settlementdate": stamps,
                "duid": pd.Categorical.from_codes(codes, names),
                "scadavalue": megawatts,
                "region": pd.Categorical.from_codes(region.codes[codes], region.categories),
                "fuel_type": pd.Categorical.from_codes(fuel.codes[codes], fuel.categories),
                "rrp": rrp,
                "revenue_30min": megawatts * rrp * 0.5,
            }
        )
        self.megabytes = self.frame.memory_usage(deep=False).sum() / 1e6

    def _rows(self, period: Period) -> pd.DataFrame:
        """The frame is in time order, so that a period is a slice."""
        stamps = self.frame["settlementdate"]
        first = stamps.searchsorted(np.datetime64(period.start), side="right")
        last = stamps.searchsorted(np.datetime64(period.end), side="right")
        return self.frame.iloc[first:last]

    def integrated(self, period: Period) -> pd.DataFrame:
        """Half-hour rows of the period, a copy."""
        return self._rows(period).copy()

    def by_fuel(self, period: Period) -> pd.DataFrame:
        """Energy and revenue by fuel."""
        grouped = self._rows(period).groupby("fuel_type", observed=True)
        answer = grouped[["scadavalue", "revenue_30min"]].sum()
        answer["generation_mwh"] = answer.pop("scadavalue") * 0.5
        return answer
