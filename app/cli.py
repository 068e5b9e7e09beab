"""The command line: ``python -m app run | demo | ingest | update | rebuild | status | ...``.

Exit codes: 0 done; 1 an error that is said in words, or engines that differ; 2 wrong arguments, or another
process writes the lake; 3 done, but a file was refused whole or could not be fetched; 130 interrupted.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app import compare_engines, lake_commands, mend_commands, passwords
from app.progress_line import ProgressLine
from data_layer.errors import DataLayerError, LakeBusy, LakeMissing
from data_layer.lake import KIND_DEMO, Lake, Snapshot

OK: Final = 0
FAILED: Final = 1
BUSY: Final = 2
INCOMPLETE: Final = 3
INTERRUPTED: Final = 130

_SHOWN: Final = 20

Month = tuple[int, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if not hasattr(chosen, "command"):
        parser.print_help()
        return BUSY
    try:
        command: Callable[[argparse.Namespace], int] = chosen.command
        return command(chosen)
    except LakeBusy as error:
        print(error, file=sys.stderr)
        return BUSY
    except (DataLayerError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"Error: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(
            "\nInterrupted. What was published before stays; run the command again to go on.", file=sys.stderr
        )
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app", description="NEMDesk: Australia's electricity market."
    )
    commands = parser.add_subparsers(title="commands")

    run = commands.add_parser("run", help="serve the page (makes demonstration data where there is none)")
    run.set_defaults(command=_run)

    demo = commands.add_parser("demo", help="build the demonstration data anew")
    demo.add_argument("--days", type=int, default=730, help="length of its history (default: %(default)s)")
    demo.add_argument(
        "--replace-real-data", action="store_true", help="allow it to take the place of AEMO's data"
    )
    demo.set_defaults(command=_demo)

    ingest = commands.add_parser("ingest", help="load months of AEMO's archive, or single files")
    ingest.add_argument("--from", dest="first", type=_month, metavar="YYYY-MM", help="first month")
    ingest.add_argument("--to", dest="last", type=_month, metavar="YYYY-MM", help="last month, included")
    ingest.add_argument(
        "--tables",
        nargs="+",
        metavar="TABLE",
        help="AEMO's table names, e.g. DISPATCHPRICE (default: all needed)",
    )
    ingest.add_argument(
        "--again", action="store_true", help="read those months' files once more; mends a damaged lake"
    )
    ingest.add_argument("files", nargs="*", type=Path, help="files or folders to load instead of the archive")
    _add_source(ingest)
    ingest.set_defaults(command=_ingest)

    update = commands.add_parser("update", help="catch up with AEMO's newest reports")
    update.add_argument("--watch", action="store_true", help="stay and do it again and again, until SIGTERM")
    update.add_argument(
        "--every",
        type=_seconds,
        metavar="SECONDS",
        help="pause between two rounds of --watch (default: 300, give or take a tenth)",
    )
    _add_source(update)
    update.set_defaults(command=_update)

    rebuild = commands.add_parser("rebuild", help="make the lake's rollups again from its readings")
    rebuild.set_defaults(command=_rebuild)

    lake_commands.add(commands)
    mend_commands.add(commands)
    compare_engines.add(commands)
    passwords.add_command(commands)

    status = commands.add_parser("status", help="say what the lake holds and what was refused")
    status.set_defaults(command=_status)

    for command in commands.choices.values():
        command.add_argument(
            "--lake", type=Path, help="the lake's folder (default: NEMDESK_LAKE_DIR or var/lake)"
        )
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source", help="address or folder with NEMWEB's tree (default: https://www.nemweb.com.au)"
    )
    parser.add_argument(
        "--accept-findings",
        action="store_true",
        help="take files that hold what cannot be (docs/lake.md), which are refused otherwise",
    )
    parser.add_argument(
        "--spacing", type=float, help="seconds between requests (default: 1; 0 for a local server)"
    )


def _month(text: str) -> Month:
    match = re.fullmatch(r"(\d{4})-(\d{1,2})", text)
    if match is None or not 1 <= int(match[2]) <= 12 or int(match[1]) < 1998:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month; write it as 2025-01")
    return int(match[1]), int(match[2])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number of seconds from 1 to 86400")
    return seconds


def _run(chosen: argparse.Namespace) -> int:
    from app.serve import run

    run(_settings(chosen))
    return OK


def _demo(chosen: argparse.Namespace) -> int:
    from data_layer import demo

    lake = Lake(_settings(chosen).lake_dir)
    with ProgressLine() as progress:
        snapshot = demo.build(
            lake, days=chosen.days, progress=progress, replace_real=chosen.replace_real_data
        )
    print(f"Synthetic demonstration data in {lake.root}, version {snapshot.token}.")
    return OK


def _ingest(chosen: argparse.Namespace) -> int:
    from data_layer.ingest import nemweb, pipeline

    lake = Lake(_settings(chosen).lake_dir)
    tables = [table.upper() for table in chosen.tables or nemweb.DATA_TABLES]
    unknown = sorted(set(tables) - set(nemweb.DATA_TABLES))
    if unknown:
        raise ValueError(f"unknown table {', '.join(unknown)}; choose from {', '.join(nemweb.DATA_TABLES)}")
    if chosen.files:
        if chosen.first or chosen.last or chosen.source or chosen.tables or chosen.again:
            raise ValueError("give either files, or months of the archive, not both")
        with ProgressLine() as progress:
            summary = pipeline.ingest_files(
                lake, chosen.files, progress, accept_findings=chosen.accept_findings
            )
        return _report(summary)
    newest = _newest_published(_market_day(datetime.now(UTC)))
    last = chosen.last or max(newest, chosen.first or newest)
    first = chosen.first or last
    if first > last:
        raise ValueError("--from is after --to")
    source = _source(chosen, lake)
    try:
        with ProgressLine() as progress:
            months = pipeline.months_between(first, last)
            summary = pipeline.ingest(
                lake,
                source,
                months,
                tables,
                progress,
                again=chosen.again,
                accept_findings=chosen.accept_findings,
            )
    finally:
        source.close()
    return _report(summary)


def _update(chosen: argparse.Namespace) -> int:
    from data_layer.ingest import pipeline

    if chosen.every is not None and not chosen.watch:
        raise ValueError("--every goes with --watch")
    if chosen.accept_findings and chosen.watch:
        raise ValueError("--accept-findings is for one run, not for --watch")
    settings = _settings(chosen)
    lake = Lake(settings.lake_dir)
    source = _source(chosen, lake)
    try:
        if chosen.watch:
            return _keep_up(settings, lake, source, chosen.every)
        with ProgressLine() as progress:
            summary = pipeline.update(lake, source, progress=progress, accept_findings=chosen.accept_findings)
        return _report(summary)
    finally:
        source.close()


def _keep_up(settings: Any, lake: Lake, source: Any, every: float | None) -> int:
    from app import keeping_up, logs

    logs.configure(settings)
    every = keeping_up.EVERY_SECONDS if every is None else every
    if logs.form(settings) == logs.JSON:
        keeping_up.keep_up(lake, source, every)
    else:
        with ProgressLine() as progress:
            keeping_up.keep_up(lake, source, every, progress=progress)
    return OK


def _market_day(now: datetime) -> date:
    """The market's date, wherever this machine is: AEST, ten hours ahead of UTC all year."""
    return (now.astimezone(UTC) + timedelta(hours=10)).date()


