"""What leaves the browser, and what it shows where the server lets nobody in or is asked too often."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app import passwords
from callbacks import TABS
from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk, started

pytestmark = MARKS

PASSWORD = "a long enough one"


def test_the_server_names_no_version(gunicorn: str) -> None:
    for path in ("/healthz", "/today", "/nothing/data.csv"):
        try:
            with urllib.request.urlopen(gunicorn + path) as answer:
                headers = answer.headers
        except urllib.error.HTTPError as error:
            headers = error.headers
            error.close()
        assert headers["Server"] == "gunicorn"
        assert "X-Powered-By" not in headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]


def sign_in(desk: Desk, password: str) -> None:
    desk.element("#name").send_keys("ann")
    desk.element("#password").send_keys(password)
    desk.element("main button").click()


def test_no_tab_asks_another_host_or_leaves_a_cookie_to_scripts(desk: Desk, gunicorn: str) -> None:
    desk.open(f"/{TABS[0].name}")
    # The browser notes 250 addresses of a page unless told otherwise; all tabs are one page.
    desk.driver.execute_script("performance.setResourceTimingBufferSize(10000)")
    before = 0
    for tab in TABS:
        desk.element(f"#tabs a[href^='/{tab.name}']").click()
        desk.until(lambda tab=tab: desk.query().partition("?")[0] == f"/{tab.name}", tab.name)
        shown = ", ".join(f"main #{panel}.panel-ready" for panel in tab.panels)
        desk.until(lambda shown=shown: not desk.gone(shown), tab.name)
        desk.until(lambda: desk.gone("main .panel-loading"), tab.name)
        desk.ready()
        script = "return performance.getEntries().map(one => one.name).filter(name => name.includes('//'))"
        asked = desk.driver.execute_script(script)
        assert len(asked) > before + (0 if before else 10)
        before = len(asked)
        assert {urlsplit(one).netloc for one in asked if not one.startswith(("data:", "blob:"))} == {
            urlsplit(gunicorn).netloc
        }
        assert desk.driver.execute_script("return document.cookie") == ""
        for cookie in desk.driver.get_cookies():
            assert cookie["httpOnly"] and cookie["sameSite"] in ("Strict", "Lax")
        desk.no_errors()  # a violation of the content policy is among them
    # The policy works in this browser: a violation would have been seen.
    desk.driver.execute_script(
        "const one = document.createElement('img'); one.src = 'http://127.0.0.2:9/x.png';"
        "document.body.append(one)"
    )
    desk.until(lambda: "Content Security Policy" in str(desk.browser.get_logs()), "the refusal")


def test_signing_in_and_out(demo_lake: Lake, tmp_path: Path, browser: Any) -> None:
    path = tmp_path / "passwords"
    passwords.put(path, "ann", passwords.line_for("ann", PASSWORD))
    with started(demo_lake, tmp_path, variables={"NEMDESK_PASSWORD_FILE": str(path)}) as (url, _):
        desk = Desk(browser, url)
        desk.open("/generation?region=VIC1")
        desk.until(lambda: desk.elements("#password"), "the sign-in page")
        sign_in(desk, "wrong")
        desk.until(lambda: "is wrong" in desk.text("[role=alert]"), "the refusal")
        browser.reset_log_timestamp()  # the browser notes the 401
        sign_in(desk, PASSWORD)
        desk.ready("gen-mix")
        assert desk.query() == "/generation?region=VIC1"
        assert desk.driver.execute_script("return document.cookie") == ""
        desk.no_errors()
        path.unlink()
        desk.link("Prices", "nav").click()
        desk.until(lambda: "no longer signed in" in desk.text("#refused"), "the message")
        passwords.put(path, "ann", passwords.line_for("ann", PASSWORD))
        desk.element("#refused a").click()
        desk.until(lambda: desk.elements("#password"), "the sign-in page")
        sign_in(desk, PASSWORD)
        desk.until(lambda: desk.query().startswith("/prices"), "the way back")
        desk.until(lambda: desk.elements(".sign-out button"), "a way out")
        desk.element(".sign-out button").click()
        desk.until(lambda: desk.elements("#password"), "the sign-in page")
        desk.open("/prices")
        desk.until(lambda: desk.elements("#password"), "still closed")


def test_asking_too_often_is_said(demo_lake: Lake, tmp_path: Path, browser: Any) -> None:
    # A trusted proxy, so that this machine's own requests count; one worker, so that they count together.
    few = {"NEMDESK_TRUSTED_PROXIES": "1", "NEMDESK_RATE_PER_MINUTE": "4", "NEMDESK_WORKERS": "1"}
    with started(demo_lake, tmp_path, variables=few) as (url, _):
        desk = Desk(browser, url)
        desk.open("/today")
        desk.until(lambda: "Too many questions" in desk.text("#refused"), "the message")
        assert "goes on by itself in" in desk.text("#refused")
