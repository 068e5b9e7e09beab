"""Questions of the Prices tab. All weigh every 5-minute interval the same, on settlement prices."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import REGIONS
from data_layer.requests.base import Request, sorted_choice

MAX_EDGES: Final = 8
EDGES: Final = (0.0, 30.0, 100.0, 300.0, 1_000.0)
"""Edges of the price bands that the field uses. A price on an edge belongs to the band above it."""

LARGEST_EDGE: Final = 1_000_000.0
"""$/MWh on either side of zero."""

MAX_TOP: Final = 500
DIVISIONS: Final = ("time_of_day", "weekday", "month")


@dataclass(frozen=True)
class _OfRegions(Request):
    """Regions in their usual order; none named means all."""

    regions: tuple[str, ...] = REGIONS

    def __post_init__(self) -> None:
        super().__post_init__()
        regions = sorted_choice(self.regions, REGIONS, "region") or REGIONS
        object.__setattr__(self, "regions", regions)


@dataclass(frozen=True)
class PriceStatistics(_OfRegions):
    """One row per region that has a price.

    Answer: regionid, intervals, intervals_expected, mean_price_aud_per_mwh (time-weighted),
    demand_weighted_price_aud_per_mwh (TOTALDEMAND, over intervals with both), q1_, median_ and
    q3_price_aud_per_mwh (linear between neighbours), min_ and max_price_aud_per_mwh,
    volatility_aud_per_mwh (sample standard deviation), negative_share (0..1), cap_intervals (priced at
    or above the market price cap in force), cap_share (0..1), lowest_cap_aud_per_mwh and
    highest_cap_aud_per_mwh (caps in force within the period).
    """

    name: ClassVar[str] = "price_statistics"


@dataclass(frozen=True)
class PriceDuration(_OfRegions):
    """How much of the time a price was reached: steps of a survival curve, exact at each step.

    Answer, highest price first within a region: regionid, price_aud_per_mwh (the lowest price of the
    step), highest_price_aud_per_mwh (the highest of it), intervals (in the step), share_at_or_above
    (0..1, of the region's priced intervals: priced at or above price_aud_per_mwh). Steps are $1 wide
    from -100 to 300 ($0.25 for periods up to 31 days), $10 to -1,000 and 1,000, and $100 beyond.
    """

    name: ClassVar[str] = "price_duration"


@dataclass(frozen=True)
class PriceBands(_OfRegions):
    """Share of time and contribution to the average by price band; the bands leave no gap.

    ``edges``: 1 to 8 ascending numbers of $/MWh; the band below the first and the one above the last are
    open. A price on an edge belongs to the band above it. Answer, bands that occurred, ascending within
    a region: regionid, band (0 is below the first edge), low_aud_per_mwh and high_aud_per_mwh (null where
    open), intervals, share_of_time (0..1), mean_price_aud_per_mwh (within the band),
    contribution_aud_per_mwh (sum of its prices / all priced intervals: they add to the average),
    contribution_share (of the average; null where that is zero).
    """

    edges: tuple[float, ...] = EDGES

    name: ClassVar[str] = "price_bands"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.edges, str) or not isinstance(self.edges, tuple | list):
            raise RequestError("The edges must be a list of numbers.", "edges")
        if not 1 <= len(self.edges) <= MAX_EDGES:
            raise RequestError(f"Give 1 to {MAX_EDGES} edges.", "edges")
        for value in self.edges:
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not abs(value) <= LARGEST_EDGE
            ):
                raise RequestError("Every edge must be a number of $/MWh.", "edges")
        # One spelling per value, so that equal requests have equal keys (300 and 300.0, 0.0 and -0.0).
        edges = tuple(float(value) + 0.0 for value in self.edges)
        if any(after <= before for before, after in pairwise(edges)):
            raise RequestError("The edges must ascend.", "edges")
        object.__setattr__(self, "edges", edges)


@dataclass(frozen=True)
class TopIntervals(_OfRegions):
    """The dearest intervals of each region, and the average without them.

    Answer, dearest first within a region, at most ``top`` rows each: regionid, rank (1 is the dearest; of
    equal prices the earlier), settlementdate, price_aud_per_mwh, mean_price_aud_per_mwh (of all priced
    intervals), mean_without_aud_per_mwh (without this and every dearer one; null where none is left),
    share_of_average (what those made of the sum of prices; null unless that is above zero), intervals
    (all priced ones).
    """

    top: int = 20

    name: ClassVar[str] = "top_intervals"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.top, bool) or not isinstance(self.top, int) or not 1 <= self.top <= MAX_TOP:
            raise RequestError(f"top must be a whole number from 1 to {MAX_TOP}.", "top")


@dataclass(frozen=True)
class PriceProfile(_OfRegions):
    """Average price by time of day, alone or by weekday or month.

    ``by``: 'time_of_day' gives half-hours, 'weekday' and 'month' give hours. Answer: regionid, part (0
    for time_of_day; 1 Monday .. 7 Sunday; year x 100 + month), time_of_day (minutes after midnight at the
    END of the half-hour or hour), price_aud_per_mwh (time-weighted), demand_weighted_price_aud_per_mwh,
    min_price_aud_per_mwh, max_price_aud_per_mwh, intervals.
    """

    by: str = DIVISIONS[0]

    name: ClassVar[str] = "price_profile"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.by not in DIVISIONS:
            raise RequestError(f"Choose one of {', '.join(DIVISIONS)}.", "by")


REQUESTS: Final[tuple[type[Request], ...]] = (
    PriceStatistics,
    PriceDuration,
    PriceBands,
    TopIntervals,
    PriceProfile,
)
