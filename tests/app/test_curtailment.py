"""Panels of the Curtailment tab over the demonstration: every view, both tables, and what is empty."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import Period
from data_layer.requests.curtailment import CurtailmentSummary, UnitCurtailment
from layouts import formats
from tests.app.callback_client import filled, table
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

DAYS = "start=2026-02-19&end=2026-02-28"
PERIOD = Period.parse("2026-02-19", "2026-02-28")


def content(client: FlaskClient, panel: str, search: str, theme: str = "light") -> dict[str, Any]:
    return filled(client, panel, "/curtailment", f"?{search}", theme)


def rows_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table(found, "curtailment-table")["rows"]
    return rows


@pytest.mark.parametrize("view", ["cause", "fuel", "share", "time-of-day"])
@pytest.mark.parametrize("more", ["", "&fuels=wind&region=SA1", "&fuels=coal"])
def test_every_view_draws_with_title_time_basis_and_source(client: FlaskClient, view: str, more: str) -> None:
    found = content(client, "curtailment-chart", f"{DAYS}&view={view}{more}")
    assert found["curtailment-chart"]["className"] == "panel-ready"
    assert found["curtailment-chart-graph"]["figure"]["data"]
    head = json.dumps(found["curtailment-chart-top"])
    assert "AEST, interval-ending" in head
    assert "Source: synthetic" in head
    assert "/data/" in json.dumps(found["curtailment-chart-bottom"])


def test_the_region_table_shows_the_data_layers_numbers(client: FlaskClient, demo_lake: Lake) -> None:
    rows = rows_of(content(client, "curtailment-table", f"{DAYS}&sort=-curtailed"))
    lines = open_manager(demo_lake.root).answer(CurtailmentSummary(PERIOD)).table.to_pylist()
    parts = [line for line in lines if line["regionid"] != "NEM" and line["fuel"] != "All"]
    parts.sort(key=lambda line: -line["curtailed_mwh"])
    assert len(rows) == 3 + len(parts)
    for row, line in zip(rows[3:], parts, strict=True):
        texts = [cell["text"] for cell in row["cells"]]
        assert texts[:2] == [line["regionid"], line["fuel"]]
        assert texts[3] == formats.energy(line["curtailed_mwh"] / 1000)
        assert texts[5] == formats.energy(line["economic_curtailed_mwh"] / 1000)
        assert f"region={line['regionid']}" in row["href"]


def test_the_unit_table_follows_region_and_fuel_and_leads_to_stations(
    client: FlaskClient, demo_lake: Lake
) -> None:
    rows = rows_of(content(client, "curtailment-table", f"{DAYS}&by=unit&region=SA1&fuels=wind"))
    request = UnitCurtailment(PERIOD, "SA1", ("Wind",))
    duids = open_manager(demo_lake.root).answer(request).table.column("duid").to_pylist()
    assert [row["cells"][1]["text"] for row in rows] == duids
    assert rows[0]["href"].startswith("/stations?")
    assert rows[0]["href"].endswith(f"units={duids[0]}")
    assert "region=SA1" in rows[0]["href"]
    note = json.dumps(content(client, "curtailment-table", f"{DAYS}&by=unit")["curtailment-table-top"])
    assert "LANCSF1" in note, "a unit the registry does not know is named"


def test_the_last_fuel_that_is_on_stays(client: FlaskClient) -> None:
    both = json.dumps(content(client, "curtailment-chart", DAYS)["curtailment-chart-top"])
    assert "fuels=wind" in both
    assert "fuels=solar" in both
    one = json.dumps(content(client, "curtailment-chart", f"{DAYS}&fuels=wind")["curtailment-chart-top"])
    assert "fuels=solar" not in one


def test_months_without_forecasts_say_so_instead_of_zero(tmp_path: Path, settings_of: Any) -> None:
    when = stamps(datetime(2019, 7, 1, 0, 5), 288)
    lake = make_lake(
        tmp_path / "old",
        units=[unit("A", fuel="Wind")],
        unit_scada=readings("A", when, 10.0),
        dispatch_price=prices("NSW1", when, 50.0),
        region_demand=[{"settlementdate": s, "regionid": "NSW1", "totaldemand": 1.0} for s in when],
    )
    with create_app(settings_of(lake.root)).server.test_client() as client:
        chart = content(client, "curtailment-chart", "range=all")
        assert chart["curtailment-chart"]["className"] == "panel-empty"
        assert "no curtailment of zero" in json.dumps(chart["curtailment-chart-top"])
        for by in ("region", "unit"):
            table = content(client, "curtailment-table", f"range=all&by={by}")
            assert table["curtailment-table"]["className"] == "panel-empty"
            assert "files hold no forecast" in json.dumps(table["curtailment-table-top"])


def test_the_address_serves_the_rows_of_the_view_in_view(client: FlaskClient) -> None:
    first = client.get(f"/curtailment/data.csv?{DAYS}&resolution=day").get_data(as_text=True)
    assert first.startswith('"time","fuel","uigf_mw"')
    assert len(first.splitlines()) == 1 + 2 * 10
    day = client.get(f"/curtailment/data.csv?{DAYS}&view=time-of-day").get_data(as_text=True)
    assert day.startswith('"time_of_day"')
    units = client.get(f"/curtailment/data.csv?{DAYS}&table=units&region=SA1").get_data(as_text=True)
    assert units.startswith('"duid"')
    assert client.get(f"/curtailment/data.csv?{DAYS}&by=planet").status_code == 400
