"""What Prometheus reads at /metrics, of all processes of the service together.

Counts are kept in files below cache_dir/metrics, one set for each process (prometheus_client's
multiprocess mode; app/metric_files.py), so that whichever worker answers tells of all. What can be looked
up is looked up when it is asked for: app/facts.py. Labels come from fixed sets, never from a client.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response, g, request
from prometheus_client import Counter, Gauge, Histogram

from app.http import NOBODYS
from data_layer import errors
from data_layer.answers import Observation

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

KINDS: Final[Mapping[type[errors.DataLayerError], str]] = {
    errors.QueryTimeout: "timeout",
    errors.ServerBusy: "busy",
    errors.ResultTooLarge: "too_large",
    errors.LakeDamaged: "damaged",
    errors.LakeMissing: "missing",
    errors.QueryCancelled: "stopped",
    errors.RequestError: "refused",
}
"""Class of an error -> its label; anything else is 'other'."""

_ROUTES: Final = (
    ("/_dash-update-component", "callback"),
    ("/_dash-component-suites/", "script"),
    ("/_dash-", "layout"),
    ("/_", "other"),
    ("/assets/", "asset"),
    ("/exports/", "export"),
    ("/healthz", "probe"),
    ("/readyz", "probe"),
    ("/metrics", "probe"),
)

_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")

QUERY_SECONDS: Final = Histogram(
    "nemdesk_query_seconds",
    "Seconds from a question to its answer, by view, engine and whether it came from the cache.",
    ("view", "engine", "cached"),
    buckets=SECONDS,
)
ROWS_READ: Final = Counter(
    "nemdesk_query_rows_read_total", "Rows of the lake read for answers.", ("view", "engine")
)
QUERY_ERRORS: Final = Counter(
    "nemdesk_query_errors_total", "Questions without an answer, by kind of error.", ("view", "kind")
)
REQUEST_SECONDS: Final = Histogram(
    "nemdesk_http_request_seconds",
    "Seconds to the first byte of a response, by kind of route, method and class of status.",
    ("route", "method", "status"),
    buckets=SECONDS,
)
CACHE_COUNTS: Final = {
    "hits": Counter("nemdesk_cache_hits_total", "Answers that the cache had."),
    "misses": Counter("nemdesk_cache_misses_total", "Answers that had to be computed."),
    "waits": Counter(
        "nemdesk_cache_waits_total", "Answers computed once for several who asked at the same moment."
    ),
    "evictions": Counter("nemdesk_cache_evictions_total", "Answers let go of for want of room."),
}
CACHE_BYTES: Final = Gauge(
    "nemdesk_cache_bytes", "Bytes of answers held by all processes.", multiprocess_mode="livesum"
)
CACHE_LIMIT: Final = Gauge(
    "nemdesk_cache_limit_bytes", "Bytes that all processes may hold.", multiprocess_mode="livesum"
)
PANELS_REPEATED: Final = Counter(
    "nemdesk_panels_repeated_total", "Panels that were sent again as they were sent before."
)
MEMORY_PRESSURE: Final = Counter(
    "nemdesk_memory_pressure_total",
    "Times a process gave memory back, by what it did: halved or cleared its cache, asked to be replaced.",
    ("action",),
)
TURNED_AWAY: Final = Counter(
    "nemdesk_turned_away_total",
    "Questions that heard 'busy' before they were tried: the line was full, or they waited too long.",
    ("why",),
)

_WRITES: Final = threading.RLock()
"""Held by whoever counts, and at every fork: a child must not find prometheus_client's own locks taken by a
thread that it has not got."""
os.register_at_fork(before=_WRITES.acquire, after_in_parent=_WRITES.release, after_in_child=_WRITES.release)


def route_kind(path: str, endpoint: str | None) -> str:
    """One of a dozen names for what was asked, whatever the client wrote."""
    for start, kind in _ROUTES:
        if path.startswith(start):
            return kind
    if endpoint in ("rows_of_request", "rows_of_view"):
        return "data"
    return "page" if request.method in ("GET", "HEAD") else "other"


def observe(observation: Observation) -> None:
    """Count one question; an Observer of the manager."""
    view, engine = observation.request.name, observation.engine
    cached = observation.provenance is not None and observation.provenance.cached
    with _WRITES:
        if observation.error is not None:
            QUERY_ERRORS.labels(view, _kind(observation.error)).inc()
            return
        QUERY_SECONDS.labels(view, engine, "yes" if cached else "no").observe(observation.seconds)
        if observation.provenance is not None and not cached:
            ROWS_READ.labels(view, engine).inc(observation.provenance.rows_scanned)


def gave_memory(action: str) -> None:
    """Count that this process gave memory back; ``action``: halved, cleared, replaced."""
    with _WRITES:
        MEMORY_PRESSURE.labels(action).inc()


def repeated_panel() -> None:
    """Count a panel that was sent as before, without a question."""
    with _WRITES:
        PANELS_REPEATED.inc()


def turned_away(why: str) -> None:
    """Count a question that heard 'busy' in line; ``why``: full, waited."""
    with _WRITES:
        TURNED_AWAY.labels(why).inc()


def _kind(error: errors.DataLayerError) -> str:
    return next((label for kind, label in KINDS.items() if isinstance(error, kind)), "other")


class CacheAccount:
    """Carries the counts of this process's cache into its metric files."""

    def __init__(self, statistics: Callable[[], Mapping[str, Any]]) -> None:
        self._statistics = statistics
        self._carried = dict.fromkeys(CACHE_COUNTS, 0)

    def carry(self) -> None:
        """Add what happened since the last time."""
        now = self._statistics()
        with _WRITES:
            for name, counter in CACHE_COUNTS.items():
                count = int(now.get(name, 0))
                if count > self._carried[name]:
                    counter.inc(count - self._carried[name])
                    self._carried[name] = count
            CACHE_BYTES.set(now.get("bytes", 0))
            CACHE_LIMIT.set(now.get("limit_bytes", 0))


def watch_requests(server: Flask, cache: CacheAccount) -> None:
    """Count every response. Call before whatever may refuse a request, so that refusals count."""

    @server.after_request
    def count(response: Response) -> Response:
        if request.environ.get(NOBODYS):
            return response
        method = request.method if request.method in _METHODS else "other"
        kind = route_kind(request.path, request.endpoint)
        started = g.get("started")
        seconds = 0.0 if started is None else time.perf_counter() - started
        with _WRITES:
            REQUEST_SECONDS.labels(kind, method, f"{response.status_code // 100}xx").observe(seconds)
        cache.carry()
        return response
