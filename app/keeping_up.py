"""``python -m app update --watch``: the lake kept up with AEMO's reports, by a process that stays.

One log entry a round. A server that does not answer is asked ever less often; a lake that somebody else is
writing is waited for; SIGTERM ends it at once. An end at any moment leaves the published version whole:
what was not published is fetched again.
"""

from __future__ import annotations

import logging
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from app.logs import fields
from data_layer.errors import DataLayerError, LakeBusy
from data_layer.ingest import pipeline
from data_layer.ingest.download import FetchFailed
from data_layer.ingest.nemweb import Source
from data_layer.ingest.run import Progress, Summary
from data_layer.lake import Lake

logger = logging.getLogger("nemdesk.update")

EVERY_SECONDS: Final = 300.0
BUSY_SECONDS: Final = 20.0
"""How soon a lake is tried again that somebody else was writing, at most."""

LONGEST_SECONDS: Final = 3_600.0
"""The longest pause after failures, unless the usual one is longer."""

JITTER: Final = 0.1
"""Of a pause, to either side: not everybody should ask AEMO at the same second."""

_FOLDER: Final = "Reports/Current"
_NAMED: Final = 5


class Told(BaseException):
    """The process was told to end. Not an Exception: nothing on its way may take it for a bad file."""


@dataclass(frozen=True)
class Round:
    """How a round went: the level and text of its log entry, figures, and the pause that follows."""

    level: int
    text: str
    figures: dict[str, Any]
    pause: float
    failed: bool


def keep_up(
    lake: Lake,
    source: Source,
    every: float = EVERY_SECONDS,
    *,
    progress: Progress | None = None,
    rounds: int | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Update again and again, ``every`` seconds after each round's end, until SIGTERM (or ``rounds``)."""
    failures = number = 0
    try:
        with _ends_at_sigterm():
            while rounds is None or number < rounds:
                number += 1
                started = time.monotonic()
                done = _round(lake, source, every, failures, progress)
                failures = failures + 1 if done.failed else 0
                pause = done.pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
                logger.log(
                    done.level,
                    "%s; next round in %.0f s",
                    done.text,
                    pause,
                    extra=fields(
                        round=number,
                        seconds=round(time.monotonic() - started, 1),
                        next_seconds=round(pause, 1),
                        **done.figures,
                    ),
                )
                sleep(pause)
    except Told:
        logger.info("told to end; the lake is as it was last published")


def _round(lake: Lake, source: Source, every: float, failures: int, progress: Progress | None) -> Round:
    longer = min(every * 2**failures, max(LONGEST_SECONDS, every))
    try:
        # One question first: an update that finds nobody there would note every folder as refused.
        source.listing(_FOLDER)
        return _published(pipeline.update(lake, source, progress=progress), every, longer)
    except FetchFailed as error:
        text = f"{source.label} cannot be asked: {error}"
        return Round(logging.WARNING, text, {"outcome": "unreachable"}, longer, failed=True)
    except LakeBusy as error:
        return Round(logging.INFO, str(error), {"outcome": "busy"}, min(every, BUSY_SECONDS), failed=False)
    except (DataLayerError, OSError) as error:
        logger.error("the round failed", exc_info=error)
        return Round(logging.ERROR, f"failed: {error}", {"outcome": "failed"}, longer, failed=True)


def _published(summary: Summary, every: float, longer: float) -> Round:
    whole = [refusal for refusal in summary.refusals if refusal.rows == 0]
    figures: dict[str, Any] = {
        "outcome": "published" if summary.versions else "nothing new",
        "version": summary.snapshot.token if summary.snapshot else "",
        "files": len(summary.files),
        "rows": sum(summary.rows_added.values()),
        "refused": [str(refusal) for refusal in summary.refusals[:_NAMED]],
        "refusals": len(summary.refusals),
    }
    text = (
        f"version {figures['version']}: {figures['files']} files, {figures['rows']:,} new rows"
        if summary.versions
        else "nothing new"
    )
    if whole and not summary.files:
        return Round(
            logging.WARNING, f"{text}, {len(whole)} refused", {**figures, "outcome": "refused"}, longer, True
        )
    level = logging.WARNING if whole else logging.INFO
    return Round(level, text, figures, every, failed=False)


@contextmanager
def _ends_at_sigterm() -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the way out must not be cut short
        raise Told

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
