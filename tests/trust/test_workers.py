"""Short runs of workers.py. Times are left to the long run: this machine may be busy."""

from __future__ import annotations

from pathlib import Path

from data_layer.lake import Lake
from tests.trust import workers


def test_killed_workers_are_replaced(demo_lake: Lake, tmp_path: Path) -> None:
    found = workers.kill_workers(demo_lake, tmp_path, 4)
    assert found.asked > 0 and found.elsewhere == 0
    # What a killed worker held in its hands is lost; what comes after is not.
    assert found.failed <= 4 * workers.CALLERS


def test_recycled_workers_lose_no_request(demo_lake: Lake, tmp_path: Path) -> None:
    found = workers.recycle(demo_lake, tmp_path, 8)
    assert found.asked > 0 and found.failed == 0
    assert found.workers > 2, "none was replaced"


def test_sigterm_lets_requests_in_flight_end(demo_lake: Lake, tmp_path: Path) -> None:
    found = workers.end_in_flight(demo_lake, tmp_path)
    assert (found.begun, found.answered_before) == (workers.HELD, 0)
    assert (found.code, found.left, found.answers) == (0, 0, [200] * workers.HELD)
