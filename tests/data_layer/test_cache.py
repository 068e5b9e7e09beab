"""The cache forgets by bytes and by age, computes once for many, and is never the cause of an error."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pyarrow as pa
import pytest

from data_layer import cache as caches
from data_layer.cache import AnswerCache, ByteLruCache
from data_layer.cancelling import Wanted
from data_layer.errors import QueryCancelled


class Clock:
    """Stands for the cache's view of time."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(caches, "time", stopped)
    return stopped


def test_the_least_recently_used_goes_first() -> None:
    cache = ByteLruCache(limit_bytes=30)
    for key in "abc":
        cache.set(key, b"x" * 10)
    assert cache.get("a") == b"x" * 10
    cache.set("d", b"y" * 10)
    assert [cache.has(key) for key in "abcd"] == [True, False, True, True]
    assert (cache.bytes, len(cache), cache.evictions) == (30, 3, 1)
    cache.set("e", b"z" * 25)
    assert [cache.has(key) for key in "acde"] == [False, False, False, True]
    assert cache.bytes == 25


def test_bytes_are_counted_exactly_through_every_change() -> None:
    cache = ByteLruCache(limit_bytes=100)
    cache.set("a", b"x" * 60)
    cache.set("a", b"x" * 20)
    assert cache.bytes == 20
    assert cache.delete("a")
    assert not cache.delete("a")
    assert cache.bytes == 0
    cache.set("b", b"x" * 40)
    cache.clear()
    assert (cache.bytes, len(cache)) == (0, 0)


def test_a_value_over_the_limit_is_not_kept_and_pushes_nothing_out() -> None:
    cache = ByteLruCache(limit_bytes=20)
    cache.set("small", b"x" * 20)
    assert not cache.set("big", b"x" * 21)
    assert cache.get("big") is None
    assert cache.has("small")
    answers = AnswerCache(limit_bytes=20)
    calls: list[int] = []

    def compute() -> bytes:
        calls.append(1)
        return b"x" * 21

    assert [answers.get_or_compute("k", compute) for _ in range(2)] == [(b"x" * 21, False)] * 2
    assert len(calls) == 2


def test_an_arrow_table_weighs_what_it_holds_and_comes_back_as_it_was() -> None:
    """With its types, its nulls and what its schema says of itself."""
    schema = pa.schema(
        [
            pa.field("x", pa.int64(), nullable=False),
            ("when", pa.timestamp("us")),
            ("fuel", pa.dictionary(pa.int8(), pa.string())),
        ],
        metadata={"basis": "AEST"},
    )
    fuels = ["Solar", None, *["Wind"] * 998]
    columns = [range(1_000), [datetime(2026, 1, 1), None] * 500, pa.array(fuels).dictionary_encode()]
    table = pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
    cache = ByteLruCache()
    cache.set("a", (table, ("source", 1, None)))
    assert 0 < cache.bytes < table.nbytes, "a small table lies compressed"
    found, rest = cache.get("a")
    assert rest == ("source", 1, None)
    assert found.equals(table, check_metadata=True)


def test_a_large_table_lies_as_it_is() -> None:
    table = pa.table({"x": pa.array(range(200_000), pa.int64())})
    cache = ByteLruCache()
    cache.set("a", table)
    assert table.nbytes <= cache.bytes < 1.01 * table.nbytes
    assert cache.get("a").equals(table)


def test_room_that_the_engine_reserved_is_not_kept() -> None:
    """DuckDB hands over twenty rows in room for 2,048: what is cached must not hold that room."""
    connection = duckdb.connect()
    columns = ", ".join(f"range * {n} AS c{n}" for n in range(15))
    statement = f"SELECT {columns} FROM range(20)"

    def keep(cache: ByteLruCache, many: int) -> None:
        for number in range(many):
            cache.set(str(number), connection.execute(statement).to_arrow_table())

    keep(ByteLruCache(), 200)
    cache, before = ByteLruCache(), psutil.Process().memory_info().rss
    keep(cache, 2_000)
    grown = psutil.Process().memory_info().rss - before
    assert len(cache) == 2_000
    assert grown < cache.bytes + 20 * 2**20, "its room would be 100 MB and more"
    connection.close()


