"""The Prices tab."""

from __future__ import annotations

from dash import html


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(className="tab prices", children=[html.H1("Prices", className="visually-hidden")])