def _newest_published(today: date) -> Month:
    """The newest month that the archive should hold: it appears about the 8th of the next month."""
    back = today.replace(day=1) - timedelta(days=1)
    if today.day < 10:
        back = back.replace(day=1) - timedelta(days=1)
    return back.year, back.month


def _source(chosen: argparse.Namespace, lake: Lake) -> Any:
    from dataclasses import replace

    from data_layer.ingest.download import Manners
    from data_layer.ingest.nemweb import open_source

    manners = None if chosen.spacing is None else replace(Manners(), spacing=max(chosen.spacing, 0.0))
    return open_source(chosen.source, lake.root.parent / "downloads", manners)


def _settings(chosen: argparse.Namespace) -> Any:
    from app.settings import Settings

    return Settings(lake_dir=chosen.lake) if chosen.lake else Settings()


def _report(summary: Any) -> int:
    """Print what a run did; the exit code that says whether all of it went well."""
    if summary.replaced_demo and summary.versions:
        print("The demonstration data is replaced by AEMO's.")
    if summary.versions:
        months = sorted(summary.months - {"all"})
        of_months = f": {_count(len(months), 'month')}, {_spans(months)}" if months else ""
        print(f"Published version {summary.snapshot.token}{of_months}")
        for table, rows in sorted(summary.rows_read.items()):
            added = f", {summary.rows_added[table]:,} of them new" if table in summary.rows_added else ""
            print(f"  {table:22} {rows:>12,} {'row' if rows == 1 else 'rows'} read{added}")
    else:
        print("Nothing new was found; the lake is as it was.")
    if summary.known:
        print(f"{_count(summary.known, 'file')} had been ingested before and did not change.")
    if summary.without_tables:
        print(f"{_count(len(summary.without_tables), 'file')} held no table that NEMDesk keeps.")
    if summary.missing:
        print(f"Not published: {_some(summary.missing)}")
    whole = [refusal for refusal in summary.refusals if refusal.rows == 0]
    rows = sum(refusal.rows for refusal in summary.refusals)
    if summary.refusals:
        print(f"Refused: {_count(len(whole), 'file or part')}, {_count(rows, 'row')}:")
        for refusal in (whole + [r for r in summary.refusals if r.rows])[:_SHOWN]:
            print(f"  {refusal}")
        if len(summary.refusals) > _SHOWN:
            print(f"  ... and {len(summary.refusals) - _SHOWN} more; `python -m app status` lists them")
    print(f"{summary.seconds:.1f} s")
    return INCOMPLETE if whole else OK


