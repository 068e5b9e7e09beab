"""What the Stations tab's address names: the units and stations that exist, in the order chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callbacks.guard import Ask
from data_layer.market import REGIONS
from data_layer.requests.stations import MOST_ITEMS, STATION, UNIT, WHOLE, UnitFacts
from layouts.station_items import Item
from layouts.theme import chosen_colour


@dataclass(frozen=True)
class Choice:
    """The items of an address that exist, and the names of those that do not."""

    items: tuple[Item, ...]
    unknown: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(item.id for item in self.items)

    @property
    def regions(self) -> tuple[str, ...]:
        found = {region for item in self.items for region in item.regions}
        return tuple(region for region in REGIONS if region in found)

    @property
    def note(self) -> str:
        """What was dropped; '' where nothing was."""
        if not self.unknown:
            return ""
        names = ", ".join(f"“{name}”" for name in self.unknown)
        return (
            f"Dropped from the address: no unit or station is called {names}. Search for its name or owner."
        )


def facts_request(ask: Ask) -> UnitFacts:
    return UnitFacts(ask.view.period, ask.view["units"])


def chosen(ask: Ask) -> Choice:
    """The items of the address, each with what the registry says of it at the period's end."""
    asked = ask.view["units"]
    if not asked:
        return Choice((), ())
    rows = ask.manager.answer(facts_request(ask)).table.to_pylist()
    by_item: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = row["valid_from"] is None or row["valid_from"] < ask.view.period.end
        spans = by_item.setdefault(row["item"], {})
        if before or row["duid"] not in spans:
            spans[row["duid"]] = row
    known = [name for name in asked if name in by_item]
    items = tuple(
        _item(name, list(by_item[name].values()), chosen_colour(place, ask.theme))
        for place, name in enumerate(known)
    )
    return Choice(items, tuple(name for name in asked if name not in by_item))


def _item(name: str, rows: list[dict[str, Any]], colour: str) -> Item:
    """``rows``: the span in force of each unit."""
    largest = max(rows, key=lambda row: row["capacity_mw"] or 0.0)
    return Item(
        id=name,
        label=name.removeprefix(STATION),
        level=WHOLE if name.startswith(STATION) else UNIT,
        station=largest["station_name"] or "",
        owner=largest["owner"] or "owner unknown",
        fuel=largest["fuel"] or "Unmapped",
        regions=tuple(sorted({row["regionid"] or "Unmapped" for row in rows})),
        duids=tuple(row["duid"] for row in rows),
        colour=colour,
    )


def added(ids: tuple[str, ...], item: str) -> tuple[str, ...]:
    """The choice with one more, or without it where it was chosen; the last makes room."""
    if item in ids:
        return tuple(one for one in ids if one != item)
    return (*ids[: MOST_ITEMS - 1], item)
