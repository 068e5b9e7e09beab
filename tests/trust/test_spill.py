"""Short run of spill.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_layer.lake import Lake
from tests.trust import spill
from tests.trust.ingest_disk import can_mount


def test_a_question_that_fills_the_disk_says_what_to_do(demo_lake: Lake, tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("needs a disk of its own, which only root may mount")
    went = spill.by_panel(demo_lake, tmp_path, 1) + spill.in_pieces(tmp_path / "pieces", 1)
    assert spill.is_right(went), went
