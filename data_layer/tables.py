"""The lake's tables: columns, keys, partitioning, and which of two rows for one key is kept.

A separate room from lake.py (docs/decisions/0002) because readers, writers, the MMS reader and the
tests all need the schema, and none of them needs the others.
All stamps are naive AEST, interval-ending. ``published_at`` is the time AEMO wrote the source file
(its C row): of two rows with one key the one published later is kept, unless ``prefer`` says more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

import pyarrow as pa

STAMP = pa.timestamp("us")


class Partitioning(StrEnum):
    MONTH = "month"
    """One file per market month: first stamp 00:05 of the 1st, last 00:00 of the next 1st."""
    YEAR = "year"
    """Day-grain rollups, a file per calendar year."""
    WHOLE = "all"
    """Small tables kept in one file."""


@dataclass(frozen=True)
class TableSpec:
    """One table of the lake.

    ``key`` identifies a row; ``time`` is the column partitions are cut by (interval-ending stamp for
    month tables, ``date`` for year tables); ``prefer`` is an ORDER BY list tried before
    ``published_at DESC`` when two rows have one key; ``sort`` is the order inside a file.
    """

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    sort: tuple[str, ...]
    partitioning: Partitioning
    time: str | None = None
    prefer: str = ""
    required: tuple[str, ...] = ()
    """Columns without which a row is malformed; the others may be null."""
    row_group_rows: int | None = None
    """Rows of a Parquet row group, where a reader skips most of a file; None: the writer's own choice."""


def _raw(
    name: str,
    columns: list[tuple[str, pa.DataType]],
    key: tuple[str, ...],
    prefer: str = "",
    required: tuple[str, ...] = (),
) -> TableSpec:
    schema = pa.schema([*columns, ("published_at", STAMP)])
    return TableSpec(name, schema, key, key, Partitioning.MONTH, "settlementdate", prefer, (*key, *required))


_F = pa.float64()
_S = pa.string()
_I = pa.int16()

UNIT_SCADA = _raw(
    "unit_scada",
    [("settlementdate", STAMP), ("duid", _S), ("scadavalue", _F)],
    ("settlementdate", "duid"),
    required=("scadavalue",),
)
"""DISPATCH_UNIT_SCADA. scadavalue: MW at the START of the interval that ends at settlementdate."""

UNIT_DISPATCH = _raw(
    "unit_dispatch",
    [
        ("settlementdate", STAMP),
        ("duid", _S),
        ("intervention", _I),
        ("totalcleared", _F),
        ("availability", _F),
        ("uigf", _F),
        ("semidispatchcap", _I),
    ],
    ("settlementdate", "duid"),
    prefer="intervention DESC",
    required=("totalcleared", "uigf"),
)
"""DISPATCHLOAD of semi-scheduled units, MW at the interval's END (targets: not to be mixed with
scadavalue). uigf is what the unit could have produced, totalcleared its target; semidispatchcap is 1
where the target was a cap. The physical run (intervention 1) is kept where both were published. AEMO
publishes UIGF per unit since 2024, the next day; months before have no rows here."""

DISPATCH_PRICE = _raw(
    "dispatch_price",
    [
        ("settlementdate", STAMP),
        ("regionid", _S),
        ("intervention", _I),
        ("rrp", _F),
        ("rop", _F),
        ("apcflag", _I),
        ("marketsuspendedflag", _I),
        ("price_status", _S),
        ("cumul_pre_ap_energy_price", _F),
    ],
    ("settlementdate", "regionid"),
    prefer="intervention ASC",
    required=("rrp",),
)
"""DISPATCHPRICE. The pricing run (intervention 0) is kept where both runs were published."""

TRADING_PRICE = _raw(
    "trading_price",
    [("settlementdate", STAMP), ("regionid", _S), ("rrp", _F), ("rop", _F), ("price_status", _S)],
    ("settlementdate", "regionid"),
    required=("rrp",),
)
"""TRADINGPRICE. Half-hour stamps up to 2021-10-01 00:00, 5-minute stamps after."""

