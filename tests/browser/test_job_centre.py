"""The job centre as a person meets it, over a centre that does as the test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from callbacks.options import TABS
from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk, started

pytestmark = MARKS

VIEW = "/price-analysis?start=2026-02-20&end=2026-02-26"


@pytest.fixture(scope="module")
def served(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("centre")
    with started(demo_lake, folder, "tests.app.fake_centre:server", {"NEMDESK_WORKERS": "1"}) as (url, _):
        yield url


@pytest.fixture
def desk(browser: Any, served: str) -> Desk:
    made = Desk(browser, served)
    made.screen()
    return made


def fetched(desk: Desk, path: str, body: Any = None) -> Any:
    """The server's answer to a request of the page itself, cookie and all."""
    script = (
        "const [path, body, done] = arguments;"
        "const post = {method: 'POST', headers: {'Content-Type': 'application/json'}, body: body};"
        "fetch(path, body === null ? {} : post).then(r => r.json()).then(done)"
    )
    return desk.driver.execute_async_script(script, path, None if body is None else json.dumps(body))


def put(desk: Desk, *jobs: dict[str, Any], nudge: bool = True) -> None:
    """From now on these are the visitor's jobs, oldest first; the page looks as after an order of its own."""
    fetched(desk, "/script", list(jobs))
    if nudge:
        desk.driver.execute_script("dash_clientside.set_props('job-nudge', {data: {at: Date.now()}})")


def job(number: int, **more: Any) -> dict[str, Any]:
    return {"number": number, "title": f"Job {number}", "href": VIEW, **more}


def months(done: int, **more: Any) -> dict[str, Any]:
    return job(1, title="Price Analysis", seconds=done, told={"done": done, "parts": 60}, **more)


def opened(desk: Desk, address: str = "/today") -> None:
    desk.open(address)
    desk.until(lambda: desk.driver.execute_script("return document.querySelector('#page .tab')"), "a tab")
    desk.until(lambda: desk.driver.execute_script("return document.querySelector('#job-list > *')"), "a look")


def click(desk: Desk, text: str, within: str = "#job-panel") -> None:
    script = (
        "const all = [...document.querySelectorAll(arguments[1] + ' button, ' + arguments[1] + ' a')];"
        "const one = all.find(each => each.textContent.startsWith(arguments[0]));"
        "if (one) { one.focus(); one.click(); } return Boolean(one)"
    )
    desk.until(lambda: desk.driver.execute_script(script, text, within), f"a click on {text}")


def focus(desk: Desk) -> str:
    return str(desk.driver.execute_script("return document.activeElement.textContent"))


def shown(desk: Desk, selector: str) -> bool:
    return bool(
        desk.driver.execute_script(
            "const one = document.querySelector(arguments[0]);"
            "return Boolean(one) && one.offsetParent !== null && one.offsetWidth > 1",
            selector,
        )
    )


def test_jobs_appear_move_and_end_on_every_tab_without_a_look_away(desk: Desk) -> None:
    opened(desk)
    assert not shown(desk, "#job-button"), "nothing where there is nothing"
    put(desk, months(12))
    desk.until(lambda: desk.text("#job-button") == "1 job · 20 %", "the button")
    desk.element("#job-button").click()
    desk.until(lambda: "12 of 60 months read" in desk.text("#job-panel"), "the list")
    put(desk, months(30), nudge=False)  # the page looks by itself
    desk.until(lambda: "30 of 60 months read · 30 s" in desk.text("#job-panel"), "it moves")
    bar = desk.element("#job-panel progress")
    desk.until(lambda: float(bar.get_attribute("value")) == 0.5, "the bar, which is still the same")
    desk.until(lambda: desk.text("#job-button") == "1 job · 50 %", "the button moves")
    desk.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    desk.until(lambda: not shown(desk, "#job-panel"), "closed by Escape")
    assert focus(desk) == "1 job · 50 %", "back where it was opened"
    desk.link("Trends", "#tabs").click()
    desk.until(lambda: desk.query().startswith("/trends"), "another tab")
    assert desk.text("#job-button") == "1 job · 50 %"
    put(desk, months(60, state="done"), nudge=False)
    desk.until(lambda: "Price Analysis is ready: Open" in desk.text("#job-toast"), "the line that says so")
    desk.link("Open", "#job-toast").click()
    desk.until(lambda: desk.query() == VIEW, "its view")
    desk.until(lambda: not shown(desk, "#job-toast"), "said once")
    desk.no_errors()


