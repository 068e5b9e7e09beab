"""The Regions tab as a person uses it, against gunicorn with two workers."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys

from data_layer.lake import Lake
from data_layer.market import INTERCONNECTORS
from tests.browser.conftest import MARKS, Desk
from tests.data_layer.lakes import frame

pytestmark = MARKS

PANELS = (
    "regions-map",
    "regions-table",
    "regions-lines",
    "regions-line",
    "regions-separation",
    "regions-stations",
)
LINE_NAMES = {line.interconnectorid for line in INTERCONNECTORS}
MAP = "const gd = document.querySelector('#regions-map .js-plotly-plot');"


def facts(desk: Desk) -> dict[str, Any]:
    """What the map shows: fills and words of regions, arrows, number of stations, frames."""
    script = MAP + (
        "const f = JSON.parse(gd.layout.meta.frames); const s = gd.data[f.stations.trace];"
        "return {fills: f.traces.slice(0, 5).map(i => gd.data[i].fillcolor),"
        " texts: gd.layout.annotations.map(a => a.text), frames: f, stations: s.x.length,"
        " drawn: gd._fullData[f.stations.trace]._length}"
    )
    return dict(desk.driver.execute_script(script))


def settled(desk: Desk) -> None:
    """All panels are drawn for the address as it is, asked in one script: the driver waits two seconds for
    an element that is not there. Links of the map say which address they were drawn for."""
    script = (
        "const link = document.querySelector('#regions-map-top .toggles a');"
        "const drawn = new URL(link.href).searchParams; drawn.delete('stations'); drawn.sort();"
        "const here = new URLSearchParams(location.search); here.delete('stations'); here.sort();"
        "return drawn.toString() === here.toString()"
        " && arguments[0].every(id => /panel-(ready|empty)/.test(document.getElementById(id).className))"
        " && !document.querySelector('[data-dash-is-loading=true]')"
        " && Boolean(document.querySelector('#regions-map .js-plotly-plot')?.layout?.meta?.frames)"
    )
    desk.until(lambda: desk.driver.execute_script(script, list(PANELS)), "all panels")


def click_map(desk: Desk, longitude: float, latitude: float, on: str, then: Callable[[], Any]) -> None:
    """A click of the mouse on a place of the map, once the map says that the pointer is ``on`` that trace.

    Clicked again until ``then`` holds: a map that is drawn anew between pointing and clicking forgets what
    it was pointed at, and takes the click for one beside everything.
    """
    script = MAP + (
        "const l = gd._fullLayout; const r = gd.getBoundingClientRect();"
        "return [r.left + l.xaxis._offset + l.xaxis.l2p(arguments[0]),"
        " r.top + l.yaxis._offset + l.yaxis.l2p(arguments[1])]"
    )
    under = MAP + "return (gd._hoverdata || []).map(point => gd.data[point.curveNumber].name)"

    def mouse(kind: str, button: str, count: int, aside: int = 0) -> None:
        x, y = desk.driver.execute_script(script, longitude, latitude)
        event = {"type": kind, "x": x + aside, "y": y, "button": button, "clickCount": count}
        desk.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def clicked() -> bool:
        mouse("mouseMoved", "none", 0, aside=1)
        mouse("mouseMoved", "none", 0)
        if on not in desk.driver.execute_script(under):
            return False
        mouse("mousePressed", "left", 1)
        mouse("mouseReleased", "left", 1)
        # Longer than a double click, which would mean something else.
        desk.until(then, f"what a click on {on} does", seconds=3)
        return True

    desk.until(clicked, f"a click on {on} that is followed")


def scrub(desk: Desk, row: int, *, release: bool) -> None:
    """Drag the slider's handle to a step, as the browser reports it."""
    script = (
        "const s = document.getElementById('regions-slider');"
        "Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(s, arguments[0]);"
        "s.dispatchEvent(new Event('input', {bubbles: true}));"
        "if (arguments[1]) { s.dispatchEvent(new Event('change', {bubbles: true})); }"
    )
    desk.driver.execute_script(script, str(row), release)