REGION_DEMAND = _raw(
    "region_demand",
    [
        ("settlementdate", STAMP),
        ("regionid", _S),
        ("intervention", _I),
        ("totaldemand", _F),
        ("demand_and_nonschedgen", _F),
        ("availablegeneration", _F),
        ("dispatchablegeneration", _F),
        ("dispatchableload", _F),
        ("netinterchange", _F),
        ("initialsupply", _F),
        ("clearedsupply", _F),
        ("totalintermittentgeneration", _F),
        ("uigf", _F),
        ("semischedule_clearedmw", _F),
        ("ss_solar_uigf", _F),
        ("ss_solar_clearedmw", _F),
        ("ss_wind_uigf", _F),
        ("ss_wind_clearedmw", _F),
        ("bdu_energy_storage", _F),
        ("bdu_clearedmw_gen", _F),
        ("bdu_clearedmw_load", _F),
    ],
    ("settlementdate", "regionid"),
    prefer="intervention DESC",
    required=("totaldemand",),
)
"""DISPATCHREGIONSUM, MW. The physical run (intervention 1) is kept where both were published."""

INTERCONNECTOR_FLOW = _raw(
    "interconnector_flow",
    [
        ("settlementdate", STAMP),
        ("interconnectorid", _S),
        ("intervention", _I),
        ("meteredmwflow", _F),
        ("mwflow", _F),
        ("mwlosses", _F),
        ("exportlimit", _F),
        ("importlimit", _F),
        ("marginalvalue", _F),
    ],
    ("settlementdate", "interconnectorid"),
    prefer="intervention DESC",
    required=("meteredmwflow",),
)
"""DISPATCHINTERCONNECTORRES, MW; meteredmwflow is at the interval's start, like scadavalue."""

ROOFTOP_PV = _raw(
    "rooftop_pv",
    [("settlementdate", STAMP), ("regionid", _S), ("type", _S), ("power", _F), ("qi", _F)],
    ("settlementdate", "regionid", "type"),
    prefer="qi DESC",
    required=("power",),
)
"""ROOFTOP_PV_ACTUAL, mean MW of the half-hour that ends at settlementdate (INTERVAL_DATETIME);
only whole regions (REGIONID ending in 1). Which type wins is market.ROOFTOP_TYPE_RANK."""


def _whole(
    name: str, columns: list[tuple[str, pa.DataType]], key: tuple[str, ...], required: tuple[str, ...] = ()
) -> TableSpec:
    return TableSpec(name, pa.schema(columns), key, key, Partitioning.WHOLE, None, "", (*key, *required))


PRICE_THRESHOLDS = _whole(
    "price_thresholds",
    [
        ("effectivedate", STAMP),
        ("voll", _F),
        ("marketpricefloor", _F),
        ("administered_price_threshold", _F),
        ("source", _S),
    ],
    ("effectivedate",),
)
"""MARKET_PRICE_THRESHOLDS ($/MWh; threshold in $), or market.PRICE_THRESHOLDS where none is ingested."""

INTERCONNECTORS = _whole(
    "interconnectors",
    [("interconnectorid", _S), ("name", _S), ("regionid_from", _S), ("regionid_to", _S), ("source", _S)],
    ("interconnectorid",),
)
"""Topology. A flow whose id is missing here is shown as unmapped and enters no region's balance."""

UNITS = _whole(
    "units",
    [
        ("duid", _S),
        ("valid_from", STAMP),
        ("valid_to", STAMP),
        ("station_name", _S),
        ("stationid", _S),
        ("owner", _S),
        ("participantid", _S),
        ("regionid", _S),
        ("fuel", _S),
        ("fuel_detail", _S),
        ("technology", _S),
        ("capacity_mw", _F),
        ("max_capacity_mw", _F),
        ("load_capacity_mw", _F),
        ("storage_mwh", _F),
        ("dispatch_type", _S),
        ("schedule_type", _S),
        ("first_date", STAMP),
        ("last_date", STAMP),
        ("latitude", _F),
        ("longitude", _F),
        ("successor_duid", _S),
        ("sources", _S),
    ],
    ("duid", "valid_from"),
)
"""Units over time: for one duid the spans [valid_from, valid_to) do not overlap and leave no hole;
the first starts 1998-01-01 and the last ends 2200-01-01, so that a reading always finds its unit.
A new span starts only when a fact other than a loss factor changes. first_date/last_date are the
registered dates (null: unknown). capacity_mw is registered capacity, max_capacity_mw maximum
capacity, load_capacity_mw the registered consumption of a bidirectional unit. fuel is a
market.Fuel value; fuel_detail keeps e.g. "Black Coal". sources is a JSON object: column -> source."""

