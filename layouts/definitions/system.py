"""Definitions of the numbers that only the System tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final = {
    "quality_price": Definition(
        "Prices found",
        "5-minute intervals of the day that have a settlement price, of those the lake could hold: 288,"
        " fewer on the first day of the data and on the newest, up to the newest interval. Before 1 "
        "October 2021 the half-hour trading price counts for its six intervals.",
        "AEMO DISPATCHPRICE, TRADINGPRICE",
    ),
    "quality_demand": Definition(
        "Demand found",
        "5-minute intervals of the day that have an operational demand, of those the lake could hold.",
        "AEMO DISPATCHREGIONSUM.TOTALDEMAND",
    ),
    "quality_readings": Definition(
        "Unit readings found",
        "Readings of the region's units, of what those that reported at some time of the day would have"
        " made in all its intervals. A unit that began or ended during the day counts as missing for "
        "the rest of it; one that was silent all day is not expected. A day on which no unit reported "
        "has found nothing.",
        "AEMO DISPATCH_UNIT_SCADA",
    ),
    "quality_rooftop": Definition(
        "Rooftop PV found",
        "Half-hours with an estimate of rooftop PV, of those in which units of the region reported. "
        "AEMO publishes it after the half-hour and corrects it the next day, so that the newest are "
        "always late.",
        "AEMO ROOFTOP_PV_ACTUAL",
    ),
    "quality_unmapped": Definition(
        "Unmapped units",
        "Units that reported during the day and have no entry in the registry, or one without a fuel. "
        "Without an entry a unit has no region: those stand in a row of their own. They are in the "
        "NEM's totals as “Unmapped”, never dropped.",
        "AEMO DISPATCH_UNIT_SCADA; registration list, DUDETAILSUMMARY",
    ),
    "quality_intervention": Definition(
        "Two runs published",
        "5-minute intervals for which AEMO published two rows of one key, the pricing run and the "
        "physical run of an intervention, and one was kept: the pricing run for prices, the physical "
        "run for demand and flows. Other rows that came twice are counted with each ingestion run, not "
        "by day: the lake keeps one row per key and does not remember the others.",
        "AEMO DISPATCHREGIONSUM.INTERVENTION",
    ),
    "quality_gaps": Definition(
        "Finding",
        "A run of consecutive 5-minute intervals without the value; “after” is the last stamp before "
        "it, “until” its last interval's end. For a unit that is not in the registry it is its first to"
        " last reading, and how many it made.",
        "AEMO tables named at each measure",
    ),
    "lake_missing": Definition(
        "Months missing",
        "Months between a table's first and its last month that have no file in the published version.",
        "NEMDesk: the lake's manifest",
    ),
    "rows_repeated": Definition(
        "Rows there already",
        "Rows that a run brought and that added none: their key was in the lake, or came in another of "
        "its files. The one that AEMO published later was kept (for prices the pricing run, for demand "
        "and flows the physical run, for rooftop PV the better quality). Of rows twice within one file "
        "only one is counted at all.",
        "NEMDesk: counted when the rows were merged",
    ),
    "query_seconds": Definition(
        "Time of a question",
        "From the question to its answer in one process, waiting for a turn included. Answers out of "
        "the cache are not listed.",
        "NEMDesk: measured by the process that answered",
    ),
    "query_read": Definition(
        "Rows read",
        "Rows of the tables it reads that lie in its period, as the planner estimates them from the "
        "manifest.",
        "NEMDesk: the lake's manifest",
    ),
    "process_memory": Definition(
        "Memory of a process",
        "Proportional set size: memory shared by several processes counts in equal parts. Where the "
        "system does not tell it, resident memory, which counts shared memory in full. The bar is its "
        "part of the limit; a warning begins at 80%.",
        "NEMDesk: the operating system's figures",
    ),
    "cache_memory": Definition(
        "Memory of the cache",
        "Bytes of the answers that the worker keeps, of the most it may keep.",
        "NEMDesk: counted by each worker, at most two seconds old while it serves",
    ),
    "cache_hits": Definition(
        "Answers found",
        "Questions answered out of the cache, of all since the worker began.",
        "NEMDesk: counted by each worker, at most two seconds old while it serves",
    ),
    "cache_evictions": Definition(
        "Answers evicted",
        "Answers put out of the cache for want of room, since the worker began.",
        "NEMDesk: counted by each worker, at most two seconds old while it serves",
    ),
}
