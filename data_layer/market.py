"""Facts of the National Electricity Market and pure functions of them.

Nothing here reads data or keeps state. Sources are named beside each table; times are AEST
(UTC+10, no daylight saving), naive, and stamps are interval-ENDING as AEMO publishes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

REGIONS: Final = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
"""Current NEM regions in the order the field lists them."""

NEM: Final = "NEM"
"""Stands for all regions together wherever one region can be chosen."""

REGION_NAMES: Final = {
    "NEM": "National Electricity Market",
    "NSW1": "New South Wales",
    "QLD1": "Queensland",
    "SA1": "South Australia",
    "TAS1": "Tasmania",
    "VIC1": "Victoria",
}

INTERVAL: Final = timedelta(minutes=5)
"""Length of a dispatch interval."""

HOURS_PER_INTERVAL: Final = 5 / 60

FIVE_MINUTE_SETTLEMENT: Final = datetime(2021, 10, 1)
"""Stamps after this instant settle at the 5-minute dispatch price, stamps up to and including it
at the half-hour trading price (NER, 5-minute settlement rule)."""


class Fuel(StrEnum):
    """Fuel classes, in the order a generation stack is drawn from the bottom.

    Derived from the registration list's columns (docs/definitions/core.md). ``UNMAPPED`` holds every
    unit the registry does not know; it is shown, never dropped.
    """

    COAL = "Coal"
    BIOMASS = "Biomass"
    CCGT = "CCGT"
    GAS_OTHER = "Gas other"
    OCGT = "OCGT"
    DISTILLATE = "Distillate"
    WATER = "Water"
    BATTERY = "Battery Storage"
    WIND = "Wind"
    SOLAR = "Solar"
    ROOFTOP = "Rooftop Solar"
    OTHER = "Other"
    UNMAPPED = "Unmapped"


FUELS: Final = tuple(fuel.value for fuel in Fuel)

RENEWABLE_FUELS: Final = (
    Fuel.BIOMASS.value,
    Fuel.WATER.value,
    Fuel.WIND.value,
    Fuel.SOLAR.value,
    Fuel.ROOFTOP.value,
)
"""Storage and interconnectors are in neither numerator nor denominator of a renewable share."""


class Resolution(StrEnum):
    """Length of the buckets of an answer."""

    FIVE_MINUTES = "5min"
    HALF_HOUR = "30min"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    @property
    def is_subdaily(self) -> bool:
        """Sub-daily buckets are stamped at their end, days and months at their first day."""
        return self in (Resolution.FIVE_MINUTES, Resolution.HALF_HOUR, Resolution.HOUR)

    @property
    def intervals(self) -> int:
        """5-minute intervals in one bucket; a month counts as 30 days."""
        return {"5min": 1, "30min": 6, "hour": 12, "day": 288, "month": 288 * 30}[self.value]

    @property
    def label(self) -> str:
        return {
            "5min": "5-minute",
            "30min": "30-minute",
            "hour": "hourly",
            "day": "daily",
            "month": "monthly",
        }[self.value]


class Bucket(StrEnum):
    """A stretch of the calendar that trends are counted in, named by a date within it."""

    MONTH = "month"
    QUARTER = "quarter"
    SEASON = "season"
    YEAR = "year"
    FINANCIAL_YEAR = "fy"

    @property
    def months(self) -> int:
        return {"month": 1, "quarter": 3, "season": 3, "year": 12, "fy": 12}[self.value]

    @property
    def label(self) -> str:
        return "financial year" if self is Bucket.FINANCIAL_YEAR else self.value

    def start(self, day: date) -> date:
        """First day of the stretch that ``day`` lies in. Summer begins in December, the financial year
        in July; a quarter is the calendar's (Q1 = January to March)."""
        first = {"season": 12, "fy": 7}.get(self.value, 1)
        month = (day.month - first) % 12 // self.months * self.months + first
        year = day.year - 1 if (month - 1) % 12 + 1 > day.month else day.year
        return date(year, (month - 1) % 12 + 1, 1)

    def following(self, start: date) -> date:
        """First day of the next stretch."""
        count = start.year * 12 + start.month - 1 + self.months
        return date(count // 12, count % 12 + 1, 1)

    def name_of(self, start: date) -> str:
        """What the field calls the stretch that begins on ``start``: summer carries the year of its
        January and February, a financial year that in which it ends."""
        if self is Bucket.MONTH:
            return f"{start:%b %Y}"
        if self is Bucket.QUARTER:
            return f"Q{(start.month + 2) // 3} {start.year}"
        if self is Bucket.SEASON:
            season = {12: "Summer", 3: "Autumn", 6: "Winter", 9: "Spring"}[start.month]
            return f"{season} {start.year + (start.month == 12)}"
        return f"FY{start.year + 1}" if self is Bucket.FINANCIAL_YEAR else str(start.year)


THERMAL_FUELS: Final = (
    Fuel.COAL.value,
    Fuel.CCGT.value,
    Fuel.GAS_OTHER.value,
    Fuel.OCGT.value,
    Fuel.DISTILLATE.value,
)
VARIABLE_FUELS: Final = (Fuel.WIND.value, Fuel.SOLAR.value, Fuel.ROOFTOP.value)
"""Renewables whose output follows the weather of the hour."""


@dataclass(frozen=True)
class Interconnector:
    """A regulated or market interconnector; positive flow goes from ``regionid_from``."""

    interconnectorid: str
    name: str
    regionid_from: str
    regionid_to: str


INTERCONNECTORS: Final = (
    Interconnector("NSW1-QLD1", "QNI", "NSW1", "QLD1"),
    Interconnector("N-Q-MNSP1", "Terranora", "NSW1", "QLD1"),
    Interconnector("VIC1-NSW1", "VNI", "VIC1", "NSW1"),
    Interconnector("V-SA", "Heywood", "VIC1", "SA1"),
    Interconnector("V-S-MNSP1", "Murraylink", "VIC1", "SA1"),
    Interconnector("T-V-MNSP1", "Basslink", "TAS1", "VIC1"),
)
"""Default topology; the lake's ``interconnectors`` table is what queries join to."""


@dataclass(frozen=True)
class PriceThreshold:
    """Market price cap, floor and cumulative price threshold from a date on."""

    effectivedate: date
    cap_aud_per_mwh: float
    floor_aud_per_mwh: float
    cumulative_threshold_aud: float | None
    source: str


PRICE_THRESHOLDS: Final = (
    PriceThreshold(date(1998, 12, 1), 5_000, -1_000, None, "WattClarity"),
    PriceThreshold(date(2002, 4, 1), 10_000, -1_000, 150_000, "AEMO MARKET_PRICE_THRESHOLDS"),
    PriceThreshold(date(2010, 7, 1), 12_500, -1_000, 187_500, "AEMC 2012 release"),
    PriceThreshold(date(2012, 7, 1), 12_900, -1_000, 193_900, "AEMC media release"),
    PriceThreshold(date(2013, 7, 1), 13_100, -1_000, None, "WattClarity"),
    PriceThreshold(date(2014, 7, 1), 13_500, -1_000, 201_900, "AEMC media release"),
    PriceThreshold(date(2015, 7, 1), 13_800, -1_000, None, "WattClarity"),
    PriceThreshold(date(2016, 7, 1), 14_000, -1_000, None, "WattClarity"),
    PriceThreshold(date(2017, 7, 1), 14_200, -1_000, None, "WattClarity"),
    PriceThreshold(date(2018, 7, 1), 14_500, -1_000, 216_900, "WattClarity"),
    PriceThreshold(date(2019, 7, 1), 14_700, -1_000, None, "WattClarity"),
    PriceThreshold(date(2020, 7, 1), 15_000, -1_000, None, "WattClarity"),
    PriceThreshold(date(2021, 7, 1), 15_100, -1_000, 226_500, "WattClarity"),
    PriceThreshold(date(2021, 10, 1), 15_100, -1_000, 1_359_100, "WattClarity"),
    PriceThreshold(date(2022, 7, 1), 15_500, -1_000, 1_398_100, "AEMC"),
    PriceThreshold(date(2023, 7, 1), 16_600, -1_000, 1_490_200, "AEMC"),
    PriceThreshold(date(2024, 7, 1), 17_500, -1_000, 1_573_700, "AEMC"),
    PriceThreshold(date(2025, 7, 1), 20_300, -1_000, 1_823_600, "AEMC"),
    PriceThreshold(date(2026, 7, 1), 23_200, -1_000, 2_225_900, "AEMC"),
)
"""Used where the lake holds no MARKET_PRICE_THRESHOLDS file; an unknown threshold is None."""

ROOFTOP_TYPE_RANK: Final = ("DAILY", "MEASUREMENT", "SATELLITE")
"""Which estimate of ROOFTOP_PV_ACTUAL wins, best first (AEMO's own order; sources disagree)."""

HIGH_PRICE_AUD_PER_MWH: Final = 300.0
"""The field's line for a high price: the strike of the exchange-traded cap contract."""


def interval_start(stamp: datetime) -> datetime:
    """Start of the 5-minute interval that ends at ``stamp``."""
    return stamp - INTERVAL


def market_day(stamp: datetime) -> date:
    """Calendar day an interval-ending stamp belongs to: 00:00 closes the day before."""
    return interval_start(stamp).date()


def trading_day(stamp: datetime) -> date:
    """Trading day (04:05 to 04:00) an interval-ending stamp belongs to."""
    return (stamp - INTERVAL - timedelta(hours=4)).date()


def month_of(stamp: datetime) -> tuple[int, int]:
    """(year, month) partition an interval-ending stamp belongs to."""
    day = market_day(stamp)
    return day.year, day.month


def threshold_at(day: date) -> PriceThreshold:
    """Price limits in force on ``day``; the earliest entry for days before it."""
    known = [entry for entry in PRICE_THRESHOLDS if entry.effectivedate <= day]
    return known[-1] if known else PRICE_THRESHOLDS[0]
