"""Parameters of the Curtailment tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import Option, one_of, sort_by
from callbacks.options.shared import FUELS_CHOSEN

VIEWS: Final = ("cause", "fuel", "share", "time-of-day")
GROUPS: Final = ("region", "unit")
SORTS: Final = ("name", "uigf", "curtailed", "share", "economic", "network", "value", "found")

OPTIONS: Final[tuple[Option, ...]] = (
    one_of("view", VIEWS),
    FUELS_CHOSEN,
    one_of("by", GROUPS),
    sort_by(SORTS),
)
