"""The job centre: what runs, waits and has ended for this visitor, in the header of every tab.

Its parts stand in the page from the start and are only filled, so that a button keeps the focus while the
words beside it move. Opening, closing and the focus are the browser's affair (assets/job_centre.js).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import dcc, html

from layouts import controls, formats, progress

WAITING: Final = "waiting"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
STOPPED: Final = "stopped"
ACTIVE: Final = (WAITING, RUNNING)

STOP: Final = "stop"
FORGET: Final = "forget"
FORGET_ENDED: Final = "forget-ended"

BUSY_MILLISECONDS: Final = 1_000
QUIET_MILLISECONDS: Final = 25_000
"""How often the page asks while something is under way, and while nothing is (another window of the same
browser may have ordered something)."""

SILENT: Final = "The server has not answered for a while: what is shown may be old."

NONE: Final = "job-button none"


@dataclass(frozen=True)
class Job:
    """One line of the list. ``words`` says how far it is, ``fraction`` 0..1 the same as a bar (None: not
    known); ``file`` is the address of a finished export, ``bytes`` its size."""

    id: str
    export: bool
    title: str
    href: str
    state: str
    words: str
    fraction: float | None = None
    notes: tuple[str, ...] = ()
    message: str = ""
    file: str = ""
    bytes: int = 0

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


def header() -> list[Any]:
    """What stands in the header: the button, what it opens, and the line that says what ended."""
    return [
        html.Button(
            id="job-button",
            className=NONE,
            type="button",
            **{"aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "job-panel"},
        ),
        html.Div(
            [
                html.Div(
                    [
                        html.H2("Jobs", id="job-panel-title"),
                        html.Button(
                            "Close", className="work-button", type="button", **{"data-job-panel": "close"}
                        ),
                    ],
                    className="job-panel-head",
                ),
                html.P(SILENT, className="message message-error job-silent"),
                html.Div(id="job-list"),
            ],
            id="job-panel",
            className="job-panel",
            role="dialog",
            tabIndex=-1,
            **{"aria-labelledby": "job-panel-title"},
        ),
        html.Div(id="job-toast", className="job-toast", role="status", **{"aria-live": "polite"}),
        dcc.Interval(id="jobs-tick", interval=QUIET_MILLISECONDS),
        dcc.Store(id="jobs-drawn"),
        dcc.Store(id="job-act"),
        dcc.Store(id="job-listening"),
    ]


def nudge() -> dcc.Store:
    """Whoever orders long work writes ``{"id": ...}`` here: the job centre looks at once."""
    return dcc.Store(id="job-nudge")


# -- the button ---------------------------------------------------------------------------------------


def button(jobs: Sequence[Job]) -> list[Any]:
    """ "2 jobs · 46 %" with a ring; once all have ended, how they did."""
    if not jobs:
        return []
    active = [job for job in jobs if job.active]
    failed = sum(job.state == FAILED for job in jobs)
    ready = sum(job.state == DONE for job in jobs)
    if not active:
        counts = [f"{ready} ready" if ready else "", f"{failed} failed" if failed else ""]
        said = " · ".join(filter(None, counts)) or f"{len(jobs)} stopped"
        return [_ring(1.0), html.Span([html.Span("Jobs: ", className="job-word"), said])]
    share = combined(active)
    waits = not any(job.state == RUNNING for job in active)
    known = progress.percent(share) if share is not None else ""
    words: list[Any] = [
        str(len(active)),
        html.Span(" job" if len(active) == 1 else " jobs", className="job-word"),
        # A phone leaves these words to the ring.
        html.Span(
            f" · {known or ('waiting' if waits else 'at work')}", className="" if known else "job-word"
        ),
        f" · {failed} failed" if failed else "",
    ]
    return [_ring(0.0 if waits else share), html.Span(words)]


def button_class(jobs: Sequence[Job]) -> str:
    """Its tone; NONE takes it off the page."""
    if not jobs:
        return NONE
    if any(job.state == FAILED for job in jobs):
        return "job-button tone-failed"
    return "job-button" if any(job.active for job in jobs) else "job-button tone-ended"


def combined(active: Sequence[Job]) -> float | None:
    """Mean of the running ones' fractions, None where one of them is not known or none runs."""
    fractions = [job.fraction for job in active if job.state == RUNNING]
    known = [fraction for fraction in fractions if fraction is not None]
    return sum(known) / len(known) if known and len(known) == len(fractions) else None


