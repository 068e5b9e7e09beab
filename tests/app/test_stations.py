"""What the Stations tab shows of the demonstration."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from callbacks import state, stations
from callbacks.guard import Ask, span
from callbacks.options.stations import VIEWS
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import Period
from data_layer.requests.stations import StationPeers, StationSummary
from layouts import formats
from tests.app.callback_client import filled, table

PANELS = ("stations-chosen", "stations-chart", "stations-numbers", "stations-peers", "stations-facts")
CHOSEN = "?units=ARWF1,station:Eraring%20Power%20Station,HPR1&start=2026-02-20&end=2026-02-26"


def shown(client: FlaskClient, panel: str, search: str = "", theme: str = "light") -> dict[str, Any]:
    return filled(client, panel, "/stations", search, theme)


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("search", ["", "?region=TAS1&fuels=water&by=unit", CHOSEN])
def test_every_panel_fills_whatever_is_chosen(client: FlaskClient, panel: str, search: str) -> None:
    found = shown(client, panel, search)
    assert found[panel]["className"] == "panel-ready"
    if panel != "stations-chosen":
        assert "/data/" in json.dumps(found[f"{panel}-bottom"])
        assert "Source: s" in json.dumps(found[f"{panel}-top"]) or "Choose a row" in json.dumps(
            found[f"{panel}-top"]
        )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_draws_each_item(client: FlaskClient, view: str, theme: str) -> None:
    figure = shown(client, "stations-chart", f"{CHOSEN}&view={view}", theme)["stations-chart-graph"]["figure"]
    names = {trace["name"] for trace in figure["data"]}
    assert {"ARWF1", "Eraring Power Station", "HPR1"} <= names


def test_numbers_and_ranks_are_the_data_layers(client: FlaskClient, demo_lake: Lake) -> None:
    period = Period.parse("2026-02-20", "2026-02-26")
    manager = open_manager(demo_lake.root)
    (row,) = manager.answer(StationSummary(period, ("ARWF1",))).table.to_pylist()
    peers = manager.answer(StationPeers(period, "unit")).table.to_pylist()
    own = next(one for one in peers if one["item"] == "ARWF1")
    # Both roads to one number: the 5-minute readings and the rollups.
    assert own["capture_rate"] == pytest.approx(row["capture_rate"])
    assert own["generation_mwh"] == pytest.approx(row["generation_mwh"])
    cells = {
        line["cells"][0]["text"]: line["cells"][1]
        for line in table(shown(client, "stations-numbers", CHOSEN), "stations-numbers")["rows"]
    }
    assert cells["Capture price"]["text"] == formats.price(row["capture_price_aud_per_mwh"])
    assert cells["Starts"]["text"] == str(row["starts"])
    better = sum(
        one["capture_rate"] > own["capture_rate"]
        for one in peers
        if (one["fuel"], one["regionid"]) == ("Wind", "VIC1") and one["capture_rate"] is not None
    )
    assert cells["Capture rate"]["delta"].startswith(f"{better + 1}/")


def test_peers_lead_to_the_comparison_and_out_of_it(client: FlaskClient) -> None:
    rows = table(shown(client, "stations-peers", CHOSEN), "stations-peers")["rows"]
    own = [row for row in rows if row["cells"][0]["text"] == "ARWF1"]
    assert "ARWF1" not in own[0]["href"]
    assert own[0]["strong"]
    other = next(row for row in rows if not row.get("strong"))
    assert f"units=ARWF1,station:Eraring+Power+Station,HPR1,{other['cells'][0]['text']}" in other["href"]


def test_unknown_names_are_dropped_and_said(client: FlaskClient) -> None:
    found = shown(client, "stations-chosen", "?units=ARWF1,NOPE,station:Nowhere")
    said = json.dumps(found["stations-chosen-top"], ensure_ascii=False)
    assert "“NOPE”, “station:Nowhere”" in said
    chart = shown(client, "stations-chart", "?units=ARWF1,NOPE")
    assert chart["stations-chart"]["className"] == "panel-ready"
    # Nothing known is left: the ranking stands there, and the notice.
    assert "Largest stations" in json.dumps(
        shown(client, "stations-chart", "?units=NOPE")["stations-chart-top"]
    )


def test_more_than_six_are_cut_with_a_notice(client: FlaskClient) -> None:
    seven = "?units=ER01,ER02,ER03,ER04,BW01,BW02,BW03"
    rows = table(shown(client, "stations-numbers", seven), "stations-numbers")
    assert len(rows["columns"]) == 7


def test_without_readings_the_panels_say_why(client: FlaskClient) -> None:
    """The old battery DUIDs stopped when the new one began."""
    search = "?units=HPRG1&start=2026-02-27&end=2026-02-28"
    found = shown(client, "stations-chart", search)
    if found["stations-chart"]["className"] == "panel-ready":
        pytest.fail("HPRG1 still reports: choose another unit for this test")
    assert "No readings of what is chosen" in json.dumps(found["stations-chart-top"])


def test_the_view_is_also_data(client: FlaskClient) -> None:
    for name, column in (("", "mw"), ("&table=numbers", "capture_rate"), ("&table=unit-peers", "rate_rank")):
        answer = client.get(f"/stations/data.csv{CHOSEN}{name}")
        assert answer.status_code == 200
        assert f'"{column}"' in answer.get_data(as_text=True).splitlines()[0]
    assert client.get("/stations/data.csv?range=7d").status_code == 200


@pytest.mark.parametrize("view", VIEWS)
def test_every_table_is_among_those_of_the_tab(demo_lake: Lake, view: str) -> None:
    """A name that is not is refused before anything is asked."""
    manager = open_manager(demo_lake.root)
    lake = manager.lake_state()
    for search in (f"?view={view}", f"{CHOSEN}&view={view}"):
        asked = state.parse("stations", search, *span(lake))
        tables = stations.TAB.datasets(Ask(manager, lake, asked, "light"))
        assert tables and set(tables) <= set(stations.TAB.tables)


def test_the_search_is_asked_by_the_pages_own_address(client: FlaskClient) -> None:
    tools = shown(client, "stations-chosen", "?region=SA1&fuels=wind&by=unit")["stations-chosen-bottom"]
    address = tools["children"][0]["props"]["data-search"]
    rows = client.get(f"{address}&text=snowtwn").get_json()["rows"]
    assert rows
    assert {(row["regionid"], row["fuel"]) for row in rows} == {("SA1", "Wind")}
    assert all("Snowtown" in row["name"] for row in rows)


def test_imports_are_no_fuel_of_a_unit(client: FlaskClient) -> None:
    for panel in PANELS:
        assert shown(client, panel, "?fuels=imports,wind")[panel]["className"] == "panel-ready"
    answer = client.get("/stations/data.csv?fuels=imports")
    assert answer.status_code == 400
    assert "It takes any of coal" in answer.get_json()["error"]
