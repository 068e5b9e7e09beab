"""gunicorn's threads for requests that have come whole: those who are slow to send one hold none.

By itself gthread gives a connection to a thread as soon as it is made, or as something was read of it, and
the thread waits for the rest: as many half requests as there are threads, and nobody else is answered
(tests/trust/slow_clients.py). Here the process's main loop waits, which can for a thousand, by looking at
what lies in the socket's buffer without taking it. A larger body than HELD_BYTES is still read by a thread.
"""

from __future__ import annotations

import errno
import re
import socket
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

from app.http import FIXED_HEADERS

HELD_BYTES: Final = 64 * 1024
"""Of a request are waited for: what a page sends is less, and the system's buffers take it."""

SILENT_SECONDS: Final = 10
"""How long the rest of a request is waited for, here and (a larger body's, server_hooks.py) in a thread."""

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_EXPECTS: Final = re.compile(rb"\r\nexpect:", re.IGNORECASE)


def wanted(seen: bytes) -> int:
    """How many bytes of a request must be there for a thread to go on with it, ``seen`` having come."""
    end = seen.find(b"\r\n\r\n")
    if end < 0:
        return min(len(seen) + 1, HELD_BYTES)
    head, start = seen[: end + 2], end + 4
    if _EXPECTS.search(head):  # the client waits for an answer before it sends the body
        return start
    length = _LENGTH.search(head)
    return min(start + int(length[1]), HELD_BYTES) if length else start


_LOCKED: Final = "".join(
    f"{name}: {value}\r\n"
    for name, value in {
        **FIXED_HEADERS,
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
    }.items()
).encode("ascii")


class _Refusing:
    """A client's socket, for gunicorn's own answer to what is no HTTP: its headers are those of every
    answer (app/http.py), which the application does not see."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: bytes) -> None:
        line, end, rest = data.partition(b"\r\n")
        self._sock.sendall(line + end + _LOCKED + rest)


class WholeRequestWorker(ThreadWorker):
    """gthread whose connections wait in the main loop until ``wanted`` bytes of a request are there."""

    def accept(self, listener: Any) -> None:
        """A new connection: nothing was read of it yet."""
        if self.cfg.is_ssl:  # what lies in the buffer cannot be read
            super().accept(listener)
            return
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        self._wait(TConn(self.cfg, client, address, listener.getsockname()), 1)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """A kept connection's next request begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._look(conn)

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """As much came as was waited for, or the client has left."""
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._look(conn)

    def _wait(self, conn: Any, for_bytes: int) -> None:
        # The system wakes us when so many bytes are there, not at each of them.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, for_bytes)
        conn.waited_for = for_bytes
        if not getattr(conn, "begun", False):
            conn.begun, conn.timeout = True, time.monotonic() + SILENT_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _look(self, conn: Any) -> None:
        try:
            seen = conn.sock.recv(HELD_BYTES, socket.MSG_PEEK) if not self.cfg.is_ssl else b""
        except BlockingIOError:
            self._wait(conn, 1)
            return
        except OSError:
            seen = b""
        rest = wanted(seen) if seen else 0
        # Awake although less is there than was waited for: the client has left.
        if len(seen) < rest and len(seen) >= getattr(conn, "waited_for", 1):
            self._wait(conn, rest)
            return
        conn.waited_for, conn.begun, conn.data_ready = 1, False, True
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self.enqueue_req(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Refuse what is no HTTP, or say that an answer failed."""
        super().handle_error(req, _Refusing(client), addr, exc)

    def _cap_keepalive(self, deadline: float) -> None:
        """At its end a worker waits no longer for requests that were not begun than for kept connections."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
