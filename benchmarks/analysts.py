"""Analysts at the page, as a server sees them: an asyncio client that costs little of the machine it shares.

Each opens the page, changes dates and regions, switches tabs, drags, starts long questions and stops them,
and thinks in between. What is sent is what dash's renderer sends: the shell's callbacks and every panel of
the open tab at once, over at most six kept-alive connections, and the page's clocks. An answer that says
"busy" (Retry-After) is asked for again as assets/busy.js does.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import brotli

from tests.app.callback_client import payload

CONNECTIONS: Final = 6
PATIENCE_SECONDS: Final = 30.0
TRIES: Final = 8
CALLBACK: Final = "/_dash-update-component"
THINKS: Final = (3.0, 8.0)
GENERATED_DAYS: Final = (date(2022, 1, 1), date(2025, 12, 31))
"""Within the generated lake of benchmarks/generated_lake.py."""


@dataclass(frozen=True)
class Asked:
    """One request: when it began (monotonic), how long it took, and how it ended. ``status`` 0: no answer
    within 30 s or a broken connection. ``kind``: page, script, callback, long (job order or poll)."""

    kind: str
    began: float
    seconds: float
    status: int
    waits: bool = False
    """Told to come back later."""
    wrong: str = ""
    """What is wrong with an answer of status 200."""


@dataclass
class Journal:
    """What all analysts saw."""

    asked: list[Asked] = field(default_factory=list)
    waited: dict[str, list[float]] = field(default_factory=dict)
    """Of each kind the seconds from a question to its answer, those included in which one was told to come
    back and waited to do so."""
    given_up: int = 0
    """Questions that heard 'busy' until nobody waited any more."""
    jobs: int = 0
    stopped: int = 0
    actions: int = 0

    def of(self, *kinds: str) -> list[Asked]:
        return [one for one in self.asked if one.kind in kinds]


class Browser:
    """Six connections to one server, kept alive; a cookie; a journal."""

    def __init__(self, port: int, journal: Journal) -> None:
        self.port = port
        self.journal = journal
        self.cookie = ""
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def ask(self, kind: str, path: str, body: bytes | None = None) -> bytes:
        """The body of an answer, asked for again while it says 'busy'; b'' where there is none."""
        began = time.monotonic()
        for _ in range(TRIES):
            answer, again = await self._once(kind, path, body)
            if not again:
                self.journal.waited.setdefault(kind, []).append(time.monotonic() - began)
                return answer
            await asyncio.sleep(again * random.uniform(1.0, 1.5))
        self.journal.given_up += 1
        return b""

    async def _once(self, kind: str, path: str, body: bytes | None) -> tuple[bytes, float]:
        began = time.monotonic()
        status, headers, text, wrong = 0, {}, b"", ""
        try:
            async with self._places:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    status, headers, text = await self._exchange(path, body)
            wrong = judged(kind, status, text)
        except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            wrong = type(error).__name__
        again = float(headers.get("retry-after", 0))
        self.journal.asked.append(
            Asked(kind, began, time.monotonic() - began, status, bool(again), "" if again else wrong)
        )
        return text if status == 200 else b"", again

    async def _exchange(self, path: str, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        """Over a kept connection; one that the server closed meanwhile is replaced, as browsers do."""
        while self._free:
            reader, writer = self._free.pop()
            if reader.at_eof() or writer.is_closing():
                writer.close()
                continue
            with suppress(OSError, EOFError):
                return await self._over(reader, writer, path, body)
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        return await self._over(reader, writer, path, body)

    async def _over(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        done = False
        try:
            head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            head += "Accept-Encoding: br, gzip\r\n"
            if self.cookie:
                head += f"Cookie: {self.cookie}\r\n"
            if body is not None:
                head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"\r\n" + (body or b""))
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(lines[0].split()[1])
            pairs = [line.split(": ", 1) for line in lines[1:] if ": " in line]
            headers = {name.lower(): value for name, value in pairs}
            text = await _body(reader, status, headers)
            if "set-cookie" in headers:
                self.cookie = headers["set-cookie"].split(";")[0]
            done = headers.get("connection", "").lower() != "close"
            if headers.get("content-encoding") == "br":
                text = brotli.decompress(text)
            return status, headers, text
        finally:
            if done:
                self._free.append((reader, writer))
            else:
                writer.close()

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()
        self._free.clear()


async def _body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> bytes:
    if status == 204 or status == 304:
        return b""
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", 0)))


def judged(kind: str, status: int, text: bytes) -> str:
    """What is wrong with an answer, '' if nothing."""
    if status not in (200, 204, 304):
        return f"status {status}"
    if kind in ("callback", "long") and b"panel-failed" in text:
        said = re.search(rb'"message message-error"[^}]*"children":"([^"]{0,200})|panel-failed', text)
        return f"panel failed: {(said[1] or b'?').decode() if said else '?'}"
    return ""


@dataclass(frozen=True)
class Site:
    """What every page of the server has: its callbacks and its scripts, read once."""

    entries: list[dict[str, Any]]
    scripts: list[str]
    end: str
    units: tuple[str, ...]
    days: tuple[date, date]

    @classmethod
    async def read(
        cls, port: int, units: tuple[str, ...] = (), days: tuple[date, date] = GENERATED_DAYS
    ) -> Site:
        """``units``: some that long questions are about, none for no long questions; ``days``: those that the
        data covers for certain."""
        browser = Browser(port, Journal())
        page = (await browser.ask("page", "/")).decode()
        listed = json.loads(await browser.ask("page", "/_dash-dependencies"))
        browser.close()
        end = re.search(r'"end_id":\s*"([^"]+)"', page)
        return cls(
            [one for one in listed if not one.get("clientside_function")],
            re.findall(r'src="([^"]+)"', page),
            f"?endId={end[1]}" if end else "",
            units,
            days,
        )

    def panel(self, panel_id: str) -> dict[str, Any]:
        """The callback that fills a panel."""
        return next(one for one in self.entries if one["output"].startswith(f"..{panel_id}-top.children..."))

    def with_input(self, *names: str) -> list[dict[str, Any]]:
        return [
            one
            for one in self.entries
            if not one.get("background")
            and any(f"{part['id']}.{part['property']}" in names for part in one["inputs"])
        ]


TABS: Final = (
    ("today", 10),
    ("generation", 25),
    ("prices", 20),
    ("price-analysis", 12),
    ("stations", 8),
    ("regions", 10),
    ("trends", 5),
    ("batteries", 5),
    ("curtailment", 4),
    ("system", 1),
)
"""How often each is opened, in percent."""

REGIONS: Final = ("NEM", "NSW1", "QLD1", "SA1", "TAS1", "VIC1")
PRESETS: Final = ("1d", "7d", "7d", "30d", "30d", "90d", "1y")
PERIOD_SHARE: Final = 0.35
"""Of the changes, how many name days of their own: nobody has asked for those before."""


class Analyst:
    """One person's page."""

    def __init__(self, port: int, site: Site, journal: Journal, seed: int) -> None:
        self.random = random.Random(seed)
        self.site = site
        self.journal = journal
        self.browser = Browser(port, journal)
        self.values: dict[str, Any] = {"theme.data": "light", "shown.data": None, "url.pathname": "/today"}
        self.page_ids: set[str] = set()
        self.generation = 0

    async def live(self, until: float, think: tuple[float, float] = THINKS) -> None:
        """Open the page and work at it until a moment of the monotonic clock."""
        try:
            await self._open()
            clocks = [
                asyncio.create_task(self._clock("poll.n_intervals", 30.0)),
                asyncio.create_task(self._clock("jobs-tick.n_intervals", 25.0)),
            ]
            while time.monotonic() < until:
                await self._act()
                self.journal.actions += 1
                await asyncio.sleep(self.random.uniform(*think))
            for clock in clocks:
                clock.cancel()
        finally:
            self.browser.close()

    async def _open(self) -> None:
        await self.browser.ask("page", "/today")
        await asyncio.gather(*(self.browser.ask("script", path) for path in self.site.scripts))
        await asyncio.gather(
            self.browser.ask("page", "/_dash-layout"), self.browser.ask("page", "/_dash-dependencies")
        )
        await asyncio.gather(self._shell(pathname=True), self._tick("jobs-tick.n_intervals"))

    async def _act(self) -> None:
        """One thing an analyst does."""
        chosen = self.random.random()
        tab = self.values["url.pathname"][1:]
        if chosen < 0.25:
            await self._go(self.random.choices([n for n, _ in TABS], [w for _, w in TABS])[0])
        elif chosen < 0.45:
            await self._go(tab, region=self.random.choice(REGIONS))
        elif chosen < 0.5 and self.site.units:
            await self._long()
        elif self.random.random() < PERIOD_SHARE:
            await self._drag(tab)
        else:
            await self._go(tab, range=self.random.choice(PRESETS))

    async def _drag(self, tab: str) -> None:
        """Days of one's own, as a drag over a chart or the date fields choose them."""
        length = self.random.choice((1, 2, 7, 14))
        first, last = self.site.days
        start = first + timedelta(days=self.random.randrange(max((last - first).days - length, 1)))
        await self._go(tab, start=start.isoformat(), end=(start + timedelta(days=length - 1)).isoformat())

    async def _go(self, tab: str, **change: str) -> None:
        """Follow an address: the shell, and every panel on the page, at once."""
        pairs = dict(part.split("=") for part in self.values.get("url.search", "")[1:].split("&") if part)
        if "range" in change:
            pairs.pop("start", None), pairs.pop("end", None)
        if "start" in change:
            pairs.pop("range", None)
        if tab != self.values["url.pathname"][1:]:
            pairs.pop("view", None), pairs.pop("units", None)
        pairs = {name: value for name, value in {**pairs, **change}.items() if value != "NEM"}
        search = "?" + "&".join(f"{name}={value}" for name, value in pairs.items()) if pairs else ""
        moved = self.values["url.pathname"] != f"/{tab}"
        self.values |= {"url.pathname": f"/{tab}", "url.search": search}
        self.generation += 1
        await self._shell(pathname=moved)

    async def _shell(self, *, pathname: bool) -> None:
        asks = []
        for entry in self.site.with_input("url.search"):
            if entry["output"].startswith("..tabs.children") or (not pathname and self._on_page(entry)):
                asks.append(self._callback(entry))
        if pathname:
            asks.append(self._tab())
        await asyncio.gather(*asks)

    def _on_page(self, entry: dict[str, Any]) -> bool:
        return entry["output"].strip(".").split(".")[0] in self.page_ids

    async def _tab(self) -> None:
        """The tab's layout, then whatever stands on it."""
        entry = next(one for one in self.site.entries if one["output"].startswith("..page.children"))
        text = await self._callback(entry)
        if not text:
            return
        self.page_ids = set(re.findall(r'"id":"([a-z0-9-]+)"', text.decode()))
        self.values["shown.data"] = self.values["url.pathname"][1:]
        panels = [one for one in self.site.with_input("url.search") if self._on_page(one)]
        await asyncio.gather(*(self._callback(one) for one in panels))

    async def _callback(self, entry: dict[str, Any], kind: str = "callback") -> bytes:
        body = json.dumps(payload(entry, self.values)).encode()
        text = await self.browser.ask(kind, CALLBACK + self.site.end, body)
        if b'-job":{"data":{' in text:
            asyncio.get_running_loop().create_task(self._watch(text, entry))
        return text

    async def _watch(self, text: bytes, entry: dict[str, Any]) -> None:
        """A panel that waits for its job: order, ask four times a second, and stop when the view changes."""
        with suppress(asyncio.CancelledError, StopIteration, KeyError, ValueError):
            found = json.loads(text)["response"]
            name = next(key for key in found if key.endswith("-job") and found[key].get("data"))
            work = next(
                one for one in self.site.entries if one.get("background") and one["inputs"][0]["id"] == name
            )
            self.journal.jobs += 1
            mine = self.generation
            order = json.dumps(payload(work, {f"{name}.data": found[name]["data"]})).encode()
            path = f"{CALLBACK}{self.site.end or '?'}"
            answer = await self.browser.ask("long", path, order)
            if not answer:
                return
            handles = json.loads(answer)
            path += f"&cacheKey={handles['cacheKey']}&job={handles['job']}"
            poll = json.dumps(payload(work, {})).encode()
            while True:
                await asyncio.sleep(0.25)
                if mine != self.generation:
                    stop = next(
                        one
                        for one in self.site.entries
                        if one["inputs"][0]["id"] == name.removesuffix("-job") + "-stop"
                    )
                    wish = {f"{name.removesuffix('-job')}-stop.data": {"why": "view", "at": 1}}
                    body = json.dumps(payload(stop, wish)).encode()
                    await self.browser.ask(
                        "long", f"{CALLBACK}{self.site.end or '?'}&cancelJob={handles['job']}", body
                    )
                    self.journal.stopped += 1
                    return
                answer = await self.browser.ask("long", path, poll)
                if not answer or "response" in json.loads(answer):
                    return

    async def _long(self) -> None:
        """Readings of two units over all years; it runs as a job, and is stopped by moving on."""
        units = "%2C".join(self.random.sample(self.site.units, 2))
        await self._go("stations", range="all", view="duration", units=units)

    async def _clock(self, name: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._tick(name)

    async def _tick(self, name: str) -> None:
        for entry in self.site.with_input(name):
            await self._callback(entry)


async def crowd(
    port: int,
    site: Site,
    people: int,
    seconds: float,
    arrive: float,
    *,
    seed: int = 1,
    think: tuple[float, float] = THINKS,
    who: type[Analyst] = Analyst,
) -> Journal:
    """``people`` analysts, who arrive over ``arrive`` seconds, for ``seconds`` in all; ``who`` says how they
    work."""
    journal = Journal()
    until = time.monotonic() + seconds

    async def one(number: int) -> None:
        await asyncio.sleep(arrive * number / people)
        await who(port, site, journal, seed * 10_000 + number).live(until, think)

    await asyncio.gather(*(one(number) for number in range(people)))
    return journal
