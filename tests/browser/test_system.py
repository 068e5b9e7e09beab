"""The System tab as a person uses it, against gunicorn with two workers."""

from __future__ import annotations

import urllib.request
from datetime import date, datetime
from pathlib import Path
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains

from data_layer.lake import Lake
from layouts.system import LIVE
from tests.browser.conftest import MARKS, Desk, started
from tests.data_layer.lakes import make_lake, prices

pytestmark = MARKS

PANELS = ("system-calendar", "system-findings", "system-lake", "system-queries", "system-memory")
PATIENCE = 60


def said(desk: Desk, panel: str, text: str) -> None:
    desk.until(lambda: text in desk.text(f"#{panel}"), text, PATIENCE)


def click_day(desk: Desk, day: str, place: int) -> None:
    """Click the cell of a day in the calendar's row ``place``, until the address names the day."""
    script = (
        "const gd = document.querySelector('#system-calendar .js-plotly-plot');"
        "if (!gd || !gd._fullLayout || !gd._fullLayout.meta || !gd.layout.meta) { return null; }"
        "const x = gd._fullLayout.xaxis, y = gd._fullLayout.yaxis;"
        "return [x._offset + x.d2p(arguments[0] + ' 12:00'), y._offset + y.d2p(arguments[1])]"
    )

    def clicked() -> bool:
        left, top = desk.driver.execute_script(script, day, place)
        chart = desk.element("#system-calendar .js-plotly-plot")
        chain = ActionChains(desk.driver, duration=50)
        chain.move_to_element_with_offset(chart, int(left), int(top)).pause(0.2).click().perform()
        desk.until(lambda: f"day={day}" in desk.query(), "the day in the address", seconds=3)
        return True

    # Again where the chart was drawn anew between pointing and clicking.
    desk.until(clicked, f"a click on {day} that is followed", PATIENCE)


def test_the_calendar_leads_to_a_day_and_the_day_to_generation(desk: Desk) -> None:
    desk.open("/system?measure=unmapped")
    desk.answered(*PANELS, seconds=PATIENCE)
    assert desk.driver.title == "System · NEMDesk"
    chart = desk.element("#system-calendar .js-plotly-plot")
    assert chart.location["y"] + chart.size["height"] <= 900, "visible without scrolling"
    click_day(desk, "2026-02-25", 0)
    assert "region=NSW1" in desk.query()
    said(desk, "system-findings", "Wednesday 25 Feb 2026: what is missing, New South Wales")
    said(desk, "system-findings", "LANCSF1")
    address = desk.query()
    desk.link("NEM", "#system-findings").click()
    said(desk, "system-findings", "what is missing, National Electricity Market")
    desk.driver.back()
    desk.until(lambda: desk.query() == address, "back", PATIENCE)
    said(desk, "system-findings", "New South Wales")
    desk.link("Prices", "#system-calendar-top").click()
    said(desk, "system-calendar-top", "Settlement prices found")
    desk.link("All days", "#system-findings").click()
    said(desk, "system-findings", "all 12 days are as they should be")
    desk.driver.execute_script("history.go(-2)")
    desk.until(lambda: desk.query() == address, "the day again", PATIENCE)
    said(desk, "system-findings", "LANCSF1")
    desk.answered(*PANELS, seconds=PATIENCE)
    desk.link("Open this day in Generation", "#system-findings").click()
    desk.until(lambda: desk.query().startswith("/generation?start=2026-02-25"), "that day", PATIENCE)
    desk.ready("gen-mix")
    desk.no_errors()


def test_a_click_on_a_strip_of_weeks_opens_the_day_under_it(browser: Any, tmp_path: Path) -> None:
    first, last = datetime(2025, 3, 5, 0, 5), datetime(2025, 9, 20)
    lake = make_lake(
        tmp_path / "lake", dispatch_price=[*prices("NSW1", [first, last], 50.0), *prices("SA1", [last], 60.0)]
    )
    with started(lake, tmp_path) as (url, _):
        desk = Desk(browser, url)
        desk.screen()
        desk.open("/system")
        for day, place, region in ((date(2025, 3, 5), 0, "NSW1"), (date(2025, 6, 15), 2, "SA1")):
            desk.until(lambda: desk.query() == "/system", "all days and regions")
            desk.answered("system-calendar", seconds=PATIENCE)
            click_day(desk, day.isoformat(), place * 8 + day.weekday())
            assert f"region={region}" in desk.query()
            desk.driver.back()
        desk.no_errors()


