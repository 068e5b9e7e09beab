"""What the Prices tab shows of the demonstration, and where its links lead."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from callbacks.options.prices import SMOOTHINGS, VIEWS
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import Period, PriceEvents, PriceStatistics, TopIntervals
from layouts import formats
from tests.app.callback_client import dependencies, filled, payload, post

DAYS = "start=2026-02-20&end=2026-02-26"
PERIOD = Period.parse("2026-02-20", "2026-02-26")


def shown(client: FlaskClient, panel: str, search: str) -> dict[str, Any]:
    return filled(client, panel, "/prices", search)


def text(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False)


def table(found: dict[str, Any]) -> list[dict[str, Any]]:
    bottom = found["price-view-bottom"]["children"]
    frame = bottom[0]["props"]["children"]["props"]
    rows: list[dict[str, Any]] = json.loads(frame["data-table"])["rows"]
    return rows


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("more", ["", "&region=SA1", "&regions=NSW1,SA1&compare=2026-02-18"])
def test_every_view_fills(client: FlaskClient, view: str, more: str) -> None:
    found = shown(client, "price-view", f"?{DAYS}&view={view}{more}")
    assert found["price-view"]["className"] == "panel-ready", text(found)
    assert "20 Feb to 26 Feb 2026" in text(found["price-view-top"])
    assert "Source: synthetic" in text(found["price-view-top"])
    assert "/data/" in text(found["price-view-bottom"])
    if view not in ("statistics", "events"):
        assert found["price-view-graph"]["figure"]["data"]


@pytest.mark.parametrize("draw", ["average", "extremes"])
def test_the_chart_draws_the_regions_of_the_address(client: FlaskClient, draw: str) -> None:
    def lines(search: str) -> list[str]:
        found = shown(client, "price-chart", f"?{DAYS}&draw={draw}{search}")
        return [trace["name"] for trace in found["price-chart-graph"]["figure"]["data"]]

    assert lines("") == ["NSW1", "QLD1", "SA1", "TAS1", "VIC1"]
    assert lines("&regions=VIC1,SA1") == ["SA1", "VIC1"]
    assert lines("&region=SA1")[-1] == "SA1"
    assert not any(name.startswith("NSW1") for name in lines("&region=SA1"))
    assert lines("&regions=VIC1,SA1&region=NSW1") == ["SA1", "VIC1"]
    compared = lines("&regions=VIC1,SA1&compare=2026-02-18")
    assert compared == ["SA1, other period", "VIC1, other period", "SA1", "VIC1"]


def test_a_comparison_outside_the_data_says_so(client: FlaskClient) -> None:
    found = shown(client, "price-chart", f"?{DAYS}&compare=year")
    assert "Nothing to compare with" in text(found["price-chart-top"])
    assert len(found["price-chart-graph"]["figure"]["data"]) == 5


def test_a_comparison_that_is_partly_in_the_data_says_which_part(client: FlaskClient) -> None:
    for panel in ("price-chart", "price-view"):
        found = shown(client, panel, f"?{DAYS}&compare=previous")
        assert "The data holds only 18 Feb to 19 Feb 2026 of the other period" in text(found[f"{panel}-top"])
        whole = shown(client, panel, f"?{DAYS}&compare=2026-02-18")
        assert "The data holds only" not in text(whole[f"{panel}-top"])


def test_the_statistics_are_the_data_layers_and_no_smoothing_changes_them(
    client: FlaskClient, demo_lake: Lake
) -> None:
    manager = open_manager(demo_lake.root)
    tables = []
    for smooth in SMOOTHINGS:
        for more in ("", "&resolution=day", "&scale=linear"):
            rows = table(shown(client, "price-view", f"?{DAYS}&smooth={smooth}&window=1d{more}"))
            tables.append([[cell["text"] for cell in row["cells"]] for row in rows])
    assert all(one == tables[0] for one in tables)
    for want, cells in zip(manager.answer(PriceStatistics(PERIOD)).table.to_pylist(), tables[0], strict=True):
        assert cells[0] == want["regionid"]
        assert cells[1] == formats.price(want["mean_price_aud_per_mwh"])
        assert cells[2] == formats.price(want["demand_weighted_price_aud_per_mwh"])
        assert cells[8] == formats.price(want["volatility_aud_per_mwh"])
        assert cells[11] == "2,016"


def test_smoothing_changes_the_line(client: FlaskClient) -> None:
    drawn = {
        smooth: text(shown(client, "price-chart", f"?{DAYS}&smooth={smooth}")["price-chart-graph"])
        for smooth in SMOOTHINGS
    }
    assert len(set(drawn.values())) == len(SMOOTHINGS)
    top = text(shown(client, "price-chart", f"?{DAYS}&smooth=loess&window=7d")["price-chart-top"])
    assert "7-day LOESS (the line only)" in top


def test_an_event_leads_to_its_moment_in_generation(client: FlaskClient, demo_lake: Lake) -> None:
    rows = table(shown(client, "price-view", "?range=all&view=events&order=lowest&regions=SA1,VIC1"))
    manager = open_manager(demo_lake.root)
    state = manager.lake_state()
    assert state.last is not None
    period = Period.parse("2026-02-18", "2026-03-01")
    events = manager.answer(PriceEvents(period, ("SA1", "VIC1"), order="lowest")).table.to_pylist()
    assert len(rows) == len(events) > 0
    address = urlsplit(rows[0]["href"])
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    first = events[0]
    assert address.path == "/generation"
    assert query["region"] == first["regionid"]
    opened = Period.parse(query["start"], query["end"])
    assert opened.start < first["start"] < first["end"] < opened.end


def test_the_slider_says_what_its_intervals_made(client: FlaskClient, demo_lake: Lake) -> None:
    found = shown(client, "price-view", "?range=all&view=top&top=7&region=QLD1")
    answer = open_manager(demo_lake.root).answer(
        TopIntervals(Period.parse("2026-02-18", "2026-03-01"), ("QLD1",), 7)
    )
    last = answer.table.to_pylist()[-1]
    share = formats.percent(last["share_of_average"], 0)
    assert f"QLD1: 7 intervals = {share} of the average" in text(found["price-view-top"])
    (row,) = table(found)
    assert row["cells"][2]["text"] == formats.price(last["mean_without_aud_per_mwh"])


def test_edges_of_the_address_make_the_bands(client: FlaskClient) -> None:
    rows = table(shown(client, "price-view", f"?{DAYS}&view=bands&region=SA1&edges=-5,45.5"))
    names = [row["cells"][1]["text"] for row in rows]
    assert names == ["$45.5 and above", "−$5 to $45.5", "below −$5"]


def test_a_period_without_such_prices_says_what_to_try(client: FlaskClient) -> None:
    found = shown(client, "price-view", f"?{DAYS}&view=events&region=TAS1")
    assert found["price-view"]["className"] == "panel-empty"
    assert "Choose a longer one or other regions" in text(found["price-view-top"])


def bar(client: FlaskClient, search: str) -> str:
    entry = next(e for e in dependencies(client) if "period-bar.children" in e["output"])
    values = {"url.pathname": "/prices", "url.search": search}
    return text(post(client, payload(entry, values)).get_json()["response"]["period-bar"])


def test_one_region_is_written_so_that_other_tabs_know_it(client: FlaskClient) -> None:
    links = re.findall(r'"href": "(/prices\?[^"]*)"', bar(client, "?range=30d"))
    assert "/prices?range=30d&region=SA1" in links
    assert "/prices?range=30d&regions=NSW1,SA1" in re.findall(
        r'"href": "(/prices\?[^"]*)"', bar(client, "?range=30d&region=SA1")
    )
    both = re.findall(r'"href": "(/prices[^"]*)"', bar(client, "?range=30d&regions=NSW1,SA1"))
    assert {"/prices?range=30d&region=SA1", "/prices?range=30d"} <= set(both)


@pytest.mark.parametrize("name", ["series", "spikes", *VIEWS])
def test_every_table_behind_the_view_can_be_had(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/prices/data.csv?{DAYS}&regions=SA1,NSW1&table={name}")
    assert answer.status_code == 200
    lines = answer.get_data(as_text=True).splitlines()
    assert len(lines) > 1
    assert "QLD1" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("edges", ["1e9", "-2000000,0"])
def test_edges_beyond_any_price_are_dropped_with_a_notice(client: FlaskClient, edges: str) -> None:
    found = shown(client, "price-view", f"?{DAYS}&view=bands&edges={edges}")
    assert found["price-view"]["className"] == "panel-ready"
    answer = client.get(f"/prices/data.csv?{DAYS}&edges={edges}")
    assert answer.status_code == 400
    assert "ascending numbers up to 1,000,000" in answer.get_json()["error"]
