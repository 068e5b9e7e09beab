"""Parameters of the Stations tab."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from callbacks.options.kinds import Option, one_of, sort_by, texts
from callbacks.options.shared import FUELS_CHOSEN
from data_layer.errors import RequestError
from data_layer.requests.stations import MOST_ITEMS, UNIT, WHOLE

VIEWS: Final = ("series", "revenue", "time-of-day", "duration", "price-bands")
SORTS: Final = ("capacity", "energy", "revenue", "price", "rate", "cf")
SCOPES: Final = ("region", "nem")

_ANY_NUMBER: Final = texts("units", most=0)


def _first_ones(text: str) -> tuple[str, ...]:
    """As many of too long a list as there is room for."""
    try:
        items: tuple[str, ...] = _ANY_NUMBER.read(text)
    except RequestError:
        return ()
    return items[:MOST_ITEMS]


UNITS: Final = replace(texts("units", most=MOST_ITEMS), salvage=_first_ones)
"""What stands side by side: DUIDs, and "station:" with a name for whole stations."""

OPTIONS: Final[tuple[Option, ...]] = (
    UNITS,
    one_of("by", (WHOLE, UNIT)),
    FUELS_CHOSEN,
    one_of("view", VIEWS),
    one_of("peers", SCOPES),
    sort_by(SORTS),
)
