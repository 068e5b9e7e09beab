"""Twenty thousand hostile requests: no 5xx, no word of the machine, no foreign SQL, no foreign file.

``python -m tests.trust.hostile [count]`` sends them to the application in this process, where its engine and
its files are watched, then a quarter as many to the server as it is shipped, whose memory and times are.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import psutil
from dash import Dash
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from app import create_app
from app.settings import Settings
from callbacks import TABS
from data_layer import demo
from data_layer.lake import Lake
from tests.app.callback_client import dependencies
from tests.app.fake_centre import FakeCentre, job
from tests.trust import hostile_corpus as corpus
from tests.trust.hostile_payloads import CALLBACKS, FIELDS, Hostile, good, parameters, requests
from tests.trust.hostile_watch import Bodies, Files, Statements, recorded

LONG: Final = 20_000
TAB_NAMES: Final = tuple(tab.name for tab in TABS)
JOB_ROWS: Final = 20_000
"""Small, so that questions over the demonstration become jobs."""

ALLOWED: Final = {200, 204, 206, 302, 303, 304, 308, 400, 401, 403, 404, 405, 413, 415, 416, 422, 503}


def desk_over(lake: Lake, cache: Path) -> Dash:
    """The application, with a job centre that starts no process."""
    centre = FakeCentre()
    centre.put("0" * 32, job(1))
    return create_app(Settings(lake_dir=lake.root, cache_dir=cache, job_rows=JOB_ROWS), centre=centre)


@dataclass
class Run:
    """Sends requests to an application in this process and keeps what was wrong."""

    client: FlaskClient
    statements: Statements
    bodies: Bodies
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    refused_with_query: int = 0

    def send(self, one: Hostile) -> None:
        before = self.statements.count
        started = time.perf_counter()
        method = "GET" if one.body is None else "POST"
        answer = self.client.open(
            one.path, method=method, data=one.body, content_type=one.kind, headers=dict(one.headers)
        )
        body = answer.get_data()
        self.seconds.append(time.perf_counter() - started)
        answer.close()
        self.statuses[answer.status_code] += 1
        asked = self.statements.count - before
        for problem in self._problems(one, answer, body, asked):
            self.wrong.append(
                f"{problem}: {one.what} {one.path[:200]} {(one.body or b'')[:400]!r} {body[:200]!r}"
            )

    def _problems(self, one: Hostile, answer: Any, body: bytes, asked: int) -> Iterator[str]:
        if answer.status_code not in ALLOWED:
            yield f"status {answer.status_code}"
        for found in self.bodies.found(body):
            yield f"body has {found!r}"
        if b"\n" in str(answer.headers.get("Content-Disposition", "")).encode():
            yield "header injection"
        target = answer.headers.get("Location")
        if target is not None and (urlsplit(target).netloc or target.startswith(("//", "/\\"))):
            yield f"redirect to {target!r}"
        if 400 <= answer.status_code < 500:
            self.refused += 1
            clear = answer.is_json and answer.get_json().get("error")
            if one.path.startswith((CALLBACKS, "/data/")) and not clear:
                yield "a refusal without a word"
            if asked and answer.status_code != 422:
                self.refused_with_query += 1
                yield f"refused after {asked} statements"
        elif b'"panel-failed"' in body:
            self.refused += 1
            if asked and b"too many" not in body.lower():
                self.refused_with_query += 1
        if self.statements.foreign:
            yield f"statement {self.statements.foreign.pop()}"

    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else 0.0


@contextmanager
def run_over(desk: Dash, lake: Lake, cache: Path) -> Iterator[tuple[Run, Files]]:
    """A run whose engine and files are watched."""
    secret = (cache / "secret_key").read_text()
    statements = Statements(lake, 1_000_000)
    files = Files(lake.root, cache, Path(tempfile.gettempdir()) / "nemdesk-spill")
    with desk.server.test_client() as client, recorded(statements), files.watching():
        yield Run(client, statements, Bodies(secret, str(lake.root), str(cache))), files


def fuzz(run: Run, count: int, number: int = 1) -> None:
    """``count`` requests made by hypothesis; the same ones for the same ``number``."""
    strategy = requests(dependencies(run.client), TAB_NAMES)
    each(strategy, run.send, count, number)


def each(
    strategy: st.SearchStrategy[Hostile], send: Callable[[Hostile], None], count: int, number: int
) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(one=strategy)
    def go(one: Hostile) -> None:
        send(one)

    go()


def injections(run: Run, every: int = 1) -> int:
    """Each text of the corpus (or each ``every``-th) in each parameter of every tab's address, three in one
    address (each is read by itself), and in the fields of every question of /data, one at a time;
    how many requests that were."""
    entries = dependencies(run.client)
    sent = 0
    for number, text in enumerate(corpus.TEXTS[::every]):
        written = quote(text, errors="replace")
        for tab in TAB_NAMES:
            names = parameters(tab)
            for first in range(0, len(names), 3):
                search = "&".join(f"{name}={written}" for name in names[first : first + 3])
                entry = entries[(number + sent) % len(entries)]
                body = good(entry, tab, f"?{search}")
                run.send(Hostile(CALLBACKS, json.dumps(body).encode(), what=f"{tab} {search[:60]}"))
                sent += 1
        for question, fields in FIELDS.items():
            name = fields[number % len(fields)]
            days = "start=2026-02-27&end=2026-02-27"
            run.send(Hostile(f"/data/{question}.json?{days}&{name}={written}", what=name))
            sent += 1
    return sent


MALFORMED: Final[tuple[tuple[str, bytes, str, set[int]], ...]] = (
    ("2 MB", b'"' + b"x" * 2_000_000 + b'"', "application/json", {413}),
    ("JSON 200,000 deep", b"[" * 200_000 + b"]" * 200_000, "application/json", {400}),
    ("objects 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "application/json", {400}),
    ("duplicate keys", b'{"output": "x", "output": "y"}', "application/json", {400}),
    ("bad UTF-8", b'{"output": "\xff\xfe"}', "application/json", {400}),
    ("UTF-16", '{"output": "x"}'.encode("utf-16"), "application/json", {400}),
    ("a number of 400,000 digits", b"9" * 400_000, "application/json", {400}),
    ("empty", b"", "application/json", {400}),
    ("text/plain", b"{}", "text/plain", {415}),
    ("a form", b"a=b", "application/x-www-form-urlencoded", {415}),
    ("multipart", b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", {415}),
    ("no type", b"{}", "", {415}),
)


def malformed(run: Run) -> list[str]:
    """What was answered to bodies that are no callback otherwise than promised."""
    found = []
    for what, body, kind, allowed in MALFORMED:
        before = run.statuses.copy()
        run.send(Hostile(CALLBACKS, body, kind, what=what))
        got = next(iter(run.statuses - before))
        if got not in allowed:
            found.append(f"{what}: {got}")
    return found


def paths(run: Run) -> list[str]:
    """Addresses outside: what was not a 404, except the page itself for an address that is no file."""
    found = []
    for path in corpus.PATHS:
        answer = run.client.get(path)
        body = answer.get_data()
        answer.close()
        page = answer.status_code == 200 and b"_dash-config" in body
        harmless = path in ("/_reload-hash", "/_favicon.ico") or answer.status_code in (400, 404)
        if not (page or harmless) or run.bodies.found(body):
            found.append(f"{path[:80]}: {answer.status_code} {body[:80]!r}")
    return found


def _figure(what: str, how_often: str, found: str, threshold: str, met: bool) -> dict[str, Any]:
    return {"what": what, "how_often": how_often, "found": found, "threshold": threshold, "met": met}


def write(name: str, rows: list[dict[str, Any]]) -> int:
    folder = Path(__file__).parents[2] / "var" / "trust"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    for row in rows:
        print("met    " if row["met"] else "NOT MET", row["what"], "|", row["how_often"], "|", row["found"])
    return 0 if all(row["met"] for row in rows) else 1


def over_http(
    url: str, pids: Callable[[], list[int]], strategy: Any, count: int
) -> tuple[list[str], list[float], int]:
    """Send to a real server: (what was wrong, seconds, most bytes that one of its processes held)."""
    wrong: list[str] = []
    seconds: list[float] = []
    most = 0
    where = urlsplit(url)
    bodies = Bodies()
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=60)

    def send(one: Hostile) -> None:
        nonlocal connection, most
        headers = {**one.headers, **({"Content-Type": one.kind} if one.body is not None else {})}
        started = time.perf_counter()
        try:
            method = "GET" if one.body is None else "POST"
            connection.request(method, one.path.encode("ascii", "replace").decode(), one.body, headers)
            answer = connection.getresponse()
            body = answer.read()
        except http.client.InvalidURL:
            return  # this client will not write it
        except (http.client.HTTPException, OSError) as error:
            wrong.append(f"{error!r}: {one.path[:200]} {(one.body or b'')[:200]!r}")
            connection.close()
            return
        seconds.append(time.perf_counter() - started)
        if answer.status >= 500 and answer.status != 503:
            wrong.append(f"{answer.status}: {one.path[:200]} {(one.body or b'')[:300]!r} {body[:200]!r}")
        wrong.extend(f"{text!r} in the answer to {one.path[:100]}" for text in bodies.found(body))
        if len(seconds) % 100 == 0:
            most = max([most, *(psutil.Process(pid).memory_info().rss for pid in pids())])

    each(strategy, send, count, 2)
    connection.close()
    return wrong, seconds, most


def fuzzed(run: Run, files: Files, count: int) -> list[dict[str, Any]]:
    fuzz(run, count)
    odd, outside = malformed(run), paths(run)
    for line in [*run.wrong[:20], *odd, *outside, *sorted(files.foreign)[:20]]:
        print("  ", line[:1_000])
    sent = sum(run.statuses.values())
    codes = ", ".join(f"{code}: {number}" for code, number in sorted(run.statuses.items()))
    never = "no 5xx, no trace, no path of the machine"
    return [
        _figure("hostile requests", f"{sent} ({codes})", f"{len(run.wrong)} wrong", never, not run.wrong),
        _figure(
            "refusals that cost a query",
            f"{run.refused} refusals",
            str(run.refused_with_query),
            "0",
            not run.refused_with_query,
        ),
        _figure(
            "their slowest hundredth",
            f"{sent} requests in process",
            f"{run.p99() * 1000:.0f} ms",
            "<= 300 ms",
            run.p99() <= 0.3,
        ),
        _figure(
            "malformed bodies", f"{len(MALFORMED)} kinds", f"{len(odd)} otherwise", "400, 413, 415", not odd
        ),
        _figure("paths outside", f"{len(corpus.PATHS)} paths", f"{len(outside)} served", "0", not outside),
    ]


def injected(run: Run, files: Files) -> list[dict[str, Any]]:
    before = len(run.wrong)
    sent = injections(run)
    for line in [*run.wrong[before : before + 20], *sorted(files.foreign)[:20]]:
        print("  ", line[:1_000])
    wrong = len(run.wrong) - before
    foreign = run.statements.foreign
    return [
        _figure(
            "injections", f"{len(corpus.TEXTS)} texts, {sent} requests", f"{wrong} wrong", "0", not wrong
        ),
        _figure(
            "statements outside the shipped catalogue",
            f"{run.statements.count} statements",
            str(len(foreign)),
            "0",
            not foreign,
        ),
        _figure(
            "files opened elsewhere", f"{files.count} opened", str(len(files.foreign)), "0", not files.foreign
        ),
    ]


def served(lake: Lake, folder: Path, strategy: Any, count: int) -> list[dict[str, Any]]:
    from tests.browser.conftest import started

    more = {"NEMDESK_JOB_ROWS": str(JOB_ROWS), "NEMDESK_JOBS_AT_ONCE": "1"}
    folder.mkdir()
    with started(lake, folder, variables=more) as (url, process):

        def pids() -> list[int]:
            return [one.pid for one in psutil.Process(process.pid).children()]

        wrong, seconds, most = over_http(url, pids, strategy, count)
    for line in wrong[:20]:
        print("  ", line[:1_000])
    slow = sorted(seconds)[int(len(seconds) * 0.99)] if seconds else 0.0
    asked = f"{len(seconds)} requests to gunicorn"
    return [
        _figure(
            "the same kinds over HTTP", asked, f"{len(wrong)} wrong", "no 5xx, none unanswered", not wrong
        ),
        _figure("their slowest hundredth", asked, f"{slow * 1000:.0f} ms", "<= 300 ms", slow <= 0.3),
        _figure("memory of one process", asked, f"{most / 2**20:.0f} MiB", "<= 600 MiB", most <= 600 * 2**20),
    ]


def main(count: int = LONG) -> int:
    """Each part's figures are written when it ends."""
    os.nice(15)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lake = Lake(folder / "lake")
        demo.build(lake, end=datetime(2026, 3, 2), days=12)
        desk = desk_over(lake, folder / "cache")
        with run_over(desk, lake, folder / "cache") as (run, files):
            rows = fuzzed(run, files, count)
            write("hostile", rows)
            strategy = requests(dependencies(run.client), TAB_NAMES)
        rows += served(lake, folder / "served", strategy, count // 4)
        write("hostile", rows)
        with run_over(desk, lake, folder / "cache") as (run, files):
            rows += injected(run, files)
    return write("hostile", rows)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else LONG))
