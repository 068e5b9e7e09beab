"""The runner's rounds by themselves, over a table that fails at a chosen moment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.jobs.limits import JobLimits
from app.jobs.runner import Runner, _Rounds

ROUNDS = """
import json, os, sqlite3, sys, time
from contextlib import contextmanager
from pathlib import Path
from app.jobs.limits import JobLimits
from app.jobs.runner import Runner, _Rounds
from app.jobs.table import JobTable, Record, new_id

folder = Path(sys.argv[1])

def work(table, record):
    JobTable.changing = real
    while not (folder / "go").exists():
        time.sleep(0.05)

rounds = _Rounds(Runner(folder / "jobs", JobLimits(2, 500, 60), work), os.open(os.devnull, os.O_RDONLY))
order = {"name": "x", "query": {}, "form": ""}
record = Record(new_id(), "answer", "w", order, "t", "/x", time.time(), visitors={"a": True})
job = rounds.table.add(record, 9)
real = JobTable.changing

@contextmanager
def full(self, identity):
    JobTable.changing = real
    raise sqlite3.OperationalError("unable to open database file")
    yield

JobTable.changing = full
said = ""
try:
    rounds._look()
except sqlite3.OperationalError as error:
    said = str(error)
seen = [rounds.table.get(job)]
rounds._look()
seen.append(rounds.table.get(job))
(folder / "go").touch()
for _ in range(200):
    rounds._reap()
    rounds._look()
    if rounds.table.get(job).over:
        break
    time.sleep(0.05)
seen.append(rounds.table.get(job))
print(json.dumps([said, len(rounds.mine), *[[one.state, one.pid, one.message] for one in seen]]))
"""
"""In a process of its own, since it forks: the table fails once, just after the job's process began."""


def test_a_disk_in_the_way_when_a_job_begins_does_not_cost_the_job(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ROUNDS, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    said, _, begun, noted, ended = json.loads(ran.stdout.splitlines()[-1])
    assert said == "unable to open database file", "the round failed, and the next one came"
    assert begun == ["running", 0, ""]
    assert noted[0] == "running" and noted[1] > 0, "not taken for killed"
    assert ended == ["done", noted[1], ""]


@pytest.fixture
def rounds(tmp_path: Path) -> _Rounds:
    """A runner's rounds in this process, which starts no job."""
    runner = Runner(tmp_path / "jobs", JobLimits(2, 500, 60), lambda *_: None)
    lock = runner.locked()
    assert lock is not None
    return _Rounds(runner, lock)


def ended(rounds: _Rounds) -> None:
    os.close(rounds.pipe)
    os.close(rounds.lock)
    rounds.table.store.close()


@pytest.mark.parametrize(
    "harm",
    [shutil.rmtree, lambda folder: (folder / "runner.pipe").unlink()],
    ids=["the folder", "the pipe alone"],
)
def test_where_its_files_are_deleted_it_makes_them_anew(
    rounds: _Rounds, harm: Callable[[Path], None]
) -> None:
    directory = rounds.runner.directory
    harm(directory)
    assert rounds.runner.pid() == 0
    assert rounds._stay()
    assert rounds.runner.pid() == os.getpid()
    assert rounds.runner.locked() is None, "a worker would start a second one"
    assert rounds._look() == 0
    ended(rounds)


def test_it_leaves_where_a_worker_has_started_another_meanwhile(rounds: _Rounds) -> None:
    shutil.rmtree(rounds.runner.directory)
    other = rounds.runner.locked()
    assert other is not None
    assert not rounds._stay()
    os.close(other)
    ended(rounds)


def test_it_ends_quietly_where_the_service_went_with_its_folder(
    rounds: _Rounds, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone:
        @staticmethod
        def lives() -> bool:
            shutil.rmtree(rounds.runner.directory, ignore_errors=True)
            shutil.rmtree(rounds.runner.directory.parent)
            return False

    rounds.runner.service = replace(rounds.runner.service, being=Gone())
    os.write(rounds.pipe, b"!")
    rounds.go()
    assert caplog.text == ""
    assert not rounds.runner.directory.exists()
    os.close(rounds.pipe)
    os.close(rounds.lock)
