"""Whether a lake can be asked at all: one small question, past every cache."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from data_layer.connection import CancelToken
from data_layer.errors import LakeMissing
from data_layer.lake import HOW_TO_START
from data_layer.lake_state import current, span_of
from data_layer.query_manager import HybridQueryManager
from data_layer.requests import LatestInterval, Period


def probe(manager: HybridQueryManager, seconds: float) -> float:
    """Ask for the newest interval; the seconds it took. The data layer's own errors where it cannot be
    had, QueryCancelled after ``seconds``. Counted nowhere: a probe is no visitor."""
    snapshot = current(manager.lake.snapshot())
    _, last = span_of(snapshot)
    if last is None:
        raise LakeMissing(f"There is no data yet: {HOW_TO_START}.")
    cancel = CancelToken()
    limit = threading.Timer(seconds, cancel.cancel)
    limit.daemon = True
    limit.start()
    started = time.perf_counter()
    try:
        manager.backend.run(LatestInterval(Period(last - timedelta(hours=1), last)), snapshot, cancel)
    finally:
        limit.cancel()
    return time.perf_counter() - started
