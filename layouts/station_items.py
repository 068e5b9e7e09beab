"""A unit or a whole station as the page names and colours it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SHORT: Final = 20


@dataclass(frozen=True)
class Item:
    """One of the things side by side. ``level`` is 'unit' or 'station'; ``id`` as addresses write it."""

    id: str
    label: str
    level: str
    station: str
    owner: str
    fuel: str
    regions: tuple[str, ...]
    duids: tuple[str, ...]
    colour: str

    @property
    def short(self) -> str:
        """Its name where there is little room: without what every power station is called."""
        name = self.label.removesuffix(" Power Station")
        return name if len(name) <= _SHORT else f"{name[: _SHORT - 1].rstrip()}…"

    @property
    def facts(self) -> str:
        """Who it is, in a line."""
        parts = [self.fuel, " + ".join(self.regions), self.owner]
        if self.level == "unit":
            parts.insert(0, self.station or "in no register")
        elif len(self.duids) > 1:
            parts.insert(0, f"{len(self.duids)} units")
        return " · ".join(parts)
