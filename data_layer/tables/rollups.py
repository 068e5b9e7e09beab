"""The rollups: what the planner chooses from. views/rollups/<name>.sql makes each.

Every measure is a plain sum or an extreme, so that a coarser bucket is exact from finer ones.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from data_layer.tables.spec import STAMP, Partitioning, TableSpec

_F = pa.float64()
_S = pa.string()
_I = pa.int16()

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
