"""Questions of the Batteries tab.

A battery is all DUIDs that one installation had over time: a generator and a load, then the bidirectional
unit that followed them (views/battery_unit.sql). It is named by the DUID it has now. Both energies are
positive; a charge cost below zero was income.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import NEM, REGIONS, Resolution
from data_layer.period import check_resolution
from data_layer.requests.base import Request, check_region, sorted_choice

BATTERY_GROUPS: Final = ("unit", "station", "owner", "region")
"""What batteries may be grouped by."""

MOST_CHOSEN: Final = 12
"""Groups that one chart may be limited to."""

LONGEST_NAME: Final = 200


def _check_group(group_by: object) -> None:
    if group_by not in BATTERY_GROUPS:
        raise RequestError(f"Unknown group: choose one of {', '.join(BATTERY_GROUPS)}.", "group_by")


def _checked_names(names: object) -> tuple[str, ...]:
    """Names of groups from untrusted input; whether there are such batteries is for the data to say."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise RequestError("The chosen batteries must be a list.", "chosen")
    chosen = tuple(dict.fromkeys(names))
    if len(chosen) > MOST_CHOSEN:
        raise RequestError(f"Choose at most {MOST_CHOSEN}.", "chosen")
    if any(not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME for name in chosen):
        raise RequestError(f"A name has 1 to {LONGEST_NAME} characters.", "chosen")
    return tuple(sorted(chosen))


@dataclass(frozen=True)
class BatterySummary(Request):
    """Energy, prices, revenue and use of batteries, highest net revenue first.

    Answer, one row for all batteries together and one per group: name, total (true in the first row:
    adding it to the others would count twice), station_name and owner (null where the group has
    several), regions and duids (commas between), batteries, capacity_mw (most it may discharge, of
    distinct batteries),
    storage_mwh (null where unknown), batteries_with_storage, discharge_mwh, charge_mwh,
    discharge_revenue_aud, charge_cost_aud, revenue_aud (net), discharge_price_aud_per_mwh and
    charge_price_aud_per_mwh (volume-weighted over priced energy), price_difference_aud_per_mwh (of the
    two), spread_aud_per_mwh ((income - cost) / priced discharge), negative_price_charge_mwh,
    negative_price_charge_income_aud, cycles_per_day (discharge / (storage x days of readings)),
    round_trip_efficiency (discharge / charge, 0..1), round_trip_blank_because (text where it is null),
    revenue_aud_per_mw_year, revenue_aud_per_mwh_year (per 8,760 hours of readings), battery_intervals,
    battery_intervals_expected (from each battery's first reading in the period to its last).
    """

    group_by: str = "unit"
    region: str = NEM

    name: ClassVar[str] = "battery_summary"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_group(self.group_by)
        check_region(self.region)


@dataclass(frozen=True)
class _Chosen(Request):
    """A question about the batteries of some groups; none named means all of the region's."""

    group_by: str = "unit"
    chosen: tuple[str, ...] = ()
    region: str = NEM

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_group(self.group_by)
        object.__setattr__(self, "chosen", _checked_names(self.chosen))
        check_region(self.region)


@dataclass(frozen=True)
class BatterySeries(_Chosen):
    """Charging and discharging over time.

    Answer, one row per bucket in which a chosen battery reported: time, discharge_mw, charge_mw (means
    over the intervals found, both >= 0), discharge_mwh, charge_mwh, discharge_revenue_aud,
    charge_cost_aud, revenue_aud (net), discharge_price_aud_per_mwh, charge_price_aud_per_mwh, batteries,
    battery_intervals.
    """

    resolution: Resolution = Resolution.HALF_HOUR

    name: ClassVar[str] = "battery_series"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_resolution(self.resolution, self.period)


@dataclass(frozen=True)
class BatteryTimeOfDay(_Chosen):
    """The average day of batteries.

    Answer, one row per half-hour and region: time_of_day (minutes after midnight at the END of the
    half-hour, 30..1440), regionid, discharge_mw, charge_mw (means over the days found),
    discharge_price_aud_per_mwh, charge_price_aud_per_mwh (volume-weighted), price_aud_per_mwh (the
    region's, time-weighted), intervals.
    """

    name: ClassVar[str] = "battery_time_of_day"


@dataclass(frozen=True)
class StorageLevel(Request):
    """Energy stored in the bidirectional batteries of each region, as AEMO publishes it.

    Answer, one row per bucket and region for which it was published: time, regionid, stored_mwh (mean),
    min_stored_mwh, max_stored_mwh, intervals.
    """

    regions: tuple[str, ...] = REGIONS
    resolution: Resolution = Resolution.HALF_HOUR

    name: ClassVar[str] = "storage_level"

    def __post_init__(self) -> None:
        super().__post_init__()
        regions = sorted_choice(self.regions, REGIONS, "region") or REGIONS
        object.__setattr__(self, "regions", regions)
        check_resolution(self.resolution, self.period)


REQUESTS: Final[tuple[type[Request], ...]] = (
    BatterySummary,
    BatterySeries,
    BatteryTimeOfDay,
    StorageLevel,
)
