"""Price Analysis as a person uses it, against gunicorn with two workers."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys

from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk
from tests.data_layer.lakes import frame

pytestmark = MARKS

PERIOD = "start=2026-02-20&end=2026-02-26"


def ready(desk: Desk) -> None:
    desk.answered("analysis")
    desk.until(lambda: names(desk), "rows of the tree")


def press(desk: Desk, text: str, within: str) -> None:
    """Click a link, even while the page is being drawn anew."""
    desk.until(lambda: desk.link(text, within).click() or True, f"a click on {text}")


def names(desk: Desk) -> list[str]:
    """Names of the rows that show, from the top."""
    script = (
        "return Array.from(document.querySelectorAll('.ag-pinned-left-cols-container [role=row]'))"
        ".sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))"
        ".map(row => row.textContent.replace(/[▸▾]/g, '').trim())"
    )
    return list(desk.driver.execute_script(script))


def row(desk: Desk, name: str) -> Any:
    for one in desk.elements(".ag-pinned-left-cols-container [role=row]"):
        if one.find_elements("css selector", ".tree-text")[0].text == name:
            return one
    raise AssertionError(f"no row {name!r} among {names(desk)}")


def headers(desk: Desk) -> list[str]:
    return [one.text.split("\n")[0].rstrip(" ▲▼i").strip() for one in desk.elements(".tree-header")]


def total(desk: Desk) -> str:
    return " ".join(one.text for one in desk.elements(".ag-floating-bottom [role=row]")).replace("\n", " ")


def choose(desk: Desk, element: str, label: str) -> None:
    """Choose as a person does, once the page has come to rest."""

    def chosen() -> bool:
        for option in desk.elements(f"#{element} option"):
            if option.text == label:
                option.click()
                return True
        return False

    desk.until(chosen, f"{label!r} in {element}")


def test_branches_open_by_mouse_and_by_keys_and_stay_where_they_are(desk: Desk) -> None:
    desk.open(f"/price-analysis?{PERIOD}")
    ready(desk)
    assert desk.driver.title == "Price Analysis · NEMDesk"
    regions = names(desk)
    assert {"NSW1", "QLD1", "SA1", "TAS1", "VIC1"} <= set(regions)
    assert "Total" in total(desk) and "100.0%" in total(desk)
    assert desk.element(".tree-grid").location["y"] < 400, "numbers without scrolling"
    row(desk, "SA1").find_element("css selector", ".tree-text").click()
    desk.until(lambda: "Wind" in names(desk), "the fuels of SA1")
    assert row(desk, "SA1").get_attribute("aria-expanded") == "true"
    assert row(desk, "Wind").get_attribute("aria-level") == "2"
    assert desk.elements("[role=treegrid]")
    cell = row(desk, "Wind").find_element("css selector", ".ag-cell")
    desk.driver.execute_script("arguments[0].focus()", cell)
    cell.send_keys(Keys.ARROW_RIGHT)
    desk.until(lambda: row(desk, "Wind").get_attribute("aria-expanded") == "true", "opened by a key")
    opened = names(desk)
    leaf = opened[opened.index("Wind") + 1]
    assert row(desk, leaf).get_attribute("aria-expanded") is None
    # Another column changes nothing of what is open.
    desk.element("[data-fold=columns] > summary").click()
    press(desk, "Units", "[data-fold=columns]")
    desk.until(lambda: "Units" in headers(desk), "the new column")
    assert leaf in names(desk)
    cell = row(desk, leaf).find_element("css selector", ".ag-cell")
    desk.driver.execute_script("arguments[0].focus()", cell)
    cell.send_keys(Keys.ARROW_LEFT)
    focused = desk.driver.switch_to.active_element
    assert "Wind" in focused.text
    focused.send_keys(Keys.ENTER)
    desk.until(lambda: leaf not in names(desk), "closed by Enter")
    desk.element("[data-branches=close]").click()
    desk.until(lambda: names(desk) == regions, "all closed")
    desk.no_errors()


def test_every_control_writes_the_address_and_the_address_brings_it_back(desk: Desk) -> None:
    desk.open(f"/price-analysis?{PERIOD}")
    ready(desk)
    choose(desk, "group-1", "Owner")
    desk.until(lambda: "group=owner,fuel" in desk.query(), "grouped by owner")
    desk.until(lambda: "by owner, fuel and unit" in desk.text("#analysis-top"), "the title")
    desk.answered("analysis")
    choose(desk, "group-3", "Station")
    desk.until(lambda: "group=owner,fuel,station" in desk.query(), "three groups")
    press(desk, "VIC1", "#period-bar")
    desk.until(lambda: "regions=VIC1" in desk.query(), "one region")
    desk.until(lambda: "unit, VIC1" in desk.text("#analysis-top"), "its title")
    desk.answered("analysis")
    desk.element("[data-fold=fuels] > summary").click()
    press(desk, "Wind", "[data-fold=fuels]")
    desk.until(lambda: "fuels=wind" in desk.query(), "one fuel")
    desk.until(lambda: "Wind" in desk.text("#analysis-top .panel-subtitle"), "its subtitle")
    desk.answered("analysis")
    desk.until(lambda: desk.link("Wind", "[data-fold=fuels]").is_displayed(), "still open for the next one")
    desk.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not desk.driver.execute_script("return document.querySelector('details[open]')")
    desk.element(".tree-header a[title='Sort by Price']").click()
    desk.until(lambda: "sort=-price" in desk.query(), "sorted")
    desk.until(
        lambda: desk.text("[role=columnheader][aria-sort=descending]").startswith("Price ▼"), "its mark"
    )
    ready(desk)
    before, whole = names(desk), total(desk)
    assert len(before) > 2
    desk.driver.refresh()
    ready(desk)
    assert (names(desk), total(desk)) == (before, whole)
    assert desk.element("#group-3").get_attribute("value") == "owner,fuel,station"
    field = desk.element("#text-match")
    field.send_keys("no such owner", Keys.ENTER)
    desk.until(lambda: "No unit of this choice reported" in desk.text("#analysis-top"), "nothing to show")
    desk.driver.back()
    ready(desk)
    assert names(desk) == before
    press(desk, "Treemap", "#analysis-top")
    desk.until(lambda: "show=treemap" in desk.query() and desk.drawn("analysis"), "the treemap")
    press(desk, "Bubbles", "#analysis-top")
    desk.until(lambda: desk.elements("#analysis .scatterlayer .point"), "the bubbles")
    press(desk, "Tree", "#analysis-top")
    ready(desk)
    desk.element(".tree-header .info").click()
    desk.until(lambda: desk.elements(".info-text"), "a definition")
    desk.no_errors()


def test_the_download_is_the_raw_rows_added_up(desk: Desk, demo_lake: Lake) -> None:
    desk.open(f"/price-analysis?{PERIOD}&group=fuel&regions=SA1")
    ready(desk)
    listed = pd.read_csv(io.StringIO(desk.downloaded("CSV: tree")))
    snapshot = demo_lake.snapshot()

    units = frame(snapshot, "units")[["duid", "regionid", "fuel"]]
    rows = frame(snapshot, "unit_scada").merge(units[units.regionid == "SA1"], on="duid")
    rows = rows[
        (rows.settlementdate > "2026-02-20") & (rows.settlementdate <= "2026-02-27") & (rows.fuel == "Wind")
    ]
    rows = rows.merge(frame(snapshot, "dispatch_price")[["settlementdate", "regionid", "rrp"]])
    mwh = rows.scadavalue / 12
    (found,) = listed[(listed.kind == "fuel") & (listed.name == "Wind")].itertuples()
    assert found.energy_mwh == pytest.approx(mwh.sum())
    assert found.revenue_aud == pytest.approx((mwh * rows.rrp).sum())
    made = mwh.clip(lower=0)
    assert found.capture_price_aud_per_mwh == pytest.approx((made * rows.rrp).sum() / made.sum())
    shown = row(desk, "Wind")
    index = shown.get_attribute("row-index")
    energy = desk.element(f".ag-center-cols-container [row-index='{index}'] [col-id=energy]").text
    assert float(energy.replace(",", "").replace("−", "-")) == pytest.approx(mwh.sum() / 1000, abs=0.06)
    np.testing.assert_allclose(
        listed[listed.kind == "fuel"].revenue_aud.sum(), listed[listed.kind == "total"].revenue_aud.sum()
    )
    desk.no_errors()


def test_on_a_phone_the_tree_scrolls_within_itself(desk: Desk) -> None:
    desk.phone()
    desk.open(f"/price-analysis?{PERIOD}")
    ready(desk)
    assert desk.page_width() <= 390
    assert desk.element(".tree-grid").size["height"] >= 300
    assert desk.element(".ag-pinned-left-header").size["width"] <= 160
    desk.no_errors()
