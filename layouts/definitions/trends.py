"""Definitions of the numbers that only the trends tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final[dict[str, Definition]] = {
    "bucket": Definition(
        "Month, quarter, season, year",
        "Quarters are those of the calendar. Summer is December to February and carries the year of its "
        "January, autumn is March to May, winter June to August, spring September to November. A financial "
        "year runs from 1 July to 30 June and carries the year in which it ends: FY2026 is 2025-26. A "
        "bucket that the period cuts, or of which fewer than 99% of the days were found, is drawn lighter "
        "and marked with an asterisk.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHREGIONSUM, for the days found",
    ),
    "change": Definition(
        "Change",
        "Energy of this year (or period) divided by that of the other, less one. Years of 365 and 366 days "
        "are not adjusted. Days found of both are said above the table.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "share_of_demand": Definition(
        "Renewable share of demand",
        "Generation from biomass, water, wind, solar and rooftop solar, divided by operational demand plus "
        "rooftop solar. It passes 100% where a region exports renewables. This is the share that the other "
        "tabs show.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL, DISPATCHREGIONSUM.TOTALDEMAND",
    ),
    "share_of_generation": Definition(
        "Renewable share of generation",
        "The same renewables, divided by all generation including rooftop solar, storage left out of both. "
        "It never passes 100%.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "share_of_gross_demand": Definition(
        "Renewable share of gross demand",
        "The same renewables, divided by demand with non-scheduled generation plus rooftop solar: the "
        "denominator that Open Electricity uses.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL, DISPATCHREGIONSUM.DEMAND_AND_NONSCHEDGEN",
    ),
    "share_utility": Definition(
        "Utility-scale renewable share",
        "Generation from biomass, water, wind and solar units, divided by operational demand. Rooftop solar "
        "is in neither, though it lowers operational demand.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHREGIONSUM.TOTALDEMAND",
    ),
    "share_records": Definition(
        "Records of the renewable share",
        "The highest and lowest share of half-hours, days and months in the period, under the chosen "
        "definition. A half-hour is compared where all six intervals of all that the definition needs were "
        "found in every region, a day where 95% were, a month where all of its days are compared; and none "
        "where what is divided by is below 100 MW on average. Of equals the earliest.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL, DISPATCHREGIONSUM",
    ),
    "rolling_mean": Definition(
        "Rolling mean",
        "The mean over the 7, 30 or 90 days that end with the day shown, of the days found whole (95% of "
        "their intervals, in every region); at least two thirds of the window must be. Days stand at their "
        "place in the calendar, 29 February only in leap years. A share is the sum of the group over the "
        "window divided by all generation without storage.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "demand_extremes": Definition(
        "Highest and lowest demand",
        "The highest and lowest half-hour mean of operational demand, as AEMO counts its records; a single "
        "5-minute value may lie beyond. For the NEM: of the sum of all regions in the same half-hour, not "
        "the sum of their extremes. A half-hour counts where all six intervals were found in every region.",
        "AEMO DISPATCHREGIONSUM.TOTALDEMAND",
    ),
    "evening_ramp": Definition(
        "Evening ramp",
        "The largest rise, within a day, from the mean of one half-hour to that of the half-hour three hours "
        "later, both between 14:00 and 21:00 AEST. Residual demand is operational demand less wind and "
        "utility-scale solar. By bucket: the mean over the days that have one, and the largest.",
        "AEMO DISPATCHREGIONSUM.TOTALDEMAND, DISPATCH_UNIT_SCADA",
    ),
}
