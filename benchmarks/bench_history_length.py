"""Claim: cost follows what is drawn. One screen over 5 years costs at most 1.3 times the same over 1 year;
and a screen of 30 days costs the same whether the lake holds 1 year or 5."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from benchmarks.bench_tabs import asked
from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, milliseconds, take_turns
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager

ALLOWED = 1.3


def run(contestants: Contestants, rounds: int = 15) -> list[Claim]:
    """Generation tab, uncached."""
    last = contestants.data.end - timedelta(days=1)

    def search(days: int, more: str = "") -> str:
        return f"?start={last - timedelta(days=days - 1):%Y-%m-%d}&end={last:%Y-%m-%d}{more}"

    claims = []
    for more in ("", "&region=SA1", "&view=time-of-day", "&resolution=month"):
        year, five = (asked(contestants.manager, "generation", search(days, more)) for days in (365, 1_826))
        medians = take_turns(
            {
                "1 y": lambda rs=year: [contestants.manager.answer(r, use_cache=False) for r in rs],
                "5 y": lambda rs=five: [contestants.manager.answer(r, use_cache=False) for r in rs],
            },
            rounds,
        )
        claims.append(_ratio(f"Generation{more.replace('&', ', ')}: 5 y against 1 y", medians, "5 y", "1 y"))
    short = HybridQueryManager(last_year_of(contestants.data.lake))
    requests = asked(contestants.manager, "generation", search(30))
    medians = take_turns(
        {
            "1 y lake": lambda: [short.answer(r, use_cache=False) for r in requests],
            "5 y lake": lambda: [contestants.manager.answer(r, use_cache=False) for r in requests],
        },
        rounds,
    )
    claims.append(
        _ratio("Generation, 30 d: 5-year lake against 1-year lake", medians, "5 y lake", "1 y lake")
    )
    return claims


def _ratio(name: str, medians: dict[str, float], over: str, under: str) -> Claim:
    ratio = medians[over] / medians[under]
    return Claim(name, f"<= {ALLOWED} x", f"{ratio:.2f} x", ratio <= ALLOWED, milliseconds(medians))


def last_year_of(lake: Lake) -> Lake:
    """A lake whose only version holds the last 12 months (day rollups: last two years) of ``lake``."""
    short = Lake(lake.root.parent / "last-year")
    published = lake.snapshot()
    token = published.token
    if (short.root / "versions" / f"{token}.json").exists():
        return short
    body = json.loads((lake.root / "versions" / f"{token}.json").read_text(encoding="utf-8"))
    for table, parts in body["tables"].items():
        kept = sorted(parts)[-12:] if "-" in min(parts) else sorted(parts)[-2:]
        body["tables"][table] = {name: parts[name] for name in kept}
        for entry in body["tables"][table].values():
            target = short.root / entry["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(lake.root / entry["path"], target)
    _write(short.root / "versions" / f"{token}.json", json.dumps(body))
    _write(short.root / "CURRENT", token + "\n")
    return short


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
