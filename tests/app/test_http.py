"""What every response carries, and what the server says when there is nothing or something wrong."""

from __future__ import annotations

import logging
import re
from typing import NoReturn

import pytest
from dash import Dash
from flask.testing import FlaskClient

import app.http
from tests.app.callback_client import fill

EVERY_PATH = [
    "/",
    "/today",
    "/generation",
    "/healthz",
    "/readyz",
    "/_dash-layout",
    "/assets/page.css",
    "/data/nothing.csv",
]


@pytest.mark.parametrize("path", EVERY_PATH)
def test_every_response_is_locked_down_and_has_an_id(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert len(headers["X-Request-Id"]) == 12


def test_ids_differ(client: FlaskClient) -> None:
    assert client.get("/healthz").headers["X-Request-Id"] != client.get("/healthz").headers["X-Request-Id"]


def test_health_needs_no_lake_and_readiness_does(client_without_lake: FlaskClient) -> None:
    assert client_without_lake.get("/healthz").status_code == 200
    answer = client_without_lake.get("/readyz")
    assert answer.status_code == 503
    assert "python -m app ingest" in answer.get_json()["error"]


def test_ready_names_the_version(client: FlaskClient, demo_lake) -> None:  # type: ignore[no-untyped-def]
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["version"] == demo_lake.token()
    assert answer.get_json()["last"] == "2026-03-02T00:00:00"


def test_scripts_are_compressed(client: FlaskClient) -> None:
    path = "/_dash-component-suites/plotly/package_data/plotly.min.js"
    plain = client.get(path).data
    for way in ("gzip", "br"):
        for _ in range(2):  # made, then kept
            small = client.get(path, headers={"Accept-Encoding": way})
            assert small.headers["Content-Encoding"] == way
            assert len(small.data) < len(plain) / 3
    again = client.get(path, headers={"Accept-Encoding": "br", "If-None-Match": small.headers["ETag"]})
    assert again.status_code == 304


def test_what_a_browser_has_of_each_script_and_style_is_not_sent_again(client: FlaskClient) -> None:
    """With each way of compression that a browser offers: what is sent again is compiled again."""
    page = client.get("/").text
    files = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', page)
    assert sum(name.startswith("/assets/") for name in files) > 20
    for name in files:
        for way in ("gzip, deflate, br, zstd", "gzip", "identity"):
            offered = {"Accept-Encoding": way}
            first = client.get(name, headers=offered, buffered=True)
            had = {"If-None-Match": first.headers.get("ETag", "")}
            again = client.get(name, headers=offered | had, buffered=True)
            kept = "max-age" in first.headers.get("Cache-Control", "")
            assert kept or (again.status_code, again.data) == (304, b""), (name, way)


def test_compressed_scripts_are_bounded_and_nothing_else_is_kept() -> None:
    kept = app.http.CompressedScripts()
    kept.set("br;", b"a page")
    assert kept.get("br;") is None
    for number in range(200):
        kept.set(f"br;{number}", b"x")
    assert kept.get("br;199") is None
    assert kept.get("br;0") == b"x"


def test_callbacks_are_not_stored(client: FlaskClient) -> None:
    assert fill(client, "today-cards", "/today").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/_dash-component-suites/dash/../../etc/passwd",
        "/_dash-component-suites/dash/%2e%2e/%2e%2e/etc/passwd",
        "/_dash-component-suites/nosuchpackage/x.js",
        "/assets/../app/settings.py",
        "/assets/%2e%2e/app/settings.py",
    ],
)
def test_no_file_outside_is_served(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        pass
    assert b"NEMDESK_" not in answer.data
    assert b"root:" not in answer.data
    assert answer.status_code in (200, 404)
    if answer.status_code == 200:  # the page itself, for an address that is no file
        assert b"_dash-config" in answer.data


def test_an_error_is_answered_with_an_id_that_the_log_has(
    demo_lake,
    settings_of,
    caplog: pytest.LogCaptureFixture,  # type: ignore[no-untyped-def]
) -> None:
    from app import create_app
    from data_layer.query_manager import HybridQueryManager

    class Broken(HybridQueryManager):
        def lake_state(self) -> NoReturn:
            raise ZeroDivisionError("secret detail")

        def answer(self, *_: object, **__: object) -> NoReturn:
            raise ZeroDivisionError("secret detail")

    logging.getLogger("nemdesk").propagate = True
    with create_app(settings_of(demo_lake.root), manager=Broken(demo_lake)).server.test_client() as client:
        answer = fill(client, "gen-mix", "/generation")
        assert answer.status_code == 200
        identity = answer.headers["X-Request-Id"]
        assert identity in answer.get_data(as_text=True)
        assert "secret detail" not in answer.get_data(as_text=True)
        assert any(identity in record.getMessage() and record.exc_info for record in caplog.records)
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.get_json()["request_id"] in ready.get_json()["error"]
        assert "secret" not in ready.get_data(as_text=True)


def test_log_lines_cannot_be_forged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("nemdesk").propagate = True
    with caplog.at_level(logging.INFO, "nemdesk.http"):
        client.get("/today%0a2026 INFO everything is fine")
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_inline_scripts_are_the_hashed_ones(desk: Dash, client: FlaskClient) -> None:
    assert all(digest in app.http.policy(desk) for digest in desk.csp_hashes())
    assert desk.csp_hashes()[0] in client.get("/").headers["Content-Security-Policy"]


def test_debug_is_off(desk: Dash) -> None:
    assert not desk.server.debug
    assert not desk._dev_tools.ui


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"output": "x", "output": "x"}', "not valid JSON"),
        ('{"output": "x", "inputs": [{"value": 1, "value": 2}]}', "not valid JSON"),
        ('{"output": "x"}', "no such callback"),
    ],
)
def test_a_name_stands_once_in_a_callback(client: FlaskClient, body: str, told: str) -> None:
    """A proxy or a log in front may read the first of two names, Python the last."""
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert told in answer.get_json()["error"]


def test_json_is_utf8(client: FlaskClient) -> None:
    body = '{"output": "x"}'.encode("utf-16")
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert "not valid JSON" in answer.get_json()["error"]
