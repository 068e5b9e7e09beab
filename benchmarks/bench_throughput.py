"""Claims about questions in a second: callbacks of the Generation tab over days that nobody asked for before,
by a few visitors who ask again as soon as they are answered.

The service is gunicorn with two workers as it is shipped, over the generated lake; the visitors share the
machine with it. Beside it stands what the first dashboard does with the same days, one after the other.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import date, timedelta

from benchmarks import crowd_scenes as scenes
from benchmarks.analysts import GENERATED_DAYS, Browser, Journal, Site
from benchmarks.contestants import Contestants
from benchmarks.crowd_service import service
from benchmarks.measure import Claim, once
from data_layer.requests import Period

SECONDS = 30.0
VISITORS = (4, 8)
PANEL = "gen-mix"
QUESTIONS = ((30, "", 12.0), (1, "hour", 60.0), (1, "", None))
"""Days of a question, its resolution (none: what the page chooses, for a day each interval), and how many of
them are to be answered in a second. The threshold for a day was set for one series of hours, without the
prices for which this panel also asks."""


def starts(days: int, seed: int) -> Iterator[date]:
    """First days of periods within the generated lake in an order of chance, none twice."""
    first, last = GENERATED_DAYS
    found = [first + timedelta(days=n) for n in range((last - first).days - days)]
    random.Random(seed).shuffle(found)
    return iter(found)


async def loop(
    port: int, site: Site, visitors: int, days: int, resolution: str, first_days: Iterator[date]
) -> Journal:
    """``visitors`` who ask one panel again and again, each time for other days."""
    grain = f"&resolution={resolution}" if resolution else ""
    journal = Journal()
    until = time.monotonic() + SECONDS

    async def visitor() -> None:
        browser = Browser(port, journal)
        for start in first_days:
            if time.monotonic() >= until:
                break
            end = start + timedelta(days=days - 1)
            await scenes.question(browser, site, PANEL, f"/generation?start={start}&end={end}{grain}")
        browser.close()

    await asyncio.gather(*(visitor() for _ in range(visitors)))
    return journal


def run(contestants: Contestants) -> list[Claim]:
    """Every claim; about two and a half minutes."""
    claims = []
    with service(contestants.data.lake.root) as running:
        site = asyncio.run(Site.read(running.port))
        for days, resolution, target in QUESTIONS:
            period = Period(contestants.data.end - timedelta(days=days), contestants.data.end)
            pandas = once(lambda p=period: contestants.first.by_fuel(p), 5)
            first_days = starts(days, seed=days)
            named = f"{days} days by fuel" + (f", each {resolution}," if resolution else "")
            for visitors in VISITORS:
                spent = running.cpu_seconds()
                journal = asyncio.run(loop(running.port, site, visitors, days, resolution, first_days))
                spent = running.cpu_seconds() - spent
                found = scenes.facts(journal, "callback")
                answered = found["asked"] - found["told to wait"] - found["wrong"]
                rate = answered / SECONDS
                claims.append(
                    Claim(
                        f"{named} that nobody asked for, {visitors} visitors at once",
                        "" if target is None else f">= {target:g} in a second",
                        f"{rate:,.1f} in a second",
                        None if target is None else rate >= target and not found["wrong"],
                        f"{rate * pandas:,.1f} x the first dashboard ({pandas * 1e3:,.0f} ms each); median "
                        f"{found['p50'] * 1e3:,.0f} ms, p95 {found['p95'] * 1e3:,.0f} ms; "
                        f"{spent / max(answered, 1) * 1e3:,.1f} ms of processor each; "
                        f"{found['told to wait']} told to come back, {found['wrong']} wrong",
                    )
                )
    return claims
