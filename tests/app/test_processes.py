"""The list of the service's processes, against the operating system's own figures."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from app import processes
from app.processes import JOB, MASTER, MIB, WORKER, service_processes


def test_a_lone_process_is_the_server_with_the_kernels_own_figures() -> None:
    (facts,) = [one for one in service_processes() if one.pid == os.getpid()]
    assert facts.role == processes.SERVER
    told = psutil.Process().memory_full_info()
    assert facts.pss is not None
    assert abs(facts.pss - told.pss) < 30 * MIB
    assert abs(facts.rss - told.rss) < 30 * MIB
    assert facts.threads == psutil.Process().num_threads()
    assert facts.started < datetime.now(UTC) < facts.started + timedelta(days=1)


FAMILY = """
import os, sys, time
from app.processes import RUNNER, service_processes
read, write = os.pipe()
def child(work):
    pid = os.fork()
    if pid == 0:
        work()
        os.write(write, b"x")
        time.sleep(60)
    return pid
def job():
    pass
def worker():
    child(job)
child(worker)
runner = child(job)
for _ in range(3):
    os.read(read, 1)
told = service_processes({"worker": 100}, {runner: RUNNER})
for one in told:
    print(one.pid, one.role, one.limit, sep=",")
"""


def test_the_family_of_a_gunicorn_is_told_by_its_places_and_by_the_job_table(tmp_path: Path) -> None:
    """A program named gunicorn whose children and grandchildren are forks of it, as in the service."""
    program = tmp_path / "gunicorn"
    program.write_text(FAMILY, encoding="utf-8")
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
        start_new_session=True,
    ) as family:
        try:
            assert family.stdout is not None
            lines = [family.stdout.readline().strip().split(",") for _ in range(4)]
        finally:
            os.killpg(family.pid, 9)
    roles = {role: limit for _, role, limit in lines}
    assert roles == {MASTER: "None", WORKER: "100", JOB: "None", processes.RUNNER: "None"}
    assert lines[0] == [str(family.pid), MASTER, "None"]


def test_without_smaps_it_falls_back_on_rss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_pss", lambda _: None)
    facts = service_processes()[0]
    assert facts.pss is None
    assert facts.memory == facts.rss
