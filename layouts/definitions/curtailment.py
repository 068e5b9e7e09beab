"""Definitions of the numbers that only the curtailment tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final = {
    "curtailment": Definition(
        "Curtailed (GWh)",
        "What semi-scheduled sun and wind could have produced in the interval (UIGF, AEMO's forecast "
        "for dispatch) less what they were dispatched to, where that is positive; MW times 5/60 "
        "hours. Never availability less output: availability is already cut by what the unit "
        "withholds. Rooftop solar and non-scheduled farms are not in it. Units need not add up to "
        "their region: where one's target passes its forecast, the region nets it and the unit does "
        "not.",
        "AEMO DISPATCHREGIONSUM SS_SOLAR_ and SS_WIND_UIGF, CLEAREDMW; per unit: DISPATCHLOAD.UIGF, "
        "TOTALCLEARED",
    ),
    "curtailment_uigf": Definition(
        "Could have been produced (GWh)",
        "The unconstrained intermittent generation forecast (UIGF) of semi-scheduled units: what sun "
        "and wind allow. A target for the interval's end, no meter reading. Months before AEMO "
        "published it have none, and are left out rather than shown as zero.",
        "AEMO DISPATCHREGIONSUM.SS_SOLAR_UIGF, SS_WIND_UIGF; per unit: DISPATCHLOAD.UIGF",
    ),
    "curtailment_share": Definition(
        "Share curtailed",
        "Curtailed energy divided by what could have been produced (UIGF), both over the intervals "
        "for which they were published. Blank where nothing could have been produced.",
        "AEMO DISPATCHREGIONSUM; per unit: DISPATCHLOAD",
    ),
    "curtailment_cause": Definition(
        "Economic and network curtailment",
        "Economic: curtailed in intervals whose settlement price was zero or below, so that producing"
        " cost money (exactly zero is economic). Network: at a price above zero, when producing would"
        " have paid: constraints, mostly of the network. Energy without a price is in neither. The "
        "sign of the price tells a likely cause, not each unit's reason: a farm held back by a line "
        "at a negative price counts as economic.",
        "AEMO DISPATCHREGIONSUM, DISPATCHPRICE; per unit: DISPATCHLOAD",
    ),
    "curtailment_value": Definition(
        "Value at spot ($ million)",
        "Curtailed energy at the settlement price of its interval and region: negative where economic"
        " curtailment avoided paying to produce. No estimate of what prices would have been with that"
        " energy.",
        "AEMO DISPATCHREGIONSUM, DISPATCHPRICE; per unit: DISPATCHLOAD",
    ),
    "curtailment_found": Definition(
        "Forecasts found",
        "5-minute intervals that have both forecast and target, divided by all intervals of the "
        "period. What is missing is left out, never taken for nothing curtailed. A unit that began "
        "within the period has fewer.",
        "AEMO DISPATCHREGIONSUM; per unit: DISPATCHLOAD",
    ),
    "curtailment_time_of_day": Definition(
        "Average day of curtailment",
        "For every half-hour of the day, the mean over the days found, regions and fuels added. "
        "Stamped at the end of the half-hour, AEST.",
        "AEMO DISPATCHREGIONSUM",
    ),
}
