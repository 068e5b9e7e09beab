"""All rows of a view as a file: chosen below the view, made, fetched."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys

from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk, started
from tests.data_layer.lakes import frame

pytestmark = MARKS

VIEW = "/generation?start=2026-02-24&end=2026-02-25&region=SA1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def address(demo_lake: Lake, folder: Path) -> Iterator[str]:
    with started(demo_lake, folder, "tests.browser.export_desk:server") as (url, _):
        yield url


@pytest.fixture
def page(browser: Any, address: str) -> Desk:
    desk = Desk(browser, address)
    desk.screen()
    return desk


def file_of(page: Desk, folder: Path, ending: str) -> Path:
    """The finished file, once it is there."""
    found = f"cache/exports/*/*.{ending}"
    page.until(lambda: list(folder.glob(found)), f"a finished {ending}", 60)
    return next(iter(folder.glob(found)))


def order(page: Desk, table: str, form: str) -> None:
    page.element("#export-open").click()
    page.until(lambda: page.element("#export-table").is_displayed(), "the choice")
    page.fill("export-table", table, "change")
    page.fill("export-form", form, "change")
    page.until(lambda: "row" in page.text("#export-rows"), "the number of rows")
    page.until(lambda: page.element("#export-start").is_enabled(), "the button")
    page.element("#export-start").click()
    page.until(lambda: "Added to jobs" in page.text("#export-said"), "the job")


def test_all_unit_readings_are_chosen_made_and_fetched(page: Desk, folder: Path, demo_lake: Lake) -> None:
    page.open(VIEW)
    page.ready("gen-mix", "gen-table")
    order(page, "all-unit-readings", "parquet")
    title = "All unit readings, 5 minutes, South Australia, 24 Feb to 25 Feb 2026, Parquet"
    assert title in page.text("#export-said")
    path = file_of(page, folder, "parquet")
    with urllib.request.urlopen(f"{page.url}/exports/{path.parent.name}/{path.name}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        (folder / "fetched").write_bytes(answer.read())
    found = pd.read_parquet(folder / "fetched")
    units = frame(demo_lake.snapshot(), "units")
    start, end = pd.Timestamp("2026-02-24"), pd.Timestamp("2026-02-26")
    raw = frame(demo_lake.snapshot(), "unit_scada")
    raw = raw[raw.duid.isin(units[units.regionid == "SA1"].duid)]
    raw = raw[(raw.settlementdate > start) & (raw.settlementdate <= end)]
    assert len(found) == len(raw)
    assert page.text("#export-rows").startswith(f"About {len(raw):,} rows")
    page.no_errors()


def test_on_a_phone_the_choice_is_a_sheet_at_the_bottom(page: Desk, folder: Path) -> None:
    page.phone()
    page.open(VIEW)
    page.ready("gen-mix", "gen-table")
    page.driver.execute_script("document.getElementById('export-open').scrollIntoView({block: 'center'})")
    order(page, "table", "xlsx")
    assert page.page_width() <= 390
    box = page.element("#export-body").rect
    assert box["width"] <= 390
    book = openpyxl.load_workbook(file_of(page, folder, "xlsx"))
    assert book["Rows"].max_row - 1 == int(page.text("#export-rows").split(" ")[0])
    page.element(".export-close").click()
    page.until(lambda: page.gone("#export-start"), "a closed box")
    # The Escape key closes it too, and so does another address.
    page.screen()
    page.element("#export-open").click()
    page.until(lambda: page.elements("#export-start"), "the choice")
    page.element("body").send_keys(Keys.ESCAPE)
    page.until(lambda: page.gone("#export-start"), "a closed box")
    page.element("#export-open").click()
    page.until(lambda: page.elements("#export-start"), "the choice")
    page.link("NSW1", "#period-bar").click()
    page.until(lambda: page.gone("#export-start"), "a closed box")
    page.no_errors()
