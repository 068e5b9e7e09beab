"""Which questions the page asks of the data layer: every tab's opening view, and each option that can be
chosen from a list, one at a time. For whoever compares two engines; nothing here is part of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from callbacks import state
from callbacks.guard import Ask, Manager, span
from callbacks.options import OPTIONS
from callbacks.tab import Tab
from data_layer.backend import OnPart
from data_layer.connection import CancelToken
from data_layer.errors import DataLayerError
from data_layer.market import market_day
from data_layer.query_manager import Answer, LakeState
from data_layer.requests import IntegratedData, Request, preset_period
from data_layer.requests.stations import UNIT, StationPeers, UnitFacts, UnitSearch
from layouts import theme

SKIPPED: Final = ("sort", "hidden", "columns")
"""Options that change how rows are shown and not which are asked for."""


NOTHING: Final[Mapping[str, str]] = {}


class Noting:
    """A manager that notes what it is asked."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager
        self.asked: dict[str, Request] = {}

    def answer(self, request: Request) -> Answer:
        self.asked.setdefault(request.key(), request)
        return self.manager.answer(request)

    def lake_state(self) -> LakeState:
        return self.manager.lake_state()

    def cost(self, request: Request) -> int:
        return self.manager.cost(request)

    def known(self, request: Request) -> bool:
        """Everything counts as known, so that no panel waits for a job instead of asking."""
        return True

    def answer_in_parts(self, request: Request, on_part: OnPart, cancel: CancelToken | None = None) -> Answer:
        return self.answer(request)


def addresses(tab: Tab, period: str = "", chosen: Mapping[str, str] = NOTHING) -> Iterator[str]:
    """The tab's opening view, and one with each option that has a list to choose from; ``period`` is a
    query such as 'start=2026-01-01&end=2026-01-07', ``chosen`` options without a list: those that the tab
    has stand in all its further views."""
    yield period
    shown = urlencode(
        {option.name: chosen[option.name] for option in OPTIONS[tab.name] if chosen.get(option.name)}
    )
    for option in OPTIONS[tab.name]:
        if option.name in SKIPPED:
            continue
        for text in option.examples:
            if option.read(text) != option.default or shown:
                yield "&".join(filter(None, (period, shown, urlencode({option.name: text}))))


def asked_by(manager: Manager, tabs: Sequence[Tab], period: str = "") -> dict[str, tuple[str, Request]]:
    """Key -> (the first address that asks it, the question), of all panels and tables. Views over which
    ``manager`` stumbles are left out: what they asked until then is in."""
    found: dict[str, tuple[str, Request]] = {}
    lake = manager.lake_state()
    last_day = preset_period("1d", *span(lake))
    peers = manager.answer(StationPeers(last_day, by=UNIT)).table.column("item").to_pylist()
    chosen = {"units": str(peers[0]) if peers else "", "day": f"{market_day(last_day.end):%Y-%m-%d}"}
    for tab in tabs:
        for search in addresses(tab, period, chosen):
            noting = Noting(manager)
            view = state.parse(tab.name, search, *span(lake))
            for panel in tab.panels.values():
                _try(panel.make, Ask(noting, lake, view, theme.LIGHT))
            asked = {**noting.asked}
            for request in _datasets(tab, Ask(noting, lake, view, theme.LIGHT)):
                asked.setdefault(request.key(), request)
            address = f"/{tab.name}" + (f"?{search}" if search else "")
            for key, request in asked.items():
                found.setdefault(key, (address, request))
    for request in (IntegratedData(last_day), UnitFacts(last_day), UnitSearch(last_day, "a")):
        found.setdefault(request.key(), (f"/data/{request.name}", request))
    return found


def _try(make: object, ask: Ask) -> None:
    try:
        make(ask)  # type: ignore[operator]
    except DataLayerError:
        return


def _datasets(tab: Tab, ask: Ask) -> list[Request]:
    try:
        return list(tab.datasets(ask).values())
    except DataLayerError:
        return []
