"""A start, and the first page of all: benchmarks/bench_start.py over five years, else the demonstration.

python -m tests.trust.starting
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import datetime
from pathlib import Path

from benchmarks import bench_start
from data_layer import demo
from data_layer.lake import Lake
from tests.trust.ingest_figures import FOLDER, Figure, write

GENERATED = Path("generation-2-60-months") / "lake"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--lake", type=Path, default=Path(os.environ.get("NEMDESK_BENCH_DIR", "var/bench")) / GENERATED
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="nemdesk-start-") as folder:
        lake, what = chosen.lake.absolute(), "five years"
        if not lake.exists():
            lake, what = Path(folder) / "lake", "45 days"
            demo.build(Lake(lake), end=datetime(2026, 3, 2), days=45)
        claims = bench_start.measure(lake)
    return write(
        "starting",
        [
            Figure(f"{one.claim} ({what})", one.detail, one.measured, one.target, bool(one.met))
            for one in claims
        ],
        chosen.folder,
    )


if __name__ == "__main__":
    raise SystemExit(main())
