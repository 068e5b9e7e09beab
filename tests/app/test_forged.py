"""Whatever a browser sends, it gets an answer that says what is wrong; never a 500."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app.callback_client import URL, dependencies, payload, post

JUNK: list[Any] = [
    None,
    True,
    -1,
    1e308,
    "",
    "x" * 100_000,
    "\x00",
    "?start=0001-01-01&end=9999-12-31",
    "?region='; DROP TABLE units; --",
    "?range=%00&resolution=5min&hidden=%F0%9F%92%A9",
    "&".join(f"a{n}=b" for n in range(500)),
    [],
    ["/today"],
    {},
    {"start": {"end": []}},
    [[[]]],
]


@pytest.mark.parametrize("value", JUNK, ids=lambda value: repr(value)[:30])
def test_any_value_in_any_input(client: FlaskClient, value: Any) -> None:
    for entry in dependencies(client):
        names = [f"{part['id']}.{part['property']}" for part in (*entry["inputs"], *entry["state"])]
        real = {"url.pathname": "/generation", "url.search": "", "theme.data": "dark", "version.data": "v"}
        for name in names:
            answer = post(client, payload(entry, {**real, name: value}))
            assert answer.status_code in (200, 204), (
                entry["output"],
                name,
                answer.get_data(as_text=True)[:300],
            )
            assert b"Traceback" not in answer.data
            assert b"Something went wrong" not in answer.data


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_values)
def test_any_json_as_envelope(client: FlaskClient, body: Any) -> None:
    answer = post(client, body)
    assert answer.status_code in (400, 415)
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    part=st.sampled_from(["output", "outputs", "inputs", "state", "changedPropIds"]),
    value=json_values,
    at=st.integers(),
)
def test_one_part_of_a_real_envelope_replaced(client: FlaskClient, part: str, value: Any, at: int) -> None:
    known = dependencies(client)
    entry = known[at % len(known)]
    body = payload(entry, {"url.pathname": "/nowhere", "url.search": ""})
    body[part] = value
    assert post(client, body).status_code in (200, 204, 400)


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 200_000 + b"]" * 200_000, "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 400),
        (b'"' + b"x" * 1_100_000 + b'"', "application/json", 413),
    ],
)
def test_what_is_not_json(client: FlaskClient, data: bytes, kind: str, status: int) -> None:
    answer = client.post(URL, data=data, content_type=kind)
    assert answer.status_code == status
    assert answer.get_json()["request_id"]


@pytest.mark.parametrize("query", ["cancelJob=1", "oldJob=1", "cacheKey=x&job=1", "job=1"])
def test_forged_job_handles_touch_nothing(client: FlaskClient, query: str) -> None:
    entry = next(e for e in dependencies(client) if "today-cards" in e["output"])
    body = payload(entry, {"url.pathname": "/nowhere", "url.search": ""})
    assert client.post(f"{URL}?{query}", json=body).status_code < 500


def test_an_edited_address_opens_and_says_what_was_dropped(client: FlaskClient) -> None:
    entry = next(e for e in dependencies(client) if "period-bar.children" in e["output"])
    values = {"url.pathname": "/generation", "url.search": "?region=MARS&range=1d", "version.data": "v"}
    answer = post(client, payload(entry, values)).get_json()["response"]
    assert "Ignored the region" in str(answer["notices"])
    assert "Last 24 hours" in str(answer["period-bar"])
