"""Both tabs as a person uses them, against gunicorn with two workers."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from data_layer.lake import KIND_DEMO, Lake
from tests.browser.conftest import MARKS, Desk, serving

pytestmark = MARKS

TODAY = ("today-cards", "today-mix", "today-prices", "today-summary", "today-events")
GENERATION = ("gen-mix", "gen-table")


def test_today_opens_with_numbers_and_charts(desk: Desk) -> None:
    desk.open("/")
    desk.ready(*TODAY)
    assert len(desk.elements(".card")) == 5
    assert "Coal" in desk.drawn("today-mix")
    assert {"NSW1", "SA1"} <= set(desk.drawn("today-prices"))
    assert desk.driver.title == "Today · National Electricity Market · NEMDesk"
    assert "Synthetic demonstration data" in desk.text("#banner")
    assert "Data to 1 Mar 2026 24:00 AEST" in desk.text("#freshness")
    assert desk.gone("#gen-mix")
    chart = desk.element("#today-mix .js-plotly-plot")
    assert chart.location["y"] + chart.size["height"] <= 900, "the first chart is visible without scrolling"
    desk.no_errors()


def test_tabs_regions_and_back(desk: Desk) -> None:
    desk.open("/today")
    desk.ready(*TODAY)
    desk.link("SA1", "#period-bar").click()
    desk.until(lambda: "South Australia" in desk.text("#today-mix-top"), "South Australia")
    assert desk.query() == "/today?region=SA1"
    desk.until(lambda: "Net imports" in desk.drawn("today-mix"), "net imports of one region")
    desk.link("Generation", "#tabs").click()
    desk.ready(*GENERATION)
    assert desk.query() == "/generation?region=SA1"
    assert desk.element("#tabs [aria-current=page]").text == "Generation"
    desk.driver.back()
    desk.ready(*TODAY)
    assert "South Australia" in desk.text("#today-mix-top")
    desk.driver.back()
    desk.until(lambda: "National Electricity Market" in desk.text("#today-mix-top"), "back at the NEM")
    desk.driver.forward()
    desk.until(lambda: "South Australia" in desk.text("#today-mix-top"), "forward again")
    desk.no_errors()


def test_dates_presets_arrows_and_resolution(desk: Desk) -> None:
    desk.open("/generation")
    desk.ready(*GENERATION)
    desk.link("1d", "#period-bar").click()
    desk.until(lambda: "1 Mar 2026 · 5-minute readings" in desk.text("#gen-mix-top"), "one day at 5 minutes")
    desk.element(".arrow[aria-label='Previous period']").click()
    desk.until(lambda: "28 Feb 2026 · 5-minute" in desk.text("#gen-mix-top"), "the day before")
    assert desk.query() == "/generation?start=2026-02-28&end=2026-02-28"
    desk.fill("start-date", "2026-02-24")
    desk.until(lambda: "24 Feb to 28 Feb 2026 · 30-minute averages" in desk.text("#gen-mix-top"), "five days")
    assert desk.query() == "/generation?start=2026-02-24&end=2026-02-28"
    select = desk.element("#resolution-select")
    labels = [
        option.get_attribute("textContent") for option in select.find_elements("css selector", "option")
    ]
    assert "Auto (30-minute)" in labels
    select.find_element("css selector", "option[value=hour]").click()
    desk.until(lambda: "hourly averages" in desk.text("#gen-mix-top"), "hourly")
    assert desk.query().endswith("resolution=hour")
    desk.driver.refresh()
    desk.ready(*GENERATION)
    assert "24 Feb to 28 Feb 2026 · hourly averages" in desk.text("#gen-mix-top")
    assert desk.element("#start-date").get_attribute("value") == "2026-02-24"
    assert desk.element("#resolution-select").get_attribute("value") == "hour"
    desk.no_errors()


def test_legend_and_table_hide_the_same_fuel(desk: Desk) -> None:
    desk.open("/generation?region=NSW1&range=1d")
    desk.ready(*GENERATION)
    assert "Coal" in desk.drawn("gen-mix")
    desk.link("Coal", "#gen-mix-top").click()
    desk.until(lambda: "Coal" not in desk.drawn("gen-mix"), "coal gone from the chart")
    assert "hidden=coal" in desk.query()
    desk.until(
        lambda: any("Coal" in row.text for row in desk.elements("#gen-table tr.off")), "coal off in the table"
    )
    # Anywhere on the row will do.
    row = next(row for row in desk.elements("#gen-table tr.off") if "Coal" in row.text)
    ActionChains(desk.driver).move_to_element(row.find_elements("css selector", "td")[2]).click().perform()
    desk.until(lambda: "Coal" in desk.drawn("gen-mix"), "coal back in the chart")
    assert "hidden" not in desk.query()
    desk.no_errors()


def test_dragging_asks_again_down_to_five_minutes_and_double_click_goes_back(desk: Desk) -> None:
    desk.open("/generation?start=2026-02-20&end=2026-02-26")
    desk.ready(*GENERATION)
    before = desk.query()
    assert "30-minute" in desk.text("#gen-mix-top")
    desk.drag("gen-mix", 0.4, 0.5)
    desk.until(lambda: "5-minute readings" in desk.text("#gen-mix-top"), "a finer resolution")
    assert "T" in desk.query()
    desk.ready(*GENERATION)
    first = desk.layout("gen-mix", ".xaxis.range[0]")
    desk.drag("gen-mix", 0.5, 0.52)
    desk.until(lambda: desk.layout("gen-mix", ".xaxis.range[0]") > first, "closer still")
    desk.ready(*GENERATION)
    points = desk.driver.execute_script(
        "return document.querySelector('#gen-mix .js-plotly-plot')._fullData[0]._length"
    )
    assert 1 <= points <= 12
    ActionChains(desk.driver).double_click(desk.element("#gen-mix .nsewdrag")).perform()
    desk.until(lambda: desk.layout("gen-mix", ".xaxis.range[0]") == first, "back at the first drag")
    ActionChains(desk.driver).double_click(desk.element("#gen-mix .nsewdrag")).perform()
    desk.until(lambda: desk.query() == before, "back where it began")
    desk.ready(*GENERATION)
    ActionChains(desk.driver).double_click(desk.element("#gen-mix .nsewdrag")).perform()
    assert desk.query() == before
    desk.no_errors()


def test_every_view_of_the_mix_draws(desk: Desk) -> None:
    desk.open("/generation?region=VIC1&range=7d")
    desk.ready(*GENERATION)
    for label, name in (
        ("Proportion", "proportion"),
        ("Capacity factor", "capacity-factor"),
        ("Time of day", "time-of-day"),
        ("Stack", ""),
    ):
        desk.link(label, "#gen-mix-top").click()
        desk.until(
            lambda name=name: (f"view={name}" in desk.query()) if name else "view" not in desk.query(), label
        )
        desk.ready(*GENERATION)
        assert len(desk.drawn("gen-mix")) > 4
    desk.no_errors()


def background(desk: Desk) -> str:
    return str(desk.driver.execute_script("return getComputedStyle(document.body).backgroundColor"))


def test_theme_is_kept_and_charts_follow(desk: Desk) -> None:
    desk.open("/generation")
    desk.ready(*GENERATION)
    ink = desk.layout("gen-mix", ".font.color")
    light = background(desk)
    toggle = desk.element("#theme-toggle")
    for _ in range(3):
        toggle.click()
        if desk.text("#theme-name") == "Dark":
            break
    desk.until(lambda: desk.layout("gen-mix", ".font.color") != ink, "the chart's ink changed")
    dark = background(desk)
    assert dark != light
    desk.driver.refresh()
    desk.ready(*GENERATION)
    assert background(desk) == dark
    assert desk.text("#theme-name") == "Dark"
    desk.no_errors()


def test_an_edited_address_opens_and_says_what_was_dropped(desk: Desk) -> None:
    desk.open("/generation?region=MARS&start=2026-02-20&end=2026-02-21&hidden=coal,cheese&colour=red")
    desk.ready(*GENERATION)
    said = desk.text("#notices")
    assert "MARS" in said
    assert "NSW1" in said
    assert "cheese" in said
    assert "colour" in said
    assert "20 Feb to 21 Feb 2026" in desk.text("#gen-mix-top")
    assert "Coal" not in desk.drawn("gen-mix")
    desk.no_errors()


def test_an_event_leads_to_its_moment(desk: Desk) -> None:
    desk.open("/today")
    desk.ready(*TODAY)
    row = desk.elements("#today-events tbody tr")[0]
    region = row.find_elements("css selector", "td")[0].text
    row.find_element("css selector", "a").click()
    desk.ready(*GENERATION)
    assert f"region={region}" in desk.query()
    assert "start=2026-" in desk.query()
    desk.no_errors()


def test_keyboard_alone_reaches_tabs_and_definitions(desk: Desk) -> None:
    desk.open("/today")
    desk.ready(*TODAY)
    active = desk.driver.switch_to
    order = []
    for _ in range(4):
        active.active_element.send_keys(Keys.TAB)
        order.append(active.active_element.text)
    assert "Generation" in order
    button = desk.element("#today-cards .info")
    button.send_keys(Keys.ENTER)
    desk.until(lambda: "settlement price" in desk.text(".info-text"), "the definition")
    button.send_keys(Keys.ESCAPE)
    desk.until(lambda: desk.gone(".info-text"), "closed by Escape")
    desk.no_errors()


def test_on_a_phone_controls_fold_and_charts_keep_their_height(desk: Desk) -> None:
    desk.phone()
    for address, panels in (("/today", TODAY), ("/generation", GENERATION)):
        desk.open(address)
        desk.ready(*panels)
        assert desk.page_width() <= 390
        assert not desk.element("#controls").is_displayed()
        for chart in desk.elements(".js-plotly-plot"):
            assert chart.size["height"] >= 300
        desk.element(".fold-button").click()
        assert desk.element("#controls").is_displayed()
        desk.link("QLD1", "#controls").click()
        desk.until(lambda: "region=QLD1" in desk.query(), "the region chosen")
        desk.ready(*panels)
    desk.no_errors()


def test_a_download_is_what_the_chart_shows(desk: Desk) -> None:
    desk.open("/generation?start=2026-02-25&end=2026-02-25&region=SA1&resolution=30min")
    desk.ready(*GENERATION)
    lines = desk.downloaded("CSV: generation").splitlines()
    header = lines[0].replace('"', "").split(",")
    wind = [line for line in lines[1:] if ",Wind," in line.replace('"', "")]
    script = (
        "const gd = document.querySelector('#gen-mix .js-plotly-plot');"
        "return Array.from(gd._fullData.find(t => t.name === 'Wind').y)"
    )
    drawn = desk.driver.execute_script(script)
    listed = [float(line.split(",")[header.index("generation_mw")]) for line in wind]
    assert len(drawn) == len(listed) == 48
    assert drawn == pytest.approx(listed, rel=1e-5)


def test_two_workers_answer_alike(gunicorn: str) -> None:
    """Nothing about a visitor is kept: whichever worker answers, the answer is the same."""
    from tests.app.callback_client import payload

    with urllib.request.urlopen(f"{gunicorn}/_dash-dependencies") as answer:
        entries = json.load(answer)
    entry = next(e for e in entries if "gen-mix-top.children" in e["output"])
    values: dict[str, Any] = {
        "url.pathname": "/generation",
        "url.search": "?region=SA1",
        "theme.data": "light",
    }
    body = json.dumps(payload(entry, values)).encode()
    figures = set()
    for _ in range(12):
        request = urllib.request.Request(
            f"{gunicorn}/_dash-update-component", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:
            figures.add(json.dumps(json.load(response)["response"]["gen-mix-graph"], sort_keys=True))
    assert len(figures) == 1


def test_new_data_shows_by_itself_and_loses_nothing(browser: Any, demo_lake: Lake, tmp_path: Path) -> None:
    """A version published while the page is open: the header and the charts follow, the region stays."""
    lake = Lake(shutil.copytree(demo_lake.root, tmp_path / "lake"))
    before = lake.token()
    with serving(lake, tmp_path) as url:
        desk = Desk(browser, url)
        desk.open("/today?region=SA1")
        desk.ready(*TODAY)
        assert before in desk.text("#today-mix")
        address = desk.query()
        with lake.write(KIND_DEMO) as writer:
            writer.notes["told"] = "a newer version of the same data"
            after = writer.publish().token
        # The page asks every half minute; the test does not wait for it.
        browser.driver.execute_script("dash_clientside.set_props('poll', {n_intervals: 1000})")
        desk.until(lambda: after in desk.text("#today-mix"), "the chart of the new version")
        desk.ready(*TODAY)
        assert "000002" in desk.text("#freshness")
        assert desk.query() == address
        assert "South Australia" in desk.text("#today-mix")
        desk.no_errors()
