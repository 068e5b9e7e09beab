"""Workers that die, are replaced or are told to end while people ask: the others hardly notice.

Long: `python -m tests.trust.workers` (20 kills, recycling at 200 requests, ten times SIGTERM in flight).
"""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.analysts import judged
from data_layer.lake import Lake
from tests.app.callback_client import URL, payload
from tests.app.job_visitor import Visitor, is_runner, jobs_of
from tests.browser.conftest import started
from tests.trust.demonstration import demonstration
from tests.trust.serving_figures import Row, write

CALLERS = 12
PAUSE = 0.02
PATHS = ("/healthz", "/", "/generation?range=7d", "/generation/data.csv?range=7d", "/_dash-layout")
VIEWS = (
    ("today-cards", "/today", ""),
    ("gen-table", "/generation", "?range=1d"),
    ("gen-table", "/generation", "?range=7d"),
    ("gen-mix", "/generation", "?range=7d&region=SA1"),
)
"""Panels that are asked for as a page asks, by a POST."""

Question = tuple[str, bytes | None]
"""An address, and what is posted to it (None: a GET)."""


def questions(url: str) -> list[Question]:
    """What the callers ask in turn: every second one is a callback."""
    host = urlsplit(url).netloc
    page = _read(host, "/").decode()
    listed = json.loads(_read(host, "/_dash-dependencies"))
    end = re.search(r'"end_id":\s*"([^"]+)"', page)
    address = f"{URL}?endId={end[1]}" if end else URL
    posts: list[Question] = []
    for panel, pathname, search in VIEWS:
        entry = next(one for one in listed if one["output"].startswith(f"..{panel}-top.children"))
        values = {"url.pathname": pathname, "url.search": search, "version.data": "x", "theme.data": "light"}
        posts.append((address, json.dumps(payload(entry, values)).encode()))
    gets: list[Question] = [(path, None) for path in PATHS]
    return [one for pair in zip(gets, [*posts, posts[0]], strict=True) for one in pair]


def _read(host: str, path: str, body: bytes | None = None) -> bytes:
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request(*_as_sent(path, body))
        return connection.getresponse().read()
    finally:
        connection.close()


def _as_sent(path: str, body: bytes | None) -> tuple[str, str, bytes | None, dict[str, str]]:
    kind = {} if body is None else {"Content-Type": "application/json"}
    return ("GET" if body is None else "POST", path, body, kind)


@dataclass
class Asked:
    when: float
    seconds: float
    status: int
    """0 where the connection broke or the answer's panel says that it failed."""
    retried: bool = False
    """Its kept connection was closed before a byte of the answer came, and it was sent again."""
    busy: bool = False
    """Told to come back, as the page does by itself."""

    @property
    def failed(self) -> bool:
        return not self.busy and not 200 <= self.status < 400

    def between(self, since: float, until: float) -> bool:
        """Whether it was under way then."""
        return self.when < until and self.when + self.seconds >= since


class Crowd:
    """Callers that keep their connections and send a request again only as browsers do: once, where a kept
    connection was closed before a single byte of the answer came. Chromium does so with a POST too."""

    def __init__(self, url: str, callers: int = CALLERS) -> None:
        self.host = urlsplit(url).netloc
        self.questions = questions(url)
        self.asked: list[Asked] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(n,)) for n in range(callers)]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def _call(self, number: int) -> None:
        connection = self.connection()
        turn = number
        while not self._ended.is_set():
            turn += 1
            question = self.questions[turn % len(self.questions)]
            began = time.monotonic()
            kept = connection.sock is not None
            answer = self.ask(connection, question)
            retried = answer is None and kept
            if retried:
                connection.close()
                connection = self.connection()
                answer = self.ask(connection, question)
            status, busy = answer or (0, False)
            if not status:
                connection.close()
                connection = self.connection()
            self.asked.append(Asked(began, time.monotonic() - began, status, retried, busy))
            self._ended.wait(1.0 if busy else PAUSE)
        connection.close()

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, timeout=30)

    def ask(self, connection: http.client.HTTPConnection, question: Question) -> tuple[int, bool] | None:
        """(status, whether it said 'busy'); status 0 where the answer broke off or did not come in time, None
        where the connection was closed before a byte of it."""
        try:
            connection.request(*_as_sent(*question))
            if not connection.sock.recv(1, socket.MSG_PEEK):
                return None
        except TimeoutError:
            return 0, False
        except OSError:
            return None
        try:
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return 0, False
        if answer.status == 503 and answer.getheader("Retry-After"):
            return answer.status, True
        kind = "page" if question[1] is None else "callback"
        return (0 if answer.status == 200 and judged(kind, 200, text) else answer.status), False

    def failed(self, since: float = 0.0, until: float = float("inf")) -> list[Asked]:
        return [one for one in self.during(since, until) if one.failed]

    def during(self, since: float, until: float) -> list[Asked]:
        """Those that were under way at some moment of that time."""
        return [one for one in list(self.asked) if one.between(since, until)]

    @property
    def retried(self) -> int:
        return sum(one.retried for one in self.asked)

    @property
    def busy(self) -> int:
        return sum(one.busy for one in self.asked)


