"""A runaway query and a memory-hungry one: both end, say what to do, and leave the database usable."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from data_layer import turns
from data_layer.connection import DuckEngine, Limits
from data_layer.errors import QueryTimeout, ResultTooLarge, ServerBusy
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager
from data_layer.requests import IntegratedData, Period

RUNAWAY = "select sum(a.range * b.range) as n from range(100000000) a, range(1000000) b"

HUNGRY = "select list(range) as n from range(200000000)"
"""One list of 1.6 GB: nothing that could be spilled."""


def usable(engine: DuckEngine) -> bool:
    return bool(engine.query("select 42 as n", {}).column("n")[0].as_py() == 42)


def test_a_runaway_query_ends(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(timeout_seconds=0.3))
    with pytest.raises(QueryTimeout, match=r"longer than 0\.3 s: shorten the period") as caught:
        engine.query(RUNAWAY, {})
    assert "NEMDESK_QUERY_TIMEOUT_SECONDS" in str(caught.value)
    assert usable(engine)


def test_a_runaway_stream_ends(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(timeout_seconds=0.3))
    with pytest.raises(QueryTimeout, match="NEMDESK_QUERY_TIMEOUT_SECONDS"):
        list(engine.batches(RUNAWAY, {}, 1000))
    assert usable(engine)


def test_a_hungry_query_ends(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(memory_limit_mb=100, timeout_seconds=60))
    with pytest.raises(ResultTooLarge, match="more memory than the 100 MB it may use: shorten") as caught:
        engine.query(HUNGRY, {})
    assert "NEMDESK_MEMORY_LIMIT_MB" in str(caught.value)
    assert usable(engine)


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(max_rows=1000))
    with pytest.raises(ResultTooLarge, match="more than 1,000 rows: shorten"):
        engine.query("select range as n from range(1001)", {})
    assert engine.query("select range as n from range(1000)", {}).num_rows == 1000


def test_a_job_names_its_own_settings(tmp_path: Path) -> None:
    limits = Limits(
        memory_limit_mb=100,
        timeout_seconds=0.3,
        timeout_setting="NEMDESK_JOB_TIMEOUT_SECONDS",
        memory_setting="NEMDESK_JOB_MEMORY_MB",
    )
    with pytest.raises(QueryTimeout, match="NEMDESK_JOB_TIMEOUT_SECONDS"):
        DuckEngine(tmp_path, limits).query(RUNAWAY, {})


def test_reading_in_chunks_takes_a_heavy_turn_until_its_first_rows_are_there(
    demo_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "HEAVY_WAIT_SECONDS", 0.1)
    manager = HybridQueryManager(demo_lake, heavy_at_once=1)
    monkeypatch.setattr(manager.backend, "is_heavy", lambda *_: True)
    request = IntegratedData(Period.parse("2026-02-25", "2026-02-26"))
    whole = manager.answer(request).table.num_rows
    semaphore = manager._heavy.semaphore()
    semaphore.acquire()
    with pytest.raises(ServerBusy):
        next(manager.query_chunks(request, 1000))
    semaphore.release()
    reading = manager.query_chunks(request, 1000)
    rows = len(next(reading))
    assert semaphore.acquire(blocking=False)  # a reader who takes his time is in nobody's way
    semaphore.release()
    assert rows + sum(len(chunk) for chunk in reading) == whole
    left = manager.query_chunks(request, 1000)
    left.close()
    assert semaphore.acquire(blocking=False)


def test_busy_is_said_while_a_heavy_query_runs(demo_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HEAVY_WAIT_SECONDS", 0.1)
    manager = HybridQueryManager(demo_lake, limits=Limits(timeout_seconds=2), heavy_at_once=1)
    monkeypatch.setattr(manager.backend, "is_heavy", lambda *_: True)
    running = threading.Event()

    def run(*_: object) -> None:
        running.set()
        manager.engine.query(RUNAWAY, {})

    monkeypatch.setattr(manager.backend, "run", run)
    failed: list[BaseException] = []

    def first() -> None:
        try:
            manager.answer(IntegratedData(Period.parse("2026-02-25", "2026-02-26")))
        except QueryTimeout as error:
            failed.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    assert running.wait(10)
    with pytest.raises(ServerBusy, match="try again in a moment"):
        manager.answer(IntegratedData(Period.parse("2026-02-26", "2026-02-27")))
    thread.join()
    assert len(failed) == 1
