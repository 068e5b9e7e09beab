"""The way back against gunicorn with two workers: shares of visitors, pandas for all, a lake gone back."""

from __future__ import annotations

import http.client
import json
import random
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import callbacks
from app import compare_engines
from app.cli import main
from callbacks import TABS
from callbacks.guard import VALUES
from data_layer import demo
from data_layer.lake import Lake
from tests.app.callback_client import payload
from tests.browser.conftest import started

ROOT = Path(__file__).parents[2]
VISITORS = [f"{random.Random(n).getrandbits(128):032x}" for n in range(400)]


class Desk:
    """Asks for panels as Dash's renderer does, with a visitor's cookie."""

    def __init__(self, url: str) -> None:
        self.address = url.removeprefix("http://")
        status, listed = self.get("/_dash-dependencies")
        assert status == 200
        self.entries = [entry for entry in json.loads(listed) if not entry.get("clientside_function")]

    def get(self, path: str, visitor: str = "") -> tuple[int, str]:
        return self._ask("GET", path, None, visitor)

    def panel(self, panel_id: str, path: str, search: str = "", visitor: str = "") -> tuple[str, str]:
        """(the panel's class, everything in it as text)."""
        entry = next(e for e in self.entries if f"{panel_id}-top.children" in e["output"])
        assert len(entry["inputs"]) + len(entry["state"]) == len(VALUES)
        values: dict[str, Any] = {"url.search": search, "url.pathname": path, "theme.data": "light"}
        status, body = self._ask(
            "POST", "/_dash-update-component", json.dumps(payload(entry, values)), visitor
        )
        assert status == 200, body
        return json.loads(body)["response"][panel_id]["className"], body

    def engine(self, visitor: str) -> str:
        """Which engine the panel's foot names."""
        state, body = self.panel("today-cards", "/today", "", visitor)
        assert state == "panel-ready", body
        named = set(re.findall(r'"(duckdb|pandas) · ', body))
        assert len(named) == 1, body
        return str(named.pop())

    def _ask(self, method: str, path: str, body: str | None, visitor: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.address, timeout=120)
        headers = {"Content-Type": "application/json"} if body else {}
        if visitor:
            headers["Cookie"] = f"nemdesk_visitor={visitor}"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_visitor_keeps_the_engine_and_a_share_only_grows(demo_lake: Lake, tmp_path: Path) -> None:
    by_share: dict[str, dict[str, str]] = {}
    for number, share in enumerate(("0.2", "0.5", "0.5")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with started(demo_lake, folder, variables={"NEMDESK_HYBRID_SHARE": share}) as (url, _):
            desk = Desk(url)
            found = {visitor: desk.engine(visitor) for visitor in VISITORS}
            # Asked again, by whichever worker: the same.
            assert all(desk.engine(visitor) == found[visitor] for visitor in VISITORS[::20])
        if share in by_share:
            assert by_share[share] == found, "a restart changed somebody's engine"
        by_share[share] = found
    few = {visitor for visitor, engine in by_share["0.2"].items() if engine == "duckdb"}
    half = {visitor for visitor, engine in by_share["0.5"].items() if engine == "duckdb"}
    assert few < half
    # Four standard deviations around what is asked for; the names are the same in every run.
    assert 48 <= len(few) <= 112
    assert 160 <= len(half) <= 240


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "engine"),
    [
        ({"NEMDESK_HYBRID_SHARE": "0"}, "pandas"),
        ({"NEMDESK_BACKEND": "pandas"}, "pandas"),
        ({"NEMDESK_BACKEND": "pandas", "NEMDESK_HYBRID_SHARE": "1"}, "pandas"),
    ],
    ids=["share 0", "pandas", "pandas and share 1"],
)
def test_pandas_for_everybody(
    demo_lake: Lake, tmp_path: Path, variables: dict[str, str], engine: str
) -> None:
    with started(demo_lake, tmp_path, variables=variables) as (url, _):
        desk = Desk(url)
        assert {desk.engine(visitor) for visitor in VISITORS[:12]} == {engine}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_panel_is_filled_by_pandas(demo_lake: Lake, tmp_path: Path) -> None:
    with started(demo_lake, tmp_path, variables={"NEMDESK_BACKEND": "pandas"}) as (url, _):
        desk = Desk(url)
        for tab in TABS:
            for panel_id in tab.panels:
                state, body = desk.panel(panel_id, f"/{tab.name}")
                assert state in ("panel-ready", "panel-empty"), (panel_id, body)
                assert "duckdb" not in body
                assert state == "panel-ready" or "message-empty" in body
            for ending in ("json", "csv", "parquet", "arrow"):
                status, body = desk.get(f"/{tab.name}/data.{ending}")
                assert status == 200 and body, (tab.name, ending)
        state, body = desk.panel("analysis", "/price-analysis", "?range=all&group=owner,station,technology")
        assert state == "panel-ready", body


def test_a_lake_that_does_not_fit_is_said_on_the_page(demo_lake: Lake, tmp_path: Path) -> None:
    variables = {"NEMDESK_BACKEND": "pandas", "NEMDESK_PANDAS_MEMORY_MB": "1"}
    with started(demo_lake, tmp_path, variables=variables) as (url, _):
        state, body = Desk(url).panel("today-cards", "/today")
        assert state == "panel-error" or "NEMDESK_PANDAS_MEMORY_MB allows 1" in body
        assert "NEMDESK_PANDAS_MEMORY_MB allows 1" in body
    assert "the pandas engine needs about" in (tmp_path / "log").read_text()


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["duckdb", "pandas"])
def test_a_running_service_follows_a_lake_that_goes_back(tmp_path: Path, backend: str) -> None:
    lake = Lake(tmp_path / "lake")
    demo.build(lake, end=datetime(2026, 2, 10), days=3)
    first = lake.token()
    demo.build(lake, end=datetime(2026, 2, 11), days=4)
    second = lake.token()
    with started(lake, tmp_path, variables={"NEMDESK_BACKEND": backend}) as (url, _):
        desk = Desk(url)

        def seen() -> tuple[str, str]:
            ready = json.loads(desk.get("/readyz")[1])
            _, body = desk.panel("today-cards", "/today")
            return ready["last"], str(re.findall(r"version (\d{6}-[0-9a-f]{8})", body)[0])

        assert seen() == ("2026-02-11T00:00:00", second)
        said = _app("rollback", "--lake", str(lake.root))
        assert first in said and second in said
        third = lake.token()
        for _ in range(4):  # both workers
            assert seen() == ("2026-02-10T00:00:00", third)
        assert f"* {third}" in _app("versions", "--lake", str(lake.root))
    shutil.rmtree(lake.root)


def _app(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_both_engines_are_compared_on_the_command_line(
    demo_lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(callbacks, "TABS", [tab for tab in TABS if tab.name == "prices"])
    command = ["compare-engines", "--lake", str(demo_lake.root), "--days", "1", "--sample", "4"]
    assert main(command) == compare_engines.OK
    said = capsys.readouterr().out
    assert "All 4 questions have the same answer" in said
    assert re.search(r"^question +DuckDB ms +pandas ms +ratio +difference", said, re.MULTILINE)
    assert len(re.findall(r"^\w+( +[\d.]+){3} +[\d.e+-]+  /prices", said, re.MULTILINE)) == 4
    monkeypatch.setattr(compare_engines, "AGREE", -1.0)
    assert main([*command[:-1], "1"]) == compare_engines.DIFFERENT
    assert "1 of 1 questions have different answers." in capsys.readouterr().err
