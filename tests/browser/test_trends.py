"""The Trends tab as a person uses it, against gunicorn with two workers."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from selenium.webdriver.common.action_chains import ActionChains

from data_layer.lake import Lake
from tests.browser.conftest import MARKS, Desk
from tests.data_layer.lakes import frame

pytestmark = MARKS

TRENDS = ("trends-main", "trends-table", "trends-share", "trends-records")
GENERATION = ("gen-mix", "gen-table")


def rows(desk: Desk, panel: str) -> list[list[str]]:
    """A table's cells as text."""
    return [
        [cell.text for cell in row.find_elements("css selector", "th, td")]
        for row in desk.elements(f"#{panel} tbody tr")
    ]


def test_the_first_screen_has_the_mix_a_table_the_share_and_its_records(desk: Desk) -> None:
    desk.open("/trends")
    desk.ready(*TRENDS)
    assert desk.query() == "/trends"
    assert {"Coal", "Wind", "Total generation", "Found"} <= set(desk.drawn("trends-main"))
    assert desk.layout("trends-main", ".yaxis.title.text") == "GWh"
    assert "partial, drawn lighter" in desk.text("#trends-main-top")
    assert desk.drawn("trends-share") == ["Of demand", "Found"]
    assert "renewables with rooftop ÷ (operational demand + rooftop)" in desk.text("#trends-share-top")
    assert [row[0] for row in rows(desk, "trends-records")] == [
        "Highest half-hour",
        "Lowest half-hour",
        "Highest day",
        "Lowest day",
    ]
    assert "No full year in this period" in desk.text("#trends-table-top")
    chart = desk.element("#trends-main .js-plotly-plot")
    assert chart.location["y"] + chart.size["height"] <= 900, "the first chart is visible without scrolling"
    desk.element("#trends-share-top .info").click()
    desk.until(lambda: "passes 100%" in desk.text(".info-text"), "the definition of the share")
    desk.no_errors()


def test_every_choice_writes_the_address_and_a_reload_gives_the_same(desk: Desk) -> None:
    desk.open("/trends?region=SA1")
    desk.ready(*TRENDS)
    for label, written, panel, said in (
        ("Share", "as=share", "trends-main", "Share of generation by fuel, South Australia"),
        ("Thermal and renewable", "group=thermal-renewable", "trends-main", "Renewables"),
        ("Season", "bucket=season", "trends-main", "by season"),
        ("Utility-scale", "definition=utility", "trends-share", "renewables without rooftop"),
        ("Demand", "view=demand", "trends-main", "half-hour means"),
        ("Evening ramp", "view=ramp", "trends-main", "Evening ramp of residual demand"),
        ("Operational demand", "of=demand", "trends-main", "Evening ramp of operational demand"),
        ("Years overlaid", "view=overlay", "trends-main", "needs 20 whole days"),
        ("7-day mean", "window=7", "trends-main", "at least 5 whole days"),
    ):
        desk.link(label, f"#{panel}-top").click()
        desk.until(lambda written=written: written in desk.query(), label)
        desk.until(lambda panel=panel, said=said: said in desk.text(f"#{panel}-top"), said)
    select = desk.element("#select-series")
    select.find_element("css selector", "option[value=wind]").click()
    desk.until(lambda: "Wind, years overlaid" in desk.text("#trends-main-top"), "wind")
    assert desk.drawn("trends-main") == ["2026"]
    address, shown = desk.query(), desk.text("#trends-main-top")
    assert all(part in address for part in ("series=wind", "window=7", "bucket=season", "region=SA1"))
    desk.driver.refresh()
    desk.ready(*TRENDS)
    assert (desk.query(), desk.text("#trends-main-top")) == (address, shown)
    assert desk.drawn("trends-main") == ["2026"]
    desk.no_errors()


