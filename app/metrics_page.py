"""GET /metrics: the counts of every process, and what is looked up when it is asked for."""

from __future__ import annotations

import ipaddress
import logging
import platform
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol

from flask import Flask, Request, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

from app import metric_files
from data_layer.errors import DataLayerError
from data_layer.query_manager import LakeState

logger = logging.getLogger("nemdesk.metrics")

AEST: Final = timedelta(hours=10)

PROXY_HEADERS: Final = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-Ip",
)

NOT_FROM_HERE: Final = (
    "Metrics are served to this machine only (for whoever runs this service: NEMDESK_METRICS_PUBLIC=1)."
)

_LIVE: Final = ("waiting", "running")
_ENDED: Final = ("done", "failed", "stopped")


class ProcessFacts(Protocol):
    """What is told of one process; ``pss`` None where the system does not tell it, bytes."""

    @property
    def pid(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def pss(self) -> int | None: ...
    @property
    def rss(self) -> int: ...
    @property
    def limit(self) -> int | None: ...


JobFacts = Callable[[], Mapping[str, Any]]
"""``callbacks.work.Centre.facts``."""

Processes = Callable[[], Sequence[ProcessFacts]]


def register(
    server: Flask,
    lake: Callable[[], LakeState],
    *,
    public: bool = False,
    jobs: JobFacts | None = None,
    processes: Processes | None = None,
    unmapped: Callable[[], int] | None = None,
) -> None:
    """Add the route. ``jobs``, ``processes`` and ``unmapped`` (units that the registry does not know) are
    left out where there are none."""

    @server.get("/metrics")
    def metrics() -> Response | tuple[Response, int]:
        from app.http import refusal  # as app/download.py: http.py documents the body

        if not public and not from_this_machine(request):
            return refusal(NOT_FROM_HERE, 403)
        registry = CollectorRegistry()
        registry.register(_Collected(lambda: _all(lake, jobs, processes, unmapped)))
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def from_this_machine(asked: Request) -> bool:
    """Whether the client is on this machine and no proxy spoke for another one."""
    if any(asked.headers.get(name) for name in PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(asked.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Collected:
    """What prometheus_client registers: an object that is asked once."""

    def __init__(self, collect: Callable[[], Iterable[Any]]) -> None:
        self._collect = collect

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterable[Any]:
        return self._collect()


def _all(
    lake: Callable[[], LakeState],
    jobs: JobFacts | None,
    processes: Processes | None,
    unmapped: Callable[[], int] | None,
) -> Iterator[Any]:
    yield from metric_files.collected()
    yield _build()
    yield from _guarded("the lake", lambda: _of_lake(lake))
    if unmapped is not None:
        yield from _guarded("the units", lambda: _of_units(unmapped))
    if jobs is not None:
        yield from _guarded("the jobs", lambda: _of_jobs(jobs()))
    if processes is not None:
        yield from _guarded("the processes", lambda: _of_processes(processes()))


def _guarded(what: str, look: Callable[[], list[Any]]) -> list[Any]:
    """One part that cannot be had must not cost the others."""
    try:
        return look()
    except Exception:
        logger.exception("metrics of %s could not be had", what)
        return []


def _of_lake(lake: Callable[[], LakeState]) -> list[Any]:
    up = GaugeMetricFamily("nemdesk_lake_up", "1 where a published version can be read.")
    try:
        state = lake()
    except DataLayerError:
        up.add_metric([], 0)
        return [up]
    up.add_metric([], 1)
    now = datetime.now(UTC)
    info = InfoMetricFamily("nemdesk_lake", "The version that is served.")
    info.add_metric([], {"version": state.version, "kind": state.kind})
    published = GaugeMetricFamily(
        "nemdesk_lake_published_age_seconds", "Since the version that is served was published."
    )
    published.add_metric([], max((now - _utc(state.created)).total_seconds(), 0.0))
    found = [up, info, published]
    if state.last is not None:
        age = GaugeMetricFamily(
            "nemdesk_lake_newest_interval_age_seconds", "Since the newest interval ended."
        )
        age.add_metric([], newest_age(state.last, now))
        found.append(age)
    return found


def _of_units(unmapped: Callable[[], int]) -> list[Any]:
    units = GaugeMetricFamily(
        "nemdesk_unmapped_units", "Units with readings in the newest month that the registry does not know."
    )
    try:
        units.add_metric([], unmapped())
    except DataLayerError:  # nemdesk_lake_up tells of it
        return []
    return [units]


def newest_age(last: datetime, now: datetime | None = None) -> float:
    """Seconds since an interval that ended at ``last`` (market time); 0 where it has not ended yet."""
    return max(-ahead(last, now), 0.0)


def ahead(last: datetime, now: datetime | None = None) -> float:
    """Seconds until an interval ends at ``last`` (market time). AEMO publishes it as it begins, so that up to
    300 are nothing odd; more of them mean that this machine's clock is slow."""
    return (last - (now or datetime.now(UTC)).replace(tzinfo=None) - AEST).total_seconds()


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _of_jobs(facts: Mapping[str, Any]) -> list[Any]:
    """``facts``: 'jobs', a list of {'state', 'seconds'}; 'ended', state -> how many."""
    now = GaugeMetricFamily("nemdesk_jobs", "Jobs that wait or run.", labels=["state"])
    longest = GaugeMetricFamily(
        "nemdesk_job_longest_seconds", "Of the job that waits or runs longest, by state.", labels=["state"]
    )
    ended = CounterMetricFamily("nemdesk_jobs_ended", "Jobs that ended, by how.", labels=["state"])
    live = list(facts.get("jobs", ()))
    for state in _LIVE:
        seconds = [float(one["seconds"]) for one in live if one.get("state") == state]
        now.add_metric([state], len(seconds))
        longest.add_metric([state], max(seconds, default=0.0))
    counts = facts.get("ended", {})
    for state in _ENDED:
        ended.add_metric([state], float(counts.get(state, 0)))
    return [now, longest, ended]


def _of_processes(found: Sequence[ProcessFacts]) -> list[Any]:
    labels = ["role", "pid"]
    memory = GaugeMetricFamily(
        "nemdesk_process_memory_bytes",
        "Memory of a process: its share (PSS), or RSS where the system tells no share.",
        labels=labels,
    )
    limit = GaugeMetricFamily("nemdesk_process_memory_limit_bytes", "What it may hold.", labels=labels)
    for one in found:
        names = [one.role, str(one.pid)]
        memory.add_metric(names, one.rss if one.pss is None else one.pss)
        if one.limit is not None:
            limit.add_metric(names, one.limit)
    return [memory, limit]


def _build() -> Any:
    info = InfoMetricFamily("nemdesk_build", "What runs.")
    info.add_metric([], build())
    return info


def build() -> dict[str, str]:
    """Versions of this product and of what it stands on."""
    project = Path(__file__).parent.parent / "pyproject.toml"
    try:
        own = str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        own = "unknown"
    libraries = {name: metadata.version(name) for name in ("dash", "duckdb", "pandas", "pyarrow")}
    return {"version": own, "python": platform.python_version(), **libraries}
