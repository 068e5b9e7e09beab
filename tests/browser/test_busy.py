"""A busy server: the page says so, asks again by itself, and forgets what is no longer looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk, started

pytestmark = MARKS


@pytest.fixture(scope="module")
def busy(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("busy")
    with started(demo_lake, folder, "tests.app.busy_server:server", {"NEMDESK_WORKERS": "1"}) as (url, _):
        yield url, folder / "cache" / "busy"


def _said(desk: Desk) -> str:
    found = desk.driver.execute_script(
        "const box = document.getElementById('busy');"
        "return box && box.classList.contains('shown') ? box.textContent : ''"
    )
    return str(found)


def test_a_busy_server_is_asked_again_until_it_answers(browser: Any, busy: tuple[str, Path]) -> None:
    url, sign = busy
    desk = Desk(browser, url)
    desk.screen()
    desk.open("/generation")
    desk.ready("gen-mix", "gen-table")
    assert _said(desk) == ""
    sign.touch()
    try:
        desk.link("30d", "#period-bar").click()
        desk.until(lambda: _said(desk), "the page says that the server is busy")
        assert _said(desk) == "The server is busy; trying again."
        asked = sign.parent / "asked"
        before = asked.stat().st_size
        desk.until(lambda: asked.stat().st_size > before, "the page asks again")
        # Somebody who goes on does not get what he asked before: the newest view is what comes.
        desk.driver.execute_script("window.dash_clientside.nemdesk.go('/generation?range=1d')")
    finally:
        sign.unlink()
    desk.until(lambda: not _said(desk), "the page is answered", 40)
    desk.until(
        lambda: "5-minute" in desk.text("#gen-mix .panel-subtitle") or "1d" in desk.query(),
        "the newest view is drawn",
    )
    desk.ready("gen-mix", "gen-table")
    current = desk.text("#presets [aria-current]") if desk.elements("#presets [aria-current]") else "1d"
    assert current == "1d"
    desk.no_errors()


def test_a_page_that_is_opened_meanwhile_fills_when_it_can(browser: Any, busy: tuple[str, Path]) -> None:
    url, sign = busy
    desk = Desk(browser, url)
    sign.touch()
    try:
        desk.open("/today")
        desk.until(lambda: _said(desk), "the page says that the server is busy")
    finally:
        sign.unlink()
    desk.ready("today-cards")
    desk.until(lambda: not _said(desk), "the page says no more", 40)
