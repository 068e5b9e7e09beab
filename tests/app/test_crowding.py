"""More questions at once than a process computes: a short line, 'busy' early, and the quick never wait."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app, crowding
from app.crowding import Line, spare
from app.settings import Settings
from data_layer.errors import ServerBusy
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager
from tests.app.callback_client import dependencies, fill, payload, post


def test_those_in_line_are_called_in_their_order_and_no_more_than_places() -> None:
    line = Line(2, 10)
    assert [line.enter(0), line.enter(0)] == ["", ""]
    order: list[int] = []

    def wait(number: int) -> None:
        assert line.enter(30) == ""
        order.append(number)

    threads = []
    for number in range(3):
        thread = threading.Thread(target=wait, args=(number,))
        thread.start()
        threads.append(thread)
        while line.state[1] < number + 1:
            time.sleep(0.001)
    assert line.state == (2, 3)
    for number in range(3):
        line.leave()
        threads[number].join(30)
        assert order == list(range(number + 1))
    assert line.state == (2, 0)


def test_a_full_line_refuses_at_once_and_a_long_wait_in_time() -> None:
    line = Line(1, 2)
    assert line.enter(0) == ""
    waiting = threading.Thread(target=line.enter, args=(30,))
    waiting.start()
    while line.state != (1, 1):
        time.sleep(0.001)
    assert line.enter(30) == "full"
    line.leave()
    waiting.join(30)
    assert line.enter(0.01) == "waited"
    assert line.state == (1, 0)  # who gave up holds no place in line
    line.leave()
    assert line.enter(0) == ""


def test_who_steps_aside_lets_the_next_in_and_comes_back_without_waiting() -> None:
    line = Line(1, 5)
    assert line.enter(0) == ""
    with line.aside():
        assert line.enter(0) == ""
    assert line.state == (2, 0)  # he may hold what the other waits for
    line.leave()
    assert line.enter(0) == "waited"
    line.leave()
    assert line.enter(0) == ""


def test_many_threads_leave_nobody_behind() -> None:
    line = Line(3, 40)
    most: list[int] = []

    def work() -> None:
        for _ in range(50):
            if line.enter(30) == "":
                most.append(line.state[0])
                line.leave()

    threads = [threading.Thread(target=work) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(most) == 30 * 50
    assert max(most) <= 3
    assert line.state == (0, 0)


@pytest.mark.parametrize(("threads", "free"), [(2, 1), (8, 1), (64, 8), (256, 32)])
def test_some_threads_are_kept_for_what_is_quick(threads: int, free: int) -> None:
    assert spare(threads) == free


@pytest.fixture
def crowded(
    demo_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[FlaskClient, Line, HybridQueryManager]:
    """An app with one place, which this fixture's line gives away or not."""
    lines: list[Line] = []
    made = crowding.Line

    def remember(at_once: int, most: int) -> Line:
        lines.append(made(at_once, most))
        return lines[-1]

    monkeypatch.setattr(crowding, "Line", remember)
    monkeypatch.setattr(crowding, "PATIENCE_SECONDS", 0.05)
    settings = Settings(
        lake_dir=demo_lake.root, cache_dir=tmp_path / "cache", worker_threads=8, panels_at_once=1
    )
    manager = open_manager(demo_lake.root)
    app = create_app(settings, manager)
    return app.server.test_client(), lines[0], manager


def test_busy_is_said_with_when_to_come_back_and_leaves_no_place_taken(
    crowded: tuple[FlaskClient, Line, HybridQueryManager],
) -> None:
    client, line, _ = crowded
    assert fill(client, "gen-table", "/generation").status_code == 200
    assert line.state == (0, 0)
    assert line.enter(0) == ""
    for _ in range(3):
        refused = fill(client, "gen-table", "/generation")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "busy" in refused.get_json()["error"]
        assert refused.headers["X-Request-Id"] == refused.get_json()["request_id"]
    assert client.get("/generation/data.csv").status_code == 503
    assert line.state == (1, 0)
    line.leave()
    answered = fill(client, "gen-table", "/generation")
    assert answered.status_code == 200
    assert "Retry-After" not in answered.headers
    assert line.state == (0, 0)


def test_health_pages_clocks_and_polls_never_wait(
    crowded: tuple[FlaskClient, Line, HybridQueryManager],
) -> None:
    client, line, _ = crowded
    entries = dependencies(client)
    assert line.enter(0) == ""
    for path in ("/healthz", "/readyz", "/", "/_dash-layout", "/_dash-dependencies"):
        assert client.get(path).status_code in (200, 503 if path == "/readyz" else 200)
        assert "busy" not in client.get(path).get_data(as_text=True)[:200]
    quick = [one for one in entries if one["inputs"][0]["id"] in ("poll", "jobs-tick")]
    quick += [one for one in entries if one["output"].endswith("-stop.id")]
    quick += [one for one in entries if one["output"].startswith(("..tabs.children", "..page.children"))]
    assert len(quick) >= 6
    for entry in quick:
        assert post(client, payload(entry, {})).status_code in (200, 204)
    watched = next(one for one in entries if one.get("background"))
    poll = client.post("/_dash-update-component?cacheKey=x&job=y", json=payload(watched, {}))
    assert poll.status_code != 503


def test_a_failed_question_gives_its_place_back(
    crowded: tuple[FlaskClient, Line, HybridQueryManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, line, manager = crowded

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(manager, "lake_state", fail)
    assert fill(client, "gen-table", "/generation").status_code == 200  # the panel says so
    assert client.get("/generation/data.csv").status_code == 500
    assert line.state == (0, 0)


def test_a_panel_whose_large_question_must_wait_says_when_to_ask_again(
    crowded: tuple[FlaskClient, Line, HybridQueryManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, line, manager = crowded
    monkeypatch.setattr(manager.backend, "is_heavy", lambda *_: True)
    turns = manager._heavy.semaphore()
    assert turns.acquire(blocking=False)
    inside: list[int] = []
    acquire = turns.acquire

    def look(*args: object, **kwargs: object) -> bool:
        inside.append(line.state[0])
        return bool(acquire(*args, **kwargs))  # type: ignore[arg-type]

    monkeypatch.setattr(turns, "acquire", look)
    answer = fill(client, "gen-table", "/generation")
    assert answer.status_code == 200
    assert "busy" in answer.get_data(as_text=True)
    assert int(answer.headers["Retry-After"]) > 0
    assert inside[:2] == [1, 0]  # who waits for a turn leaves his place to others
    assert line.state == (0, 0)
    turns.release()
    again = fill(client, "gen-table", "/generation")
    assert "busy" not in again.get_data(as_text=True)
    assert "Retry-After" not in again.headers


def test_the_two_waits_together_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from data_layer.turns import HeavyTurns

    turns = HeavyTurns(1)
    asked: list[float] = []
    turns.patience = lambda: asked.append(0.0) or 0.0
    with turns.turn(True), pytest.raises(ServerBusy), turns.turn(True):
        pass
    assert asked == [0.0]
