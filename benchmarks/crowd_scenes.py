"""What crowds do to a running service, one scene each: a cold storm, heavy questions, a probe."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from benchmarks.analysts import CALLBACK, REGIONS, Analyst, Asked, Browser, Journal, Site
from tests.app.callback_client import payload


def quantile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them lie; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def seconds_of(asked: list[Asked]) -> list[float]:
    return [one.seconds for one in asked]


def computed(port: int, view: str) -> int:
    """Questions of a view that an engine answered, in all processes, as /metrics counts them."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    found = re.findall(
        rf'nemdesk_query_seconds_count\{{cached="no",engine="\w+",view="{view}"\}} (\S+)', text
    )
    return int(sum(float(one) for one in found))


async def question(browser: Browser, site: Site, panel: str, address: str) -> bytes:
    """Ask for one panel as the page does."""
    path, _, search = address.partition("?")
    values = {"url.pathname": path, "url.search": f"?{search}", "version.data": "x", "theme.data": "light"}
    body = json.dumps(payload(site.panel(panel), values)).encode()
    return await browser.ask("callback", CALLBACK + site.end, body)


@dataclass(frozen=True)
class Storm:
    """``clients`` asked one question at the same moment; ``engine`` is how often it was computed."""

    journal: Journal
    engine: int
    answers: int


def year_from(day: int) -> str:
    """A view of one year of the generated lake; each day gives another one."""
    return f"/prices?view=duration&start=2023-01-{day:02}&end=2024-01-{day:02}"


async def storm(port: int, site: Site, clients: int, address: str) -> Storm:
    """A view of the price duration curve that nobody asked for before, by ``clients`` browsers at once."""
    journal = Journal()
    before = await asyncio.to_thread(computed, port, "price_duration")
    browsers = [Browser(port, journal) for _ in range(clients)]
    texts = await asyncio.gather(*(question(one, site, "price-view", address) for one in browsers))
    for one in browsers:
        one.close()
    after = await asyncio.to_thread(computed, port, "price_duration")
    return Storm(journal, after - before, sum(bool(text) for text in texts))


async def probe(port: int, until: float, every: float = 0.05) -> list[float]:
    """Seconds that /healthz took, asked every so often, each time over a connection of its own: any of the
    server's processes may take it."""
    journal = Journal()
    while time.monotonic() < until:
        browser = Browser(port, journal)
        await browser.ask("probe", "/healthz")
        browser.close()
        await asyncio.sleep(every)
    return seconds_of(journal.asked)


HEAVY: tuple[tuple[str, str], ...] = (
    ("batteries-chart", "/batteries?view=time-of-day&start=2021-07-{day:02}&end=2026-0{month}-{other:02}"),
    ("price-view", "/prices?view=duration&start=2022-0{month}-{day:02}&end=2023-0{month}-{other:02}"),
)


async def heavy(
    port: int, site: Site, clients: int, seconds: float, seed: int
) -> tuple[Journal, list[float]]:
    """``clients`` who ask large questions one after the other, each another one: years of five minutes. Half
    of them are so large that they take turns. Beside them the seconds of /healthz."""
    journal = Journal()
    until = time.monotonic() + seconds
    asked = iter(range(seed * 7, 10**6))

    async def client(number: int) -> None:
        browser = Browser(port, journal)
        while time.monotonic() < until:
            n = next(asked)
            panel, address = HEAVY[number % len(HEAVY)]
            dates = {"day": n % 28 + 1, "month": n // 28 % 6 + 1, "other": n // 168 % 28 + 1}
            await question(browser, site, panel, address.format(**dates))
        browser.close()

    probing = asyncio.create_task(probe(port, until))
    await asyncio.gather(*(client(number) for number in range(clients)))
    return journal, await probing


TABS = ("today", "generation", "prices", "price-analysis", "regions", "trends")
RANGES = ("1d", "7d", "30d", "90d", "1y")


class Reader(Analyst):
    """One of many who look at one of six tabs, with a region and a range; one view in ten is of days that
    nobody has asked for."""

    FRESH = 0.1

    async def _act(self) -> None:
        tab = self.random.choice(TABS)
        if self.random.random() < self.FRESH:
            await self._drag(tab)
        else:
            await self._go(tab, region=self.random.choice(REGIONS), range=self.random.choice(RANGES))

    async def look_at_all(self) -> None:
        """Every view that is not of days of one's own, once: from then on it is kept."""
        await self._open()
        for tab in TABS:
            for region in REGIONS:
                for days in RANGES:
                    await self._go(tab, region=region, range=days)
        self.browser.close()


def facts(journal: Journal, *kinds: str) -> dict[str, Any]:
    """Figures of what was asked. The quantiles are of how long people waited in all, the longest is of single
    requests."""
    found = journal.of(*kinds)
    waited = [seconds for kind in kinds for seconds in journal.waited.get(kind, [])]
    waits = [one for one in found if one.waits]
    return {
        "asked": len(found),
        "p50": quantile(waited, 0.5),
        "p95": quantile(waited, 0.95),
        "p99": quantile(waited, 0.99),
        "max": quantile(seconds_of(found), 1.0),
        "told to wait": len(waits),
        "told after": quantile(seconds_of(waits), 1.0),
        "wrong": len(wrong(found)),
        "given up": journal.given_up,
    }


def wrong(found: list[Asked]) -> list[str]:
    """Of each answer that is none: what is wrong with it."""
    return [one.wrong for one in found if one.wrong]
