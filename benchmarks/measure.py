"""Medians of alternatives that take turns, so that a busy moment of the machine hits them all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Claim:
    """One line of the report. ``met`` is None where there is no target."""

    claim: str
    target: str
    measured: str
    met: bool | None
    detail: str = ""


def take_turns(candidates: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Name -> median seconds over ``rounds``; every candidate runs once before, uncounted."""
    for run in candidates.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, run in candidates.items():
            gc.collect()
            gc.disable()
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
            gc.enable()
    return {name: statistics.median(values) for name, values in seconds.items()}


def once(run: Callable[[], Any], rounds: int) -> float:
    """Median seconds of one candidate alone."""
    return take_turns({"": run}, rounds)[""]


def milliseconds(medians: Mapping[str, float]) -> str:
    """'name 12.3 ms, other 4.5 ms'."""
    return ", ".join(f"{name} {seconds * 1e3:,.1f} ms" for name, seconds in medians.items())


def at_least(name: str, factor: float, reference: str, medians: Mapping[str, float]) -> Claim:
    """Claim that 'ours' is ``factor`` times as fast as ``reference``."""
    ratio = medians[reference] / medians["ours"]
    return Claim(
        name, f">= {factor:g} x {reference}", f"{ratio:,.1f} x", ratio >= factor, milliseconds(medians)
    )


def proportional_memory_mb(pid: int | str = "self") -> float:
    """PSS: private memory plus this process's share of what it shares with others, MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no Pss line")


def report(claims: list[Claim]) -> str:
    """The table that `make bench` ends with."""
    marks = {True: "met", False: "MISSED", None: "-"}
    rows = [("claim", "target", "measured", "", "medians")]
    rows += [(c.claim, c.target, c.measured, marks[c.met], c.detail) for c in claims]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)), row[4]]
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines)
