"""Long work against gunicorn with two workers: whatever happens to a job, its visitor hears of it, and the
server comes out of it whole."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from data_layer.lake import Lake
from tests.app.job_visitor import PANEL, Visitor, gone, jobs_of, runner_of, said
from tests.browser.conftest import started

APP = "tests.app.slow_work:server"
Served = tuple[str, psutil.Process]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


@pytest.fixture(scope="module")
def served(demo_lake: Lake, folder: Path) -> Iterator[Served]:
    with started(demo_lake, folder, APP, {"NEMDESK_JOB_ROWS": "0", "NEMDESK_JOBS_AT_ONCE": "4"}) as (
        url,
        process,
    ):
        yield url, psutil.Process(process.pid)


@pytest.fixture
def go(folder: Path) -> Iterator[Path]:
    """The file that lets the work of OCGT end: however slow the machine, it is not over before it is."""
    sign = folder / "cache" / "go"
    yield sign
    sign.unlink(missing_ok=True)


def workers_of(server: psutil.Process) -> list[psutil.Process]:
    runner = runner_of(server).pid
    return [child for child in server.children() if child.pid != runner]


def test_two_visitors_with_one_question_share_one_job_and_are_both_answered(served: Served, go: Path) -> None:
    url, server = served
    first, second = Visitor(url), Visitor(url)
    before = jobs_of(server)
    first.start("ocgt")
    second.start("ocgt")
    assert first.handles["cacheKey"] != second.handles["cacheKey"]
    for visitor in (first, second):
        visitor.until_told("1 of 3 months read")
    assert len(jobs_of(server) - before) == 1
    go.touch()
    results = [visitor.result() for visitor in (first, second)]
    for result, visitor in zip(results, (first, second), strict=True):
        state, text = said(result)
        assert state == "panel-ready"
        assert "Energy, revenue and prices by region, fuel and unit" in text
        assert '"Total"' in text
        told = " ".join(visitor.progress)
        assert '"rowData"' in told, "the tree so far"
    first_tree, second_tree = (result["analysis-bottom"]["children"][0] for result in results)
    assert first_tree == second_tree


def test_what_is_abandoned_is_nobody_elses(served: Served) -> None:
    """One who orders and goes leaves nothing behind that another's different question could meet."""
    url, server = served
    leaver, other = Visitor(url), Visitor(url)
    leaver.start("distillate")
    assert gone(jobs_of(server))
    other.start("biomass")
    result = other.result()
    _, text = said(result)
    assert "Biomass" in text and "Distillate" not in str(result["analysis-bottom"])


@pytest.mark.parametrize(
    ("fuel", "message"),
    [
        ("wind", "Something went wrong (id "),
        ("solar", "its process was killed"),
        ("ccgt", "needed more than the 512 MB that a job may use"),
    ],
)
def test_what_breaks_a_job_is_told(served: Served, fuel: str, message: str) -> None:
    visitor = Visitor(served[0])
    visitor.start(fuel)
    state, text = said(visitor.result())
    assert state == "panel-failed"
    assert message in text
    assert "secret detail" not in text and "Traceback" not in text


def test_a_stopped_job_ends_and_its_query_with_it(served: Served) -> None:
    url, server = served
    before = jobs_of(server)
    visitor = Visitor(url)
    visitor.start("coal")
    visitor.until_told("1 of 3 months read")
    (job,) = jobs_of(server) - before
    assert psutil.Process(job).cpu_percent(interval=0.5) > 5, "DuckDB is at work"
    visitor.cancel()
    assert gone({job}), "interrupted and over"
    assert visitor.result() == {}
    assert server.is_running()


def test_who_stops_does_not_stop_it_for_another(served: Served) -> None:
    url, server = served
    before = jobs_of(server)
    first, second = Visitor(url), Visitor(url)
    for visitor in (first, second):
        visitor.start("coal")
        visitor.until_told("1 of 3 months read")
    (job,) = jobs_of(server) - before
    first.cancel()
    assert first.result() == {}
    time.sleep(1)
    assert psutil.pid_exists(job) and second.poll() is None
    second.cancel()
    assert gone({job})


def test_another_view_lets_the_job_go_unless_it_asks_the_same(served: Served) -> None:
    """Sorting differently asks the same question: its job is not begun again."""
    url, server = served
    before = jobs_of(server)
    visitor = Visitor(url)
    visitor.start("coal")
    visitor.until_told("1 of 3 months read")
    (job,) = jobs_of(server) - before
    visitor.cancel("view")
    visitor.start("coal", "&sort=-energy")
    visitor.until_told("1 of 3 months read")
    time.sleep(4)
    assert visitor.poll() is None
    assert jobs_of(server) - before == {job}
    visitor.cancel("view")
    assert gone({job})


def test_a_window_that_goes_on_leaves_another_window_its_job(served: Served) -> None:
    """Two windows of one visitor wait for one job, and the one shows something else."""
    url, server = served
    before = jobs_of(server)
    first, second = Visitor(url), Visitor(url)
    second.opener = first.opener  # one cookie: one visitor
    for window in (first, second):
        window.start("coal")
        window.until_told("1 of 3 months read")
    (job,) = jobs_of(server) - before
    first.cancel("view")
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert second.poll() is None
        time.sleep(0.25)
    assert psutil.pid_exists(job)
    second.cancel("view")
    assert gone({job})


def test_a_worker_that_is_killed_takes_no_job_along(served: Served, go: Path) -> None:
    url, server = served
    visitor = Visitor(url)
    visitor.start("ocgt", "&range=30d")
    visitor.until_told("1 of 3 months read")
    for worker in workers_of(server):
        worker.kill()
    time.sleep(1)
    go.touch()
    state, _ = said(visitor.result())
    assert state == "panel-ready"


