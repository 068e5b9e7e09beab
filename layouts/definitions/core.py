"""Definitions of the numbers that several tabs show."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final = {
    "price": Definition(
        "Spot price ($/MWh)",
        "The settlement price of the region: the 5-minute dispatch price (RRP) since 1 October 2021, "
        "the half-hour trading price before. Over a period: the time-weighted mean over the intervals"
        " found. For the NEM: weighted by each region's demand. Charts are linear from −100 to 300 and "
        "logarithmic beyond.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_change": Definition(
        "Price change",
        "This interval's price less the price of the interval five minutes before.",
        "AEMO DISPATCHPRICE.RRP",
    ),
    "demand": Definition(
        "Operational demand",
        "Scheduled demand met by the market (TOTALDEMAND): rooftop solar and other generation behind "
        "the meter are not in it. MW is a mean over the intervals found, GWh their sum times 5/60 "
        "hours.",
        "AEMO DISPATCHREGIONSUM.TOTALDEMAND",
    ),
    "renewable_share": Definition(
        "Renewable share",
        "Generation from biomass, water, wind, solar and rooftop solar, divided by operational demand"
        " plus rooftop solar. Storage and interconnectors are in neither. It passes 100% where a "
        "region exports renewables.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL, DISPATCHREGIONSUM",
    ),
    "net_flow": Definition(
        "Net imports",
        "Metered interconnector flow into the region less flow out of it, as AEMO publishes it for "
        "each link. Positive imports, negative exports.",
        "AEMO DISPATCHINTERCONNECTORRES.METEREDMWFLOW",
    ),
    "generation": Definition(
        "Generation",
        "The sum of unit readings above zero. A reading is power measured at the start of the interval "
        "whose end its stamp names; MW over a bucket is the mean of the readings found. Charging, "
        "pumping and auxiliary load are drawn below zero.",
        "AEMO DISPATCH_UNIT_SCADA.SCADAVALUE; rooftop: ROOFTOP_PV_ACTUAL",
    ),
    "energy": Definition(
        "Energy (GWh)",
        "Sum over the 5-minute intervals found of MW times 5/60 hours, divided by 1,000. Load is counted "
        "negative.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "share": Definition(
        "Share of generation",
        "The fuel's generation divided by all generation, storage left out of both.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "revenue": Definition(
        "Revenue ($M)",
        "Sum over intervals of energy times the settlement price of the unit's region, before loss "
        "factors and contracts. For load: what was paid for the energy, negative. Rooftop is valued "
        "at the spot price; its owners are not paid it.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "capture_price": Definition(
        "Capture price ($/MWh)",
        "Revenue divided by the energy that had a price: the generation-weighted price. For load: the "
        "price paid.",
        "AEMO DISPATCH_UNIT_SCADA, DISPATCHPRICE",
    ),
    "capacity_factor": Definition(
        "Capacity factor",
        "Energy generated divided by registered capacity times the hours for which a reading was found.",
        "AEMO DISPATCH_UNIT_SCADA; registration list and DUDETAIL for capacity",
    ),
    "found": Definition(
        "Readings found",
        "Unit readings present, divided by those that a complete record of the period would hold. "
        "What is missing is not interpolated.",
        "AEMO DISPATCH_UNIT_SCADA",
    ),
    "coal_share": Definition(
        "Coal share",
        "Coal generation divided by all generation, storage left out of both.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "gas_share": Definition(
        "Gas share",
        "Generation of CCGT, OCGT and other gas divided by all generation, storage left out of both.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "events": Definition(
        "Price events",
        "Runs of consecutive 5-minute intervals with a price above $300/MWh (the strike of the cap "
        "contract) or below zero. A gap in the data ends a run.",
        "AEMO DISPATCHPRICE.RRP",
    ),
    "time_of_day": Definition(
        "Average day",
        "For every half-hour of the day, the mean over the days of the period that have it. Stamped "
        "at the end of the half-hour, AEST.",
        "AEMO DISPATCH_UNIT_SCADA, ROOFTOP_PV_ACTUAL",
    ),
    "export_rows": Definition(
        "Rows of an export",
        "Lines of the file without its header. For unit readings: readings found in the period, regions "
        "and fuels of the view, counted from the rollups; half-hours are a sixth of that. For the view's "
        "other tables: rows of the answer itself.",
        "AEMO DISPATCH_UNIT_SCADA",
    ),
}
