"""NEMWEB into the lake: which files are needed, in which order, and when a version is published.

One version per month of data, all tables of the month together with their rollups. The writer's lock
is held for the whole run, so that a second ingest is refused before it downloads anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from data_layer.errors import LakeMissing
from data_layer.ingest import registration
from data_layer.ingest.download import FetchFailed
from data_layer.ingest.mms import month_named
from data_layer.ingest.nemweb import (
    DATA_TABLES,
    REGISTER_TABLES,
    REPORT_FOLDERS,
    MonthlyArchive,
    Remote,
    Source,
)
from data_layer.ingest.run import Progress, Run, Summary
from data_layer.lake import KIND_AEMO, Lake, Snapshot
from data_layer.market import month_of

Month = tuple[int, int]

_AEST: Final = timedelta(hours=10)
_FILES_PER_VERSION: Final = 300
_READ: Final = (".csv", ".zip", ".xls", ".xlsx")
_TABLE_OF_FOLDER: Final = {
    "Dispatch_SCADA": "unit_scada",
    "DispatchIS_Reports": "dispatch_price",
    "TradingIS_Reports": "trading_price",
    "ROOFTOP_PV/ACTUAL": "rooftop_pv",
    "Next_Day_Dispatch": "unit_dispatch",
}
_ARCHIVE_SPAN: Final = {
    "Dispatch_SCADA": 1,
    "DispatchIS_Reports": 1,
    "TradingIS_Reports": 8,
    "ROOFTOP_PV/ACTUAL": 8,
    "Next_Day_Dispatch": 32,
}
"""Days that one file of Reports/Archive reaches beyond the date in its name."""
_CURRENT_SPAN: Final = {"Next_Day_Dispatch": timedelta(hours=28)}
"""The same for Reports/Current, where a file is one interval unless said here: a trading day from 04:05 of
the date in the name to 04:00 of the next."""


def months_between(first: Month, last: Month) -> list[Month]:
    """Every month from ``first`` to ``last``, both included."""
    start, end = first[0] * 12 + first[1] - 1, last[0] * 12 + last[1] - 1
    return [(number // 12, number % 12 + 1) for number in range(start, end + 1)]


def ingest(
    lake: Lake,
    source: Source,
    months: Sequence[Month],
    tables: Iterable[str] = DATA_TABLES,
    progress: Progress | None = None,
    *,
    again: bool = False,
    accept_findings: bool = False,
) -> Summary:
    """Bring months of the monthly archive into the lake. ``tables`` are AEMO's names (DATA_TABLES).

    ``again`` reads files that were taken before once more, and makes damaged files of the lake anew.
    ``accept_findings`` takes files that hold what cannot be (gates.py), which are refused otherwise.

    Registers come first, each from the newest of ``months`` that has it, so that the rollups of the
    first month know their units. LakeBusy where another ingest runs.
    """
    with _writing(lake, progress, accept_findings) as run:
        if again:
            run.begin_again(months)
        _ingest_months(run, source, sorted(set(months)), tuple(tables), "ingest")
        return run.finish()


def ingest_files(
    lake: Lake, paths: Iterable[Path], progress: Progress | None = None, *, accept_findings: bool = False
) -> Summary:
    """Bring single files, or every file below folders, into the lake; names as AEMO gave them."""
    with _writing(lake, progress, accept_findings) as run:
        files, absent = _collect(paths)
        for path in absent:
            run.refuse(path.name, "there is no such file")
        previous: Month | None = None
        for done, path in enumerate(files):
            month = month_named(path.name)
            # Registers are sorted first and are published with the first month of data.
            if previous is not None and month != previous:
                run.publish("ingest")
            previous = None if _is_register(path.name) else month
            run.progress(path.name, done, len(files))
            if path.suffix.lower() in (".xls", ".xlsx"):
                run.take_registry(path, path.name, registration.read)
            else:
                run.take(path, path.name)
        run.publish("ingest")
        return run.finish()


def update(
    lake: Lake,
    source: Source,
    now: datetime | None = None,
    progress: Progress | None = None,
    *,
    accept_findings: bool = False,
) -> Summary:
    """Catch up to ``now`` (market time): monthly archive, then Reports/Archive, then Reports/Current.

    Starts at the lake's own end; an empty lake starts with the month before the current one.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None) + _AEST
    with _writing(lake, progress, accept_findings) as run:
        start = _end_of(run.summary.snapshot) or (now.replace(day=1) - timedelta(days=1)).replace(day=1)
        last_month = month_of(now.replace(day=1) - timedelta(days=1))
        _ingest_months(
            run,
            source,
            months_between(month_of(start + timedelta(minutes=5)), last_month),
            DATA_TABLES,
            "update",
        )
        for place in ("Archive", "Current"):
            _catch_up(run, source, place, start)
        return run.finish()


@contextmanager
def _writing(lake: Lake, progress: Progress | None, accept_findings: bool) -> Iterator[Run]:
    try:
        demo = lake.snapshot().kind != KIND_AEMO
    except LakeMissing:
        demo = False
    with lake.write(KIND_AEMO) as writer:
        run = Run(writer, progress, accept_findings=accept_findings)
        run.summary.replaced_demo = demo
        if demo:
            run.summary.snapshot = None
        yield run