def _ring(share: float | None) -> html.Span:
    if share is None:
        return html.Span(className="job-ring unknown", **{"aria-hidden": "true"})
    return html.Span(className="job-ring", style={"--done": f"{share * 100:.0f}%"}, **{"aria-hidden": "true"})


# -- the list -----------------------------------------------------------------------------------------


def listed(jobs: Sequence[Job]) -> list[Any]:
    """All jobs in the order given, and a way to clear those that ended."""
    if not jobs:
        return [html.P("No jobs. Large questions and exports appear here.", className="job-none muted")]
    parts: list[Any] = [html.Ul([_entry(job) for job in jobs], className="jobs")]
    if sum(not job.active for job in jobs) > 1:
        parts.append(html.Div(_act("Remove all ended", FORGET_ENDED, ""), className="job-panel-foot"))
    return parts


def failed(text: str) -> html.P:
    """Instead of the list, where it cannot be had."""
    return html.P(text, className="message message-error")


def words_id(job: str) -> str:
    return f"job-{job}-words"


def bar_id(job: str) -> str:
    return f"job-{job}-bar"


def _entry(job: Job) -> html.Li:
    parts: list[Any] = [
        html.Div(
            [
                html.Span("Export" if job.export else "Question", className="job-kind"),
                html.Span(job.title, className="job-title", title=job.title),
            ],
            className="job-head",
        )
    ]
    if job.state == RUNNING:
        bar = progress.bar(
            job.fraction,
            id=bar_id(job.id),
            className="job-bar",
            **{"aria-label": f"Progress of {job.title}"},
        )
        parts.append(bar)
    parts.append(html.Div(job.words, id=words_id(job.id), className="job-words"))
    if job.message:
        parts.append(html.P(job.message, className="message message-error"))
    parts += [html.P(note, className="message message-note") for note in job.notes]
    parts.append(html.Div(_actions(job), className="job-actions"))
    return html.Li(parts, className=f"job job-{job.state}", **{"data-job-item": job.id})


def _actions(job: Job) -> list[Any]:
    made: list[Any] = []
    if (address := file_address(job)) is not None:
        size = f" · {megabytes(job.bytes)}" if job.bytes else ""
        made.append(html.A(f"Download{size}", href=address, download="", className="work-button main"))
    if own(job.href):
        again = job.state in (FAILED, STOPPED) and not job.export
        made.append(_open("Try again" if again else "Open" if not job.export else "Open its view", job))
    if job.active:
        made.append(_act("Stop", STOP, job.id, f"Stop {job.title}"))
    else:
        made.append(_act("Remove", FORGET, job.id, f"Remove {job.title} from the list"))
    return made


def _open(label: str, job: Job) -> Any:
    return controls.link(label, job.href, class_name="work-button")


def _act(label: str, do: str, job: str, said: str = "") -> html.Button:
    more = {"data-job-do": do, "data-job": job}
    if said:
        more["aria-label"] = said
    return html.Button(label, type="button", className="work-button", **more)


def own(href: str) -> bool:
    """A path of this site, whatever a title or a message may hold."""
    return href.startswith("/") and not href.startswith(("//", "/\\"))


def file_address(job: Job) -> str | None:
    """Of a finished export."""
    return job.file if job.state == DONE and job.export and job.file.startswith("/exports/") else None


def megabytes(size: int) -> str:
    """ "12.3 MB"; small files in kB."""
    return f"{formats.number(size / 1e6, 1)} MB" if size >= 100_000 else f"{max(1, round(size / 1e3))} kB"


# -- the line that says what ended --------------------------------------------------------------------


def toast(ended: Sequence[Job]) -> list[Any]:
    """One line for the jobs that ended since the page last looked; nothing for none."""
    if not ended:
        return []
    said = [part for job in ended[:2] for part in _ending(job)]
    if len(ended) > 2:
        said.append(html.Span(f"and {len(ended) - 2} more"))
    close = {"data-job-toast": "close", "aria-label": "Dismiss"}
    return [
        html.Div(said, className="job-toast-said"),
        html.Button("✕", type="button", className="job-toast-close", **close),
    ]


def _ending(job: Job) -> list[Any]:
    title = html.Strong(job.title)
    if job.state == FAILED:
        return [html.Span([title, " failed: ", job.message or "no reason was given."], className="failed")]
    address = file_address(job)
    if address is not None:
        size = f" ({megabytes(job.bytes)})" if job.bytes else ""
        return [html.Span([title, " is ready: ", html.A(f"Download{size}", href=address, download="")])]
    link = [": ", controls.link("Open", job.href)] if own(job.href) else []
    return [html.Span([title, " is ready", *link])]
