"""Definitions of the numbers that only the prices tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final[dict[str, Definition]] = {
    "price_line": Definition(
        "Price over time",
        "The settlement price as time-weighted means of the chosen resolution; for one region the "
        "band spans the lowest and the highest 5-minute price within each bucket. Spikes and dips: "
        "5-minute prices, of each stretch of the chart the lowest and the highest, so that none is "
        "lost. The hybrid axis is linear "
        "from −100 to 300 and logarithmic beyond, symlog is logarithmic on both sides of zero, linear "
        "is linear.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_smoothing": Definition(
        "Smoothing",
        "Drawn through the line's own buckets and never part of a statistic. Moving average: centred "
        "mean of the window. LOESS: local straight lines over the window, nearer buckets weighing "
        "more. Exponential (EWM): mean of all earlier buckets, weights falling with age, the window "
        "as its span. Where nothing was found nothing is drawn.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_average": Definition(
        "Average price, time-weighted",
        "The mean of the 5-minute settlement prices found; every interval weighs the same. In a price "
        "band: of the intervals in the band.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_weighted": Definition(
        "Average price, demand-weighted",
        "The mean of the 5-minute settlement prices, each weighted by the region's operational demand "
        "(TOTALDEMAND) of its interval: what a megawatt-hour of demand cost on average. Intervals "
        "without a demand count in neither sum.",
        "AEMO DISPATCHPRICE.RRP, DISPATCHREGIONSUM.TOTALDEMAND",
    ),
    "price_median": Definition(
        "Median price",
        "Half of the 5-minute intervals were priced below it, half above; between two middle prices, "
        "their mean.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_quartiles": Definition(
        "Quartiles",
        "A quarter of the 5-minute intervals was priced below the lower quartile, a quarter above the "
        "upper one. Between two prices, linear.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_extremes": Definition(
        "Lowest and highest price",
        "The lowest and the highest 5-minute settlement price found.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_volatility": Definition(
        "Volatility",
        "The standard deviation of the 5-minute settlement prices of the period, in $/MWh: how far "
        "prices lie from their mean. Not annualised, and of prices, not of returns, since prices pass "
        "zero.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_negative": Definition(
        "Share of time negative",
        "5-minute intervals with a price below zero, divided by those that have a price.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_at_cap": Definition(
        "Share of time at the cap",
        "5-minute intervals priced at or above the market price cap that was in force at that "
        "interval, divided by those that have a price. The cap changes on 1 July.",
        "AEMO DISPATCHPRICE.RRP, MARKET_PRICE_THRESHOLDS.VOLL (or the caps published by the AEMC)",
    ),
    "price_intervals": Definition(
        "Intervals",
        "5-minute intervals that have a settlement price; a mark shows where the period holds more "
        "than were found.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_duration": Definition(
        "Price duration curve",
        "For each price, the share of 5-minute intervals priced at or above it. The curve is exact at "
        "its points, the lowest price found in each step of $1 (of $0.25 for up to 31 days; $10 and "
        "$100 far from the middle).",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_bands": Definition(
        "Price bands",
        "The share of 5-minute intervals priced in each band. Bands leave no gap: a price on an edge "
        "belongs to the band above it, and the lowest and highest bands are open.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_contribution": Definition(
        "Contribution to the average",
        "What the intervals of a band add to the time-weighted average: the sum of their prices over "
        "the number of all intervals. The bands' contributions add up to the average; below zero they "
        "take away from it.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_heat_map": Definition(
        "Heat-map",
        "The time-weighted mean price of every hour of the day, by weekday or by month of the period. "
        "Colours follow the chosen price axis, so that spikes do not wash out the rest.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_time_of_day": Definition(
        "Average price by time of day",
        "For every half-hour of the day, the time-weighted mean price over the days of the period "
        "that have it. Stamped at the end of the half-hour, AEST.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
    "price_top": Definition(
        "What the dearest intervals made",
        "The time-weighted average with the N dearest 5-minute intervals left out, and the share of "
        "the sum of all prices that those N made. Shares need an average above zero.",
        "AEMO DISPATCHPRICE.RRP, TRADINGPRICE.RRP",
    ),
}