def test_it_opens_with_a_map_and_its_numbers_and_fetches_nothing_elsewhere(desk: Desk) -> None:
    desk.open("/regions")
    settled(desk)
    assert desk.driver.title == "Regions · National Electricity Market · NEMDesk"
    chart = desk.element("#regions-map .js-plotly-plot")
    assert chart.location["y"] + chart.size["height"] <= 900, "the map is visible without scrolling"
    assert chart.size["height"] >= 360
    found = facts(desk)
    assert all("/MWh" in text for text in found["texts"][:5])
    assert len(found["texts"]) == 11
    assert len(desk.elements("#regions-table tbody tr")) == 5
    assert len(desk.elements("#regions-lines tbody tr")) == 6
    assert desk.text("#regions-moment") == "Mean of the period"
    desk.until(lambda: "of 200 MW or more" in desk.text("#regions-shown"), "what the zoom shows")
    told = [row.text for row in desk.elements("#regions-table tbody tr")]
    assert all(
        text.split("<br>")[1].removesuffix("/MWh") in row
        for text, row in zip(found["texts"], told, strict=False)
    )
    script = "return performance.getEntriesByType('resource').map(e => e.name)"
    hosts = {name.split("/")[2] for name in desk.driver.execute_script(script) if name.startswith("http")}
    assert hosts == {desk.url.split("/")[2]}
    desk.element("#regions-separation .info").click()
    desk.until(lambda: "further apart than" in desk.text(".info-text"), "the definition")
    desk.no_errors()


def test_scrubbing_recolours_at_once_and_the_address_keeps_the_moment(desk: Desk) -> None:
    desk.open("/regions?start=2026-02-20&end=2026-02-26")
    settled(desk)
    before = facts(desk)
    frames = before["frames"]
    assert len(frames["at"]) == 1 + 168
    scrub(desk, 61, release=False)
    desk.until(lambda: facts(desk)["texts"][:5] == frames["texts"][61], "the step's words")
    found = facts(desk)
    assert found["fills"] == frames["fills"][61] != before["fills"]
    assert found["texts"][5:] == [arrow[2] for arrow in frames["arrows"][61]]
    assert desk.text("#regions-moment") == frames["labels"][61] == "Hour ending Sun 22 Feb 2026 13:00"
    assert "at=" not in desk.query()
    scrub(desk, 61, release=True)
    desk.until(lambda: "at=2026-02-22T13:00" in desk.query(), "the moment in the address")
    settled(desk)
    again = facts(desk)
    assert (again["fills"], again["texts"]) == (found["fills"], found["texts"]), "the server draws the same"
    # Forward by key, then the reload of the address gives the same again.
    desk.element("#regions-slider").send_keys(Keys.ARROW_RIGHT)
    desk.until(lambda: "at=2026-02-22T14:00" in desk.query(), "the next hour")
    settled(desk)
    one = facts(desk)
    desk.driver.refresh()
    settled(desk)
    two = facts(desk)
    assert (one["fills"], one["texts"]) == (two["fills"], two["texts"])
    assert desk.element("#regions-slider").get_attribute("value") == "62"
    desk.element("[data-map-play]").click()
    later = frames["labels"][64:]
    desk.until(lambda: desk.text("#regions-moment") in later, "two steps played")
    desk.element("[data-map-play]").click()
    desk.until(lambda: "at=2026-02-22T14:00" not in desk.query(), "where it stopped")
    settled(desk)
    click_link(desk, "Mean of the period", "#regions-map")
    desk.until(lambda: "at=" not in desk.query(), "the mean")
    desk.until(lambda: facts(desk)["texts"] == before["texts"], "the mean's words")
    desk.no_errors()


