"""The Stations tab as a person uses it, against gunicorn with two workers."""

from __future__ import annotations

import csv
import io
import time

import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys

from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk
from tests.data_layer.lakes import frame

pytestmark = MARKS

PANELS = ("stations-chosen", "stations-chart", "stations-numbers", "stations-peers", "stations-facts")
PATIENCE = 60


def ready(desk: Desk) -> None:
    desk.answered(*PANELS, seconds=PATIENCE)


def chips(desk: Desk) -> list[str]:
    script = "return Array.from(document.querySelectorAll('.chip-name'), chip => chip.textContent)"
    return list(desk.driver.execute_script(script))


def search(desk: Desk, text: str, expected: str) -> None:
    """Type into the search and wait until it offers what is expected first."""
    field = desk.element("#station-search")
    field.click()
    field.send_keys(text)
    desk.until(
        lambda: desk.elements("#station-matches .match-name")[0].text == expected,
        f"{expected} found",
        PATIENCE,
    )


def test_a_ranking_stands_where_nothing_is_chosen_and_a_row_opens_its_station(desk: Desk) -> None:
    desk.open("/stations")
    ready(desk)
    rows = desk.elements("#stations-numbers tbody tr")
    assert len(rows) > 100
    chart = desk.element("#stations-chart .js-plotly-plot")
    assert chart.location["y"] + chart.size["height"] <= 900, "the first chart is visible without scrolling"
    desk.link("SA1", "#period-bar").click()
    desk.until(lambda: "South Australia" in desk.text("#stations-numbers-top"), "South Australia", PATIENCE)
    desk.element("#select-fuels option[value=wind]").click()
    desk.until(lambda: "Wind, South Australia" in desk.text("#stations-numbers-top"), "wind", PATIENCE)
    assert desk.query() == "/stations?region=SA1&fuels=wind"
    desk.link("Units", "#stations-chosen").click()
    desk.until(lambda: "Units, Wind" in desk.text("#stations-numbers-top"), "units", PATIENCE)
    ready(desk)
    desk.link("Rate", "#stations-numbers").click()
    desk.until(lambda: "sort=-rate" in desk.query(), "sorted by capture rate")
    ready(desk)
    first = desk.element("#stations-numbers tbody a").text
    desk.element("#stations-numbers tbody a").click()
    desk.until(lambda: chips(desk) == [first], "the first chosen", PATIENCE)
    ready(desk)
    # Numbers and rank stand on the first screen.
    numbers = desk.element("#stations-numbers table")
    assert numbers.location["y"] < 400
    assert "Capture rate" in numbers.text
    assert "/10 SA1" in numbers.text
    desk.no_errors()


def test_searching_choosing_comparing_and_coming_back(desk: Desk) -> None:
    desk.open("/stations?start=2026-02-20&end=2026-02-26")
    ready(desk)
    search(desk, "bayswatr", "Bayswater Power Station")
    desk.element("#station-search").send_keys(Keys.ENTER)
    desk.until(lambda: chips(desk) == ["Bayswater Power Station"], "Bayswater chosen", PATIENCE)
    ready(desk)
    assert not desk.element("#station-matches").is_displayed()
    search(desk, "hornsdale power", "Hornsdale Power Reserve")
    desk.element("#station-matches a").click()
    desk.until(lambda: len(chips(desk)) == 2, "two chosen", PATIENCE)
    ready(desk)
    assert desk.element("#station-search").get_attribute("value") == ""
    both = {"Bayswater Power Station", "Hornsdale Power Reserve"}
    assert both <= set(desk.drawn("stations-chart"))
    for label, name in (
        ("Revenue", "revenue"),
        ("Time of day", "time-of-day"),
        ("Duration", "duration"),
        ("Price bands", "price-bands"),
    ):
        desk.link(label, "#stations-chart-top").click()
        desk.until(lambda name=name: f"view={name}" in desk.query(), label)
        ready(desk)
        assert both <= set(desk.drawn("stations-chart"))
    desk.link("The NEM", "#stations-peers-top").click()
    desk.until(lambda: "National Electricity Market" in desk.text("#stations-peers-top"), "the NEM", PATIENCE)
    ready(desk)
    before = (desk.query(), desk.text("#stations-numbers table"), desk.text("#stations-peers table"))
    desk.driver.refresh()
    ready(desk)
    assert (desk.query(), desk.text("#stations-numbers table"), desk.text("#stations-peers table")) == before
    desk.link("4 units", "#stations-chosen").click()
    desk.until(lambda: chips(desk)[:4] == ["BW01", "BW02", "BW03", "BW04"], "its units", PATIENCE)
    ready(desk)
    desk.element(".chip-remove[aria-label='Remove BW02']").click()
    desk.until(lambda: "BW02" not in chips(desk), "BW02 removed", PATIENCE)
    desk.link("Clear", "#stations-chosen").click()
    desk.until(lambda: chips(desk) == [], "nothing chosen", PATIENCE)
    ready(desk)
    desk.no_errors()


