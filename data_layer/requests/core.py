"""The questions of the first two tabs and of the notebook calls: mix, prices of regions, groups, rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import FUELS, HIGH_PRICE_AUD_PER_MWH, NEM, REGIONS, Resolution
from data_layer.period import Period, check_resolution
from data_layer.requests.base import Request, check_region, sorted_choice


@dataclass(frozen=True)
class GenerationMix(Request):
    """Generation by fuel over time.

    Answer, one row per bucket and fuel that reported: time, fuel, generation_mw (>= 0), load_mw
    (<= 0; charging, pumping, auxiliaries), generation_mwh, load_mwh, revenue_aud, capacity_mw (mean
    of reporting units' registered capacity), capacity_mwh, unit_intervals, unit_intervals_expected.
    MW are means over the intervals found in the bucket.
    """

    region: str = NEM
    resolution: Resolution = Resolution.HALF_HOUR

    name: ClassVar[str] = "generation_mix"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)
        check_resolution(self.resolution, self.period)


@dataclass(frozen=True)
class RegionSeries(Request):
    """Price, demand and net import over time, one row per bucket and region.

    Answer: time, regionid, price_aud_per_mwh (time-weighted mean of settlement prices),
    min_price_aud_per_mwh, max_price_aud_per_mwh, demand_weighted_price_aud_per_mwh, demand_mw
    (mean TOTALDEMAND), net_import_mw (mean, positive into the region), intervals,
    intervals_expected. All regions unless ``regions`` names some.
    """

    regions: tuple[str, ...] = REGIONS
    resolution: Resolution = Resolution.HALF_HOUR

    name: ClassVar[str] = "region_series"

    def __post_init__(self) -> None:
        super().__post_init__()
        regions = sorted_choice(self.regions, REGIONS, "region") or REGIONS
        object.__setattr__(self, "regions", regions)
        check_resolution(self.resolution, self.period)


@dataclass(frozen=True)
class PriceEnvelope(Request):
    """5-minute settlement prices thinned to what a screen can show, spikes and dips kept.

    Answer, at most ``max_points`` rows a region: time, regionid, price_aud_per_mwh; in each of
    max_points/2 equal buckets the intervals of lowest and of highest price, in time order.
    """

    regions: tuple[str, ...] = REGIONS
    max_points: int = 1_000

    name: ClassVar[str] = "price_envelope"

    def __post_init__(self) -> None:
        super().__post_init__()
        regions = sorted_choice(self.regions, REGIONS, "region") or REGIONS
        object.__setattr__(self, "regions", regions)
        if not isinstance(self.max_points, int) or not 10 <= self.max_points <= 4_000:
            raise RequestError("max_points must be a whole number from 10 to 4000.", "max_points")


@dataclass(frozen=True)
class RegionSummary(Request):
    """One row per region and one for the NEM.

    Answer: regionid, price_aud_per_mwh (time-weighted; for NEM demand-weighted), price_basis
    ('time-weighted' or 'demand-weighted'), demand_weighted_price_aud_per_mwh, min_price_aud_per_mwh,
    max_price_aud_per_mwh, negative_price_share, demand_mwh, generation_mwh, renewable_mwh,
    rooftop_mwh, coal_mwh, gas_mwh (CCGT + OCGT + Gas other), renewable_share (renewable generation incl.
    rooftop / (demand + rooftop)), coal_share, gas_share (of generation excl. storage),
    net_import_mwh, intervals, intervals_expected. Shares are 0..1 and null without a denominator.
    """

    name: ClassVar[str] = "region_summary"


@dataclass(frozen=True)
class LatestInterval(Request):
    """The newest complete interval at or before the period's end, one row per region.

    Answer: settlementdate, regionid, price_aud_per_mwh, price_change_aud_per_mwh (against the
    interval before), demand_mw, net_import_mw, generation_mw, renewable_mw, rooftop_mw (null where
    its half-hour is not published yet), renewable_share, rooftop_late (bool).
    """

    name: ClassVar[str] = "latest_interval"


@dataclass(frozen=True)
class FuelSummary(Request):
    """One row per fuel for NEM or a region, storage split by sign.

    Answer: fuel, energy_mwh, generation_mwh, load_mwh, share (of generation excl. storage; null for
    storage), revenue_aud, generation_revenue_aud, load_revenue_aud,
    capture_price_aud_per_mwh (generation revenue / priced generation), load_price_aud_per_mwh (price
    paid for load), capacity_mw (sum over distinct units that reported), capacity_factor (0..1),
    units, unit_intervals, unit_intervals_expected (what the reporting units would have read over the
    whole period, days without any data included).
    """

    region: str = NEM

    name: ClassVar[str] = "fuel_summary"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)


@dataclass(frozen=True)
class TimeOfDay(Request):
    """Average day by fuel. Answer: time_of_day (minutes after midnight at the END of the half-hour,
    30..1440), fuel, generation_mw, load_mw (means over the days found), intervals."""

    region: str = NEM

    name: ClassVar[str] = "time_of_day"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)


EVENT_ORDERS: Final = ("newest", "highest", "lowest", "longest")


@dataclass(frozen=True)
class PriceEvents(Request):
    """Runs of consecutive 5-minute intervals above ``high_aud_per_mwh`` or below ``low_aud_per_mwh``.

    Answer, at most 200 rows, by ``order`` (newest, highest or lowest price, longest; then newest):
    regionid, kind ('high' or 'negative'), start (start of the first interval), end (end of the last),
    intervals, extreme_price_aud_per_mwh, mean_price_aud_per_mwh, events (how many there are before the
    200 are cut). A gap in the data ends a run.
    """

    regions: tuple[str, ...] = REGIONS
    high_aud_per_mwh: float = HIGH_PRICE_AUD_PER_MWH
    low_aud_per_mwh: float = 0.0
    order: str = "newest"

    name: ClassVar[str] = "price_events"

    def __post_init__(self) -> None:
        super().__post_init__()
        regions = sorted_choice(self.regions, REGIONS, "region") or REGIONS
        object.__setattr__(self, "regions", regions)
        for name in ("high_aud_per_mwh", "low_aud_per_mwh"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not -1e6 <= value <= 1e6:
                raise RequestError(f"{name} must be a number of $/MWh.", name)
            # One spelling per value, so that equal requests have equal keys (300 and 300.0, 0.0 and -0.0).
            object.__setattr__(self, name, float(value) + 0.0)
        if self.order not in EVENT_ORDERS:
            raise RequestError(f"Choose one of {', '.join(EVENT_ORDERS)}.", "order")


GROUP_COLUMNS: Final = ("region", "fuel", "owner", "station", "technology", "duid")
"""What AggregateByGroup may group by; planner.py maps each to a registry column."""


@dataclass(frozen=True)
class AggregateByGroup(Request):
    """Energy, revenue and prices by up to three groups, pooled (never averages of averages).

    Answer, revenue descending: one column per group, generation_mwh, load_mwh, energy_mwh,
    revenue_aud, generation_revenue_aud, load_revenue_aud, capture_price_aud_per_mwh,
    load_price_aud_per_mwh, capacity_mw (distinct units), capacity_factor, units, unit_intervals,
    unit_intervals_expected.
    """

    group_by: tuple[str, ...] = ("fuel",)
    regions: tuple[str, ...] = ()
    fuels: tuple[str, ...] = ()

    name: ClassVar[str] = "aggregate_by_group"

    def __post_init__(self) -> None:
        super().__post_init__()
        listed = isinstance(self.group_by, Iterable) and not isinstance(self.group_by, str)
        groups = tuple(self.group_by) if listed else ()
        if any(not isinstance(group, str) or group not in GROUP_COLUMNS for group in groups):
            raise RequestError(f"Unknown group: choose from {', '.join(GROUP_COLUMNS)}.", "group_by")
        if not 1 <= len(groups) <= 3 or len(set(groups)) != len(groups):
            raise RequestError("Group by one to three different columns.", "group_by")
        object.__setattr__(self, "group_by", groups)
        object.__setattr__(self, "regions", sorted_choice(self.regions, REGIONS, "region"))
        object.__setattr__(self, "fuels", sorted_choice(self.fuels, FUELS, "fuel"))


INTEGRATED_COLUMNS: Final = (
    "settlementdate",
    "duid",
    "scadavalue",
    "station_name",
    "owner",
    "fuel_type",
    "region",
    "nameplate_capacity",
    "rrp",
    "energy_mwh",
    "revenue_aud",
    "capacity_factor_pct",
)


@dataclass(frozen=True)
class IntegratedData(Request):
    """Unit readings joined with registry and settlement price, one row per unit and 5min or 30min
    interval, ordered by (settlementdate, duid).

    Columns, or those of them that are named: settlementdate, duid, scadavalue (MW, consumption below
    zero; at 30min the mean), station_name, owner, fuel_type and region ('Unmapped' where the registry does
    not know the unit), nameplate_capacity (MW), rrp (settlement price, $/MWh; none where there was none),
    energy_mwh, revenue_aud (at the regional node, before loss factors), capacity_factor_pct.
    """

    resolution: Resolution = Resolution.HALF_HOUR
    regions: tuple[str, ...] = ()
    fuels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    name: ClassVar[str] = "integrated_data"

    def __post_init__(self) -> None:
        super().__post_init__()
        grains = (Resolution.FIVE_MINUTES, Resolution.HALF_HOUR)
        if not isinstance(self.resolution, Resolution) or self.resolution not in grains:
            raise RequestError("Integrated data comes at 5min or 30min.", "resolution")
        object.__setattr__(self, "regions", sorted_choice(self.regions, REGIONS, "region"))
        object.__setattr__(self, "fuels", sorted_choice(self.fuels, FUELS, "fuel"))
        columns = sorted_choice(self.columns, INTEGRATED_COLUMNS, "columns")
        object.__setattr__(self, "columns", columns or INTEGRATED_COLUMNS)

    @classmethod
    def _resolution(cls, text: str, period: Period) -> Resolution:
        # Rows, not buckets of a chart: no period is too long for it.
        try:
            return Resolution(text)
        except ValueError:
            raise RequestError("Integrated data comes at 5min or 30min.", "resolution") from None


REQUESTS: Final[tuple[type[Request], ...]] = (
    GenerationMix,
    RegionSeries,
    PriceEnvelope,
    RegionSummary,
    LatestInterval,
    FuelSummary,
    TimeOfDay,
    PriceEvents,
    AggregateByGroup,
    IntegratedData,
)
