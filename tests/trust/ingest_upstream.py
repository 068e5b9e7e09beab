"""A server that misbehaves in every way of a list: what can be had is had, the rest is refused with a reason.

    python -m tests.trust.ingest_upstream

Each fault strikes one file (or listing) of a small tree during a whole ingest. Asked of each: the ingest ends
by itself, the other files arrive, the file struck arrives or stands in the record with a reason, it was asked
for at most five times, no more than two connections were open, and no body larger than allowed stays.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import resource
import stat
import struct
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from data_layer.ingest import mms, nemweb, pipeline
from data_layer.ingest.download import Downloader, FetchFailed, Manners
from data_layer.ingest.ledger import Ledger
from data_layer.ingest.run import Summary
from data_layer.lake import Lake
from tests.data_layer.ingest import server as web
from tests.data_layer.ingest.mms_text import PRICE_HEADER, SCADA_HEADER, price, scada, zipped
from tests.data_layer.ingest.mms_text import mms as text
from tests.trust.ingest_figures import Figure, write

FEW = Manners(spacing=0, read_timeout=0.4, connect_timeout=2, pause=0.01, total=2.0, largest_body=4 << 20)
ARRIVES, REFUSED, ABSENT = "arrives", "refused", "absent"
MONTH = (2024, 1)
STRUCK = "PUBLIC_DVD_DISPATCHPRICE_202401010000"
MANY = 99
LONGEST = FEW.total + FEW.connect_timeout + FEW.read_timeout + 2.0
"""Seconds after which one file or listing has come or is given up: the hard stop is for all its tries and
pauses together, then a look at its length, and 2 s for a machine that does other work."""
PATIENT = FEW.tries * LONGEST
"""The same as a deadline in `make test`, beside whatever else runs."""


def month_of_prices(stamps: int = 12, month: str = "2024/01") -> bytes:
    rows = [
        price(f"{month}/01 {minute // 60:02}:{minute % 60:02}:00", region, minute)
        for minute in range(5, 5 * stamps + 1, 5)
        for region in ("NSW1", "SA1")
    ]
    return text(PRICE_HEADER, *rows)


def put_tree(tree: Path) -> None:
    """A month of two tables."""
    folder = tree / nemweb.month_folder(*MONTH)
    folder.mkdir(parents=True)
    readings = [
        scada(f"2024/01/01 00:{minute:02}:00", duid, 7) for minute in (5, 10) for duid in ("A1", "B1")
    ]
    name = "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202401010000"
    (folder / f"{name}.zip").write_bytes(zipped({f"{name}.CSV": text(SCADA_HEADER, *readings)}))
    (folder / f"{STRUCK}.zip").write_bytes(zipped({f"{STRUCK}.CSV": month_of_prices()}))


@dataclass(frozen=True)
class Strike:
    """A fault, or what makes a body in the file's place: some take a second to make, and who only lists the
    strikes needs none. ``asked``: the GETs the file may cost (None: up to five)."""

    name: str
    outcome: str
    faults: tuple[web.Fault, ...] = ()
    body: Callable[[], bytes] | None = None
    asked: int | None = None
    at_listing: bool = False
    reason: str = ""


def head(length: str, more: str = "") -> str:
    return f"HTTP/1.1 200 OK\nContent-Length: {length}{more}"


def faults() -> list[Strike]:
    """Everything on the way."""
    again = [
        ("403", web.status(403)),
        ("408", web.status(408)),
        ("429 with Retry-After in seconds", web.status(429, Retry_After="0")),
        ("429 with Retry-After as a date", web.status(429, Retry_After="Mon, 06 Jan 2025 00:00:00 GMT")),
        ("429 with a Retry-After that is no number", web.status(429, Retry_After="\u00b2")),
        ("500", web.status(500)),
        ("502", web.status(502)),
        ("503", web.status(503)),
        ("504", web.status(504)),
        ("reset", web.reset),
        ("hang-up", web.hang_up),
        ("stall before the answer", web.stall),
        ("stall inside the head", web.raw("HTTP/1.1 200 OK\nContent-", hold=1.0)),
        ("truncated body", web.cut_off),
        ("Content-Length one too long", web.wrong_length(1)),
        ("Content-Length one too short", web.wrong_length(-1)),
        ("Content-Length that is no number", web.raw(head("\u00b2"), b"x")),
        ("negative Content-Length", web.raw(head("-5"), b"x")),
        ("HTML in place of a zip", web.page),
        ("an empty body", web.status_body(200, b"")),
        ("a gzip lie", web.raw(head("4", "\nContent-Encoding: gzip"), b"lies")),
        ("garbage instead of HTTP", web.raw("\0\1\2 no http")),
        (
            "a hundred and fifty headers",
            web.raw(head("1") + "".join(f"\nX-{n}: y" for n in range(150)), b"x"),
        ),
        (
            "a resumption elsewhere",
            web.raw("HTTP/1.1 206 Partial\nContent-Range: bytes 7-9/10\nContent-Length: 3", b"abc"),
        ),
        ("416", web.status(416)),
    ]
    strikes = []
    for name, fault in again:
        if name != "Content-Length one too short":
            strikes.append(Strike(f"{name}, once", ARRIVES, (fault,)))
            strikes.append(Strike(f"{name}, three times", ARRIVES, (fault,) * 3))
        strikes.append(Strike(f"{name}, always", REFUSED, (fault,) * MANY))
    strikes += [
        Strike("Content-Length one too short, once", ARRIVES, (web.wrong_length(-1),)),
        Strike("404", ABSENT, (web.status(404),) * MANY, asked=1),
        Strike("401", REFUSED, (web.status(401),) * MANY, asked=1),
        Strike("1 B/s drip of the body", REFUSED, (web.drip,) * MANY),
        Strike("1 B/s drip of the head", REFUSED, (web.raw(head("9" * 200), pace=0.1),) * MANY),
        Strike("an endless body", REFUSED, (web.endless,) * MANY, reason="larger"),
        Strike(
            "a declared body of a terabyte",
            REFUSED,
            (web.raw(head("1099511627776"), b"PK"),) * MANY,
            asked=1,
            reason="larger",
        ),
        Strike(
            "redirect to another host",
            REFUSED,
            (web.redirect("http://127.0.0.2:9/x.zip"),) * MANY,
            asked=1,
            reason="another host",
        ),
        Strike("redirect without a host", REFUSED, (web.redirect("file:///etc/passwd"),) * MANY, asked=1),
        Strike("redirect to no address", REFUSED, (web.redirect("http://[evil/"),) * MANY, asked=1),
        Strike("redirect to itself", REFUSED, (web.redirect(""),) * MANY, asked=3),
        Strike("half a listing, once", ARRIVES, (web.half_listing,), at_listing=True),
        Strike("half a listing, always", REFUSED, (web.half_listing,) * MANY, at_listing=True),
        Strike("an error page for a listing, once", ARRIVES, (web.page,), at_listing=True),
        Strike("an error page for a listing, always", REFUSED, (web.page,) * MANY, at_listing=True),
        Strike("an endless listing", REFUSED, (web.endless,) * MANY, at_listing=True),
        Strike("a listing with 500, three times", ARRIVES, (web.status(500),) * 3, at_listing=True),
        Strike("a listing with 403, always", REFUSED, (web.status(403),) * MANY, at_listing=True),
    ]
    return strikes


@cache
def _bomb(mebibytes: int) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{STRUCK}.CSV", "w") as member,
    ):
        for _ in range(mebibytes):
            member.write(bytes(1 << 20))
    return buffer.getvalue()


def _lying(body: bytes) -> bytes:
    """A zip of a large member that says it is small."""
    data = bytearray(zipped({f"{STRUCK}.CSV": body + bytes(8 << 20)}))
    true_size = struct.pack("<I", len(body) + (8 << 20))
    while (at := data.find(true_size)) >= 0:
        data[at : at + 4] = struct.pack("<I", len(body))
    return bytes(data)


def bodies() -> list[Strike]:
    """Everything that arrives whole and should not be believed."""
    good = month_of_prices()
    link = zipfile.ZipInfo(f"{STRUCK}.CSV")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    inner = zipped({f"{STRUCK}.CSV": good})
    linked = zipped([(link, b"/etc/passwd")])  # type: ignore[list-item]
    other = text(
        "I,DISPATCH,PRICE,9,SETTLEMENTDATE,RUNNO,REGION_NAME,PRICE",
        "D,DISPATCH,PRICE,9,2024/01/01 00:05:00,1,NSW1,5",
    )
    return [
        Strike("a bomb of 1 MB to 1 GiB", REFUSED, body=lambda: _bomb(1024), reason="bomb"),
        Strike(
            "a bomb in a zip",
            REFUSED,
            body=lambda: zipped({"INNER.ZIP": _bomb(1024)}, zipfile.ZIP_STORED),
            reason="bomb",
        ),
        Strike("zips nested five deep", REFUSED, body=lambda: _nested(inner, 5), reason="nested"),
        Strike(
            "ten thousand members",
            REFUSED,
            body=lambda: zipped([(f"A{n}.CSV", b"x") for n in range(10_000)]),
            reason="members",
        ),
        Strike(
            "ten thousand zips",
            REFUSED,
            body=lambda: zipped([(f"A{n}.ZIP", b"x") for n in range(10_000)]),
            reason="members",
        ),
        Strike("a member that is a link", REFUSED, body=lambda: linked, reason="link"),
        Strike("a member named ../", REFUSED, body=lambda: zipped({"../../X.CSV": good}), reason="name"),
        Strike(
            "a member with an absolute name",
            REFUSED,
            body=lambda: zipped({"/etc/X.CSV": good}),
            reason="name",
        ),
        Strike(
            "a member named with a backslash",
            REFUSED,
            body=lambda: zipped({"..\\X.CSV": good}),
            reason="name",
        ),
        Strike("a member that lies about its size", REFUSED, body=lambda: _lying(good), reason="damaged"),
        Strike("an empty zip", REFUSED, body=lambda: zipped({}), reason="empty"),
        Strike(
            "a zip whose only member is empty",
            REFUSED,
            body=lambda: zipped({f"{STRUCK}.CSV": b""}),
            reason="empty",
        ),
        Strike("a zip cut in half", REFUSED, body=lambda: inner[: len(inner) // 2]),
        Strike(
            "a file of another month",
            REFUSED,
            body=lambda: zipped({f"{STRUCK}.CSV": month_of_prices(12, "2019/07")}),
            reason="outside the file's month",
        ),
        Strike(
            "an unknown version with other columns",
            REFUSED,
            body=lambda: zipped({f"{STRUCK}.CSV": other}),
            reason="has no column",
        ),
        Strike(
            "rows of another version than their header",
            REFUSED,
            body=lambda: zipped(
                {f"{STRUCK}.CSV": good.replace(b"D,DISPATCH,PRICE,5", b"D,DISPATCH,PRICE,6")}
            ),
            reason="does not belong",
        ),
        Strike(
            "a known table under an unknown version",
            ARRIVES,
            body=lambda: zipped({f"{STRUCK}.CSV": good.replace(b"DISPATCH,PRICE,5", b"DISPATCH,PRICE,99")}),
        ),
    ]


def _nested(data: bytes, depth: int) -> bytes:
    for number in range(depth):
        data = zipped({f"Z{number}.ZIP": data}, zipfile.ZIP_STORED)
    return data


@dataclass
class Struck:
    """What came of one strike: every broken promise in words."""

    name: str
    problems: list[str]
    seconds: float
    growth_mb: float
    asked: int
    waited: float
    """Seconds of the longest fetch or listing; ``seconds`` is the whole ingest, rollups and all."""


class Watched:
    """A source that notes how long each question took. The rest of an ingest waits for no server."""

    def __init__(self, source: nemweb.HttpSource) -> None:
        self.source, self.longest = source, 0.0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.source, name)
        if name not in ("listing", "fetch", "size"):
            return call

        def timed(*asked: Any) -> Any:
            started = time.monotonic()
            try:
                return call(*asked)
            finally:
                self.longest = max(self.longest, time.monotonic() - started)

        return timed


def strike(one: Strike, folder: Path) -> Struck:
    """One ingest against one fault."""
    tree = folder / "tree"
    put_tree(tree)
    lake = Lake(folder / "lake")
    month = nemweb.month_folder(*MONTH)
    path = f"/{month}/" if one.at_listing else f"/{month}/{STRUCK}.zip"
    if one.body is not None:
        (tree / path[1:]).write_bytes(one.body())
    problems: list[str] = []
    summary = Summary()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    threads = threading.active_count()
    with web.serving(tree) as server:
        server.faults[path] += one.faults
        source = Watched(nemweb.HttpSource(server.url, folder / "downloads", FEW))
        try:
            summary = pipeline.ingest(lake, source, [MONTH], ("DISPATCH_UNIT_SCADA", "DISPATCHPRICE"))
        except Exception as error:
            problems.append(f"the run ended with {type(error).__name__}: {error}")
        source.close()
        asked, most_open = server.asked(path), server.most_open
    seconds = time.monotonic() - started
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    problems += _judge(one, lake, summary, asked, most_open)
    if stray := [
        p.name for p in (folder / "downloads").glob("*.part*") if p.stat().st_size > FEW.largest_body
    ]:
        problems.append(f"left {stray}")
    if threading.active_count() > threads + 1:
        problems.append("left a thread behind")
    if source.longest > PATIENT:
        problems.append(f"waited {source.longest:.1f} s for one file")
    return Struck(one.name, problems, seconds, growth, asked, source.longest)


NOBODY = {
    "a refused connection": "http://127.0.0.1:9/",
    "a host that nobody knows": "http://nemweb.invalid/",
}
"""Addresses at which no server is: port 9 (discard) is closed, and no name ends in .invalid (RFC 6761)."""


def unreachable(name: str, folder: Path) -> Struck:
    """One ingest from where nobody answers: said, an empty lake stays empty, and it ends in time."""
    source = Watched(nemweb.HttpSource(NOBODY[name], folder / "downloads", FEW))
    started = time.monotonic()
    problems = []
    summary = pipeline.ingest(Lake(folder / "lake"), source, [MONTH], ("DISPATCHPRICE",))
    source.close()
    reasons = [refusal.reason for refusal in summary.refusals]
    if len(reasons) != 1 or not re.fullmatch(
        r"gave up after \d tries: the connection failed \(\w+\)", reasons[0]
    ):
        problems.append(f"the record says {reasons[:2]}")
    if (folder / "lake" / "CURRENT").exists():
        problems.append("something was published")
    if source.longest > PATIENT:
        problems.append(f"waited {source.longest:.1f} s")
    return Struck(name, problems, time.monotonic() - started, 0.0, 0, source.longest)


def _judge(one: Strike, lake: Lake, summary: Summary, asked: int, most_open: int) -> list[str]:
    problems = []
    ledger = Ledger.published(lake)
    try:
        snapshot = lake.snapshot()
        rows = {table: snapshot.rows(table) for table in ("unit_scada", "dispatch_price")}
    except Exception as error:
        rows = {"unit_scada": 0, "dispatch_price": 0}
        if not (one.at_listing and one.outcome == REFUSED):
            problems.append(f"no lake: {error}")
    # A month that cannot be listed leaves an empty lake without a version: the run itself says why.
    recorded = [refusal["reason"] for refusal in ledger.refusals]
    reasons = [refusal.reason for refusal in summary.refusals] if one.at_listing else recorded
    if not one.at_listing and rows["unit_scada"] != 4:
        problems.append("the other file did not arrive")
    wanted = {ARRIVES: 24, REFUSED: 0, ABSENT: 0}[one.outcome]
    if rows["dispatch_price"] != wanted:
        problems.append(f"{rows['dispatch_price']} rows instead of {wanted}")
    if bool(reasons) != (one.outcome == REFUSED) or (
        one.reason and not any(one.reason in r for r in reasons)
    ):
        problems.append(f"the record says {reasons[:2]}")
    if any(re.search(r"Traceback|0x[0-9a-f]{6}|/tmp/", reason) for reason in reasons):
        problems.append(f"a reason for programmers: {reasons[:1]}")
    if asked > (one.asked or 5):
        problems.append(f"asked {asked} times")
    if most_open > 2:
        problems.append(f"{most_open} connections at once")
    return problems


def pauses() -> list[str]:
    """Spacing and backoff as a log of pretended sleeps: what breaks the promise."""
    slept: list[float] = []
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        put_tree(Path(folder) / "tree")
        with web.serving(Path(folder) / "tree") as server:
            path = f"/{nemweb.month_folder(*MONTH)}/{STRUCK}.zip"
            downloader = Downloader(server.url, Manners(), sleep=slept.append)
            soon = datetime.now().astimezone() + timedelta(seconds=30)
            stamp = soon.astimezone(tz=None).strftime("%a, %d %b %Y %H:%M:%S %z")
            server.faults[path] += [web.status(429, Retry_After="7"), web.status(503, Retry_After="99999")]
            server.faults[path] += [web.status(429, Retry_After=stamp), web.status(500)]
            downloader.file(path, Path(folder) / "a.zip")
            retries = [pause for pause in slept if pause > 1.0 or pause not in slept[1::2]]
            if 7.0 not in slept or 60.0 not in slept or not any(20 < pause <= 31 for pause in slept):
                problems.append(f"Retry-After of 7 s, 99999 s and a date became {slept}")
            slept.clear()
            server.faults[path] += [web.status(500)] * 9
            with contextlib.suppress(FetchFailed):
                downloader.file(path, Path(folder) / "b.zip")
            jitter = [pause for pause in slept if not 0.9 < pause <= 1.0]
            if len(slept) < 8 or any(pause > 60 for pause in slept) or not retries or not jitter:
                problems.append(f"pauses between five tries: {slept}")
            downloader.close()
    return problems


def run(progress: Callable[[str], None] = lambda _: None, chosen: list[Strike] | None = None) -> list[Struck]:
    """Every strike (or those chosen), each in a folder of its own."""
    found = []
    _warm_up()
    for one in chosen if chosen is not None else faults() + bodies():
        progress(one.name)
        with tempfile.TemporaryDirectory(prefix="nemdesk-upstream-") as folder:
            found.append(strike(one, Path(folder)))
    for name in NOBODY if chosen is None else ():
        with tempfile.TemporaryDirectory(prefix="nemdesk-upstream-") as folder:
            found.append(unreachable(name, Path(folder)))
    return found


def _warm_up() -> None:
    """What is imported and allocated once is no strike's growth."""
    list(mms.read(zipped({f"{STRUCK}.CSV": month_of_prices()}), f"{STRUCK}.zip"))
    with tempfile.TemporaryDirectory(prefix="nemdesk-upstream-") as folder:
        strike(Strike("none", ARRIVES), Path(folder))


