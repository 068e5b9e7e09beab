"""gunicorn as it is shipped, for a crowd, and what its processes hold."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.measure import proportional_memory_mb

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Held:
    """What the master, the job runner and the workers hold together; ``workers``: their process ids."""

    pss_mb: float
    files: int
    threads: int
    workers: frozenset[int]


@dataclass(frozen=True)
class Service:
    """A running gunicorn with two workers."""

    port: int
    master: psutil.Process

    def held(self) -> Held:
        """Now. Processes of jobs, which come and go, are not counted."""
        lasting = [self.master, *self.master.children()]
        mb, files, threads = 0.0, 0, 0
        for one in lasting:
            with suppress(psutil.Error, OSError):
                mb += proportional_memory_mb(one.pid)
                files += one.num_fds()
                threads += one.num_threads()
        return Held(mb, files, threads, frozenset(one.pid for one in lasting[1:]))

    def cpu_seconds(self) -> float:
        """Spent so far by all its processes that still live."""
        spent = 0.0
        for one in [self.master, *self.master.children(recursive=True)]:
            with suppress(psutil.Error):
                times = one.cpu_times()
                spent += times.user + times.system
        return spent


@contextmanager
def service(lake: Path, **variables: str) -> Iterator[Service]:
    """Two workers over a lake, with an empty cache folder; ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="nemdesk-crowd-") as folder:
        environment = {
            **os.environ,
            "NEMDESK_PORT": str(port),
            "NEMDESK_WORKERS": "2",
            "NEMDESK_LAKE_DIR": str(lake),
            "NEMDESK_CACHE_DIR": f"{folder}/cache",
            "NEMDESK_LOG_LEVEL": "ERROR",
            **variables,
        }
        process = subprocess.Popen([sys.executable, "-m", "gunicorn"], cwd=ROOT, env=environment)
        try:
            _until_ready(port)
            yield Service(port, psutil.Process(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _until_ready(port: int) -> None:
    for _ in range(600):
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError("the service did not begin")
