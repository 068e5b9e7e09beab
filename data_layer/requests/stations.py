"""Questions of the Stations tab: units and whole stations, one by one or side by side.

An item is a unit, named by its DUID, or a whole station, written "station:" and its name. A station is
made of the units that the registry's last span before the period's end gives that name; it generates what
its units generate, loads what they load, and is worth what they are worth, each at its region's price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import FUELS, REGIONS, Resolution
from data_layer.period import check_resolution
from data_layer.requests.base import Request, sorted_choice

STATION: Final = "station:"
"""What the name of a whole station begins with where units and stations stand side by side."""

MOST_ITEMS: Final = 6
UNIT: Final = "unit"
WHOLE: Final = "station"
LEVELS: Final = (UNIT, WHOLE)

OFF_SHARE: Final = 0.01
OFF_MW: Final = 1.0
"""Off is an output of at most OFF_MW or OFF_SHARE of the registered capacity, whichever is more."""

ZERO_MW: Final = 0.05
"""At zero is an output that one decimal writes as 0.0 MW."""

PRICE_EDGES: Final = (0.0, 30.0, 100.0, 300.0, 1000.0)
"""$/MWh; a band holds its lower edge and not its upper one, the first and the last are open."""
MOST_EDGES: Final = 8

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,80}")


def _items(values: object) -> tuple[str, ...]:
    """One to MOST_ITEMS different items, in the order given."""
    listed = isinstance(values, Iterable) and not isinstance(values, str)
    given: list[Any] = list(values) if listed else []  # type: ignore[call-overload]
    named = all(isinstance(one, str) and _NAME.fullmatch(one) for one in given)
    items = tuple(dict.fromkeys(given)) if named else ()
    if not 1 <= len(items) <= MOST_ITEMS:
        raise RequestError(
            f"Choose one to {MOST_ITEMS} units or stations: a DUID such as BW01, "
            f"or {STATION} and a name such as {STATION}Bayswater.",
            "units",
        )
    return items


@dataclass(frozen=True)
class OfItems(Request):
    """A question about one to six items."""

    units: tuple[str, ...] = ()

    parts: ClassVar[str] = "stations or units"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "units", _items(self.units))


@dataclass(frozen=True)
class StationSeries(OfItems):
    """Output, price, energy and revenue over time.

    Answer, one row per bucket and item that reported: time, item, mw (sum over the units of each one's mean
    over its readings; consumption below zero), capacity_mw (registered capacity of the units that reported;
    null for loads), price_aud_per_mwh (time-weighted over the readings), generation_mwh, load_mwh (<= 0),
    revenue_aud (generation and load together), generation_revenue_aud, load_revenue_aud (negative: paid),
    capture_price_aud_per_mwh, unit_intervals (readings), units_found, units_expected (units of the item
    that reported within the period).
    """

    resolution: Resolution = Resolution.HALF_HOUR

    name: ClassVar[str] = "station_series"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_resolution(self.resolution, self.period)


@dataclass(frozen=True)
class ItemByItem(OfItems):
    """One whose rows are those of each item alone, in the order of the items' names."""

    def divided(self) -> tuple[Request, ...]:
        return tuple(replace(self, units=(one,)) for one in sorted(self.units))


@dataclass(frozen=True)
class StationSummary(ItemByItem):
    """The period in numbers, one row per item that reported, from its 5-minute readings.

    Answer: item, regionid, fuel (several are joined by " + "), units_found, capacity_mw (sum over distinct
    units that reported, each at its last reading), hours (with any reading), generation_mwh, load_mwh,
    generation_revenue_aud, load_revenue_aud, capture_price_aud_per_mwh, load_price_aud_per_mwh (paid for
    load), reference_price_aud_per_mwh (time-weighted price over the same readings), capture_rate,
    capacity_factor, average_mw, max_mw, min_mw, starts, off_hours, zero_hours, max_rise_mw, max_rise_at,
    max_fall_mw (negative), max_fall_at (stamps at the end of the change), negative_price_hours (price below
    zero while it reported), negative_generating_hours (and not off), negative_generation_mwh,
    negative_revenue_aud (<= 0), negative_load_mwh, negative_load_revenue_aud (>= 0: earned),
    unit_intervals, unit_intervals_expected (units found times the period).

    Starts and changes are counted between readings five minutes apart in which the same units reported: a
    gap neither starts nor stops anything. Off and at zero: OFF_MW, OFF_SHARE, ZERO_MW.
    """

    name: ClassVar[str] = "station_summary"


@dataclass(frozen=True)
class StationTimeOfDay(ItemByItem):
    """Average day. Answer: item, time_of_day (minutes after midnight at the END of the half-hour,
    30..1440), mw (mean), p10_mw, p90_mw (a tenth of the 5-minute values lies below, above),
    price_aud_per_mwh, revenue_aud_per_hour, intervals."""

    name: ClassVar[str] = "station_time_of_day"


