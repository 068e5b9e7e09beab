"""The one way a panel waits for long work: order, progress, answers so far, stop, error, result.

A panel whose questions may be long gives the content it shows while it waits. A question that reads at most
``job_rows`` rows, or whose answer is known, is answered at once, as in any panel. For a larger one the
panel orders a job (callbacks/work.py) and watches it through a background callback, whose manager
(app/background.py) asks the ``PanelWork`` here what to show. The job outlives the panel: coming back, its
answer is known, or it is watched again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks import guard
from callbacks.guard import Ask, Make, Manager
from callbacks.work import FAILED, Centre, JobState, Order
from data_layer.query_manager import Answer, LakeState, Provenance
from data_layer.requests import Request
from layouts import working
from layouts.panel import Content

POLL_MILLISECONDS: Final = 250

GONE: Final = "The work is not known any more: the service was started again. Try again."

Waiting = Callable[[Ask], Content]
"""What a panel shows while nothing is there yet."""


class NeedsWork(Exception):
    """A question is so large that it is answered by a job."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.name)
        self.request = request


class Sparing:
    """A manager that answers what is quick or known, and says of the rest that it needs a job."""

    def __init__(self, manager: Manager, job_rows: int) -> None:
        self.manager = manager
        self.job_rows = job_rows

    def answer(self, request: Request) -> Answer:
        if not self.manager.known(request) and self.manager.cost(request) > self.job_rows:
            raise NeedsWork(request)
        return self.manager.answer(request)

    def lake_state(self) -> LakeState:
        return self.manager.lake_state()

    def cost(self, request: Request) -> int:
        return self.manager.cost(request)

    def known(self, request: Request) -> bool:
        return self.manager.known(request)


class SoFar(Sparing):
    """The same, with the answer to one question as far as it goes."""

    def __init__(self, manager: Manager, job_rows: int, request: Request, rows: pa.Table) -> None:
        super().__init__(manager, job_rows)
        self.request = request
        self.first = Answer(rows, Provenance("so far", 0, 0, 0.0, "", "", cached=False))

    def answer(self, request: Request) -> Answer:
        return self.first if request == self.request else super().answer(request)


@dataclass(frozen=True)
class Run:
    """One panel of one page that watches a job: plain values, since each poll may meet another worker."""

    panel: str
    visitor: str
    search: str
    theme: str
    job: str = ""
    seen: int = 0
    """Number of the answer so far that was drawn last."""
    said: str = ""
    """What was told last, so that nothing is told twice."""
    message: str = ""
    """Why there is no job."""


Values = list[Any]
Aside = dict[str, dict[str, Any]]
"""Component -> property -> value, beside the callback's own outputs."""


