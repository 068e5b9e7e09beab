"""The queue as every process sees it, without any process."""

from __future__ import annotations

import os
import pickle
import sqlite3
import time
from pathlib import Path

import psutil
import pytest

from app.jobs.answering import Telling
from app.jobs.table import JobTable, Record, new_id
from app.liveness import Being
from callbacks.work import DONE, FAILED, RUNNING, STOPPED, WAITING, Told
from tests.trust.caches import Canary


def record(work: str, visitor: str = "a", **facts: object) -> Record:
    order = {"name": "x", "query": {}, "form": ""}
    return Record(new_id(), "answer", work, order, "t", "/x", time.time(), visitors={visitor: True}, **facts)  # type: ignore[arg-type]


@pytest.fixture
def table(tmp_path: Path) -> JobTable:
    return JobTable(tmp_path / "jobs")


def test_equal_orders_are_one_job_until_it_has_ended(table: JobTable) -> None:
    first = table.add(record("w", "a"), 9)
    assert table.add(record("w", "b"), 9) == first
    other = table.add(record("v", "a"), 9)
    assert first and other and other != first
    found = table.get(first)
    assert found is not None and found.visitors == {"a": True, "b": True}
    with table.changing(first) as changed:
        assert changed is not None
        changed.end(FAILED, "broke")
    again = table.add(record("w", "c"), 9)
    assert again != first, "a failure is not served again"
    assert table.counts() == {DONE: 0, FAILED: 1, STOPPED: 0}


def test_the_queue_is_first_come_first_served_and_bounded(table: JobTable) -> None:
    ids = [table.add(record(str(place)), 3) for place in range(4)]
    assert ids[3] is None and None not in ids[:3]
    taken = [table.next_waiting() for _ in range(4)]
    assert [one and one.id for one in taken] == [*ids[:3], None]
    assert all(one.state == RUNNING for one in table.records())
    assert table.add(record("later"), 3)


def test_what_has_ended_is_read_once_and_then_passed_over(
    table: JobTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [table.add(record(str(place)), 9) for place in range(5)]
    for job in (ids[1], ids[3]):
        with table.changing(str(job)) as changed:
            assert changed is not None
            changed.end(DONE)
    assert [one.id for one in table.unended()] == [ids[0], ids[2], ids[4]]
    read: list[str] = []
    get = table.get
    monkeypatch.setattr(table, "get", lambda job: read.append(job) or get(job))
    assert [one.id for one in table.unended()] == [ids[0], ids[2], ids[4]] == read
    table.remove(str(ids[1]))
    assert [one.id for one in table.unended()] == [ids[0], ids[2], ids[4]]
    assert table._over == {ids[3]}, "and what is gone is forgotten"
    other = JobTable(table.directory)
    assert [one.id for one in other.unended()] == [ids[0], ids[2], ids[4]]


def test_an_end_is_final(table: JobTable) -> None:
    job = table.add(record("w"), 9)
    assert job
    for state, message in ((STOPPED, ""), (DONE, ""), (FAILED, "late")):
        with table.changing(job) as changed:
            assert changed is not None
            changed.end(state, message)
    found = table.get(job)
    assert found is not None and found.state == STOPPED and found.message == ""


def test_several_messages_of_one_job_all_arrive(table: JobTable) -> None:
    job = record("w")
    table.add(job, 9)
    with Telling(table, job, 1_000) as telling:
        for message in ("one", "two", "three"):
            telling.say(message)
        telling.say(phase="Keeping the answer")
    told, _ = table.told(job.id)
    assert told.messages == ("one", "two", "three") and told.phase == "Keeping the answer"


def test_a_job_that_is_forgotten_leaves_nothing(table: JobTable) -> None:
    job = record("w")
    table.add(job, 9)
    table.tell(job.id, Told(phase="x"), 1)
    table.partial_path(job.id).parent.mkdir()
    table.partial_path(job.id).write_bytes(b"x")
    table.remove(job.id)
    assert table.get(job.id) is None and table.ids() == [] and table.told(job.id) == (Told(), 0)
    assert not table.partial_path(job.id).exists()


def test_who_left_sees_it_stopped_who_stays_does_not(table: JobTable) -> None:
    job = record("w")
    job.visitors = {"a": False, "b": True}
    table.add(job, 9)
    assert table.state(job, "a").state == STOPPED
    assert table.state(job, "b").state == WAITING


def test_nothing_in_the_store_is_a_pickle(table: JobTable) -> None:
    """diskcache's default would unpickle whatever lies there."""
    with pytest.raises(TypeError):
        table.store.set("x", object())


def test_a_row_that_somebody_made_a_pickle_is_not_there_and_does_not_run(
    table: JobTable, tmp_path: Path
) -> None:
    job = table.add(record("w"), 9)
    poison = pickle.dumps(Canary(tmp_path / "sang"))
    with sqlite3.connect(tmp_path / "jobs" / "cache.db") as database:
        # Mode 4 is diskcache's name for a pickle.
        assert database.execute("UPDATE Cache SET mode = 4, value = ?", (poison,)).rowcount == 2
    database.close()
    assert job and table.get(job) is None and list(table.records()) == [] and table.last_asked("a") == 0
    assert not (tmp_path / "sang").exists()
    again = table.add(record("w"), 9)
    assert [one.id for one in table.records()] == [again]


def test_a_process_is_not_taken_for_another_of_its_number() -> None:
    mine = Being.of(os.getpid())
    assert mine.lives()
    other = Being(mine.pid, f"{mine.born}1")
    assert not other.lives() and other.private_bytes() == 0
    assert not Being(0, "").lives() and not Being(0, mine.born).lives()
    assert mine.private_bytes() > 1_000_000


def test_a_clock_that_is_set_makes_no_process_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's time of its start, from which psutil reckons a process's birth, moves with the clock."""
    mine = Being.of(os.getpid())
    started = psutil.boot_time()
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: started + 1)
    assert mine.lives() and mine == Being.of(os.getpid())
