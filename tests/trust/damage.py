"""Files of the lake that changed, were cut, emptied or lost: no wrong number, and the rest is served.

Long: `python -m tests.trust.damage` (100 flipped bytes with the guard, the same bytes without it).
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from data_layer import soundness
from data_layer.errors import DataLayerError, LakeDamaged
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.planner import plan
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import (
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    Period,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    Request,
    TimeOfDay,
)
from data_layer.requests.batteries import BatterySummary
from data_layer.requests.curtailment import CurtailmentSummary
from data_layer.requests.regions import InterconnectorMeans
from tests.trust.demonstration import demonstration
from tests.trust.serving_figures import Row, write

Place = tuple[str, str, Path]
"""(table, partition, path)."""


def periods(lake: Lake) -> list[Period]:
    """Whole months' stretches, a stretch that crosses them, and one that half-hours do not cut."""
    span = lake.snapshot().span("region_5min")
    assert span is not None
    first, last = (moment.replace(hour=0, minute=0) for moment in span)
    middle = last.replace(day=1)
    found = [Period(first, middle), Period(middle, last), Period(first, last)]
    odd = Period(first + timedelta(hours=5, minutes=5), first + timedelta(days=2, minutes=35))
    return [*found, odd]


def questions(lake: Lake) -> list[Request]:
    found: list[Request] = []
    for period in periods(lake):
        found += [
            RegionSummary(period),
            FuelSummary(period),
            GenerationMix(period, "NSW1", Resolution.HALF_HOUR),
            GenerationMix(period, "NEM", Resolution.DAY),
            RegionSeries(period, ("SA1", "VIC1"), Resolution.HALF_HOUR),
            TimeOfDay(period, "QLD1"),
            PriceEvents(period),
            AggregateByGroup(period, ("region", "fuel")),
            IntegratedData(period, regions=("TAS1",)),
            BatterySummary(period),
            CurtailmentSummary(period),
            InterconnectorMeans(period),
        ]
    return found


def rows_of(manager: HybridQueryManager, request: Request) -> pd.DataFrame:
    frame = manager.answer(request, use_cache=False).table.to_pandas()
    return frame.sort_values(list(frame.columns), ignore_index=True, key=lambda column: column.map(str))


def same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    if list(left.columns) != list(right.columns) or len(left) != len(right):
        return False
    for name in left.columns:
        if pd.api.types.is_float_dtype(left[name]):
            if not np.allclose(left[name], right[name], rtol=1e-9, atol=1e-9, equal_nan=True):
                return False
        elif list(left[name].map(str)) != list(right[name].map(str)):
            return False
    return True


class Harness:
    """A lake of its own, what it answers while it is whole, and which file each question needs."""

    def __init__(self, lake: Lake, most: int = 6) -> None:
        self.lake = lake
        self.most = most
        self.manager = open_manager(lake.root)
        self.questions = questions(lake)
        self.right = {request: rows_of(self.manager, request) for request in self.questions}
        snapshot = lake.snapshot()
        self.needs: dict[Request, set[str]] = {}
        for request in self.questions:
            values = plan(request, snapshot).parameters.values()
            self.needs[request] = {
                path for value in values if isinstance(value, list) for path in map(str, value)
            }
        needed = set().union(*self.needs.values())
        self.places: list[Place] = [
            (table, name, lake.root / entry.path)
            for table, parts in snapshot.files.items()
            for name, entry in parts.items()
            if str(lake.root / entry.path) in needed
        ]

    def ask(self, place: Place) -> Counter[str]:
        """Ask (at most ``most``) what needs the damaged file and something that does not: how it went."""
        table, partition, path = place
        needing = [request for request in self.questions if str(path) in self.needs[request]]
        others = [request for request in self.questions if str(path) not in self.needs[request]]
        went: Counter[str] = Counter()
        for request in needing[: self.most]:
            try:
                rows = rows_of(self.manager, request)
            except LakeDamaged as error:
                named = f"{table} {partition}" in str(error) and "python -m app repair" in str(error)
                went["named" if named else "unnamed"] += 1
            except DataLayerError:
                went["unnamed"] += 1
            else:
                went["unharmed" if same(rows, self.right[request]) else "wrong"] += 1
        for request in others[: self.most // 2]:
            try:
                went["served" if same(rows_of(self.manager, request), self.right[request]) else "wrong"] += 1
            except DataLayerError:
                went["refused without need"] += 1
        return went


@contextmanager
def harmed(path: Path, harm: Callable[[Path], None]) -> Iterator[None]:
    data = path.read_bytes()
    harm(path)
    try:
        yield
    finally:
        path.write_bytes(data)


def flip(at: int, bit: int) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        with open(path, "r+b") as handle:
            handle.seek(at)
            (byte,) = handle.read(1)
            handle.seek(at)
            handle.write(bytes([byte ^ (1 << bit)]))

    return harm


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flips(harness: Harness, count: int, seed: int) -> Counter[str]:
    """One byte at a time, at random places of random files."""
    drawn = random.Random(seed)
    went: Counter[str] = Counter()
    for _ in range(count):
        place = drawn.choice(harness.places)
        with harmed(place[2], flip(drawn.randrange(place[2].stat().st_size), drawn.randrange(8))):
            went += harness.ask(place)
    return went


def losses(harness: Harness, count: int, seed: int) -> Counter[str]:
    """Truncated, emptied and missing files in turn."""
    drawn = random.Random(seed)
    went: Counter[str] = Counter()
    for number in range(count):
        place = drawn.choice(harness.places)
        with harmed(place[2], (cut, empty, Path.unlink)[number % 3]):
            went += harness.ask(place)
    return went


def without_guard(harness: Harness, count: int, seed: int) -> Counter[str]:
    """The same flips where nobody compares checksums."""
    with mock.patch.object(soundness, "ensure", return_value={}):
        return flips(harness, count, seed)


def said(went: Counter[str]) -> str:
    return ", ".join(f"{count} {how}" for how, count in sorted(went.items()))


def is_right(went: Counter[str]) -> bool:
    return not (went["wrong"] + went["unnamed"] + went["refused without need"] + went["unharmed"])


def main() -> int:
    with demonstration("damage") as (_, lake):
        harness = Harness(lake)
        guarded, lost = flips(harness, 100, 1), losses(harness, 60, 2)
        bare = without_guard(harness, 100, 1)
        wanted = "no wrong answer; the partition named; other questions answered"
        return write(
            "damage",
            [
                Row("one byte flipped (R9)", "100 places", said(guarded), wanted, is_right(guarded)),
                Row("cut, emptied, lost files (R9)", "60 files", said(lost), wanted, is_right(lost)),
                Row(
                    "the same bytes without the guard: what the harness sees",
                    "100 places",
                    said(bare),
                    "some wrong answers",
                    bare["wrong"] > 0,
                ),
            ],
        )


if __name__ == "__main__":
    sys.exit(main())
