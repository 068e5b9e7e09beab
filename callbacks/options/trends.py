"""Parameters of the Trends tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import COMPARE, Option, one_of
from callbacks.options.shared import HIDDEN
from data_layer.requests.trends import BUCKETS, DEFINITIONS, LOADS, WINDOWS

VIEWS: Final = ("mix", "overlay", "demand", "ramp")
MEASURES: Final = ("energy", "share")
GROUPS: Final = ("fuel", "vre", "thermal-renewable")
SERIES: Final = (
    "renewables",
    "vre",
    "thermal",
    "coal",
    "gas",
    "water",
    "wind",
    "solar",
    "rooftop",
    "battery",
)
"""Groups of fuels whose years are laid over each other."""

WINDOW_DAYS: Final = ("30", *(str(days) for days in WINDOWS if days != 30))

OPTIONS: Final[tuple[Option, ...]] = (
    one_of("view", VIEWS),
    one_of("bucket", BUCKETS),
    one_of("as", MEASURES),
    one_of("group", GROUPS),
    one_of("definition", DEFINITIONS),
    one_of("series", SERIES),
    one_of("window", WINDOW_DAYS),
    one_of("of", LOADS),
    HIDDEN,
    COMPARE,
)
