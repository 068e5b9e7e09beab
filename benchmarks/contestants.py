"""The data layer and its alternatives over the same generated data, each made when first asked for."""

from __future__ import annotations

from functools import cached_property

from benchmarks.first_dashboard import FirstDashboard
from benchmarks.floor import Floor
from benchmarks.generated_lake import BenchData
from benchmarks.polars_lazy import PolarsLazy
from benchmarks.whole_history import WholeHistory
from data_layer.query_manager import HybridQueryManager, open_manager


class Contestants:
    """Holds the contestants; two threads each, the data layer with its shipped limits."""

    def __init__(self, data: BenchData) -> None:
        self.data = data

    @cached_property
    def manager(self) -> HybridQueryManager:
        return open_manager(self.data.lake.root)

    @cached_property
    def first(self) -> FirstDashboard:
        return FirstDashboard(self.data)

    @cached_property
    def pandas(self) -> WholeHistory:
        return WholeHistory(self.data)

    @cached_property
    def polars(self) -> PolarsLazy:
        return PolarsLazy(self.data)

    @cached_property
    def floor(self) -> Floor:
        # Here, because the screens' SQL is written in the floor's own words.
        from benchmarks.screens import MODULES

        more = {kind: make for module in MODULES.values() for kind, make in module.STATEMENTS.items()}
        return Floor(self.data.lake.snapshot(), more)
