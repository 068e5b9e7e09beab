"""Claim: any tab's data costs at most twice the bare DuckDB query on the best rollup, plus 10 ms.

The questions are not listed here: each panel of the page is made once for the address in hand, and what it
asked is recorded. So the benchmark cannot drift away from the page.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, milliseconds, take_turns
from callbacks import TABS, state
from callbacks.guard import Ask
from data_layer.query_manager import Answer, HybridQueryManager, LakeState
from data_layer.requests import Request

SPANS: Final = {"30 d": 30, "1 y": 365, "5 y": 1_826}


class Recorder:
    """Stands where the manager stands and notes the requests that pass."""

    def __init__(self, manager: HybridQueryManager) -> None:
        self.manager = manager
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Answer:
        if request not in self.requests:
            self.requests.append(request)
        return self.manager.answer(request)

    def lake_state(self) -> LakeState:
        return self.manager.lake_state()


def asked(manager: HybridQueryManager, tab: str, search: str) -> list[Request]:
    """Requests that the tab's panels send for one address."""
    recorder = Recorder(manager)
    lake = recorder.lake_state()
    assert lake.first is not None
    assert lake.last is not None
    view = state.parse(tab, search, lake.first, lake.last)
    for panel in next(one for one in TABS if one.name == tab).panels.values():
        panel.make(Ask(recorder, lake, view, "light"))
    return recorder.requests


def screens(contestants: Contestants) -> dict[str, list[Request]]:
    """Screen -> its requests: both tabs, both kinds of chart, a region and the NEM, three spans."""
    last = contestants.data.end - timedelta(days=1)
    found = {"Today, NEM": asked(contestants.manager, "today", "")}
    found["Today, SA1"] = asked(contestants.manager, "today", "?region=SA1")
    for label, days in SPANS.items():
        first = last - timedelta(days=days - 1)
        dates = f"?start={first:%Y-%m-%d}&end={last:%Y-%m-%d}"
        for extra in ("", "&region=SA1", "&view=time-of-day"):
            name = f"Generation, {label}{extra.replace('&region=', ', ').replace('&view=', ', ')}"
            found[name] = asked(contestants.manager, "generation", dates + extra)
    return found


def run(contestants: Contestants, rounds: int = 9) -> list[Claim]:
    """One line per screen: all of its requests, uncached, one after the other."""
    claims = []
    for name, requests in screens(contestants).items():
        medians = take_turns(
            {
                "ours": lambda rs=requests: [contestants.manager.answer(r, use_cache=False) for r in rs],
                "(d) bare DuckDB": lambda rs=requests: [contestants.floor.answer(r) for r in rs],
            },
            rounds,
        )
        allowed = 2 * medians["(d) bare DuckDB"] + 0.010
        detail = f"{milliseconds(medians)}; asks {', '.join(r.name for r in requests)}"
        shown = f"{medians['ours'] * 1e3:.1f} of {allowed * 1e3:.1f} ms"
        claims.append(Claim(name, "<= 2 x (d) + 10 ms", shown, medians["ours"] <= allowed, detail))
    return claims
