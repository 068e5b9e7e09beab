"""/metrics: figures of every process, added up, kept over a worker's end, shown to this machine only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import metric_files, metrics, metrics_page
from data_layer.answers import Observation
from data_layer.errors import DataLayerError, QueryTimeout, ServerBusy
from data_layer.lake import Lake
from data_layer.query_manager import LakeState
from data_layer.requests import LatestInterval, Period
from tests.browser.conftest import started

ROOT = Path(__file__).parents[2]

DATA = "/data/latest_interval.csv?start=2026-03-01&end=2026-03-01"


def figures(text: str) -> dict[tuple[str, ...], float]:
    """(name, label=value...) -> figure of an exposition, read by Prometheus's own parser."""
    return {
        (sample.name, *sorted(f"{key}={value}" for key, value in sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def got(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def total(found: dict[tuple[str, ...], float], name: str, *labels: str) -> float:
    return sum(value for key, value in found.items() if key[0] == name and set(labels) <= set(key))


def until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"waited for {what}")


def test_both_workers_add_up_and_a_replaced_worker_still_counts(demo_lake: Lake, tmp_path: Path) -> None:
    with started(demo_lake, tmp_path) as (url, process):
        seen: set[str] = set()

        def workers() -> set[str]:
            return set(re.findall(r'"process": (\d+), "request": "[0-9a-f]', (tmp_path / "log").read_text()))

        asked = 0
        while len(seen - {str(process.pid)}) < 2 or asked < 40:
            got(url + DATA)
            asked += 1
            seen = workers()
            assert asked < 2_000, "only one worker answers"
        found = figures(got(url + "/metrics"))
        data = ("route=data", "status=2xx")
        assert total(found, "nemdesk_http_request_seconds_count", *data) == asked
        assert total(found, "nemdesk_query_seconds_count", "view=latest_interval") == asked
        assert (
            total(found, "nemdesk_query_seconds_count", "cached=no") == found[("nemdesk_cache_misses_total",)]
        )
        assert found[("nemdesk_cache_misses_total",)] == 2  # each worker has a cache of its own
        assert found[("nemdesk_cache_hits_total",)] == asked - 2
        assert found[("nemdesk_cache_limit_bytes",)] == 2 * 16 * 2**20

        first = int((seen - {str(process.pid)}).pop())
        os.kill(first, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{first}").exists(), "the worker's end")
        got(url + DATA)
        until(
            lambda: "Booting worker" in (tmp_path / "log").read_text().split(f"pid: {first})")[-1], "another"
        )
        found = figures(got(url + "/metrics"))
        assert total(found, "nemdesk_http_request_seconds_count", *data) == asked + 1
        assert total(found, "nemdesk_query_seconds_bucket", "view=latest_interval", "le=+Inf") == asked + 1
        assert found[("nemdesk_cache_hits_total",)] + found[("nemdesk_cache_misses_total",)] == asked + 1
        assert not list((tmp_path / "cache" / "metrics").glob(f"*_{first}.db"))
        again = figures(got(url + "/metrics"))
        assert total(again, "nemdesk_http_request_seconds_count", *data) == asked + 1


def test_a_new_service_counts_from_nothing(demo_lake: Lake, tmp_path: Path) -> None:
    for _ in range(2):
        with started(demo_lake, tmp_path) as (url, _process):
            got(url + DATA)
            found = figures(got(url + "/metrics"))
            assert total(found, "nemdesk_query_seconds_count") == 1


def test_an_emptied_cache_folder_does_not_break_it(demo_lake: Lake, tmp_path: Path) -> None:
    with started(demo_lake, tmp_path) as (url, _process):
        got(url + DATA)
        for path in (tmp_path / "cache" / "metrics").iterdir():
            path.unlink()
        (tmp_path / "cache" / "metrics").rmdir()
        assert figures(got(url + "/metrics"))[("nemdesk_lake_up",)] == 1


@pytest.mark.parametrize("header", metrics_page.PROXY_HEADERS)
def test_nobody_elsewhere_reads_it(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics").status_code == 200
    refused = client.get("/metrics", headers={header: "127.0.0.1"})
    assert refused.status_code == 403
    assert "NEMDESK_METRICS_PUBLIC" in refused.get_json()["error"]
    for elsewhere in ("10.0.0.7", "2001:db8::1", ""):
        assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": elsewhere}).status_code == 403
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200


def page(**given: object) -> dict[tuple[str, ...], float]:
    """The figures of a server that knows only what is given."""
    server = Flask("alone")
    metrics_page.register(server, given.pop("lake", missing), public=True, **given)  # type: ignore[arg-type]
    with server.test_client() as asked:
        return figures(asked.get("/metrics").get_data(as_text=True))


def missing() -> LakeState:
    raise DataLayerError("none")


def test_age_of_the_lake() -> None:
    now = datetime.now(UTC)
    market = now.replace(tzinfo=None) + timedelta(hours=10)
    state = LakeState("000007-ab", "aemo", None, market - timedelta(minutes=7), now - timedelta(hours=2))
    found = page(lake=lambda: state)
    assert found[("nemdesk_lake_newest_interval_age_seconds",)] == pytest.approx(420, abs=30)
    assert found[("nemdesk_lake_published_age_seconds",)] == pytest.approx(7200, abs=30)
    assert found[("nemdesk_lake_info", "kind=aemo", "version=000007-ab")] == 1
    assert page()[("nemdesk_lake_up",)] == 0


def test_no_age_is_below_zero() -> None:
    """Ten minutes of a slow clock."""
    now = datetime.now(UTC) + timedelta(minutes=10)
    found = page(
        lake=lambda: LakeState("000007-ab", "aemo", None, now.replace(tzinfo=None) + metrics_page.AEST, now)
    )
    assert found[("nemdesk_lake_newest_interval_age_seconds",)] == 0
    assert found[("nemdesk_lake_published_age_seconds",)] == 0


def test_jobs_and_processes() -> None:
    @dataclass
    class One:
        pid: int
        role: str
        pss: int | None
        rss: int
        limit: int | None

    jobs = {
        "jobs": [
            {"state": "running", "seconds": 5.0},
            {"state": "running", "seconds": 8.0},
            {"state": "waiting", "seconds": 1.0},
        ],
        "ended": {"done": 4, "failed": 1},
    }
    found = page(
        jobs=lambda: jobs, processes=lambda: [One(7, "worker", None, 300, 600), One(8, "job", 5, 9, None)]
    )
    assert found[("nemdesk_jobs", "state=running")] == 2
    assert found[("nemdesk_jobs", "state=waiting")] == 1
    assert found[("nemdesk_job_longest_seconds", "state=running")] == 8
    assert found[("nemdesk_jobs_ended_total", "state=done")] == 4
    assert found[("nemdesk_jobs_ended_total", "state=stopped")] == 0
    assert found[("nemdesk_process_memory_bytes", "pid=7", "role=worker")] == 300
    assert found[("nemdesk_process_memory_bytes", "pid=8", "role=job")] == 5
    assert ("nemdesk_process_memory_limit_bytes", "pid=8", "role=job") not in found


def test_a_part_that_fails_does_not_cost_the_others() -> None:
    def broken() -> dict[str, object]:
        raise ZeroDivisionError

    found = page(jobs=broken, processes=broken)
    assert ("nemdesk_lake_up",) in found
    assert total(found, "nemdesk_jobs") == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [(QueryTimeout("x"), "timeout"), (ServerBusy("x"), "busy"), (DataLayerError("x"), "other")],
)
def test_errors_by_kind(error: DataLayerError, kind: str) -> None:
    request = LatestInterval(Period.parse("2026-03-01", "2026-03-01"))
    counted = metrics.QUERY_ERRORS.labels("latest_interval", kind)
    before = counted._value.get()
    metrics.observe(Observation(request, None, 0, 0.1, "duckdb", error))
    assert counted._value.get() == before + 1


def test_labels_are_bounded_whatever_a_client_asks(client: FlaskClient) -> None:
    for path in ("/nothing/at/all", "/x" * 90, "/data/nothing.csv", "/assets/none.css", "/_x", "/metrics/x"):
        client.get(path).close()
    client.open("/", method="PROPFIND").close()
    found = figures(client.get("/metrics").get_data(as_text=True))
    routes = {
        label
        for key in found
        if key[0].startswith("nemdesk_http")
        for label in key
        if label.startswith("route=")
    }
    assert routes <= {
        f"route={kind}"
        for kind in ("page", "callback", "script", "layout", "other", "asset", "export", "probe", "data")
    }
    methods = {
        label
        for key in found
        if key[0].startswith("nemdesk_http")
        for label in key
        if label.startswith("method=")
    }
    assert methods <= {"method=GET", "method=HEAD", "method=POST", "method=OPTIONS", "method=other"}


def test_files_of_ended_processes_become_one(tmp_path: Path) -> None:
    """Sums by our own reading of the file's entries, not by the library's collector."""
    from prometheus_client.mmap_dict import MmapedDict, mmap_key

    def write(pid: str, value: float) -> None:
        file = MmapedDict(str(tmp_path / f"counter_{pid}.db"))
        file.write_value(mmap_key("a", "a_total", ["view"], ["x"], "help"), value, 0.0)
        file.close()

    def read(pid: str) -> list[float]:
        return [
            value
            for _, value, _, _ in MmapedDict.read_all_values_from_file(str(tmp_path / f"counter_{pid}.db"))
        ]

    write("4194300", 2.0)  # above the kernel's largest process id here, so that no such process lives
    write("4194301", 3.0)
    write(str(os.getpid()), 10.0)
    metric_files._fold(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.db")) == sorted(
        ["counter_0.db", f"counter_{os.getpid()}.db"]
    )
    assert read("0") == [5.0]
    write("4194302", 1.5)
    metric_files._fold(tmp_path)
    assert read("0") == [6.5]


def test_a_fork_while_others_count_finds_no_lock_taken(tmp_path: Path) -> None:
    """A child has none of its parent's threads: a lock that one of them held would be held for ever."""
    code = """
import os, signal, sys, threading
from app import metric_files
from pathlib import Path
metric_files.begin(Path(sys.argv[1]))
from app import metrics
from data_layer.answers import Observation, Provenance
from data_layer.requests import LatestInterval, Period
request = LatestInterval(Period.parse("2026-03-01", "2026-03-01"))
told = Observation(request, Provenance("s", 1, 1, 0.1, "v", "duckdb", False), 1, 0.1, "duckdb")
def hammer():
    while True:
        metrics.observe(told)
for _ in range(3):
    threading.Thread(target=hammer, daemon=True).start()
for number in range(60):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        for _ in range(20):
            metrics.observe(told)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        print("stuck", number)
        os._exit(1)
os._exit(0)
"""
    made = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "m")], cwd=ROOT, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout + made.stderr


def test_counting_in_no_file_is_an_error_not_a_silence(tmp_path: Path) -> None:
    code = (
        "import sys, prometheus_client; from pathlib import Path;"
        "from app import metric_files; metric_files.begin(Path(sys.argv[1]))"
    )
    made = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "m")], cwd=ROOT, capture_output=True, text=True
    )
    assert "imported too early" in made.stderr
