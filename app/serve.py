"""What ``make run`` does: demonstration data if there is none, then the server."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from app.settings import Settings
from data_layer.errors import LakeMissing
from data_layer.lake import KIND_DEMO, Lake
from data_layer.market import market_day


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
    """Build the demonstration where no lake is; say what is there otherwise."""
    lake = Lake(settings.lake_dir)
    try:
        snapshot = lake.snapshot()
    except LakeMissing:
        build_demo(lake)
        return
    span = snapshot.span("region_5min")
    until = f", to {market_day(span[1]):%d %b %Y}" if span else ""
    kind = "demonstration data" if snapshot.kind == KIND_DEMO else "AEMO's data"
    say(f"Lake version {snapshot.number:06d}: {kind}{until}")
    if snapshot.kind == KIND_DEMO:
        say("  `python -m app demo` brings it up to last midnight; `python -m app ingest` loads AEMO's")


def build_demo(lake: Lake) -> None:
    """Two years of demonstration data, with a line of progress."""
    from data_layer import demo

    started = time.perf_counter()
    say("No data yet: building two years of synthetic demonstration data")
    terminal = sys.stdout.isatty()

    def progress(what: str, done: int, total: int) -> None:
        if terminal:
            sys.stdout.write(f"\r  {what}: {done} of {total}      ")
            sys.stdout.flush()
        elif done == total:
            say(f"  {what}: {done}")

    demo.build(lake, progress=progress)
    if terminal:
        sys.stdout.write("\n")
    say(f"  built in {time.perf_counter() - started:.0f} s")


def say(text: str) -> None:
    """A line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
