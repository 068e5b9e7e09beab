"""The log of questions: what is in it, how much of it is kept, and that nothing ever fails for it."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from diskcache import Cache

from app import query_log
from app.query_log import LONGEST_TEXT, RECENT, SLOWEST, QueryLog, TextDisk
from data_layer.answers import Observation, Provenance
from data_layer.errors import QueryTimeout
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import AggregateByGroup, Period, RegionSummary, Request

PERIOD = Period(datetime(2026, 2, 20), datetime(2026, 2, 27))
QUESTION = RegionSummary(PERIOD)


def told(seconds: float, request: Request = QUESTION, *, cached: bool = False) -> Observation:
    facts = Provenance("region_day", 35, 1, seconds, "000001-ab", "duckdb", cached)
    return Observation(request, facts, 6, seconds, "duckdb")


@pytest.fixture
def log(tmp_path: Path) -> QueryLog:
    return QueryLog(tmp_path / "cache" / "queries", request_id=lambda: "0123456789ab")


def test_a_question_is_logged_with_what_it_asked_and_cost(log: QueryLog) -> None:
    assert log.works, "before there is anything in it"
    before = datetime.now(UTC)
    log(told(0.25))
    (entry,) = log.recent()
    assert entry["name"] == "region_summary"
    assert entry["query"] == {"start": "2026-02-20", "end": "2026-02-26"}
    assert (entry["engine"], entry["source"], entry["files"]) == ("duckdb", "region_day", 1)
    assert (entry["rows_read"], entry["rows"], entry["seconds"]) == (35, 6, 0.25)
    assert (entry["pid"], entry["request_id"], entry["error"]) == (os.getpid(), "0123456789ab", "")
    when = datetime.fromisoformat(entry["when"])
    assert before - timedelta(seconds=1) <= when <= datetime.now(UTC)
    assert log.entry(entry["id"]) == entry
    assert log.entry("0" * 12) is None
    assert log.slowest() == [entry]


def test_what_a_cache_answered_is_not_listed_and_what_failed_is(log: QueryLog) -> None:
    log(told(0.1, cached=True))
    assert log.recent() == []
    log(Observation(QUESTION, None, 0, 30.0, "duckdb", QueryTimeout("It took too long.")))
    (entry,) = log.recent()
    assert entry["error"] == "It took too long."
    assert entry["source"] == ""


def test_the_latest_and_the_slowest_are_kept_and_no_more(log: QueryLog) -> None:
    seconds = [((k * 37) % 250) / 100 for k in range(250)]
    for one in seconds:
        log(told(one))
    assert [entry["seconds"] for entry in log.recent()] == seconds[::-1][:RECENT]
    assert [entry["seconds"] for entry in log.slowest()] == sorted(seconds, reverse=True)[:SLOWEST]
    with sqlite3.connect(log.directory / "cache.db") as database:
        (rows,) = database.execute("SELECT count(*) FROM Cache").fetchone()
    database.close()
    assert rows <= RECENT + 2 * SLOWEST + 1


def test_one_connection_serves_all_threads(log: QueryLog) -> None:
    """A worker has 64 threads."""
    log(told(0.1))
    log.flush()
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    barrier = threading.Barrier(9)

    def ask(number: int) -> None:
        log(told(number))
        log.recent()
        log.slowest()
        barrier.wait(30)
        barrier.wait(30)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    barrier.wait(30)
    found = len(list(Path("/proc/self/fd").iterdir()))
    barrier.wait(30)
    for thread in threads:
        thread.join()
    assert found <= open_files
    assert len(log.recent()) == 9


def test_a_question_does_not_wait_for_another_process_that_writes(log: QueryLog) -> None:
    log(told(0.1))
    log.flush()
    other = sqlite3.connect(log.directory / "cache.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    for _ in range(20):
        log(told(0.2))
    waited = time.monotonic() - began
    log.flush(0.05)
    other.execute("COMMIT")
    other.close()
    assert waited < 2
    assert len(log.recent()) == 21, "and none of them is lost"


def test_what_cannot_be_written_in_time_does_not_pile_up(
    log: QueryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_log, "_MOST_WAITING", 5)
    go_on = threading.Event()
    log._desk().put(lambda: go_on.wait(30))
    for _ in range(20):
        log(told(0.2))
    go_on.set()
    assert len(log.recent()) == 4
    log(told(0.2))
    assert len(log.recent()) == 5


def test_a_log_that_was_replaced_is_opened_anew(log: QueryLog) -> None:
    """Another process deleted the folder, and a third made it again."""
    log(told(0.5))
    log.flush()
    shutil.rmtree(log.directory)
    other = QueryLog(log.directory)
    other(told(0.6))
    other.flush()
    log(told(0.7))
    assert [entry["seconds"] for entry in log.recent()] == [0.7, 0.6]
    assert other.recent() == log.recent()


def test_one_log_for_all_processes(log: QueryLog) -> None:
    """Children of a process that has the log open append to it, at the same time."""
    log(told(0.5))
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            for k in range(10):
                log(told(1 + number + k / 100))
            log.flush(30)
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    entries = log.recent()
    assert len(entries) == 41
    assert len({entry["pid"] for entry in entries}) == 5
    assert log.slowest()[0]["seconds"] > 4


def test_a_question_too_long_to_keep_keeps_its_name(log: QueryLog) -> None:
    long = AggregateByGroup(PERIOD, ("fuel",))
    object.__setattr__(long, "regions", tuple(f"UNIT{k}" for k in range(2_000)))
    assert len(json.dumps(long.to_query())) > LONGEST_TEXT
    log(told(0.1, long))
    (entry,) = log.recent()
    assert entry["query"] is None
    assert entry["name"] == long.name


class Canary:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (os.environ["NEMDESK_CANARY"],))


def test_nothing_in_it_is_unpickled(log: QueryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who can write to the database has pickles wait there as values and as keys."""
    canary = tmp_path / "canary"
    monkeypatch.setenv("NEMDESK_CANARY", str(canary))
    log(told(0.5))
    log.flush()
    text = pickle.dumps(Canary())
    insert = (
        "INSERT INTO Cache (key, raw, store_time, expire_time, access_time, access_count, tag, size, mode, "
        "filename, value) VALUES (?, ?, 0, NULL, 0, 0, NULL, 0, ?, NULL, ?)"
    )
    with sqlite3.connect(log.directory / "cache.db") as database:
        database.execute(insert, ("99999999999999999999-x", 1, 4, text))
    assert [entry["seconds"] for entry in log.recent()] == [0.5]
    with sqlite3.connect(log.directory / "cache.db") as database:
        database.execute(insert, (text, 0, 1, "text"))
    database.close()
    assert log.recent() == []
    log(told(0.7))
    assert not canary.exists()
    pickle.loads(text)
    assert canary.exists(), "the canary sings where it is let"


