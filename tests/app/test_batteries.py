"""Panels of the Batteries tab over the demonstration: every view, selection, and what is empty."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import Period
from data_layer.requests.batteries import BatterySummary
from layouts import formats
from tests.app.callback_client import filled, table

DAYS = "start=2026-02-19&end=2026-02-28"


def content(client: FlaskClient, panel: str, search: str, theme: str = "light") -> dict[str, Any]:
    return filled(client, panel, "/batteries", f"?{search}", theme)


def rows_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table(found, "batteries-table")["rows"]
    return rows


@pytest.mark.parametrize("view", ["over-time", "over-time&show=money", "ranking", "time-of-day", "stored"])
@pytest.mark.parametrize("more", ["", "&by=owner&selected=AGL", "&region=SA1"])
def test_every_view_draws_with_title_time_basis_and_source(client: FlaskClient, view: str, more: str) -> None:
    found = content(client, "batteries-chart", f"{DAYS}&view={view}{more}")
    assert found["batteries-chart"]["className"] == "panel-ready"
    assert len(found["batteries-chart-graph"]["figure"]["data"]) >= 2
    head = json.dumps(found["batteries-chart-top"])
    assert "AEST, interval-ending" in head
    assert "Source: synthetic" in head
    assert "/data/" in json.dumps(found["batteries-chart-bottom"])


def test_the_table_shows_the_data_layers_numbers(client: FlaskClient, demo_lake: Lake) -> None:
    rows = rows_of(content(client, "batteries-table", f"{DAYS}&region=QLD1&sort=-spread"))
    answer = open_manager(demo_lake.root).answer(
        BatterySummary(Period.parse("2026-02-19", "2026-02-28"), "unit", "QLD1")
    )
    lines = sorted(answer.table.to_pylist()[1:], key=lambda line: -line["spread_aud_per_mwh"])
    assert len(rows) == len(lines) + 1 > 3
    for row, line in zip(rows[1:], lines, strict=True):
        texts = [cell["text"] for cell in row["cells"]]
        assert line["station_name"].startswith(texts[0].split("…")[0].split(" BESS")[0])
        assert formats.price(line["spread_aud_per_mwh"]) in texts
        assert formats.millions(line["revenue_aud"]) in texts
        assert formats.number(line["cycles_per_day"], 2) in texts


def test_a_row_selects_its_battery_and_lets_go_of_it(client: FlaskClient) -> None:
    row = next(
        r for r in rows_of(content(client, "batteries-table", DAYS)) if "Hornsdale" in r["cells"][0]["text"]
    )
    assert "selected=HPR1" in row["href"]
    again = rows_of(content(client, "batteries-table", f"{DAYS}&selected=HPR1"))
    row = next(r for r in again if "Hornsdale" in r["cells"][0]["text"])
    assert "selected" not in row["href"]
    chart = content(client, "batteries-chart", f"{DAYS}&selected=HPR1")
    names = [trace["name"] for trace in chart["batteries-chart-graph"]["figure"]["data"]]
    assert names == ["Discharging", "Charging", "Price SA1"], "the price of the battery's own region"
    assert "/stations?" in json.dumps(chart["batteries-chart-top"])
    assert "units=HPR1" in json.dumps(chart["batteries-chart-top"])


def test_no_more_can_be_selected_than_a_chart_shows(client: FlaskClient) -> None:
    rows = rows_of(content(client, "batteries-table", DAYS))
    names = [row["href"].rsplit("selected=", 1)[1] for row in rows[1:]]
    assert len(names) > 12
    full = rows_of(content(client, "batteries-table", f"{DAYS}&selected={','.join(names[:12])}"))
    assert sum(1 for row in full if row.get("href")) == 12
    # Another grouping has other names: it lets go of them.
    tools = json.dumps(content(client, "batteries-table", f"{DAYS}&selected=HPR1")["batteries-table-top"])
    assert '"href": "/batteries?start=2026-02-19&end=2026-02-28&by=owner"' in tools


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (f"{DAYS}&region=TAS1", "No readings of a battery in Tasmania"),
        (f"{DAYS}&selected=NOSUCH", "No readings of “NOSUCH”"),
        (f"{DAYS}&view=time-of-day&selected=NOSUCH", "No readings of “NOSUCH”"),
        (f"{DAYS}&view=ranking&region=TAS1", "No readings of a battery in Tasmania"),
        (f"{DAYS}&view=stored&region=TAS1", "Tasmania has none"),
    ],
)
def test_an_empty_view_says_why_and_what_to_try(client: FlaskClient, search: str, said: str) -> None:
    found = content(client, "batteries-chart", search)
    assert found["batteries-chart"]["className"] == "panel-empty"
    head = json.dumps(found["batteries-chart-top"], ensure_ascii=False)
    assert said in head
    assert "Choose another" in head or "Choose a later" in head


def test_short_periods_say_why_round_trips_are_blank(client: FlaskClient) -> None:
    found = content(client, "batteries-table", "range=1d")
    assert "Round trips are blank: under 7 days" in json.dumps(found["batteries-table-top"])


def test_the_address_serves_the_rows_of_the_view_in_view(client: FlaskClient) -> None:
    first = client.get(f"/batteries/data.csv?{DAYS}&view=ranking").get_data(as_text=True)
    assert first.startswith('"name","total"')
    named = client.get(f"/batteries/data.csv?{DAYS}&selected=HPR1&resolution=day&table=over-time")
    assert len(named.get_data(as_text=True).splitlines()) == 11
    refused = client.get(f"/batteries/data.csv?{DAYS}&by=planet")
    assert refused.status_code == 400
    assert "unit, station, owner, region" in refused.get_json()["error"]
