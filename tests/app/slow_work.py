"""The shipped application over a data layer whose long work does as the test says, by the fuel asked for.

Coal never ends, Other sleeps, OCGT waits until a file named "go" lies in the folder of the cache, Wind
fails, Solar's process is killed, CCGT takes too much memory. Everything else is real, but while a file named
"hold" lies there, no other question goes on (one that begins while it says "endless" never does), and "begun"
has a byte for each that waits, "stopped" one for each that was stopped.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from app import create_app
from app.settings import Settings
from data_layer import divided
from data_layer.backend import OnPart
from data_layer.connection import CancelToken, Limits
from data_layer.errors import QueryCancelled
from data_layer.lake import Lake, Snapshot
from data_layer.query_manager import Answer, HybridQueryManager
from data_layer.requests import Request

ENDLESS = "SELECT sum(a.range * b.range) AS n FROM range(100000000) AS a, range(1000000) AS b"


class Slow(HybridQueryManager):
    def answer_in_parts(self, request: Request, on_part: OnPart, cancel: CancelToken | None = None) -> Answer:
        fuels: Any = getattr(request, "fuels", ())
        real = super().answer_in_parts(request, lambda *_: None, cancel)
        if "Coal" in fuels:
            on_part(1, 3, lambda: real.table)
            self.engine.query(ENDLESS, {}, cancel)
        if "OCGT" in fuels:
            on_part(1, 3, lambda: real.table)
            while not (settings.cache_dir / "go").exists():
                time.sleep(0.1)
        if "Other" in fuels:
            on_part(1, 3, lambda: real.table)
            time.sleep(600)
        if "Wind" in fuels:
            raise RuntimeError("secret detail")
        if "Solar" in fuels:
            os.kill(os.getpid(), signal.SIGKILL)
        if "CCGT" in fuels:
            hoard = os.urandom(2**20) * 1_000
            time.sleep(30)
            del hoard
        return real

    def _run(self, request: Request, snapshot: Snapshot, cancel: CancelToken | None) -> divided.Found:
        hold = settings.cache_dir / "hold"
        if hold.exists():
            _note("begun")
        try:
            if hold.exists() and hold.read_text() == "endless":
                self.engine.query(ENDLESS, {}, cancel)
            while hold.exists():
                time.sleep(0.05)
            return super()._run(request, snapshot, cancel)
        except QueryCancelled:
            _note("stopped")
            raise


def _note(what: str) -> None:
    with (settings.cache_dir / what).open("ab") as noted:
        noted.write(b"x")


settings = Settings()
manager = Slow(Lake(settings.lake_dir), limits=Limits(threads=1, timeout_seconds=60))
app = create_app(settings, manager)
server = app.server
