"""/healthz and /readyz: each check, what it says when it fails, and that it never fails itself."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import health
from app.settings import Settings
from data_layer import probe
from data_layer.connection import CancelToken
from data_layer.errors import QueryCancelled
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager


@pytest.fixture
def own_lake(demo_lake: Lake, tmp_path: Path) -> Lake:
    """A copy that a test may damage."""
    shutil.copytree(demo_lake.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


@contextmanager
def served(lake: Lake, cache: Path, **given: Any) -> Iterator[tuple[FlaskClient, HybridQueryManager]]:
    server = Flask("health")
    manager = given.pop("manager", None) or HybridQueryManager(lake)
    health.register(server, Settings(lake_dir=lake.root, cache_dir=cache), manager, **given)
    with server.test_client() as client:
        yield client, manager


def failing(client: FlaskClient) -> dict[str, Any]:
    """The checks that fail, of an answer that says 503."""
    answer = client.get("/readyz")
    assert answer.status_code == 503
    checks = {name: check for name, check in answer.get_json()["checks"].items() if not check["ok"]}
    assert checks
    for check in checks.values():
        assert check["what"] in answer.get_json()["error"]
    assert client.get("/healthz").status_code == 200
    return checks


def test_all_is_well(demo_lake: Lake, tmp_path: Path) -> None:
    with served(demo_lake, tmp_path / "cache", runner_alive=lambda: True) as (client, _):
        answer = client.get("/readyz")
        assert answer.status_code == 200
        checks = answer.get_json()["checks"]
        assert sorted(checks) == ["cache", "jobs", "lake", "query"]
        assert all(check["ok"] for check in checks.values())
        assert answer.get_json()["age_seconds"] > 0


@pytest.mark.parametrize(
    ("ahead", "age", "said"),
    [
        (timedelta(minutes=-15), 900, False),
        (timedelta(minutes=-5), 300, False),
        (timedelta(0), 0, False),
        (timedelta(minutes=5), 0, False),  # AEMO publishes an interval as it begins
        (timedelta(minutes=10), 0, True),
        (timedelta(minutes=15), 0, True),
    ],
)
def test_a_clock_that_is_slow_or_fast(
    ahead: timedelta, age: int, said: bool, demo_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service serves on; an age is never below zero, and who asks hears that the clock is wrong."""
    manager = HybridQueryManager(demo_lake)
    state = manager.lake_state()
    now = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=10)
    newest = replace(state, last=now + ahead + timedelta(seconds=1))
    monkeypatch.setattr(manager, "lake_state", lambda: newest)
    with served(demo_lake, tmp_path / "cache", manager=manager) as (client, _):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    body = answer.get_json()
    assert max(0, age - 1) <= body["age_seconds"] <= age + 30
    assert ("clock slow" in body["checks"]["lake"]["what"]) == said


def test_a_probe_is_counted_nowhere(demo_lake: Lake, tmp_path: Path) -> None:
    with served(demo_lake, tmp_path / "cache") as (client, manager):
        told: list[object] = []
        manager.observers.append(told.append)
        assert client.get("/readyz").status_code == 200
        assert told == []
        assert manager.statistics()["queries"] == 0


def test_no_lake(tmp_path: Path) -> None:
    with served(Lake(tmp_path / "none"), tmp_path / "cache") as (client, _):
        assert "python -m app ingest" in failing(client)["lake"]["what"]


def test_lake_deleted_while_it_is_served(own_lake: Lake, tmp_path: Path) -> None:
    with served(own_lake, tmp_path / "cache") as (client, _):
        assert client.get("/readyz").status_code == 200
        shutil.rmtree(own_lake.root)
        assert failing(client)


def test_lake_damaged(own_lake: Lake, tmp_path: Path) -> None:
    with served(own_lake, tmp_path / "cache") as (client, _):
        for path in (own_lake.root / "data").rglob("*.parquet"):
            path.write_bytes(b"PAR1 no longer PAR1")
        assert "ingest --again" in failing(client)["query"]["what"]


def test_manifest_damaged(own_lake: Lake, tmp_path: Path) -> None:
    with served(own_lake, tmp_path / "cache") as (client, _):
        for path in (own_lake.root / "versions").iterdir():
            path.write_text("{")
        (own_lake.root / "CURRENT").write_text("nonsense")
        assert failing(client)["lake"]


def test_cache_folder_deleted_is_made_again(demo_lake: Lake, tmp_path: Path) -> None:
    with served(demo_lake, tmp_path / "cache") as (client, _):
        assert client.get("/readyz").status_code == 200
        shutil.rmtree(tmp_path / "cache")
        assert client.get("/readyz").status_code == 200


def test_cache_folder_that_cannot_be_made(demo_lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with served(demo_lake, tmp_path / "file" / "cache") as (client, _):
        assert "NEMDESK_CACHE_DIR" in failing(client)["cache"]["do"]


def test_cache_folder_on_a_read_only_disk(demo_lake: Lake) -> None:
    with served(demo_lake, Path("/proc/cache")) as (client, _):
        assert "NEMDESK_CACHE_DIR" in failing(client)["cache"]["do"]


def test_nobody_works_on_jobs(demo_lake: Lake, tmp_path: Path) -> None:
    with served(demo_lake, tmp_path / "cache", runner_alive=lambda: False) as (client, _):
        assert "Restart" in failing(client)["jobs"]["do"]


def test_a_check_that_breaks_is_a_check_that_fails(demo_lake: Lake, tmp_path: Path) -> None:
    def broken() -> bool:
        raise OSError(socket.EAI_AGAIN, "secret")

    with served(demo_lake, tmp_path / "cache", runner_alive=broken) as (client, _):
        assert "secret" not in str(failing(client))


def test_a_slow_answer_is_not_ready(demo_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The query itself is stopped: DuckDB's counts to more than it could in the time."""
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.2)
    manager = HybridQueryManager(demo_lake)

    class Slow:
        name = "slow"

        def run(self, request: object, snapshot: object, cancel: CancelToken) -> object:
            return manager.engine.query("select count(*) from range(100000000000) a", {}, cancel)

    manager.backend = Slow()  # type: ignore[assignment]
    with served(demo_lake, tmp_path / "cache", manager=manager) as (client, _):
        assert "not answered within" in failing(client)["query"]["what"]
    with pytest.raises(QueryCancelled):
        probe.probe(manager, 0.2)


def test_the_limit_ends_with_the_question(demo_lake: Lake) -> None:
    """No timer is left that would stop somebody else's."""
    import threading

    before = threading.active_count()
    probe.probe(HybridQueryManager(demo_lake), 30)
    for _ in range(50):
        if threading.active_count() <= before:
            return
        time.sleep(0.1)
    pytest.fail("a thread is left")