def test_values_grow_old(clock: Clock) -> None:
    cache = ByteLruCache(default_timeout=300)
    cache.set("a", b"x")
    cache.set("short", b"x", timeout=10)
    cache.set("for ever", b"x", timeout=0)
    clock.now += 11
    assert [cache.has(key) for key in ("a", "short", "for ever")] == [True, False, True]
    clock.now += 290
    assert [cache.has(key) for key in ("a", "short", "for ever")] == [False, False, True]
    assert cache.bytes == 1
    hasty = ByteLruCache(default_timeout=0.5)
    hasty.set("a", b"x")
    clock.now += 2
    assert not hasty.has("a"), "half a second must not become for ever"


def test_what_grew_old_takes_no_room_though_nobody_asks_for_it(clock: Clock) -> None:
    cache = ByteLruCache(default_timeout=300)
    cache.set("a", b"xx")
    clock.now += 200
    cache.set("b", b"x")
    assert cache.get("a") is not None, "used lately: last to go for want of room"
    clock.now += 101
    cache.set("c", b"x")
    assert (cache.bytes, len(cache), cache.evictions) == (2, 2, 0)
    assert [cache.has(key) for key in "abc"] == [False, True, True]


def together(count: int, work: Callable[[], Any]) -> list[Any]:
    """What ``work`` returns or raises in each of ``count`` threads started at once."""
    barrier = threading.Barrier(count)
    outcomes: list[Any] = [None] * count

    def run(index: int) -> None:
        barrier.wait()
        try:
            outcomes[index] = work()
        except Exception as error:
            outcomes[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_equal_questions_at_once_are_computed_once() -> None:
    cache = AnswerCache()
    for round_number in range(30):
        calls: list[int] = []

        def compute(calls: list[int] = calls) -> bytes:
            calls.append(1)
            return b"answer"

        outcomes = together(8, lambda k=round_number, c=compute: cache.get_or_compute(f"k{k}", c))
        assert len(calls) == 1
        assert [value for value, _ in outcomes] == [b"answer"] * 8
        assert sum(not cached for _, cached in outcomes) == 1
    assert cache.statistics()["misses"] == 30


def test_those_who_wait_get_the_same_answer() -> None:
    cache = AnswerCache()
    entered, go_on = threading.Event(), threading.Event()

    def slow() -> bytes:
        entered.set()
        go_on.wait(30)
        return b"answer"

    outcomes: list[Any] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(cache.get_or_compute("k", slow))) for _ in range(5)
    ]
    threads[0].start()
    entered.wait(30)
    for thread in threads[1:]:
        thread.start()
    while cache.counts.waits < 4:
        pass
    # A different question does not wait for it.
    assert cache.get_or_compute("other", lambda: b"b") == (b"b", False)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [(b"answer", False)] + [(b"answer", True)] * 4


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    cache = AnswerCache()
    entered, go_on = threading.Event(), threading.Event()
    calls: list[int] = []

    def failing() -> bytes:
        calls.append(1)
        entered.set()
        go_on.wait(30)
        raise ValueError("no such luck")

    outcomes: list[Any] = []

    def ask() -> None:
        try:
            cache.get_or_compute("k", failing)
        except ValueError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    threads[0].start()
    entered.wait(30)
    for thread in threads[1:]:
        thread.start()
    while cache.counts.waits < 3:
        pass
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert outcomes == ["no such luck"] * 4
    assert len(calls) == 1
    assert cache.get_or_compute("k", lambda: b"better") == (b"better", False)


class Asker:
    """Somebody who asks one question and may leave."""

    def __init__(self, cache: AnswerCache, compute: Callable[[Wanted], bytes]) -> None:
        self.here = True
        self.outcome: Any = None
        self.wanted = Wanted(lambda: self.here)
        self.thread = threading.Thread(target=self._ask, args=(cache, compute))
        self.thread.start()

    def _ask(self, cache: AnswerCache, compute: Callable[[Wanted], bytes]) -> None:
        try:
            self.outcome = cache.get_or_compute("k", lambda: compute(self.wanted), self.wanted)
        except QueryCancelled as error:
            self.outcome = error


