"""A fork beside threads that use SQLite: it waits for them, and its child can use SQLite."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import forks
from app.forks import GATE, Gate
from app.shared_cache import SharedCache


@contextmanager
def thread_inside(gate: Gate) -> Iterator[threading.Event]:
    """A thread that is inside until the event is set."""
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with gate.inside():
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=stay)
    thread.start()
    assert entered.wait(30)
    try:
        yield leave
    finally:
        leave.set()
        thread.join()


def test_a_fork_waits_for_a_thread_that_is_inside() -> None:
    with thread_inside(GATE) as leave:
        threading.Timer(0.3, leave.set).start()
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            os._exit(0)
        assert time.monotonic() - began >= 0.25
        assert os.waitpid(child, 0)[1] == 0


def test_who_is_inside_may_fork_and_go_on() -> None:
    with GATE.inside(), GATE.inside():
        child = os.fork()
        if child == 0:
            with GATE.inside():
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    with thread_inside(GATE):
        pass


def test_nobody_enters_while_a_fork_waits_and_everybody_after_it() -> None:
    gate, order = Gate(), []
    with thread_inside(gate) as leave:

        def fork() -> None:
            gate.before_fork()
            order.append("fork")
            gate.after_fork_in_parent()

        def enter() -> None:
            with gate.inside():
                order.append("enter")

        forking = threading.Thread(target=fork)
        forking.start()
        while not gate._forks:
            time.sleep(0.01)
        entering = threading.Thread(target=enter)
        entering.start()
        entering.join(0.2)
        assert entering.is_alive()
        assert order == []
        leave.set()
        forking.join(30)
        entering.join(30)
    assert order == ["fork", "enter"]


def test_a_thread_that_never_leaves_does_not_stop_a_fork_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "LONGEST_SECONDS", 0.2)
    gate = Gate()
    with thread_inside(gate):
        gate.before_fork()
        gate.after_fork_in_parent()


def test_a_child_finds_the_gate_open_whatever_its_parent_did(tmp_path: Path) -> None:
    """Threads open and write databases all the time; every child does the same, and ends."""
    over = threading.Event()
    written = [0]

    def write(number: int) -> None:
        while not over.is_set():
            with SharedCache(str(tmp_path / f"{number}-{written[0]}")) as cache, cache.transact():
                cache.set("a", "b")
                cache.get("a")
                cache.delete("a")
            written[0] += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(15):
            child = os.fork()
            if child == 0:
                with SharedCache(str(tmp_path / f"child-{number}")) as cache:
                    cache.set("a", "b")
                os._exit(0)
            ended = time.monotonic() + 20
            while os.waitpid(child, os.WNOHANG) == (0, 0):
                if time.monotonic() > ended:
                    os.kill(child, 9)
                    os.waitpid(child, 0)
                    pytest.fail("a child hangs")
                time.sleep(0.01)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert written[0] > 3