def _rebuild(chosen: argparse.Namespace) -> int:
    from data_layer import audit, rollups

    lake = Lake(_settings(chosen).lake_dir)
    with lake.write(lake.snapshot().kind) as writer, ProgressLine() as progress:
        built = rollups.build(writer, progress=progress)
        audit.before_publication(writer, progress)
        snapshot = writer.publish()
    print(f"{_count(built, 'file')} made again; version {snapshot.token}.")
    return OK


def _status(chosen: argparse.Namespace) -> int:
    from data_layer.ingest.ledger import Ledger
    from data_layer.tables import RAW_TABLES, STATIC_TABLES

    lake = Lake(_settings(chosen).lake_dir)
    try:
        snapshot = lake.snapshot()
    except LakeMissing as error:
        print(error)
        return FAILED
    ledger = Ledger.of(snapshot)
    kind = "synthetic demonstration data" if snapshot.kind == KIND_DEMO else "AEMO's data"
    print(f"{lake.root}: version {snapshot.token}, {kind}, made {snapshot.created:%Y-%m-%d %H:%M} UTC")
    for spec in RAW_TABLES:
        _print_table(snapshot, spec.name)
    for spec in STATIC_TABLES:
        print(f"  {spec.name:22} {snapshot.rows(spec.name):>12,} rows")
    if snapshot.kind == KIND_DEMO:
        return OK
    print(f"{_count(len(ledger.files), 'file')} ingested")
    for run in ledger.runs[:5]:
        added = ", ".join(f"{rows:,} {table}" for table, rows in sorted(run["rows_added"].items()) if rows)
        print(f"  {run['when']} {run['command']}: {added or 'no new rows'}")
    print(f"{_count(len(ledger.refusals), 'refusal')}")
    for refusal in ledger.refusals[:_SHOWN]:
        line = f", line {refusal['line']}" if refusal["line"] is not None else ""
        print(f"  {refusal['when']} {refusal['file']}{line}: {refusal['reason']}")
    return OK


def _print_table(snapshot: Snapshot, table: str) -> None:
    span = snapshot.span(table)
    months = _spans(sorted(snapshot.partitions(table)))
    reach = f", {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M}, months {months}" if span else ""
    print(f"  {table:22} {snapshot.rows(table):>12,} rows{reach}")


def _spans(months: Sequence[str]) -> str:
    """'2024-07..2024-09, 2025-01' from month names in order."""
    spans: list[list[str]] = []
    for month in months:
        if spans and _ordinal(month) == _ordinal(spans[-1][-1]) + 1:
            spans[-1] = [spans[-1][0], month]
        else:
            spans.append([month])
    return ", ".join("..".join(span) for span in spans)


def _ordinal(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