def test_a_runner_that_is_killed_takes_no_job_along_and_is_replaced(served: Served, go: Path) -> None:
    url, server = served
    visitor, later = Visitor(url), Visitor(url)
    visitor.start("ocgt", "&range=1d")
    visitor.until_told("1 of 3 months read")
    runner = runner_of(server)
    runner.kill()
    assert gone({runner.pid})
    go.touch()
    state, _ = said(visitor.result())
    assert state == "panel-ready"
    later.start("battery-storage")
    state, _ = said(later.result())
    assert state == "panel-ready"
    assert runner_of(server).pid != runner.pid


HANDLES = (("oldJob",), ("cancelJob",), ("job",), ("cacheKey", "job"))
SECRET = b"what a stranger planted"


def test_a_forged_handle_touches_no_process_and_no_file(served: Served, folder: Path) -> None:
    """A process id and a file's name in every place where dash takes a job's handle or its cache's key."""
    url, server = served
    visitor = Visitor(url)
    cache = folder / "cache"
    files = [place / f"planted{end}" for place in (cache, cache / "jobs") for end in ("", ".val")]
    for file in files:
        file.write_bytes(SECRET)
        os.utime(file, (1, 1))  # the system notes when it is read
    order = {f"{PANEL}-job.data": {"search": "?fuels=water&range=1d", "theme": "light", "id": "x"}}
    stop = {f"{PANEL}-stop.data": {"why": "button", "at": 1}}
    names = ["planted", "../planted", str(files[0]), *(str(number) for number in (server.pid, 1))]
    for handles in HANDLES:
        victim = subprocess.Popen(["sleep", "600"])
        try:
            for name in (str(victim.pid), *names):
                forged = dict.fromkeys(handles, str(victim.pid)) | dict.fromkeys(handles[:1], name)
                for entry, values in (
                    (visitor.entry, order),
                    (visitor.entry, {}),
                    (visitor.stop_entry, stop),
                ):
                    status, text = visitor.posted(entry, values, **forged)
                    assert status < 500 and SECRET not in text, (forged, status)
            with pytest.raises(subprocess.TimeoutExpired):
                victim.wait(0.3)
        finally:
            victim.kill()
            victim.wait()
    assert server.is_running()
    for file in files:
        assert (file.stat().st_atime, file.read_bytes()) == (1, SECRET), "touched"
    assert files[0].stat().st_atime > 1, "a look would have been seen"


def test_jobs_wait_in_line_and_one_too_many_is_told_so(demo_lake: Lake, tmp_path: Path) -> None:
    """Those in line begin although the runner is killed. Then the server is stopped: it takes its jobs along
    and frees its port."""
    variables = {"NEMDESK_JOB_ROWS": "0", "NEMDESK_JOBS_AT_ONCE": "1", "NEMDESK_JOBS_WAITING": "2"}
    with started(demo_lake, tmp_path, APP, variables) as (url, process):
        running, second, third, crowd = (Visitor(url) for _ in range(4))
        running.start("coal")
        running.until_told("1 of 3 months read")
        second.start("battery-storage")
        third.start("coal", "&range=1d")
        second.until_told("next in line")
        third.until_told("2nd in line")
        crowd.start("coal", "&range=90d")
        state, text = said(crowd.result())
        assert state == "panel-failed" and "busy with other large questions" in text
        server = psutil.Process(process.pid)
        for victim in (runner_of(server), *map(psutil.Process, jobs_of(server))):
            victim.kill()
        assert said(second.result())[0] == "panel-ready", "its turn comes although the runner was killed"
        third.until_told("1 of 3 months read")
        jobs = {*jobs_of(server), runner_of(server).pid}
        assert len(jobs) == 2
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(40)
        assert gone(jobs)
        assert time.monotonic() - began < 30
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", urlsplit(url).port))
        cache = tmp_path / "cache"
        for folder in (cache, cache / "jobs", cache / "answers"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_job_that_takes_too_long_says_so_and_workers_that_are_replaced_lose_none(
    demo_lake: Lake, tmp_path: Path
) -> None:
    variables = {
        "NEMDESK_JOB_ROWS": "0",
        "NEMDESK_JOB_TIMEOUT_SECONDS": "6",
        "GUNICORN_CMD_ARGS": "--max-requests 8 --max-requests-jitter 0",
    }
    with started(demo_lake, tmp_path, APP, variables) as (url, process):
        server = psutil.Process(process.pid)
        before = {worker.pid for worker in workers_of(server)}
        visitor = Visitor(url)
        visitor.start("coal")
        state, text = said(visitor.result())
        assert state == "panel-failed"
        assert "longer than the 6 s that a job may take" in text and "NEMDESK_JOB_TIMEOUT_SECONDS" in text
        now = {worker.pid for worker in workers_of(server)}
        assert before - now, "workers were replaced meanwhile"


def test_the_service_that_is_killed_outright_leaves_no_job(demo_lake: Lake, tmp_path: Path) -> None:
    with started(demo_lake, tmp_path, APP, {"NEMDESK_JOB_ROWS": "0"}) as (url, process):
        server = psutil.Process(process.pid)
        visitor = Visitor(url)
        visitor.start("coal")
        visitor.until_told("1 of 3 months read")
        left = {*jobs_of(server), runner_of(server).pid}
        workers = {worker.pid for worker in workers_of(server)}
        os.kill(process.pid, signal.SIGKILL)
        assert gone(left | workers, 15)
