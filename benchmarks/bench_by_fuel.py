"""Claim: a year by fuel is 25 times, five years by fuel 100 times as fast as in the first dashboard."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, at_least, take_turns
from data_layer.requests import AggregateByGroup, Period


def run(contestants: Contestants, rounds: int = 5) -> list[Claim]:
    """Energy and revenue by fuel, ours against all; energies are compared before anything is timed."""
    claims = []
    for label, days, factor in (("a year by fuel", 365, 25), ("five years by fuel", 1_826, 100)):
        period = Period(contestants.data.end - timedelta(days=days), contestants.data.end)
        request = AggregateByGroup(period, ("fuel",))
        _compare(contestants, request)
        medians = take_turns(
            {
                "ours": lambda r=request: contestants.manager.answer(r, use_cache=False).frame(),
                "(a) first dashboard": lambda p=period: contestants.first.by_fuel(p),
                "(b) pandas in memory": lambda p=period: contestants.pandas.by_fuel(p),
                "(c) polars": lambda p=period: contestants.polars.by_fuel(p),
                "(d) bare DuckDB": lambda r=request: contestants.floor.frame(r),
            },
            rounds,
        )
        claims.append(at_least(label, factor, "(a) first dashboard", medians))
    return claims


def _compare(contestants: Contestants, request: AggregateByGroup) -> None:
    frame = contestants.manager.answer(request, use_cache=False).frame()
    ours = dict(zip(frame["fuel"], frame["energy_mwh"], strict=True))
    for other in (contestants.first, contestants.pandas):
        theirs = other.by_fuel(request.period).reset_index()
        assert len(theirs) == len(ours) == 10
        for fuel, energy in zip(theirs["fuel_type"], theirs["generation_mwh"], strict=True):
            assert abs(ours[fuel] - energy) <= 1e-7 * abs(energy), fuel
