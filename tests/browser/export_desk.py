"""The application with a job centre that does each order in a thread, for a server that has none."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
from dash import Dash, dcc, html

from app import create_app
from app.exports import Exports
from app.settings import Settings
from callbacks import TABS, exports
from callbacks.work import JobState, Order
from data_layer.query_manager import HybridQueryManager, open_manager
from layouts import shell


class Threads:
    """Every order at once, in this process."""

    def __init__(self, kept: Exports, manager: HybridQueryManager) -> None:
        self.kept, self.manager = kept, manager

    def submit(self, visitor: str, order: Order) -> str:
        job = uuid.uuid4().hex
        arguments = (order, job, self.manager, lambda told: None)
        threading.Thread(target=self.kept.run, args=arguments, daemon=True).start()
        return job

    def jobs(self, visitor: str) -> list[JobState]:
        return []

    def job(self, job: str) -> JobState | None:
        return None

    def partial(self, job: str, after: int) -> tuple[int, pa.Table | None]:
        return after, None

    def stop(self, visitor: str, job: str) -> None: ...

    def forget(self, visitor: str, job: str) -> None: ...

    def facts(self) -> Mapping[str, Any]:
        return {}


def desk() -> Dash:
    """The application as it is shipped; with threads where its exports have no centre yet."""
    settings = Settings()
    manager = open_manager(settings.lake_dir)
    app = create_app(settings, manager)
    if not any("export-body" in key for key in app.callback_map):
        exports.register(app, manager, TABS, Threads(Exports.of(settings), manager))
    if "job-nudge" not in str(shell.page(None)):
        shown = app.layout
        app.layout = lambda: html.Div([dcc.Store(id="job-nudge"), shown()])
    return app


server: Final = desk().server
