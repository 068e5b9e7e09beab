"""Definitions of the numbers that only the regions tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final[dict[str, Definition]] = {
    "line_flow": Definition(
        "Interconnector flow",
        "Metered flow, positive from the first region to the second as the table names them; power at the "
        "start of each interval. MW is the mean over the intervals found. Export is the energy of the "
        "positive intervals, import that of the negative ones.",
        "AEMO DISPATCHINTERCONNECTORRES.METEREDMWFLOW; topology: the lake's table interconnectors",
    ),
    "limits": Definition(
        "Flow limits",
        "The export limit is the most, the import limit the least that may flow, both counted in the line's "
        "positive direction. They are the ends of a band, and both may have one sign: then the flow is "
        "forced one way. Over a bucket: the mean of each over the intervals that have both.",
        "AEMO DISPATCHINTERCONNECTORRES.EXPORTLIMIT, IMPORTLIMIT",
    ),
    "at_limit": Definition(
        "Time at limit",
        "Share of the time for which limits were published in which the dispatch target was within 0.5 MW of "
        "the limit, or beyond it. The target is compared, not the metered flow: it is what the limit binds.",
        "AEMO DISPATCHINTERCONNECTORRES.MWFLOW, EXPORTLIMIT, IMPORTLIMIT",
    ),
    "counter_price": Definition(
        "Counter-price flow (MWh)",
        "Energy that flowed from the region with the higher settlement price to the one with the lower, "
        "interval by interval, from metered flow. Intervals without both prices are left out.",
        "AEMO DISPATCHINTERCONNECTORRES.METEREDMWFLOW, DISPATCHPRICE.RRP",
    ),
    "counter_price_value": Definition(
        "Value of counter-price flow ($)",
        "Counter-price energy times the difference of the two regions' settlement prices, summed over "
        "intervals: the negative part of the settlement residue, before losses.",
        "AEMO DISPATCHINTERCONNECTORRES.METEREDMWFLOW, DISPATCHPRICE.RRP",
    ),
    "flow_duration": Definition(
        "Flow duration curve",
        "For every share of the period's 5-minute intervals, the metered flow that was reached or exceeded. "
        "Where the curve crosses zero, the line's direction changes: left of it power flowed in the "
        "positive direction.",
        "AEMO DISPATCHINTERCONNECTORRES.METEREDMWFLOW",
    ),
    "price_separation": Definition(
        "Price separation",
        "For two regions, over every 5-minute interval in which both have a settlement price: the mean of "
        "the absolute difference, the mean of the difference (row less column), and the share of intervals "
        "in which the prices are further apart than the stated $/MWh.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "station_bubble": Definition(
        "Station capacity",
        "Registered capacity of the station's units that were registered during the period, loads left out. "
        "The map draws it as the area of a bubble in the colour of the station's largest fuel. Zoomed out it "
        "shows stations of 200 MW and more, zoomed in z times those of 200/z² MW and more, from 4 times on "
        "and for a chosen region all of them.",
        "AEMO registration list, DUDETAIL; positions: NEMDesk",
    ),
}
