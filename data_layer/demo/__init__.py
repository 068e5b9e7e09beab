"""The embedded default: a deterministic, plausible NEM, written through the same lake as real data.

Names, DUIDs, regions, fuels, capacities and places are those of real stations; every reading, price
and flow is invented (weather -> demand and offers -> clearing -> what AEMO would publish). A month's
content depends on the calendar alone, not on how many days are built; only the live edge and the year
of the battery's change of DUID follow from ``end``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from data_layer import rollups
from data_layer.demo import publication
from data_layer.demo.month import Month, Stations
from data_layer.demo.registry_tables import static_tables
from data_layer.errors import LakeHoldsRealData
from data_layer.lake import KIND_DEMO, Lake, Snapshot, Writer
from data_layer.loading import Loader
from data_layer.market import month_of
from data_layer.tables import RAW_TABLES, ROLLUPS

Progress = Callable[[str, int, int], None]

DEFAULT_DAYS = 730


def last_midnight(now: datetime | None = None) -> datetime:
    """The newest midnight, AEST, naive."""
    moment = now or datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=10)
    return datetime(moment.year, moment.month, moment.day)


def _month(
    stations: Stations, year: int, month: int, start: datetime, end: datetime
) -> Mapping[str, pa.Table]:
    return publication.tables(Month(stations, year, month, end), start)


def generate(end: datetime, days: int) -> Iterator[tuple[str, Mapping[str, pa.Table]]]:
    """(month name, raw tables) for end - days < stamp <= end, oldest first; each table has its lake
    schema and is sorted by its key."""
    start = end - timedelta(days=days)
    stations = Stations.load()
    year, month = month_of(start + timedelta(minutes=5))
    wanted = []
    while (year, month) <= month_of(end):
        wanted.append((year, month))
        year, month = year + month // 12, month % 12 + 1
    # The next month is worked out (numpy, mostly outside the interpreter's lock) while the caller writes.
    with ThreadPoolExecutor(max_workers=1) as worker:
        pending = deque(worker.submit(_month, stations, *first, start, end) for first in wanted[:1])
        for number, (year, month) in enumerate(wanted, start=1):
            if number < len(wanted):
                pending.append(worker.submit(_month, stations, *wanted[number], start, end))
            yield f"{year:04d}-{month:02d}", pending.popleft().result()


def _forget_readings(writer: Writer, first: tuple[int, int], last: tuple[int, int]) -> None:
    """Drop an earlier demonstration's readings. Its rollups of months still covered stay: rollups.build
    keeps those whose inputs come out unchanged, so that tomorrow's demonstration costs one month."""
    for table in (*RAW_TABLES, *ROLLUPS):
        for partition in list(writer.partitions(table.name)):
            year, month = int(partition[:4]), int(partition[5:] or 0)
            covered = first <= (year, month) <= last if month else first[0] <= year <= last[0]
            if table in RAW_TABLES or not covered:
                writer.drop(table.name, partition)


def build(
    lake: Lake,
    *,
    end: datetime | None = None,
    days: int = DEFAULT_DAYS,
    threads: int = 2,
    progress: Progress | None = None,
    replace_real: bool = False,
) -> Snapshot:
    """Make the demonstration the lake's published version.

    ``end`` is a midnight, AEST (default: the last one). ``progress(what, done, total)`` is called as
    months and rollups are finished. A demonstration replaces whatever demonstration was there before.
    LakeBusy if another process is writing. A lake of AEMO's data is only replaced by ``replace_real``.
    """
    until = end or last_midnight()
    if until != last_midnight(until) or days < 1:
        raise ValueError("a demonstration ends at a midnight and covers at least one day")
    tell = progress or (lambda what, done, total: None)
    first, last = month_of(until - timedelta(days=days) + timedelta(minutes=5)), month_of(until)
    months = (last[0] - first[0]) * 12 + last[1] - first[1] + 1
    with lake.write(kind=KIND_DEMO) as writer:
        if writer.base is not None and writer.base.kind != KIND_DEMO and not replace_real:
            raise LakeHoldsRealData(
                "This lake holds AEMO's data, which a demonstration would replace: choose another folder "
                "with NEMDESK_LAKE_DIR, or give --replace-real-data."
            )
        writer.drop_damaged()
        _forget_readings(writer, first, last)
        loader = Loader(writer, threads=threads)
        for name, rows in static_tables(until).items():
            loader.replace(name, rows)
        for done, (_, tables) in enumerate(generate(until, days), start=1):
            for name, rows in tables.items():
                loader.add(name, rows)
            loader.flush()
            tell("demonstration months", done, months)
        rollups.build(writer, threads=threads, progress=progress)
        return writer.publish()


__all__ = ["DEFAULT_DAYS", "build", "generate", "last_midnight"]
