"""A process's database is made anew now and then: nobody's question notices, and memory comes back."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data_layer import database
from data_layer.connection import DuckEngine
from data_layer.database import Database, Limits, remove_spill
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import RegionSummary
from tests.data_layer.test_connection import one
from tests.data_layer.test_query_manager import kept_footers
from tests.trust.switching import PERIOD, publish


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "RENEWED_AFTER", 5)


@pytest.mark.usefixtures("soon")
def test_another_takes_over_after_so_many_statements(tmp_path: Path) -> None:
    told: list[int] = []
    made = Database(tmp_path, Limits(), lambda: told.append(len(told)))
    connections = [made.connection() for _ in range(16)]
    assert len({id(one) for one in connections}) == 4
    assert connections[0] is connections[4] is not connections[5] and connections[5] is connections[9]
    assert told == [0, 1, 2], "the first one of all takes nobody's place"
    locked = "SELECT current_setting('lock_configuration') AS n"
    assert all(connection.execute(locked).fetchone() == (True,) for connection in connections)


@pytest.mark.usefixtures("soon")
def test_questions_of_many_threads_are_answered_through_every_change(tmp_path: Path) -> None:
    renewed: list[float] = []
    engine = DuckEngine(tmp_path, None, lambda: renewed.append(time.monotonic()))
    with ThreadPoolExecutor(12) as pool:
        ask = "SELECT $k + count(*) AS n FROM range(1000)"
        found = list(pool.map(lambda k: one(engine, ask, k=k), range(300)))
    assert found == [k + 1_000 for k in range(300)]
    assert len(renewed) == 300 // 5 - 1


@pytest.mark.usefixtures("soon")
def test_a_long_question_goes_on_in_the_database_it_began_in(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path)
    long = "SELECT sum(a.range % 7 * b.range) % 1000 AS n FROM range(20000) AS a, range(20000) AS b"
    right = sum(a % 7 for a in range(20_000)) * sum(range(20_000)) % 1_000
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(one, engine, long)
        during = 0
        while not asked.done():
            assert one(engine, "SELECT 1 AS n") == 1
            during += 1
        assert asked.result() == right
    assert during > 5, "several databases meanwhile"


def test_a_warm_manager_warms_the_next_database_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path / "lake")
    publish(lake, 1)
    cold, warm = open_manager(lake.root), open_manager(lake.root)
    assert warm.warm() > 5
    held = kept_footers(warm)
    monkeypatch.setattr(database, "RENEWED_AFTER", 60)
    for manager, kept in ((cold, 0), (warm, held)):
        before = manager.engine.database.connection()
        while manager.engine.database.connection() is before:
            pass
        for thread in threading.enumerate():
            if thread.name == "footers":
                thread.join(60)
        assert kept_footers(manager) == kept
        assert manager.answer(RegionSummary(PERIOD), use_cache=False).table.num_rows > 0


def test_what_a_process_spilled_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.tempfile, "gettempdir", lambda: str(tmp_path))
    for pid in (os.getpid(), 1):
        (tmp_path / f"nemdesk-spill-{pid}-x").mkdir()
    remove_spill(os.getpid())
    assert [path.name for path in tmp_path.iterdir()] == ["nemdesk-spill-1-x"]
