"""The Prices tab as a person uses it, against gunicorn with two workers."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd
import pytest
from selenium.webdriver.common.action_chains import ActionChains

from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk
from tests.data_layer.lakes import frame

pytestmark = MARKS

PANELS = ("price-chart", "price-view")


def top(desk: Desk, panel: str = "price-chart") -> str:
    return desk.text(f"#{panel}-top")


def cells(desk: Desk, row: int = 0) -> list[str]:
    found = desk.elements("#price-view tbody tr")[row].find_elements("css selector", "th, td")
    return [cell.text for cell in found]


def test_the_tab_opens_with_a_chart_and_numbers_on_one_screen(desk: Desk) -> None:
    desk.open("/prices")
    desk.ready(*PANELS)
    assert desk.driver.title == "Prices · NEMDesk"
    assert desk.drawn("price-chart") == ["NSW1", "QLD1", "SA1", "TAS1", "VIC1"]
    assert "Spot price, all regions" in top(desk)
    assert "30-minute averages · AEST, interval-ending · Source: synthetic" in top(desk)
    assert desk.layout("price-chart", ".yaxis.title.text").startswith("$/MWh")
    assert len(desk.elements("#price-view tbody tr")) == 5
    last = desk.elements("#price-view tbody tr")[-1]
    assert last.location["y"] + last.size["height"] <= 900, "statistics are visible without scrolling"
    assert not desk.element("#price-view .graph").is_displayed()
    desk.element("#price-view thead .info").click()
    assert "every interval weighs the same" in desk.text("#info-text")
    desk.no_errors()


def test_every_control_of_the_chart_writes_the_address_and_a_reload_gives_it_back(desk: Desk) -> None:
    desk.open("/prices?start=2026-02-19&end=2026-02-25")
    desk.ready(*PANELS)
    before = cells(desk, 2)
    desk.link("Linear", "#price-chart-top").click()
    desk.until(lambda: desk.layout("price-chart", ".yaxis.title.text") == "$/MWh", "a linear axis")
    desk.fill("select-smooth", "loess")
    desk.until(lambda: "1-day LOESS" in top(desk), "smoothed")
    desk.fill("select-window", "3h")
    desk.until(lambda: "3-hour LOESS" in top(desk), "another window")
    assert "SA1 unsmoothed" in desk.drawn("price-chart")
    assert cells(desk, 2) == before, "smoothing never touches a statistic"
    desk.link("SA1", "#period-bar").click()
    desk.until(lambda: "Spot price, South Australia" in top(desk), "one region")
    desk.ready(*PANELS)
    desk.link("VIC1", "#period-bar").click()
    desk.until(lambda: "SA1, VIC1" in top(desk), "two regions")
    desk.ready(*PANELS)
    desk.link("VIC1", "#price-chart-top").click()
    desk.until(lambda: "South Australia" in top(desk), "the legend hides one")
    desk.ready(*PANELS)
    desk.fill("select-compare", "previous")
    desk.until(lambda: "dotted: 12 Feb to 18 Feb 2026" in top(desk), "or why there is nothing to compare")
    assert "SA1, other period" in desk.drawn("price-chart")
    desk.ready(*PANELS)
    assert desk.elements("#price-view .delta")
    desk.fill("resolution-select", "hour")
    desk.until(lambda: "hourly averages" in top(desk), "hourly")
    desk.ready(*PANELS)
    query, heading, numbers = desk.query(), top(desk), cells(desk)
    for part in ("region=SA1", "scale=linear", "smooth=loess", "window=3h", "compare=previous", "=hour"):
        assert part in query
    desk.driver.refresh()
    desk.ready(*PANELS)
    assert (desk.query(), top(desk), cells(desk)) == (query, heading, numbers)
    desk.link("Spikes and dips", "#price-chart-top").click()
    desk.until(lambda: "lowest and highest 5-minute price" in top(desk), "spikes and dips")
    desk.ready(*PANELS)
    desk.link("Generation", "#tabs").click()
    desk.until(lambda: "South Australia" in desk.text("#gen-mix-top"), "the region goes along")
    desk.no_errors()


def test_every_analysis_draws_and_its_controls_answer(desk: Desk) -> None:
    desk.open("/prices?range=all")
    desk.ready(*PANELS)
    for label, title, count in (
        ("Duration curve", "Price duration curve, all regions", 5),
        ("Price bands", "Price bands", 10),
        ("Heat-map", "Average price by hour and weekday, New South Wales", 1),
        ("Time of day", "Average price by time of day", 5),
        ("What made the average", "the 20 dearest intervals", 5),
    ):
        desk.link(label, "#price-view-top").click()
        desk.until(lambda title=title: title in top(desk, "price-view"), title)
        desk.ready(*PANELS)
        desk.until(lambda count=count: len(desk.drawn("price-view")) == count, f"{label}: {count} traces")
        assert desk.element("#price-view .graph").is_displayed()
    desk.fill("slider-top", "3")
    desk.until(lambda: "the 3 dearest intervals" in top(desk, "price-view"), "the slider")
    desk.link("Price bands", "#price-view-top").click()
    desk.until(lambda: desk.elements("#text-edges"), "the edges")
    desk.ready(*PANELS)
    desk.fill("text-edges", "0,100")
    desk.until(lambda: "$100 and above" in desk.text("#price-view tbody"), "other bands")
    assert desk.query().endswith("top=3&edges=0,100")
    desk.link("Heat-map", "#price-view-top").click()
    desk.until(lambda: desk.elements("[aria-label='Region of the heat-map']"), "the regions of the heat-map")
    desk.link("SA1", "#price-view-top").click()
    desk.until(lambda: "weekday, South Australia" in top(desk, "price-view"), "another region")
    desk.link("Hour × month", "#price-view-top").click()
    desk.until(lambda: "month, South Australia" in top(desk, "price-view"), "by month")
    assert len(desk.drawn("price-chart")) == 5, "the chart keeps its regions"
    desk.no_errors()


def test_an_event_leads_to_generation_and_a_drag_to_five_minutes(desk: Desk) -> None:
    desk.open("/prices?range=all&view=events&order=longest")
    desk.ready(*PANELS)
    listed = cells(desk)
    row = desk.elements("#price-view tbody tr")[0]
    ActionChains(desk.driver).move_to_element(row.find_elements("css selector", "td")[3]).click().perform()
    desk.until(lambda: desk.query().startswith("/generation?start="), "the moment in Generation")
    desk.until(lambda: "5-minute readings" in desk.text("#gen-mix-top"), "every interval of it")
    assert f"region={listed[1]}" in desk.query()
    desk.driver.back()
    desk.ready(*PANELS)
    before = desk.query()
    desk.drag("price-chart", 0.4, 0.5)
    desk.until(lambda: "start=" in desk.query(), "the span of the drag")
    desk.until(lambda: "5-minute readings" in top(desk), "a finer resolution")
    ActionChains(desk.driver).double_click(desk.element("#price-chart .nsewdrag")).perform()
    desk.until(lambda: desk.query() == before, "back where it began")
    desk.no_errors()


def test_the_statistics_downloaded_are_those_of_the_raw_files(desk: Desk, demo_lake: Lake) -> None:
    desk.open("/prices?start=2026-02-20&end=2026-02-26&regions=QLD1,SA1&smooth=ma&window=7d")
    desk.ready(*PANELS)
    statistics = csv.DictReader(io.StringIO(desk.downloaded("CSV: statistics", "#price-view")))
    listed = {row["regionid"]: row for row in statistics}
    assert list(listed) == ["QLD1", "SA1"]
    raw = pd.concat(frame(demo_lake.snapshot(), table) for table in ("dispatch_price", "region_demand"))
    raw = raw.groupby(["regionid", "settlementdate"], as_index=False)[["rrp", "totaldemand"]].max()
    inside = (raw.settlementdate > "2026-02-20") & (raw.settlementdate <= "2026-02-27")
    for region, rows in raw[inside].groupby("regionid"):
        if region not in listed:
            continue
        want: dict[str, Any] = {
            "intervals": len(rows),
            "mean_price_aud_per_mwh": rows.rrp.mean(),
            "demand_weighted_price_aud_per_mwh": (rows.rrp * rows.totaldemand).sum() / rows.totaldemand.sum(),
            "q1_price_aud_per_mwh": rows.rrp.quantile(0.25),
            "median_price_aud_per_mwh": rows.rrp.median(),
            "q3_price_aud_per_mwh": rows.rrp.quantile(0.75),
            "volatility_aud_per_mwh": rows.rrp.std(),
            "negative_share": (rows.rrp < 0).mean(),
        }
        got = {name: float(listed[str(region)][name]) for name in want}
        assert got == pytest.approx(want)
    desk.no_errors()


def test_empty_and_edited_addresses_say_what_to_do_and_a_phone_shows_all(desk: Desk) -> None:
    desk.phone()
    desk.open("/prices?start=2026-02-20&end=2026-02-26&region=TAS1&view=events&edges=3,1&smooth=magic")
    desk.until(lambda: "No price above $300/MWh" in top(desk, "price-view"), "why the table is empty")
    notices = desk.text("#notices")
    assert "ascending numbers" in notices
    assert "none, ma, loess, ewm" in notices
    desk.link("Price bands", "#price-view-top").click()
    desk.ready(*PANELS)
    desk.fill("text-edges", "0,2000000")
    desk.until(lambda: "0,2000000" in desk.text("#notices"), "what was dropped, in words")
    desk.ready(*PANELS)
    desk.driver.back()
    desk.ready(*PANELS)
    assert desk.page_width() <= 390
    for chart in desk.elements(".js-plotly-plot"):
        assert chart.size["height"] >= 300
    desk.no_errors()