def test_clicks_and_zoom_on_the_map(desk: Desk) -> None:
    desk.open("/regions?stations=off")
    settled(desk)
    click_map(desk, 140.0, -24.0, "QLD1", then=lambda: "region=QLD1" in desk.query())
    settled(desk)
    assert "Queensland" in desk.text("#regions-lines-top")
    desk.driver.back()
    desk.until(lambda: "region=" not in desk.query(), "back")
    settled(desk)
    ends = facts(desk)["frames"]["ends"]
    named = [name for name in desk.drawn("regions-map") if name in LINE_NAMES]
    assert len(ends) == len(named) == 6
    click_map(desk, ends[0][2], ends[0][3], named[0], then=lambda: "line=" in desk.query())
    settled(desk)
    desk.go("/regions")
    desk.until(lambda: desk.query() == "/regions", "the address")
    settled(desk)
    desk.until(lambda: facts(desk)["drawn"], "stations again")
    few = facts(desk)
    desk.element("[data-map-zoom=in]").click()
    desk.until(lambda: facts(desk)["drawn"] > few["drawn"], "more stations")
    for _ in range(3):
        desk.element("[data-map-zoom=in]").click()
    desk.until(lambda: facts(desk)["drawn"] == len(few["frames"]["stations"]["x"]), "all stations")
    assert desk.text("#regions-shown").startswith("All ")
    desk.element("[data-map-zoom=all]").click()
    desk.until(lambda: facts(desk)["drawn"] == few["drawn"], "the larger ones again")
    place = desk.driver.execute_script(
        MAP + "const t = gd.data.find(t => t.name === 'Stations'); return [t.x[0], t.y[0], t.customdata[0]]"
    )
    click_map(desk, place[0], place[1], "Stations", then=lambda: desk.query().startswith("/stations?"))
    assert "units=station:" in desk.query()
    desk.no_errors()


def whole_text(desk: Desk, panel: str) -> str:
    """A long table's text at once: the driver would ask whether each cell is visible."""
    script = "return document.getElementById(arguments[0]).innerText"
    return str(desk.driver.execute_script(script, panel))


def click_link(desk: Desk, text: str, within: str) -> None:
    """Follow a link of a panel that is drawn for the address as it is now. One click of the page's own: the
    driver's would end under the sticky header."""
    settled(desk)
    script = (
        "const links = [...document.querySelectorAll(arguments[1] + ' a')];"
        "const link = links.find(one => one.textContent === arguments[0]);"
        "if (link) { link.click(); } return Boolean(link)"
    )
    desk.until(lambda: desk.driver.execute_script(script, text, within), f"the link {text}")


def test_every_control_changes_the_view_and_the_address(desk: Desk) -> None:
    desk.open("/regions?start=2026-02-20&end=2026-02-26")
    settled(desk)
    for label, name, word in (("Net flow", "measure=flow", "ports"), ("Demand", "measure=demand", "MW")):
        click_link(desk, label, "#regions-map-top")
        desk.until(lambda name=name: name in desk.query(), name)
        desk.until(lambda word=word: word in facts(desk)["texts"][0], word)
    click_link(desk, "Coal", "#regions-map-top")
    desk.until(lambda: "hidden=coal" in desk.query(), "coal hidden")
    desk.until(lambda: "Bayswater" not in whole_text(desk, "regions-stations"), "no coal in the list")
    click_link(desk, "Stations", "#regions-map-top")
    desk.until(lambda: "stations=off" in desk.query() and not facts(desk)["drawn"], "no stations")
    click_link(desk, "Heywood", "#regions-lines")
    desk.until(lambda: "Over time, Heywood" in desk.text("#regions-line-top"), "Heywood")
    assert {"Flow", "Export limit", "Import limit"} <= set(desk.drawn("regions-line"))
    click_link(desk, "Duration curve", "#regions-line-top")
    desk.until(lambda: desk.drawn("regions-line") == ["Flow"], "one curve")
    click_link(desk, "Counter-price flow", "#regions-line-top")
    desk.until(lambda: "Value" in desk.drawn("regions-line"), "counter-price flow")
    settled(desk)
    select = desk.element("#select-line")
    select.find_element("css selector", "option[value=N-Q-MNSP1]").click()
    desk.until(lambda: "Counter-price flow, Terranora" in desk.text("#regions-line-top"), "Terranora")
    settled(desk)
    desk.element("#text-apart").send_keys(Keys.CONTROL + "a")
    desk.element("#text-apart").send_keys("300" + Keys.ENTER)
    desk.until(lambda: "more than $300 apart" in desk.text("#regions-separation-top"), "another threshold")
    click_link(desk, "Tasmania", "#regions-table")
    desk.until(lambda: "region=TAS1" in desk.query(), "Tasmania")
    settled(desk)
    assert [row.text.split("\n")[0] for row in desk.elements("#regions-lines tbody tr")] == ["Basslink"]
    for part in (
        "measure=demand",
        "stations=off",
        "hidden=coal",
        "line=N-Q-MNSP1",
        "view=counter-price",
        "apart=300",
    ):
        assert part in desk.query()
    shown = {panel: desk.text(f"#{panel}-top") for panel in PANELS}
    desk.driver.refresh()
    settled(desk)
    assert {panel: desk.text(f"#{panel}-top") for panel in PANELS} == shown
    desk.no_errors()


