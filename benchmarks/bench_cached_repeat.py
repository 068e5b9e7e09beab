"""Claim: the same question again, in the same process, takes less than a millisecond."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, once
from data_layer.requests import AggregateByGroup, FuelSummary, IntegratedData, Period


def run(contestants: Contestants, rounds: int = 101) -> list[Claim]:
    """A small answer and a large one, as the Arrow table that is kept."""
    claims = []
    end = contestants.data.end
    for request in (
        FuelSummary(Period(end - timedelta(days=365), end)),
        AggregateByGroup(Period(end - timedelta(days=365), end), ("region", "fuel")),
        IntegratedData(Period(end - timedelta(days=30), end)),
    ):
        rows = contestants.manager.answer(request).table.num_rows
        assert contestants.manager.answer(request).provenance.cached
        seconds = once(lambda r=request: contestants.manager.answer(r), rounds)
        label = f"cached repeat: {request.name} ({rows:,} rows)"
        claims.append(Claim(label, "< 1 ms", f"{seconds * 1e3:.3f} ms", seconds < 0.001))
    return claims