def figures(found: list[Struck], broken_pauses: list[str]) -> list[Figure]:
    broken = [f"{one.name}: {'; '.join(one.problems)}" for one in found if one.problems]
    growth = max(one.growth_mb for one in found)
    slowest = max(found, key=lambda one: one.waited)
    return [
        Figure(
            "a misbehaving server: the file arrives or is refused with a reason, the rest goes on",
            f"{len(found)} faults and bodies",
            f"{len(broken)} otherwise {broken[:6] or ''}".strip(),
            "0; at most 5 tries and 2 connections",
            not broken,
        ),
        Figure(
            "hostile bodies: memory",
            f"{len(found)} bodies",
            f"peak grew by {growth:.0f} MB",
            "50 MB",
            growth <= 50,
        ),
        Figure(
            "a misbehaving server: every fault ends by itself",
            f"{len(found)} faults, hard stop set to {FEW.total:g} s",
            f"the longest wait for a file was {slowest.waited:.1f} s ({slowest.name})",
            f"{LONGEST:.1f} s: the hard stop, one look at the length, and 2 s",
            slowest.waited <= LONGEST,
        ),
        Figure(
            "politeness: spacing, Retry-After, jitter",
            "9 tries",
            f"{broken_pauses or 'as promised'}",
            "as promised",
            not broken_pauses,
        ),
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    strikes = [one for one in faults() + bodies() if chosen.only in one.name]
    found = run(lambda name: None, strikes if chosen.only else None)
    for one in found:
        if one.problems:
            print(f"{one.name}: {one.problems}")
    result = figures(found, pauses())
    return (
        write("ingest_upstream", result, chosen.folder) if chosen.folder else write("ingest_upstream", result)
    )


if __name__ == "__main__":
    raise SystemExit(main())
