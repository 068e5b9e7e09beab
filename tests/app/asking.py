"""One who asks an ordinary question over a connection of his own, and may leave before it is answered."""

from __future__ import annotations

import http.client
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

QUESTION = "/generation/data.csv?range=7d"


class Asking:
    """One who has asked and not yet been answered."""

    def __init__(self, url: str, question: str = QUESTION) -> None:
        where = urlsplit(url)
        self.socket = socket.create_connection((where.hostname or "", where.port or 80), timeout=60)
        self.socket.sendall(f"GET {question} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """As a browser whose window is closed."""
        self.socket.close()

    def answer(self) -> int:
        """The answer's status; 0 where it is not a whole one."""
        found = http.client.HTTPResponse(self.socket)
        found.begin()
        return found.status if found.read() else 0

    def until_noted(self, file: Path, count: int = 1, seconds: float = 60) -> float:
        """Wait until tests/app/slow_work.py has noted so many questions; how long that took."""
        began = time.monotonic()
        while not file.exists() or file.stat().st_size < count:
            assert time.monotonic() - began < seconds, f"never {file.name}"
            time.sleep(0.02)
        return time.monotonic() - began