class PanelWork:
    """What a background callback of one panel does at each step. Every method is quick."""

    def __init__(
        self,
        centre: Centre,
        manager: Manager,
        tab: str,
        panel_id: str,
        make: Make,
        waiting: Waiting,
        *,
        chart: bool,
        job_rows: int,
    ) -> None:
        self.centre = centre
        self.manager = manager
        self.tab = tab
        self.panel_id = panel_id
        self.make = make
        self.waiting = waiting
        self.chart = chart
        self.job_rows = job_rows

    def begin(self, order: object, visitor: str) -> Run:
        """Order the job that the panel needs now."""
        given = order if isinstance(order, Mapping) else {}
        search, theme = given.get("search"), given.get("theme")
        run = Run(
            self.panel_id,
            visitor,
            search if isinstance(search, str) else "",
            theme if isinstance(theme, str) else "",
        )
        try:
            needed = self._needed(run)
            return run if needed is None else replace(run, job=self._ordered(run, needed))
        except Exception as error:
            return replace(run, message=guard.explain(error))

    def _ask(self, run: Run) -> Ask:
        ask = guard.asked(self.manager, self.tab, run.search, run.theme, f"/{self.tab}")
        ask.manager = Sparing(self.manager, self.job_rows)
        return ask

    def _needed(self, run: Run) -> Request | None:
        try:
            self.make(self._ask(run))
        except NeedsWork as needs:
            return needs.request
        return None

    def _ordered(self, run: Run, request: Request) -> str:
        content = self.waiting(self._ask(run))
        return self.centre.submit(run.visitor, Order(request, title_of(content), f"/{self.tab}{run.search}"))

    def look(self, run: Run, state: JobState | None) -> tuple[Run, list[Any] | None, Aside]:
        """(the run, what the progress says if it changed, the panel as far as it goes if there is more)."""
        if state is None or state.ended:
            return run, None, {}
        said = working.progress(_facts(state))
        aside: Aside = {}
        number, rows = self.centre.partial(run.job, run.seen)
        if rows is not None:
            aside = self._drawn(run, rows)
        text = repr(_facts(state))
        told = None if text == run.said else [said]
        return replace(run, seen=number, said=text), told, aside

    def _drawn(self, run: Run, rows: pa.Table) -> Aside:
        ask = self._ask(run)
        try:
            request = self._needed(run)
            if request is None:
                return {}
            ask.manager = SoFar(self.manager, self.job_rows, request, rows)
            parts = guard.outputs(self.panel_id, chart=self.chart)
            values = guard.filled(self.make(ask), chart=self.chart)
        except NeedsWork:
            return {}  # another question is long as well: nothing can be drawn of the first alone
        aside: Aside = {}
        for part, value in zip(parts, values, strict=True):
            if value is not no_update:
                aside.setdefault(part.component_id, {})[part.component_property] = value
        return aside

    def result(self, run: Run, state: JobState | None) -> tuple[Run, Values | None]:
        """(the run, values of the panel's outputs once nothing is waited for); never of a stopped one."""
        if run.message:
            return run, guard.failed(run.message, chart=self.chart)
        if run.job and state is None:
            return run, guard.failed(GONE, chart=self.chart)
        if state is not None and not state.ended:
            return run, None
        if state is not None and state.state == FAILED:
            return run, guard.failed(state.message, chart=self.chart)
        try:
            return run, guard.filled(self.make(self._ask(run)), chart=self.chart)
        except NeedsWork as needs:
            try:
                return replace(run, job=self._ordered(run, needs.request), seen=0, said=""), None
            except Exception as error:
                return run, guard.failed(guard.explain(error), chart=self.chart)
        except Exception as error:
            return run, guard.failed(guard.explain(error), chart=self.chart)

    @property
    def stopped_aside(self) -> Aside:
        """Says on the panel that its job was stopped, wherever that was done."""
        return {f"{self.panel_id}-stopped": {"hidden": False}}

    def leave(self, run: Run, *, at_once: bool) -> None:
        """The panel no longer waits."""
        if run.job:
            (self.centre.stop if at_once else self.centre.leave)(run.visitor, run.job)

    def state(self, run: Run) -> JobState | None:
        """The job that the run watches, as its visitor sees it now; None where there is none."""
        return self.centre.job(run.job, run.visitor) if run.job else None


def title_of(content: Content) -> str:
    """What a list of jobs calls the work for a panel: its title, and what of it and of when."""
    chosen = str(content.subtitle).partition(" · AEST")[0]
    return f"{content.title} · {chosen}" if chosen else str(content.title)


def _facts(state: JobState) -> working.Facts:
    told = state.told
    return working.Facts(
        place=state.place,
        done=told.done,
        parts=told.parts,
        unit=told.unit,
        fraction=told.fraction,
        rows=told.rows,
        phase=told.phase,
        seconds=int(state.seconds),
        left=told.seconds_left,
        messages=told.messages,
    )


def connect(app: Dash, work: PanelWork) -> None:
    """Fill a panel whenever its view changes, at once or by a job (``layouts.working``)."""
    panel_id, chart = work.panel_id, work.chart
    job = f"{panel_id}-job"

    def fill(search: object, _version: object, chosen: object, pathname: object) -> list[Any]:
        try:
            ask = guard.asked(work.manager, work.tab, search, chosen, pathname)
            try:
                ask.manager = Sparing(work.manager, work.job_rows)
                values = guard.filled(work.make(ask), chart=chart)
                guard.note_lasting(ask.lasting)
                return [*values, no_update]
            except NeedsWork:
                order = {"search": search, "theme": ask.theme, "tab": work.tab, "id": uuid.uuid4().hex}
                return [*guard.filled(work.waiting(ask), chart=chart), order]
        except PreventUpdate:
            raise
        except Exception as error:
            guard.ask_again_if_busy(error)
            return [*guard.failed(guard.explain(error), chart=chart), no_update]

    def run(_order: object) -> list[Any]:
        raise PreventUpdate  # the manager asks ``work`` instead; dash wants a function to name

    name = panel_id.replace("-", "_")
    fill.__name__, run.__name__ = f"fill_{name}", f"run_{name}"
    run.panel_id = panel_id  # type: ignore[attr-defined]
    parts = guard.outputs(panel_id, chart=chart)
    app.callback([*parts, Output(job, "data")], *guard.VALUES)(fill)
    again = [Output(o.component_id, o.component_property, allow_duplicate=True) for o in parts]
    app.callback(
        again,
        Input(job, "data"),
        background=True,
        interval=POLL_MILLISECONDS,
        progress=[Output(f"{panel_id}-progress", "children")],
        running=[(Output(f"{panel_id}-work", "className"), working.RUNNING, working.IDLE)],
        cancel=[Input(f"{panel_id}-stop", "data")],
        on_error=lambda error: guard.failed(guard.explain(error), chart=chart),
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