def download(desk: Desk, label: str, panel: str) -> pd.DataFrame:
    href = str(desk.link(label, f"#{panel}").get_attribute("href"))
    with urllib.request.urlopen(href) as answer:
        return pd.read_csv(io.BytesIO(answer.read()))


def test_downloads_are_what_pandas_finds_in_the_raw_rows(desk: Desk, demo_lake: Lake) -> None:
    desk.open("/regions?start=2026-02-21&end=2026-02-24&line=V-SA&resolution=hour")
    settled(desk)
    snapshot = demo_lake.snapshot()
    flows = frame(snapshot, "interconnector_flow")
    flows = flows[flows.interconnectorid == "V-SA"]
    flows = flows[(flows.settlementdate > "2026-02-21") & (flows.settlementdate <= "2026-02-25")]
    hours = flows.settlementdate.dt.ceil("60min")
    got = download(desk, "CSV: Heywood", "regions-line")
    assert len(got) == 96
    for column, source in (("flow_mw", "meteredmwflow"), ("export_limit_mw", "exportlimit")):
        np.testing.assert_allclose(got[column], flows.groupby(hours)[source].mean(), rtol=1e-9)
    drawn = desk.driver.execute_script(
        "const gd = document.querySelector('#regions-line .js-plotly-plot');"
        "return Array.from(gd._fullData.find(t => t.name === 'Flow').y)"
    )
    np.testing.assert_allclose(drawn, got.flow_mw, rtol=1e-5, atol=1e-3)
    price = frame(snapshot, "dispatch_price").pivot_table(
        index="settlementdate", columns="regionid", values="rrp"
    )
    price = price[(price.index > datetime(2026, 2, 21)) & (price.index <= datetime(2026, 2, 25))]
    apart = download(desk, "CSV: separation", "regions-separation").set_index(["regionid", "other_regionid"])
    gap = price.SA1 - price.VIC1
    found = apart.loc[("SA1", "VIC1")]
    assert found.intervals == len(gap) == 4 * 288
    assert found.mean_absolute_difference_aud_per_mwh == pytest.approx(gap.abs().mean())
    assert found.mean_difference_aud_per_mwh == pytest.approx(gap.mean())
    assert found.separated_share == pytest.approx((gap.abs() > 10).mean())
    desk.no_errors()


def test_what_is_not_there_is_said(desk: Desk) -> None:
    desk.open("/regions?line=MOON-1&measure=colour&at=soon&apart=x&range=7d")
    desk.until(
        lambda: "panel-empty" in str(desk.element("#regions-line").get_attribute("class")), "no such line"
    )
    desk.ready(*(panel for panel in PANELS if panel != "regions-line"))
    said = desk.text("#notices")
    assert all(word in said for word in ("colour", "soon", "apart"))
    assert "No flows of MOON-1" in desk.text("#regions-line-top")
    desk.no_errors()


def test_a_phone_shows_the_map_at_full_height(desk: Desk) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    desk.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    desk.open("/regions?region=TAS1&range=1d")
    settled(desk)
    assert desk.driver.execute_script("return document.documentElement.scrollWidth") <= 390
    for chart in desk.elements(".js-plotly-plot"):
        assert chart.size["height"] >= 300
    assert json.dumps(facts(desk)["texts"][3])
    desk.no_errors()