UNIT_LOSS_FACTORS = _whole(
    "unit_loss_factors",
    [
        ("duid", _S),
        ("valid_from", STAMP),
        ("valid_to", STAMP),
        ("transmissionlossfactor", _F),
        ("distributionlossfactor", _F),
        ("source", _S),
    ],
    ("duid", "valid_from"),
)
"""Loss factors over time (DUDETAILSUMMARY); spans do not overlap, holes are possible."""

RAW_TABLES = (
    UNIT_SCADA,
    DISPATCH_PRICE,
    TRADING_PRICE,
    REGION_DEMAND,
    INTERCONNECTOR_FLOW,
    ROOFTOP_PV,
    UNIT_DISPATCH,
)
STATIC_TABLES = (PRICE_THRESHOLDS, INTERCONNECTORS, UNITS, UNIT_LOSS_FACTORS)

# Rollups. Every measure is a plain sum or an extreme, so that a coarser bucket is exact from finer
# ones. load_mwh is <= 0; load_revenue_aud is load_mwh x price, so that it is negative (a cost) at
# positive prices. unpriced_* is the energy in intervals that have no settlement price; an average
# price divides by the priced energy only.
_MEASURES: list[tuple[str, pa.DataType]] = [
    ("generation_mwh", _F),
    ("load_mwh", _F),
    ("generation_revenue_aud", _F),
    ("load_revenue_aud", _F),
    ("unpriced_generation_mwh", _F),
    ("unpriced_load_mwh", _F),
    ("capacity_mwh", _F),
    ("min_mw", _F),
    ("max_mw", _F),
    ("intervals", pa.int32()),
    ("unit_intervals", pa.int32()),
    ("unit_intervals_expected", pa.int32()),
    ("covered_intervals", pa.int32()),
]
MEASURES = tuple(name for name, _ in _MEASURES)
"""intervals counts the 5-minute intervals with any reading, unit_intervals the readings, and
unit_intervals_expected what full buckets of the reporting units would hold; covered_intervals is the
length of the buckets in which anything was found (whole days at day and month). capacity_mwh is
sum(capacity_mw x 5/60) over readings: the energy at full output. min_mw/max_mw are the extremes of the
row's own 5-minute total."""

_UNIT_MEASURES: list[tuple[str, pa.DataType]] = [
    *_MEASURES,
    ("reference_hours", _F),
    ("reference_price_aud_hours_per_mwh", _F),
]
UNIT_MEASURES = tuple(name for name, _ in _UNIT_MEASURES)
"""reference_*: hours, and sum(price x 5/60), of the intervals in which the unit reported and its region
had a settlement price. Their quotient is the price of a flat load over the very intervals the unit
reported: what a capture price is compared with."""


def _rollup(
    name: str, keys: list[tuple[str, pa.DataType]], extra: list[tuple[str, pa.DataType]], time: str
) -> TableSpec:
    key = tuple(column for column, _ in keys)
    partitioning = Partitioning.YEAR if time == "date" else Partitioning.MONTH
    return TableSpec(name, pa.schema([*keys, *extra]), key, key, partitioning, time)


_STAMPED = ("settlementdate", STAMP)
_DATED = ("date", pa.date32())

