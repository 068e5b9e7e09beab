"""What happens when more is asked at once than a process can compute: a short line, then 'busy'.

A few questions are computed at a time, since more of them only share the same cores; the next wait in line
for a moment; whoever would wait longer is told at once to come back (503 with Retry-After), and the page
does so by itself (assets/busy.js). What is quick is never in the line: health, pages, scripts, and the
clocks, bars and polls of open pages. So some threads always stay free for them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from flask import Flask, Response, g, has_request_context, request

from app.http import CALLBACKS, refusal
from app.settings import Settings

PATIENCE_SECONDS: Final = 1.5
"""How long a question waits in all, in this line and for a heavy query's turn, before it hears 'busy'."""

COME_BACK_SECONDS: Final = 2

BUSY: Final = "The server is busy: the page asks again by itself."

QUICK: Final = ("..job-button.", "job-nudge.", "version.data", "..tabs.children.", "..page.children.")
"""How the outputs of clocks begin, and those of the bars and the empty page of a tab, which ask nothing; a
press of Stop ends in ``-stop.id``."""

Refused = Callable[[str], None]
"""Told why somebody was turned away: 'full' or 'waited'."""


class Line:
    """``at_once`` places, and a line of those who wait for one, ``most`` of both together. First come, first
    served. Thread-safe."""

    def __init__(self, at_once: int, most: int) -> None:
        self.at_once = at_once
        self.most = max(most, at_once)
        self._lock = threading.Lock()
        self._inside = 0
        self._waiting: deque[threading.Event] = deque()

    def enter(self, patience: float) -> str:
        """'' once there is a place; 'full' or 'waited' where there is none (in time)."""
        with self._lock:
            if self._inside < self.at_once and not self._waiting:
                self._inside += 1
                return ""
            if self._inside + len(self._waiting) >= self.most:
                return "full"
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(patience):
            return ""
        with self._lock:
            if called.is_set():  # called between our patience's end and the lock
                return ""
            self._waiting.remove(called)
        return "waited"

    def leave(self) -> None:
        """Give the place to the next in line."""
        with self._lock:
            self._inside -= 1
            while self._waiting and self._inside < self.at_once:
                self._inside += 1
                self._waiting.popleft().set()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let somebody else compute while this one waits for something else.

        Coming back never waits: those inside may wait for the very answer that this one computes.
        """
        self.leave()
        try:
            yield
        finally:
            with self._lock:
                self._inside += 1

    @property
    def state(self) -> tuple[int, int]:
        """(inside, waiting)."""
        with self._lock:
            return self._inside, len(self._waiting)


def spare(threads: int) -> int:
    """Threads of a process that stay free for what is quick."""
    return min(max(threads // 8, 1), threads - 1)


def install(server: Flask, settings: Settings, refused: Refused | None = None) -> Line:
    """Put the line before every question. Call after whatever refuses a malformed request."""
    threads = settings.worker_threads
    line = Line(settings.panels_at_once, threads - spare(threads))

    @server.before_request
    def wait_in_line() -> tuple[Response, int] | None:
        if not _computes():
            return None
        why = line.enter(patience())
        if not why:
            g.in_line = line
            return None
        if refused is not None:
            refused(why)
        g.retry_after = COME_BACK_SECONDS
        return refusal(BUSY, 503)

    @server.after_request
    def say_when(response: Response) -> Response:
        if "retry_after" in g:
            response.headers["Retry-After"] = str(g.retry_after)
        return response

    @server.teardown_request
    def leave(_error: BaseException | None) -> None:
        held = g.pop("in_line", None)
        if held is not None:
            held.leave()

    return line


def patience() -> float:
    """Seconds that who asks now may still be kept waiting."""
    if not has_request_context() or "started" not in g:
        return PATIENCE_SECONDS
    waited: float = time.perf_counter() - g.started
    return max(0.0, PATIENCE_SECONDS - waited)


@contextmanager
def aside() -> Iterator[None]:
    """Give this request's place away while it waits for a heavy query's turn."""
    held: Line | None = g.get("in_line") if has_request_context() else None
    if held is None:
        yield
        return
    with held.aside():
        yield


def _computes() -> bool:
    """Whether a request is a question: a panel, a page's part, rows to download."""
    if request.path == CALLBACKS:
        if request.args.get("cacheKey") or request.args.get("cancelJob"):
            return False
        body: Any = request.get_json(silent=True)
        output = str(body.get("output", "")) if isinstance(body, dict) else ""
        return not (output.startswith(QUICK) or output.endswith("-stop.id"))
    return request.endpoint in ("rows_of_request", "rows_of_view")
