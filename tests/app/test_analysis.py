"""What the Price Analysis panel shows, by the callback that the page posts."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient

from app import create_app
from data_layer.lake import Lake
from tests.app.callback_client import fill


def shown(client: FlaskClient, search: str, theme: str = "light") -> tuple[dict[str, Any], str]:
    answer = fill(client, "analysis", "/price-analysis", search, theme)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()["response"]
    return found, json.dumps(found, ensure_ascii=False)


def test_the_tree_and_its_controls(client: FlaskClient) -> None:
    found, text = shown(client, "?group=owner,fuel&regions=SA1&columns=energy,price&sort=price&match=agl")
    assert found["analysis"]["className"] == "panel-ready"
    assert "Energy, revenue and prices by owner, fuel and unit, SA1" in text
    assert "“agl”" in text
    assert "analysis-job" not in found, "no job is started for a small question"
    grid = found["analysis-bottom"]["children"][0]["props"]
    assert [column["field"] for column in grid["columnDefs"]] == ["name", "energy", "price"]
    owners = {row["name"] for row in grid["rowData"] if row["level"] == 1}
    everyone = shown(client, "?group=owner&regions=SA1")[0]["analysis-bottom"]["children"][0]["props"]
    assert "AGL" in owners
    assert owners < {row["name"] for row in everyone["rowData"] if row["level"] == 1}
    assert 'href": "/data/price_analysis.csv?' in text


def test_a_region_brought_along_is_the_filter(client: FlaskClient) -> None:
    found, text = shown(client, "?region=TAS1&group=region")
    assert ", TAS1" in text
    rows = found["analysis-bottom"]["children"][0]["props"]["rowData"]
    assert {row["name"] for row in rows if row["level"] == 1} == {"TAS1"}


def test_every_show_in_both_themes(client: FlaskClient) -> None:
    for show, kind in (("treemap", "treemap"), ("bubble", "scatter")):
        for theme in ("light", "dark"):
            _, text = shown(client, f"?show={show}&group=region,fuel,owner", theme)
            assert f'"type": "{kind}"' in text
            assert "Capture rate" in text
            assert "NaN" not in text


def test_nothing_chosen_says_why(client: FlaskClient) -> None:
    found, text = shown(client, "?match=nobody+owns+this")
    assert found["analysis"]["className"] == "panel-empty"
    assert "No unit of this choice reported" in text
    assert "Contains" in text, "the controls stay"


def test_a_question_over_the_limit_becomes_a_job(demo_lake: Lake, settings_of) -> None:  # type: ignore[no-untyped-def]
    with create_app(settings_of(demo_lake.root, job_rows=100)).server.test_client() as client:
        found, text = shown(client, "?group=station")
        assert found["analysis-job"]["data"]["search"] == "?group=station"
        assert "by station and unit" in text, "title and controls are there at once"
        assert "rowData" not in text


def test_without_priced_generation_the_bubbles_say_why(client: FlaskClient) -> None:
    """At midnight the sun does not shine."""
    night = "start=2026-02-25T00:00&end=2026-02-25T00:05&fuels=solar"
    found, text = shown(client, f"?{night}&show=bubble&group=region&match=zzz")
    assert found["analysis"]["className"] == "panel-empty"
    rooftop = night.replace("solar", "rooftop-solar")
    found, text = shown(client, f"?{rooftop}&show=bubble&group=region")
    assert found["analysis"]["className"] == "panel-ready"
    assert "there is no bubble to draw" in text
