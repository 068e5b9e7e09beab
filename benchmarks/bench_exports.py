"""Claim: 20 million unit readings become a file with less than 200 MB above what the process holds idle.

Side by side with what one would do otherwise: read, merge, sort and write with pandas; COPY in DuckDB. Each
in a process of its own, alone, taking turns; every file's rows are counted and summed by DuckDB afterwards.
pandas and ours write a zip, DuckDB has none and writes gzip.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.contestants import Contestants
from benchmarks.measure import Claim

DAYS = 150
LIMIT_MB = 200
WAYS = ("ours", "pandas", "duckdb")
ROUNDS = {"parquet": 3, "csv": 1}
"""A round of CSV takes ten minutes, most of them pandas."""


def run(contestants: Contestants, rounds: int = 0) -> list[Claim]:
    """Both forms that a file of this size makes sense in; ``rounds`` instead of ROUNDS."""
    claims = []
    for form, usual in ROUNDS.items():
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        totals = set()
        for number in range(rounds or usual):
            for way in WAYS:
                with tempfile.TemporaryDirectory() as folder:
                    file = Path(folder) / {"ours": "rows", "pandas": "rows.zip", "duckdb": "rows.gz"}[way]
                    found[way].append(_written(contestants, way, form, file))
                    if not number:
                        totals.add(_total(file, form, way))
        assert len(totals) == 1, totals
        rows = next(iter(totals))[0]
        claims += _claims(form, rows, found)
    return claims


def _written(contestants: Contestants, way: str, form: str, file: Path) -> dict[str, float]:
    program = [sys.executable, "-m", "benchmarks.export_worker", str(contestants.data.lake.root)]
    done = subprocess.run(
        [*program, way, form, str(DAYS), str(file)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _total(file: Path, form: str, way: str) -> tuple[int, int]:
    """(rows, sum of MW and dollars), so that all have written the same."""
    if form == "parquet":
        question = f"SELECT count(*), sum(scadavalue) + sum(revenue_aud) FROM read_parquet('{file}')"
        rows, total = duckdb.execute(question).fetchall()[0]
        return int(rows), round(total)
    wanted = ["scadavalue", "revenue_aud"]
    if way == "duckdb":
        return _sum(pd.read_csv(file, usecols=wanted, chunksize=1_000_000, compression="gzip"))
    with zipfile.ZipFile(file) as opened:
        member = next(name for name in opened.namelist() if name != "README.txt")
        with opened.open(member) as text:
            return _sum(pd.read_csv(text, usecols=wanted, chunksize=1_000_000))


def _sum(chunks: object) -> tuple[int, int]:
    rows, total = 0, 0.0
    for chunk in chunks:  # type: ignore[attr-defined]
        rows += len(chunk)
        total += float(chunk.scadavalue.sum() + chunk.revenue_aud.sum())
    return rows, round(total)


def _claims(form: str, rows: int, found: dict[str, list[dict[str, float]]]) -> list[Claim]:
    above = {way: max(one["peak"] - one["idle"] for one in all_) for way, all_ in found.items()}
    seconds = {way: statistics.median(one["seconds"] for one in all_) for way, all_ in found.items()}
    size = {way: all_[0]["bytes"] / 1e6 for way, all_ in found.items()}
    pace = ", ".join(f"{way} {rows / taken / 1e3:,.0f} k rows/s" for way, taken in seconds.items())
    memory = ", ".join(f"{way} {value:,.0f} MB" for way, value in above.items())
    sizes = ", ".join(f"{way} {value:,.0f} MB" for way, value in size.items())
    name = f"{rows / 1e6:.1f} M readings as {form}"
    return [
        Claim(
            f"{name}: peak PSS above idle",
            f"< {LIMIT_MB} MB",
            f"{above['ours']:,.0f} MB",
            above["ours"] < LIMIT_MB,
            memory,
        ),
        Claim(
            f"{name}: time against pandas",
            ">= 1 x pandas",
            f"{seconds['pandas'] / seconds['ours']:,.1f} x",
            seconds["ours"] <= seconds["pandas"],
            f"{pace}; files: {sizes}",
        ),
        Claim(
            f"{name}: time against DuckDB COPY",
            "-",
            f"{seconds['duckdb'] / seconds['ours']:,.1f} x",
            None,
        ),
    ]
