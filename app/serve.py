"""What ``make run`` does: demonstration data if there is none, then the server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from app.settings import Settings
from data_layer import demo
from data_layer.errors import LakeMissing
from data_layer.lake import KIND_DEMO, Lake
from data_layer.market import market_day
from data_layer.tables import SCHEMA_VERSION

FIRST_DAYS = 45
"""What a first start waits for: enough for every preset up to 30 days."""

FULL_SPAN = timedelta(days=demo.DEFAULT_DAYS - 2)


def run(settings: Settings) -> None:
    """Serve on settings.host:port until stopped; replaces this process with gunicorn."""
    prepare_lake(settings)
    say(f"NEMDesk on http://{settings.host}:{settings.port}/  (Ctrl+C stops it)")
    root = Path(__file__).parent.parent
    os.chdir(root)
    os.environ.update(settings.environment())
    command = [sys.executable, "-m", "gunicorn", "--config", str(root / "gunicorn.conf.py")]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - no shell; nothing here comes from outside


def prepare_lake(settings: Settings) -> None:
    """Demonstration data where no lake is; say what is there otherwise.

    The last weeks are built at once and served; the rest of the two years, and days that have passed
    since, are built by a second process while people already look at the page, which notices the new
    version by itself.
    """
    lake = Lake(settings.lake_dir)
    try:
        snapshot = lake.snapshot()
        if snapshot.kind == KIND_DEMO and snapshot.schema != SCHEMA_VERSION:
            raise LakeMissing("The demonstration was made by another version.")
    except LakeMissing:
        build_demo(lake, FIRST_DAYS)
        finish_demo_in_background(settings)
        return
    span = snapshot.span("region_5min")
    until = f", to {market_day(span[1]):%d %b %Y}" if span else ""
    kind = "demonstration data" if snapshot.kind == KIND_DEMO else "AEMO's data"
    say(f"Lake version {snapshot.number:06d}: {kind}{until}")
    if snapshot.kind == KIND_DEMO:
        if span is None or span[1] < demo.last_midnight() or span[1] - span[0] < FULL_SPAN:
            finish_demo_in_background(settings)
        say("  `python -m app ingest` loads AEMO's data instead")


def build_demo(lake: Lake, days: int) -> None:
    """The demonstration's last ``days``, with a line of progress."""
    started = time.perf_counter()
    say(f"No data yet: building the last {days} days of synthetic demonstration data")
    terminal = sys.stdout.isatty()

    def progress(what: str, done: int, total: int) -> None:
        if terminal:
            sys.stdout.write(f"\r  {what}: {done} of {total}      ")
            sys.stdout.flush()
        elif done == total:
            say(f"  {what}: {done}")

    demo.build(lake, days=days, progress=progress)
    if terminal:
        sys.stdout.write("\n")
    say(f"  built in {time.perf_counter() - started:.0f} s")


def finish_demo_in_background(settings: Settings) -> None:
    """Bring the demonstration to its two years up to last midnight in a process of its own.

    It publishes one version when it is complete; stopped early, it leaves the lake as it was.
    """
    say(f"  building {demo.DEFAULT_DAYS} days to last midnight in the background; pages notice by themselves")
    subprocess.Popen(
        [sys.executable, "-m", "app", "demo"],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **settings.environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def say(text: str) -> None:
    """A line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