def workers_of(master: int) -> list[psutil.Process]:
    """gunicorn's living workers: the master's children without the job runner."""
    children = psutil.Process(master).children()
    return [child for child in children if _lives(child.pid) and not is_runner(child)]


@contextmanager
def service(lake: Lake, folder: Path, **variables: str) -> Iterator[tuple[str, int]]:
    folder.mkdir(parents=True, exist_ok=True)
    with started(lake, folder, "", variables) as (url, process):
        warm(url)
        yield url, process.pid


def warm(url: str, times: int = 6) -> None:
    for _ in range(times):
        for question in questions(url):
            _read(urlsplit(url).netloc, *question)


@dataclass
class Kills:
    kills: int
    asked: int = 0
    """Requests under way in the seconds in which a worker was killed."""
    failed: int = 0
    retried: int = 0
    """Of those seconds: sent again by themselves, as browsers do."""
    elsewhere: int = 0
    """Failures outside these seconds and the recoveries after them."""
    slowest_recovery: float = 0.0
    """Seconds from a kill until a worker takes its place and the last request that failed has ended."""


def kill_workers(lake: Lake, folder: Path, kills: int) -> Kills:
    """kill -9 of one worker after another under load."""
    result = Kills(kills)
    with service(lake, folder) as (url, master), Crowd(url) as crowd:
        time.sleep(2)
        blamed: list[Asked] = []
        for number in range(kills):
            before = workers_of(master)
            moment = time.monotonic()
            before[number % len(before)].kill()
            gone = before[number % len(before)].pid
            while time.monotonic() - moment < 30:
                now = {one.pid for one in workers_of(master)}
                if gone not in now and len(now) >= len(before):
                    break
                time.sleep(0.02)
            replaced = time.monotonic() - moment
            time.sleep(max(0.0, 3.5 - replaced))
            mine = crowd.failed(moment - 0.5, moment + 3)
            blamed += mine
            last = max((one.when + one.seconds for one in mine), default=moment)
            result.slowest_recovery = max(result.slowest_recovery, replaced, last - moment)
            then = crowd.during(moment - 0.5, moment + 0.5)
            result.asked += len(then)
            result.failed += sum(one.failed for one in then)
            result.retried += sum(one.retried for one in then)
    result.elsewhere = len([one for one in crowd.failed() if one not in blamed])
    return result


@dataclass
class Recycled:
    asked: int
    failed: int
    retried: int
    busy: int
    workers: int
    """How many there were, one after the other."""


def recycle(lake: Lake, folder: Path, seconds: float) -> Recycled:
    """Workers that are replaced after 200 requests, under load: for so long, and on a busy machine until one
    was."""
    seen: set[int] = set()
    arguments = "--max-requests 200 --max-requests-jitter 40"
    with service(lake, folder, GUNICORN_CMD_ARGS=arguments) as (url, master):
        with Crowd(url) as crowd:
            end = time.monotonic() + seconds
            while time.monotonic() < end or (len(seen) <= 2 and time.monotonic() < end + 60):
                seen |= {one.pid for one in workers_of(master)}
                time.sleep(0.1)
        return Recycled(len(crowd.asked), len(crowd.failed()), crowd.retried, crowd.busy, len(seen))


HELD = 4
"""Requests in flight at SIGTERM."""


@dataclass
class Ended:
    """SIGTERM while requests were in flight and a job was running."""

    begun: int
    """Questions whose computation had begun when the signal was sent."""
    answered_before: int
    seconds: float
    code: int
    left: int
    """Processes of the service that live on: master, workers, runner, the job's."""
    answers: list[int]


