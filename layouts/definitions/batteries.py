"""Definitions of the numbers that only the batteries tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final = {
    "battery_power": Definition(
        "Charging and discharging (MW)",
        "Readings above zero are discharging, below zero charging, split by DUID before anything is "
        "averaged: MW over a bucket is the energy over the hours of the battery with most readings in"
        " it. A battery is all DUIDs an installation had: where an old generator and load report "
        "beside the bidirectional unit that followed them, only the new one counts.",
        "AEMO DISPATCH_UNIT_SCADA.SCADAVALUE",
    ),
    "battery_energy": Definition(
        "Discharged and charged (GWh)",
        "Sum over the 5-minute intervals found of MW times 5/60 hours, discharging and charging "
        "apart. Both are positive.",
        "AEMO DISPATCH_UNIT_SCADA.SCADAVALUE",
    ),
    "battery_capacity": Definition(
        "Battery capacity (MW)",
        "What the battery may discharge at most (maximum capacity; registered capacity where that is "
        "unknown), as the registry has it at the period's end. A group adds its batteries that "
        "reported.",
        "AEMO registration list, DUDETAIL",
    ),
    "battery_storage": Definition(
        "Storage (MWh)",
        "Energy the battery can hold as registered. What the registry does not know is blank, and so "
        "is everything counted per MWh of it.",
        "AEMO registration list",
    ),
    "battery_prices": Definition(
        "Price received and paid ($/MWh)",
        "Volume-weighted: the money of all intervals divided by their energy. Received when "
        "discharging, paid when charging; below zero it was paid to charge. Energy without a price is"
        " left out. A group pools money and energy, it averages no averages.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "battery_spread": Definition(
        "Spread ($/MWh)",
        "Discharge income less charge cost, divided by the energy discharged that had a price: what "
        "one MWh sold left after the energy bought for it, losses included.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "battery_price_difference": Definition(
        "Price gap ($/MWh)",
        "The price received less the price paid, both volume-weighted. Losses are not in it: it is "
        "larger than the spread where charging costs money.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "battery_revenue": Definition(
        "Net revenue of batteries ($M)",
        "Discharge revenue less charge cost, each interval's energy at the region's settlement price,"
        " before loss factors, contracts and frequency services.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "battery_negative": Definition(
        "Income from charging below $0 ($ thousands)",
        "Income from charging in intervals whose price was below zero. It is part of the net revenue "
        "already; at exactly zero nothing is earned.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "battery_cycles": Definition(
        "Cycles per day",
        "Energy discharged divided by storage times the days with readings. Batteries of unknown "
        "storage are in neither; where none is known it is blank.",
        "AEMO DISPATCH_UNIT_SCADA; registration list",
    ),
    "battery_round_trip": Definition(
        "Round trip efficiency",
        "Energy discharged divided by energy charged. What was stored at either end of the period is "
        "not published per battery, so it is shown only where that matters little: at least 7 days "
        "and ten full charges, storage known, 99% of the readings found. Otherwise it is blank and "
        "says why. Auxiliary load and meter errors are in it.",
        "AEMO DISPATCH_UNIT_SCADA; registration list",
    ),
    "battery_capacity_year": Definition(
        "Revenue per MW and per MWh ($ thousands a year)",
        "Net revenue divided by capacity (or storage) times the hours with readings, raised to a year"
        " of 8,760 hours. A battery that reported for a month counts for a month; a short period is "
        "not a forecast of a year.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE; registration list",
    ),
    "battery_found": Definition(
        "Battery readings found",
        "Intervals with a reading, divided by those from the battery's first reading in the period to"
        " its last. What is missing is not interpolated.",
        "AEMO DISPATCH_UNIT_SCADA",
    ),
    "battery_time_of_day": Definition(
        "Average day of batteries",
        "For every half-hour of the day, the mean over the days found of charging and discharging, "
        "all regions added, and each region's time-weighted price. Stamped at the end of the half-"
        "hour, AEST.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "battery_stored": Definition(
        "State of charge (MWh)",
        "Energy stored in the bidirectional batteries of a region together, the mean over the "
        "intervals of a bucket. AEMO publishes it per region, not per battery, and only in newer "
        "months; none for Tasmania.",
        "AEMO DISPATCHREGIONSUM.BDU_ENERGY_STORAGE",
    ),
}
