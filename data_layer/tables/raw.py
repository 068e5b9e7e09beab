"""AEMO's tables as the lake keeps them.

``published_at`` is the time AEMO wrote the source file (its C row): of two rows with one key the one
published later is kept, unless ``prefer`` says more.
"""

from __future__ import annotations

import pyarrow as pa

from data_layer.tables.spec import STAMP, Partitioning, TableSpec


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

RAW_TABLES = (
    UNIT_SCADA,
    DISPATCH_PRICE,
    TRADING_PRICE,
    REGION_DEMAND,
    INTERCONNECTOR_FLOW,
    ROOFTOP_PV,
    UNIT_DISPATCH,
)
