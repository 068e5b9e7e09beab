"""Claims about questions in a second: callbacks of the Generation tab over days that nobody asked for before,
by a few visitors who ask again as soon as they are answered.

The service is gunicorn with two workers as it is shipped, over the generated lake; the visitors share the
machine with it. Beside it stands what the first dashboard does with the same days, one after the other, and
for a day by the hour a plain desk (plain_desk.py) behind two workers of its own, asked by as many visitors.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from typing import Any

from benchmarks import crowd_scenes as scenes
from benchmarks.analysts import CALLBACK, GENERATED_DAYS, Browser, Journal, Site
from benchmarks.bench_jobs import service as any_service
from benchmarks.contestants import Contestants
from benchmarks.crowd_service import Service, service
from benchmarks.measure import Claim, once
from data_layer.requests import Period
from tests.app.callback_client import payload

SECONDS = 30.0
VISITORS = (4, 8)
PANEL = "gen-mix"
QUESTIONS = ((30, "", 12.0), (1, "hour", 60.0), (1, "", None))
"""Days of a question, its resolution (none: what the page chooses, for a day each interval), and how many of
them are to be answered in a second. The threshold for a day was set for one series of hours, without the
prices for which this panel also asks."""

OF_A_PLAIN_DESK = 60 / 66
"""The same threshold in parts of what a plain desk answered on the machine that it was set on."""

PLAIN = ("--config", "/dev/null", "--worker-class", "gthread", "--threads", "4", "--workers", "2")

Ask = Callable[[Browser, date], Awaitable[bytes]]
"""Asks one service about the period that begins on that day."""


def starts(days: int, seed: int) -> Iterator[date]:
    """First days of periods within the generated lake in an order of chance, none twice."""
    first, last = GENERATED_DAYS
    found = [first + timedelta(days=n) for n in range((last - first).days - days)]
    random.Random(seed).shuffle(found)
    return iter(found)


async def loop(port: int, ask: Ask, visitors: int, first_days: Iterator[date]) -> Journal:
    """``visitors`` who ask again as soon as they are answered, each time about other days."""
    journal = Journal()
    until = time.monotonic() + SECONDS

    async def visitor() -> None:
        browser = Browser(port, journal)
        for start in first_days:
            if time.monotonic() >= until:
                break
            await ask(browser, start)
        browser.close()

    await asyncio.gather(*(visitor() for _ in range(visitors)))
    return journal


def of_panel(site: Site, days: int, resolution: str) -> Ask:
    """The panel over so many days."""
    grain = f"&resolution={resolution}" if resolution else ""

    def ask(browser: Browser, start: date) -> Awaitable[bytes]:
        end = start + timedelta(days=days - 1)
        return scenes.question(browser, site, PANEL, f"/generation?start={start}&end={end}{grain}")

    return ask


async def of_plain_desk(port: int) -> Ask:
    """Its chart of one day."""
    site = await Site.read(port)

    def ask(browser: Browser, start: date) -> Awaitable[bytes]:
        body = json.dumps(payload(site.entries[0], {"day.value": f"{start}"})).encode()
        return browser.ask("callback", CALLBACK + site.end, body)

    return ask


def answered(journal: Journal) -> tuple[float, dict[str, Any]]:
    """Right answers in a second, and what else there is to say."""
    found = scenes.facts(journal, "callback")
    return (found["asked"] - found["told to wait"] - found["wrong"]) / SECONDS, found


def rates(running: Service, ask: Ask, visitors: int, first_days: Iterator[date]) -> tuple[float, float, str]:
    """(answers in a second, wrong ones, in words)."""
    spent = running.cpu_seconds()
    rate, found = answered(asyncio.run(loop(running.port, ask, visitors, first_days)))
    spent = running.cpu_seconds() - spent
    said = (
        f"median {found['p50'] * 1e3:,.0f} ms, p95 {found['p95'] * 1e3:,.0f} ms; "
        f"{spent / max(rate * SECONDS, 1) * 1e3:,.1f} ms of processor each; "
        f"{found['told to wait']} told to come back, {found['wrong']} wrong"
    )
    return rate, found["wrong"], said


def run(contestants: Contestants) -> list[Claim]:
    """Every claim; about four minutes."""
    lake = contestants.data.lake.root
    claims = []
    with (
        service(lake) as running,
        any_service("benchmarks.plain_desk:server", {"PLAIN_LAKE": f"{lake / 'data'}"}, *PLAIN) as (url, _),
    ):
        site = asyncio.run(Site.read(running.port))
        plain_port = int(url.rsplit(":", 1)[1])
        plain = asyncio.run(of_plain_desk(plain_port))
        for days, resolution, target in QUESTIONS:
            period = Period(contestants.data.end - timedelta(days=days), contestants.data.end)
            pandas = once(lambda p=period: contestants.first.by_fuel(p), 5)
            first_days, plain_days = starts(days, seed=days), starts(days, seed=days)
            named = f"{days} days by fuel" + (f", each {resolution}," if resolution else "")
            for visitors in VISITORS:
                rate, wrong, said = rates(running, of_panel(site, days, resolution), visitors, first_days)
                claims.append(
                    Claim(
                        f"{named} that nobody asked for, {visitors} visitors at once",
                        "" if target is None else f">= {target:g} in a second",
                        f"{rate:,.1f} in a second",
                        None if target is None else rate >= target and not wrong,
                        f"{rate * pandas:,.1f} x the first dashboard ({pandas * 1e3:,.0f} ms each); {said}",
                    )
                )
                if (days, resolution) != (1, "hour"):
                    continue
                theirs, found = answered(asyncio.run(loop(plain_port, plain, visitors, plain_days)))
                claims.append(
                    Claim(
                        f"the same beside a plain desk, {visitors} visitors at once",
                        f">= {OF_A_PLAIN_DESK:.2f} x a plain desk (60 of 66)",
                        f"{rate / max(theirs, 1e-9):,.2f} x",
                        rate >= OF_A_PLAIN_DESK * theirs and not wrong,
                        f"it: {theirs:,.1f} in a second, median {found['p50'] * 1e3:,.0f} ms, "
                        f"{found['wrong']} wrong",
                    )
                )
    return claims
