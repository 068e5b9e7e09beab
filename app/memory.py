"""A worker watches its own memory, and gives it back before the system takes it.

Looked at when requests are served, at most once a second. Above 80 % of its limit, or where the machine (or
the container) runs out, a worker halves its cache of answers; above the limit it empties it; if it stays
there it asks to be replaced, which loses no request. Whatever it holds, a thread gives back what was freed.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import math
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa
from flask import Flask, Response

from app.logs import fields
from app.metrics import gave_memory

logger = logging.getLogger("nemdesk.memory")

LOOK_SECONDS: Final = 1.0
SHRINK_SHARE: Final = 0.8
GIVE_BACK_SECONDS: Final = 10.0
"""How often what was freed goes back to the system without want: the C library returns the end of its heap
only, and kept 25 of 250 MB in pieces under 50 analysts. It takes a few milliseconds."""

STAYS_SECONDS = 10.0
"""Above the limit for so long in spite of an empty cache: it is not one large answer that passes."""

YOUNGEST_SECONDS = 60.0
"""A worker younger than this is not replaced: a limit set too low would only replace for ever."""

SYSTEM_SHARE: Final = 0.05
"""Of the machine's memory; less available is want."""

MIB: Final = 2**20


class Cached(Protocol):
    """What of the manager can be let go of."""

    def cache_statistics(self) -> Mapping[str, int]: ...

    def shrink_cache(self, to_bytes: int) -> int: ...


class Caches:
    """Several as one: figures of one name are added up, and each lets go in proportion to what it holds."""

    def __init__(self, *caches: Cached) -> None:
        self._caches = caches

    def cache_statistics(self) -> dict[str, int]:
        total: Counter[str] = Counter()
        for one in self._caches:
            total.update(one.cache_statistics())
        return dict(total)

    def shrink_cache(self, to_bytes: int) -> int:
        held = self.cache_statistics().get("bytes", 0)
        share = min(to_bytes / held, 1.0) if held else 1.0
        return sum(
            one.shrink_cache(int(one.cache_statistics().get("bytes", 0) * share)) for one in self._caches
        )