def end_in_flight(lake: Lake, folder: Path, hold_seconds: float = 1.0) -> Ended:
    """SIGTERM while requests are computed: none goes on before the signal was sent ``hold_seconds`` ago
    (tests/app/slow_work.py holds them). A job that never ends runs beside."""
    folder.mkdir(parents=True, exist_ok=True)
    cache = folder / "cache"
    answers: list[tuple[int, bool] | None] = []
    variables = {"NEMDESK_JOB_ROWS": "0", "NEMDESK_PANELS_AT_ONCE": str(2 * HELD)}
    with started(lake, folder, "tests.app.slow_work:server", variables) as (url, process):
        crowd = Crowd(url, 0)
        server = psutil.Process(process.pid)
        waiting = Visitor(url)
        waiting.start("coal")
        waiting.until_told("1 of 3 months read")
        family = {server.pid, *(one.pid for one in server.children(recursive=True))}
        assert jobs_of(server) <= family
        (cache / "hold").touch()
        held = [one for one in crowd.questions if one[1] is not None and b"range=" in one[1]][: HELD - 1]
        held.append(("/generation/data.csv?range=30d", None))

        def ask(question: Question) -> None:
            with closing(crowd.connection()) as connection:
                answers.append(crowd.ask(connection, question))

        threads = [threading.Thread(target=ask, args=(one,)) for one in held]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 30
        while (begun := _size(cache / "begun")) < len(held) and time.monotonic() < end:
            time.sleep(0.02)
        before, moment = len(answers), time.monotonic()
        process.send_signal(signal.SIGTERM)
        time.sleep(hold_seconds)
        before += len(answers)
        (cache / "hold").unlink()
        code = process.wait(60)
        seconds = time.monotonic() - moment
        for thread in threads:
            thread.join(60)
        time.sleep(2)
        left = [pid for pid in family if _lives(pid)]
    return Ended(begun, before, seconds, code, len(left), sorted(one[0] if one else 0 for one in answers))


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def main(kills: int = 20, seconds: float = 90.0, terms: int = 10) -> int:
    with demonstration("workers") as (folder, lake):
        killed = kill_workers(lake, folder / "kill", kills)
        found = recycle(lake, folder / "recycle", seconds)
        ends = [end_in_flight(lake, folder / f"end-{number}") for number in range(terms)]
    rate = killed.failed / max(killed.asked, 1)
    slowest = max(one.seconds for one in ends)
    return write(
        "workers",
        [
            Row(
                "kill -9 of a worker under load of pages, files and callbacks (R2)",
                f"{kills} kills",
                f"{killed.failed} of {killed.asked:,} requests of those seconds failed ({rate:.2%}), "
                f"{killed.retried} were sent again as browsers do, since their kept connection was closed "
                f"before a byte of the answer; {killed.elsewhere} failed at other times; recovered within "
                f"{killed.slowest_recovery:.1f} s",
                "at most 0.5 % of the requests of that second; recovered within 3 s",
                rate <= 0.005 and killed.elsewhere == 0 and killed.slowest_recovery <= 3,
            ),
            Row(
                "workers replaced after 200 requests under load (L6)",
                f"{found.asked:,} requests, half of them callbacks; {found.workers} workers",
                f"{found.failed} failed; {found.retried} sent again as browsers do, {found.busy} told to "
                "come back",
                "0 failed",
                found.failed == 0 and found.workers > 4,
            ),
            Row(
                "SIGTERM with four requests being computed and a job running (R18)",
                f"{terms} times",
                f"ended after at most {slowest:.1f} s, exit codes {sorted({one.code for one in ends})}, "
                f"{sum(one.left for one in ends)} processes left, "
                f"{sum(one.answers == [200] * HELD for one in ends)} of {terms} times all answered",
                "within 30 s, exit 0, no process left, all answered",
                all(met(one) for one in ends),
            ),
        ],
    )


def met(one: Ended) -> bool:
    """Whether a SIGTERM found requests in flight, and all went well."""
    assert (one.begun, one.answered_before) == (HELD, 0), one
    return one.seconds <= 30 and (one.code, one.left, one.answers) == (0, 0, [200] * HELD)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
