"""Whose request it is: pages of other sites are refused, and silent clients given up."""

from __future__ import annotations

import io
import socket
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import clients, server_hooks
from tests.app.callback_client import URL, dependencies, payload


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("same-origin", 204), ("none", 204), ("", 403)],
)
def test_callbacks_of_other_sites_pages_are_refused(client: FlaskClient, site: str, status: int) -> None:
    entry = next(e for e in dependencies(client) if "today-cards" in e["output"])
    body = payload(entry, {"url.pathname": "/nowhere"})
    answer = client.post(URL, json=body, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == status
    if status == 403:
        assert answer.get_json()["error"] == clients.FROM_ELSEWHERE
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_links_from_other_sites_open(client: FlaskClient) -> None:
    assert client.get("/today", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("somewhere", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_client_is_an_address_or_a_households_network(
    client: FlaskClient, address: str, known: str
) -> None:
    with client.application.test_request_context(environ_base={"REMOTE_ADDR": address}) as context:
        assert clients.client(context.request) == known


def test_a_connection_that_says_no_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_hooks, "SILENT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server_hooks._lose_patience(listener)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as taken:
            started = time.monotonic()
            with pytest.raises(BlockingIOError):
                taken.recv(1)
            assert time.monotonic() - started >= 0.9


def test_a_body_that_never_comes_is_no_error_of_the_server(client: FlaskClient) -> None:
    class Stalled(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        readinto = readline = read  # type: ignore[assignment]

    answer = client.post(URL, input_stream=Stalled(b"{" * 900), content_type="application/json")
    assert answer.status_code == 400
