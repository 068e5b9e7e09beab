"""The one way a callback asks the data layer: every error becomes something the visitor can read.

Errors that the data layer raises on purpose carry their own message. Anything else is logged with the
request's id, and the page shows that id.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, cast
from urllib.parse import urlencode

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from flask import current_app, g, has_request_context

from callbacks import state
from callbacks.state import View
from data_layer.errors import DataLayerError, LakeMissing, QueryCancelled, RequestError, ServerBusy
from data_layer.lake import HOW_TO_START, KIND_DEMO
from data_layer.query_manager import Answer, LakeState
from data_layer.requests import Period, Request
from layouts import formats, panel, theme
from layouts.panel import Content, Provenance

logger = logging.getLogger("nemdesk.page")


class Manager(Protocol):
    """What the page needs of the data layer's one door."""

    def answer(self, request: Request) -> Answer: ...

    def lake_state(self) -> LakeState: ...

    def cost(self, request: Request) -> int: ...

    def known(self, request: Request) -> bool: ...


_WORK: ContextVar[str] = ContextVar("nemdesk_work", default="")


def work_on(job: str) -> None:
    """From now on this process (or thread) works for a job: its errors and its log carry the job's id."""
    _WORK.set(job)


def working_on() -> str:
    """Id of the job that is worked on; '' outside a job."""
    return _WORK.get()


def request_id() -> str:
    """Id of the request being served, as its response header says, or of the job that is worked on; a new
    one outside both."""
    if has_request_context() and "request_id" in g:
        return cast("str", g.request_id)
    return working_on() or uuid.uuid4().hex[:12]


def visitor() -> str:
    """Who asks: the random name that app/visitors.py gave this browser; '' outside a request."""
    return cast("str", g.get("visitor", "")) if has_request_context() else ""


NAMES_ENGINE: Final = "NEMDESK_NAMES_ENGINE"
"""Of the server's configuration: whether panels say which engine answered."""


def _engine_shown(engine: str) -> str:
    """The engine's name where visitors may have different ones, or another than DuckDB; else ''."""
    return engine if has_request_context() and current_app.config.get(NAMES_ENGINE) else ""


def span(lake: LakeState) -> tuple[datetime, datetime]:
    """First and last stamp of the data, or LakeMissing."""
    if lake.first is None or lake.last is None:
        raise LakeMissing(f"There is no data yet: {HOW_TO_START}.")
    return lake.first, lake.last


RETRY_SECONDS: Final = 2


def explain(error: Exception) -> str:
    """What the page says about an error; unexpected ones are logged with the id that is shown."""
    identity = request_id()
    if isinstance(error, RequestError | LakeMissing):
        logger.info("refused: %s (request %s)", error, identity)
        return str(error)
    if isinstance(error, QueryCancelled):
        logger.info("stopped: %s (request %s)", error, identity)
        return str(error)
    if isinstance(error, DataLayerError):
        logger.warning("failed (request %s)", identity, exc_info=error)
        return f"{error} (id {identity})"
    logger.exception("unexpected error (request %s)", identity)
    return f"Something went wrong (id {identity}). Try again; if it stays, quote this id: the log has it."


@dataclass
class Ask:
    """One panel's question: what is shown, of which data, and where its answers came from."""

    manager: Manager
    lake: LakeState
    view: View
    theme: str
    provenance: list[Provenance] = field(default_factory=list)
    failures: int = 0
    """Questions without an answer, whatever the panel made of that."""

    def answer(self, request: Request) -> Answer:
        try:
            got = self.manager.answer(request)
        except Exception:
            self.failures += 1
            raise
        facts = got.provenance
        self.provenance.append(
            Provenance(
                facts.source,
                facts.rows_scanned,
                facts.seconds,
                facts.version,
                facts.cached,
                _engine_shown(facts.engine),
            )
        )
        return got

    @property
    def lasting(self) -> str:
        """The version of the lake for which all this would be the same once more, down to what it says of
        its answers, since all were known; else ''."""
        known = not self.failures and all(one.cached for one in self.provenance)
        versions = {self.lake.version, *(one.version for one in self.provenance)}
        return versions.pop() if known and len(versions) == 1 else ""

    @property
    def compared(self) -> Period | None:
        """The other period of a comparison; None without one, or where it lies outside the data
        (``compared_note`` says so)."""
        other = self.view.compared
        first, last = span(self.lake)
        inside = other is not None and other.end > first and other.start < last
        return other if inside else None

    @property
    def compared_note(self) -> str:
        """Why a comparison that was asked for is not drawn; '' where it is or none was asked for."""
        if not self.view["compare"] or self.compared is not None:
            return ""
        days = formats.span(*span(self.lake))
        return f"Nothing to compare with: the other period lies outside the data, which covers {days}."

    @property
    def source(self) -> str:
        return "synthetic data" if self.lake.kind == KIND_DEMO else "AEMO"

    def subtitle(self, request: Request) -> str:
        """Period, resolution, time basis and source, as every chart says them."""
        parts = [formats.span(request.period.start, request.period.end)]
        resolution = getattr(request, "resolution", None)
        if resolution is not None:
            parts.append(f"{resolution.label} {'readings' if resolution.intervals == 1 else 'averages'}")
        return " · ".join([*parts, "AEST, interval-ending", f"Source: {self.source}"])

    def day_subtitle(self, request: Request) -> str:
        """``subtitle`` of an average day, which has no resolution to say."""
        return self.subtitle(request).replace("AEST", "mean over days, by half-hour · AEST", 1)


