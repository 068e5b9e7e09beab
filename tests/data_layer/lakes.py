"""Small lakes made of a few rows, through the same code as real ones.

Each test says only what matters to it; the rest are plain defaults: one region, one coal unit, prices
of $100/MWh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_layer import rollups
from data_layer.lake import Lake
from data_layer.loading import Loader
from data_layer.tables import STATIC_TABLES, TABLES

PUBLISHED = datetime(2030, 1, 1)
STATIC = {spec.name for spec in STATIC_TABLES}


def stamps(first: datetime, count: int, minutes: int = 5) -> list[datetime]:
    """``count`` interval-ending stamps from ``first`` on."""
    return [first + timedelta(minutes=minutes * k) for k in range(count)]


def rows(table: str, records: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Records as an Arrow table of the lake's schema; what a record leaves out is null."""
    schema = TABLES[table].schema
    filled = [{"published_at": PUBLISHED, **record} for record in records]
    columns = {f.name: pa.array([r.get(f.name) for r in filled], f.type) for f in schema}
    return pa.table(columns, schema=schema)


def unit(duid: str, **facts: Any) -> dict[str, Any]:
    """One registry row, valid for ever unless ``facts`` says otherwise."""
    return {
        "duid": duid,
        "valid_from": datetime(1998, 1, 1),
        "valid_to": datetime(2200, 1, 1),
        "station_name": f"{duid} station",
        "owner": "Owner",
        "regionid": "NSW1",
        "fuel": "Coal",
        "technology": "Steam",
        "capacity_mw": 100.0,
        "dispatch_type": "GENERATOR",
        **facts,
    }


def readings(duid: str, when: Sequence[datetime], mw: float | Sequence[float]) -> list[dict[str, Any]]:
    """unit_scada records."""
    values = mw if isinstance(mw, Sequence) else [mw] * len(when)
    return [{"settlementdate": s, "duid": duid, "scadavalue": v} for s, v in zip(when, values, strict=True)]


def prices(regionid: str, when: Sequence[datetime], rrp: float | Sequence[float]) -> list[dict[str, Any]]:
    """dispatch_price or trading_price records."""
    values = rrp if isinstance(rrp, Sequence) else [rrp] * len(when)
    return [
        {"settlementdate": s, "regionid": regionid, "rrp": v, "intervention": 0}
        for s, v in zip(when, values, strict=True)
    ]


def make_lake(root: Path, **tables: Iterable[Mapping[str, Any]]) -> Lake:
    """Publish ``tables`` (name -> records), with rollups, into the lake at ``root``; merges if it exists."""
    lake = Lake(root)
    with lake.write() as writer:
        loader = Loader(writer)
        for name, records in tables.items():
            (loader.replace if name in STATIC else loader.add)(name, rows(name, records))
        loader.flush()
        rollups.build(writer)
        writer.publish()
    return lake
