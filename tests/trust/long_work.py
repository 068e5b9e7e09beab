"""Long work that is killed, forked or left alone.

Whoever waits for a job that was killed, or whose runner was, reads so or gets the answer; a child that was
forked from a process with an open database scans the lake and ends; a question whose visitors have gone is
stopped. `python -m tests.trust.long_work`
"""

from __future__ import annotations

import itertools
import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil

from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.query_manager import HybridQueryManager
from data_layer.requests import GenerationMix, Period
from tests.app.asking import Asking
from tests.app.job_visitor import Visitor, gone, jobs_of, runner_of, said
from tests.browser.conftest import started
from tests.trust.demonstration import demonstration
from tests.trust.serving_figures import Row, write
from tests.trust.workers import workers_of

VIEWS = itertools.cycle(
    f"regions={region}&start={day}&end={day}"
    for day in (f"2026-02-{number}" for number in range(19, 29))
    for region in ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
)
"""Another question each time: a job that is done is not done again."""

KILLED = ("its process", "its runner", "both", "the runner, the job still in line")


@contextmanager
def service(lake: Lake, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    folder.mkdir(parents=True, exist_ok=True)
    variables = {"NEMDESK_JOB_ROWS": "0", "NEMDESK_JOBS_AT_ONCE": "1"}
    with started(lake, folder, "tests.app.slow_work:server", variables) as (url, process):
        yield url, psutil.Process(process.pid)


def heard_after_kill(url: str, server: psutil.Process, what: str, go: Path) -> float:
    """Kill -9 of what serves a job: seconds until its visitor has an error or the answer. Work that lives on
    may end once there is a file ``go``."""
    go.unlink(missing_ok=True)
    first, second = Visitor(url), Visitor(url)
    lives_on = what in ("its runner", KILLED[3])
    first.start("ocgt" if lives_on else "coal", f"&{next(VIEWS)}")
    first.until_told("1 of 3 months read")
    visitor = first
    if what == KILLED[3]:
        second.start("battery-storage", f"&{next(VIEWS)}")
        second.until_told("next in line")
        visitor = second
    victims = [runner_of(server)] if what != "its process" else []
    if not lives_on:
        victims += [psutil.Process(pid) for pid in jobs_of(server)]
    for victim in victims:
        victim.kill()
    killed = time.monotonic()
    go.touch()
    state, text = said(visitor.result(60))
    seconds = time.monotonic() - killed
    assert (state != "panel-failed") == lives_on, text
    assert lives_on or "its process was killed" in text
    for one in (first, second):
        one.close()
    return seconds


def kills(lake: Lake, folder: Path, times: int) -> dict[str, list[float]]:
    """What was killed -> seconds until the visitor knew."""
    go = folder / "cache" / "go"
    with service(lake, folder) as (url, server):
        return {what: [heard_after_kill(url, server, what, go) for _ in range(times)] for what in KILLED}


def scans_by_jobs(lake: Lake, folder: Path, times: int) -> list[float]:
    """Seconds from a job's order to its answer, each job forked by way of a worker that has answered over the
    lake: the runner that came from the master is killed before each."""
    found = []
    with service(lake, folder) as (url, server):
        for _ in range(times):
            visitor = Visitor(url)
            for _ in range(4):
                visitor.ordinary()
            runner = runner_of(server)
            runner.kill()
            assert gone({runner.pid})
            began = time.monotonic()
            visitor.start("battery-storage", f"&{next(VIEWS)}")
            state, text = said(visitor.result(60))
            found.append(time.monotonic() - began)
            assert state != "panel-failed", text
            assert runner_of(server).ppid() in {one.pid for one in workers_of(server.pid)}, "forked elsewhere"
            visitor.close()
    return found


def leavings(lake: Lake, folder: Path, times: int) -> tuple[list[float], list[int]]:
    """(seconds from the last visitor's leaving until the database has stopped; statuses of the answers to
    those who asked the same as one who left)."""
    folder.mkdir(parents=True, exist_ok=True)
    cache, seconds, statuses = folder / "cache", [], []
    hold, begun, stopped = cache / "hold", cache / "begun", cache / "stopped"
    questions = (f"/generation/data.csv?{view.replace('regions', 'region')}" for view in VIEWS)
    with started(lake, folder, "tests.app.slow_work:server", {"NEMDESK_WORKERS": "1"}) as (url, _):
        for number in range(1, times + 1):
            question = next(questions)
            hold.write_text("endless")
            leaver = Asking(url, question)
            leaver.until_noted(begun, 2 * number - 1)
            time.sleep(0.5)
            leaver.leave()
            seconds.append(leaver.until_noted(stopped, number))
            hold.write_text("")
            leaver = Asking(url, question)
            leaver.until_noted(begun, 2 * number)
            with Asking(url, question) as other:
                time.sleep(0.5)
                leaver.leave()
                time.sleep(4)
                hold.unlink()
                statuses.append(other.answer())
            assert stopped.stat().st_size == number
    return seconds, statuses


def scans_by_children(lake: Lake, times: int, deadline: float) -> list[float | None]:
    """Seconds of children that were forked from a process with an open database, while a thread of it asks;
    None where one did not end by ``deadline`` with the rows that its parent found."""
    manager = HybridQueryManager(lake)
    newest = manager.lake_state().last
    assert newest is not None
    last = newest.replace(hour=0, minute=0)
    requests = [
        GenerationMix(Period(last - timedelta(days=days), last), region, Resolution.FIVE_MINUTES)
        for days in (1, 4, 9)
        for region in ("NEM", "SA1")
    ]
    rows = [manager.answer(one, use_cache=False).table.num_rows for one in requests]
    assert all(rows)
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            manager.answer(requests[0], use_cache=False)

    def scan(number: int) -> None:
        found = manager.answer(requests[number], use_cache=False).table.num_rows
        sys.exit(0 if found == rows[number] else 3)

    fork = multiprocessing.get_context("fork")
    asking = threading.Thread(target=ask)
    asking.start()
    seconds: list[float | None] = []
    try:
        for number in range(times):
            child = fork.Process(target=scan, args=(number % len(requests),))
            began = time.monotonic()
            child.start()
            child.join(deadline)
            seconds.append(time.monotonic() - began if child.exitcode == 0 else None)
            if child.exitcode is None:
                child.kill()
                child.join()
    finally:
        over.set()
        asking.join()
    return seconds


def main(times: int = 10, forks: int = 20) -> int:
    with demonstration("long-work") as (folder, lake):
        heard = kills(lake, folder / "kills", times)
        by_jobs = scans_by_jobs(lake, folder / "jobs", forks)
        by_children = scans_by_children(lake, forks, 30)
        left, others = leavings(lake, folder / "leavings", times)
    ended = [one for one in by_children if one is not None]
    return write(
        "long_work",
        [
            *(
                Row(
                    f"kill -9 of a job: {what} (R3)",
                    f"{times} times",
                    f"its visitor had an error or the answer after {_spread(seconds)}",
                    "within 15 s",
                    max(seconds) <= 15,
                )
                for what, seconds in heard.items()
            ),
            Row(
                "a job forked by way of a worker that has answered over the lake (R5)",
                f"{forks} times",
                f"its scan was on the page after {_spread(by_jobs)}",
                "within 5 s",
                max(by_jobs) <= 5,
            ),
            Row(
                "a child forked from a process with an open database, while a thread of it asks (R5)",
                f"{forks} times",
                f"{len(ended)} scanned the lake and ended, after {_spread(ended)}",
                "all within 5 s",
                len(ended) == forks and max(ended) <= 5,
            ),
            Row(
                "the client of an endless question closes its connection (S6)",
                f"{times} times",
                f"the database had stopped after {_spread(left)}",
                "within 5 s",
                max(left) <= 5,
            ),
            Row(
                "... while another waits for the same question",
                f"{times} times",
                f"the other was answered {others.count(200)} times",
                "always",
                others == [200] * times,
            ),
        ],
    )


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "never"
    return f"{sorted(seconds)[len(seconds) // 2]:.1f} s (median), at most {max(seconds):.1f} s"


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
