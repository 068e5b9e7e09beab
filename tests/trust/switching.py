"""New versions of the lake in the middle of questions: no error, and each answer from exactly one version.

A version says one number in every price, demand and reading of its two hours, over every region: an answer
that mixes two versions names two numbers. Two processes with eight threads each ask all the time, through a
cache and past it, while a writer publishes and collects what is superseded.

Long: `python -m tests.trust.switching` (1,000 versions).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from data_layer import rollups
from data_layer.errors import LakeDamaged
from data_layer.lake import Lake, Snapshot
from data_layer.loading import Loader
from data_layer.market import REGIONS, Resolution
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import GenerationMix, Period, RegionSeries, RegionSummary, Request
from tests.data_layer.lakes import readings, rows, stamps, unit
from tests.trust.serving_figures import Row, write

DAY = datetime(2025, 7, 2)
HALF_DAY = stamps(DAY + timedelta(minutes=5), 24)
"""Two hours: a build of its rollups takes less than a second."""
PERIOD = Period(DAY, DAY + timedelta(hours=2))
THREADS = 8
PAUSE = 0.05
"""Seconds between two questions of a thread, so that the writer gets its turn on two cores."""
GRACE = timedelta(seconds=8)
"""What a service would set to an hour: here files vanish under those who ask."""
SAYS = "says"
"""Note of a version: the number that all its values are."""
NEW_EVERY = 20
"""One version in so many is built anew; the others publish one of the last few contents once more."""


def publish(lake: Lake, number: int) -> Snapshot:
    """Replace everything: prices of ``number`` $/MWh, demand of ``number`` MW, units of ``number`` MW."""
    published = datetime(2030, 1, 1) + timedelta(minutes=number)
    value = float(number)
    tables: dict[str, list[dict[str, Any]]] = {
        "unit_scada": [one for region in REGIONS for one in readings(f"U-{region}", HALF_DAY, value)],
        "dispatch_price": [
            {"settlementdate": when, "regionid": region, "rrp": value, "intervention": 0}
            for region in REGIONS
            for when in HALF_DAY
        ],
        "region_demand": [
            {"settlementdate": when, "regionid": region, "totaldemand": value, "intervention": 0}
            for region in REGIONS
            for when in HALF_DAY
        ],
    }
    with lake.write() as writer:
        loader = Loader(writer)
        loader.replace("units", rows("units", [unit(f"U-{region}", regionid=region) for region in REGIONS]))
        for name, records in tables.items():
            loader.add(name, rows(name, [one | {"published_at": published} for one in records]))
        loader.flush()
        rollups.build(writer)
        writer.notes[SAYS] = number
        snapshot = writer.publish()
        lake.collect_garbage(GRACE)
    return snapshot


class Publisher:
    """Publishes one version after another."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.built: deque[Snapshot] = deque(maxlen=4)

    def publish(self, number: int) -> None:
        there = [one for one in self.built if all(path.is_file() for path in files_of(one))]
        if number % NEW_EVERY == 1 or len(there) < 2:
            self.built.append(publish(self.lake, number))
            return
        chosen = there[number % len(there)]
        with self.lake.write() as writer:
            writer.hold(chosen)
            writer.notes["turn"] = number
            writer.publish()
            self.lake.collect_garbage(GRACE)


def files_of(snapshot: Snapshot) -> list[Path]:
    return [snapshot.root / entry.path for parts in snapshot.files.values() for entry in parts.values()]


def named_by(request: Request, manager: HybridQueryManager, *, use_cache: bool) -> set[int]:
    """The versions that an answer's values name, and the one that its provenance does."""
    answer = manager.answer(request, use_cache=use_cache)
    frame = answer.table.to_pandas()
    named: set[int] = set()
    with suppress(LakeDamaged):  # collected since it answered
        named.add(int(manager.lake.read_version(answer.provenance.version).notes[SAYS]))
    if isinstance(request, GenerationMix):
        units = len(REGIONS) if request.region == "NEM" else 1
        values = [frame["generation_mw"] / units, frame["revenue_aud"] / frame["generation_mwh"]]
    else:
        prices = ("price_aud_per_mwh", "min_price_aud_per_mwh", "demand_weighted_price_aud_per_mwh")
        values = [frame[column] for column in prices]
    if isinstance(request, RegionSeries):
        values.append(frame["demand_mw"])
    return named | {round(value) for column in values for value in column}


def questions() -> list[Request]:
    return [
        RegionSummary(PERIOD),
        RegionSeries(PERIOD, REGIONS, Resolution.FIVE_MINUTES),
        GenerationMix(PERIOD, "SA1", Resolution.HALF_HOUR),
        GenerationMix(PERIOD, "NEM", Resolution.HALF_HOUR),
    ]


def ask(root: str, ended: Any, told: Any) -> None:
    """One process of askers, until ``ended``: puts how often what happened into ``told``."""
    manager = open_manager(root, threads=1, memory_limit_mb=128)
    went: Counter[str] = Counter()

    def one(number: int) -> Counter[str]:
        asked = questions()
        mine: Counter[str] = Counter()
        turn = number
        while not ended.is_set():
            turn += 1
            time.sleep(PAUSE)
            request = asked[turn % len(asked)]
            try:
                named = named_by(request, manager, use_cache=turn % 3 == 0)
                mine["one version" if len(named) == 1 else f"mixed: {request.name} {sorted(named)}"] += 1
            except Exception as error:
                mine[f"error: {type(error).__name__} {str(error)[:100]}"] += 1
        return mine

    with ThreadPoolExecutor(THREADS) as pool:
        for mine in pool.map(one, range(THREADS)):
            went.update(mine)
    told.put(dict(went))
    told.close()
    told.join_thread()
    os._exit(0)


def run(folder: Path, versions: int) -> Counter[str]:
    """Publish ``versions`` versions under two processes that ask; how their questions went."""
    lake = Lake(folder / "lake")
    publisher = Publisher(lake)
    publisher.publish(1)
    context = multiprocessing.get_context("spawn")
    ended, told = context.Event(), context.Queue()
    askers = [context.Process(target=ask, args=(str(lake.root), ended, told)) for _ in range(2)]
    for asker in askers:
        asker.start()
    time.sleep(2)
    for number in range(2, versions + 2):
        publisher.publish(number)
    ended.set()
    went: Counter[str] = Counter()
    for _ in askers:
        went.update(told.get(timeout=120))
    for asker in askers:
        asker.join(30)
    return went


def main(versions: int = 1_000) -> int:
    folder = Path(tempfile.mkdtemp(prefix="nemdesk-switching-"))
    try:
        went = run(folder, versions)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    right = went.pop("one version", 0)
    found = f"{right:,} answers of one version; " + (
        ", ".join(f"{n} {k}" for k, n in went.items()) or "nothing else"
    )
    met = not went and right > versions
    what = "versions published, superseded ones collected, under 2 processes with 8 threads (R10, D4)"
    return write("switching", [Row(what, f"{versions:,} versions", found, "no error, no mixed answer", met)])


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
