"""Small lakes made of a few rows, through the same code as real ones.

Each test says only what matters to it; the rest are plain defaults: one region, one coal unit, prices
of $100/MWh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_layer import rollups
from data_layer.lake import Lake, Snapshot
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


def dispatched(
    duid: str, when: Sequence[datetime], uigf: float | Sequence[float], cleared: float | Sequence[float]
) -> list[dict[str, Any]]:
    """unit_dispatch records."""
    could = uigf if isinstance(uigf, Sequence) else [uigf] * len(when)
    did = cleared if isinstance(cleared, Sequence) else [cleared] * len(when)
    return [
        {
            "settlementdate": s,
            "duid": duid,
            "intervention": 0,
            "uigf": u,
            "availability": u,
            "totalcleared": c,
            "semidispatchcap": int(c < u),
        }
        for s, u, c in zip(when, could, did, strict=True)
    ]


def frame(snapshot: Snapshot, table: str) -> pd.DataFrame:
    """All rows of a table, for a comparison by hand."""
    return pd.concat([pq.read_table(p).to_pandas() for p in snapshot.paths(table)], ignore_index=True)


def strictly_ordered(rows: pa.Table, key: Sequence[str]) -> bool:
    """Whether each row's key is above that of the row before: in order, and none twice."""
    above, equal = np.zeros(rows.num_rows - 1, bool), np.ones(rows.num_rows - 1, bool)
    for name in key:
        column = rows.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        step = np.diff(pd.factorize(column.to_pandas(), sort=True)[0])
        above |= equal & (step > 0)
        equal &= step == 0
    return bool(above.all())


def compare(found: pd.DataFrame, expected: pd.DataFrame, keys: list[str], columns: list[str]) -> None:
    """The same keys in both, and the same numbers in ``columns``."""
    joined = found.merge(expected, on=keys, how="outer", suffixes=("", "_by_hand"), indicator=True)
    assert (joined._merge == "both").all(), joined[joined._merge != "both"].head()
    for column in columns:
        left, right = joined[column].astype(float), joined[f"{column}_by_hand"].astype(float)
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9, err_msg=column, equal_nan=True)


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
