"""What a panel shows while its question runs as a job: how far it is, and a way to stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dash import dcc, html

IDLE: Final = "work idle"
RUNNING: Final = "work"


def work(panel_id: str) -> html.Div:
    """The box above a panel's content, there only while a job runs or when one was stopped."""
    return html.Div(
        [
            dcc.Store(id=f"{panel_id}-job"),
            dcc.Store(id=f"{panel_id}-stop"),
            html.Div(
                [
                    html.Div("Starting…", id=f"{panel_id}-progress", className="work-progress"),
                    html.Button("Stop", id=f"{panel_id}-cancel", type="button", className="work-button"),
                ],
                id=f"{panel_id}-work",
                className=IDLE,
                role="status",
            ),
            html.Div(
                [
                    html.Span("Stopped. ", className="work-said"),
                    html.Span("What is below holds only the part that was read."),
                    html.Button("Run again", id=f"{panel_id}-again", type="button", className="work-button"),
                ],
                id=f"{panel_id}-stopped",
                className="message message-note work-stopped",
                hidden=True,
            ),
        ],
        className="work-box",
    )


@dataclass(frozen=True)
class Facts:
    """How far a job is. ``place`` in the queue, 0 where it does not wait; ``left`` seconds, None while nobody
    can know; ``unit`` of the parts, in the plural."""

    place: int = 0
    done: int = 0
    parts: int = 0
    unit: str = "months"
    fraction: float | None = None
    rows: int = 0
    phase: str = ""
    seconds: int = 0
    left: float | None = None
    messages: tuple[str, ...] = ()


def progress(facts: Facts) -> list[Any]:
    """Parts done of parts, or DuckDB's estimate, as a bar and in words."""
    bar = html.Progress(max="1")
    if facts.place:
        said = f"Waiting · number {facts.place} in line"
    elif facts.parts > 1:
        bar = html.Progress(value=str(facts.done), max=str(facts.parts))
        said = f"{facts.done} of {facts.parts} {facts.unit} read"
    elif facts.fraction:
        bar = html.Progress(value=str(round(facts.fraction, 3)), max="1")
        said = f"{facts.fraction:.0%}"
    else:
        said = facts.phase or "Starting"
    words = f"{said} · {facts.seconds} s"
    if facts.left is not None:
        words += f" · about {max(round(facts.left), 1)} s left"
    if 0 < facts.done < facts.parts:
        words += " · below: what is there so far"
    return [bar, html.Span(words), *(html.Span(text, className="work-message") for text in facts.messages)]
