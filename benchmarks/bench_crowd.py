"""Claims about a crowd: what its callbacks take, who is told to wait, and what stays quick meanwhile.

The service is gunicorn with two workers over the generated lake, as it is shipped; the crowd shares the
machine with it. Ratios are to the same service with nobody else there. `python -m tests.trust.crowd` is the
long form.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import pyarrow.parquet as pq

from benchmarks import crowd_scenes as scenes
from benchmarks.analysts import Browser, Journal, Site, crowd
from benchmarks.contestants import Contestants
from benchmarks.crowd_service import service
from benchmarks.measure import Claim

SECONDS = 60.0
ARRIVE = 10.0


@dataclass(frozen=True)
class Idle:
    """p95 seconds with nobody else there: a panel that is in the cache, and /healthz."""

    callback: float
    health: float


async def idle(port: int, site: Site, seconds: float = 5.0) -> Idle:
    """Measure it; every worker has served something before."""
    journal = Journal()
    browser = Browser(port, journal)
    address = "/generation?range=7d"
    for _ in range(10):
        await scenes.question(browser, site, "gen-mix", address)
    journal.asked.clear()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await scenes.question(browser, site, "gen-mix", address)
        await asyncio.sleep(0.02)
    browser.close()
    health = await scenes.probe(port, time.monotonic() + seconds)
    took = scenes.seconds_of(journal.asked)
    return Idle(scenes.quantile(took, 0.95), scenes.quantile(health, 0.99))


def units_of(contestants: Contestants) -> tuple[str, ...]:
    """Some units of the generated lake, for questions that read their readings."""
    folder = contestants.data.lake.root.parent
    names = pq.read_table(folder / "gen_info.parquet", columns=["DUID"])["DUID"].to_pylist()
    return tuple(names[:8])


def run(contestants: Contestants) -> list[Claim]:
    """Every claim; about four minutes."""
    with service(contestants.data.lake.root) as running:
        return asyncio.run(_claims(running.port, units_of(contestants)))


async def _claims(port: int, units: tuple[str, ...]) -> list[Claim]:
    site = await Site.read(port, units)
    alone = await idle(port, site)
    claims = []
    for people, most in ((50, 0.5), (200, 30.0)):
        journal = await crowd(port, site, people, SECONDS, ARRIVE)
        found = scenes.facts(journal, "callback")
        everything = scenes.wrong(journal.asked)
        met = not everything and (found["p95"] < most if people == 50 else found["max"] < most)
        claims.append(
            Claim(
                f"{people} analysts, {SECONDS:g} s",
                "no error, " + ("p95 < 500 ms" if people == 50 else "nobody waits 30 s"),
                f"{len(everything)} errors, p95 {found['p95'] * 1e3:,.0f} ms",
                met,
                f"{found['asked']:,} callbacks, {found['told to wait']:,} told to come back, longest "
                f"{found['max']:,.1f} s; p95 {found['p95'] / alone.callback:,.1f} x idle",
            )
        )
    storms = [await scenes.storm(port, site, 64, scenes.year_from(day)) for day in (3, 4, 5)]
    slowest = max(scenes.facts(one.journal, "callback")["p95"] for one in storms)
    claims.append(
        Claim(
            "64 at once, one uncached year: computed",
            "<= 1 in each process",
            f"{max(one.engine for one in storms)} in two",
            max(one.engine for one in storms) <= 2 and all(one.answers == 64 for one in storms),
            f"all answered, p95 {slowest * 1e3:,.0f} ms, {len(storms)} storms",
        )
    )
    journal, health = await scenes.heavy(port, site, 32, 20.0, 1)
    found = scenes.facts(journal, "callback")
    p99 = scenes.quantile(health, 0.99)
    claims.append(
        Claim(
            "32 who ask large questions: p99 of /healthz",
            "<= 100 ms",
            f"{p99 * 1e3:,.0f} ms",
            p99 <= 0.1,
            f"idle {alone.health * 1e3:,.0f} ms; {found['told to wait']:,} of {found['asked']:,} heard busy "
            f"after {found['told after']:,.1f} s at most (target 2.5 s); {found['wrong']} wrong",
        )
    )
    return claims
