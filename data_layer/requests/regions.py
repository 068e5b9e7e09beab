"""Questions of the Regions tab: the state of every region, interconnectors, price separation, stations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from data_layer.errors import RequestError
from data_layer.market import Resolution
from data_layer.period import check_resolution
from data_layer.requests.base import Request

LINE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,23}")
"""What an interconnector's id may look like; which ones there are is data."""

MOST_LINES: Final = 20


def check_line(line: object) -> str:
    """An interconnector's id from untrusted input, or RequestError. '' stands for all of them."""
    if isinstance(line, str) and (not line or LINE_ID.fullmatch(line)):
        return line
    raise RequestError("It takes an interconnector's id, such as VIC1-NSW1.", "line")


@dataclass(frozen=True)
class RegionMeans(Request):
    """Each region over the whole period.

    Answer, one row per region: regionid, price_aud_per_mwh (time-weighted mean of settlement prices),
    renewable_share (renewable generation incl. rooftop / (demand + rooftop), 0..1), demand_mw,
    net_import_mw (means over what was found; positive into the region), intervals (with a price).
    """

    name: ClassVar[str] = "region_means"


@dataclass(frozen=True)
class RegionSteps(Request):
    """Each region over time: time and the columns of RegionMeans, one row per bucket and region."""

    resolution: Resolution = Resolution.HOUR

    name: ClassVar[str] = "region_steps"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_resolution(self.resolution, self.period)


@dataclass(frozen=True)
class PriceSeparation(Request):
    """How far apart the regions' prices are, from every 5-minute interval with both prices.

    Answer, one row per pair of regions: regionid, other_regionid, mean_absolute_difference_aud_per_mwh,
    mean_difference_aud_per_mwh (regionid less other_regionid), separated_share (of intervals more than
    ``above_aud_per_mwh`` apart, 0..1), intervals. Null where no interval has both prices.
    """

    above_aud_per_mwh: float = 10.0

    name: ClassVar[str] = "price_separation"

    def __post_init__(self) -> None:
        super().__post_init__()
        value = self.above_aud_per_mwh
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 40_000:
            raise RequestError("Prices may be apart by 0 to 40000 $/MWh.", "above_aud_per_mwh")
        object.__setattr__(self, "above_aud_per_mwh", float(value) + 0.0)


@dataclass(frozen=True)
class InterconnectorMeans(Request):
    """Each interconnector over the whole period; one that the topology does not know is 'Unmapped'.

    Answer, one row per interconnector: interconnectorid, name (null where unmapped), regionid_from,
    regionid_to, flow_mw (mean, positive from -> to), min_flow_mw, max_flow_mw (of 5 minutes),
    export_limit_mw, import_limit_mw (means; both may have one sign), flow_mwh, export_mwh (>= 0),
    import_mwh (<= 0), losses_mwh, at_export_limit_share, at_import_limit_share (of the time with limits,
    0..1), counter_price_mwh, counter_price_value_aud (energy that ran to the cheaper region, and that
    energy times the price difference), price_difference_aud_per_mwh (to less from, mean), intervals.
    """

    name: ClassVar[str] = "interconnector_means"


@dataclass(frozen=True)
class InterconnectorSeries(Request):
    """Interconnectors over time: time and the columns of InterconnectorMeans. All unless ``lines`` names
    some."""

    lines: tuple[str, ...] = ()
    resolution: Resolution = Resolution.HALF_HOUR

    name: ClassVar[str] = "interconnector_series"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.lines, str) or not isinstance(self.lines, Iterable):
            raise RequestError("The lines must be a list.", "lines")
        lines = tuple(sorted({line for line in map(check_line, self.lines) if line}))
        if len(lines) > MOST_LINES:
            raise RequestError(f"It takes at most {MOST_LINES} interconnectors.", "lines")
        object.__setattr__(self, "lines", lines)
        check_resolution(self.resolution, self.period)


@dataclass(frozen=True)
class FlowDuration(Request):
    """Duration curve of interconnectors' metered flows, from every 5-minute interval.

    Answer, DURATION_POINTS rows per interconnector: interconnectorid, exceeded_share (0..1), flow_mw (the
    flow reached or exceeded for that share of the intervals found), intervals. '' as ``line`` means all.
    """

    line: str = ""

    name: ClassVar[str] = "flow_duration"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_line(self.line)


DURATION_POINTS: Final = 401


@dataclass(frozen=True)
class StationSites(Request):
    """Where stations stand: those with a unit registered during the period, loads left out.

    Answer, one row per station and region, largest first: station_name, regionid, fuel (of the largest
    part of its capacity), owner, capacity_mw (registered, all its units), units, latitude, longitude
    (degrees, null where the place is not known).
    """

    name: ClassVar[str] = "station_sites"


REQUESTS: Final[tuple[type[Request], ...]] = (
    RegionMeans,
    RegionSteps,
    PriceSeparation,
    InterconnectorMeans,
    InterconnectorSeries,
    FlowDuration,
    StationSites,
)
