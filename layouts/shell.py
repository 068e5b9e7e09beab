"""The page around the tabs: header, banner, period bar, notices, and what stands where a tab cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import dcc, html

from layouts import controls, job_centre
from layouts.controls import Choice
from layouts.definitions import texts

PRODUCT: Final = "NEMDesk"
POLL_MILLISECONDS: Final = 30_000
"""How often the page asks whether the lake has a new version: one small file is read for it."""

HOW_TO_INGEST: Final = "python -m app ingest --from 2026-01 --to 2026-10"


SIGN_OUT: Final = "/sign-out"


def page(token: str | None, *, jobs: bool = False, signed_in: bool = False) -> html.Div:
    """The empty shell. ``token`` is the lake's version at the time of loading, None without a lake;
    ``jobs``: with the job centre in the header; ``signed_in``: with a way to sign out."""
    return html.Div(
        id="desk",
        children=[
            dcc.Location(id="url", refresh=False),
            dcc.Store(id="version", data=token),
            dcc.Store(id="theme"),
            dcc.Store(id="theme-signal"),
            dcc.Store(id="shown"),
            dcc.Store(id="document-title"),
            dcc.Store(id="title-done"),
            job_centre.nudge(),
            texts(),
            dcc.Interval(id="poll", interval=POLL_MILLISECONDS),
            html.A("Skip to content", href="#page", className="skip-link"),
            html.Header(
                className="header",
                children=[
                    html.A(
                        [
                            html.Span(className="mark", **{"aria-hidden": "true"}),
                            html.Span(PRODUCT, className="brand-name"),
                        ],
                        href="/today",
                        className="brand",
                        **{"data-nav": "true"},
                    ),
                    html.Nav(id="tabs", className="tabs", **{"aria-label": "Tabs"}),
                    html.Div(id="freshness", className="freshness"),
                    *(job_centre.header() if jobs else []),
                    html.Button(
                        [
                            html.Span(className="theme-icon", **{"aria-hidden": "true"}),
                            html.Span(id="theme-name"),
                        ],
                        id="theme-toggle",
                        className="theme-toggle",
                        title="Theme: automatic, light, dark",
                        type="button",
                        **{"aria-label": "Change theme"},
                    ),
                    *([_sign_out()] if signed_in else []),
                ],
            ),
            html.Div(id="banner"),
            html.Div(id="period-bar", className="period-bar"),
            html.Div(id="notices", className="notices", role="status"),
            html.Main(id="page", tabIndex=-1),
            html.Footer(id="data-links", className="data-links"),
        ],
    )


def _sign_out() -> html.Form:
    button = html.Button("Sign out", type="submit", className="theme-toggle")
    return html.Form(button, action=SIGN_OUT, method="post", className="sign-out")


def tabs(choices: Sequence[Choice]) -> list[Any]:
    """Tabs as links, the open one marked as the current page."""
    return [
        controls.link(choice.label, choice.href or "#", current="page" if choice.current else "")
        for choice in choices
    ]


def freshness(until: str, version: str) -> list[Any]:
    """How far the data reaches; a phone leaves the version out."""
    return [until, html.Span(f" · version {version}", className="freshness-version")]


def demo_banner() -> html.Div:
    """Stands on every page while the data is made up."""
    return html.Div(
        [
            html.Strong("Synthetic demonstration data."),
            " Load AEMO's: ",
            html.Code(HOW_TO_INGEST),
        ],
        className="banner",
        role="note",
    )


def period_bar(summary: str, children: Sequence[Any]) -> list[Any]:
    """The controls; on a phone they fold behind a button that says what is chosen."""
    return [
        html.Button(
            [html.Span(summary), html.Span("Change", className="fold-action")],
            className="fold-button",
            type="button",
            **{"data-toggle": "controls", "aria-controls": "controls", "aria-label": f"{summary}. Change"},
        ),
        html.Div(list(children), id="controls", className="controls"),
    ]


def notices(texts: Sequence[str]) -> list[html.P]:
    """What was dropped from an address, and what is allowed."""
    return [html.P(text, className="message message-note") for text in texts]


def no_data(message: str) -> html.Div:
    """Instead of a tab while there is no lake; the page fills by itself when there is."""
    return html.Div(
        className="full-message",
        children=[
            html.H1("No data yet"),
            html.P(message),
            html.Ul(
                [
                    html.Li([html.Code(HOW_TO_INGEST), html.Span(" loads AEMO's files")]),
                    html.Li([html.Code("python -m app demo"), html.Span(" builds demonstration data")]),
                ]
            ),
            html.P("This page opens by itself as soon as the data is there.", className="muted"),
        ],
    )


def not_found(choices: Sequence[Choice]) -> html.Div:
    return html.Div(
        className="full-message",
        children=[
            html.H1("There is no such page"),
            html.P("These are:"),
            html.Ul([html.Li(controls.link(choice.label, choice.href or "/")) for choice in choices]),
        ],
    )


def switched_off(name: str, choices: Sequence[Choice]) -> html.Div:
    """Instead of a tab that this site does not offer."""
    return html.Div(
        className="full-message",
        children=[
            html.H1(f"{name} is switched off"),
            html.P(
                "Whoever runs this site has switched this page off (NEMDESK_SYSTEM_TAB). These are there:"
            ),
            html.Ul([html.Li(controls.link(choice.label, choice.href or "/")) for choice in choices]),
        ],
    )
