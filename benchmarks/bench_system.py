"""Claims: years of data quality come within a second, and watching costs nothing that a visitor notices."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.processes import service_processes
from app.query_log import QueryLog
from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, once
from data_layer.answers import Observation
from data_layer.requests import FuelSummary, Period
from data_layer.requests.quality import DataGaps, DataQuality


def run(contestants: Contestants, rounds: int = 31) -> list[Claim]:
    """Questions of the System tab, uncached, and questions with and without the log."""
    manager, end = contestants.manager, contestants.data.end
    claims = []
    for label, request in (
        ("data quality, 5 y", DataQuality(Period(end - timedelta(days=1_826), end))),
        ("data quality, 1 y", DataQuality(Period(end - timedelta(days=365), end))),
        ("gaps of a day, NSW1", DataGaps(Period(end - timedelta(days=1), end), "NSW1")),
    ):
        seconds = once(lambda r=request: manager.answer(r, use_cache=False), 9)
        claims.append(Claim(label, "<= 1 s", f"{seconds * 1e3:,.0f} ms", seconds <= 1.0))
    return [*claims, *_watching(contestants, rounds)]


def _watching(contestants: Contestants, rounds: int) -> list[Claim]:
    """The observer alone: beside an answer, its cost would drown in the answer's own variation."""
    end = contestants.data.end
    question = FuelSummary(Period(end - timedelta(days=30), end))
    facts = contestants.manager.answer(question, use_cache=False).provenance
    made = Observation(question, facts, 10, facts.seconds, facts.engine)
    kept = replace(made, provenance=replace(facts, cached=True))
    with tempfile.TemporaryDirectory() as folder:
        log = QueryLog(Path(folder) / "queries")
        computed = once(lambda: [log(made) for _ in range(20)], rounds) / 20
        cached = once(lambda: [log(kept) for _ in range(2_000)], rounds) / 2_000
    processes = once(service_processes, rounds)
    return [
        Claim("logging what is computed", "<= 1 ms", f"{computed * 1e3:.3f} ms", computed <= 1e-3),
        Claim("logging what is cached", "<= 0.01 ms", f"{cached * 1e3:.4f} ms", cached <= 1e-5),
        Claim("a look at the process", "<= 20 ms", f"{processes * 1e3:.1f} ms", processes <= 0.02),
    ]
