"""What a gunicorn worker settles before it serves."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app import server_hooks
from data_layer.lake import Lake

ROOT = Path(__file__).parents[2]


def _printed(script: str, environment: dict[str, str]) -> str:
    """What a Python of its own prints."""
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def test_a_worker_has_all_its_threads_from_the_start() -> None:
    """They would come one by one, whenever none is idle: a worker's memory and files would grow with them."""
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="served") as pool:
        assert pool.submit(int).result() == 0, "one may be there before"
        server_hooks.start_threads(pool, 8)
        names = [one.name for one in threading.enumerate() if one.name.startswith("served")]
        assert len(names) == 8
        assert [future.result() for future in [pool.submit(len, "ab") for _ in range(20)]] == [2] * 20


def test_a_worker_starts_them_before_it_serves() -> None:
    """In a process of its own: it settles more than threads."""
    script = (
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "from types import SimpleNamespace\nfrom app import server_hooks\n"
        "pool = ThreadPoolExecutor(max_workers=5)\n"
        "application = SimpleNamespace(wsgi=lambda: None)\n"
        "worker = SimpleNamespace(tpool=pool, cfg=SimpleNamespace(threads=5), app=application)\n"
        "server_hooks.post_worker_init(worker)\nprint(threading.active_count())"
    )
    assert _printed(script, {}) == "7", "this one, five that serve, and the one that gives memory back"


def test_a_worker_reads_the_footers_of_its_lake_while_it_begins_to_serve() -> None:
    script = (
        "import threading\nfrom types import SimpleNamespace\nfrom app import server_hooks\n"
        "warmed = threading.Event()\n"
        "centre = SimpleNamespace(manager=SimpleNamespace(warm=warmed.set))\n"
        "served = SimpleNamespace(extensions={'nemdesk-jobs': centre})\n"
        "worker = SimpleNamespace(app=SimpleNamespace(wsgi=lambda: served))\n"
        "server_hooks.post_worker_init(worker)\nprint(warmed.wait(30))"
    )
    assert _printed(script, {}) == "True"


FORKED = """
import gc, os, sys
from pathlib import Path
from app import server_hooks
loaded = [[number] for number in range(400_000)]
if sys.argv[1] == "shared":
    server_hooks._keep_shared()
def own():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))
child = os.fork()
if not child:
    before = own()
    gc.collect()
    print(own() - before, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
"""How many KB a child copies of what its parent loaded, at its first whole collection."""


def test_what_the_master_loaded_stays_shared_when_a_worker_collects() -> None:
    def copied(how: str) -> int:
        command = [sys.executable, "-c", FORKED, how]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return int(found.stdout)

    assert copied("shared") < 3_000 < 15_000 < copied("as it is")


def test_a_worker_that_ends_at_once_ends_quietly(demo_lake: Lake) -> None:
    """While its database opens and reads: a daemon thread torn out of that aborts the process."""
    script = (
        "import sys\nfrom types import SimpleNamespace\nfrom app import server_hooks\n"
        "from data_layer.query_manager import open_manager\n"
        "centre = SimpleNamespace(manager=open_manager(sys.argv[1]))\n"
        "served = SimpleNamespace(extensions={'nemdesk-jobs': centre})\n"
        "worker = SimpleNamespace(app=SimpleNamespace(wsgi=lambda: served))\n"
        "server_hooks.post_worker_init(worker)\n"
    )
    command = [sys.executable, "-c", script, str(demo_lake.root)]
    for _ in range(3):
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")


def test_arrow_takes_its_memory_from_the_c_library(tmp_path: Path) -> None:
    """Its own allocator keeps a heap for each thread, and keeps it."""
    script = (
        "import runpy; runpy.run_path('gunicorn.conf.py')\n"
        "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    )
    assert _printed(script, {"NEMDESK_CACHE_DIR": str(tmp_path / "cache")}) == "system"
