"""The URL is the state: address -> View and View -> address. Pure functions.

An address that someone edited opens what can be opened; what was dropped is said in ``View.notices``.
Which parameters a tab knows is listed in callbacks/options/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from callbacks.options import DEFAULT_TAB, OPTIONS, TABS, default_range
from callbacks.options.kinds import COMPARE, compared_start
from data_layer.errors import RequestError
from data_layer.market import NEM, Resolution, market_day
from data_layer.requests import (
    PRESETS,
    Period,
    allowed_resolutions,
    auto_resolution,
    check_region,
    preset_period,
    resolve_resolution,
)

COMMON: Final = ("range", "start", "end", "region", "resolution")
"""Parameters of every address."""

_MAX_SEARCH: Final = 2_000
_SHOWN: Final = 40
"""Characters of a rejected value that a notice repeats."""


@dataclass(frozen=True)
class View:
    """What the page shows. ``preset`` is '' where the period was chosen by dates; ``resolution`` is
    'auto' or what was asked for, ``resolved`` what is drawn. ``chosen`` holds the tab's own options that
    differ from their defaults: ``view["scale"]`` is the value in force, chosen or default."""

    tab: str
    period: Period
    preset: str
    region: str = NEM
    resolution: str = "auto"
    chosen: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    notices: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        for option in OPTIONS[self.tab]:
            if option.name == name:
                return self.chosen.get(name, option.default)
        raise KeyError(name)

    @property
    def resolved(self) -> Resolution:
        return resolve_resolution(self.resolution, self.period)

    @property
    def compared(self) -> Period | None:
        """The other period of a comparison, as long as this one; None without one, or where it would lie
        before the market began."""
        text = self["compare"] if COMPARE in OPTIONS[self.tab] else ""
        start = compared_start(text, self.period.start, self.period.end)
        try:
            return None if start is None else Period(start, start + (self.period.end - self.period.start))
        except RequestError:
            return None

    def href(self, **changes: Any) -> str:
        """Address of this view with some fields or options changed. A new period drops a resolution that
        is too fine for it, since the visitor asked for the period last; another tab keeps what both
        know."""
        own = {option.name for option in OPTIONS[self.tab]}
        options = {name: changes.pop(name) for name in list(changes) if name in own}
        if changes.get("preset"):
            changes.setdefault("period", self.period)
        elif "period" in changes:
            changes["preset"] = ""
        changed = replace(self, chosen={**self.chosen, **options}, **changes)
        if changed.tab != self.tab:
            changed = changed._moved_from(self.tab)
        if "period" in changes and changed.resolution != "auto":
            fits = changed.preset == "" and Resolution(changed.resolution) in allowed_resolutions(
                changed.period
            )
            if not fits:
                changed = replace(changed, resolution="auto")
        query = to_query(changed)
        return f"/{changed.tab}" + (f"?{urlencode(query, safe=',:')}" if query else "")

    def _moved_from(self, tab: str) -> View:
        """Only what this tab's options share with those of ``tab``; a tab's own default period stays
        behind, since nobody chose it."""
        shared = {option.name for option in OPTIONS[self.tab] if option in OPTIONS[tab]}
        chosen = {name: value for name, value in self.chosen.items() if name in shared}
        preset = default_range(self.tab) if self.preset == default_range(tab) else self.preset
        return replace(self, chosen=chosen, preset=preset)

    def toggled(self, name: str, item: str) -> str:
        """Address with one entry of a list option switched in or out."""
        items = tuple(one for one in self[name] if one != item)
        if item not in self[name]:
            items = (*self[name], item)
        return self.href(**{name: items})

    def sorted_by(self, key: str) -> str:
        """Address that sorts by a column: descending first, then ascending, then not at all."""
        following = {f"-{key}": key, key: ""}.get(self["sort"], f"-{key}")
        return self.href(sort=following)


def to_query(view: View) -> dict[str, str]:
    """Parameters of a view, defaults left out."""
    query: dict[str, str] = {}
    if not view.preset:
        query["start"], query["end"] = view.period.to_strings()
    elif view.preset != default_range(view.tab):
        query["range"] = view.preset
    if view.region != NEM:
        query["region"] = view.region
    if view.resolution != "auto":
        query["resolution"] = view.resolution
    for option in OPTIONS[view.tab]:
        value = view.chosen.get(option.name, option.default)
        if value != option.default:
            # Read back, so that one choice has one spelling whatever order it was made in.
            query[option.name] = option.write(option.read(option.write(value)))
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
    query = _query(tab, search, dropped)
    period, preset = _period(tab, query, first, last, dropped)
    resolution = _resolution(query.get("resolution"), period, dropped)
    return View(
        tab=tab,
        period=period,
        preset=preset,
        region=_region(query.get("region"), dropped),
        resolution=resolution,
        chosen=MappingProxyType(_chosen(tab, query, dropped)),
        notices=tuple(dropped),
    )


def parameters(tab: str) -> tuple[str, ...]:
    """Names that an address of ``tab`` may carry."""
    return (*COMMON, *(option.name for option in OPTIONS[tab]))


def _query(tab: str, search: object, dropped: list[str]) -> dict[str, str]:
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
    known = parameters(tab)
    unknown = [name for name, _ in pairs if name not in known]
    if unknown:
        dropped.append(f"Ignored “{_short(unknown[0])}” in the address: it knows {', '.join(known)}.")
    return {name: value for name, value in pairs if name in known}


def _chosen(tab: str, query: Mapping[str, str], dropped: list[str]) -> dict[str, Any]:
    """The tab's options out of the address, those that differ from their defaults."""
    chosen = {}
    for option in OPTIONS[tab]:
        text = query.get(option.name)
        if text is None:
            continue
        try:
            value = option.read(text)
        except RequestError as error:
            dropped.append(f"Ignored the {option.name} “{_short(text)}”. {error}")
            value = option.salvage(text) if option.salvage else option.default
        if value != option.default:
            chosen[option.name] = value
    return chosen


def _short(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable if len(printable) <= _SHOWN else printable[:_SHOWN] + "…"


def _period(
    tab: str, query: dict[str, str], first: datetime, last: datetime, dropped: list[str]
) -> tuple[Period, str]:
    usual = default_range(tab)
    default = preset_period(usual, first, last)
    instead = "Showing all of it." if usual == "all" else f"Showing the last {PRESETS[usual]} days."
    covered = Period.of_days(market_day(first), market_day(last))
    if "start" in query or "end" in query:
        try:
            asked = Period.parse(query.get("start", query.get("end")), query.get("end", query.get("start")))
        except RequestError as error:
            dropped.append(f"{error} {instead}")
            return _within(default, covered) or covered, usual
        clipped = _within(asked, covered)
        days = f"{covered.start:%Y-%m-%d} to {covered.end - timedelta(days=1):%Y-%m-%d}"
        if clipped is None:
            dropped.append(
                f"There is no data from {' to '.join(asked.to_strings())}: it covers {days}. {instead}"
            )
            return _within(default, covered) or covered, usual
        if clipped != asked:
            dropped.append(f"The period was cut to what the data covers, {days}.")
        return clipped, ""
    preset = query.get("range", usual)
    try:
        period = preset_period(preset, first, last)
    except RequestError as error:
        dropped.append(f"Ignored the period “{_short(preset)}”. {error}")
        period, preset = default, usual
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
