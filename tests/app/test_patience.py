"""When an answer is no longer made, by a clock of the test's own."""

from __future__ import annotations

import time

import pytest

from app.jobs.patience import ABANDONED_SECONDS, LEFT_SECONDS, Patience
from app.jobs.table import Record


class Waited:
    """A job of two visitors, and the runner's seconds."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.patience = Patience(lambda: self.seconds)
        order = {"name": "x", "query": {}, "form": ""}
        self.record = Record("j", "answer", "w", order, "t", "/x", time.time())
        self.asked = {"a": time.time(), "b": time.time()}

    def over(self, after: float = 0.0) -> bool:
        self.seconds += after
        return self.patience.over(self.record, self.asked)


@pytest.fixture
def job() -> Waited:
    made = Waited()
    assert not made.over()
    return made


def test_nobody_asks(job: Waited) -> None:
    assert not job.over(ABANDONED_SECONDS)
    assert job.over(1)


def test_one_asks(job: Waited) -> None:
    assert not job.over(ABANDONED_SECONDS - 1)
    job.asked["b"] += ABANDONED_SECONDS
    assert not job.over(2)
    assert job.over(ABANDONED_SECONDS + 1)


def test_nobody_ever_waited_or_asked(job: Waited) -> None:
    job.asked = {}
    assert not job.over() and not job.over(LEFT_SECONDS + 1)
    assert job.over(ABANDONED_SECONDS)


def test_all_have_left(job: Waited) -> None:
    job.record.left = {"a": time.time(), "b": time.time()}
    assert not job.over(10), "seen only now"
    assert not job.over(LEFT_SECONDS)
    assert job.over(0.1)


def test_one_has_left_and_one_waits(job: Waited) -> None:
    job.record.left = {"a": time.time()}
    assert not job.over() and not job.over(LEFT_SECONDS + 1)
    job.asked = {"a": 1.0}
    assert job.over(LEFT_SECONDS + 1), "the other does not wait any more"


def test_who_comes_back_is_waited_for(job: Waited) -> None:
    job.record.left = {"a": time.time(), "b": time.time()}
    assert not job.over() and not job.over(LEFT_SECONDS - 1)
    del job.record.left["b"]
    assert not job.over(LEFT_SECONDS)
    job.record.left["b"] = time.time()
    assert not job.over(LEFT_SECONDS - 1) and not job.over(LEFT_SECONDS - 1)
    assert job.over(2)


@pytest.mark.parametrize("step", [3_600.0, -3_600.0, 86_400.0 * 365])
def test_a_clock_that_jumps_ends_nothing(job: Waited, step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slept: its clock is hours on, and nobody could ask meanwhile."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + step)
    job.record.left = {"a": now}
    assert not job.over(1)
    job.asked["b"] = now + step
    assert not job.over(1)
    job.record.left = {"a": now, "b": now + step}
    assert not job.over(1) and job.over(LEFT_SECONDS + 1)


def test_what_ended_is_forgotten(job: Waited) -> None:
    job.over(ABANDONED_SECONDS)
    job.patience.forget(job.record)
    assert not job.over(ABANDONED_SECONDS)
