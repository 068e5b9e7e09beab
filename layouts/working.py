"""What a panel shows while its question runs as a job: how far it is, and a way to stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dash import dcc, html

from layouts.progress import bar, place, words

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
    """How far a panel's question is, as a bar and in the words of the job centre (layouts.progress)."""
    if facts.place:
        return [bar(0.0), html.Span(place(facts.place))]
    share = facts.done / facts.parts if facts.parts > 1 else facts.fraction
    said = words(
        facts.seconds,
        done=facts.done,
        parts=facts.parts,
        unit=facts.unit,
        fraction=facts.fraction,
        rows=facts.rows,
        seconds_left=facts.left,
        phase=facts.phase,
    )
    if 0 < facts.done < facts.parts:
        said += " · below: what is there so far"
    return [
        bar(share),
        html.Span(said),
        *(html.Span(text, className="work-message") for text in facts.messages),
    ]
