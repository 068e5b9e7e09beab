"""The generated lake: 5 years x 480 units at 5 minutes, 252 million rows, made once and kept.

Written through the product's own Loader and rollups, month by month, so that it is the lake that an ingest
would have made; beside it the two Parquet files and the unit list that the first dashboard worked from.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.generated_months import month_tables
from benchmarks.generated_units import Units, fleet
from data_layer import rollups
from data_layer.errors import LakeMissing
from data_layer.lake import KIND_AEMO, Lake, Snapshot, Writer
from data_layer.loading import Loader
from data_layer.market import INTERCONNECTORS, PRICE_THRESHOLDS
from data_layer.tables import SCHEMA_VERSION

FIRST_MONTH: Final = (2021, 7)
GENERATION: Final = 2
"""Part of the folder's name: raise it when what is generated changes."""


@dataclass(frozen=True)
class BenchData:
    """Where everything lies; ``end`` is the last stamp of the lake."""

    lake: Lake
    scada30: Path
    prices30: Path
    duid_mapping: Path
    end: datetime


def months(count: int) -> list[tuple[int, int]]:
    """``count`` (year, month) from FIRST_MONTH on."""
    year, month = FIRST_MONTH
    return [(year + (month - 1 + i) // 12, (month - 1 + i) % 12 + 1) for i in range(count)]


def prepare(folder: Path, count: int = 60) -> BenchData:
    """The generated data below ``folder``, made where it is not there yet (about 10 minutes, 6 GB)."""
    root = folder / f"generation-{GENERATION}-{count}-months"
    lake = Lake(root / "lake")
    year, month = months(count + 1)[-1]
    data = BenchData(
        lake,
        root / "scada30.parquet",
        root / "prices30.parquet",
        root / "gen_info.parquet",
        datetime(year, month, 1),
    )
    units = fleet()
    try:
        if lake.snapshot().schema != SCHEMA_VERSION:
            with lake.write(KIND_AEMO) as writer:
                rollups.build(writer)
                writer.publish()
    except LakeMissing:
        _make_lake(lake, units, count)
    if not data.duid_mapping.exists():
        _make_first_dashboard_files(lake.snapshot(), units, data)
    return data


def _make_lake(lake: Lake, units: Units, count: int) -> None:
    began = time.perf_counter()
    with lake.write(KIND_AEMO) as writer:
        _static_tables(writer, units)
        loader = Loader(writer, threads=2)
        for number, (year, month) in enumerate(months(count), 1):
            for table, rows in month_tables(units, year, month).items():
                loader.add(table, rows)
            loader.flush()
            print(
                f"\rgenerating month {number}/{count}, {time.perf_counter() - began:.0f} s",
                end="",
                flush=True,
            )
        print()
        rollups.build(writer, threads=2, progress=_show)
        writer.publish()
    print(f"\rgenerated in {time.perf_counter() - began:.0f} s" + " " * 40)


def _show(name: str, done: int, total: int) -> None:
    print(f"\r{name}: {done}/{total}    ", end="", flush=True)


def _static_tables(writer: Writer, units: Units) -> None:
    loader = Loader(writer)
    loader.replace("units", units.table)
    lines = [vars(line) | {"source": "market.INTERCONNECTORS"} for line in INTERCONNECTORS]
    loader.replace("interconnectors", pa.Table.from_pylist(lines))
    limits = [
        {
            "effectivedate": datetime(*entry.effectivedate.timetuple()[:3]),
            "voll": entry.cap_aud_per_mwh,
            "marketpricefloor": entry.floor_aud_per_mwh,
            "administered_price_threshold": entry.cumulative_threshold_aud,
            "source": entry.source,
        }
        for entry in PRICE_THRESHOLDS
    ]
    loader.replace("price_thresholds", pa.Table.from_pylist(limits))


def _make_first_dashboard_files(snapshot: Snapshot, units: Units, data: BenchData) -> None:
    """scada30 and prices30, each one file over all years, and gen_info (DOMAIN.md's names)."""
    schema = pa.schema(
        [("settlementdate", pa.timestamp("us")), ("duid", pa.string()), ("scadavalue", pa.float64())]
    )
    with pq.ParquetWriter(data.scada30, schema, compression="zstd") as writer:
        for path in snapshot.paths("unit_30min"):
            rows = pq.read_table(path, columns=["settlementdate", "duid", "generation_mwh", "load_mwh"])
            # Mean MW of the half-hour is its energy twice.
            mean = pc.multiply(pc.add(rows["generation_mwh"], rows["load_mwh"]), 2.0)
            writer.write_table(pa.table([rows["settlementdate"], rows["duid"], mean], schema=schema))
    schema = pa.schema(
        [("settlementdate", pa.timestamp("us")), ("regionid", pa.string()), ("rrp", pa.float64())]
    )
    with pq.ParquetWriter(data.prices30, schema, compression="zstd") as writer:
        for path in snapshot.paths("region_30min"):
            columns = ["settlementdate", "regionid", "price_aud_hours_per_mwh", "price_hours"]
            rows = pq.read_table(path, columns=columns)
            price = pc.divide(rows["price_aud_hours_per_mwh"], rows["price_hours"])
            writer.write_table(pa.table([rows["settlementdate"], rows["regionid"], price], schema=schema))
    mapping = {
        "Region": units.regions,
        "Site Name": [f"Station {i // 2}" for i in range(len(units.duids))],
        "Owner": [f"Owner {i % 60}" for i in range(len(units.duids))],
        "DUID": units.duids,
        "Capacity(MW)": units.capacities,
        "Storage(MWh)": [None] * len(units.duids),
        "Fuel": units.fuels,
    }
    pq.write_table(pa.table(mapping), data.duid_mapping)
