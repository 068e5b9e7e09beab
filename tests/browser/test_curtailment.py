"""The Curtailment tab as a person uses it, against gunicorn with two workers."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pandas as pd
import pytest

from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk
from tests.data_layer.lakes import frame

pytestmark = MARKS

PANELS = ("curtailment-chart", "curtailment-table")
PATIENCE = 60


def said(desk: Desk, panel: str, text: str) -> None:
    desk.until(lambda: text in desk.text(f"#{panel}"), text, PATIENCE)


def test_every_control_changes_the_address_and_the_page(desk: Desk) -> None:
    desk.open("/curtailment?start=2026-02-19&end=2026-02-28")
    desk.ready(*PANELS)
    assert desk.driver.title == "Curtailment · National Electricity Market · NEMDesk"
    assert desk.drawn("curtailment-chart") == ["Network", "Economic", "Share of UIGF"]
    chart = desk.element("#curtailment-chart .js-plotly-plot")
    assert chart.location["y"] + chart.size["height"] <= 900, "visible without scrolling"
    assert desk.element("#curtailment-table tbody tr").location["y"] <= 860, "and so are its first numbers"
    for label, parameter, title in (
        ("By fuel", "view=fuel", "Curtailment by fuel"),
        ("Share", "view=share", "Share curtailed"),
        ("Time of day", "view=time-of-day", "Average day of curtailment"),
    ):
        desk.link(label, "#curtailment-chart-top").click()
        said(desk, "curtailment-chart-top", title)
        desk.ready(*PANELS)
        assert parameter in desk.query()
        assert len(desk.drawn("curtailment-chart")) >= 3
    desk.link("By fuel", "#curtailment-chart-top").click()
    said(desk, "curtailment-chart-top", "Curtailment by fuel")
    desk.link("Solar", "#curtailment-chart-top").click()
    desk.until(lambda: desk.drawn("curtailment-chart") == ["Wind", "Share of UIGF"], "wind alone", PATIENCE)
    assert "fuels=wind" in desk.query()
    desk.link("Curtailed", "#curtailment-table").click()
    desk.until(lambda: "sort=-curtailed" in desk.query(), "sorted", PATIENCE)
    desk.ready(*PANELS)
    desk.follow_row("curtailment-table", "SA1")
    said(desk, "curtailment-chart-top", "South Australia")
    desk.link("Unit", "#curtailment-table-top").click()
    said(desk, "curtailment-table-top", "By unit, wind, South Australia")
    desk.ready(*PANELS)
    address, shown = desk.query(), desk.text("#curtailment-table tbody")
    desk.open(address)
    desk.ready(*PANELS)
    assert desk.query() == address
    desk.until(lambda: desk.text("#curtailment-table tbody") == shown, "the same from its address", PATIENCE)
    desk.driver.execute_script("document.querySelector('#curtailment-table .row-link').click()")
    desk.until(lambda: desk.query().startswith("/stations?"), "the unit's page", PATIENCE)
    assert "units=" in desk.query()
    desk.no_errors()


def test_the_download_is_what_a_reader_of_the_raw_rows_would_work_out(desk: Desk, demo_lake: Lake) -> None:
    desk.open("/curtailment?start=2026-02-20&end=2026-02-26")
    desk.ready(*PANELS)
    listed = csv.DictReader(io.StringIO(desk.downloaded("CSV: table", "#curtailment-table")))
    rows = {(row["regionid"], row["fuel"]): row for row in listed}
    snapshot = demo_lake.snapshot()

    def raw(table: str) -> pd.DataFrame:
        rows = frame(snapshot, table)
        stamp = rows.settlementdate
        return rows[(stamp > datetime(2026, 2, 20)) & (stamp <= datetime(2026, 2, 27))]

    key = ["settlementdate", "regionid"]
    both = raw("region_demand").merge(raw("dispatch_price")[[*key, "rrp"]], on=key)
    for region, fuel in (("SA1", "Wind"), ("NSW1", "Solar")):
        own = both[both.regionid == region]
        name = f"ss_{fuel.lower()}"
        held = (own[f"{name}_uigf"] - own[f"{name}_clearedmw"]).clip(lower=0) / 12
        got = rows[region, fuel]
        assert float(got["curtailed_mwh"]) == pytest.approx(held.sum())
        assert float(got["economic_curtailed_mwh"]) == pytest.approx(held[own.rrp <= 0].sum())
        assert float(got["network_curtailed_mwh"]) == pytest.approx(held[own.rrp > 0].sum())
        assert float(got["curtailed_share"]) == pytest.approx(held.sum() / (own[f"{name}_uigf"].sum() / 12))
        assert held.sum() > 0
    desk.no_errors()


def test_an_edited_address_says_what_was_dropped_and_a_phone_shows_the_chart(desk: Desk) -> None:
    desk.phone()
    desk.open("/curtailment?by=planet&view=pie&fuels=wind,cheese&range=7d")
    desk.ready(*PANELS)
    for dropped in ("planet", "pie", "cheese"):
        desk.until(lambda dropped=dropped: dropped in desk.text("#notices"), dropped, PATIENCE)
    assert "Wind" in desk.text("#curtailment-table")
    assert desk.page_width() <= 390
    assert desk.element("#curtailment-chart .js-plotly-plot").size["height"] >= 300
    desk.no_errors()
