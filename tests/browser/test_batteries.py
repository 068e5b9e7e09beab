"""The Batteries tab as a person uses it, against gunicorn with two workers."""

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

PANELS = ("batteries-chart", "batteries-table")
PATIENCE = 60


def row(desk: Desk, text: str) -> list[str]:
    """Cells of the table's row that begins with ``text``."""
    script = (
        "const row = Array.from(document.querySelectorAll('#batteries-table tbody tr'))"
        ".find(r => r.cells[0].textContent.includes(arguments[0]));"
        "return row ? Array.from(row.cells).map(c => c.textContent) : null"
    )
    return list(desk.until(lambda: desk.driver.execute_script(script, text), f"row {text}", PATIENCE))


def said(desk: Desk, text: str) -> None:
    desk.until(lambda: text in desk.text("#batteries-chart-top"), text, PATIENCE)


def test_every_control_changes_the_address_and_the_page(desk: Desk) -> None:
    desk.open("/batteries?start=2026-02-19&end=2026-02-28")
    desk.ready(*PANELS)
    assert desk.driver.title == "Batteries · National Electricity Market · NEMDesk"
    assert desk.drawn("batteries-chart")[:2] == ["Discharging", "Charging"]
    chart = desk.element("#batteries-chart .js-plotly-plot")
    assert chart.location["y"] + chart.size["height"] <= 900, "visible without scrolling"
    assert desk.element("#batteries-table tbody tr").location["y"] <= 860, "and so are its first numbers"
    desk.link("Money", "#batteries-chart-top").click()
    desk.until(lambda: "Net revenue" in desk.drawn("batteries-chart"), "money", PATIENCE)
    for label, parameter, title in (
        ("Ranking", "view=ranking", "Discharge revenue and charge cost"),
        ("Time of day", "view=time-of-day", "Average day of batteries"),
        ("State of charge", "view=stored", "Energy stored in batteries"),
    ):
        desk.link(label, "#batteries-chart-top").click()
        said(desk, title)
        desk.ready(*PANELS)
        assert parameter in desk.query()
        assert len(desk.drawn("batteries-chart")) >= 2
    desk.link("Over time", "#batteries-chart-top").click()
    said(desk, "Revenue and cost of batteries")
    desk.follow_row("batteries-table", "Hornsdale")
    said(desk, "HPR1")
    assert "selected=HPR1" in desk.query()
    desk.link("Owner", "#batteries-table-top").click()
    desk.until(lambda: "by=owner" in desk.query() and "selected" not in desk.query(), "by owner", PATIENCE)
    row(desk, "AGL")
    desk.link("Spread", "#batteries-table").click()
    desk.until(lambda: "sort=-spread" in desk.query(), "sorted", PATIENCE)
    desk.until(
        lambda: desk.elements("#batteries-table [aria-sort=descending]"), "the mark of the sort", PATIENCE
    )
    desk.link("SA1", "#period-bar").click()
    said(desk, "South Australia")
    desk.follow_row("batteries-table", "Hornsdale")
    said(desk, "Hornsdale Power Reserve")
    desk.ready(*PANELS)
    address, cells = desk.query(), row(desk, "Hornsdale")
    desk.open(address)
    desk.ready(*PANELS)
    assert row(desk, "Hornsdale") == cells, "the same from its address"
    assert desk.query() == address
    said(desk, "Revenue and cost of batteries, Hornsdale Power Reserve")
    desk.no_errors()


def test_the_download_is_what_a_reader_of_the_raw_rows_would_work_out(desk: Desk, demo_lake: Lake) -> None:
    desk.open("/batteries?start=2026-02-20&end=2026-02-26")
    desk.ready(*PANELS)
    listed = csv.DictReader(io.StringIO(desk.downloaded("CSV: table", "#batteries-table")))
    rows = {row["name"]: row for row in listed}
    snapshot = demo_lake.snapshot()

    def raw(table: str, columns: list[str]) -> pd.DataFrame:
        rows = frame(snapshot, table)[columns]
        stamp = rows.settlementdate
        return rows[(stamp > datetime(2026, 2, 20)) & (stamp <= datetime(2026, 2, 27))]

    readings = raw("unit_scada", ["settlementdate", "duid", "scadavalue"])
    prices = raw("dispatch_price", ["settlementdate", "regionid", "rrp"])
    for duid, region in (("ERB01", "NSW1"), ("HPR1", "SA1"), ("VBB1", "VIC1")):
        own = readings[readings.duid == duid].merge(prices[prices.regionid == region], on="settlementdate")
        out, into = own.scadavalue.clip(lower=0) / 12, -own.scadavalue.clip(upper=0) / 12
        got = {key: float(value) for key, value in rows[duid].items() if value and value[0] in "-0123456789"}
        assert got["discharge_mwh"] == pytest.approx(out.sum())
        assert got["charge_mwh"] == pytest.approx(into.sum())
        assert got["revenue_aud"] == pytest.approx(((out - into) * own.rrp).sum())
        assert got["discharge_price_aud_per_mwh"] == pytest.approx((out * own.rrp).sum() / out.sum())
        assert got["charge_price_aud_per_mwh"] == pytest.approx((into * own.rrp).sum() / into.sum())
        below = own.rrp < 0
        assert got["negative_price_charge_income_aud"] == pytest.approx(-(into * own.rrp)[below].sum())
        assert got["cycles_per_day"] == pytest.approx(out.sum() / got["storage_mwh"] / 7)
    desk.no_errors()


def test_an_edited_address_and_an_empty_region_say_what_to_do(desk: Desk) -> None:
    desk.phone()
    desk.open("/batteries?region=TAS1&by=planet&view=stored&range=7d")
    desk.until(lambda: "planet" in desk.text("#notices"), "what was dropped", PATIENCE)
    assert "unit, station, owner, region" in desk.text("#notices")
    empty = "panel-empty"
    desk.until(lambda: desk.element("#batteries-table").get_attribute("class") == empty, empty, PATIENCE)
    assert "No readings of a battery in Tasmania" in desk.text("#batteries-table-top")
    desk.element(".fold-button").click()
    desk.link("NEM", "#period-bar").click()
    desk.ready(*PANELS)
    assert desk.page_width() <= 390
    assert desk.element("#batteries-chart .js-plotly-plot").size["height"] >= 300
    desk.no_errors()
