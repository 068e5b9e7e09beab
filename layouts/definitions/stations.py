"""Definitions of the numbers that only the stations tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final[dict[str, Definition]] = {
    "station_item": Definition(
        "Units and stations",
        "A station is made of the units that the registry gives its name at the end of the period. Its "
        "output in an interval is the sum of those that reported; its energy, revenue and readings are "
        "sums over units, each at the price of its own region.",
        "AEMO DISPATCH_UNIT_SCADA; registration list and DUDETAILSUMMARY for names",
    ),
    "station_rate": Definition(
        "Capture rate (%)",
        "The capture price divided by the time-weighted price of the region over the very readings found:"
        " above 100%, it generated more when prices were high.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "station_reference": Definition(
        "Price of its region ($/MWh)",
        "The time-weighted mean of the region's settlement price over the intervals in which the unit "
        "reported; for a station, over the readings of its units.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "station_capacity": Definition(
        "Capacity (MW)",
        "Registered capacity, summed over the distinct units that reported in the period. Loads have none.",
        "AEMO registration list and DUDETAIL",
    ),
    "station_output": Definition(
        "Mean and peak output (MW)",
        "Mean and highest of the 5-minute readings found, consumption counted below zero. Charts of "
        "longer buckets sum each unit's mean over its own readings.",
        "AEMO DISPATCH_UNIT_SCADA",
    ),
    "station_negative": Definition(
        "Below zero",
        "Energy generated in intervals with a settlement price below zero, and what was paid for "
        "generating it (negative). Its share is of all energy generated. Hours: those not off, of those "
        "with such a price. What consuming at such prices earned stands by itself.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "station_starts": Definition(
        "Starts",
        "Changes from off to not off between two readings five minutes apart. Off is an output of at most"
        " 1 MW or 1% of registered capacity, whichever is more. A gap in the data neither starts nor "
        "stops a unit, nor does a change in which units of a station reported. The first reading of a "
        "period starts nothing.",
        "AEMO DISPATCH_UNIT_SCADA; capacity: registration list and DUDETAIL",
    ),
    "station_off": Definition(
        "Hours off, hours at zero",
        "Off: 5-minute readings of at most 1 MW or 1% of registered capacity, whichever is more, "
        "consumption included. At zero: readings within 0.05 MW of zero. Both times 5/60 hours.",
        "AEMO DISPATCH_UNIT_SCADA; capacity: registration list and DUDETAIL",
    ),
    "station_ramps": Definition(
        "Largest rise and fall in 5 minutes (MW)",
        "The largest difference of two readings five minutes apart, of a station only where the same "
        "units reported in both; the stamp is that of the second. Of equal ones, the first.",
        "AEMO DISPATCH_UNIT_SCADA",
    ),
    "station_rank": Definition(
        "Rank among peers",
        "Place by that number among all units, or all stations, of the same fuel in the same region, and "
        "in the NEM; 1 is the highest, equals share a place. A station counts with the fuel and in the "
        "region of most of its generation. What generated nothing has no rank.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE; registration list",
    ),
    "station_bands": Definition(
        "Price bands",
        "Energy generated, and revenue earned, by the settlement price of the region in the interval. A "
        "band holds its lower edge and not its upper one, so that every price is in one band; intervals "
        "without a price are in none.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "station_duration": Definition(
        "Duration curve",
        "For every share of the 5-minute readings found, the output that was reached or passed in that "
        "share of them; linear between readings.",
        "AEMO DISPATCH_UNIT_SCADA",
    ),
    "station_registry": Definition(
        "Registry facts",
        "What AEMO's registers say of the unit and from when to when; a new span begins where a fact "
        "changes. Point at a fact for its source. Registered: first and last day of registration, where "
        "known.",
        "AEMO registration list, DUDETAILSUMMARY, DUDETAIL, STATION, GENUNITS",
    ),
    "station_loss_factor": Definition(
        "Loss factor",
        "Transmission times distribution loss factor in force at the end of the period. Revenue here is "
        "before loss factors: times this, it is what was settled.",
        "AEMO DUDETAILSUMMARY",
    ),
}