def _ingest_months(
    run: Run, source: Source, months: Sequence[Month], tables: Sequence[str], command: str
) -> None:
    archives: dict[Month, MonthlyArchive] = {}
    for month in months:
        run.progress(f"looking for {month[0]}-{month[1]:02d}", len(archives), len(months))
        try:
            archives[month] = MonthlyArchive(source, *month)
        except FetchFailed as error:
            run.refuse(f"MMSDM {month[0]}-{month[1]:02d}", str(error))
    steps = len(archives) * len(tables)
    for table in REGISTER_TABLES:
        for month in sorted(archives, reverse=True):
            run.progress(f"{table} of {month[0]}-{month[1]:02d}", 0, steps)
            if _fetch_table(run, source, archives[month], table):
                break
    done = 0
    for month, archive in sorted(archives.items()):
        absent = []
        for table in tables:
            run.progress(f"{table} of {month[0]}-{month[1]:02d}", done, steps)
            if not _fetch_table(run, source, archive, table):
                absent.append(table)
            done += 1
        name = f"{month[0]}-{month[1]:02d}"
        whole = len(absent) == len(tables)
        run.summary.missing += [f"all of {name}"] if whole else [f"{table} of {name}" for table in absent]
        run.publish(command)
    run.publish(command)


def _fetch_table(run: Run, source: Source, archive: MonthlyArchive, table: str) -> bool:
    """Take every file of a table in one month; False where none is published."""
    found = False
    for spellings in archive.candidates(table):
        if not any(_fetch(run, source, remote, short_lived=False) for remote in spellings):
            break
        found = True
    return found


def _fetch(run: Run, source: Source, remote: Remote, *, short_lived: bool) -> bool:
    """Take one file; True where it is published (even if it could not be had or was refused)."""
    if short_lived:
        if run.knows(remote.name):
            return True
    elif remote.name in run.ledger.files:
        size = source.size(remote)
        if size is not None and run.knows(remote.name, size):
            return True
    try:
        path = source.fetch(remote)
    except FetchFailed as error:
        run.refuse(remote.name, str(error), retry=short_lived)
        return True
    if path is None:
        return False
    taken = run.take(path, remote.name, short_lived)
    if short_lived or not taken:
        source.discard(remote)
    return True


def _catch_up(run: Run, source: Source, place: str, start: datetime) -> None:
    """Take what Reports/<place> has beyond each table's end, oldest first, a version per month."""
    wanted: list[tuple[datetime, Remote]] = []
    for folder in REPORT_FOLDERS:
        end = _table_end(run, _TABLE_OF_FOLDER[folder]) or start
        run.progress(f"listing Reports/{place}/{folder}", 0, 1)
        try:
            listed = source.listing(f"Reports/{place}/{folder}")
        except FetchFailed as error:
            run.refuse(f"Reports/{place}/{folder}", str(error))
            continue
        for remote in listed or []:
            stamp = remote.stamp
            if stamp is None or run.ledger.knows(remote.name):
                continue
            in_archive = timedelta(days=_ARCHIVE_SPAN[folder])
            reach = in_archive if place == "Archive" else _CURRENT_SPAN.get(folder, timedelta(0))
            if stamp + reach > end or remote.name in run.ledger.retry:
                wanted.append((stamp, remote))
    wanted.sort(key=lambda entry: (entry[0], entry[1].sequence))
    since_publication, previous = 0, None
    for done, (stamp, remote) in enumerate(wanted):
        month = (stamp.year, stamp.month)
        if previous is not None and (month != previous or since_publication >= _FILES_PER_VERSION):
            run.publish("update")
            since_publication = 0
        previous = month
        run.progress(remote.name, done, len(wanted))
        _fetch(run, source, remote, short_lived=True)
        since_publication += 1
    run.publish("update")


def _end_of(snapshot: Snapshot | None) -> datetime | None:
    """The stamp up to which every 5-minute table of the lake reaches."""
    if snapshot is None:
        return None
    spans = [snapshot.span(table) for table in ("unit_scada", "dispatch_price")]
    return min((span[1] for span in spans if span), default=None)


def _table_end(run: Run, table: str) -> datetime | None:
    files = run.writer.partitions(table).values()
    return max((entry.last_stamp for entry in files if entry.last_stamp), default=None)


def _collect(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Files to read - registers first, then by month and name - and paths that do not exist."""
    files: dict[str, Path] = {}
    absent = []
    for path in paths:
        if path.is_dir():
            below = [p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in _READ]
            files |= {str(p): p for p in below}
        elif path.is_file():
            files[str(path)] = path
        else:
            absent.append(path)

    def order(path: Path) -> tuple[bool, Month, str]:
        return (not _is_register(path.name), month_named(path.name) or (9999, 12), path.name)

    return sorted(files.values(), key=order), absent


def _is_register(name: str) -> bool:
    upper = name.upper()
    return upper.endswith((".XLS", ".XLSX")) or any(
        f"_{table}_" in upper or f"#{table}#" in upper for table in REGISTER_TABLES
    )