_REGION_MEASURES: list[tuple[str, pa.DataType]] = [
    ("price_hours", _F),
    ("price_aud_hours_per_mwh", _F),
    ("min_price_aud_per_mwh", _F),
    ("max_price_aud_per_mwh", _F),
    ("min_price_at", STAMP),
    ("max_price_at", STAMP),
    ("negative_price_hours", _F),
    ("demand_mwh", _F),
    ("demand_hours", _F),
    ("min_demand_mw", _F),
    ("max_demand_mw", _F),
    ("min_demand_at", STAMP),
    ("max_demand_at", STAMP),
    ("priced_demand_mwh", _F),
    ("demand_value_aud", _F),
    ("net_import_mwh", _F),
    ("net_import_hours", _F),
    ("intervals", pa.int32()),
    ("intervals_expected", pa.int32()),
]
"""The _at columns are the 5-minute stamps of the extremes, the earliest where several are alike."""

REGION_5MIN = _rollup(
    "region_5min",
    [_STAMPED, ("regionid", _S)],
    [
        ("rrp", _F),
        ("price_aud_per_mwh", _F),
        ("price_source", _S),
        ("totaldemand", _F),
        ("demand_and_nonschedgen", _F),
        ("netinterchange", _F),
        ("net_import_mw", _F),
        ("rooftop_mw", _F),
        ("intervention", _I),
    ],
    "settlementdate",
)
"""One row per region and 5-minute interval: settlement price (price_aud_per_mwh; price_source is
'dispatch', 'trading' or 'mean of six dispatch prices'), dispatch price (rrp), demand, net import
from metered flows (positive: into the region), rooftop PV (the half-hour's mean, held)."""

REGION_30MIN = _rollup("region_30min", [_STAMPED, ("regionid", _S)], _REGION_MEASURES, "settlementdate")
REGION_DAY = _rollup("region_day", [_DATED, ("regionid", _S)], _REGION_MEASURES, "date")
REGION_MONTH = _rollup("region_month", [_DATED, ("regionid", _S)], _REGION_MEASURES, "date")
"""date is the first day of the month in all month rollups."""

UNIT_30MIN = _rollup(
    "unit_30min",
    [_STAMPED, ("duid", _S)],
    [
        ("regionid", _S),
        ("fuel", _S),
        ("station_name", _S),
        ("owner", _S),
        ("capacity_mw", _F),
        ("price_aud_per_mwh", _F),
        *_UNIT_MEASURES,
    ],
    "settlementdate",
)
"""Carries the registry's names and the region's time-weighted price, so that integrated half-hours are
one sorted scan: a join would cost more than the readings themselves and lose their order."""

UNIT_DAY = _rollup(
    "unit_day", [_DATED, ("duid", _S)], [("regionid", _S), ("fuel", _S), *_UNIT_MEASURES], "date"
)
UNIT_MONTH = _rollup(
    "unit_month", [_DATED, ("duid", _S), ("regionid", _S), ("fuel", _S)], _UNIT_MEASURES, "date"
)

UNIT_BY_DUID = replace(
    _rollup(
        "unit_by_duid",
        [("duid", _S), _STAMPED],
        [("regionid", _S), ("fuel", _S), ("mw", _F), ("capacity_mw", _F)],
        "settlementdate",
    ),
    row_group_rows=61_440,
)
"""The 5-minute readings once more, in the order (duid, settlementdate) and in small row groups, so that
the history of one unit reads a few row groups of each month instead of all of them. mw is signed as in
views/unit_reading.sql; the price is in region_5min."""

_BY_FUEL = [("regionid", _S), ("fuel", _S)]
REGION_FUEL_5MIN = _rollup("region_fuel_5min", [_STAMPED, *_BY_FUEL], _MEASURES, "settlementdate")
REGION_FUEL_30MIN = _rollup("region_fuel_30min", [_STAMPED, *_BY_FUEL], _MEASURES, "settlementdate")
REGION_FUEL_DAY = _rollup("region_fuel_day", [_DATED, *_BY_FUEL], _MEASURES, "date")
REGION_FUEL_MONTH = _rollup("region_fuel_month", [_DATED, *_BY_FUEL], _MEASURES, "date")
"""Region x fuel; the fuel "Rooftop Solar" comes from rooftop_pv, the others from unit_scada."""

