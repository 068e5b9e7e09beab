"""One way of writing all unit readings of a period to a file, alone in its process: prints seconds, rows,
bytes and memory as JSON.

    python -m benchmarks.export_worker <lake> <ours | pandas | duckdb> <csv | parquet> <days> <file>
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.measure import proportional_memory_mb
from data_layer import exports, sql
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.planner import plan
from data_layer.query_manager import open_manager
from data_layer.requests import IntegratedData, Period


def ours(lake: Lake, request: IntegratedData, form: str, path: Path) -> None:
    exports.write(open_manager(lake.root), request, form, path)


def with_pandas(lake: Lake, request: IntegratedData, form: str, path: Path) -> None:
    """What an analyst would write: read the files, merge, sort, write."""
    snapshot, period = lake.snapshot(), request.period

    def read(table: str, columns: list[str]) -> pd.DataFrame:
        found = pd.concat([pd.read_parquet(one, columns=columns) for one in snapshot.paths(table, period)])
        return found[(found.settlementdate > period.start) & (found.settlementdate <= period.end)]

    facts = ["duid", "station_name", "owner", "fuel", "regionid", "capacity_mw"]
    units = pd.read_parquet(snapshot.paths("units")[0], columns=facts)
    prices = read("region_5min", ["settlementdate", "regionid", "price_aud_per_mwh"])
    rows = read("unit_scada", ["settlementdate", "duid", "scadavalue"])
    rows = rows.merge(units, on="duid", how="left")
    rows = rows.merge(prices, on=["settlementdate", "regionid"], how="left")
    rows["energy_mwh"] = rows.scadavalue / 12
    rows["revenue_aud"] = rows.energy_mwh * rows.price_aud_per_mwh
    rows["capacity_factor_pct"] = 100 * rows.scadavalue / rows.capacity_mw
    rows = rows.sort_values(["settlementdate", "duid"])
    names = {"fuel": "fuel_type", "regionid": "region", "capacity_mw": "nameplate_capacity"}
    rows = rows.rename(columns={**names, "price_aud_per_mwh": "rrp"})[list(request.columns)]
    if form == "csv":
        rows.to_csv(path, index=False, compression={"method": "zip", "compresslevel": 1})
    else:
        rows.to_parquet(path, index=False, compression="zstd")


def with_duckdb(lake: Lake, request: IntegratedData, form: str, path: Path) -> None:
    """COPY of the same question in one statement, two threads and no other limit."""
    chosen = plan(request, lake.snapshot())
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(sql.macros())
    options = "FORMAT parquet, COMPRESSION zstd" if form == "parquet" else "FORMAT csv, COMPRESSION gzip"
    statement = sql.ordered(chosen.statement, chosen.order)
    connection.execute(f"COPY ({statement}) TO '{path}' ({options})", chosen.parameters)


WAYS: dict[str, Callable[[Lake, IntegratedData, str, Path], None]] = {
    "ours": ours,
    "pandas": with_pandas,
    "duckdb": with_duckdb,
}


def main(lake_dir: str, way: str, form: str, days: str, file: str) -> None:
    """Idle is measured with everything imported and the lake opened once."""
    lake = Lake(Path(lake_dir))
    end = max(span[1] for span in [lake.snapshot().span("unit_scada")] if span)
    request = IntegratedData(Period(end - timedelta(days=int(days)), end), Resolution.FIVE_MINUTES)
    idle = highest = proportional_memory_mb()
    over = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.05):
            highest = max(highest, proportional_memory_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    WAYS[way](lake, request, form, Path(file))
    seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    size = Path(file).stat().st_size
    print(json.dumps({"seconds": seconds, "idle": idle, "peak": highest, "bytes": size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
