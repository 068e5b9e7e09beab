"""The URL is the state: address -> View and View -> address. Pure functions.

An address that someone edited opens what can be opened; what was dropped is said in ``View.notices``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from data_layer.errors import RequestError
from data_layer.market import FUELS, NEM, Resolution, market_day
from data_layer.requests import (
    PRESETS,
    Period,
    allowed_resolutions,
    auto_resolution,
    check_region,
    preset_period,
    resolve_resolution,
)

TABS: Final = {"today": "Today", "generation": "Generation"}
DEFAULT_TAB: Final = "today"
DEFAULT_RANGE: Final = "7d"

VIEWS: Final = ("area", "proportion", "capacity-factor", "time-of-day")
SORTS: Final = ("energy", "share", "revenue", "price", "cf", "found")

IMPORTS: Final = "Imports"
HIDEABLE: Final = (IMPORTS, *FUELS)

_MAX_SEARCH: Final = 2_000
_SHOWN: Final = 40
"""Characters of a rejected value that a notice repeats."""


def slug(fuel: str) -> str:
    return fuel.lower().replace(" ", "-")


_BY_SLUG: Final = {slug(fuel): fuel for fuel in HIDEABLE}


@dataclass(frozen=True)
class View:
    """What the page shows. ``preset`` is '' where the period was chosen by dates; ``resolution`` is
    'auto' or what was asked for, ``resolved`` what is drawn."""

    tab: str
    period: Period
    preset: str = DEFAULT_RANGE
    region: str = NEM
    resolution: str = "auto"
    view: str = VIEWS[0]
    hidden: tuple[str, ...] = ()
    sort: str = ""
    notices: tuple[str, ...] = ()

    @property
    def resolved(self) -> Resolution:
        return resolve_resolution(self.resolution, self.period)

    def href(self, **changes: Any) -> str:
        """Address of this view with some fields changed. A new period drops a resolution that is too
        fine for it, since the visitor asked for the period last."""
        if changes.get("preset"):
            changes.setdefault("period", self.period)
        elif "period" in changes:
            changes["preset"] = ""
        changed = replace(self, **changes)
        if "period" in changes and changed.resolution != "auto":
            fits = changed.preset == "" and Resolution(changed.resolution) in allowed_resolutions(
                changed.period
            )
            if not fits:
                changed = replace(changed, resolution="auto")
        query = to_query(changed)
        return f"/{changed.tab}" + (f"?{urlencode(query, safe=',:')}" if query else "")

    def toggled(self, fuel: str) -> str:
        """Address with one fuel switched off or on."""
        hidden = [other for other in self.hidden if other != fuel]
        if fuel not in self.hidden:
            hidden.append(fuel)
        return self.href(hidden=tuple(name for name in HIDEABLE if name in hidden))

    def sorted_by(self, key: str) -> str:
        """Address that sorts by a column: descending first, then ascending, then not at all."""
        following = {f"-{key}": key, key: ""}.get(self.sort, f"-{key}")
        return self.href(sort=following)


def to_query(view: View) -> dict[str, str]:
    """Parameters of a view, defaults left out."""
    query: dict[str, str] = {}
    if not view.preset:
        query["start"], query["end"] = view.period.to_strings()
    elif view.preset != DEFAULT_RANGE:
        query["range"] = view.preset
    if view.region != NEM:
        query["region"] = view.region
    if view.resolution != "auto":
        query["resolution"] = view.resolution
    if view.view != VIEWS[0]:
        query["view"] = view.view
    if view.hidden:
        query["hidden"] = ",".join(slug(fuel) for fuel in view.hidden)
    if view.sort:
        query["sort"] = view.sort
    return query


def tab_of(pathname: object) -> str | None:
    """Name of the tab an address opens, None where there is none; '/' is Today."""
    if not isinstance(pathname, str) or len(pathname) > _MAX_SEARCH:
        return None
    name = pathname.strip("/")
    return (name or DEFAULT_TAB) if name in TABS or not name else None


def parse(tab: str, search: object, first: datetime, last: datetime) -> View:
    """The view an address asks for, over data with stamps from ``first`` to ``last``. Never raises for
    anything in ``search``; it comes from the browser and may be any JSON value."""
    dropped: list[str] = []
    query = _query(search, dropped)
    period, preset = _period(query, first, last, dropped)
    resolution = _resolution(query.get("resolution"), period, dropped)
    return View(
        tab=tab,
        period=period,
        preset=preset,
        region=_region(query.get("region"), dropped),
        resolution=resolution,
        view=_one_of(query, "view", VIEWS, VIEWS[0], dropped),
        hidden=_hidden(query.get("hidden"), dropped),
        sort=_one_of(query, "sort", ("", *SORTS, *(f"-{key}" for key in SORTS)), "", dropped),
        notices=tuple(dropped),
    )


PARAMETERS: Final = ("range", "start", "end", "region", "resolution", "view", "hidden", "sort")


def _query(search: object, dropped: list[str]) -> dict[str, str]:
    if search is None or search == "":
        return {}
    if not isinstance(search, str) or len(search) > _MAX_SEARCH:
        dropped.append("The address could not be read and was ignored.")
        return {}
    try:
        pairs = parse_qsl(search.removeprefix("?"), keep_blank_values=True, max_num_fields=40)
    except ValueError:
        dropped.append("The address has too many parameters and was ignored.")
        return {}
    unknown = [name for name, _ in pairs if name not in PARAMETERS]
    if unknown:
        dropped.append(f"Ignored “{_short(unknown[0])}” in the address: it knows {', '.join(PARAMETERS)}.")
    return {name: value for name, value in pairs if name in PARAMETERS}


def _short(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable if len(printable) <= _SHOWN else printable[:_SHOWN] + "…"


def _period(query: dict[str, str], first: datetime, last: datetime, dropped: list[str]) -> tuple[Period, str]:
    default = preset_period(DEFAULT_RANGE, first, last)
    covered = Period.of_days(market_day(first), market_day(last))
    if "start" in query or "end" in query:
        try:
            asked = Period.parse(query.get("start", query.get("end")), query.get("end", query.get("start")))
        except RequestError as error:
            dropped.append(f"{error} Showing the last {PRESETS[DEFAULT_RANGE]} days.")
            return _within(default, covered) or covered, DEFAULT_RANGE
        clipped = _within(asked, covered)
        days = f"{covered.start:%Y-%m-%d} to {covered.end - timedelta(days=1):%Y-%m-%d}"
        if clipped is None:
            dropped.append(
                f"There is no data from {' to '.join(asked.to_strings())}: it covers {days}. "
                f"Showing the last {PRESETS[DEFAULT_RANGE]} days."
            )
            return _within(default, covered) or covered, DEFAULT_RANGE
        if clipped != asked:
            dropped.append(f"The period was cut to what the data covers, {days}.")
        return clipped, ""
    preset = query.get("range", DEFAULT_RANGE)
    try:
        period = preset_period(preset, first, last)
    except RequestError as error:
        dropped.append(f"Ignored the period “{_short(preset)}”. {error}")
        period, preset = default, DEFAULT_RANGE
    return _within(period, covered) or covered, preset


def _within(period: Period, covered: Period) -> Period | None:
    start, end = max(period.start, covered.start), min(period.end, covered.end)
    return Period(start, end) if start < end else None


def _resolution(text: str | None, period: Period, dropped: list[str]) -> str:
    try:
        resolve_resolution(text, period)
    except RequestError as error:
        dropped.append(f"{error} Showing {auto_resolution(period).label} values instead.")
        return "auto"
    return text or "auto"


def _region(text: str | None, dropped: list[str]) -> str:
    if text is None:
        return NEM
    try:
        return check_region(text)
    except RequestError as error:
        dropped.append(f"Ignored the region “{_short(text)}”. {error}")
        return NEM


def _one_of(
    query: dict[str, str], name: str, allowed: Sequence[str], default: str, dropped: list[str]
) -> str:
    value = query.get(name, default)
    if value in allowed:
        return value
    choices = ", ".join(choice for choice in allowed if choice)
    dropped.append(f"Ignored the {name} “{_short(value)}”: choose one of {choices}.")
    return default


def _hidden(text: str | None, dropped: list[str]) -> tuple[str, ...]:
    if not text:
        return ()
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in _BY_SLUG]
    if unknown:
        dropped.append(f"Ignored the fuel “{_short(unknown[0])}”: it is one of {', '.join(_BY_SLUG)}.")
    chosen = {_BY_SLUG[name] for name in names if name in _BY_SLUG}
    return tuple(fuel for fuel in HIDEABLE if fuel in chosen)
