"""Workers that die, are replaced or are told to end while people ask: the others hardly notice.

Long: `python -m tests.trust.workers` (20 kills, recycling at 200 requests, SIGTERM in flight).
"""

from __future__ import annotations

import http.client
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from data_layer import demo
from data_layer.lake import Lake
from tests.app.job_visitor import is_runner
from tests.browser.conftest import started
from tests.trust.serving_figures import Row, write

CALLERS = 12
PAUSE = 0.02
PATHS = ("/healthz", "/", "/generation?range=7d", "/generation/data.csv?range=7d", "/_dash-layout")


@dataclass
class Asked:
    when: float
    seconds: float
    status: int
    """0 where the connection broke."""


class Crowd:
    """Callers that keep their connections, as browsers do, and try once more on a connection that was closed
    before an answer began (what browsers and proxies do with a GET)."""

    def __init__(self, url: str, callers: int = CALLERS) -> None:
        self.host = urlsplit(url).netloc
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
        connection = http.client.HTTPConnection(self.host, timeout=30)
        turn = number
        while not self._ended.is_set():
            turn += 1
            began = time.monotonic()
            status, connection = self._get(connection, PATHS[turn % len(PATHS)])
            self.asked.append(Asked(began, time.monotonic() - began, status))
            self._ended.wait(PAUSE)
        connection.close()

    def _get(
        self, connection: http.client.HTTPConnection, path: str
    ) -> tuple[int, http.client.HTTPConnection]:
        kept = connection.sock is not None
        for _ in range(2 if kept else 1):
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                return answer.status, connection
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = http.client.HTTPConnection(self.host, timeout=30)
        return 0, connection

    def failed(self, since: float = 0.0, until: float = float("inf")) -> list[Asked]:
        return [one for one in self.asked if since <= one.when < until and not 200 <= one.status < 400]

    def during(self, since: float, until: float) -> list[Asked]:
        return [one for one in self.asked if since <= one.when < until]


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
        for path in PATHS:
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()


@dataclass
class Kills:
    kills: int
    asked: int
    """Requests of the seconds in which a worker was killed."""
    failed: int
    elsewhere: int
    """Failures outside these seconds and the recoveries after them."""
    slowest_recovery: float
    """Seconds from a kill until a worker takes its place and the last request that failed has ended."""


def kill_workers(lake: Lake, folder: Path, kills: int) -> Kills:
    """kill -9 of one worker after another under load."""
    result = Kills(kills, 0, 0, 0, 0.0)
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
            blamed += crowd.failed(moment - 5, moment + 3)
            failed = crowd.failed(moment - 0.5, moment + 0.5)
            last = max((one.when for one in blamed), default=moment)
            result.slowest_recovery = max(result.slowest_recovery, replaced, last - moment)
            result.asked += len(crowd.during(moment - 0.5, moment + 0.5))
            result.failed += len(failed)
        result.elsewhere = len([one for one in crowd.failed() if one not in blamed])
    return result


def recycle(lake: Lake, folder: Path, seconds: float) -> tuple[int, int, int]:
    """(requests, failed, workers seen) with workers that are replaced after 200 requests."""
    seen: set[int] = set()
    with service(lake, folder, GUNICORN_CMD_ARGS="--max-requests 200 --max-requests-jitter 40") as (
        url,
        master,
    ):
        with Crowd(url) as crowd:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                seen |= {one.pid for one in workers_of(master)}
                time.sleep(0.1)
        return len(crowd.asked), len(crowd.failed()), len(seen)


def end_in_flight(lake: Lake, folder: Path) -> dict[str, Any]:
    """SIGTERM while requests run: how long it took, the exit code, what was left, what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    answers: list[int] = []
    with started(lake, folder) as (url, process):
        warm(url, 1)
        family = [process.pid, *(one.pid for one in psutil.Process(process.pid).children(recursive=True))]
        begun = threading.Barrier(5)

        def slow() -> None:
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
            connection.request("GET", "/generation/data.csv?range=7d")
            begun.wait(30)
            try:
                answer = connection.getresponse()
                answer.read()
                answers.append(answer.status)
            except (OSError, http.client.HTTPException):
                answers.append(0)
            finally:
                connection.close()

        threads = [threading.Thread(target=slow) for _ in range(4)]
        for thread in threads:
            thread.start()
        begun.wait(30)
        time.sleep(0.1)  # accepted, and at work
        moment = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(40)
        seconds = time.monotonic() - moment
        for thread in threads:
            thread.join(60)
        time.sleep(2)
        left = [pid for pid in family if psutil.pid_exists(pid) and _lives(pid)]
    return {"seconds": seconds, "code": code, "left": len(left), "answers": sorted(answers)}


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def main(kills: int = 20, seconds: float = 90.0) -> int:
    folder = Path(tempfile.mkdtemp(prefix="nemdesk-workers-"))
    try:
        lake = Lake(folder / "lake")
        demo.build(lake, end=datetime(2026, 3, 2), days=12)
        killed = kill_workers(lake, folder / "kill", kills)
        asked, failed, seen = recycle(lake, folder / "recycle", seconds)
        ended = end_in_flight(lake, folder / "end")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rate = killed.failed / max(killed.asked, 1)
    return write(
        "workers",
        [
            Row(
                "kill -9 of a worker under load (R2)",
                f"{kills} kills",
                f"{killed.failed} of {killed.asked:,} requests of those seconds failed ({rate:.2%}), "
                f"{killed.elsewhere} at other times; recovered within {killed.slowest_recovery:.1f} s",
                "at most 0.5 % of the requests of that second; recovered within 3 s",
                rate <= 0.005 and killed.elsewhere == 0 and killed.slowest_recovery <= 3,
            ),
            Row(
                "workers replaced after 200 requests under load (L6)",
                f"{asked:,} requests, {seen} workers",
                f"{failed} failed",
                "0 failed",
                failed == 0 and seen > 4,
            ),
            Row(
                "SIGTERM with four requests in flight (R18)",
                "once",
                f"ended after {ended['seconds']:.1f} s, exit {ended['code']}, {ended['left']} left, "
                f"answers {ended['answers']}",
                "within 30 s, exit 0, no process left, all answered",
                ended["seconds"] <= 30
                and ended["code"] == 0
                and ended["left"] == 0
                and ended["answers"] == [200] * 4,
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
