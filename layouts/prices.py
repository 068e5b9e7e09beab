"""The Prices tab: a big chart, and a panel that analyses the same prices in one of several ways."""

from __future__ import annotations

from typing import Any, Final

from dash import dcc, html

from layouts.panel import panel

VIEW_LABELS: Final = {
    "statistics": "Statistics",
    "duration": "Duration curve",
    "bands": "Price bands",
    "heat-map": "Heat-map",
    "time-of-day": "Time of day",
    "top": "What made the average",
    "events": "Events",
}
DRAWN_LABELS: Final = {"average": "Averages", "extremes": "Spikes and dips"}
SCALE_LABELS: Final = {"hybrid": "Hybrid", "linear": "Linear", "symlog": "Symlog"}
SMOOTHING_LABELS: Final = {
    "none": "No smoothing",
    "ma": "Moving average",
    "loess": "LOESS",
    "ewm": "Exponential (EWM)",
}
WINDOW_LABELS: Final = {"3h": "3 hours", "1d": "1 day", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
ORDER_LABELS: Final = {
    "newest": "Newest first",
    "highest": "Highest price first",
    "lowest": "Lowest price first",
    "longest": "Longest first",
}


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab prices",
        children=[
            html.H1("Prices", className="visually-hidden"),
            dcc.Store(id="price-zoomed"),
            panel("price-chart", chart="prices", kind="price-main"),
            panel("price-view", chart="price-analysis", kind="price-analysis"),
        ],
    )


def without_chart(table: Any) -> html.Div:
    """A table that fills the panel: assets/prices.css hides the chart for it."""
    return html.Div(table, className="no-chart")


def beside_chart(table: Any) -> html.Div:
    """A table that stands beside the chart where there is room."""
    return html.Div(table, className="beside-chart")
