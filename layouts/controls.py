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


def _param(label: str, name: str, default: str, field: Any, *, shown: bool) -> html.Label:
    """A field whose value the script writes into the address as ``name``; the default is left out of it."""
    caption = html.Span(label, className="field-label" if shown else "visually-hidden")
    return html.Label([caption, field], className="field", **{"data-param": name, "data-default": default})


def select(
    label: str,
    name: str,
    options: Sequence[Option],
    value: str,
    default: str,
    *,
    shown: bool = True,
    element_id: str = "",
) -> html.Label:
    """A choice of one that writes the parameter ``name``. ``shown``: the label stands before it."""
    field = dbc.Select(
        id=element_id or f"select-{name}",
        options=[vars(option) for option in options],
        value=value,
        class_name="resolution-select",
    )
    return _param(label, name, default, field, shown=shown)


def slider(label: str, name: str, low: int, high: int, value: int, default: int) -> html.Label:
    """A whole number on a range; it is written when the handle is let go, the text follows it."""
    field = html.Span(
        [
            dbc.Input(
                id=f"slider-{name}", type="range", min=low, max=high, step=1, value=value, class_name="slider"
            ),
            html.Output(str(value), className="slider-value"),
        ],
        className="slider-field",
    )
    return _param(label, name, str(default), field, shown=True)


def text(label: str, name: str, value: str, default: str, hint: str = "") -> html.Label:
    """A line of text, written on Enter or when the field is left."""
    field = dbc.Input(
        id=f"text-{name}", type="text", value=value, placeholder=hint, class_name="text-input", maxLength=200
    )
    return _param(label, name, default, field, shown=True)


def toggles(label: str, entries: Sequence[Choice], class_name: str = "") -> html.Div:
    """A row of links of which any number are on (``current``); each leads to the view with it switched."""
    items = [
        html.A(
            entry.label,
            href=entry.href,
            title=entry.title or None,
            **{"data-nav": "true", "role": "switch", "aria-checked": "true" if entry.current else "false"},
        )
        for entry in entries
    ]
    return html.Div(
        items, className=f"segmented toggles {class_name}".strip(), role="group", **{"aria-label": label}
    )


def compare(value: str, start: str, minimum: str, maximum: str) -> html.Div:
    """What to compare the period with: nothing, the one before, a year before, or one from a date on.

    ``value`` is the parameter as the address has it; ``start`` the other period's first day. It can be
    moved once there is a comparison.
    """
    kind = value if value in ("", "previous", "year") else "from"
    options = [
        # An empty value would leave the select blank.
        Option("none", "No comparison"),
        Option("previous", "Previous period"),
        Option("year", "A year before"),
        Option("from", "Period from …", disabled=kind != "from"),
    ]
    choice = select("Compare with", "compare", options, kind or "none", "none", shown=False)
    if not value:
        return html.Div(choice, className="compare")
    date = html.Label(
        [
            html.Span("First day of the other period", className="visually-hidden"),
            dbc.Input(
                id="compare-start",
                type="date",
                value=start,
                min=minimum,
                max=maximum,
                class_name="date-input",
            ),
        ],
        className="field",
        title="First day of the other period",
        **{"data-param": "compare", "data-default": ""},
    )
    return html.Div([choice, date], className="compare")
