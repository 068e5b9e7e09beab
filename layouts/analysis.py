"""The Price Analysis tab."""

from __future__ import annotations

from dash import html


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab analysis", children=[html.H1("Price Analysis", className="visually-hidden")]
    )
