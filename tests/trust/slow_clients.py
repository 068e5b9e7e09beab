"""Clients that begin a request and never end it: what the shipped server does with two hundred of them.

gunicorn's threads would read a request themselves, so that enough half requests held them all
(app/whole_requests.py); what answers meanwhile, and when the server is back, is measured here.
``python -m tests.trust.slow_clients``
"""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from tests.trust.demonstration import demonstration
from tests.trust.hostile import _figure, write

SOCKETS: Final = 200

SILENT: Final = b""
HALF_HEADERS: Final = b"GET /today HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_BODY: Final = (
    b"POST /_dash-update-component HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 900\r\n\r\n{"
)


@contextmanager
def half_open(url: str, begun: bytes, count: int = SOCKETS) -> Iterator[None]:
    """``count`` connections that sent ``begun`` and nothing more."""
    where = urlsplit(url)
    opened = []
    try:
        for _ in range(count):
            one = socket.create_connection((where.hostname or "", where.port or 80), timeout=10)
            one.sendall(begun)
            opened.append(one)
        time.sleep(1)
        yield
    finally:
        for one in opened:
            one.close()


def probe(url: str, patience: float) -> float | None:
    """Seconds of one /healthz; None where it was not answered in time."""
    started = time.perf_counter()
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=patience) as answer:
            answer.read()
    except OSError:
        return None
    return time.perf_counter() - started


def probed(url: str, count: int, patience: float = 5.0) -> list[float | None]:
    return [probe(url, patience) for _ in range(count)]


def until_back(url: str, most: float) -> float | None:
    """Seconds until /healthz is answered within 1 s again; None where it is not within ``most``."""
    started = time.perf_counter()
    while time.perf_counter() - started < most:
        if probe(url, 1.0) is not None:
            return time.perf_counter() - started
        time.sleep(0.2)
    return None


def said(times: list[float | None]) -> str:
    answered = sorted(one for one in times if one is not None)
    if not answered:
        return "no probe answered within 5 s"
    worst = answered[min(len(answered) - 1, int(len(answered) * 0.99))]
    return f"{len(answered)} of {len(times)} probes answered, p99 {worst * 1000:.0f} ms"


def main() -> int:
    from tests.browser.conftest import started

    os.nice(10)
    rows: list[dict[str, Any]] = []
    with demonstration("slow-clients", days=2) as (folder, lake), started(lake, folder) as (url, _):
        probed(url, 5)
        for what, begun in (
            ("nothing", SILENT),
            ("half the headers", HALF_HEADERS),
            ("half a body", HALF_BODY),
        ):
            with half_open(url, begun):
                times = probed(url, 100)
                fast = all(one is not None and one <= 0.1 for one in times)
                rows.append(
                    _figure(
                        f"{SOCKETS} sockets that sent {what}",
                        f"{len(times)} probes",
                        said(times),
                        "p99 <= 100 ms",
                        fast,
                    )
                )
                if begun != SILENT:
                    held = until_back(url, 200)
                    rows.append(
                        _figure(
                            f"the server is back while they stay ({what})",
                            "once",
                            f"{held:.0f} s" if held else "not within 240 s",
                            "<= 180 s",
                            held is not None and held <= 180,
                        )
                    )
            back = until_back(url, 60)
            rows.append(
                _figure(
                    f"the server is back after they left ({what})",
                    "once",
                    f"{back:.1f} s" if back else "not within 60 s",
                    "<= 5 s",
                    back is not None and back <= 5,
                )
            )
    return write("slow_clients", rows)


if __name__ == "__main__":
    raise SystemExit(main())
