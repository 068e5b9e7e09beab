"""What was asked before: answers by (request, lake version), bounded in bytes and in age.

flask-caching is the front (a person may point it at another backend); its counterpart here is an LRU
by bytes, which none of flask-caching's own backends offers. Equal questions at the same moment are
computed once: the others wait for the first.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
from cachelib.base import BaseCache
from flask import Flask
from flask_caching import Cache

from data_layer.cancelling import LOOK_SECONDS, UNWANTED, Wanted
from data_layer.errors import QueryCancelled

DEFAULT_BYTES: Final = 100 * 1024 * 1024
DEFAULT_TTL_SECONDS: Final = 300.0

SWEEP_SECONDS: Final = 10.0
"""How long what is too old may still take room."""

COMPRESSED_BYTES: Final = 2**20
"""Larger tables lie as they are: unpacking them would take longer than a repeated question may."""

_CODEC: Final = "lz4"


class ByteLruCache(BaseCache):
    """A cachelib backend that keeps at most ``limit_bytes`` of values, least recently used out first.

    Values are Arrow tables (immutable) or bytes, so what is handed out cannot be changed by a caller.
    Tables lie here as Arrow stream bytes, since DuckDB reserves room for 2,048 rows in every column that it
    hands over: a table of twenty rows that counted 2 KB held 55. The small ones, which are most, are also
    compressed, to about a third. A value over the limit is not kept. Thread-safe.
    """

    def __init__(
        self, limit_bytes: int = DEFAULT_BYTES, default_timeout: float = DEFAULT_TTL_SECONDS
    ) -> None:
        # Whole seconds; below one second would read as 0, which cachelib takes for "never expires".
        super().__init__(default_timeout=max(int(default_timeout), 1))
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self.evictions = 0
        self._entries: OrderedDict[str, tuple[Any, int, float]] = OrderedDict()
        self._swept = time.monotonic()
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        return _unpacked(self._held(key))

    def _held(self, key: str) -> Any:
        """The value as it lies here, or None; the most recently used from now on."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            value, size, expires = entry
            if expires and expires < time.monotonic():
                del self._entries[key]
                self.bytes -= size
                return None
            self._entries.move_to_end(key)
            return value

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        value = _packed(value)
        size = size_of(value)
        if size > self.limit_bytes:
            return False
        lifetime = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        lifetime = self.default_timeout if lifetime is None else lifetime
        now = time.monotonic()
        expires = now + lifetime if lifetime else 0.0
        with self._lock:
            if now >= self._swept + SWEEP_SECONDS:
                self._sweep(now)
            old = self._entries.pop(key, None)
            if old is not None:
                self.bytes -= old[1]
            self._entries[key] = (value, size, expires)
            self.bytes += size
            self._evict(self.limit_bytes)
        return True

    def shrink(self, to_bytes: int) -> int:
        """Keep at most ``to_bytes`` of what is held now, most recently used first; the bytes let go."""
        with self._lock:
            before = self.bytes
            self._evict(max(to_bytes, 0))
            return before - self.bytes

    def _sweep(self, now: float) -> None:
        """Let go of what is too old: nobody may ask for it again, and room for it would be taken until the
        cache is full."""
        self._swept = now
        for key in [key for key, (_, _, expires) in self._entries.items() if expires and expires < now]:
            self.bytes -= self._entries.pop(key)[1]

    def _evict(self, to_bytes: int) -> None:
        while self.bytes > to_bytes:
            _, (_, freed, _) = self._entries.popitem(last=False)
            self.bytes -= freed
            self.evictions += 1

    def delete(self, key: str) -> bool:
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:
                self.bytes -= entry[1]
            return entry is not None

    def has(self, key: str) -> bool:
        return self.get(key) is not None

    def clear(self) -> bool:
        with self._lock:
            self._entries.clear()
            self.bytes = 0
        return True

    def __len__(self) -> int:
        return len(self._entries)

    def forget_parent(self) -> None:
        """Called in a child process: a thread of the parent may have held the lock, half-way through."""
        self._lock = threading.Lock()
        self._entries = OrderedDict()
        self.bytes = 0


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table as an Arrow stream; ``unpacked``: bytes of the stream where it lies compressed, else 0."""

    stream: bytes
    unpacked: int


def _packed(value: Any) -> Any:
    if isinstance(value, pa.Table):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_table(value)
        stream = sink.getvalue()
        if stream.size > COMPRESSED_BYTES:
            return _Rows(stream.to_pybytes(), 0)
        return _Rows(pa.compress(stream, codec=_CODEC, asbytes=True), stream.size)
    return tuple(_packed(item) for item in value) if type(value) is tuple else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, _Rows):
        stream = value.stream
        if value.unpacked:
            stream = pa.decompress(stream, decompressed_size=value.unpacked, codec=_CODEC)
        with pa.ipc.open_stream(stream) as reader:
            return reader.read_all()
    return tuple(_unpacked(item) for item in value) if type(value) is tuple else value


def size_of(value: Any) -> int:
    """Bytes a value holds in the cache."""
    if isinstance(value, tuple):
        return sum(size_of(item) for item in value)
    if isinstance(value, _Rows):
        value = value.stream
    return len(value) if isinstance(value, bytes) else 256


def byte_lru(app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> ByteLruCache:
    """Factory in the form flask-caching imports: CACHE_TYPE = 'data_layer.cache.byte_lru'."""
    return ByteLruCache(config["CACHE_LIMIT_BYTES"], config["CACHE_DEFAULT_TIMEOUT"])


@dataclass
class CacheCounts:
    hits: int = 0
    misses: int = 0
    waits: int = 0
    """Questions answered by somebody else's computation of the same thing."""