_BALANCE: list[tuple[str, pa.DataType]] = [
    ("demand_mwh", _F),
    ("demand_hours", _F),
    ("demand_nonsched_mwh", _F),
    ("demand_nonsched_hours", _F),
    ("generation_mwh", _F),
    ("renewable_mwh", _F),
    ("wind_solar_mwh", _F),
    ("rooftop_mwh", _F),
    ("unit_hours", _F),
    ("rooftop_hours", _F),
]
BALANCE_30MIN = _rollup("balance_30min", [_STAMPED, ("regionid", _S)], _BALANCE, "settlementdate")
BALANCE_DAY = _rollup("balance_day", [_DATED, ("regionid", _S)], _BALANCE, "date")
"""What shares of renewables and residual demand are made of, one row per region: operational demand
(TOTALDEMAND), demand with non-scheduled generation (DEMAND_AND_NONSCHEDGEN), generation without storage and
with rooftop PV, of it renewable from units, wind and sun from units, rooftop PV; and for how many hours
each was found (unit_hours: any unit of the region)."""

REGION_FUEL_TIME_OF_DAY = _rollup(
    "region_fuel_time_of_day",
    [_DATED, ("time_of_day", pa.int32()), *_BY_FUEL],
    [("generation_mwh", _F), ("load_mwh", _F), ("intervals", pa.int32())],
    "date",
)
"""The average day of each month: time_of_day is minutes after midnight at the END of the half-hour."""

_BATTERY: list[tuple[str, pa.DataType]] = [
    ("discharge_mwh", _F),
    ("charge_mwh", _F),
    ("discharge_revenue_aud", _F),
    ("charge_cost_aud", _F),
    ("unpriced_discharge_mwh", _F),
    ("unpriced_charge_mwh", _F),
    ("negative_price_charge_mwh", _F),
    ("negative_price_charge_income_aud", _F),
    ("intervals", pa.int32()),
    ("first_at", STAMP),
    ("last_at", STAMP),
]
_BATTERY_KEY = [("battery", _S), ("regionid", _S)]
BATTERY_30MIN = _rollup("battery_30min", [_STAMPED, *_BATTERY_KEY], _BATTERY, "settlementdate")
BATTERY_DAY = _rollup("battery_day", [_DATED, *_BATTERY_KEY], _BATTERY, "date")
BATTERY_MONTH = _rollup("battery_month", [_DATED, *_BATTERY_KEY], _BATTERY, "date")
"""One row per battery: its DUIDs of all times together (views/battery_unit.sql). Both energies are >= 0;
charge_cost_aud is below zero where it was paid to charge, and negative_price_charge_income_aud is what it
was paid in those intervals (>= 0). intervals: those with any reading, from first_at to last_at."""

_LINE = [("interconnectorid", _S)]
_LINE_MEASURES: list[tuple[str, pa.DataType]] = [
    ("regionid_from", _S),
    ("regionid_to", _S),
    ("flow_hours", _F),
    ("flow_mwh", _F),
    ("export_mwh", _F),
    ("import_mwh", _F),
    ("losses_mwh", _F),
    ("limit_hours", _F),
    ("export_limit_mw_hours", _F),
    ("import_limit_mw_hours", _F),
    ("min_flow_mw", _F),
    ("max_flow_mw", _F),
    ("at_export_limit_hours", _F),
    ("at_import_limit_hours", _F),
    ("counter_price_mwh", _F),
    ("counter_price_value_aud", _F),
    ("priced_hours", _F),
    ("price_difference_aud_hours_per_mwh", _F),
    ("intervals", pa.int32()),
    ("intervals_expected", pa.int32()),
]
INTERCONNECTOR_MEASURES = tuple(name for name, _ in _LINE_MEASURES)
INTERCONNECTOR_30MIN = _rollup("interconnector_30min", [_STAMPED, *_LINE], _LINE_MEASURES, "settlementdate")
INTERCONNECTOR_DAY = _rollup("interconnector_day", [_DATED, *_LINE], _LINE_MEASURES, "date")
INTERCONNECTOR_MONTH = _rollup("interconnector_month", [_DATED, *_LINE], _LINE_MEASURES, "date")
"""Metered flows, positive from regionid_from to regionid_to ('Unmapped' where the topology does not know
the line): export_mwh is the positive part, import_mwh the negative (<= 0). The limits bind the dispatch
target (mwflow): a line is at a limit where its target is within 0.5 MW of it, or beyond; both limits may
have one sign. limit_hours counts the intervals with both limits. counter_price_*: energy (>= 0) that ran
from the dearer region to the cheaper by settlement prices, and that energy times the difference;
price_difference is the price at regionid_to less that at regionid_from, over priced_hours, the intervals
in which both regions had a price."""

