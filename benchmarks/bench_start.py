"""Claims about a start: gunicorn as it is shipped is ready in 5 s, and its first page of all, which finds
every cache empty, is whole within 1 s.

    python -m benchmarks.bench_start [LAKE]

Ready is what /readyz says. The page is the address, the layout, the callbacks' list, and every callback
that Dash's renderer sends until all panels of the first tab are filled; the library's scripts, which browsers
keep, are counted apart. Beside the seconds stands what they come to alone: a Python that imports the
application (start), and the processor's seconds of all processes, which other work does not change.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from benchmarks.analysts import Analyst, Journal, Site
from benchmarks.contestants import Contestants
from benchmarks.crowd_service import ROOT, Service, service
from benchmarks.measure import Claim
from data_layer import demo
from data_layer.lake import Lake

STARTS = 5
MOST_TO_READY = 5.0
MOST_TO_PAGE = 1.0


@dataclass(frozen=True)
class Started:
    """One start: seconds to ready and to a whole first page, the same on the processor, what was wrong."""

    ready: float
    ready_processor: float
    page: float
    page_processor: float
    scripts: float
    callbacks: int
    wrong: tuple[str, ...]


async def first_page(running: Service) -> tuple[float, float, float, Journal]:
    """(seconds of the page, the same on the processor, seconds of its scripts, what was asked)."""
    site = await Site.read(running.port)
    journal = Journal()
    visitor = Analyst(running.port, replace(site, scripts=[]), journal, seed=1)
    before, began = running.cpu_seconds(), time.perf_counter()
    await visitor._open()
    page, spent = time.perf_counter() - began, running.cpu_seconds() - before
    began = time.perf_counter()
    await asyncio.gather(*(visitor.browser.ask("script", path) for path in site.scripts))
    visitor.browser.close()
    return page, spent, time.perf_counter() - began, journal


def start(lake: Path) -> Started:
    """Start the service once and open its first page."""
    began = time.perf_counter()
    with service(lake) as running:
        ready = time.perf_counter() - began
        at_ready = running.cpu_seconds()
        page, spent, scripts, journal = asyncio.run(first_page(running))
    wrong = [f"{one.kind}: {one.wrong or one.status}" for one in journal.asked if one.wrong or not one.status]
    return Started(ready, at_ready, page, spent, scripts, len(journal.of("callback")), tuple(wrong[:3]))


def imported() -> float:
    """Seconds of a Python that imports the application's modules and does nothing else."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import app, app.metrics, app.operation"], cwd=ROOT, check=True)
    return time.perf_counter() - began


def measure(lake: Path, starts: int = STARTS) -> list[Claim]:
    """Medians over ``starts``; starts and imports take turns."""
    imports, found = [], []
    for _ in range(starts):
        imports.append(imported())
        found.append(start(lake))
    ready, page = (statistics.median(getattr(one, name) for one in found) for name in ("ready", "page"))
    alone = statistics.median(imports)
    processor = statistics.median(one.ready_processor for one in found)
    page_processor = statistics.median(one.page_processor for one in found)
    scripts = statistics.median(one.scripts for one in found)
    wrong = [text for one in found for text in one.wrong]
    return [
        Claim(
            "start to ready",
            f"<= {MOST_TO_READY:g} s",
            f"{ready:.2f} s",
            ready <= MOST_TO_READY,
            f"{starts} starts; {ready / alone:.1f} x importing the application ({alone:.2f} s); "
            f"{processor:.2f} s of processor in all processes",
        ),
        Claim(
            "first page from empty caches",
            f"<= {MOST_TO_PAGE:g} s",
            f"{page:.2f} s{f', {len(wrong)} answers wrong: {wrong[0]}' if wrong else ''}",
            page <= MOST_TO_PAGE and not wrong,
            f"{starts} starts; page, layout and {found[0].callbacks} callbacks; {page_processor:.2f} s of "
            f"processor; its scripts take another {scripts:.2f} s",
        ),
    ]


def run(contestants: Contestants) -> list[Claim]:
    """Over the generated lake."""
    return measure(contestants.data.lake.root)


def main() -> None:
    """Over a lake that is named, else the demonstration of 45 days, as at a very first start."""
    if sys.argv[1:]:
        claims = measure(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory(prefix="nemdesk-start-") as folder:
            demo.build(Lake(Path(folder) / "lake"), end=datetime(2026, 3, 2), days=45)
            claims = measure(Path(folder) / "lake")
    for claim in claims:
        print(f"{claim.claim}: {claim.measured} ({claim.target}); {claim.detail}")


if __name__ == "__main__":
    main()
