"""The Stations tab."""

from __future__ import annotations

from dash import html


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(className="tab stations", children=[html.H1("Stations", className="visually-hidden")])
