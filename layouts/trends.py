"""The Trends tab."""

from __future__ import annotations

from dash import html


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(className="tab trends", children=[html.H1("Trends", className="visually-hidden")])
