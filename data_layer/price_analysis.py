"""The first dashboard's price analysis, for notebooks: frames from the same answers as the page.

    from data_layer.price_analysis import PriceAnalysisMotor
    motor = PriceAnalysisMotor.over("var/lake").filter_by_date_range("2026-06-01", "2026-08-31")
    motor.calculate_aggregated_prices(["fuel", "region"], region_filters=["SA1", "VIC1"])

docs/notebook.md has more. Column names end in their units (requests/analysis.py says what each is).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from data_layer.errors import LakeMissing
from data_layer.period import Period, preset_period
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests.analysis import PriceAnalysis

Moment = str | date | datetime


@dataclass(frozen=True)
class PriceAnalysisMotor:
    """Energy, revenue and prices by group, over ``manager`` and a period: by default the last 30 days of
    the data. Immutable: a new period makes a new motor."""

    manager: HybridQueryManager
    period: Period | None = None

    @classmethod
    def over(cls, lake_dir: Path | str) -> PriceAnalysisMotor:
        """Over the lake in a directory."""
        return cls(open_manager(lake_dir))

    def load_data(self) -> pd.DataFrame:
        """What the lake holds: table, first and last stamp (AEST, interval-ending)."""
        spans = self.manager.get_date_ranges()
        rows = [
            {"table": name, "first": first, "last": last} for name, (first, last) in sorted(spans.items())
        ]
        return pd.DataFrame(rows, columns=["table", "first", "last"])

    def filter_by_date_range(self, start: Moment, end: Moment) -> PriceAnalysisMotor:
        """The same over another period; an ``end`` given as a date means that whole day."""
        return replace(self, period=Period.parse(_text(start), _text(end)))

    def integrate_data(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        force_reload: bool = False,
        resolution: str = "30min",
    ) -> pd.DataFrame:
        """Readings with registry facts, price and revenue, one row per unit and interval, of the given
        days or of the motor's period. ``force_reload`` asks the lake and not the cache."""
        first, last = self._period().to_strings()
        return self.manager.query_integrated_data(
            first if start is None else start,
            last if end is None else end,
            resolution,
            use_cache=not force_reload,
        )

    def calculate_aggregated_prices(
        self,
        hierarchy: Iterable[str] = ("fuel",),
        region_filters: Iterable[str] = (),
        fuel_filters: Iterable[str] = (),
    ) -> pd.DataFrame:
        """One row per combination of the groups in ``hierarchy``, dearest revenue first; every ratio a
        ratio of sums."""
        names = _names(hierarchy)
        rows = self.create_hierarchical_data(names, region_filters, fuel_filters)
        groups = rows[rows.level == len(names)].copy()
        split = groups.path.astype("object").str.split("/")
        for place, name in enumerate(names):
            plain = split.str[place].str.replace("%2F", "/", regex=False)
            groups[name] = plain.str.replace("%25", "%", regex=False)
        measures = list(rows.columns[rows.columns.get_loc("energy_mwh") :])
        return groups.sort_values("revenue_aud", ascending=False, ignore_index=True)[[*names, *measures]]

    def create_hierarchical_data(
        self,
        hierarchy: Iterable[str] = ("fuel",),
        region_filters: Iterable[str] = (),
        fuel_filters: Iterable[str] = (),
    ) -> pd.DataFrame:
        """The whole tree as rows: the total (level 0), the groups, the units; parents before children."""
        question = PriceAnalysis(
            self._period(), _names(hierarchy), tuple(region_filters), tuple(fuel_filters)
        )
        return self.manager.answer(question).frame()

    def _period(self) -> Period:
        if self.period is not None:
            return self.period
        state = self.manager.lake_state()
        if state.first is None or state.last is None:
            raise LakeMissing("The lake holds no data yet.")
        return preset_period("30d", state.first, state.last)


def _names(hierarchy: Iterable[str]) -> tuple[str, ...]:
    """Group names as the first dashboard wrote them ("Fuel") or as requests do ("fuel")."""
    listed = [hierarchy] if isinstance(hierarchy, str) else hierarchy
    return tuple(name.lower() for name in listed)


def _text(moment: Moment) -> str:
    if isinstance(moment, datetime):
        return moment.strftime("%Y-%m-%dT%H:%M")
    return moment.isoformat() if isinstance(moment, date) else moment
