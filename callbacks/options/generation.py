"""Parameters of the Generation tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import COMPARE, Option, one_of, sort_by
from callbacks.options.shared import HIDDEN

VIEWS: Final = ("area", "proportion", "capacity-factor", "time-of-day")
SORTS: Final = ("energy", "share", "revenue", "price", "cf", "found")

OPTIONS: Final[tuple[Option, ...]] = (
    one_of("view", VIEWS),
    HIDDEN,
    sort_by(SORTS),
    COMPARE,
)