def csv(label: str, request: Request) -> tuple[str, str]:
    """Download link of exactly a request's rows."""
    return f"CSV: {label}", _address(request, "csv")


def parquet(label: str, request: Request) -> tuple[str, str]:
    """The same rows as Parquet, for tables."""
    return f"Parquet: {label}", _address(request, "parquet")


def _address(request: Request, ending: str) -> str:
    return f"/data/{request.name}.{ending}?{urlencode(request.to_query(), safe=',:')}"


Make = Callable[[Ask], Content]

VALUES: Final = (
    Input("url", "search"),
    Input("version", "data"),
    Input("theme", "data"),
    State("url", "pathname"),
)


def outputs(panel_id: str, *, chart: bool) -> list[Output]:
    """What of a panel a callback fills. Few on purpose: the browser's cost of an answer is outputs times
    components on the page."""
    parts = [
        Output(f"{panel_id}-top", "children"),
        Output(f"{panel_id}-bottom", "children"),
        Output(panel_id, "className"),
    ]
    return [*parts, Output(f"{panel_id}-graph", "figure")] if chart else parts


def asked(manager: Manager, tab: str, search: object, chosen: object, pathname: object) -> Ask:
    """The view an address asks for, over the lake as it is now; PreventUpdate where it is another tab's."""
    if state.tab_of(pathname) != tab:
        raise PreventUpdate
    lake = manager.lake_state()
    view = state.parse(tab, search, *span(lake))
    look = chosen if isinstance(chosen, str) and chosen in theme.PALETTES else theme.LIGHT
    return Ask(manager, lake, view, look)


def connect(app: Dash, manager: Manager, tab: str, panel_id: str, make: Make, *, chart: bool) -> None:
    """Fill one panel whenever the address, the data's version or the theme changes."""

    def fill(search: object, _version: object, chosen: object, pathname: object) -> list[Any]:
        try:
            ask = asked(manager, tab, search, chosen, pathname)
            values = filled(make(ask), chart=chart)
            note_lasting(ask.lasting)
            return values
        except PreventUpdate:
            raise
        except Exception as error:
            ask_again_if_busy(error)
            return failed(explain(error), chart=chart)

    fill.__name__ = fill.__qualname__ = f"fill_{panel_id.replace('-', '_')}"
    app.callback(outputs(panel_id, chart=chart), *VALUES)(fill)


def note_lasting(version: str) -> None:
    """Let whoever sends the response know for which version of the lake it may be sent again."""
    if has_request_context():
        g.lasting = version


def lasting() -> str:
    """The version of the lake for which this request would be answered by the same response; '' for none."""
    return cast("str", g.get("lasting", ""))


def ask_again_if_busy(error: Exception) -> None:
    """Let the response say when to ask again (Retry-After), which assets/busy.js does by itself."""
    if isinstance(error, ServerBusy) and has_request_context():
        g.retry_after = RETRY_SECONDS


def filled(content: Content, *, chart: bool) -> list[Any]:
    """Values of ``outputs`` for a panel's content."""
    status = panel.EMPTY if content.empty else panel.READY
    values: list[Any] = [panel.top(content), panel.bottom(content), status]
    if chart:
        values.append(content.figure if content.figure is not None else no_update)
    return values


def failed(text: str, *, chart: bool) -> list[Any]:
    """Values of ``outputs`` for an error."""
    values: list[Any] = [panel.error(text), None, panel.FAILED]
    return [*values, no_update] if chart else values
