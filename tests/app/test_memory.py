"""A worker that holds too much gives back, and one that cannot is replaced without losing a request."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from app import memory
from data_layer.cache import ByteLruCache
from data_layer.lake import Lake
from tests.app.test_metrics import figures, got
from tests.browser.conftest import started

LIMIT = 1_000
MIB = memory.MIB


class Held:
    """A cache of so many bytes; what it lets go of is no longer used."""

    def __init__(self, held: int, other: int) -> None:
        self.held = held
        self.other = other

    def used(self, _worth_knowing: float = 0) -> int:
        return self.held + self.other

    def cache_statistics(self) -> Mapping[str, int]:
        return {"bytes": self.held}

    def shrink_cache(self, to_bytes: int) -> int:
        freed = max(self.held - to_bytes, 0)
        self.held -= freed
        return freed


class Watched:
    """A watch over such a cache with a clock of its own."""

    def __init__(self, held: Held, *, want: bool = False, youngest: float = 0) -> None:
        self.now = 0.0
        self.want = want
        self.retired = 0
        self.watch = memory.MemoryWatch(
            held,
            LIMIT,
            self.retire,
            own_bytes=held.used,
            in_want=lambda: self.want,
            clock=lambda: self.now,
            stays_seconds=10,
            youngest_seconds=youngest,
        )

    def retire(self) -> None:
        self.retired += 1

    def after(self, seconds: float) -> Watched:
        self.now += seconds
        self.watch.look()
        return self


def test_what_was_freed_goes_back_while_requests_come_and_once_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[float] = []
    monkeypatch.setattr(memory, "release", lambda: given.append(time.monotonic()))
    watched = Watched(Held(100, 100))
    memory._USED.clear()
    memory.give_back(0.2)
    time.sleep(0.5)
    assert given == [], "nothing was asked"
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        watched.watch.look()
        time.sleep(0.01)
    during = len(given)
    assert during >= 2
    time.sleep(1.5)
    assert 1 <= len(given) - during <= 2 and given[-1] > end
    last = len(given)
    time.sleep(0.5)
    assert len(given) == last, "and then no more"


def test_below_four_fifths_nothing_is_given_up() -> None:
    held = Held(500, 299)
    Watched(held).after(2)
    assert held.held == 500


def test_above_four_fifths_half_of_the_cache_goes() -> None:
    held = Held(500, 300)
    watched = Watched(held).after(2)
    assert held.held == 250
    watched.after(2)
    assert held.held == 250  # it helped


def test_where_the_machine_runs_out_half_of_the_cache_goes() -> None:
    held = Held(400, 10)
    watched = Watched(held, want=True).after(2)
    assert held.held == 200
    watched.after(2)
    assert held.held == 100


def test_above_the_limit_the_cache_goes_and_that_may_be_enough() -> None:
    held = Held(500, 600)
    watched = Watched(held)
    for _ in range(30):
        watched.after(2)
    assert held.held == 0
    assert watched.retired == 0


def test_a_worker_that_stays_above_asks_once_to_be_replaced() -> None:
    watched = Watched(Held(10, 1_200)).after(2).after(9)
    assert watched.retired == 0
    watched.after(2)
    assert watched.retired == 1
    watched.after(50)
    assert watched.retired == 1


def test_a_large_answer_that_passes_is_no_reason() -> None:
    held = Held(0, 1_200)
    watched = Watched(held).after(2)
    held.other = 100
    watched.after(5)
    held.other = 1_200
    watched.after(5).after(5)
    assert watched.retired == 0


def test_a_limit_set_too_low_does_not_replace_for_ever() -> None:
    assert Watched(Held(0, 1_200), youngest=60).after(2).after(20).after(20).retired == 0


def test_it_looks_once_a_second() -> None:
    held = Held(800, 10)
    watched = Watched(held).after(2)
    assert held.held == 400
    held.held = 800
    watched.after(0.5)
    assert held.held == 800
    watched.after(0.6)
    assert held.held == 400


def test_a_forked_worker_begins_anew() -> None:
    """The parent's lock may be held at the fork."""
    held = Held(800, 10)
    watched = Watched(held).after(2)
    watched.watch._lock.acquire()
    child = os.fork()
    if child == 0:
        held.held = 800
        watched.after(2)
        os._exit(0 if held.held == 400 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_shrinking_keeps_what_was_asked_for_last() -> None:
    cache = ByteLruCache(100)
    for name in "abcd":
        cache.set(name, bytes(20))
    cache.get("a")
    assert cache.shrink(45) == 40
    assert [name for name in "abcd" if cache.has(name)] == ["a", "d"]
    assert cache.bytes == 40
    assert cache.shrink(0) == 40
    assert (len(cache), cache.bytes, cache.evictions) == (0, 0, 4)


def test_own_memory_against_the_kernels_sum() -> None:
    """200 MB more are 200 MB more; pages that a fork shares are counted once, not twice."""
    code = """
import os, sys
from app import memory
before = memory.own_memory()
kept = os.urandom(1 << 20) * 200
print((memory.own_memory() - before) >> 20)
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, str(memory.own_memory() >> 20).encode())
    os._exit(0)
os.wait()
print(os.read(read, 99).decode(), memory.own_memory() >> 20)
rollup = dict(line.split(":", 1) for line in open("/proc/self/smaps_rollup").read().splitlines()[1:])
print(int(rollup["Pss_Anon"].split()[0]) >> 10)
"""
    made = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    added, child, after, kernel = map(int, re.split(r"\s+", made.stdout.strip()))
    assert added == pytest.approx(200, abs=10)
    assert child < 0.75 * after
    assert after == pytest.approx(kernel, abs=5)


@pytest.mark.parametrize(
    ("limit", "current", "inactive", "want"),
    [("max", 10**12, 0, False), ("1000", 960, 0, True), ("1000", 960, 100, False), ("1000", 940, 0, False)],
)
def test_a_containers_limit(tmp_path: Path, limit: str, current: int, inactive: int, want: bool) -> None:
    group = tmp_path / "fs" / "system.slice" / "nemdesk.service"
    group.mkdir(parents=True)
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text(f"{current}\n")
    (group / "memory.stat").write_text(f"anon 5\ninactive_file {inactive}\n")
    own = tmp_path / "cgroup"
    own.write_text("1:name=systemd:/\n0::/system.slice/nemdesk.service\n")
    assert memory.container_in_want(tmp_path / "fs", own) is want
    assert memory.container_in_want(tmp_path / "none", own) is False


def test_no_worker_of_gunicorns_no_signal() -> None:
    memory.replace_me()  # would end the test run


def test_a_worker_too_large_is_replaced_and_no_request_is_lost(demo_lake: Lake, tmp_path: Path) -> None:
    variables = {"NEMDESK_WORKER_MEMORY_MB": "400", "NEMDESK_LOG_FORMAT": "json"}
    with started(demo_lake, tmp_path, "tests.app.memory_hog:server", variables) as (url, _):
        host = url.removeprefix("http://")
        statuses: list[int] = []
        stop = threading.Event()

        def visit(path: str) -> None:
            """New connections, and one kept alive, as a proxy keeps them."""
            while not stop.is_set():
                line = http.client.HTTPConnection(host, timeout=20)
                for _ in range(3):
                    line.request("GET", path)
                    answer = line.getresponse()
                    answer.read()
                    statuses.append(answer.status)
                    if answer.getheader("Connection") == "close":
                        break
                line.close()

        visitors = [threading.Thread(target=visit, args=(path,)) for path in ("/slow", "/slow", "/healthz")]
        for visitor in visitors:
            visitor.start()
        hog = int(got(f"{url}/hog/450"))
        end = time.monotonic() + 60
        while Path(f"/proc/{hog}").exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert not Path(f"/proc/{hog}").exists(), (tmp_path / "log").read_text()[-3000:]
        time.sleep(2)
        stop.set()
        for visitor in visitors:
            visitor.join()
        assert set(statuses) == {200}
        found = figures(got(f"{url}/metrics"))
        assert found[("nemdesk_memory_pressure_total", "action=cleared")] >= 1
        assert found[("nemdesk_memory_pressure_total", "action=replaced")] == 1
        log = (tmp_path / "log").read_text()
        assert "asks to be replaced" in log
        assert "SIGKILL" not in log
        assert got(f"{url}/today")
