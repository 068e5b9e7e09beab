"""``python -m app verify``, ``repair`` and ``audit``: is the lake whole, mend it, do its numbers agree?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any, Final

from app.progress_line import ProgressLine
from data_layer import lake_check, lake_repair
from data_layer.lake import Lake

OK: Final = 0
FAILED: Final = 1
DATA_ODD: Final = 3
"""Nothing is wrong with the lake, but something in AEMO's data is odd."""

_SHOWN: Final = 50


def add(commands: Any) -> None:
    """Add them to the command line."""
    verify = commands.add_parser("verify", help="check every file of the published version")
    verify.add_argument("--quick", action="store_true", help="sizes and Parquet footers only, no checksums")
    verify.set_defaults(command=_verify)
    repair = commands.add_parser("repair", help="make damaged files of the lake again")
    repair.set_defaults(command=_repair)
    audit = commands.add_parser("audit", help="check the lake's numbers against each other")
    audit.add_argument("--json", action="store_true", help="the findings as JSON")
    audit.set_defaults(command=_audit)


def _lake(chosen: argparse.Namespace) -> Lake:
    from app.settings import Settings

    return Lake(Settings(lake_dir=chosen.lake).lake_dir if chosen.lake else Settings().lake_dir)


def _verify(chosen: argparse.Namespace) -> int:
    snapshot = _lake(chosen).snapshot()
    with ProgressLine() as progress:
        damaged = lake_check.examine(snapshot, quick=chosen.quick, progress=progress)
    files = sum(len(parts) for parts in snapshot.files.values())
    how = "sizes and footers" if chosen.quick else "checksums"
    if not damaged:
        print(f"Version {snapshot.token} is whole: {files:,} files, {how} checked.")
        return OK
    print(f"Version {snapshot.token}: {len(damaged)} of {files:,} files are damaged ({how} checked):")
    for one in damaged:
        print(f"  {one}")
    print("`python -m app repair` mends them, or says what else to do.")
    return FAILED


def _repair(chosen: argparse.Namespace) -> int:
    lake = _lake(chosen)
    with ProgressLine() as progress:
        done = lake_repair.repair(lake, lake.root.parent / "downloads", progress)
    assert done.snapshot is not None
    if done.went_back:
        print(f"The published version could not be read: {done.snapshot.token} takes its place.")
        print("Run `python -m app update` to fetch what came after it.")
    if not done.damaged:
        print(f"Version {done.snapshot.token} is whole: nothing else to mend.")
        return OK
    for one in done.mended:
        print(f"Mended: {one.table} {one.partition}")
    if done.mended:
        print(f"Published version {done.snapshot.token}.")
    for one, command in done.left:
        print(f"Still damaged: {one}")
        print(f"  run: {command}")
    return FAILED if done.left else OK


def _audit(chosen: argparse.Namespace) -> int:
    from data_layer import audit

    snapshot = _lake(chosen).snapshot()
    with ProgressLine() as progress:
        found = audit.of_version(snapshot, progress)
    if chosen.json:
        body = {"version": snapshot.token, "findings": [asdict(one) for one in found]}
        print(json.dumps(body, indent=1, default=str))
    else:
        print(audit.report(snapshot, found, _SHOWN))
    if any(one.is_ours or one.check == audit.UNCHECKED for one in found):
        return FAILED
    return DATA_ODD if found else OK
