"""Claim: a worker that has served every screen holds less than 250 MB of proportional memory (PSS).

Each worker is a process of its own that builds what gunicorn's would build, serves every screen of
bench_tabs and the 30 days of rows of bench_integrated_rows, and then says how much it holds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.contestants import Contestants
from benchmarks.measure import Claim

LIMIT_MB = 250


def run(contestants: Contestants) -> list[Claim]:
    """Two workers one after the other: the product's default limits."""
    program = [sys.executable, "-m", "benchmarks.worker", str(contestants.data.lake.root)]
    done = subprocess.run(
        program, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    found = json.loads(done.stdout.splitlines()[-1])
    detail = ", ".join(f"{name} {value:,.0f} MB" for name, value in found.items())
    return [
        Claim(
            "a worker's PSS after every screen",
            f"< {LIMIT_MB} MB",
            f"{found['screens']:,.0f} MB",
            found["screens"] < LIMIT_MB,
            detail,
        ),
        Claim(
            "... and after 30 days of rows in pandas",
            f"< {LIMIT_MB} MB",
            f"{found['rows']:,.0f} MB",
            found["rows"] < LIMIT_MB,
        ),
    ]
