"""Panels that are sent again as they were sent: the same as if they were made anew, and only while so."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import brotli
import pytest
from dash import Dash
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app, crowding
from app.memory import Caches
from callbacks import TABS
from callbacks.guard import Ask
from callbacks.state import View
from data_layer.answers import Observation
from data_layer.errors import DataLayerError, QueryTimeout
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import RegionSummary
from tests.app.callback_client import URL, dependencies, payload
from tests.trust.switching import DAY, PERIOD, publish

SEARCH = f"?start={DAY:%Y-%m-%d}&end={DAY:%Y-%m-%d}"
BROWSER = "gzip, deflate, br, zstd"


class Desk:
    """An application over a small lake of versions that each say one number; ``asked`` is every question."""

    def __init__(self, first: Path, root: Path, settings_of: Any, **more: Any) -> None:
        self.lake = Lake(shutil.copytree(first, root / "lake"))
        self.manager: HybridQueryManager = open_manager(self.lake.root)
        self.asked: list[Observation] = []
        self.manager.observers.append(self.asked.append)
        self.client = create_app(settings_of(self.lake.root, **more), self.manager).server.test_client()

    def ask(self, panel: str = "gen-table", search: str = SEARCH, **more: Any) -> TestResponse:
        return ask(self.client, panel, "/generation", search, **more)

    def questions(self) -> int:
        """How many were asked since this was last looked at."""
        found = len(self.asked)
        self.asked.clear()
        return found


def ask(
    client: FlaskClient,
    panel: str,
    path: str,
    search: str,
    theme: str = "light",
    encoding: str = BROWSER,
    version: str = "x",
) -> TestResponse:
    start = panel if panel.startswith("..") else f"..{panel}-top.children..."
    entry = next(one for one in listed(client.application) if one["output"].startswith(start))
    values = {"url.search": search, "url.pathname": path, "theme.data": theme, "version.data": version}
    return client.post(URL, json=payload(entry, values), headers={"Accept-Encoding": encoding})


@cache
def listed(server: Any) -> list[dict[str, Any]]:
    return dependencies(server.test_client())


def read(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    packed = answer.headers.get("Content-Encoding") == "br"
    return (brotli.decompress(answer.data) if packed else answer.data).decode()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = Lake(tmp_path_factory.mktemp("first") / "lake")
    publish(lake, 1)
    return lake.root


@pytest.fixture
def desk(first: Path, tmp_path: Path, settings_of: Any) -> Desk:
    return Desk(first, tmp_path, settings_of)


def test_what_was_known_once_is_sent_again_without_a_question(desk: Desk) -> None:
    first = desk.ask()
    assert desk.questions() and " · cached" not in read(first)
    second = desk.ask()
    assert desk.questions() and " · cached" in read(second), "what it says of itself must stay true"
    third = desk.ask()
    assert desk.questions() == 0
    assert third.data == second.data and third.headers["Content-Encoding"] == "br"
    assert third.mimetype == "application/json" and "Accept-Encoding" in third.vary
    changing = {"X-Request-Id", "Date", "Set-Cookie"}
    assert {n: v for n, v in third.headers if n not in changing} == {
        n: v for n, v in second.headers if n not in changing
    }
    assert third.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_each_view_theme_and_encoding_is_its_own(desk: Desk) -> None:
    others: list[dict[str, Any]] = [
        {"panel": "gen-mix"},
        {"search": f"{SEARCH}&region=SA1"},
        {"theme": "dark"},
        {"encoding": "gzip"},
    ]
    for _ in range(3):
        desk.ask()
    told = [read(desk.ask())]
    for other in others:
        desk.questions()
        answers = [desk.ask(**other) for _ in range(3)]
        assert desk.questions() > 0, other
        assert answers[1].data == answers[2].data
        told.append("" if other.get("encoding") else read(answers[2]))
    assert len(set(told[:3])) == 3
    plain = desk.ask(encoding="identity")
    assert desk.questions() > 0 and "Content-Encoding" not in plain.headers
    assert re.sub(r"0\.\d+ s", "", read(plain)) == re.sub(r"0\.\d+ s", "", told[0])


def test_a_new_version_is_another_answer_whatever_the_page_believes(desk: Desk) -> None:
    for _ in range(3):
        assert re.findall(r"version (\d+)", read(desk.ask(version="000001-x")))[0] == "000001"
    publish(desk.lake, 2)
    for _ in range(3):
        assert re.findall(r"version (\d+)", read(desk.ask(version="000001-x")))[0] == "000002"
    desk.questions()
    desk.ask(version="another")
    assert desk.questions() == 0


def test_a_version_published_while_a_panel_is_made_is_not_kept_for_the_one_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ask()
    state = desk.manager.lake_state()
    publish(desk.lake, 2)
    desk.ask()
    with monkeypatch.context() as patch:
        patch.setattr(desk.manager, "lake_state", lambda: state)
        assert "version 000002" in read(desk.ask()), "known, but of another version than it was asked of"
        desk.questions()
        desk.ask()
        assert desk.questions() > 0


def test_no_error_and_nothing_beside_one_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ask()

    def fail(*_: Any, **__: Any) -> Any:
        raise QueryTimeout("too long")

    with monkeypatch.context() as patch:
        patch.setattr(desk.manager, "answer", fail)
        for _ in range(3):
            assert "panel-failed" in read(desk.ask())
    assert "panel-ready" in read(desk.ask())
    view: View = None  # type: ignore[assignment]
    made = Ask(desk.manager, desk.manager.lake_state(), view, "light")
    request = RegionSummary(PERIOD)
    made.answer(request)
    assert not made.lasting, "it had to be computed"
    made.provenance.clear()
    made.answer(request)
    assert made.lasting == desk.manager.lake_state().version
    monkeypatch.setattr(desk.manager, "answer", fail)
    with pytest.raises(DataLayerError):
        made.answer(request)
    assert not made.lasting, "whatever the panel shows in its place"


def test_a_job_is_ordered_anew_each_time(first: Path, tmp_path: Path, settings_of: Any) -> None:
    desk = Desk(first, tmp_path, settings_of, job_rows=0)
    orders = []
    for _ in range(3):
        found = json.loads(read(ask(desk.client, "analysis", "/price-analysis", SEARCH)))
        orders.append(found["response"]["analysis-job"]["data"]["id"])
    assert len(set(orders)) == 3


def test_who_is_not_signed_in_is_sent_nothing(first: Path, tmp_path: Path, settings_of: Any) -> None:
    trusted = {"trusted_user_header": "X-User", "trusted_user_from": "127.0.0.1"}
    desk = Desk(first, tmp_path, settings_of, **trusted)
    every = desk.client.get("/_dash-dependencies", headers={"X-User": "ann"}).get_json()
    entry = next(one for one in every if one["output"].startswith("..gen-table-top.children..."))
    values = {"url.search": SEARCH, "url.pathname": "/generation", "theme.data": "light"}
    for _ in range(3):
        desk.questions()
        headers = {"Accept-Encoding": BROWSER, "X-User": "ann"}
        read(desk.client.post(URL, json=payload(entry, values), headers=headers))
    assert desk.questions() == 0
    refused = desk.client.post(URL, json=payload(entry, values), headers={"Accept-Encoding": BROWSER})
    assert refused.status_code == 401


def test_a_full_line_keeps_nobody_from_what_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        desk.ask()
    monkeypatch.setattr(crowding.Line, "enter", lambda *_: "full")
    assert desk.ask().status_code == 200
    assert desk.ask(search=f"{SEARCH}&region=VIC1").status_code == 503


@pytest.fixture(scope="module")
def demo(demo_lake: Lake, settings_of: Any) -> Iterator[FlaskClient]:
    made: Dash = create_app(settings_of(demo_lake.root))
    with made.server.test_client() as client:
        yield client


@pytest.mark.parametrize("tab", [tab.name for tab in TABS])
def test_what_is_sent_again_is_what_is_made_anew(demo: FlaskClient, tab: str) -> None:
    """Of every panel and of the bar and the page around them; but for the seconds that an answer took."""
    panels = next(one.panels for one in TABS if one.name == tab)
    search = "?range=7d&region=SA1"
    for panel in [*panels, "..tabs.children", "..page.children"]:
        for _ in range(3):
            again = read(ask(demo, panel, f"/{tab}", search))
        anew = read(ask(demo, panel, f"/{tab}", search, encoding="identity"))
        assert without_seconds(again) == without_seconds(anew), panel


def without_seconds(text: str) -> Any:
    return json.loads(re.sub(r"\d+\.\d{3} s", "", text))


class Held:
    def __init__(self, held: int) -> None:
        self.held = held

    def cache_statistics(self) -> dict[str, int]:
        return {"bytes": self.held}

    def shrink_cache(self, to_bytes: int) -> int:
        freed, self.held = self.held - to_bytes, to_bytes
        return freed


def test_several_caches_let_go_in_proportion() -> None:
    one, other, none = Held(900), Held(100), Held(0)
    caches = Caches(one, other, none)
    assert caches.cache_statistics() == {"bytes": 1_000}
    assert caches.shrink_cache(500) == 500 and (one.held, other.held) == (450, 50)
    assert caches.shrink_cache(5_000) == 0 and caches.shrink_cache(0) == 500
    assert caches.shrink_cache(0) == 0
