"""`make trust`: every long run, one after the other, and their figures as docs/trust.md.

Each run is a module of this package with a ``main``; it writes var/trust/<name>.json, a list of
{"what", "how_often", "found", "threshold", "met"}. A run that breaks leaves its figures of before as they
were and is named at the end, and so does one that is not asked for; figures say when they were made.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "var" / "trust"
DOCUMENT = ROOT / "docs" / "trust.md"

HEAD = (
    "# Trust\n\nWhat was tried against NEMDesk, how often, and what happened. Made by `make trust` (hours; "
    "`make trust ARGS=...` runs some of it); short versions of most run in every `make test`. Times are "
    "medians on a shared 2-core machine.\n"
)


def names() -> list[str]:
    """The runs there are: modules of this package with a ``main``."""
    files = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(file.stem for file in files if "\ndef main(" in file.read_text(encoding="utf-8"))


def document(figures: Path, before: str = "") -> str:
    """The figures of all runs as one page. Runs without figures here, as on a new machine, keep the section
    that they have on the page ``before``."""
    sections = {part.partition("\n")[0]: part.partition("\n")[2] for part in before.split("\n## ")[1:]}
    for path in figures.glob("*.json"):
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        lines = ["", _made(path), "", "| what | how often | what happened | threshold | |"]
        lines.append("|---|---|---|---|---|")
        lines += [
            f"| {row['what']} | {row['how_often']} | {row['found']} | {row['threshold']} | {_mark(row)} |"
            for row in rows
        ]
        sections[path.stem.replace("_", " ").capitalize()] = "\n".join(lines) + "\n"
    return "\n".join([HEAD, *(f"## {name}\n{sections[name]}" for name in sorted(sections))])


def _made(path: Path) -> str:
    """The day of a run, and the commit that it was made with where that is known."""
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    commit = path.with_suffix(".commit")
    made = commit.exists() and commit.stat().st_mtime >= path.stat().st_mtime
    return (
        f"{when:%d %b %Y}, with {commit.read_text(encoding='utf-8').strip()}" if made else f"{when:%d %b %Y}"
    )


def _note_commit(name: str) -> None:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    (FIGURES / f"{name}.commit").write_text(found, encoding="utf-8")


def _mark(row: dict[str, Any]) -> str:
    return "" if row["met"] is None else "met" if row["met"] else "**missed**"


def main() -> int:
    """Run what is asked for; 1 where a run broke or missed a threshold."""
    parser = argparse.ArgumentParser(prog="make trust ARGS=...", description=__doc__)
    parser.add_argument("run", nargs="*", choices=[*names(), []], help="which (default: all)")
    parser.add_argument("--page", action="store_true", help="only write docs/trust.md from the figures")
    chosen = parser.parse_args()
    FIGURES.mkdir(parents=True, exist_ok=True)
    broken = []
    for name in [] if chosen.page else chosen.run or names():
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.trust.{name}"], cwd=ROOT, check=False)
        broken += [name] if done.returncode else []
        _note_commit(name)
    before = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    DOCUMENT.write_text(document(FIGURES, before), encoding="utf-8")
    print(f"Written: {DOCUMENT.relative_to(ROOT)}")
    if broken:
        print(f"Broken or missed: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
