"""A short run of long_work.py; jobs and runners are killed in tests/app/test_jobs.py."""

from __future__ import annotations

from data_layer.lake import Lake
from tests.trust import long_work


def test_children_of_a_process_that_was_at_work_scan_the_lake_and_end(demo_lake: Lake) -> None:
    seconds = long_work.scans_by_children(demo_lake, 3, 60)
    assert None not in seconds, "it hangs, or found other rows"
