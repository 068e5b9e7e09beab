"""What a trust run found, as rows of one JSON file: what, how_often, found, threshold, met."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "var" / "trust"


@dataclass(frozen=True)
class Figure:
    """One promise, how often it was tried, what was found and what was allowed."""

    what: str
    how_often: str
    found: str
    threshold: str
    met: bool


def write(name: str, figures: list[Figure], folder: Path = FOLDER) -> int:
    """Keep the figures as <folder>/<name>.json and print them; the exit code says whether all are met."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(figure) for figure in figures]
    (folder / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for figure in figures:
        verdict = "met" if figure.met else "NOT MET"
        print(f"{verdict:8}{figure.what}: {figure.how_often}; {figure.found} (threshold: {figure.threshold})")
    return 0 if all(figure.met for figure in figures) else 1
