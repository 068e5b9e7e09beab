"""Questions of the Curtailment tab.

Curtailed is what semi-scheduled sun and wind could have produced (UIGF) less what they were dispatched to,
where that is positive; never availability less output. Economic: at a settlement price of zero or below;
network: above zero; unpriced: without a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from data_layer.market import NEM, Fuel, Resolution
from data_layer.period import check_resolution
from data_layer.requests.base import Request, check_region, sorted_choice

CURTAILED_FUELS: Final = (Fuel.SOLAR.value, Fuel.WIND.value)
"""The fuels of which AEMO publishes what could have been produced."""


@dataclass(frozen=True)
class CurtailmentSeries(Request):
    """Curtailment over time.

    Answer, one row per bucket and fuel that was published: time, fuel, uigf_mw, cleared_mw, curtailed_mw,
    economic_curtailed_mw, network_curtailed_mw, unpriced_curtailed_mw (means over the intervals found,
    regions added), uigf_mwh, curtailed_mwh, curtailed_share (0..1, null without UIGF),
    curtailed_value_aud (at settlement prices: negative where they were), intervals.
    """

    region: str = NEM
    fuels: tuple[str, ...] = CURTAILED_FUELS
    resolution: Resolution = Resolution.HALF_HOUR

    name: ClassVar[str] = "curtailment_series"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)
        fuels = sorted_choice(self.fuels, CURTAILED_FUELS, "fuel") or CURTAILED_FUELS
        object.__setattr__(self, "fuels", fuels)
        check_resolution(self.resolution, self.period)


@dataclass(frozen=True)
class CurtailmentTimeOfDay(Request):
    """The average day of curtailment.

    Answer, one row per half-hour and fuel: time_of_day (minutes after midnight at the END of the
    half-hour, 30..1440), fuel, uigf_mw, curtailed_mw, economic_curtailed_mw, network_curtailed_mw,
    unpriced_curtailed_mw (means over the days found), curtailed_share, intervals.
    """

    region: str = NEM
    fuels: tuple[str, ...] = CURTAILED_FUELS

    name: ClassVar[str] = "curtailment_time_of_day"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)
        fuels = sorted_choice(self.fuels, CURTAILED_FUELS, "fuel") or CURTAILED_FUELS
        object.__setattr__(self, "fuels", fuels)


@dataclass(frozen=True)
class CurtailmentSummary(Request):
    """Curtailment by region and fuel.

    Answer, the NEM first: regionid, fuel ('All' for both together; 'NEM' and 'All' rows are sums of
    others), uigf_mwh, cleared_mwh, curtailed_mwh, economic_curtailed_mwh, network_curtailed_mwh,
    unpriced_curtailed_mwh, curtailed_share, curtailed_value_aud, intervals, intervals_expected (every
    interval of the period for each region and fuel that was published in it).
    """

    fuels: tuple[str, ...] = CURTAILED_FUELS

    name: ClassVar[str] = "curtailment_summary"

    def __post_init__(self) -> None:
        super().__post_init__()
        fuels = sorted_choice(self.fuels, CURTAILED_FUELS, "fuel") or CURTAILED_FUELS
        object.__setattr__(self, "fuels", fuels)


@dataclass(frozen=True)
class UnitCurtailment(Request):
    """Curtailment of each semi-scheduled unit, from next-day dispatch; most curtailed first.

    Answer: duid, station_name, owner, regionid, fuel, capacity_mw, uigf_mwh, cleared_mwh, curtailed_mwh,
    economic_curtailed_mwh, network_curtailed_mwh, unpriced_curtailed_mwh, curtailed_share,
    curtailed_value_aud, intervals, intervals_expected (every interval of the period). No rows for months
    whose dispatch files have no forecast per unit. All fuels unless ``fuels`` names some.
    """

    region: str = NEM
    fuels: tuple[str, ...] = ()

    name: ClassVar[str] = "unit_curtailment"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)
        object.__setattr__(self, "fuels", sorted_choice(self.fuels, CURTAILED_FUELS, "fuel"))


REQUESTS: Final[tuple[type[Request], ...]] = (
    CurtailmentSeries,
    CurtailmentTimeOfDay,
    CurtailmentSummary,
    UnitCurtailment,
)
