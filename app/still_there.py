"""Whether whoever asked is still there: a question whose visitors have all gone is stopped (data_layer/
cancelling.py). Noticed by the connection, which a browser closes with its window and with another page."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Final

from flask import has_request_context, request

from data_layer.cancelling import always

LEFT_SECONDS: Final = 2.0
"""For so long a question goes on whose visitor has gone: who loads the page again asks the same."""


class Client:
    """Of one request. Called from any thread, while the request is served."""

    def __init__(self, connection: socket.socket, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._left: float | None = None

    def __call__(self) -> bool:
        if self._left is None:
            if _open(self._connection):
                return True
            self._left = self._clock()
        return self._clock() - self._left < LEFT_SECONDS


def _open(connection: socket.socket) -> bool:
    """Whether the other side may still send. Half closed counts as closed, as it does for nginx: until one
    writes, the two look the same, and no browser or proxy half-closes a connection whose answer it wants."""
    poll = select.poll()
    try:
        poll.register(connection, select.POLLRDHUP)
    except ValueError:  # closed on this side
        return False
    return not poll.poll(0)


def asker() -> Callable[[], bool]:
    """What tells whether the client of the request that is served now is there; always so where none is, or
    where the server does not give its connection away (the test client)."""
    connection = request.environ.get("gunicorn.socket") if has_request_context() else None
    return Client(connection) if connection is not None else always
