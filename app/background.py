"""Background callbacks: how a page waits for a job (app/jobs) that callbacks/jobs.py ordered for it.

dash's own manager starts a process for each click, gives one of two equal questions to nobody, serves to
the next visitor what was abandoned, keeps a killed job's visitor waiting for ever and lets a job outlive
its server (measured: docs/decisions/0005-long-work.md). Here dash's protocol stays and the rest is
replaced: a callback's "job" is the watch that one page keeps over a job; its key is random, its handle is
signed by dash, and what it shows comes from callbacks.jobs.PanelWork.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from dash import DiskcacheManager
from flask import g, has_request_context, request

from app.jobs.table import JobTable
from callbacks.guard import visitor
from callbacks.jobs import PanelWork, Run
from callbacks.work import STOPPED, JobState

logger = logging.getLogger("nemdesk.jobs")

KEPT_SECONDS: Final = 24 * 3_600
"""How long a watch that nobody continues is remembered."""


class JobManager(DiskcacheManager):
    """dash's manager over the job table. ``works`` are the panels that may wait, by panel."""

    def __init__(self, table: JobTable) -> None:
        super().__init__(table.store)
        self.works: Mapping[str, PanelWork] = {}

    def build_cache_key(self, *_: Any) -> str:
        """A key for this very watch: two visitors with one question are two watches."""
        return uuid.uuid4().hex

    def make_job_fn(self, fn: Callable[..., Any], progress: bool, key: str | None = None) -> str:
        """Which panel the callback fills; ``fn`` itself is never run."""
        return str(getattr(fn, "panel_id", ""))

    def call_job_fn(self, key: str, job_fn: str, args: Any, context: Any) -> str:
        """Order the job and watch it; gives the watch's handle."""
        order = args[0] if isinstance(args, list | tuple) and args else None
        self._write(key, self.works[job_fn].begin(order, visitor()))
        return key

    def get_progress(self, key: str) -> list[Any] | None:
        """What is told of the job, where it is not what was told last. An answer so far goes beside it."""
        run, state = self._watched(key)
        if run is None:
            return None
        later, told, aside = self.works[run.panel].look(run, state)
        if later != run:
            self._write(key, later)
        _aside().update(aside)
        return told

    def get_result(self, key: str, job: str | None) -> Any:
        """The panel's values, once; UNDEFINED while the job goes on and where it was stopped."""
        run, state = self._watched(key)
        if run is None:
            return self.UNDEFINED
        work = self.works[run.panel]
        if state is not None and state.state == STOPPED:
            _aside().update(work.stopped_aside)
            self._delete(key)
            return self.UNDEFINED
        later, values = work.result(run, state)
        if values is not None:
            self._delete(key)
            return values
        if later != run:
            self._write(key, later)
        return self.UNDEFINED

    def get_updated_props(self, key: str | None) -> dict[str, Any]:
        return _aside()

    def result_ready(self, key: str) -> bool:
        return self._watched(key)[0] is None

    def job_running(self, job: str | None) -> bool:
        return job is not None and self._watched(job)[0] is not None

    def terminate_job(self, job: str | None) -> None:
        """The page no longer waits: its button was pressed, or it asks something else."""
        run = self._read(job) if job else None
        if job is None or run is None:
            return
        if _by_button():
            self.works[run.panel].leave(run, at_once=True)
        else:
            self._delete(job)
            self.works[run.panel].leave(run, at_once=False)

    def terminate_unhealthy_job(self, job: str | None) -> bool:
        return False

    def _watched(self, key: str) -> tuple[Run | None, JobState | None]:
        """(the watch, its job): looked up once in a request, of which dash asks four times."""
        seen = _seen()
        if key not in seen:
            run = self._read(key)
            seen[key] = (run, self.works[run.panel].state(run) if run is not None else None)
        return seen[key]

    def _read(self, key: str) -> Run | None:
        with suppress(TypeError, ValueError):
            found = self.handle.get(_name(key))
            if found is not None:
                run = Run(**json.loads(found))
                return run if run.panel in self.works else None
        return None

    def _write(self, key: str, run: Run) -> None:
        self.handle.set(_name(key), json.dumps(asdict(run)), expire=KEPT_SECONDS)
        before, state = _seen().pop(key, (None, None))
        if before is not None and before.job == run.job:
            _seen()[key] = (run, state)

    def _delete(self, key: str) -> None:
        self.handle.delete(_name(key))
        _seen().pop(key, None)


def _name(key: str) -> str:
    return f"watch-{key}"


def _aside() -> dict[str, Any]:
    """What this request's answer carries beside the callback's outputs."""
    if not has_request_context():
        return {}
    if "aside" not in g:
        g.aside = {}
    found: dict[str, Any] = g.aside
    return found


def _seen() -> dict[str, tuple[Run | None, JobState | None]]:
    """What this request has looked up already."""
    if not has_request_context():
        return {}
    if "watched" not in g:
        g.watched = {}
    found: dict[str, tuple[Run | None, JobState | None]] = g.watched
    return found


def _by_button() -> bool:
    """Whether the request is a press of Stop (assets/jobs.js says why it stops)."""
    body = request.get_json(silent=True) if has_request_context() else None
    inputs = body.get("inputs") if isinstance(body, dict) else None
    first = inputs[0] if isinstance(inputs, list) and inputs else None
    value = first.get("value") if isinstance(first, dict) else None
    return isinstance(value, dict) and value.get("why") == "button"
