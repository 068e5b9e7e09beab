"""The job centre in the header: asks the centre for this visitor's jobs and draws what changed.

The list is drawn anew only when jobs came, went or ended. In between only the moving words and bars are
sent, so that a button under the pointer stays the button it was. Whose jobs they are is decided by the
cookie, never by what the browser sends.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from dash import ClientsideFunction, Dash, Input, Output, State, no_update, set_props
from dash.exceptions import PreventUpdate

from callbacks import guard
from callbacks.work import DONE, EXPORT, FAILED, RUNNING, STOPPED, WAITING, Centre, JobState
from data_layer.errors import RequestError
from layouts import job_centre, progress
from layouts.job_centre import Job

logger = logging.getLogger("nemdesk.page")

_ID: Final = re.compile(r"[0-9a-f]{32}")
_REMEMBERED: Final = 200
"""Ended jobs a page may say it has shown; a longer list is not from this page."""

NOT_YOURS: Final = "This job is not on your list any more."


def register(app: Dash, centre: Centre) -> None:
    """Connect the job centre. ``centre`` is asked at every tick; none of its methods waits."""

    @app.callback(
        Output("job-button", "children"),
        Output("job-button", "className"),
        Output("job-list", "children"),
        Output("job-toast", "children"),
        Output("jobs-tick", "interval"),
        Output("jobs-drawn", "data"),
        Input("jobs-tick", "n_intervals"),
        Input("job-nudge", "data"),
        State("jobs-drawn", "data"),
        State("url", "pathname"),
        State("url", "search"),
        # A slow answer must not be overtaken by the next tick: dash drops the older one. Where no answer
        # comes at all, assets/job_centre.js puts the tick on again.
        running=[(Output("jobs-tick", "disabled"), True, False)],
    )
    def look_at_jobs(_ticks: object, _nudge: object, drawn: object, path: object, search: object) -> Any:
        """The visitor's jobs as they are now; nothing where nothing changed."""
        try:
            jobs = centre.jobs(guard.visitor())
        except Exception as error:
            return _unknown(guard.explain(error))
        return _changes(jobs, drawn, f"{path}{search or ''}")

    @app.callback(
        Output("job-nudge", "data", allow_duplicate=True),
        Output("job-toast", "children", allow_duplicate=True),
        Input("job-act", "data"),
        prevent_initial_call=True,
    )
    def act(wish: object) -> Any:
        """Stop a job or take it off the list; then look again."""
        do, job, at = parsed(wish)
        try:
            _do(centre, guard.visitor(), do, job)
        except Exception as error:
            return {"at": at}, job_centre.failed(guard.explain(error))
        return {"at": at}, no_update

    app.clientside_callback(
        ClientsideFunction("nemdesk_centre", "drawn"),
        Output("job-listening", "data"),
        Input("job-list", "children"),
        Input("job-toast", "children"),
        Input("jobs-drawn", "data"),
    )


def parsed(wish: object) -> tuple[str, str, int]:
    """(what, job, when) of a wish; PreventUpdate where the page cannot have sent it."""
    if not isinstance(wish, dict):
        raise PreventUpdate
    do, job, at = wish.get("do"), wish.get("job"), wish.get("at")
    if do not in (job_centre.STOP, job_centre.FORGET, job_centre.FORGET_ENDED):
        raise PreventUpdate
    if do != job_centre.FORGET_ENDED and not (isinstance(job, str) and _ID.fullmatch(job)):
        raise PreventUpdate
    return str(do), str(job), at if isinstance(at, int) else 0


def _do(centre: Centre, visitor: str, do: str, job: str) -> None:
    mine = {one.id: one for one in centre.jobs(visitor)}
    if do == job_centre.FORGET_ENDED:
        for one in mine.values():
            if one.ended:
                centre.forget(visitor, one.id)
    elif job not in mine:
        logger.info("a job that is not the visitor's: %s (request %s)", do, guard.request_id())
        raise RequestError(NOT_YOURS)
    elif do == job_centre.STOP:
        centre.stop(visitor, job)
    elif mine[job].ended:
        centre.forget(visitor, job)


