"""Both engines over the demonstration."""

from __future__ import annotations

import pytest

from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager


@pytest.fixture(scope="module")
def engines(demo_lake: Lake) -> tuple[HybridQueryManager, HybridQueryManager]:
    return open_manager(demo_lake.root), open_manager(demo_lake.root, backend="pandas")
