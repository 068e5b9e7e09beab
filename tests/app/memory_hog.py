"""A server for tests/app/test_memory.py: one address keeps memory, one is slow, and it has no patience."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from app import create_app, memory

memory.STAYS_SECONDS = 0.0
memory.YOUNGEST_SECONDS = 0.0

KEPT: list[bytes] = []
DESK = create_app().server


def server(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path.startswith("/hog/"):
        KEPT.append(os.urandom(2**20) * int(path.removeprefix("/hog/")))
    elif path == "/slow":
        time.sleep(1.5)
    else:
        return DESK(environ, start_response)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
