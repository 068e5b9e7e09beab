"""`make bench`: every claim in one run, one table at the end. Exit code 0 whether met or missed."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "2")

from benchmarks import (
    bench_by_fuel,
    bench_cached_repeat,
    bench_crowd,
    bench_exports,
    bench_history_length,
    bench_integrated_rows,
    bench_jobs,
    bench_screens,
    bench_start,
    bench_system,
    bench_tabs,
    bench_throughput,
    bench_worker_memory,
)
from benchmarks.contestants import Contestants
from benchmarks.generated_lake import prepare
from benchmarks.measure import Claim, report

BENCHES = {
    "rows": bench_integrated_rows,
    "fuel": bench_by_fuel,
    "tabs": bench_tabs,
    "screens": bench_screens,
    "cache": bench_cached_repeat,
    "length": bench_history_length,
    "memory": bench_worker_memory,
    "jobs": bench_jobs,
    "exports": bench_exports,
    "crowd": bench_crowd,
    "system": bench_system,
    "start": bench_start,
    "throughput": bench_throughput,
}


def main() -> None:
    """Generate what is missing, run the chosen benches, print the report."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("bench", nargs="*", choices=[*BENCHES, []], help="which (default: all)")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("NEMDESK_BENCH_DIR", "var/bench")))
    parser.add_argument("--months", type=int, default=60, help="length of the generated history")
    chosen = parser.parse_args()
    data = prepare(chosen.folder.absolute(), chosen.months)
    snapshot = data.lake.snapshot()
    rows = snapshot.rows("unit_scada")
    size = sum(entry.bytes for parts in snapshot.files.values() for entry in parts.values()) / 1e6
    print(
        f"Lake: {rows:,} readings in {len(snapshot.partitions('unit_scada'))} months, "
        f"{size:,.0f} MB with rollups"
    )
    contestants = Contestants(data)
    claims: list[Claim] = []
    for name in chosen.bench or BENCHES:
        print(f"measuring {name}", flush=True)
        found = BENCHES[name].run(contestants)
        for claim in found:
            print(f"  {claim.claim}: {claim.measured} ({claim.target})", flush=True)
        claims += found
    if "pandas" in vars(contestants):
        print(
            f"(a), (b), (c) work on {contestants.first.rows():,} half-hour readings; "
            f"(b) holds {contestants.pandas.megabytes:,.0f} MB of them in memory"
        )
    print("\n" + report(claims))


if __name__ == "__main__":
    main()