class AnswerCache:
    """flask-caching with single flight. Works without a running Flask application."""

    def __init__(
        self,
        limit_bytes: int = DEFAULT_BYTES,
        ttl_seconds: float = DEFAULT_TTL_SECONDS,
        options: dict[str, Any] | None = None,
    ) -> None:
        config = {
            "CACHE_TYPE": "data_layer.cache.byte_lru",
            "CACHE_DEFAULT_TIMEOUT": max(int(ttl_seconds), 1),
            "CACHE_LIMIT_BYTES": limit_bytes,
            **(options or {}),
        }
        application = Flask("nemdesk-cache")
        self._front = Cache(application, config=config)
        self._backend: BaseCache = application.extensions["cache"][self._front]
        self.counts = CacheCounts()
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()
        _CACHES.add(self)

    def get(self, key: str) -> Any:
        """The value, or None. Counts a hit; a broken backend is a miss, never an error."""
        try:
            value = self._backend.get(key)
        except Exception:  # a cache that fails makes us slower, never wrong
            value = None
        if value is not None:
            self.counts.hits += 1
        return value

    def has(self, key: str) -> bool:
        """Whether ``get`` would find it; counts nothing."""
        try:
            return bool(self._backend.has(key))
        except Exception:
            return False

    def get_or_compute(
        self, key: str, compute: Callable[[], Any], wanted: Wanted | None = None
    ) -> tuple[Any, bool]:
        """(value, whether it came from the cache). One computation per key at a time in this process.

        ``wanted`` is true while whoever asks is there. While one computes, his is so too as long as any of
        those is there who asked the same meanwhile: ``compute`` may stop once it is not (QueryCancelled)."""
        wanted = wanted or Wanted()
        while True:
            value = self.get(key)
            if value is not None:
                return value, True
            with self._lock:
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = _Flight(wanted)
                    break
            self.counts.waits += 1
            # Somebody who stops his own question does not stop it for those who asked the same.
            with suppress(QueryCancelled), flight.joined(wanted):
                return flight.wait(wanted), True
            if not wanted():
                raise QueryCancelled(UNWANTED)
        try:
            # The one before us may have landed between our look into the cache and our turn.
            value = self.get(key)
            cached = value is not None
            if not cached:
                self.counts.misses += 1
                value = compute()
                self._keep(key, value)
            mine.land(value)
            return value, cached
        except BaseException as error:
            mine.fail(error)
            raise
        finally:
            with self._lock:
                self._flights.pop(key, None)

    def _keep(self, key: str, value: Any) -> None:
        try:
            self._backend.set(key, value)
        except Exception:
            with suppress(Exception):
                self._backend.delete(key)

    def forget_parent(self) -> None:
        """Called in a child process: the threads that hold the lock or compute do not exist there, so
        waiting for them would be for ever."""
        self._lock = threading.Lock()
        self._flights = {}
        if isinstance(self._backend, ByteLruCache):
            self._backend.forget_parent()

    def clear(self) -> None:
        self._backend.clear()

    def shrink(self, to_bytes: int) -> int:
        """``ByteLruCache.shrink``; another backend holds nothing in this process and lets go of nothing."""
        return self._backend.shrink(to_bytes) if isinstance(self._backend, ByteLruCache) else 0

    def statistics(self) -> dict[str, int]:
        facts = {"hits": self.counts.hits, "misses": self.counts.misses, "waits": self.counts.waits}
        if isinstance(self._backend, ByteLruCache):
            facts |= {
                "entries": len(self._backend),
                "bytes": self._backend.bytes,
                "limit_bytes": self._backend.limit_bytes,
                "evictions": self._backend.evictions,
            }
        return facts


class _Flight:
    """One computation under way and those who wait for it."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._done = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None

    def land(self, value: Any) -> None:
        self._value = value
        self._done.set()

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._done.set()

    @contextmanager
    def joined(self, wanted: Wanted) -> Iterator[None]:
        """Another waits for it."""
        self._wanted.join(wanted)
        try:
            yield
        finally:
            self._wanted.leave(wanted)

    def wait(self, wanted: Wanted) -> Any:
        """Its value, or its error; QueryCancelled where he who waits has gone."""
        while not self._done.wait(LOOK_SECONDS):
            if not wanted():
                raise QueryCancelled(UNWANTED)
        if self._error is not None:
            raise self._error
        return self._value


_CACHES: Final[weakref.WeakSet[AnswerCache]] = weakref.WeakSet()


def _forget_parents() -> None:
    for cache in list(_CACHES):
        cache.forget_parent()


os.register_at_fork(after_in_child=_forget_parents)
