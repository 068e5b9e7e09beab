"""Long work against gunicorn with two workers: whatever happens to a job, its visitor hears of it, and the
server comes out of it whole."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from diskcache import Cache

from app.background import NOT_KEPT, JobManager, _keep
from data_layer.lake import Lake
from tests.app.callback_client import payload
from tests.browser.conftest import started

APP = "tests.app.slow_work:server"
PANEL = "analysis"


class Visitor:
    """Asks and polls as Dash's renderer does."""

    def __init__(self, url: str) -> None:
        self.url = url
        page = self._get("/")
        self.end = re.search(r'"end_id":\s*"([^"]+)"', page)
        listed = json.loads(self._get("/_dash-dependencies"))
        self.entry = next(e for e in listed if e.get("background") and PANEL in e["output"])
        self.stop_entry = next(e for e in listed if e["output"] == f"{PANEL}-stop.id")
        self.handles: dict[str, str] = {}
        self.progress: list[str] = []

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path) as answer:
            return str(answer.read().decode())

    def _post(self, entry: dict[str, Any], values: dict[str, Any], **args: str) -> tuple[int, dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in args.items())
        if self.end:
            query += f"&endId={self.end[1]}"
        request = urllib.request.Request(
            f"{self.url}/_dash-update-component?{query}",
            json.dumps(payload(entry, values)).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            body = answer.read()
            return answer.status, json.loads(body) if body else {}

    def start(self, fuel: str) -> None:
        order = {"search": f"?fuels={fuel}&range=7d", "theme": "light", "id": "x"}
        status, body = self._post(self.entry, {f"{PANEL}-job.data": order})
        assert status == 200
        self.handles = {"cacheKey": body["cacheKey"], "job": body["job"]}

    def poll(self) -> dict[str, Any] | None:
        """The result; {} where there is none and none will come, None while the job runs."""
        status, body = self._post(self.entry, {}, **self.handles)
        if "progress" in body:
            self.progress.append(json.dumps(body["progress"], ensure_ascii=False))
        if status == 204:
            return {}
        found: dict[str, Any] | None = body.get("response")
        return found

    def result(self, seconds: float = 40) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.poll()
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError("the job never ended")

    def until_told(self, text: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not any(text in said for said in self.progress):
            assert time.monotonic() < end, self.progress
            assert self.poll() is None
            time.sleep(0.1)

    def cancel(self) -> None:
        self._post(self.stop_entry, {f"{PANEL}-stop.data": 1}, cancelJob=self.handles["job"])


def said(result: dict[str, Any]) -> tuple[str, str]:
    """(the panel's class, everything in it as text)."""
    return result[PANEL]["className"], json.dumps(result, ensure_ascii=False)


def jobs_of(process: psutil.Process) -> set[int]:
    """Processes of the workers: children of the server's children."""
    return {job.pid for worker in process.children() for job in worker.children()}


def gone(pids: set[int], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        alive = {p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != "zombie"}
        if not alive:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def served(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    folder = tmp_path_factory.mktemp("jobs")
    variables = {"NEMDESK_JOB_ROWS": "0", "NEMDESK_JOBS_AT_ONCE": "4"}
    with started(demo_lake, folder, APP, variables) as (url, process):
        yield url, psutil.Process(process.pid)


def test_two_visitors_with_one_question_are_both_answered(served: tuple[str, psutil.Process]) -> None:
    first, second, third = (Visitor(served[0]) for _ in range(3))
    third.start("water")  # never asked after: its answer is nobody else's
    first.start("water")
    second.start("water")
    assert first.handles["cacheKey"] != second.handles["cacheKey"]
    for visitor in (first, second):
        visitor.until_told("1 of 3 months read")
    results = [visitor.result() for visitor in (first, second)]
    for result, visitor in zip(results, (first, second), strict=True):
        state, text = said(result)
        assert state == "panel-ready"
        assert "Energy, revenue and prices by region, fuel and unit" in text
        assert '"Total"' in text
        told = " ".join(visitor.progress)
        assert '"rowData"' in told, "the tree so far"
    assert results[0][f"{PANEL}-top"] == results[1][f"{PANEL}-top"]


@pytest.mark.parametrize(
    ("fuel", "message"),
    [
        ("wind", "Something went wrong (id "),
        ("solar", "its process was killed"),
    ],
)
def test_what_breaks_a_job_is_told(served: tuple[str, psutil.Process], fuel: str, message: str) -> None:
    visitor = Visitor(served[0])
    visitor.start(fuel)
    state, text = said(visitor.result())
    assert state == "panel-failed"
    assert message in text
    assert "secret detail" not in text and "Traceback" not in text


def test_an_answer_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    store = Cache(str(tmp_path))
    _keep(store, "run", threading.Lock())
    assert store.get("run")["background_callback_error"]["msg"] == NOT_KEPT


def test_a_job_is_not_taken_for_another_process_of_its_number(tmp_path: Path) -> None:
    """Nothing is killed by a handle whose process has ended and whose number lives on."""
    manager = JobManager(tmp_path, 1)
    for handle in (f"{os.getpid()}-1-key", "0-0-key", "x", "", None, "1-2"):
        assert not manager.job_running(handle)
        manager.terminate_job(handle)


def test_a_stopped_job_ends_and_its_query_with_it(served: tuple[str, psutil.Process]) -> None:
    url, process = served
    before = jobs_of(process)
    visitor = Visitor(url)
    visitor.start("coal")
    visitor.until_told("1 of 3 months read")
    (job,) = jobs_of(process) - before
    assert psutil.Process(job).cpu_percent(interval=0.5) > 5, "DuckDB is at work"
    visitor.cancel()
    assert gone({job}), "interrupted and over"
    assert visitor.result() == {}
    assert process.is_running()


def test_a_stopping_server_takes_its_jobs_along_and_frees_its_port(demo_lake: Lake, tmp_path: Path) -> None:
    """Before that: one job too many is told so at once."""
    variables = {"NEMDESK_JOB_ROWS": "0", "NEMDESK_JOBS_AT_ONCE": "1", "NEMDESK_WORKERS": "1"}
    with started(demo_lake, tmp_path, APP, variables) as (url, process):
        visitor, crowd = Visitor(url), Visitor(url)
        visitor.start("coal")
        visitor.until_told("1 of 3 months read")
        crowd.start("coal")
        state, text = said(crowd.result())
        assert state == "panel-failed" and "busy with other large questions" in text
        jobs = jobs_of(psutil.Process(process.pid))
        assert len(jobs) == 1
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        assert gone(jobs)
        assert time.monotonic() - began < 12
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", urlsplit(url).port))


def test_a_job_outlives_no_worker(demo_lake: Lake, tmp_path: Path) -> None:
    """A worker that is killed cannot end its job; the job sees for itself."""
    with started(demo_lake, tmp_path, APP, {"NEMDESK_JOB_ROWS": "0", "NEMDESK_WORKERS": "1"}) as (
        url,
        process,
    ):
        visitor = Visitor(url)
        visitor.start("coal")
        visitor.until_told("1 of 3 months read")
        jobs = jobs_of(psutil.Process(process.pid))
        for worker in psutil.Process(process.pid).children():
            worker.kill()
        assert jobs and gone(jobs, 10)
