"""Where a long run leaves its figures: var/trust/<name>.json."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "var" / "trust"


@dataclass(frozen=True)
class Row:
    """One thing that was tried: how often, what was found, what may be found."""

    what: str
    how_often: str
    found: str
    threshold: str
    met: bool


def write(name: str, rows: list[Row]) -> int:
    """Keep and print the rows; the exit code that says whether all are met."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(
        json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8"
    )
    for row in rows:
        sys.stdout.write(
            f"{'met' if row.met else 'NOT MET'}: {row.what} ({row.how_often}): {row.found}; {row.threshold}\n"
        )
    return 0 if all(row.met for row in rows) else 1