@dataclass(frozen=True)
class StationDuration(ItemByItem):
    """Duration curve of the 5-minute output. Answer: item, exceeded_share (0..1 in steps of 0.005: the
    share of the intervals found with at least this output), mw, intervals (found)."""

    name: ClassVar[str] = "station_duration"


@dataclass(frozen=True)
class StationPriceBands(ItemByItem):
    """Output by band of the region's price.

    Answer, one row per item and band that occurred: item, band (0 the lowest; -1: no price),
    from_aud_per_mwh (null: open), below_aud_per_mwh (null: open), hours (sum over units), generation_mwh,
    load_mwh, generation_revenue_aud, load_revenue_aud.
    """

    edges: tuple[float, ...] = PRICE_EDGES

    name: ClassVar[str] = "station_price_bands"

    def __post_init__(self) -> None:
        super().__post_init__()
        edges = self.edges if isinstance(self.edges, tuple) else ()
        numbers = all(
            isinstance(edge, int | float) and not isinstance(edge, bool) and -1e6 <= edge <= 1e6
            for edge in edges
        )
        if not numbers or not 1 <= len(edges) <= MOST_EDGES or any(b <= a for a, b in pairwise(edges)):
            raise RequestError(f"The edges are one to {MOST_EDGES} ascending prices in $/MWh.", "edges")
        object.__setattr__(self, "edges", tuple(float(edge) + 0.0 for edge in edges))


@dataclass(frozen=True)
class StationPeers(Request):
    """Every unit or every station of the period, with its ranks among those of the same fuel.

    Answer, revenue descending: item, station_name, owner, fuel, regionid (of a station: those of most of its
    generation), units_found, capacity_mw, generation_mwh, load_mwh, revenue_aud,
    generation_revenue_aud, load_revenue_aud, capture_price_aud_per_mwh, load_price_aud_per_mwh,
    reference_price_aud_per_mwh, capture_rate, capacity_factor, unit_intervals, and for energy (generation),
    price, rate and cf: <it>_rank, <it>_of among its fuel in its region, <it>_nem_rank, <it>_nem_of in the
    NEM; 1 is the highest, null what has no such number. Ranks do not depend on ``regions`` and ``fuels``,
    which choose rows (none named: all).
    """

    by: str = WHOLE
    regions: tuple[str, ...] = ()
    fuels: tuple[str, ...] = ()

    name: ClassVar[str] = "station_peers"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_choice(self)


@dataclass(frozen=True)
class UnitSearch(Request):
    """Type-ahead over station names, DUIDs and owners; typing errors are forgiven.

    Answer, best first, at most ``most`` rows: item, name (of the station), duids (joined by " "), owner,
    fuel, regionid, capacity_mw, units (how many), score (0..100). Without a text: the largest. Facts are
    those of the registry at the period's end.
    """

    text: str = ""
    by: str = WHOLE
    regions: tuple[str, ...] = ()
    fuels: tuple[str, ...] = ()
    most: int = 12

    name: ClassVar[str] = "unit_search"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_choice(self)
        if not isinstance(self.text, str) or len(self.text) > 80:
            raise RequestError("Search for at most 80 characters.", "text")
        object.__setattr__(self, "text", " ".join(self.text.casefold().split()))
        if isinstance(self.most, bool) or not isinstance(self.most, int) or not 1 <= self.most <= 50:
            raise RequestError("A search gives 1 to 50 rows.", "most")


@dataclass(frozen=True)
class UnitFacts(Request):
    """What the registry says of the items' units, one row per unit and span of time; all units where no item
    is named. An item that is nowhere known has no row; a unit that reported but is in no register has one
    without facts.

    Answer: item, duid, valid_from, valid_to, station_name, owner, participantid, regionid, fuel,
    fuel_detail, technology, capacity_mw, max_capacity_mw, load_capacity_mw, storage_mwh, dispatch_type,
    schedule_type, first_date, last_date, latitude, longitude, successor_duid, sources (JSON: column ->
    source), loss_factor_from, transmissionlossfactor, distributionlossfactor, loss_factor_source (those in
    force at the period's end).
    """

    units: tuple[str, ...] = ()

    name: ClassVar[str] = "unit_facts"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "units", _items(self.units) if self.units else ())


def _check_choice(request: Any) -> None:
    """Level, regions and fuels of a question, put in order."""
    if request.by not in LEVELS:
        raise RequestError(f"Choose one of {', '.join(LEVELS)}.", "by")
    object.__setattr__(request, "regions", sorted_choice(request.regions, REGIONS, "region"))
    object.__setattr__(request, "fuels", sorted_choice(request.fuels, FUELS, "fuel"))


REQUESTS: Final[tuple[type[Request], ...]] = (
    StationSeries,
    StationSummary,
    StationTimeOfDay,
    StationDuration,
    StationPriceBands,
    StationPeers,
    UnitSearch,
    UnitFacts,
)
