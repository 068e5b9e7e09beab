"""What gunicorn calls at the turns of its processes' lives; gunicorn.conf.py names them."""

from __future__ import annotations

import atexit
import gc
import socket
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app import logs, metric_files
from app.settings import Settings
from app.whole_requests import SILENT_SECONDS


def begin(settings: Settings) -> None:
    """Before the application is imported, in gunicorn's master."""
    logs.configure(settings)
    metric_files.begin(settings.prepared_cache_dir() / "metrics")


def _lose_patience(listener: Any) -> None:
    """A client that begins a request and says no more would hold a thread for ever: gunicorn reads without a
    limit. Connections inherit this one from their listener (Linux)."""
    limit = struct.pack("ll", SILENT_SECONDS, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


def when_ready(server: Any) -> None:
    """In the master, before the workers: limit slow clients, and start the job runner, whose end is then the
    master's and not a worker's. Where the application is wrapped in another one, the first job starts it."""
    for listener in server.LISTENERS:
        _lose_patience(listener.sock)
    _keep_shared()
    centre = _centre(server.app)
    if centre is not None:
        centre.runner.start()


def _keep_shared() -> None:
    """What is loaded by now stays for good: the collector need not look at it again. Its marks would make
    each process a copy of nearly all of it. A process that ends gives it back to the collector, or libraries
    that count their objects report them as lost."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


def _centre(application: Any) -> Any:
    """The job centre of the application that gunicorn serves; None where that is wrapped in another one."""
    return getattr(application.wsgi(), "extensions", {}).get("nemdesk-jobs")


def post_worker_init(worker: Any) -> None:
    """In a worker, before it serves."""
    from app import memory

    memory.under_gunicorn = True
    memory.share_arenas()
    memory.give_back()
    # A thread that computes lets the others in after a millisecond instead of five: under load /healthz and
    # the polls answer a quarter sooner, and nothing else becomes slower (benchmarks/bench_crowd.py).
    sys.setswitchinterval(0.001)
    pool = getattr(worker, "tpool", None)  # of gthread, which gunicorn.conf.py names
    if pool is not None:
        start_threads(pool, worker.cfg.threads)
    centre = _centre(worker.app)
    if centre is not None:
        # Not a daemon: the interpreter's end would tear one out of the database's code, which aborts.
        threading.Thread(target=centre.manager.warm, name="warm").start()


def start_threads(pool: ThreadPoolExecutor, count: int) -> None:
    """Start all ``count`` threads of a new pool. By itself it starts one whenever none is idle, so a worker
    would grow, with each thread's stack, at every crowd larger than those before: what it needs shows at
    once instead."""
    together = threading.Barrier(count + 1)
    for _ in range(count):
        pool.submit(together.wait)
    together.wait()


def child_exit(server: Any, worker: Any) -> None:
    """In the master, after a worker ended."""
    metric_files.ended(worker.pid)
