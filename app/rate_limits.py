"""How often one client may ask: questions, polls and attempts to sign in, each counted by the minute.

Counts are each worker's own: with two workers a client may ask up to twice as often. Requests from this
machine itself are not counted, unless a trusted proxy speaks for others (app/clients.py); attempts to sign
in always are.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from dash import Dash
from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from limits.storage import Storage

from app import clients
from app.settings import Settings

logger = logging.getLogger("nemdesk.http")

QUESTION: Final = "questions"
POLL: Final = "polls"
SIGN_IN: Final = "sign-in"

POLLS: Final = 5
"""Polls (of jobs, of the lake's version) for each question: a waiting panel asks four times a second."""

SIGN_INS_PER_MINUTE: Final = 10

SIGN_IN_PATH: Final = "/sign-in"

DATA_ENDPOINTS: Final = ("rows_of_request", "rows_of_view", "exported")

NO_COUNTS: Final = (
    "a proxy forwards requests, but NEMDESK_TRUSTED_PROXIES is 0: clients cannot be told apart, and "
    "NEMDESK_RATE_PER_MINUTE has no effect"
)


class WorkerMemory(Storage):
    """Counters in this process's memory. Unlike the library's own it starts no thread (an application is
    made before the fork), and it never grows beyond ``MOST`` clients."""

    STORAGE_SCHEME = ["nemdesk-worker"]  # noqa: RUF012 - so the library declares it
    MOST: Final = 20_000

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                self._make_room(now)
                count, until = 0, now + expiry
            self._counts[key] = count + amount, until
            return count + amount

    def _make_room(self, now: float) -> None:
        if len(self._counts) < self.MOST:
            return
        self._counts = {key: value for key, value in self._counts.items() if value[1] > now}
        for key in list(self._counts)[: len(self._counts) - self.MOST + self.MOST // 10]:
            del self._counts[key]  # a crowd of that size is the proxy's affair

    def get(self, key: str) -> int:
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._lock:
            gone = len(self._counts)
            self._counts.clear()
        return gone

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)


def install(app: Dash, settings: Settings) -> None:
    """Count from now on. Call after what refuses strangers and before what reads bodies."""
    server: Flask = app.server
    rate = settings.rate_per_minute
    named = {QUESTION: rate, POLL: rate * POLLS, SIGN_IN: SIGN_INS_PER_MINUTE}
    trusted = settings.trusted_proxies > 0
    Limiter(
        lambda: clients.client(request),
        app=server,
        storage_uri=f"{WorkerMemory.STORAGE_SCHEME[0]}://",
        strategy="fixed-window",
        application_limits=[
            ApplicationLimit(f"{most}/minute", scope=kind, exempt_when=_not_of(kind, app, trusted=trusted))
            for kind, most in named.items()
            if most
        ],
    )

    @server.errorhandler(RateLimitExceeded)
    def too_often(error: RateLimitExceeded) -> tuple[Response, int]:
        from app.http import refusal  # http.py documents the body

        limiter = next(iter(current_app.extensions["limiter"]))
        now = limiter.current_limit
        seconds = max(1, math.ceil(now.window[0] - time.time())) if now else 60
        what = "Too many attempts to sign in" if g.counted == SIGN_IN else "Too many questions at once"
        response, status = refusal(f"{what} from your address: try again in {seconds} s.", 429)
        response.headers["Retry-After"] = str(seconds)
        return response, status


def _not_of(kind: str, app: Dash, *, trusted: bool) -> Callable[[], bool]:
    def exempt() -> bool:
        if "counted" not in g:
            g.counted = _counted(app, trusted=trusted)
        return bool(g.counted != kind)

    return exempt


_warned = threading.Event()


def _counted(app: Dash, *, trusted: bool) -> str:
    """What the request counts as; '' where it is free."""
    kind = _kind(app)
    if kind and kind != SIGN_IN and not trusted and clients.is_loopback(request.remote_addr or ""):
        if not _warned.is_set() and any(request.headers.get(name) for name in clients.FORWARDED):
            _warned.set()
            logger.warning(NO_COUNTS)
        return ""
    return kind


def _kind(app: Dash) -> str:
    from app.http import CALLBACKS

    if request.path == SIGN_IN_PATH:
        return SIGN_IN if request.method == "POST" else ""
    if request.path == CALLBACKS and request.method == "POST":
        return POLL if _is_poll(app) else QUESTION
    return QUESTION if request.endpoint in DATA_ENDPOINTS else ""


def _is_poll(app: Dash) -> bool:
    """Whether it asks how far something is: a watched job, or a callback that a clock alone starts. Told by
    what the callback is, not by what the request says of itself."""
    try:
        body = request.get_json(silent=True)
    except (RecursionError, ValueError):
        return False
    output = body.get("output") if isinstance(body, dict) else None
    found = app.callback_map.get(output) if isinstance(output, str) else None
    if found is None:
        return False
    if found.get("background"):
        return bool(request.args.get("cacheKey"))
    return any(entry["property"] == "n_intervals" for entry in found["inputs"])
