"""What the Trends tab and the comparison on Generation show of the demonstration."""

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
from data_layer.requests import FuelSummary, Period
from layouts import formats
from tests.app.callback_client import filled
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

PANELS = ("trends-main", "trends-table", "trends-share", "trends-records")


def response(client: FlaskClient, panel: str, search: str = "", path: str = "/trends") -> dict[str, Any]:
    return filled(client, panel, path, search)


def text_of(found: dict[str, Any], panel: str) -> str:
    return json.dumps([found[f"{panel}-top"], found[f"{panel}-bottom"]], ensure_ascii=False)


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize(
    "search",
    [
        "",
        "?region=SA1&bucket=fy&definition=utility",
        "?view=demand&bucket=season&definition=gross",
        "?view=ramp&of=demand&region=TAS1&definition=generation",
        "?view=overlay&window=7&series=wind&as=share",
        "?as=share&group=vre&hidden=coal",
        "?group=thermal-renewable&compare=previous&start=2026-02-24&end=2026-02-26",
    ],
)
def test_every_view_fills_every_panel(client: FlaskClient, panel: str, search: str) -> None:
    found = response(client, panel, search)
    assert found[panel]["className"] == "panel-ready"
    said = text_of(found, panel)
    assert "Source: synthetic" in said
    assert "/data/" in said


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("?view=overlay", "needs 20 whole days"),
        ("?view=overlay&as=share&series=battery", "Storage is in no share"),
    ],
)
def test_an_empty_view_says_why(client: FlaskClient, search: str, why: str) -> None:
    found = response(client, "trends-main", search)
    assert found["trends-main"]["className"] == "panel-empty"
    assert why in text_of(found, "trends-main")


def test_each_definition_is_named_and_has_its_text(client: FlaskClient) -> None:
    for name, words, key in (
        ("demand", "÷ (operational demand + rooftop)", "share_of_demand"),
        ("generation", "÷ all generation without storage", "share_of_generation"),
        ("gross", "÷ (demand with non-scheduled generation + rooftop)", "share_of_gross_demand"),
        ("utility", "renewables without rooftop ÷ operational demand", "share_utility"),
    ):
        said = text_of(response(client, "trends-share", f"?definition={name}"), "trends-share")
        assert words in said
        assert key in said


def test_a_bucket_that_the_period_cuts_is_marked(client: FlaskClient) -> None:
    found = response(client, "trends-main", "?bucket=quarter")
    bars = found["trends-main-graph"]["figure"]["data"][0]
    assert bars["x"] == ["Q1 2026 *"]
    assert bars["marker"]["opacity"] == [0.45]
    hover = found["trends-main-graph"]["figure"]["data"][-1]
    assert hover["customdata"] == ["12 of 90 days"]


def test_records_lead_to_their_moment(client: FlaskClient) -> None:
    said = text_of(response(client, "trends-records", "?region=SA1"), "trends-records")
    assert "/generation?start=2026-02-" in said
    assert "region=SA1" in said


# -- The comparison on Generation -----------------------------------------------------------------

WEEK = "?start=2026-02-24&end=2026-02-26&region=QLD1"


def test_the_table_shows_each_numbers_change(client: FlaskClient, demo_lake: Lake) -> None:
    found = response(client, "gen-table", f"{WEEK}&compare=previous", "/generation")
    data = json.loads(found["gen-table-bottom"]["children"][0]["props"]["data-table"])
    manager = open_manager(demo_lake.root)
    now, before = (
        {row["fuel"]: row for row in manager.answer(FuelSummary(period, "QLD1")).table.to_pylist()}
        for period in (
            Period.parse("2026-02-24", "2026-02-26"),
            Period.parse("2026-02-21", "2026-02-23"),
        )
    )
    row = next(row for row in data["rows"] if row["cells"][0]["text"] == "Coal")
    moved = (now["Coal"]["generation_mwh"] - before["Coal"]["generation_mwh"]) / 1000
    mark = "▲" if moved > 0 else "▼"
    assert row["cells"][1]["text"] == formats.energy(now["Coal"]["generation_mwh"] / 1000)
    assert row["cells"][1]["delta"] == mark + formats.energy(abs(moved))
    assert len([cell for cell in row["cells"] if "delta" in cell]) == 5
    plain = response(client, "gen-table", WEEK, "/generation")
    assert "delta" not in plain["gen-table-bottom"]["children"][0]["props"]["data-table"]


