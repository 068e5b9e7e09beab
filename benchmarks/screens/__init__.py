"""Addresses of every tab that the benchmark opens, and the floor's SQL for what they ask.

``SCREENS`` of a module: what to call the screen -> the address's query over the last data, where
{30d}, {1y} and {5y} stand for "start=...&end=..." of that length. ``STATEMENTS``: see floor.py.
"""

from benchmarks.screens import analysis, batteries, curtailment, prices, regions, stations, trends

MODULES = {
    "prices": prices,
    "price-analysis": analysis,
    "stations": stations,
    "regions": regions,
    "trends": trends,
    "batteries": batteries,
    "curtailment": curtailment,
}