def _changes(jobs: Sequence[JobState], drawn: object, here: str) -> Any:
    """Values of the outputs: everything where the list changed, else the words and bars that moved."""
    before = drawn if isinstance(drawn, dict) else {}
    lines = [line(job) for job in reversed(jobs)]
    shape = _digest(
        [
            (one.id, one.state, one.title, one.href, one.notes, one.message, one.file, one.bytes)
            for one in lines
        ]
    )
    moved = _digest([(one.words, one.fraction) for one in lines])
    same = before.get("shape") == shape
    if same and before.get("moved") == moved:
        raise PreventUpdate
    ended = [job.id for job in jobs if job.ended]
    now = {"shape": shape, "moved": moved, "ended": ended[-_REMEMBERED:]}
    button = job_centre.button(lines)
    if same:
        for one in lines:
            if one.active:
                set_props(job_centre.words_id(one.id), {"children": one.words})
            if one.state == RUNNING:
                set_props(job_centre.bar_id(one.id), {"value": progress.value(one.fraction)})
        return button, no_update, no_update, no_update, no_update, now
    told = before.get("ended")
    fresh = [one for one in lines if _is_news(one, told, here)]
    busy = any(one.active for one in lines)
    return (
        button,
        job_centre.button_class(lines),
        job_centre.listed(lines),
        job_centre.toast(fresh) if fresh else no_update,
        job_centre.BUSY_MILLISECONDS if busy else job_centre.QUIET_MILLISECONDS,
        now,
    )


def _unknown(text: str) -> Any:
    """Where the jobs cannot be had: said in the list, and asked again at leisure."""
    return no_update, no_update, job_centre.failed(text), no_update, job_centre.QUIET_MILLISECONDS, {}


def _is_news(job: Job, told: object, here: str) -> bool:
    """It ended by itself since this page last looked, and its view is not the one that is open."""
    if job.state not in (DONE, FAILED) or not isinstance(told, list) or job.id in told[:_REMEMBERED]:
        return False
    return job.export or not same_view(job.href, here)


def same_view(one: str, other: str) -> bool:
    """Two addresses of one view: the order of their parameters does not matter."""
    (path, _, query), (other_path, _, other_query) = one.partition("?"), other.partition("?")
    return path.rstrip("/") == other_path.rstrip("/") and sorted(parse_qsl(query)) == sorted(
        parse_qsl(other_query.lstrip("?"))
    )


def line(job: JobState) -> Job:
    """A job as the list shows it."""
    told = job.told
    return Job(
        id=job.id,
        export=job.kind == EXPORT,
        title=job.title,
        href=job.href,
        state=job.state,
        words=_words(job),
        fraction=job.fraction,
        notes=tuple(told.messages),
        message=job.message if job.state == FAILED else "",
        file=job.file,
        bytes=job.bytes,
    )


def _words(job: JobState) -> str:
    told = job.told
    if job.state == WAITING:
        return progress.place(job.place)
    if job.state == DONE:
        rows = f" · {told.rows:,} rows" if job.kind == EXPORT and told.rows else ""
        return f"Done in {progress.lasted(job.seconds)}{rows}"
    if job.state in (FAILED, STOPPED):
        return f"{job.state.capitalize()} after {progress.lasted(job.seconds)}"
    return progress.words(
        job.seconds,
        done=told.done,
        parts=told.parts,
        unit=told.unit,
        fraction=told.fraction,
        rows=told.rows,
        written=job.kind == EXPORT,
        seconds_left=told.seconds_left,
        phase=told.phase,
    )


def _digest(parts: object) -> str:
    return hashlib.blake2s(repr(parts).encode()).hexdigest()[:32]