def test_the_other_period_stands_on_this_ones_x(client: FlaskClient) -> None:
    found = response(client, "gen-mix", f"{WEEK}&compare=previous&resolution=hour", "/generation")
    traces = {trace["name"]: trace for trace in found["gen-mix-graph"]["figure"]["data"]}
    this, other = traces["Price QLD1"], traces["Price QLD1, other period"]
    assert (other["x0"], other["dx"]) == (this["x0"], this["dx"])
    assert other["customdata"] != this["customdata"]
    alone = response(
        client, "gen-mix", "?start=2026-02-21&end=2026-02-23&region=QLD1&resolution=hour", "/generation"
    )
    before = {trace["name"]: trace for trace in alone["gen-mix-graph"]["figure"]["data"]}
    assert other["customdata"] == before["Price QLD1"]["customdata"]
    assert "Total with imports, other period" in traces
    assert "dotted: 21 Feb to 23 Feb 2026" in text_of(found, "gen-mix")


def test_a_period_outside_the_data_is_said_and_not_drawn(client: FlaskClient) -> None:
    found = response(client, "gen-mix", f"{WEEK}&compare=year", "/generation")
    assert "Nothing to compare with" in text_of(found, "gen-mix")
    names = [trace["name"] for trace in found["gen-mix-graph"]["figure"]["data"]]
    assert not [name for name in names if "other period" in name]
    partly = response(client, "gen-table", "?start=2026-02-20&end=2026-02-26&compare=previous", "/generation")
    assert "Only part of the other period has data" in text_of(partly, "gen-table")


@pytest.mark.parametrize("view", ["area", "proportion", "capacity-factor", "time-of-day"])
def test_every_view_of_generation_compares(client: FlaskClient, view: str) -> None:
    for resolution in ("30min", "day", "month"):
        search = f"?start=2026-02-25&end=2026-03-01&compare=previous&view={view}&resolution={resolution}"
        found = response(client, "gen-mix", search, "/generation")
        names = [trace["name"] for trace in found["gen-mix-graph"]["figure"]["data"]]
        assert [name for name in names if "other period" in name], (view, resolution)


def test_the_rows_of_the_other_period_can_be_downloaded(client: FlaskClient) -> None:
    answer = client.get(f"/generation/data.csv{WEEK}&compare=previous&table=other-table")
    assert answer.status_code == 200
    assert "2026-02-21" in answer.headers["Content-Disposition"]
    assert client.get("/trends/data.csv?view=ramp").get_data(as_text=True).startswith('"bucket_start","mean')


@pytest.fixture
def with_a_hole(tmp_path: Path, settings_of) -> Iterator[FlaskClient]:  # type: ignore[no-untyped-def]
    """A day of 2021, nothing of 2022 and 2023, a day of 2024; in the month before only rooftop PV.
    Of Victoria nothing but prices."""
    days = [datetime(2021, 3, 1, 0, 5), datetime(2024, 2, 1, 0, 5)]
    when = [stamp for day in days for stamp in stamps(day, 288)]
    lake = make_lake(
        tmp_path / "lake",
        units=[unit("A")],
        unit_scada=readings("A", when, 50.0),
        dispatch_price=prices("NSW1", when, 80.0) + prices("VIC1", when, 80.0),
        rooftop_pv=[
            {"settlementdate": s, "regionid": "SA1", "type": "MEASUREMENT", "power": 20.0, "qi": 1.0}
            for s in stamps(datetime(2024, 1, 1, 0, 30), 48, 30)
        ],
    )
    with create_app(settings_of(lake.root)).server.test_client() as made:
        yield made


def test_years_without_data_are_not_compared(with_a_hole: FlaskClient) -> None:
    said = text_of(response(with_a_hole, "trends-table", "?range=all"), "trends-table")
    assert "No full year in this period" in said
    assert "days found: 2 of" in said


def test_a_region_with_rooftop_only_has_its_energy_and_no_days_found(with_a_hole: FlaskClient) -> None:
    search = "?range=all&region=SA1"
    for panel in ("trends-main", "trends-table"):
        assert response(with_a_hole, panel, search)[panel]["className"] == "panel-ready"
    rows = with_a_hole.get(f"/trends/data.json{search}").get_json()["rows"]
    assert [(row["fuel"], row["days_found"]) for row in rows] == [("Rooftop Solar", 0.0)]


@pytest.mark.parametrize("definition", ["demand", "generation", "gross", "utility"])
def test_a_region_without_demand_and_units_has_no_share_and_says_so(
    with_a_hole: FlaskClient, definition: str
) -> None:
    search = f"?range=all&region=VIC1&definition={definition}"
    found = response(with_a_hole, "trends-share", search)
    assert found["trends-share"]["className"] == "panel-empty"
    assert "No share (" in text_of(found, "trends-share")
    rows = with_a_hole.get(f"/trends/data.json{search}&table=share").get_json()["rows"]
    assert {(row["share"], row["days_found"]) for row in rows} == {(None, 0.0)}
