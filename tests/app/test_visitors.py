"""Each browser has a random name of its own, and nobody can choose another's form of it."""

from __future__ import annotations

import re

import pytest
from flask import Flask, g

from app import visitors


@pytest.fixture
def server() -> Flask:
    server = Flask("visitors")
    visitors.install(server)
    server.add_url_rule("/", "page", lambda: f"<p>{g.visitor}</p>")
    server.add_url_rule("/healthz", "probe", lambda: {"visitor": g.visitor})
    return server


def test_a_browser_keeps_its_name(server: Flask) -> None:
    browser, other = server.test_client(), server.test_client()
    first = browser.get("/")
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    again = browser.get("/")
    assert again.text == first.text and "Set-Cookie" not in again.headers
    assert other.get("/").text != first.text


@pytest.mark.parametrize("forged", ["", "x", "../../etc", "A" * 32, "0" * 31, "0" * 33])
def test_a_name_that_was_not_given_is_replaced(server: Flask, forged: str) -> None:
    answer = server.test_client().get("/", headers={"Cookie": f"{visitors.COOKIE}={forged}"})
    assert re.fullmatch(r"<p>[0-9a-f]{32}</p>", answer.text)
    assert "Set-Cookie" in answer.headers


def test_a_probe_gets_no_cookie(server: Flask) -> None:
    assert "Set-Cookie" not in server.test_client().get("/healthz").headers
