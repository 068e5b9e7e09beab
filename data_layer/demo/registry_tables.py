"""The demonstration's small tables: units, loss factors, price limits, interconnectors."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from data_layer.demo.events import OVERLAP, changeover
from data_layer.demo.fleet import NEW_UNIT, OLD_GENERATOR, OLD_LOAD, Unit, read_units
from data_layer.demo.noise import uniform
from data_layer.market import INTERCONNECTORS, PRICE_THRESHOLDS, Fuel
from data_layer.tables import TABLES

SOURCE = "NEMDesk demonstration"
_BEGINNING, _FOREVER = datetime(1998, 1, 1), datetime(2200, 1, 1)
_KEYS = ("duid", "valid_from", "valid_to")
_LOSSES = {Fuel.SOLAR: (0.86, 0.99), Fuel.WIND: (0.88, 1.0), Fuel.COAL: (0.95, 1.0)}


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=TABLES[name].schema)


def units_table(end: datetime) -> pa.Table:
    """tables.UNITS for every reporting unit but the unmapped one."""
    return _table("units", [_unit_row(unit, end) for unit in read_units()])


def _unit_row(unit: Unit, end: datetime) -> dict[str, Any]:
    columns = vars(unit)
    change = changeover(end)
    row: dict[str, Any] = {name: columns[name] for name in TABLES["units"].schema.names if name in columns}
    row |= {"valid_from": _BEGINNING, "valid_to": _FOREVER}
    if unit.duid == NEW_UNIT:
        row["first_date"] = change
    elif unit.duid in (OLD_GENERATOR, OLD_LOAD):
        row |= {"last_date": change + OVERLAP, "successor_duid": NEW_UNIT}
    facts = sorted(name for name, value in row.items() if value is not None and name not in _KEYS)
    row["sources"] = json.dumps(dict.fromkeys(facts, SOURCE))
    return row


def loss_factors_table(end: datetime) -> pa.Table:
    """tables.UNIT_LOSS_FACTORS: one span per unit and financial year, the last four."""
    newest = end.year if end >= datetime(end.year, 7, 1) else end.year - 1
    rows = []
    for unit in read_units():
        low, high = _LOSSES.get(Fuel(unit.fuel), (0.94, 1.02))
        base = low + (high - low) * float(uniform(0, f"loss/{unit.duid}"))
        for year in range(newest - 3, newest + 1):
            yearly = base + 0.01 * (float(uniform(year, f"loss/{unit.duid}")) - 0.5)
            rows.append(
                {
                    "duid": unit.duid,
                    "valid_from": datetime(year, 7, 1),
                    "valid_to": datetime(year + 1, 7, 1),
                    "transmissionlossfactor": round(yearly, 4),
                    "distributionlossfactor": 1.0,
                    "source": SOURCE,
                }
            )
    return _table("unit_loss_factors", rows)


def price_thresholds_table() -> pa.Table:
    """tables.PRICE_THRESHOLDS from the built-in list."""
    return _table(
        "price_thresholds",
        [
            {
                "effectivedate": _midnight(entry.effectivedate),
                "voll": entry.cap_aud_per_mwh,
                "marketpricefloor": entry.floor_aud_per_mwh,
                "administered_price_threshold": entry.cumulative_threshold_aud,
                "source": entry.source,
            }
            for entry in PRICE_THRESHOLDS
        ],
    )


def interconnectors_table() -> pa.Table:
    """tables.INTERCONNECTORS from the built-in topology."""
    return _table("interconnectors", [{**vars(line), "source": "NEMDesk"} for line in INTERCONNECTORS])


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def static_tables(end: datetime) -> dict[str, pa.Table]:
    """Table name -> rows, for every static table of the lake."""
    return {
        "units": units_table(end),
        "unit_loss_factors": loss_factors_table(end),
        "price_thresholds": price_thresholds_table(),
        "interconnectors": interconnectors_table(),
    }
