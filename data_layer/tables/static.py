"""Tables whose whole history is one small file: thresholds, topology, registry."""

from __future__ import annotations

import pyarrow as pa

from data_layer.tables.spec import STAMP, Partitioning, TableSpec

_F = pa.float64()
_S = pa.string()


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

STATIC_TABLES = (PRICE_THRESHOLDS, INTERCONNECTORS, UNITS, UNIT_LOSS_FACTORS)
