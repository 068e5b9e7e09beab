"""What the tabs show of the demonstration, and what they show without data."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from callbacks import TABS
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import FuelSummary, Period
from layouts import formats
from tests.app.callback_client import dependencies, fill, payload, post

PANELS = {f"/{tab.name}": list(tab.panels) for tab in TABS}


WITHOUT: dict[tuple[str, str], str] = {("/batteries", "TAS1"): "No readings of a battery in Tasmania"}
"""(path, region) -> what a page says where the demonstration has nothing to show."""


def response(
    client: FlaskClient, panel: str, path: str, search: str = "", theme: str = "light"
) -> dict[str, Any]:
    answer = fill(client, panel, path, search, theme)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()["response"]
    return found


def state_of(found: dict[str, Any], panel: str) -> str:
    return str(found[panel]["className"])


@pytest.mark.parametrize(
    ("path", "panel"), [(path, panel) for path, panels in PANELS.items() for panel in panels]
)
@pytest.mark.parametrize("region", ["NEM", "TAS1"])
def test_every_panel_fills_with_title_time_basis_and_source(
    client: FlaskClient, path: str, panel: str, region: str
) -> None:
    found = response(client, panel, path, f"?region={region}")
    head = json.dumps(found[f"{panel}-top"])
    assert "Source: synthetic" in head
    if (path, region) in WITHOUT:
        assert state_of(found, panel) == "panel-empty"
        assert WITHOUT[path, region] in head
        return
    assert state_of(found, panel) == "panel-ready"
    foot = json.dumps(found[f"{panel}-bottom"])
    assert "rows" in foot
    assert "version 000001" in foot
    assert "/data/" in foot


@pytest.mark.parametrize("view", ["area", "proportion", "capacity-factor", "time-of-day"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_of_the_mix_draws_something(client: FlaskClient, view: str, theme: str) -> None:
    found = response(client, "gen-mix", "/generation", f"?view={view}&region=NSW1", theme)
    assert len(found["gen-mix-graph"]["figure"]["data"]) > 3


def test_dark_and_light_differ(client: FlaskClient) -> None:
    light, dark = (response(client, "gen-mix", "/generation", "", theme) for theme in ("light", "dark"))
    assert light["gen-mix-graph"] != dark["gen-mix-graph"]


def test_a_panel_of_a_closed_tab_asks_for_nothing(client: FlaskClient) -> None:
    assert fill(client, "gen-mix", "/today").status_code == 204


def test_the_table_shows_the_data_layers_numbers(client: FlaskClient, demo_lake: Lake) -> None:
    search = "?start=2026-02-20&end=2026-02-26&region=QLD1"
    shown = json.dumps(
        response(client, "gen-table", "/generation", search)["gen-table-bottom"], ensure_ascii=False
    )
    period = Period.parse("2026-02-20", "2026-02-26")
    rows = open_manager(demo_lake.root).answer(FuelSummary(period, "QLD1")).table.to_pylist()
    assert len(rows) > 5
    for row in rows:
        assert formats.energy(row["generation_mwh"] / 1000) in shown
        assert formats.price(row["capture_price_aud_per_mwh"]) in shown


def test_an_empty_stretch_says_why(client: FlaskClient) -> None:
    found = response(client, "gen-mix", "/generation", "?start=1999-01-01&end=1999-01-02")
    assert state_of(found, "gen-mix") == "panel-ready"  # the address is dropped with a notice, not refused


def page(client: FlaskClient, path: str) -> str:
    entry = next(e for e in dependencies(client) if "page.children" in e["output"])
    body = payload(entry, {"url.pathname": path, "version.data": None, "shown.data": None})
    return post(client, body).get_data(as_text=True)


@pytest.mark.parametrize("path", ["/", "/today", "/generation"])
def test_without_a_lake_the_page_says_what_to_run(client_without_lake: FlaskClient, path: str) -> None:
    text = page(client_without_lake, path)
    assert "python -m app ingest" in text
    assert "python -m app demo" in text


def test_a_half_written_lake_says_what_to_run(tmp_path, settings_of) -> None:  # type: ignore[no-untyped-def]
    from app import create_app

    (tmp_path / "versions").mkdir()
    (tmp_path / "CURRENT").write_text("000007-deadbeef\n")
    (tmp_path / "versions" / "000007-deadbeef.json").write_text('{"format": 1, "tab')
    with create_app(settings_of(tmp_path)).server.test_client() as client:
        assert "python -m app ingest" in page(client, "/today")
        assert client.get("/readyz").status_code == 503


def test_a_tab_is_sent_only_when_it_is_opened(client: FlaskClient) -> None:
    shell = client.get("/_dash-layout").get_data(as_text=True)
    assert "gen-mix" not in shell
    assert "today-mix" not in shell
    assert "gen-mix" in page(client, "/generation")
    assert "gen-mix" not in page(client, "/today")


def test_unknown_pages_say_so(client: FlaskClient) -> None:
    assert "There is no such page" in page(client, "/prices-of-tomorrow")


def test_every_page_says_that_the_data_is_synthetic(client: FlaskClient) -> None:
    entry = next(e for e in dependencies(client) if "banner.children" in e["output"])
    for path in ("/", "/today", "/generation", "/nowhere"):
        shown = post(client, payload(entry, {"url.pathname": path, "url.search": ""})).get_json()["response"]
        assert "Synthetic demonstration data" in json.dumps(shown["banner"])
        assert "python -m app ingest --from 2026-01 --to 2026-10" in json.dumps(shown["banner"])


def test_a_new_version_is_noticed_and_an_old_one_is_not_asked_again(
    client: FlaskClient, demo_lake: Lake
) -> None:
    entry = next(e for e in dependencies(client) if e["output"] == "version.data")
    known = payload(entry, {"poll.n_intervals": 3, "version.data": demo_lake.token()})
    assert post(client, known).status_code == 204
    stale = payload(entry, {"poll.n_intervals": 4, "version.data": "000000-00000000"})
    assert post(client, stale).get_json()["response"]["version"]["data"] == demo_lake.token()


def test_too_fine_resolutions_are_disabled_with_a_reason(client: FlaskClient) -> None:
    entry = next(e for e in dependencies(client) if "period-bar.children" in e["output"])
    values = {"url.pathname": "/generation", "url.search": "?start=2026-02-18&end=2026-03-01"}
    shown = json.dumps(post(client, payload(entry, values)).get_json()["response"]["period-bar"])
    assert "Auto (30-minute)" in shown
    assert '"disabled": false' in shown


def test_a_fresh_application_serves_its_scripts_to_many_at_once(demo_lake: Lake, settings_of) -> None:  # type: ignore[no-untyped-def]
    """Dash sets itself up during the first request; whoever asked beside it got a 404 and a blank page."""
    page = create_app(settings_of(demo_lake.root)).server.test_client().get("/").text
    scripts = [path for path in re.findall(r'src="(/[^"]+)"', page) if "component-suites" in path]
    assert len(scripts) > 5
    for _ in range(5):
        server = create_app(settings_of(demo_lake.root)).server
        with ThreadPoolExecutor(len(scripts)) as visitors:
            found = list(visitors.map(lambda path, s=server: s.test_client().get(path).status_code, scripts))
        assert found == [200] * len(scripts)


def test_the_page_about_data_lists_every_view_and_its_tables(client: FlaskClient) -> None:
    shown = json.dumps(json.loads(page(client, "/data")))  # the wire writes / as an escape
    for tab in TABS:
        assert f"/{tab.name}" in shown
    assert "generation, average-day, prices, table" in shown
    for form in (".csv", ".json", ".parquet", ".arrow"):
        assert form in shown


def test_every_view_leads_to_its_rows(client: FlaskClient) -> None:
    entry = next(e for e in dependencies(client) if "data-links.children" in e["output"])
    values = {"url.pathname": "/generation", "url.search": "?region=SA1&range=30d", "version.data": "x"}
    shown = json.dumps(post(client, payload(entry, values)).get_json()["response"]["data-links"])
    assert '"/generation/data.parquet?range=30d&region=SA1"' in shown
    link = re.findall(r'"(/generation/data.csv[^"]*)"', shown)
    assert client.get(link[0]).status_code == 200
