"""The Regions tab."""

from __future__ import annotations

from dash import html


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(className="tab regions", children=[html.H1("Regions", className="visually-hidden")])