def test_what_another_visitor_asks_appears_by_itself_and_opens_to_its_sql(desk: Desk) -> None:
    desk.open("/system")
    desk.answered(*PANELS, seconds=PATIENCE)
    for day in range(1, 9):  # whichever worker answers
        urllib.request.urlopen(f"{desk.url}/data/price_bands.csv?start=2026-02-20&end=2026-02-2{day}").close()
    said(desk, "system-queries", "start=2026-02-20, end=2026-02-28")
    desk.follow_row("system-queries", "end=2026-02-28")
    desk.until(lambda: "query=" in desk.query(), "the question in the address", PATIENCE)
    said(desk, "system-queries", "SELECT")
    said(desk, "system-queries", "data/region_5min/year=2026/month=02/")
    desk.link("Close", "#system-queries").click()
    desk.until(lambda: desk.gone("#system-queries pre"), "closed", PATIENCE)
    processes = desk.text("#system-memory")
    assert processes.count("worker ") >= 2
    assert "master " in processes
    said(desk, "system-lake", "unit_scada")
    said(desk, "system-ingestion", "Nothing has been ingested")
    desk.no_errors()


def test_a_live_panel_is_not_redrawn_while_nothing_changes(desk: Desk) -> None:
    """The element stays the same one over two beats, and a hidden page asks for nothing."""
    desk.open("/system")
    desk.answered(*PANELS, seconds=PATIENCE)
    desk.driver.execute_script("document.querySelector('#system-lake .table-frame').dataset.mine = 'yes'")

    def beats() -> Any:
        return desk.driver.execute_script(
            "return performance.getEntriesByType('resource').filter(e => e.name.includes('_dash-up')).length"
        )

    before = beats()
    desk.until(lambda: beats() >= before + 2 * (len(LIVE) + 1), "two beats", PATIENCE)
    assert desk.element("#system-lake .table-frame").get_attribute("data-mine") == "yes"
    hide = "Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true})"
    desk.driver.execute_script(hide, True)
    desk.ready()
    quiet = desk.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "const count = () => performance.getEntriesByType('resource')"
        ".filter(e => e.name.includes('_dash-update')).length;"
        "setTimeout(() => { const first = count(); setTimeout(() => done([first, count()]), 6500); }, 1000);"
    )
    desk.driver.execute_script(hide, False)
    assert quiet[1] - quiet[0] <= 1, "the look for a new version of the lake may fall into it"
    desk.no_errors()


def test_a_phone_shows_all_of_it_without_scrolling_sideways(desk: Desk) -> None:
    desk.phone()
    desk.open("/system?day=2026-02-25&measure=readings")
    desk.answered(*PANELS, seconds=PATIENCE)
    assert desk.page_width() <= 390
    assert desk.element("#system-calendar .js-plotly-plot").size["height"] >= 300
    desk.open("/system?measure=pie&day=yesterday&query=x")
    desk.answered(*PANELS, seconds=PATIENCE)
    for dropped in ("pie", "yesterday", "query"):
        desk.until(lambda dropped=dropped: dropped in desk.text("#notices"), dropped, PATIENCE)
    desk.no_errors()


def test_the_warnings_stand_first_when_the_cache_folder_is_gone(
    browser: Any, demo_lake: Lake, tmp_path: Path
) -> None:
    with started(demo_lake, tmp_path) as (url, _):
        desk = Desk(browser, url)
        desk.screen()
        desk.open("/system")
        desk.answered(*PANELS, seconds=PATIENCE)
        assert desk.text("#system-warnings") == ""
        queries = tmp_path / "cache" / "queries"
        for path in queries.iterdir():
            path.unlink()
        queries.rmdir()
        queries.write_text("a file where the folder should be")
        urllib.request.urlopen(f"{url}/data/price_bands.csv?start=2026-02-20&end=2026-02-21").close()
        desk.until(lambda: "cannot be logged" in desk.text("#system-warnings"), "the warning", PATIENCE)
        browser.driver.execute_script("localStorage.setItem('nemdesk-theme', 'dark')")
        desk.open("/system")
        desk.until(lambda: "cannot be logged" in desk.text("#system-warnings"), "in the dark too", PATIENCE)
        desk.no_errors()
