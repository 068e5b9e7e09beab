"""What the service shows to whoever runs it: health, metrics, slow queries, its use of memory."""

from __future__ import annotations

import psutil  # type: ignore[import-untyped]
from flask import Flask

from app import health, memory, metrics, metrics_page
from app.health import Alive
from app.kept_panels import KeptPanels
from app.metrics_page import JobFacts, Processes
from app.settings import Settings
from app.slow_queries import slow_queries
from data_layer.query_manager import HybridQueryManager


def install(
    server: Flask,
    settings: Settings,
    manager: HybridQueryManager,
    *,
    panels: KeptPanels,
    jobs: JobFacts | None = None,
    runner_alive: Alive | None = None,
    processes: Processes | None = None,
) -> None:
    """Everything of it, onto a server. ``panels``: what this process sends again; ``jobs``:
    callbacks.work.Centre.facts; ``runner_alive``: whether jobs are worked on; ``processes``: the service's
    processes now. What is not given is not shown."""
    held = memory.Caches(manager, panels)
    manager.observers += [metrics.observe, slow_queries(settings.slow_query_seconds)]
    metrics.watch_requests(server, metrics.CacheAccount(held.cache_statistics))
    limit = settings.worker_memory_mb
    if manager.backend.name != "duckdb" or settings.hybrid_share < 1:
        # Frames of the whole history are no leak: a worker that holds them is not to be replaced for it.
        limit += settings.pandas_memory_mb or psutil.virtual_memory().total // memory.MIB
    memory.install(server, memory.MemoryWatch(held, limit * memory.MIB))
    health.register(server, settings, manager, runner_alive)
    metrics_page.register(
        server,
        manager.lake_state,
        public=settings.metrics_public,
        jobs=jobs,
        processes=processes,
        unmapped=manager.unmapped_units,
    )
