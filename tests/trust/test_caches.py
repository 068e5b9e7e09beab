"""Short run of caches.py."""

from __future__ import annotations

import pickle
from pathlib import Path

from data_layer.lake import Lake
from tests.trust import caches


def test_faults_of_the_cache_folder_cost_no_page_and_no_number(demo_lake: Lake, tmp_path: Path) -> None:
    went = caches.run_short(demo_lake, tmp_path)
    assert caches.is_right(went), went


def test_the_canary_would_sing(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(caches.Canary(tmp_path / "sang")))
    assert (tmp_path / "sang").exists()


def test_other_numbers_would_be_seen() -> None:
    packed = {"dtype": "f8", "bdata": "AAAAAAAA8D8="}
    assert caches.alike({"y": packed, "text": "1 row · 0.1 s"}, {"y": packed, "text": "1 row · 2 s · cached"})
    assert not caches.alike(packed, {"dtype": "f8", "bdata": "AAAAAAAAAEA="})
    assert not caches.alike([["a", "1.0"]], [["a", "1.1"]])
