"""How long a job's process takes to its first answer, by the way it is started: run by bench_jobs.

In a process like the job runner: the application imported, no thread of ours, no database.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROUNDS = 12


def private_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def child(lake: str, pipe: Any) -> None:
    """Open a database and answer something, then say how much memory is this process's own."""
    from data_layer.query_manager import open_manager

    manager = open_manager(lake)
    assert manager.lake_state().first
    manager.engine.query("SELECT 1 AS n", {})
    pipe.send(private_mb())


def forked(lake: str) -> float:
    """As app/jobs/runner.py does it."""
    ours, theirs = multiprocessing.Pipe()
    pid = os.fork()
    if pid == 0:
        child(lake, theirs)
        os._exit(0)
    found = ours.recv()
    os.waitpid(pid, 0)
    return float(found)


def by(method: str, lake: str) -> float:
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(lake, theirs))
    process.start()
    found = ours.recv()
    process.join()
    return float(found)


def main(lake: str) -> None:
    multiprocessing.set_forkserver_preload(["app", "data_layer.query_manager"])
    import app

    assert app
    ways = {
        "fork": lambda: forked(lake),
        "forkserver": lambda: by("forkserver", lake),
        "spawn": lambda: by("spawn", lake),
    }
    found: dict[str, Any] = {}
    for name, way in ways.items():
        seconds, memory = [], []
        for _ in range(ROUNDS if name != "spawn" else 4):
            began = time.perf_counter()
            memory.append(way())
            seconds.append(time.perf_counter() - began)
        found[name] = {
            "first": seconds[0],
            "median": statistics.median(seconds[1:]),
            "private": statistics.median(memory),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
