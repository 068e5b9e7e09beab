"""Who asks too often is told when to ask again; who merely looks, drags and waits never is."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app, rate_limits
from app.rate_limits import POLLS, WorkerMemory
from data_layer.lake import Lake
from tests.app.callback_client import URL, dependencies, fill, payload

RATE = 5


def client_of(lake: Lake, settings_of: Any, **more: Any) -> FlaskClient:
    settings = settings_of(lake.root, **{"rate_per_minute": RATE, **more})
    made: FlaskClient = create_app(settings).server.test_client()
    made.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    return made


@pytest.fixture
def limited(demo_lake: Lake, settings_of: Any) -> FlaskClient:
    return client_of(demo_lake, settings_of)


def ask(client: FlaskClient, path: str = "/data/nothing.csv", **more: Any) -> Any:
    return client.get(path, **more)


def test_the_next_question_is_refused_with_a_time(limited: FlaskClient) -> None:
    assert [ask(limited).status_code for _ in range(RATE)] == [400] * RATE
    answer = ask(limited)
    assert answer.status_code == 429
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds <= 60
    body = answer.get_json()
    assert body["error"] == f"Too many questions at once from your address: try again in {seconds} s."
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert "script-src" in answer.headers["Content-Security-Policy"]
    assert fill(limited, "today-cards", "/today").status_code == 429, "questions of all kinds count together"
    assert ask(limited, "/exports/x/y").status_code == 429
    assert ask(limited, "/today/data.csv").status_code == 429


def test_pages_probes_and_files_are_free(limited: FlaskClient) -> None:
    for path in ("/today", "/healthz", "/assets/page.css", "/_dash-layout", "/_dash-dependencies"):
        for _ in range(3 * RATE):
            with limited.get(path) as answer:
                assert answer.status_code == 200
    assert "Retry-After" not in answer.headers


def test_clocks_and_watched_jobs_have_their_own_count(limited: FlaskClient) -> None:
    known = dependencies(limited)
    ticks = [e for e in known if any(part["property"] == "n_intervals" for part in e["inputs"])]
    assert len(ticks) >= 2
    bodies = [payload(entry, {}) for entry in ticks]
    codes = [limited.post(URL, json=bodies[n % len(bodies)]).status_code for n in range(RATE * POLLS)]
    assert 429 not in codes
    assert limited.post(URL, json=bodies[0]).status_code == 429
    assert ask(limited).status_code == 400, "questions are counted apart"


def test_a_question_does_not_become_a_poll_by_saying_so(limited: FlaskClient) -> None:
    entry = next(e for e in dependencies(limited) if "today-cards" in e["output"])
    body = payload(entry, {"url.pathname": "/nowhere"})
    body["changedPropIds"] = ["jobs-tick.n_intervals"]
    codes = [limited.post(f"{URL}?cacheKey=x&job=y", json=body).status_code for _ in range(RATE + 1)]
    assert codes[-1] == 429 and 429 not in codes[:-1]


def test_each_client_has_its_own_count(limited: FlaskClient) -> None:
    for _ in range(RATE + 1):
        ask(limited)
    assert ask(limited).status_code == 429
    assert ask(limited, environ_overrides={"REMOTE_ADDR": "203.0.113.8"}).status_code == 400
    # A header that no trusted proxy wrote makes nobody another client.
    assert ask(limited, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    one_house = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"] * RATE
    codes = [ask(limited, environ_overrides={"REMOTE_ADDR": one}).status_code for one in one_house]
    assert codes == [400] * RATE + [429] * RATE


def test_behind_a_trusted_proxy_its_word_counts(demo_lake: Lake, settings_of: Any) -> None:
    client = client_of(demo_lake, settings_of, trusted_proxies=1)
    here = {"REMOTE_ADDR": "127.0.0.1"}

    def asked(forwarded: str) -> int:
        answer = ask(client, environ_overrides=here, headers={"X-Forwarded-For": forwarded})
        return int(answer.status_code)

    assert [asked("198.51.100.1") for _ in range(RATE + 1)][-1] == 429
    assert asked("198.51.100.2") == 400
    # What the client itself wrote before the proxy's word is not believed.
    assert asked("198.51.100.77, 198.51.100.1") == 429


def test_without_one_this_machine_is_free_and_the_log_says_why(
    limited: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("nemdesk"), "propagate", True)
    rate_limits._warned.clear()
    here: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}}
    assert [ask(limited, **here).status_code for _ in range(3 * RATE)] == [400] * 3 * RATE
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
    for _ in range(3):
        ask(limited, **here, headers={"X-Forwarded-For": "198.51.100.1"})
    assert sum("NEMDESK_TRUSTED_PROXIES" in one.getMessage() for one in caplog.records) == 1


def test_zero_is_no_limit(demo_lake: Lake, settings_of: Any) -> None:
    client = client_of(demo_lake, settings_of, rate_per_minute=0)
    assert {ask(client).status_code for _ in range(100)} == {400}


def test_the_default_is_above_what_a_person_can_do(demo_lake: Lake, settings_of: Any) -> None:
    """Two tabs opened every second, each with all its callbacks, for a minute."""
    settings = settings_of(demo_lake.root)
    most = max(panels_of(create_app(settings).server.test_client()).values())
    assert settings.rate_per_minute >= 2 * 60 * most


def panels_of(client: FlaskClient) -> dict[str, int]:
    """Tab -> callbacks that its address starts: those named after it, and those of every page."""
    from callbacks import TABS

    by_url = [e["output"] for e in dependencies(client) if any(i["id"] == "url" for i in e["inputs"])]
    prefixes = {tab.name: tab.name[:3] for tab in TABS}
    own = {name: sum(f"{start}" in one.split("-")[0] for one in by_url) for name, start in prefixes.items()}
    return {name: count + 8 for name, count in own.items()}


def test_counts_are_bounded_and_start_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    before = threading.active_count()
    monkeypatch.setattr(WorkerMemory, "MOST", 100)
    memory = WorkerMemory()
    for number in range(1_000):
        memory.incr(f"client {number}", 60)
    assert len(memory._counts) <= 100
    assert memory.get("client 999") == 1
    assert threading.active_count() == before
    assert memory.incr("client 999", 60) == 2