def test_a_search_by_keyboard_says_when_there_is_nothing(desk: Desk) -> None:
    desk.open("/stations?units=ARWF1&range=1d")
    ready(desk)
    field = desk.element("#station-search")
    field.send_keys("qqqqzz")
    desk.until(
        lambda: "Nothing is called “qqqqzz”" in desk.text("#station-matches"), "nothing found", PATIENCE
    )
    for _ in range(6):
        field.send_keys(Keys.BACKSPACE)
    search(desk, "eraring", "Eraring Power Station")
    field.send_keys(Keys.ARROW_DOWN)
    desk.until(lambda: desk.elements("#station-matches [aria-selected=true]"), "one marked")
    assert field.get_attribute("aria-activedescendant") == "station-match-0"
    desk.driver.execute_script("document.querySelector('#station-matches a').dataset.first = 'true'")
    field.send_keys(" p")
    desk.until(lambda: desk.gone("#station-matches [data-first]"), "the next answer", PATIENCE)
    marked = desk.element("#station-matches [aria-selected=true] .match-name").text
    assert marked == "Eraring Power Station", "what was marked stays marked while one goes on typing"
    field.send_keys(Keys.ESCAPE)
    assert not desk.element("#station-matches").is_displayed()
    time.sleep(0.5)  # in which what counts as typing would have asked again
    assert not desk.element("#station-matches").is_displayed(), "closed, it stays closed"
    assert field.get_attribute("value") == "eraring p"
    field.send_keys(Keys.ESCAPE)
    desk.until(lambda: field.get_attribute("value") == "", "emptied by a second Escape")
    time.sleep(0.5)
    assert not desk.element("#station-matches").is_displayed()
    field.send_keys("eraring")
    desk.until(lambda: desk.elements("#station-matches .match-name"), "open again")
    field.send_keys(Keys.ESCAPE)
    desk.element("#stations-numbers .info").send_keys(Keys.ENTER)
    desk.until(lambda: desk.elements(".info-text"), "a definition")
    desk.no_errors()


def test_a_drag_asks_for_the_span_and_an_edited_address_says_what_it_dropped(desk: Desk) -> None:
    desk.open("/stations?units=ER01,NOPE&start=2026-02-20&end=2026-02-26")
    ready(desk)
    assert "“NOPE”" in desk.text("#stations-chosen-top")
    assert chips(desk) == ["ER01"]
    desk.drag("stations-chart", 0.4, 0.5)
    desk.until(lambda: "5-minute readings" in desk.text("#stations-chart-top"), "finer", PATIENCE)
    assert "T" in desk.query()
    desk.go("/stations?units=HPRG1&start=2026-02-27&end=2026-02-28")
    desk.until(
        lambda: "No readings of what is chosen" in desk.text("#stations-chart-top"),
        "why it is empty",
        PATIENCE,
    )
    desk.no_errors()


def downloaded(desk: Desk, label: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(desk.downloaded(label))))


def test_downloads_are_what_raw_readings_give(desk: Desk, demo_lake: Lake) -> None:
    desk.open("/stations?units=station:Eraring%20Power%20Station&start=2026-02-24&end=2026-02-25")
    ready(desk)
    found = downloaded(desk, "CSV: output")
    numbers = downloaded(desk, "CSV: numbers")[0]
    snapshot = demo_lake.snapshot()

    def raw(table: str) -> pd.DataFrame:
        rows = frame(snapshot, table)
        inside = (rows.settlementdate > "2026-02-24") & (rows.settlementdate <= "2026-02-26")
        return rows[inside]

    scada = raw("unit_scada")
    scada = scada[scada.duid.isin(["ER01", "ER02", "ER03", "ER04"])]
    price = raw("dispatch_price")
    price = price[price.regionid == "NSW1"].set_index("settlementdate").rrp
    output = scada.groupby("settlementdate").scadavalue.sum()
    assert len(found) == len(output) == 576
    assert [float(row["mw"]) for row in found] == pytest.approx(output.tolist())
    earned = (scada.scadavalue.clip(lower=0) * scada.settlementdate.map(price)).sum() / 12
    assert float(numbers["generation_revenue_aud"]) == pytest.approx(earned)
    assert float(numbers["capture_price_aud_per_mwh"]) == pytest.approx(
        earned / (scada.scadavalue.clip(lower=0).sum() / 12)
    )
    assert float(numbers["reference_price_aud_per_mwh"]) == pytest.approx(price.mean())
    desk.no_errors()


def test_on_a_phone_the_search_and_the_chart_fit(desk: Desk) -> None:
    desk.phone()
    desk.open("/stations?units=ARWF1,station:Eraring%20Power%20Station&range=1d")
    ready(desk)
    assert desk.page_width() <= 390
    for chart in desk.elements(".js-plotly-plot"):
        assert chart.size["height"] >= 300
    search(desk, "bays", "Bayswater Power Station")
    assert desk.page_width() <= 390
    desk.no_errors()
