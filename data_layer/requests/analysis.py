"""Questions of the Price Analysis tab."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import FUELS, REGIONS
from data_layer.requests.base import Request, sorted_choice

GROUPS: Final = ("region", "fuel", "owner", "station", "technology")
"""What the tree may be grouped by; its leaves are always units (DUIDs)."""

MAX_GROUPS: Final = 3

_MATCH: Final = re.compile(r"[^\x00-\x1f\x7f]{0,80}")


@dataclass(frozen=True)
class PriceAnalysis(Request):
    """A tree of groups down to units, each with energy, revenue and prices pooled over its units.

    Answer, a row per node, parents before their children, dearest revenue first: row (0 is the total),
    parent (null for the total), level, kind ('total', a group's name or 'duid'), name, path (the names
    from the top, '/' between), has_children; region, fuel, owner, station, technology, duid (null where
    the row holds several); energy_mwh, generation_mwh, load_mwh (<= 0), share (of generation excl.
    storage, of all rows), revenue_aud, revenue_share, generation_revenue_aud, load_revenue_aud,
    capture_price_aud_per_mwh, load_price_aud_per_mwh, flat_price_aud_per_mwh (what the priced generation
    would have earned at its units' time-weighted prices), capture_rate (capture / flat price), capacity_mw
    (distinct units), capacity_factor (0..1; of what has a capacity), units, unit_hours (hours with
    readings, summed over units), unit_intervals, unit_intervals_expected. Rooftop solar is one virtual
    unit per region, without a capacity, and counted in no ``units``. Ratios are null without a
    denominator.

    ``match`` keeps the units whose owner, station or DUID contains it, in any case of letters.
    """

    group_by: tuple[str, ...] = ("region", "fuel")
    regions: tuple[str, ...] = ()
    fuels: tuple[str, ...] = ()
    match: str = ""

    name: ClassVar[str] = "price_analysis"

    def __post_init__(self) -> None:
        super().__post_init__()
        listed = isinstance(self.group_by, Iterable) and not isinstance(self.group_by, str)
        groups = tuple(self.group_by) if listed else ()
        known = all(isinstance(group, str) and group in GROUPS for group in groups)
        if not known or not 1 <= len(groups) <= MAX_GROUPS or len(set(groups)) < len(groups):
            raise RequestError(f"Group by one to {MAX_GROUPS} of {', '.join(GROUPS)}, each once.", "group_by")
        object.__setattr__(self, "group_by", groups)
        object.__setattr__(self, "regions", sorted_choice(self.regions, REGIONS, "regions"))
        object.__setattr__(self, "fuels", sorted_choice(self.fuels, FUELS, "fuels"))
        if not isinstance(self.match, str) or _MATCH.fullmatch(self.match) is None:
            raise RequestError("The match must be a text of at most 80 characters.", "match")
        object.__setattr__(self, "match", self.match.strip())


REQUESTS: Final[tuple[type[Request], ...]] = (PriceAnalysis,)
