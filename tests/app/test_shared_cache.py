"""One connection for all threads of a process: nothing is lost, nothing is mixed, a child has its own."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from diskcache import Cache, JSONDisk, Timeout

from app.shared_cache import SharedCache


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """``work(k)`` in ``count`` threads at once; raises what one of them raised."""
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failed:
        raise failed[0]


def count_up(cache: Cache, times: int) -> None:
    for _ in range(times):
        with cache.transact():
            cache.set("n", cache.get("n", 0) + 1)


def files_open_of(folder: Path) -> int:
    links = [os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()]
    return sum(link.startswith(str(folder)) for link in links)


def test_threads_share_one_connection(tmp_path: Path) -> None:
    cache = SharedCache(tmp_path)
    cache.set("a", 1)
    before = files_open_of(tmp_path)
    assert before > 0
    barrier = threading.Barrier(8)
    seen: list[int] = []

    def work(number: int) -> None:
        cache.set(f"of {number}", number)
        assert cache.get(f"of {number}") == number
        barrier.wait(30)
        seen.append(files_open_of(tmp_path))
        barrier.wait(30)

    in_threads(8, work)
    assert seen == [before] * 8
    assert [cache.get(f"of {number}") for number in range(8)] == list(range(8))


def test_a_transaction_is_of_one_thread(tmp_path: Path) -> None:
    cache = SharedCache(tmp_path)
    in_threads(6, lambda _: count_up(cache, 40))
    assert cache.get("n") == 240


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    cache = SharedCache(tmp_path)

    def fail() -> None:
        with cache.transact():
            cache.set("a", 1)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert cache.get("a") is None
    count_up(cache, 1)
    assert Cache(str(tmp_path)).get("n") == 1


def test_children_of_a_process_with_busy_threads_count_with_it(tmp_path: Path) -> None:
    cache = SharedCache(tmp_path)
    children: list[int] = []

    def work(number: int) -> None:
        count_up(cache, 20)
        child = os.fork()
        if child == 0:
            try:
                count_up(cache, 10)
            except BaseException:
                os._exit(1)
            os._exit(0)
        children.append(child)
        count_up(cache, 20)

    in_threads(4, work)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert cache.get("n") == 4 * 50


def test_a_fork_inherits_no_open_database(tmp_path: Path) -> None:
    """SQLite in the child would take its parent's locks for its own."""
    cache = SharedCache(tmp_path)
    cache.set("a", 1)
    assert files_open_of(tmp_path) > 0
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if files_open_of(tmp_path) == 0 and cache.get("a") == 1 else 2)
        except BaseException:
            os._exit(1)
    assert files_open_of(tmp_path) == 0
    assert os.waitpid(child, 0)[1] == 0
    assert cache.get("a") == 1


def test_its_settings_come_back_with_every_connection(tmp_path: Path) -> None:
    cache = SharedCache(tmp_path, sqlite_cache_size=77, timeout=0.05)
    cache.close()
    assert cache._con.execute("PRAGMA cache_size").fetchall() == [(77,)]
    other = Cache(str(tmp_path))
    with other.transact(), pytest.raises(Timeout):
        cache.set("a", 1)
    assert cache.add("a", 1) and not cache.add("a", 2)
    assert cache.touch("a") and cache.delete("a")


def test_a_folder_that_was_deleted_is_made_again_for_everybody(tmp_path: Path) -> None:
    one, two = (SharedCache(tmp_path / "cache", disk=JSONDisk) for _ in range(2))
    one.set("a", 1)
    shutil.rmtree(tmp_path / "cache")
    assert two.get("a") is None
    with one.transact():
        one.set("b", "x" * 100_000)  # a file of its own, in a folder that is gone
    assert two.get("b") == "x" * 100_000
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("harm", [b"", bytes(range(256)) * 40], ids=["emptied", "overwritten"])
@pytest.mark.parametrize("how", ["set", "transact"])
def test_a_file_that_is_no_database_any_more_costs_what_was_in_it(
    tmp_path: Path, harm: bytes, how: str
) -> None:
    cache = SharedCache(tmp_path, sqlite_mmap_size=0)
    cache.set("a", 1)
    cache.close()
    (tmp_path / "cache.db").write_bytes(harm)
    if how == "set":
        cache.set("b", 3)
    else:
        with cache.transact():
            cache.set("b", 3)
    assert (cache.get("a"), cache.get("b"), SharedCache(tmp_path).get("b")) == (None, 3, 3)