def test_the_legend_switches_a_group_off_and_on(desk: Desk) -> None:
    desk.open("/trends?group=vre")
    desk.ready(*TRENDS)
    assert "Variable renewables" in desk.drawn("trends-main")
    desk.link("Variable renewables", "#trends-main-top .legend").click()
    desk.until(lambda: "Variable renewables" not in desk.drawn("trends-main"), "the band gone")
    assert "hidden=wind,solar,rooftop-solar" in desk.query()
    desk.until(lambda: len(desk.elements("#trends-table tr.off")) == 3, "its fuels off in the table")
    desk.link("Variable renewables", "#trends-main-top .legend").click()
    desk.until(lambda: "Variable renewables" in desk.drawn("trends-main"), "the band back")
    assert "hidden" not in desk.query()
    desk.no_errors()


def test_a_record_leads_to_its_moment_and_an_edited_address_is_mended(desk: Desk) -> None:
    desk.open("/trends?region=VIC1&bucket=decade&definition=best&series=cheese")
    desk.ready(*TRENDS)
    said = desk.text("#notices")
    assert "month, quarter, season, year, fy" in said
    assert "demand, generation, gross, utility" in said
    first = desk.elements("#trends-records tbody tr")[0]
    when = first.find_elements("css selector", "td")[2].text
    ActionChains(desk.driver).move_to_element(first.find_elements("css selector", "td")[1]).click().perform()
    desk.ready(*GENERATION)
    assert "region=VIC1" in desk.query()
    assert when.rpartition(" ")[0].replace(" 2026", "") in desk.text("#gen-mix-top")
    desk.no_errors()


def test_a_download_is_what_the_raw_rows_say(desk: Desk, demo_lake: Lake) -> None:
    """Rooftop, wind and operational demand of one region straight from the lake's raw files."""
    desk.open("/trends?region=SA1&start=2026-02-20&end=2026-02-25&definition=utility")
    desk.ready(*TRENDS)
    listed = pd.read_csv(io.StringIO(desk.downloaded("CSV: mix"))).set_index("fuel")
    share = pd.read_csv(io.StringIO(desk.downloaded("CSV: renewable share")))

    def raw(table: str) -> pd.DataFrame:
        rows = frame(demo_lake.snapshot(), table)
        if "settlementdate" not in rows:
            return rows
        return rows[(rows.settlementdate > "2026-02-20") & (rows.settlementdate <= "2026-02-26")]

    units = raw("units").drop_duplicates("duid", keep="last").set_index("duid")
    scada = raw("unit_scada")
    scada = scada.assign(fuel=scada.duid.map(units.fuel), region=scada.duid.map(units.regionid))
    mine = scada[scada.region == "SA1"]
    made = mine.assign(mwh=mine.scadavalue.clip(lower=0) / 12).groupby("fuel").mwh.sum()
    assert listed.loc["Wind", "generation_mwh"] == pytest.approx(made["Wind"], rel=1e-6)
    demand = raw("region_demand")
    demand = demand[demand.regionid == "SA1"].totaldemand.sum() / 12
    renewable = made[made.index.isin(["Biomass", "Water", "Wind", "Solar"])].sum()
    assert share["whole_mwh"].sum() == pytest.approx(demand, rel=1e-6)
    assert share["renewable_mwh"].sum() == pytest.approx(renewable, rel=1e-6)
    assert share["share"][0] == pytest.approx(share["renewable_mwh"][0] / share["whole_mwh"][0])
    desk.no_errors()


def test_on_a_phone_nothing_is_cut_off(desk: Desk) -> None:
    desk.phone()
    desk.open("/trends")
    for view, said in (("mix", "partial, drawn lighter"), ("ramp", "Evening ramp of residual demand")):
        desk.go(f"/trends?view={view}")
        desk.until(lambda said=said: said in desk.text("#trends-main-top"), view)
        desk.ready(*TRENDS)
        assert desk.page_width() <= 390
        for chart in desk.elements(".js-plotly-plot"):
            assert chart.size["height"] >= 300
    desk.no_errors()
