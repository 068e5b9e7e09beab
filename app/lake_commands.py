"""``python -m app versions`` and ``rollback``: which versions of the lake are kept, and the way back."""

from __future__ import annotations

import argparse
from typing import Any, Final

from data_layer.lake import Lake
from data_layer.lake_versions import KeptVersion, go_back, kept_versions

OK: Final = 0
FAILED: Final = 1


def add(commands: Any) -> None:
    """Add both to the command line."""
    versions = commands.add_parser("versions", help="list the lake's kept versions")
    versions.set_defaults(command=_versions)
    rollback = commands.add_parser("rollback", help="make a kept version the published one again")
    rollback.add_argument(
        "token", nargs="?", default="", help="a version of `versions` (default: the one before)"
    )
    rollback.add_argument(
        "--other-release",
        action="store_true",
        help="allow a version that only another release of NEMDesk can serve",
    )
    rollback.set_defaults(command=_rollback)


def _lake(chosen: argparse.Namespace) -> Lake:
    from app.settings import Settings

    return Lake(Settings(lake_dir=chosen.lake).lake_dir if chosen.lake else Settings().lake_dir)


def _versions(chosen: argparse.Namespace) -> int:
    print(f"  {'version':16} {'made (UTC)':16} {'readings':>13}  to (AEST)")
    for version in kept_versions(_lake(chosen)):
        print(_line(version))
    return OK


def _line(version: KeptVersion) -> str:
    last = f"{version.last:%Y-%m-%d %H:%M}" if version.last else "-"
    remarks = [
        "published" if version.current else "",
        f"content of {version.restored}" if version.restored else "",
        f"{version.missing} files missing" if version.missing else "",
        "" if version.same_release else "of another release",
        "" if version.kind == "aemo" else "demonstration",
    ]
    return (
        f"{'*' if version.current else ' '} {version.token:16} {version.created:%Y-%m-%d %H:%M} "
        f"{version.readings:>13,}  {last}  {', '.join(filter(None, remarks))}".rstrip()
    )


def _rollback(chosen: argparse.Namespace) -> int:
    lake = _lake(chosen)
    left = lake.token()
    snapshot = go_back(lake, chosen.token, other_release=chosen.other_release)
    content = snapshot.notes["restored"]["from"]
    print(f"Published version {snapshot.token} with the content of {content}, instead of {left}.")
    print("An update goes on from it, and fetches again what came after: stop updates until that is mended.")
    return OK
