"""Parameters of the Prices tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import COMPARE, Option, edges, one_of, sort_by, whole
from callbacks.options.shared import REGIONS_CHOSEN
from data_layer.requests import EVENT_ORDERS
from data_layer.requests.prices import EDGES, MAX_EDGES, MAX_TOP

VIEWS: Final = ("statistics", "duration", "bands", "heat-map", "time-of-day", "top", "events")
DRAWN: Final = ("average", "extremes")
SCALES: Final = ("hybrid", "linear", "symlog")
SMOOTHINGS: Final = ("none", "ma", "loess", "ewm")
WINDOWS: Final = ("3h", "1d", "7d", "30d", "90d")
HEATS: Final = ("weekday", "month")
SORTS: Final = (
    "average",
    "weighted",
    "median",
    "q1",
    "q3",
    "low",
    "high",
    "volatility",
    "negative",
    "cap",
    "n",
)
TOP: Final = 20

OPTIONS: Final[tuple[Option, ...]] = (
    REGIONS_CHOSEN,
    one_of("view", VIEWS),
    one_of("draw", DRAWN),
    one_of("scale", SCALES),
    one_of("smooth", SMOOTHINGS),
    one_of("window", WINDOWS, "1d"),
    edges("edges", EDGES, most=MAX_EDGES),
    whole("top", 1, MAX_TOP, TOP),
    one_of("heat", HEATS),
    sort_by(SORTS),
    one_of("order", EVENT_ORDERS),
    COMPARE,
)
