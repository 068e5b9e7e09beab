"""Parameters of the Batteries tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import Option, one_of, sort_by, texts
from data_layer.requests.batteries import BATTERY_GROUPS, LONGEST_NAME, MOST_CHOSEN

VIEWS: Final = ("over-time", "ranking", "time-of-day", "stored")
SHOWN: Final = ("power", "money")
SORTS: Final = (
    "name",
    "mw",
    "mwh",
    "discharge",
    "charge",
    "received",
    "paid",
    "spread",
    "difference",
    "revenue",
    "negative",
    "cycles",
    "efficiency",
    "per-mw",
    "per-mwh",
    "found",
)

OPTIONS: Final[tuple[Option, ...]] = (
    one_of("view", VIEWS),
    one_of("show", SHOWN),
    one_of("by", BATTERY_GROUPS),
    texts("selected", most=MOST_CHOSEN, longest=LONGEST_NAME),
    sort_by(SORTS),
)