def test_an_answer_is_wanted_while_any_of_those_who_asked_is_there() -> None:
    cache, go_on = AnswerCache(), threading.Event()
    seen: list[bool] = []

    def compute(wanted: Wanted) -> bytes:
        begun.set()
        while not go_on.wait(0.01):
            seen.append(wanted())
        if not wanted():
            raise QueryCancelled("The query was stopped.")
        return b"answer"

    for who_leaves, outcome in (([0], b"answer"), ([1], b"answer"), ([0, 1], None)):
        begun = threading.Event()
        go_on.clear()
        first = Asker(cache, compute)
        assert begun.wait(30)
        waits = cache.counts.waits
        second = Asker(cache, compute)
        while cache.counts.waits == waits:
            pass
        both = (first, second)
        for number in who_leaves:
            both[number].here = False
        if both[1].here:
            seen.clear()
            while len(seen) < 5:
                pass
            assert all(seen)
        else:
            second.thread.join(30)
            assert isinstance(second.outcome, QueryCancelled), "who has gone waits no longer"
        go_on.set()
        for asker in both:
            asker.thread.join(30)
        if outcome:
            assert next(one.outcome[0] for one in both if one.here) == outcome
        else:
            assert isinstance(first.outcome, QueryCancelled)
        cache.clear()


def test_one_visitors_cancel_does_not_stop_the_others() -> None:
    cache = AnswerCache()
    entered, go_on = threading.Event(), threading.Event()

    def stopped() -> bytes:
        entered.set()
        go_on.wait(30)
        raise QueryCancelled("The query was stopped.")

    first: list[Any] = []

    def ask_and_stop() -> None:
        try:
            cache.get_or_compute("k", stopped)
        except QueryCancelled as error:
            first.append(error)

    second: list[Any] = []
    threads = [
        threading.Thread(target=ask_and_stop),
        threading.Thread(target=lambda: second.append(cache.get_or_compute("k", lambda: b"answer"))),
    ]
    threads[0].start()
    entered.wait(30)
    threads[1].start()
    while cache.counts.waits < 1:
        pass
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert len(first) == 1
    assert second == [(b"answer", False)]


def child_asks(cache: AnswerCache, answers: Any) -> None:
    answers.put(cache.get_or_compute("k", lambda: b"of the child"))


def test_a_forked_child_does_not_wait_for_its_parents_threads() -> None:
    """A background job is forked while a thread computes the very answer that the job wants."""
    cache = AnswerCache()
    entered, go_on = threading.Event(), threading.Event()

    def slow() -> bytes:
        entered.set()
        go_on.wait(60)
        return b"of the parent"

    thread = threading.Thread(target=lambda: cache.get_or_compute("k", slow))
    thread.start()
    entered.wait(30)
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    backend: Any = cache._backend
    with cache._lock, backend._lock:  # as a thread may hold them at the moment of the fork
        child = fork.Process(target=child_asks, args=(cache, answers))
        child.start()
    try:
        assert answers.get(timeout=30) == (b"of the child", False)
        child.join(30)
        assert child.exitcode == 0
    finally:
        go_on.set()
        thread.join()
        child.kill()
    assert cache.get("k") == b"of the parent"


class Broken(ByteLruCache):
    def get(self, key: str) -> Any:
        raise ConnectionError("the cache is gone")

    def set(self, key: str, value: Any, timeout: Any = None) -> bool:
        raise OSError("disk full")

    def delete(self, key: str) -> bool:
        raise OSError("disk full")


def test_a_broken_backend_only_makes_us_slower() -> None:
    cache = AnswerCache()
    cache._backend = Broken()
    for _ in range(2):
        assert cache.get_or_compute("k", lambda: b"answer") == (b"answer", False)


def test_another_flask_caching_backend_may_stand_in(tmp_path: Path) -> None:
    options = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": str(tmp_path / "cache")}
    table = pa.table({"x": [1, 2, 3]})
    value = (table, ("source", 1, 2))
    assert AnswerCache(options=options).get_or_compute("k", lambda: value) == (value, False)
    again, cached = AnswerCache(options=options).get_or_compute("k", lambda: None)
    assert cached
    assert again[0].equals(table)
    assert again[1] == ("source", 1, 2)
