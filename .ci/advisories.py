"""`make advisories`: what is known against the locked packages, beyond .ci/advisories.toml.

Run by a Python that has pip-audit. Exit code 0: every locked package was looked up and nothing is known
but what is allowed; 1: something is known, or an entry of the list has expired; 2: not everything could be
looked up, so nothing is promised. pip-audit alone ends with 0 and "No known vulnerabilities found" where
its service knows none of the packages, as many mirrors of PyPI do.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
ALLOWED = ROOT / ".ci" / "advisories.toml"


def allowed(path: Path = ALLOWED) -> list[dict[str, Any]]:
    """Entries of the list: id, package, version, reason, expires (a date)."""
    entries: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["allowed"]
    return entries


def judged(found: list[dict[str, Any]], entries: list[dict[str, Any]], today: date) -> tuple[int, list[str]]:
    """(exit code, lines to print) for pip-audit's ``dependencies``."""
    skipped = [one["name"] for one in found if "skip_reason" in one]
    if not found or len(skipped) == len(found):
        why = "a mirror without PyPI's JSON of single versions, or no network"
        return 2, [
            f"NOTHING WAS CHECKED: the service knows none of the {len(found)} locked packages ({why})."
        ]
    lines, code = [], 0
    for entry in entries:
        if entry["expires"] < today:
            lines.append(f"Expired on {entry['expires']}: {entry['id']} of {entry['package']}. Look again.")
            code = 1
    live = [entry for entry in entries if entry["expires"] >= today]
    used = set()
    for one in found:
        for weakness in one.get("vulns", []):
            names = {weakness["id"], *weakness.get("aliases", [])}
            excuse = next(
                (
                    entry
                    for entry in live
                    if entry["id"] in names
                    and (entry["package"], entry["version"]) == (one["name"], one["version"])
                ),
                None,
            )
            if excuse is not None:
                used.add(excuse["id"])
                continue
            repaired = ", ".join(weakness.get("fix_versions", [])) or "no release"
            lines.append(f"{one['name']} {one['version']}: {weakness['id']}, repaired in {repaired}")
            code = 1
    checked = {one["name"] for one in found} - set(skipped)
    lines += [
        f"No longer known, take it off the list: {entry['id']} of {entry['package']}"
        for entry in live
        if entry["package"] in checked and entry["id"] not in used
    ]
    if skipped:
        lines.append(f"NOT CHECKED, {len(skipped)} of {len(found)}: {', '.join(sorted(skipped))}")
        code = code or 2
    lines.append(f"{len(checked)} packages checked, {len(used)} known weaknesses allowed until their date.")
    return code, lines


def main(options: list[str]) -> int:
    """Ask pip-audit about the lock; ``options`` go to it (``-s osv`` asks another service)."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        code, lines = 2, [f"NOTHING WAS CHECKED: {said}"]
    else:
        code, lines = judged(found, allowed(), datetime.now(UTC).date())
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
