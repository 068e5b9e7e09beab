"""Claims about long work: how soon it is accepted, told of and stopped, what polling costs the others, and
what the service holds in memory. Against gunicorn with two workers, beside dash's own manager.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, proportional_memory_mb
from tests.app.callback_client import payload
from tests.app.job_visitor import Visitor, jobs_of
from tests.browser.conftest import free_port

ROOT = Path(__file__).parent.parent
ROUNDS = 20
POLL_SECONDS = 0.05


@contextmanager
def service(app: str, variables: dict[str, str], *options: str) -> Iterator[tuple[str, psutil.Process]]:
    """gunicorn over ``app`` with two workers: (address, master)."""
    port = free_port()
    environment = {**os.environ, "NEMDESK_PORT": str(port), "NEMDESK_WORKERS": "2", **variables}
    program = [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", *options]
    process = subprocess.Popen(
        program, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/_dash-layout", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


class StockVisitor:
    """The same dance with dash's own manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        page = urllib.request.urlopen(url).read().decode()
        found = re.search(r'"end_id":\s*"([^"]+)"', page)
        self.end = f"&endId={found[1]}" if found else ""
        listed = json.loads(urllib.request.urlopen(f"{url}/_dash-dependencies").read())
        self.entry = next(one for one in listed if one.get("background"))

    def post(self, **handles: str) -> dict[str, Any]:
        query = "&".join(f"{name}={value}" for name, value in handles.items())
        body = json.dumps(payload(self.entry, {"order.data": "x"})).encode()
        request = urllib.request.Request(
            f"{self.url}/_dash-update-component?{query}{self.end}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else {"response": None}

    def whole(self) -> float:
        """Seconds from the order to the answer."""
        began = time.perf_counter()
        body = self.post()
        while "response" not in body:
            time.sleep(POLL_SECONDS)
            body = self.post(cacheKey=body["cacheKey"], job=body["job"]) | {
                name: body[name] for name in ("cacheKey", "job")
            }
        return time.perf_counter() - began


def run(contestants: Contestants) -> list[Claim]:
    """Every claim; about three minutes."""
    lake = contestants.data.lake.root
    with tempfile.TemporaryDirectory() as folder:
        variables = {"NEMDESK_LAKE_DIR": str(lake), "NEMDESK_LOG_LEVEL": "ERROR"}
        claims = _memory({**variables, "NEMDESK_CACHE_DIR": f"{folder}/idle"})
        slow = {**variables, "NEMDESK_JOB_ROWS": "0", "NEMDESK_JOBS_AT_ONCE": "20"}
        with service("tests.app.slow_work:server", {**slow, "NEMDESK_CACHE_DIR": f"{folder}/slow"}) as (
            url,
            master,
        ):
            claims += _steps(url, master)
            claims += _crowd(url)
        plain = ("--config", os.devnull, "--worker-class", "gthread", "--threads", "8", "--workers", "2")
        with service("benchmarks.stock_service:server", {"STOCK_CACHE": f"{folder}/stock"}, *plain) as (
            url,
            _,
        ):
            visitor = StockVisitor(url)
            stock = [visitor.whole() for _ in range(ROUNDS)]
        ours = next(claim for claim in claims if claim.claim.startswith("a short job"))
        claims.remove(ours)
        median = float(ours.detail)
        claims.append(
            Claim(
                ours.claim,
                "no stall of a second",
                f"{statistics.median(stock) / median:,.1f} x sooner than dash's manager",
                median < 0.9,
                f"ours {median * 1e3:,.0f} ms, dash's {statistics.median(stock) * 1e3:,.0f} ms "
                f"(worst {max(stock) * 1e3:,.0f} ms)",
            )
        )
    return [*claims, *_starts(str(lake))]


def _memory(variables: dict[str, str]) -> list[Claim]:
    """The service as it is shipped, before anybody asks and after each worker served one page."""
    with service("app.wsgi:server", variables) as (url, master):
        everyone = [master, *master.children(recursive=True)]
        idle = sum(proportional_memory_mb(one.pid) for one in everyone)
        for _ in range(20):
            Visitor(url).close()
        seen = sum(proportional_memory_mb(one.pid) for one in everyone)
    return [
        Claim(
            "idle service, 2 workers: PSS in all",
            "< 300 MB",
            f"{idle:,.0f} MB",
            idle < 300,
            f"master, runner and workers; {seen:,.0f} MB after 20 pages",
        )
    ]


def _steps(url: str, master: psutil.Process) -> list[Claim]:
    """Accepted, first told of, stopped, answered: medians over ROUNDS jobs, and a running job's memory."""
    accepted, told, stopped, whole = [], [], [], []
    memory = 0.0
    for place in range(ROUNDS):
        visitor = Visitor(url)
        before = jobs_of(master)
        began = time.perf_counter()
        visitor.start("coal", f"&match=x{place}")
        accepted.append(time.perf_counter() - began)
        while not visitor.progress:
            visitor.poll()
            time.sleep(POLL_SECONDS)
        told.append(time.perf_counter() - began)
        visitor.until_told("1 of 3 months read")
        (job,) = jobs_of(master) - before
        time.sleep(0.3)
        if not place:
            memory = proportional_memory_mb(job)
        began = time.perf_counter()
        visitor.cancel()
        while _busy(job):
            time.sleep(0.005)
        stopped.append(time.perf_counter() - began)
    for place in range(ROUNDS):
        visitor = Visitor(url)
        began = time.perf_counter()
        visitor.start("wind", f"&match=y{place}")
        while visitor.poll() is None:
            time.sleep(POLL_SECONDS)
        whole.append(time.perf_counter() - began)
    short = statistics.median(whole)
    return [
        _within("a job is accepted", 0.050, accepted),
        _within("first progress", 0.250, told),
        _within("from Stop to DuckDB at rest", 0.300, stopped),
        Claim(
            "one more job: PSS while it computes",
            "< 60 MB + its query's memory",
            f"{memory:,.0f} MB",
            memory < 60 + 256,
            "its DuckDB may use 256 MB",
        ),
        Claim("a short job, two workers, asked every 50 ms", "", "", None, f"{short}"),
    ]


def _busy(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _within(name: str, limit: float, seconds: list[float]) -> Claim:
    median = statistics.median(seconds)
    return Claim(
        name,
        f"< {limit * 1e3:,.0f} ms",
        f"{median * 1e3:,.0f} ms",
        median < limit,
        f"median of {len(seconds)}; worst {max(seconds) * 1e3:,.0f} ms",
    )


def _crowd(url: str) -> list[Claim]:
    """p95 of an ordinary callback alone, and while 20 pages poll jobs that sleep."""
    reader = Visitor(url)
    _p95(reader.ordinary)
    idle = _p95(reader.ordinary)
    # In a process of their own: they must not take turns with the one that measures.
    pages = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.polling_pages", url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert pages.stdout is not None
    pages.stdout.readline()
    time.sleep(5)
    polled = _p95(reader.ordinary)
    pages.terminate()
    pages.wait()
    return [
        Claim(
            "20 polling jobs: p95 of ordinary callbacks",
            "<= 2 x idle",
            f"{polled / idle:,.2f} x",
            polled <= 2 * idle,
            f"idle {idle * 1e3:,.1f} ms, polled {polled * 1e3:,.1f} ms",
        )
    ]


def _p95(ask: Callable[[], None], times: int = 200) -> float:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[int(times * 0.95)]


def _starts(lake: str) -> list[Claim]:
    """Ways to start a job's process: none is a target, one is the decision of docs/decisions/0005."""
    program = [sys.executable, "-m", "benchmarks.job_start", lake]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT)
    found = json.loads(done.stdout.splitlines()[-1])
    said = ", ".join(
        f"{name} {one['median'] * 1e3:,.0f} ms (first {one['first'] * 1e3:,.0f}), "
        f"{one['private']:,.0f} MB own"
        for name, one in found.items()
    )
    ratio = found["forkserver"]["median"] / found["fork"]["median"]
    return [
        Claim("a job's process up to its first answer", "-", f"forkserver {ratio:,.1f} x fork", None, said)
    ]
