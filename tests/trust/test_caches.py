"""Short run of caches.py."""

from __future__ import annotations

import pickle
from pathlib import Path

from data_layer.lake import Lake
from tests.trust import caches


def test_faults_of_the_cache_folder_cost_no_page_and_no_number(demo_lake: Lake, tmp_path: Path) -> None:
    found = caches.run(demo_lake, tmp_path, ("jobs", "queries"))
    assert {name: went for name, went in found.items() if not caches.is_right(went)} == {}


def test_the_canary_would_sing(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(caches.Canary(tmp_path / "sang")))
    assert (tmp_path / "sang").exists()
