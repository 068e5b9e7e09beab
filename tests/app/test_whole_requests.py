"""Threads are for requests that have come whole; those who are slow to send one keep nobody waiting."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest

from app.whole_requests import HELD_BYTES, wanted
from data_layer.lake import Lake
from tests.browser.conftest import started
from tests.trust.hostile_served import asked_raw, malformed_over_http, paths_over_socket
from tests.trust.hostile_watch import unlocked
from tests.trust.slow_clients import HALF_BODY, HALF_HEADERS, SILENT, half_open

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def post(length: int) -> bytes:
    return (
        b"POST /_dash-update-component HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {length}\r\n\r\n".encode()
    )


@pytest.mark.parametrize(
    ("seen", "bytes_wanted"),
    [
        (b"G", 2),
        (GET[:-1], len(GET)),
        (GET, len(GET)),
        (GET + GET, len(GET)),
        (post(900), len(post(900)) + 900),
        (post(900).lower() + b"{" * 900, len(post(900)) + 900),
        (post(10**9), HELD_BYTES),
        (b"x" * HELD_BYTES, HELD_BYTES),
        (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", 60),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 47),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 41),
        (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 39),
        (b"GET / HTTP/1.1\r\nX-Content-Length: 900\r\n\r\n", 41),
    ],
)
def test_how_much_of_a_request_is_waited_for(seen: bytes, bytes_wanted: int) -> None:
    assert wanted(seen) == bytes_wanted


@pytest.fixture(scope="module")
def server(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One process with four threads."""
    variables = {"NEMDESK_WORKERS": "1", "NEMDESK_WORKER_THREADS": "4"}
    with started(demo_lake, tmp_path_factory.mktemp("whole"), variables=variables) as (url, _):
        yield url


def connected(url: str) -> socket.socket:
    where = urlsplit(url)
    return socket.create_connection((where.hostname or "", where.port or 80), timeout=20)


def answer(one: socket.socket) -> int:
    found = http.client.HTTPResponse(one)
    found.begin()
    found.read()
    return found.status


@pytest.mark.parametrize("begun", [SILENT, HALF_HEADERS, HALF_BODY], ids=["nothing", "headers", "body"])
def test_many_who_send_half_a_request_keep_nobody_waiting(server: str, begun: bytes) -> None:
    with half_open(server, begun, 40):
        for _ in range(3):
            before = time.monotonic()
            with connected(server) as one:
                one.sendall(GET)
                assert answer(one) == 200
            assert time.monotonic() - before < 5, "a thread would be held for ten seconds"


def test_a_request_in_pieces_is_answered_when_it_is_whole(server: str) -> None:
    body = b'{"output": "nothing.children", "inputs": []}'
    with connected(server) as one:
        for _ in range(2):  # the second on the kept connection
            for request in (GET, post(len(body)) + body):
                for place in range(0, len(request), 40):
                    one.sendall(request[place : place + 40])
                    time.sleep(0.02)
                assert answer(one) in (200, 400)


def test_requests_one_upon_another_are_answered_in_turn(server: str) -> None:
    with connected(server) as one:
        one.sendall(GET + GET + GET.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        got = b"".join(iter(lambda: one.recv(10_000), b""))
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 3


def test_a_body_larger_than_is_waited_for_is_read_all_the_same(server: str) -> None:
    body = b" " * (HELD_BYTES + 50_000)
    with connected(server) as one:
        one.sendall(post(len(body)) + body)
        assert 400 <= answer(one) < 500


def test_a_client_that_asks_first_is_told_to_go_on(server: str) -> None:
    with connected(server) as one:
        one.sendall(post(2)[:-2] + b"Expect: 100-continue\r\n\r\n")
        assert one.recv(1_000).startswith(b"HTTP/1.1 100 ")
        one.sendall(b"{}")
        assert answer(one) == 400


@pytest.mark.parametrize("begun", [SILENT, HALF_HEADERS, HALF_BODY], ids=["nothing", "headers", "body"])
def test_who_leaves_in_the_middle_is_let_go_at_once(server: str, begun: bytes) -> None:
    with ExitStack() as stack:
        left = [stack.enter_context(connected(server)) for _ in range(8)]
        for one in left:
            one.sendall(begun)
            one.shutdown(socket.SHUT_WR)
        before = time.monotonic()
        for one in left:
            while one.recv(1_000):
                pass
        assert time.monotonic() - before < 5
    with connected(server) as one:
        one.sendall(GET)
        assert answer(one) == 200


@pytest.mark.parametrize("begun", [SILENT, HALF_HEADERS, GET], ids=["nothing", "headers", "all of it"])
def test_who_breaks_the_connection_off_harms_nobody(server: str, begun: bytes) -> None:
    for _ in range(20):
        one = connected(server)
        one.sendall(begun)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()  # a reset
    with connected(server) as one:
        one.sendall(GET)
        assert answer(one) == 200


def test_the_rest_is_waited_for_ten_seconds(server: str) -> None:
    with connected(server) as one:
        one.sendall(HALF_HEADERS)
        before = time.monotonic()
        with suppress(ConnectionResetError):
            assert one.recv(1_000) == b""
        assert 8 < time.monotonic() - before < 20


@pytest.mark.parametrize(
    "sent", [b"GET evil.example HTTP/1.1\r\n\r\n", b"NO HTTP\r\n\r\n", b"GET / HTTP/1.1\r\nA b: c\r\n\r\n"]
)
def test_what_is_no_http_is_refused_as_locked_down_as_anything(server: str, sent: bytes) -> None:
    answer = asked_raw(server, sent)
    assert (answer.status, unlocked(answer.headers)) == (400, [])


def test_malformed_bodies_and_paths_over_http(server: str) -> None:
    """tests/trust/hostile.py, where a client has put nothing right."""
    with urllib.request.urlopen(f"{server}/_dash-dependencies") as listed:
        entries = json.load(listed)
    entry = next(one for one in entries if "today-cards-top" in one["output"])
    assert malformed_over_http(server, entry) == []
    assert paths_over_socket(server) == []