@pytest.mark.parametrize("junk", [b"", b"not a database" * 1000])
def test_junk_is_an_empty_log_and_no_error(log: QueryLog, junk: bytes) -> None:
    log.directory.mkdir(parents=True)
    (log.directory / "cache.db").write_bytes(junk)
    log(told(0.5))
    log.slowest()
    assert len(log.recent()) <= 1


def test_texts_of_another_shape_are_left_out(log: QueryLog) -> None:
    log(told(0.5))
    log.flush()
    cache = Cache(str(log.directory), disk=TextDisk)
    for k, text in enumerate(["[]", "{", '{"id": 3}', "null", json.dumps({"id": "a", "when": "yesterday"})]):
        cache.set(f"9999{k}", text)
    cache.set("slowest", '[{"id": 1}, 3]')
    cache.close()
    assert len(log.recent()) == 1
    assert log.slowest() == []


def test_a_log_that_cannot_be_kept_costs_no_answer(tmp_path: Path, demo_lake: Lake) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    log = QueryLog(tmp_path / "cache" / "queries")
    manager = open_manager(demo_lake.root)
    manager.observers.append(log)
    assert manager.answer(QUESTION).table.num_rows == 6
    assert log.recent() == []
    assert log.slowest() == []
    assert not log.works


def test_a_deleted_folder_is_made_again_for_this_user_only(log: QueryLog) -> None:
    log(told(0.5))
    log.flush()
    shutil.rmtree(log.directory.parent)
    log(told(0.6))
    assert [entry["seconds"] for entry in log.recent()] == [0.6]
    for folder in (log.directory, log.directory.parent):
        assert folder.stat().st_mode & 0o077 == 0
    assert log.works


def test_yesterdays_slowest_make_room(log: QueryLog) -> None:
    log(told(5.0))
    old = [{**entry, "when": "2020-01-01T00:00:00+00:00"} for entry in log.slowest()]
    with Cache(str(log.directory), disk=TextDisk) as cache:
        cache.set("slowest", json.dumps(old))
    log(told(0.1))
    assert [entry["seconds"] for entry in log.slowest()] == [0.1]
