"""A hard stop for HTTP requests: whatever the server drips, the connection is hung up in time.

Read timeouts bound the wait for the next byte, not the sum of all waits: a server that sends a byte a second,
of the head or of the body, would hold a download for ever.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class WatchedAdapter(HTTPAdapter):
    """Knows the connection that was opened last. For a session that asks one thing at a time."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None
        self._pools = _pools(self._opened)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = self._pools
        return manager

    @contextlib.contextmanager
    def ended_within(self, seconds: float) -> Iterator[None]:
        """Hang up if the block takes longer: what reads then meets the end of the connection."""
        watchdog = threading.Timer(max(seconds, 0.0), self._hang_up)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _opened(self, line: socket.socket) -> None:
        self._line = line

    def _hang_up(self) -> None:
        line = self._line
        # By a copy of its number: a TLS socket that is shut down itself breaks under who is reading it.
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(fileno=os.dup(line.fileno() if line else -1)) as copy,
        ):
            copy.shutdown(socket.SHUT_RDWR)


def _pools(opened: Any) -> dict[str, Any]:
    class Plain(HTTPConnection):  # type: ignore[misc, unused-ignore]
        def connect(self) -> None:
            super().connect()
            opened(self.sock)

    class Secure(HTTPSConnection):  # type: ignore[misc, unused-ignore]
        def connect(self) -> None:
            super().connect()
            opened(self.sock)

    class PlainPool(HTTPConnectionPool):  # type: ignore[misc, unused-ignore]
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):  # type: ignore[misc, unused-ignore]
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