def test_stop_stops_and_the_list_can_be_cleared(desk: Desk) -> None:
    opened(desk)
    put(desk, months(12), job(2, state="waiting", place=1))
    desk.until(lambda: shown(desk, "#job-button"), "the button")
    desk.element("#job-button").click()
    desk.until(lambda: "Waiting, next in line" in desk.text("#job-panel"), "the list")
    click(desk, "Stop", "[data-job-item$='1']")
    desk.until(lambda: "Stopped after 12 s" in desk.text("#job-panel"), "stopped")
    assert fetched(desk, "/wishes") == [["stop", f"{1:032x}"]]
    assert focus(desk) in ("Try again", "Remove"), "the keyboard is still at the job"
    click(desk, "Stop", "[data-job-item$='2']")
    desk.until(lambda: "Jobs: 2 stopped" in desk.text("#job-button"), "none is left")
    click(desk, "Remove all ended")
    desk.until(lambda: not shown(desk, "#job-button"), "the button has gone")
    desk.until(lambda: "No jobs" in desk.text("#job-panel"), "said in the panel")
    click(desk, "Close")
    assert desk.driver.execute_script("return document.activeElement.id") == "page"
    desk.no_errors()


def test_a_finished_export_can_be_fetched_and_a_failed_job_says_why(desk: Desk) -> None:
    opened(desk)
    title = "Readings <b>of all units</b>"
    put(desk, job(1, kind="export", title=title, told={"rows": 1_234_567}))
    desk.until(lambda: shown(desk, "#job-button"), "the button")
    file = {"file": f"/exports/{'a' * 32}.zip", "bytes": 12_345_678}
    put(
        desk,
        job(1, kind="export", title=title, state="done", **file),
        job(2, state="failed", message="The disk is full."),
    )
    desk.until(lambda: f"{title} is ready: Download (12.3 MB)" in desk.text("#job-toast"), "said")
    assert "Job 2 failed: The disk is full." in desk.text("#job-toast")
    desk.element("#job-button").click()
    desk.until(lambda: "Failed after" in desk.text("#job-panel"), "the list")
    assert not shown(desk, "#job-toast"), "the panel says it all"
    link = desk.link("Download · 12.3 MB", "#job-panel")
    assert link.get_attribute("href") == desk.url + file["file"]
    assert link.get_attribute("download") == ""
    assert title in desk.text("#job-panel") and desk.gone("#job-panel b")
    click(desk, "Try again")
    desk.until(lambda: desk.query() == VIEW, "asked again")
    assert not shown(desk, "#job-panel")
    desk.no_errors()


def test_focus_stays_while_the_list_ticks_and_changes(desk: Desk) -> None:
    opened(desk)
    put(desk, months(12))
    desk.until(lambda: shown(desk, "#job-button"), "the button")
    desk.element("#job-button").send_keys(Keys.ENTER)
    assert desk.driver.execute_script("return document.activeElement.id") == "job-panel"
    stop = "[data-job-item$='1'] [data-job-do=stop]"
    desk.element(stop)
    desk.driver.execute_script("document.querySelector(arguments[0]).focus()", stop)
    same = "return document.activeElement === document.querySelector(arguments[0])"
    for done in (13, 14):
        put(desk, months(done), nudge=False)
        desk.until(lambda done=done: f"{done} of 60" in desk.text("#job-panel"), f"{done} months")
        assert desk.driver.execute_script(same, stop)
    put(desk, months(15), job(2), nudge=False)
    desk.until(lambda: "Job 2" in desk.text("#job-panel"), "another job above it")
    desk.until(lambda: desk.driver.execute_script(same, stop), "still at the same job's Stop")
    desk.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not shown(desk, "#job-panel")
    desk.no_errors()


