"""What a panel shows while its question runs as a job: how far it is, and a way to stop it."""

from __future__ import annotations

from typing import Any, Final

from dash import dcc, html

from layouts.progress import bar, words

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


def progress(
    done: int,
    parts: int,
    seconds: float,
    *,
    fraction: float | None = None,
    rows: int = 0,
    seconds_left: float | None = None,
    phase: str = "",
) -> list[Any]:
    """How far a panel's question is, as a bar and in the words of the job centre (layouts.progress)."""
    share = done / parts if parts else fraction
    said = words(
        seconds,
        done=done,
        parts=parts,
        fraction=fraction,
        rows=rows,
        seconds_left=seconds_left,
        phase=phase,
    )
    if 0 < done < parts:
        said += " · below: what is there so far"
    return [bar(share), html.Span(said)]
