"""The one way to run long work: start, progress by parts, partial answers, stop, error, result.

A panel whose question may be long says so with ``Long``. A question that the planner prices within the
limit is answered at once, as in any panel. A larger one is handed to a background callback, which makes
the same panel from the same function, over a manager that answers part by part and tells how far it is.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks import guard
from callbacks.guard import Ask, Make, Manager
from data_layer.connection import CancelToken
from data_layer.errors import QueryCancelled
from data_layer.query_manager import Answer, LakeState, Provenance
from data_layer.requests import Request
from layouts import working
from layouts.panel import Content

STOP: Final = CancelToken()
"""Stops what this process's job asks the database; a job has a process of its own (app/background.py)."""

POLL_MILLISECONDS: Final = 250
TOLD_SECONDS: Final = 1.0
"""How often a job says that it lives. Partial answers come at most twice as often."""

Report = Callable[[list[Any]], None]


@dataclass(frozen=True)
class Long:
    """What a panel needs to run as a job: the question that may be long, and what the panel says while
    nothing is there yet."""

    question: Callable[[Ask], Request]
    waiting: Callable[[Ask], Content]


def connect(
    app: Dash, manager: Manager, tab: str, panel_id: str, make: Make, long: Long, *, job_rows: int
) -> None:
    """Fill a panel without a graph whenever its view changes, at once or by a job (``layouts.working``)."""
    job = f"{panel_id}-job"

    def fill(search: object, _version: object, chosen: object, pathname: object) -> list[Any]:
        try:
            ask = guard.asked(manager, tab, search, chosen, pathname)
            if manager.cost(long.question(ask)) <= job_rows:
                return [*guard.filled(make(ask), chart=False), no_update]
            order = {"search": search, "theme": ask.theme, "id": uuid.uuid4().hex}
            return [*guard.filled(long.waiting(ask), chart=False), order]
        except PreventUpdate:
            raise
        except Exception as error:
            return [*guard.failed(guard.explain(error), chart=False), no_update]

    def run(report: Report, order: object) -> list[Any]:
        if not isinstance(order, dict):
            raise PreventUpdate
        try:
            ask = guard.asked(manager, tab, order.get("search"), order.get("theme"), f"/{tab}")
            with _Telling(report) as telling:
                question = long.question(ask)
                ask.manager = Stepwise(manager, question, telling, lambda other: make(other), ask)
                return guard.filled(make(ask), chart=False)
        except QueryCancelled:
            raise PreventUpdate from None
        except Exception as error:
            return guard.failed(guard.explain(error), chart=False)

    name = panel_id.replace("-", "_")
    fill.__name__, run.__name__ = f"fill_{name}", f"run_{name}"
    parts = guard.outputs(panel_id, chart=False)
    app.callback([*parts, Output(job, "data")], *guard.VALUES)(fill)
    again = [Output(o.component_id, o.component_property, allow_duplicate=True) for o in parts]
    app.callback(
        again,
        Input(job, "data"),
        background=True,
        interval=POLL_MILLISECONDS,
        progress=[Output(f"{panel_id}-progress", "children"), Output(f"{panel_id}-bottom", "children")],
        running=[(Output(f"{panel_id}-work", "className"), working.RUNNING, working.IDLE)],
        cancel=[Input(f"{panel_id}-stop", "data")],
        on_error=lambda error: guard.failed(_said(error), chart=False),
        prevent_initial_call=True,
    )(run)
    _listen(app, panel_id)


def _listen(app: Dash, panel_id: str) -> None:
    """Stopping and starting again, in the browser (assets/jobs.js)."""
    app.clientside_callback(
        ClientsideFunction("nemdesk_jobs", "stop"),
        Output(f"{panel_id}-stop", "data"),
        Output(f"{panel_id}-stopped", "hidden"),
        Input(f"{panel_id}-cancel", "n_clicks"),
        Input("url", "search"),
        Input(f"{panel_id}-job", "data"),
        State(f"{panel_id}-work", "className"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("nemdesk_jobs", "again"),
        Output(f"{panel_id}-job", "data", allow_duplicate=True),
        Input(f"{panel_id}-again", "n_clicks"),
        State(f"{panel_id}-job", "data"),
        prevent_initial_call=True,
    )


def _said(error: Exception) -> str:
    """The message inside what dash makes of a job's error."""
    return str(error).partition(": ")[2].partition("\n")[0] or guard.explain(error)


class Stepwise:
    """A manager that answers one question part by part, drawing what is there after each."""

    def __init__(self, manager: Manager, question: Request, telling: _Telling, make: Make, ask: Ask) -> None:
        self.manager, self.question, self.telling, self.make, self.ask = (
            manager,
            question,
            telling,
            make,
            ask,
        )

    def answer(self, request: Request) -> Answer:
        if request != self.question:
            return self.manager.answer(request)
        return self.manager.answer_in_parts(request, self._on_part, STOP)

    def _on_part(self, done: int, parts: int, so_far: Callable[[], pa.Table]) -> None:
        def draw() -> Any:
            first = Answer(so_far(), Provenance("so far", 0, 0, 0.0, "", "", cached=False))
            content = self.make(
                Ask(_Known(self, self.question, first), self.ask.lake, self.ask.view, self.ask.theme)
            )
            return content.body

        self.telling.part(done, parts, draw)

    def lake_state(self) -> LakeState:
        return self.manager.lake_state()

    def cost(self, request: Request) -> int:
        return self.manager.cost(request)

    def answer_in_parts(self, request: Request, on_part: Any, cancel: CancelToken | None = None) -> Answer:
        return self.manager.answer_in_parts(request, on_part, cancel)


class _Known(Stepwise):
    """A manager that has the answer to one question already."""

    def __init__(self, behind: Stepwise, question: Request, known: Answer) -> None:
        super().__init__(behind.manager, question, behind.telling, behind.make, behind.ask)
        self.known = known

    def answer(self, request: Request) -> Answer:
        return self.known if request == self.question else self.manager.answer(request)


class _Telling:
    """What a job says while it works: parts done, seconds, and the panel as far as it goes. It speaks every
    second, so that the page notices when the server is gone."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.began = self.drawn = time.monotonic()
        self.done = self.parts = 0
        self.body: Any = None
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> _Telling:
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def part(self, done: int, parts: int, draw: Callable[[], Any]) -> None:
        """One more part is there; it is drawn if the last drawing is a while ago."""
        self.done, self.parts = done, parts
        now = time.monotonic()
        if done < parts and (self.body is None or now - self.drawn > TOLD_SECONDS / 2):
            self.body, self.drawn = draw(), now
        self._tell()

    def _beat(self) -> None:
        while not self._over.is_set():
            self._tell()
            self._over.wait(TOLD_SECONDS)

    def _tell(self) -> None:
        with self._lock:
            seconds = int(time.monotonic() - self.began)
            self.report([working.progress(self.done, self.parts, seconds), self.body])
