"""A question whose visitors have all gone is stopped; as long as one of them is there it goes on."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.still_there import LEFT_SECONDS, Client
from data_layer.lake import Lake
from tests.app.asking import Asking
from tests.browser.conftest import started


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """(the visitor's end, the server's end) of one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        visitor = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with visitor, server:
        yield visitor, server


def reset(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()


LEAVES: dict[str, Callable[[socket.socket], None]] = {
    "closes": socket.socket.close,
    "half closes": lambda one: one.shutdown(socket.SHUT_WR),
    "breaks off": reset,
}


@pytest.mark.parametrize("how", LEAVES)
def test_who_leaves_is_waited_for_a_moment(pair: tuple[socket.socket, socket.socket], how: str) -> None:
    visitor, server = pair
    now = [100.0]
    client = Client(server, lambda: now[0])
    visitor.sendall(b"GET / HTTP/1.1\r\n")  # the next request already lies there
    assert client()
    now[0] += 60
    assert client()
    LEAVES[how](visitor)
    assert client()
    now[0] += LEFT_SECONDS - 0.1
    assert client()
    now[0] += 0.2
    assert not client()


def test_a_connection_that_was_closed_here_has_nobody(pair: tuple[socket.socket, socket.socket]) -> None:
    _, server = pair
    now = [100.0]
    client = Client(server, lambda: now[0])
    server.close()
    client()
    now[0] += LEFT_SECONDS + 0.1
    assert not client()


def test_a_question_is_stopped_when_the_last_of_its_visitors_has_gone(
    demo_lake: Lake, tmp_path: Path
) -> None:
    with started(demo_lake, tmp_path, "tests.app.slow_work:server", {"NEMDESK_WORKERS": "1"}) as (url, _):
        cache = tmp_path / "cache"
        (cache / "hold").write_text("endless")
        first = Asking(url)
        first.until_noted(cache / "begun")
        second = Asking(url)
        time.sleep(0.5)
        first.leave()
        time.sleep(LEFT_SECONDS + 1.5)
        assert not (cache / "stopped").exists(), "another waits for the same"
        second.leave()
        left = time.monotonic()
        second.until_noted(cache / "stopped")
        assert time.monotonic() - left < 30, "its limit is 60 s"
        (cache / "hold").unlink()
        with Asking(url) as last:
            assert last.answer() == 200