def test_the_line_goes_away_by_a_click_and_is_silent_at_its_own_view(desk: Desk) -> None:
    opened(desk, VIEW)
    put(desk, months(1))
    desk.until(lambda: shown(desk, "#job-button"), "the button")
    put(desk, months(60, state="done"))
    desk.until(lambda: "1 ready" in desk.text("#job-button"), "ended")
    assert not shown(desk, "#job-toast"), "its view is open: the answer itself is seen"
    put(desk, months(60, state="done"), job(2, href="/trends"))
    desk.until(lambda: "1 job" in desk.text("#job-button"), "another")
    put(desk, months(60, state="done"), job(2, href="/trends", state="done"))
    desk.until(lambda: "Job 2 is ready" in desk.text("#job-toast"), "said")
    click(desk, "✕", "#job-toast")
    desk.until(lambda: not shown(desk, "#job-toast"), "gone")
    desk.no_errors()


def test_a_page_without_jobs_hardly_asks(desk: Desk) -> None:
    opened(desk)
    desk.ready()
    before = fetched(desk, "/asked")
    desk.driver.execute_async_script("setTimeout(arguments[0], 4000)")
    assert fetched(desk, "/asked") == before
    put(desk, months(1))
    desk.until(lambda: fetched(desk, "/asked") > before + 2, "every second while one runs")


@pytest.mark.long
def test_the_header_holds_at_every_tab_and_width(desk: Desk) -> None:
    desk.open("/today")
    failed = job(3, state="failed", message="The disk is full. " * 10, title="A long name " * 30)
    put(desk, months(12), job(2, kind="export"), failed, nudge=False)
    for window in (desk.screen, desk.phone):
        window()
        for tab in TABS:
            opened(desk, f"/{tab}")
            desk.until(lambda: shown(desk, "#job-button"), f"the button at {tab}")
            wide = desk.driver.execute_script("return document.documentElement.clientWidth")
            assert desk.page_width() <= wide, (tab, window)
            inside = desk.driver.execute_script(
                "return [...document.querySelectorAll('.header > .brand, .header > .freshness,"
                " .header > button')].every(one => { const at = one.getBoundingClientRect();"
                " return at.right <= innerWidth && at.top >= 0 && at.bottom <= 88; })"
            )
            assert inside, (tab, window)
    desk.element("#job-button").click()
    desk.until(lambda: shown(desk, "#job-panel"), "the sheet")
    box = desk.driver.execute_script(
        "const at = document.getElementById('job-panel').getBoundingClientRect();"
        "return [at.left, at.right, at.bottom]"
    )
    assert box[0] == 0 and box[1] == 390 and box[2] <= 844
    assert desk.page_width() <= 390
    desk.no_errors()


def test_a_question_that_found_no_server_is_not_the_last(desk: Desk) -> None:
    opened(desk)
    put(desk, months(12))
    desk.until(lambda: desk.text("#job-button") == "1 job · 20 %", "the button")
    desk.driver.execute_script(
        "window.whole = window.fetch; window.refused = 0;"
        "window.fetch = (url, ...more) => String(url).includes('_dash-update')"
        " ? (window.refused++, Promise.reject(new TypeError('no server'))) : window.whole(url, ...more)"
    )
    desk.until(lambda: desk.driver.execute_script("return window.refused"), "a question without an answer")
    put(desk, months(30), nudge=False)
    desk.driver.execute_script("window.fetch = window.whole")
    desk.until(lambda: desk.text("#job-button") == "1 job · 50 %", "asked again")
