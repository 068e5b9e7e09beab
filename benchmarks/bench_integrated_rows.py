"""Claim: 30 days of half-hour integrated rows arrive in pandas 5 times as fast as in the first dashboard."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, at_least, take_turns
from data_layer.requests import IntegratedData, Period


def run(contestants: Contestants, rounds: int = 7) -> list[Claim]:
    """Ours against all; rows are compared before anything is timed."""
    period = Period(contestants.data.end - timedelta(days=30), contestants.data.end)
    request = IntegratedData(period)
    ours = contestants.manager.answer(request, use_cache=False).frame()
    theirs = contestants.first.integrated(period)
    assert len(ours) == len(theirs) > 600_000
    assert abs(float(ours["scadavalue"].sum()) / float(theirs["scadavalue"].sum()) - 1) < 1e-9
    medians = take_turns(
        {
            "ours": lambda: contestants.manager.answer(request, use_cache=False).frame(),
            "(a) first dashboard": lambda: contestants.first.integrated(period),
            "(b) pandas in memory": lambda: contestants.pandas.integrated(period),
            "(c) polars": lambda: contestants.polars.integrated(period),
            "(d) bare DuckDB": lambda: contestants.floor.frame(request),
        },
        rounds,
    )
    return [at_least(f"30 days of half-hour rows ({len(ours):,})", 5, "(a) first dashboard", medians)]
