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
from app.processes import JOB, MASTER, MIB, WORKER, service_processes, take_role


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
from pathlib import Path
from app.processes import RUNNER, service_processes, take_role
registry = Path(sys.argv[2])
read, write = os.pipe()
def child(work):
    if os.fork() == 0:
        work()
        os.write(write, b"x")
        time.sleep(60)
def job():
    pass
def worker():
    child(job)
child(worker)
child(lambda: take_role(registry, RUNNER))
for _ in range(3):
    os.read(read, 1)
told = service_processes(registry, {"worker": 100})
for one in told:
    print(one.pid, one.role, one.limit, sep=",")
"""


def test_the_family_of_a_gunicorn_is_told_by_its_places_and_by_what_its_members_say(tmp_path: Path) -> None:
    """A program named gunicorn whose children and grandchildren are forks of it, as in the service."""
    program = tmp_path / "gunicorn"
    program.write_text(FAMILY, encoding="utf-8")
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, str(program), "x", str(tmp_path / "registry")],
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


def test_a_dead_process_leaves_no_role(tmp_path: Path) -> None:
    take_role(tmp_path, JOB)
    mine = tmp_path / f"{os.getpid()}.json"
    assert mine.exists()
    (tmp_path / "4194303.json").write_text('{"role": "job", "birth": 1.0}', encoding="utf-8")
    (tmp_path / "17.json").write_text("not json", encoding="utf-8")
    service_processes(tmp_path)
    assert mine.exists()
    assert not (tmp_path / "4194303.json").exists()


def test_without_smaps_it_falls_back_on_rss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_pss", lambda _: None)
    facts = service_processes()[0]
    assert facts.pss is None
    assert facts.memory == facts.rss
