"""Which AEMO reports become which lake tables: the one place that knows the I rows.

A report is named by the second and third field of its I row; its version (the fourth) is not looked
at, because columns are found by NAME, whatever their order and number. The list of reports:
DOMAIN's tables (MMS data model, https://nemweb.com.au/Reports/Current/MMSDataModelReport/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from data_layer.tables import TABLES


@dataclass(frozen=True)
class Report:
    """One lake table's rows in a report. ``renamed``: lake column -> the file's column, where they differ."""

    table: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    grid_minutes: int = 5
    """Stamps must lie on this grid."""
    whole_regions_only: bool = False
    """Keep REGIONID ending in 1 (rooftop files add sub-regions whose sum repeats the region)."""
    semi_scheduled_only: bool = False
    """Keep units that have a forecast (UIGF): those of which it is above zero anywhere in the file, because
    AEMO writes 0 for scheduled units. Files from before AEMO published UIGF per unit have no such rows."""

    @property
    def columns(self) -> dict[str, str]:
        """Lake column -> column of the file (upper case)."""
        names = TABLES[self.table].schema.names
        return {name: self.renamed.get(name, name.upper()) for name in names if name != "published_at"}


_PRICE: Final = Report("dispatch_price")
_DEMAND: Final = Report("region_demand")
_FLOW: Final = Report("interconnector_flow")

REPORTS: Final[Mapping[tuple[str, str], tuple[Report, ...]]] = {
    ("DISPATCH", "UNIT_SCADA"): (Report("unit_scada"),),
    # Monthly DISPATCHLOAD and the daily PUBLIC_NEXT_DAY_DISPATCH alike.
    ("DISPATCH", "UNIT_SOLUTION"): (Report("unit_dispatch", semi_scheduled_only=True),),
    ("DISPATCH", "PRICE"): (_PRICE,),
    ("DISPATCH", "REGIONSUM"): (_DEMAND,),
    ("DISPATCH", "INTERCONNECTORRES"): (_FLOW,),
    ("TRADING", "PRICE"): (Report("trading_price"),),
    ("ROOFTOP", "ACTUAL"): (
        Report(
            "rooftop_pv", {"settlementdate": "INTERVAL_DATETIME"}, grid_minutes=30, whole_regions_only=True
        ),
    ),
    # The legacy PUBLIC_DISPATCH report: price and demand in one row, no LASTCHANGED.
    ("DREGION", ""): (_PRICE, _DEMAND),
    ("DINT", ""): (_FLOW,),
}
"""(report, subreport) of an I row -> the lake tables its rows become."""

REGISTERS: Final[Mapping[tuple[str, str], str]] = {
    ("PARTICIPANT_REGISTRATION", "DUDETAILSUMMARY"): "dudetailsummary",
    ("PARTICIPANT_REGISTRATION", "DUDETAIL"): "dudetail",
    ("PARTICIPANT_REGISTRATION", "STATION"): "station",
    ("PARTICIPANT_REGISTRATION", "PARTICIPANT"): "participant",
    ("PARTICIPANT_REGISTRATION", "GENUNITS"): "genunits",
    ("MARKET_CONFIG", "MARKET_PRICE_THRESHOLDS"): "price_thresholds",
    ("MARKET_CONFIG", "INTERCONNECTOR"): "interconnector",
}
"""Reports of slowly changing facts: handed on as text, every column, names in lower case."""
