"""The Curtailment tab."""

from __future__ import annotations

from dash import html


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab curtailment", children=[html.H1("Curtailment", className="visually-hidden")]
    )
