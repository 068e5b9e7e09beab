"""Alternative (a): the first dashboard's plan. Half-hour Parquet over all years, a join view, ``.df()``.

View and column names are those of the first dashboard; its date filter is mended (> start, <= end), so that
all alternatives answer the same question.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from benchmarks.generated_lake import BenchData
from data_layer.requests import Period

_VIEW = """
CREATE VIEW integrated_data_30min AS
SELECT
    g.settlementdate, g.duid, g.scadavalue,
    d."Site Name" AS station_name, d."Owner" AS owner, d."Fuel" AS fuel_type, d."Region" AS region,
    d."Capacity(MW)" AS nameplate_capacity,
    p.settlementdate AS price_settlementdate, p.regionid AS price_region, p.rrp,
    g.scadavalue * p.rrp * 0.5 AS revenue_30min,
    CASE WHEN d."Capacity(MW)" > 0 THEN g.scadavalue / d."Capacity(MW)" * 100 ELSE 0 END
        AS capacity_factor_pct,
    date_trunc('hour', g.settlementdate) AS hour,
    date_trunc('day', g.settlementdate) AS date
FROM generation_30min g
LEFT JOIN duid_mapping d ON g.duid = d."DUID"
LEFT JOIN prices_30min p ON g.settlementdate = p.settlementdate AND d."Region" = p.regionid
"""


class FirstDashboard:
    """One DuckDB connection with the views, as it was."""

    def __init__(self, data: BenchData) -> None:
        self.connection = duckdb.connect(config={"threads": 2})
        self.connection.execute(f"CREATE VIEW generation_30min AS FROM read_parquet('{data.scada30}')")
        self.connection.execute(f"CREATE VIEW prices_30min AS FROM read_parquet('{data.prices30}')")
        self.connection.execute(f"CREATE TABLE duid_mapping AS FROM read_parquet('{data.duid_mapping}')")
        self.connection.execute(_VIEW)

    def integrated(self, period: Period) -> pd.DataFrame:
        """Half-hour rows of the period."""
        return self.connection.execute(
            "SELECT * FROM integrated_data_30min WHERE settlementdate > ? AND settlementdate <= ?"
            " ORDER BY settlementdate, duid",
            [period.start, period.end],
        ).df()

    def by_fuel(self, period: Period) -> pd.DataFrame:
        """Energy and revenue by fuel."""
        return self.connection.execute(
            "SELECT fuel_type, sum(scadavalue) * 0.5 AS generation_mwh, sum(revenue_30min) AS revenue,"
            " count(DISTINCT duid) AS units, min(rrp) AS min_price, max(rrp) AS max_price,"
            " count(*) AS records"
            " FROM integrated_data_30min WHERE settlementdate > ? AND settlementdate <= ?"
            " GROUP BY fuel_type ORDER BY revenue DESC",
            [period.start, period.end],
        ).df()

    def rows(self) -> int:
        """Half-hour readings in all."""
        found = self.connection.execute("SELECT count(*) FROM generation_30min").fetchone()
        assert found is not None
        return int(found[0])
