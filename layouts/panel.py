"""A panel: title, subtitle, chart or table, messages, footer. Every chart and table of the page is one.

The layout of a tab is made of empty panels with skeletons; callbacks fill them with ``Content``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dash import html

from layouts.graphs import Figure, graph
from layouts.working import work

Child = Any
"""A component or text, as Dash accepts it."""

READY: Final = "panel-ready"
EMPTY: Final = "panel-empty"
FAILED: Final = "panel-failed"


@dataclass(frozen=True)
class Provenance:
    """Where an answer came from, for the footer."""

    source: str
    rows_scanned: int
    seconds: float
    version: str
    cached: bool
    engine: str = ""
    """Its name where it is not the same for everybody."""


@dataclass(frozen=True)
class Content:
    """What fills a panel. ``figure`` for charts, ``body`` for the rest; ``empty`` says why there is
    nothing to draw; ``note`` is a remark above the chart; ``downloads`` are (label, address)."""

    title: Child = ""
    subtitle: str = ""
    figure: Figure | None = None
    body: Child = None
    tools: Child = None
    note: Child = None
    empty: str = ""
    downloads: Sequence[tuple[str, str]] = field(default_factory=tuple)
    provenance: Sequence[Provenance] = field(default_factory=tuple)


def panel(panel_id: str, *, chart: str = "", kind: str = "", long: bool = False) -> html.Section:
    """An empty panel with a skeleton. ``chart`` is the picture's file name, or '' for a panel without one;
    ``long`` where its question may run as a job."""
    frame: list[Child] = [html.Div(className="skeleton", **{"aria-hidden": "true"})]
    if chart:
        frame.append(html.Div(graph(f"{panel_id}-graph", chart), className="graph"))
    frame.append(html.Div(id=f"{panel_id}-bottom", className="panel-bottom"))
    inside = [
        html.Div(id=f"{panel_id}-top", className="panel-top", role="status"),
        work(panel_id) if long else None,
        html.Div(frame, className="panel-frame"),
    ]
    return html.Section(
        html.Div(inside, id=panel_id, className="panel-loading"), className=f"panel {kind}".strip()
    )


def top(content: Content) -> list[Child]:
    """Above the chart: title, subtitle, tools, messages."""
    return [
        html.Div(
            [
                html.H2(content.title, className="panel-title"),
                html.P(content.subtitle, className="panel-subtitle"),
            ],
            className="panel-head",
        ),
        html.Div(content.tools, className="panel-tools") if content.tools else None,
        message(content),
    ]


def bottom(content: Content) -> list[Child]:
    """Below the chart, or instead of it: table or cards, downloads, provenance."""
    return [content.body, html.Div(foot(content), className="panel-foot")]


def message(content: Content) -> Child:
    if content.empty:
        return html.P(content.empty, className="message message-empty")
    if content.note:
        return html.Div(content.note, className="message message-note")
    return None


def error(text: str) -> html.P:
    """An error the user sees; ``text`` says what to do next, or names the request's id."""
    return html.P(text, className="message message-error", role="alert")


def foot(content: Content) -> list[Child]:
    links = [html.A(label, href=address, className="download") for label, address in content.downloads]
    origins = [
        html.Span(
            (f"{one.engine} · " if one.engine else "")
            + f"{one.source} · {one.rows_scanned:,} rows · {one.seconds:.3f} s"
            + (" · cached" if one.cached else ""),
            className="provenance",
        )
        for one in content.provenance
    ]
    version = content.provenance[0].version if content.provenance else ""
    if version:
        origins.append(html.Span(f"version {version}", className="provenance"))
    return [html.Span(links, className="downloads"), html.Span(origins, className="origins")]
