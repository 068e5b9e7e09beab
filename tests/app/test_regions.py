"""What the panels of the Regions tab show of the demonstration, and of a lake with a line nobody mapped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import Period
from data_layer.requests.regions import InterconnectorMeans, PriceSeparation, RegionMeans
from layouts import formats
from tests.app.callback_client import filled
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

PANELS = (
    "regions-map",
    "regions-table",
    "regions-lines",
    "regions-line",
    "regions-separation",
    "regions-stations",
)
DAYS = "?start=2026-02-20&end=2026-02-26"
PERIOD = Period.parse("2026-02-20", "2026-02-26")


def shown(client: FlaskClient, panel: str, search: str, theme: str = "light") -> dict[str, Any]:
    return filled(client, panel, "/regions", search, theme)


def text(found: dict[str, Any], part: str) -> str:
    return json.dumps(found[part], ensure_ascii=False)


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize(
    "search",
    [
        "",
        f"{DAYS}&measure=flow&at=2026-02-21T12:30&view=duration",
        "?region=TAS1&range=1d&measure=renewable&view=counter-price&stations=off",
        "?range=all&measure=demand&line=N-Q-MNSP1&apart=300&hidden=coal,solar",
    ],
)
def test_every_panel_fills_with_title_time_basis_and_source(
    client: FlaskClient, panel: str, search: str
) -> None:
    found = shown(client, panel, search, "dark")
    assert found[panel]["className"] == "panel-ready"
    head = text(found, f"{panel}-top")
    assert "AEST" in head
    assert "Source: synthetic" in head
    foot = text(found, f"{panel}-bottom")
    assert "version 000001" in foot
    assert "/data/" in foot


def test_tables_show_the_data_layers_numbers(client: FlaskClient, demo_lake: Lake) -> None:
    manager = open_manager(demo_lake.root)
    table = text(shown(client, "regions-table", DAYS), "regions-table-bottom")
    for row in manager.answer(RegionMeans(PERIOD)).table.to_pylist():
        assert formats.price(row["price_aud_per_mwh"]) in table
        assert formats.power(row["net_import_mw"], sign=True) in table
    lines = text(shown(client, "regions-lines", DAYS), "regions-lines-bottom")
    for row in manager.answer(InterconnectorMeans(PERIOD)).table.to_pylist():
        assert row["name"] in lines
        assert formats.number(row["counter_price_value_aud"]) in lines
    apart = text(shown(client, "regions-separation", f"{DAYS}&apart=25"), "regions-separation-bottom")
    for row in manager.answer(PriceSeparation(PERIOD, 25.0)).table.to_pylist():
        assert formats.price(row["mean_absolute_difference_aud_per_mwh"]) in apart
        assert formats.percent(row["separated_share"]) in apart
    assert "more than $25 apart" in text(
        shown(client, "regions-separation", f"{DAYS}&apart=25"), "regions-separation-top"
    )


def test_a_region_keeps_what_touches_it(client: FlaskClient) -> None:
    lines = text(shown(client, "regions-lines", f"{DAYS}&region=TAS1"), "regions-lines-bottom")
    assert "Basslink" in lines
    assert "Heywood" not in lines
    line = text(shown(client, "regions-line", f"{DAYS}&region=TAS1"), "regions-line-top")
    assert "Over time, Basslink" in line
    stations = text(shown(client, "regions-stations", f"{DAYS}&region=TAS1"), "regions-stations-bottom")
    assert "TAS1" in stations
    assert "NSW1" not in stations


def test_stations_lead_to_their_tab_with_the_name_escaped(client: FlaskClient) -> None:
    found = text(shown(client, "regions-stations", f"{DAYS}&hidden=wind"), "regions-stations-bottom")
    assert "/stations?start=2026-02-20&end=2026-02-26&" in found
    assert "units=station:Eraring+Power+Station" in found
    figure = shown(client, "regions-map", DAYS)["regions-map-graph"]["figure"]
    stations = next(trace for trace in figure["data"] if trace.get("name") == "Stations")
    assert all(href.startswith("/stations?") for href in stations["customdata"])


def test_moments_outside_and_lines_unknown_are_said(client: FlaskClient) -> None:
    found = shown(client, "regions-map", f"{DAYS}&at=2026-03-09")
    assert "outside the period" in text(found, "regions-map-top")
    line = shown(client, "regions-line", f"{DAYS}&line=NOWHERE-1")
    assert line["regions-line"]["className"] == "panel-empty"
    assert "No flows of NOWHERE-1" in text(line, "regions-line-top")


def test_the_views_rows_have_names(client: FlaskClient) -> None:
    for table in ("steps", "regions", "interconnectors", "line", "duration", "separation", "stations"):
        answer = client.get(f"/regions/data.csv{DAYS}&table={table}&line=V-SA")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert len(answer.get_data(as_text=True).splitlines()) > 3


@pytest.fixture
def unmapped(tmp_path: Path, settings_of) -> Iterator[FlaskClient]:  # type: ignore[no-untyped-def]
    """A day of one region and of a line that the topology does not know."""
    when = stamps(datetime(2026, 2, 20, 0, 5), 288)
    lake = make_lake(
        tmp_path / "lake",
        units=[unit("A")],
        unit_scada=readings("A", when, 50.0),
        dispatch_price=prices("NSW1", when, 80.0),
        interconnector_flow=[
            {
                "settlementdate": stamp,
                "interconnectorid": "S-N-NEW1",
                "intervention": 0,
                "meteredmwflow": 150.0,
                "mwflow": 150.0,
                "exportlimit": 150.0,
                "importlimit": 100.0,
            }
            for stamp in when
        ],
    )
    with create_app(settings_of(lake.root)).server.test_client() as made:
        yield made


def test_an_unmapped_line_is_listed_without_an_arrow(unmapped: FlaskClient) -> None:
    lines = shown(unmapped, "regions-lines", "")
    assert "Unmapped: S-N-NEW1." in text(lines, "regions-lines-top")
    table = text(lines, "regions-lines-bottom")
    assert "S-N-NEW1" in table
    assert "100 to 150" in table
    figure = shown(unmapped, "regions-map", "")["regions-map-graph"]["figure"]
    assert "S-N-NEW1" not in {trace.get("name") for trace in figure["data"]}
    assert len(figure["layout"]["annotations"]) == 5
    line = shown(unmapped, "regions-line", "?view=counter-price")
    assert "no prices to compare" in text(line, "regions-line-top")
    for panel in PANELS:
        state = shown(unmapped, panel, "?measure=renewable")[panel]["className"]
        assert state == ("panel-empty" if panel == "regions-separation" else "panel-ready")


@pytest.fixture
def without_flows(tmp_path: Path, settings_of) -> Iterator[FlaskClient]:  # type: ignore[no-untyped-def]
    """A day of prices for which no flow was published."""
    when = stamps(datetime(2026, 2, 20, 0, 5), 288)
    lake = make_lake(
        tmp_path / "lake",
        units=[unit("A")],
        unit_scada=readings("A", when, 50.0),
        dispatch_price=prices("NSW1", when, 80.0),
    )
    with create_app(settings_of(lake.root)).server.test_client() as made:
        yield made


@pytest.mark.parametrize("region", ["NEM", "SA1"])
def test_a_period_without_flows_says_so(without_flows: FlaskClient, region: str) -> None:
    for view in ("over-time", "duration", "counter-price"):
        for panel in ("regions-lines", "regions-line"):
            found = shown(without_flows, panel, f"?region={region}&view={view}")
            assert found[panel]["className"] == "panel-empty"
            assert "No interconnector flows" in text(found, f"{panel}-top")
    answer = without_flows.get("/regions/data.csv?table=duration")
    assert answer.status_code == 200
    assert answer.get_data(as_text=True).splitlines()[0].startswith('"interconnectorid"')