class MemoryWatch:
    """One worker's watch. ``retire`` asks for its replacement; ``own_bytes`` and ``in_want`` are what it
    looks at, the seconds when a worker is given up are those above."""

    def __init__(
        self,
        cache: Cached,
        limit_bytes: int,
        retire: Callable[[], None] | None = None,
        *,
        own_bytes: Callable[[float], int] | None = None,
        in_want: Callable[[], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
        stays_seconds: float | None = None,
        youngest_seconds: float | None = None,
    ) -> None:
        self._cache = cache
        self._limit = limit_bytes
        self._retire = retire or replace_me
        self._own_bytes = own_bytes or own_memory
        self._in_want = in_want or machine_in_want
        self._clock = clock
        self._stays = STAYS_SECONDS if stays_seconds is None else stays_seconds
        self._youngest = YOUNGEST_SECONDS if youngest_seconds is None else youngest_seconds
        self._process = 0
        self._lock = threading.Lock()
        self._born = 0.0
        self._looked = -math.inf
        self._above_since: float | None = None
        self._retired = False

    def look(self) -> None:
        """Called with every request; looks once a second, in one thread."""
        _USED.set()
        if self._process != os.getpid():
            self._begin()
        now = self._clock()
        if now - self._looked < LOOK_SECONDS or not self._lock.acquire(blocking=False):
            return
        try:
            self._looked = now
            self._act(now)
        finally:
            self._lock.release()

    def _begin(self) -> None:
        """In a new process: a parent's thread may have held the lock at the fork."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._born = self._clock()

    def _act(self, now: float) -> None:
        used = self._own_bytes(SHRINK_SHARE * self._limit)
        if used >= self._limit:
            self._empty(used)
            used = self._own_bytes(SHRINK_SHARE * self._limit)
            if used >= self._limit:
                self._stayed(used, now)
                return
        elif used >= SHRINK_SHARE * self._limit or self._in_want():
            self._halve(used)
        self._above_since = None

    def _halve(self, used: int) -> None:
        held = self._cache.cache_statistics().get("bytes", 0)
        if not held:
            return
        freed = self._cache.shrink_cache(held // 2)
        release()
        gave_memory("halved")
        logger.info("memory is short: half of the cache let go", extra=self._figures(used, freed))

    def _empty(self, used: int) -> None:
        if self._above_since is not None and not self._cache.cache_statistics().get("bytes", 0):
            return  # said before, and there is nothing more to let go of
        freed = self._cache.shrink_cache(0)
        gc.collect()
        release()
        gave_memory("cleared")
        logger.warning(
            "memory above the limit: cache emptied (NEMDESK_WORKER_MEMORY_MB)",
            extra=self._figures(used, freed),
        )

    def _stayed(self, used: int, now: float) -> None:
        if self._above_since is None:
            self._above_since = now
        if (
            not self._retired
            and now - self._above_since >= self._stays
            and now - self._born >= self._youngest
        ):
            self._retired = True
            gave_memory("replaced")
            logger.warning(
                "memory stays above the limit: this worker asks to be replaced (NEMDESK_WORKER_MEMORY_MB)",
                extra=self._figures(used, 0),
            )
            self._retire()

    def _figures(self, used: int, freed: int) -> Any:
        return fields(used_mb=used // MIB, limit_mb=self._limit // MIB, freed_mb=round(freed / MIB, 1))


def install(server: Flask, watch: MemoryWatch) -> None:
    """Let every response be an occasion to look."""

    @server.after_request
    def look(response: Response) -> Response:
        try:
            watch.look()
        except Exception:
            logger.exception("the memory watch failed")  # it must never cost an answer
        return response


def own_memory(worth_knowing: float = 0.0) -> int:
    """Bytes that this process holds alone, and its part of what it shares.

    Exact (PSS) from ``worth_knowing`` on: that takes 2 ms for 300 MB, the estimate 0.01 ms. The estimate,
    resident without files and shared memory, also counts what a fork shares: it is never lower.
    """
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    estimate = (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")
    if estimate < worth_knowing:
        return estimate
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:")) * 1024
    return estimate


def machine_in_want() -> bool:
    """Whether the machine, or the container around this process, has nearly no memory left."""
    with suppress(OSError, ValueError, KeyError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        facts = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        if facts["MemAvailable"] < SYSTEM_SHARE * facts["MemTotal"]:
            return True
    return container_in_want(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"))


def container_in_want(mounted: Path, own: Path) -> bool:
    """The same of a cgroup (version 2) with a limit; what could be dropped of its file cache is no use."""
    with suppress(OSError, ValueError, StopIteration, KeyError):
        lines = own.read_text(encoding="ascii").splitlines()
        group = mounted / next(line[3:] for line in lines if line.startswith("0::")).lstrip("/")
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        if limit == "max":
            return False
        parts = (line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
        droppable = {name: int(value) for name, value in parts}["inactive_file"]
        used = int((group / "memory.current").read_text(encoding="ascii")) - droppable
        return used > (1 - SYSTEM_SHARE) * int(limit)
    return False


def release() -> None:
    """Hand what Arrow and the C library keep for later back to the system."""
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # a C library without it
        ctypes.CDLL(None).malloc_trim(0)


_USED: Final = threading.Event()
"""Set with every request."""


def give_back(seconds: float = GIVE_BACK_SECONDS) -> None:
    """Hand back what is no longer used while requests come, and once after the last: what a crowd needed is
    not held for the night. Works in a thread of its own, for the life of the process."""

    def go() -> None:
        while _USED.wait():
            _USED.clear()
            time.sleep(seconds)
            release()

    threading.Thread(target=go, name="give-back", daemon=True).start()


def share_arenas() -> None:
    """Let the threads of this process share two of the C library's heaps. It would make 8 for each core,
    and each keeps its own peak, which nothing gives back. Call before threads start."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


_ARENA_MAX: Final = -8
"""M_ARENA_MAX of malloc.h."""


def replace_me() -> None:
    """Gunicorn's worker takes SIGTERM so: no new connections, what is begun is answered, then it ends and
    its master starts another. Where gunicorn does not run this process, nothing happens."""
    if under_gunicorn:
        os.kill(os.getpid(), signal.SIGTERM)


under_gunicorn = False
"""Set by app/server_hooks.py in every worker."""
