"""A server of a NEMWEB-like tree on loopback that can be told to misbehave."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

Fault = Callable[["Handler"], bool]
"""Does something to a request; True where it answered it."""


class Handler(SimpleHTTPRequestHandler):
    """Serves files; faults queued for a path are used up one by one, before it is served."""

    server: FaultyServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(self.path)
        self.server.requests.append((self.command, path, dict(self.headers)))
        queue = self.server.faults[path]
        if queue and queue.pop(0)(self):
            return
        wanted = self.headers.get("Range")
        file = Path(self.translate_path(self.path))
        if wanted and file.is_file():
            self._resume(file, int(wanted.removeprefix("bytes=").rstrip("-")))
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        self.server.requests.append((self.command, unquote(self.path), dict(self.headers)))
        super().do_HEAD()

    def _resume(self, file: Path, start: int) -> None:
        data = file.read_bytes()
        if start >= len(data):
            self.reply(416, Content_Range=f"bytes */{len(data)}")
            return
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])

    def reply(self, code: int, body: bytes = b"", **headers: str) -> bool:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return True

    def log_message(self, *_: object) -> None:
        pass


class FaultyServer(ThreadingHTTPServer):
    """``faults[path]`` are used up in order; ``requests`` is what was asked."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(root)))
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.stopping = threading.Event()
        self.most_open = 0
        self._open = 0
        self._counting = threading.Lock()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._counting:
            self._open += 1
            self.most_open = max(self.most_open, self._open)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._counting:
                self._open -= 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked(self, path: str, command: str = "GET") -> int:
        return sum(1 for verb, asked, _ in self.requests if (verb, asked) == (command, path))

    def listing(self, handler: Handler) -> bytes:
        """The page that a directory would be answered with."""
        folder = Path(handler.translate_path(handler.path))
        links = "".join(
            f'<a href="{quote(path.name)}">{path.name}</a>\n' for path in sorted(folder.iterdir())
        )
        return f"<html><body>{links}</body></html>".encode()

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the tests."""


@contextmanager
def serving(root: Path) -> Iterator[FaultyServer]:
    """A running server of ``root``."""
    server = FaultyServer(root)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Fault:
    """Answer with a status code."""
    return lambda handler: handler.reply(code, b"no", **headers)


def status_body(code: int, body: bytes) -> Fault:
    """Answer with a status code and a body."""
    return lambda handler: handler.reply(code, body)


def page(handler: Handler) -> bool:
    """An error page with status 200."""
    return handler.reply(200, b"<html><body>Request blocked</body></html>", Content_Type="text/html")


def cut_off(handler: Handler) -> bool:
    """Half of the body, then the connection drops."""
    file = Path(handler.translate_path(handler.path))
    data = file.read_bytes()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.send_header("Last-Modified", "Mon, 06 Jan 2025 00:00:00 GMT")
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True
    return True


def wait_for_hang_up(handler: Handler, seconds: float) -> None:
    """Return when the client has closed its end, the server is stopped, or ``seconds`` have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not handler.server.stopping.is_set():
        if select.select([handler.connection], [], [], 0.02)[0]:
            return


def stall(handler: Handler) -> bool:
    """No answer until the client hangs up or the test is over."""
    wait_for_hang_up(handler, 20)
    handler.close_connection = True
    return True


def drip(handler: Handler) -> bool:
    """A byte every tenth of a second."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.stopping.is_set():
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)
    return True


def hang_up(handler: Handler) -> bool:
    """The connection drops before any answer."""
    handler.close_connection = True
    return True


def redirect(target: str) -> Fault:
    """Send the client elsewhere."""
    return lambda handler: handler.reply(302, Location=target)


def raw(head: str, body: bytes = b"", *, hold: float = 0.0, pace: float = 0.0) -> Fault:
    """Send these very bytes (``head`` without its blank line), a byte every ``pace`` seconds of the head, and
    drop the connection after ``hold`` seconds."""

    def answer(handler: Handler) -> bool:
        sent = head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n"
        for at in range(0, len(sent), 1 if pace else len(sent)):
            if handler.server.stopping.wait(pace):
                break
            handler.wfile.write(sent[at : at + 1] if pace else sent)
            handler.wfile.flush()
        handler.wfile.write(body)
        handler.wfile.flush()
        wait_for_hang_up(handler, hold)
        handler.close_connection = True
        return True

    return answer


def reset(handler: Handler) -> bool:
    """The connection is reset (RST) before any answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    return True


def wrong_length(by: int) -> Fault:
    """The whole body under a Content-Length that is off ``by`` so many bytes."""

    def answer(handler: Handler) -> bool:
        data = Path(handler.translate_path(handler.path)).read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data) + by))
        handler.send_header("Last-Modified", "Mon, 06 Jan 2025 00:00:00 GMT")
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = True
        return True

    return answer


def half_listing(handler: Handler) -> bool:
    """Half of a listing's page, its length saying that this is all."""
    page = handler.server.listing(handler)
    return handler.reply(200, page[: len(page) // 2], Content_Type="text/html")


def endless(handler: Handler) -> bool:
    """A body without a length and without an end."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    while not handler.server.stopping.is_set():
        handler.wfile.write(b"PK\3\4" * (1 << 16))
    return True