_CURTAILED: list[tuple[str, pa.DataType]] = [
    ("uigf_mwh", _F),
    ("cleared_mwh", _F),
    ("curtailed_mwh", _F),
    ("economic_curtailed_mwh", _F),
    ("network_curtailed_mwh", _F),
    ("unpriced_curtailed_mwh", _F),
    ("curtailed_value_aud", _F),
    ("intervals", pa.int32()),
    ("intervals_expected", pa.int32()),
]
CURTAILMENT_MEASURES = tuple(name for name, _ in _CURTAILED)
CURTAILMENT_30MIN = _rollup("curtailment_30min", [_STAMPED, *_BY_FUEL], _CURTAILED, "settlementdate")
CURTAILMENT_DAY = _rollup("curtailment_day", [_DATED, *_BY_FUEL], _CURTAILED, "date")
CURTAILMENT_MONTH = _rollup("curtailment_month", [_DATED, *_BY_FUEL], _CURTAILED, "date")
"""Semi-scheduled sun and wind per region, from region_demand's ss_ columns: what could have been produced
(uigf), what was dispatched (cleared), and what was left (curtailed: uigf less cleared where positive),
split by the region's settlement price: economic at or below zero, network above, unpriced without one.
All are targets for the interval's end, MW x 5/60: no readings of meters."""

UNIT_CURTAILMENT_30MIN = _rollup(
    "unit_curtailment_30min",
    [_STAMPED, ("duid", _S)],
    [("regionid", _S), ("fuel", _S), *_CURTAILED],
    "settlementdate",
)
UNIT_CURTAILMENT_DAY = _rollup(
    "unit_curtailment_day", [_DATED, ("duid", _S)], [("regionid", _S), ("fuel", _S), *_CURTAILED], "date"
)
UNIT_CURTAILMENT_MONTH = _rollup(
    "unit_curtailment_month", [_DATED, ("duid", _S), *_BY_FUEL], _CURTAILED, "date"
)
"""The same measures per unit, from unit_dispatch."""

ROLLUPS = (
    REGION_5MIN,
    REGION_30MIN,
    REGION_DAY,
    REGION_MONTH,
    UNIT_30MIN,
    UNIT_DAY,
    UNIT_MONTH,
    REGION_FUEL_5MIN,
    REGION_FUEL_30MIN,
    BALANCE_30MIN,
    BALANCE_DAY,
    REGION_FUEL_DAY,
    REGION_FUEL_MONTH,
    REGION_FUEL_TIME_OF_DAY,
    BATTERY_30MIN,
    BATTERY_DAY,
    BATTERY_MONTH,
    UNIT_BY_DUID,
    INTERCONNECTOR_30MIN,
    INTERCONNECTOR_DAY,
    INTERCONNECTOR_MONTH,
    CURTAILMENT_30MIN,
    CURTAILMENT_DAY,
    CURTAILMENT_MONTH,
    UNIT_CURTAILMENT_30MIN,
    UNIT_CURTAILMENT_DAY,
    UNIT_CURTAILMENT_MONTH,
)

TABLES = {spec.name: spec for spec in (*RAW_TABLES, *STATIC_TABLES, *ROLLUPS)}

_COLUMNS = ";".join(f"{spec.name}:{spec.key}:{spec.schema}" for spec in TABLES.values())
SCHEMA_VERSION = hashlib.sha256(_COLUMNS.encode()).hexdigest()[:12]
"""Changes with any table's columns, types or key; a lake written under another one needs its rollups
made again (`python -m app rebuild`)."""
