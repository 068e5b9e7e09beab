"""Region, period and resolution pickers: each written once.

Links are real links (an address each, so that keyboard, middle click and "copy link" work); the script
assets/navigation.js follows them without a page load. Inputs carry what to write into the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_bootstrap_components as dbc
from dash import html


@dataclass(frozen=True)
class Choice:
    """One entry of a picker. ``href`` None means it cannot be chosen now, and ``title`` says why."""

    label: str
    href: str | None
    current: bool = False
    title: str = ""


@dataclass(frozen=True)
class Option:
    """One entry of the resolution select; a disabled one carries its reason in the label."""

    value: str
    label: str
    disabled: bool = False


def link(label: Any, href: str, *, class_name: str = "", title: str = "", current: str = "") -> html.A:
    """A link within the page that is followed without loading it again."""
    more: dict[str, Any] = {"data-nav": "true"}
    if current:
        more["aria-current"] = current
    return html.A(label, href=href, className=class_name, title=title or None, **more)


def segmented(label: str, choices: Sequence[Choice], class_name: str = "") -> html.Div:
    """A row of links of which one is current."""
    items = [
        link(choice.label, choice.href, title=choice.title, current="true" if choice.current else "")
        if choice.href is not None
        else html.Span(choice.label, title=choice.title, className="disabled", **{"aria-disabled": "true"})
        for choice in choices
    ]
    return html.Div(items, className=f"segmented {class_name}".strip(), role="group", **{"aria-label": label})


def arrow(label: str, text: str, href: str | None) -> html.A | html.Span:
    """Previous or next period; a dead arrow where the data ends."""
    if href is None:
        return html.Span(text, className="arrow disabled", title=f"{label}: no data there")
    return html.A(
        text, href=href, className="arrow", title=label, **{"data-nav": "true", "aria-label": label}
    )


def dates(first: str, last: str, minimum: str, maximum: str) -> html.Div:
    """Two date inputs, both days included. The script writes them into the address on change."""
    fields = [
        html.Label(
            [
                html.Span(label, className="visually-hidden"),
                dbc.Input(
                    id=name, type="date", value=value, min=minimum, max=maximum, class_name="date-input"
                ),
            ]
        )
        for name, label, value in (("start-date", "First day", first), ("end-date", "Last day", last))
    ]
    return html.Div([fields[0], html.Span("to", className="between"), fields[1]], className="dates")


def resolution(options: Sequence[Option], value: str) -> html.Label:
    return html.Label(
        [
            html.Span("Resolution", className="visually-hidden"),
            dbc.Select(
                id="resolution-select",
                options=[vars(option) for option in options],
                value=value,
                class_name="resolution-select",
            ),
        ]
    )
