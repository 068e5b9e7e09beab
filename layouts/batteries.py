"""The Batteries tab."""

from __future__ import annotations

from dash import html


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(className="tab batteries", children=[html.H1("Batteries", className="visually-hidden")])
