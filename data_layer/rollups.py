"""Builds what the planner chooses from, for the partitions whose inputs changed.

Every rollup partition remembers the content names of the files it was built from; a build that finds
them unchanged keeps the file. The SQL is views/rollups/<name>.sql, one file per rollup.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import duckdb

from data_layer import soundness, sql, sql_writing
from data_layer.lake import Writer
from data_layer.loading import connect_writer, storing
from data_layer.tables import RAW_TABLES, TABLES, Partitioning

BUILD_ORDER: Final = (
    "region_5min",
    "region_30min",
    "unit_by_duid",
    "unit_30min",
    "region_fuel_5min",
    "region_fuel_30min",
    "balance_30min",
    "balance_day",
    "region_day",
    "unit_day",
    "region_fuel_day",
    "region_month",
    "unit_month",
    "region_fuel_month",
    "region_fuel_time_of_day",
    "battery_30min",
    "battery_day",
    "battery_month",
    "interconnector_30min",
    "interconnector_day",
    "interconnector_month",
    "curtailment_30min",
    "curtailment_day",
    "curtailment_month",
    "unit_curtailment_30min",
    "unit_curtailment_day",
    "unit_curtailment_month",
)
"""A rollup comes after what it is built from."""

_TIME_DRIVERS: Final = {
    "region_5min": ("dispatch_price", "trading_price", "region_demand", "interconnector_flow", "rooftop_pv"),
    "region_30min": ("region_5min",),
    "unit_30min": ("unit_scada",),
    "region_fuel_5min": ("unit_scada", "region_5min"),
    "region_fuel_30min": ("region_fuel_5min",),
    "balance_30min": ("region_5min", "region_fuel_30min"),
    "balance_day": ("balance_30min",),
    "region_day": ("region_30min",),
    "unit_day": ("unit_30min",),
    "region_fuel_day": ("region_fuel_30min",),
    "region_month": ("region_day",),
    "unit_month": ("unit_day",),
    "region_fuel_month": ("region_fuel_day",),
    "region_fuel_time_of_day": ("region_fuel_30min",),
    "battery_30min": ("unit_scada",),
    "battery_day": ("battery_30min",),
    "battery_month": ("battery_day",),
    "unit_by_duid": ("unit_scada",),
    "interconnector_30min": ("interconnector_flow",),
    "interconnector_day": ("interconnector_30min",),
    "interconnector_month": ("interconnector_day",),
    "curtailment_30min": ("region_demand",),
    "curtailment_day": ("curtailment_30min",),
    "curtailment_month": ("curtailment_day",),
    "unit_curtailment_30min": ("unit_dispatch",),
    "unit_curtailment_day": ("unit_curtailment_30min",),
    "unit_curtailment_month": ("unit_curtailment_day",),
}
"""The tables whose partitions say which partitions a rollup has; a year rollup has one."""


def build(
    writer: Writer,
    threads: int = 2,
    progress: Callable[[str, int, int], None] | None = None,
    memory_limit_mb: int = 2_000,
) -> int:
    """Bring the writer's rollups up to date with its tables; returns the number of files built.

    ``progress(name, done, total)`` is called before each file. Nothing is visible until publish.
    LakeDamaged where a file that a rollup is made of is not sound.
    """
    builder = _Builder(writer, connect_writer(writer, threads, memory_limit_mb))
    months = sorted({month for spec in RAW_TABLES for month in writer.partitions(spec.name)})
    for rollup in BUILD_ORDER:
        if TABLES[rollup].partitioning is Partitioning.MONTH:
            for month in set(writer.partitions(rollup)) - set(months):
                writer.drop(rollup, month)
    total = len(months) + 1
    for done, month in enumerate(months):
        if progress:
            progress(f"rollups of {month}", done, total)
        for rollup in BUILD_ORDER:
            if TABLES[rollup].partitioning is Partitioning.MONTH:
                builder.build_month(rollup, month)
    if progress:
        progress("daily rollups", len(months), total)
    for rollup in BUILD_ORDER:
        if TABLES[rollup].partitioning is Partitioning.YEAR:
            builder.build_years(rollup)
    if progress:
        progress("rollups", total, total)
    return builder.built


class _Builder:
    def __init__(self, writer: Writer, connection: duckdb.DuckDBPyConnection) -> None:
        self.writer = writer
        self.connection = connection
        self.built = 0

    def build_month(self, rollup: str, month: str) -> None:
        if not any(month in self.writer.partitions(table) for table in _TIME_DRIVERS[rollup]):
            self.writer.drop(rollup, month)
            return
        text = sql.query_text(f"rollups/{rollup}")
        files = self._inputs(text, month)
        self._write(rollup, month, text, files)

    def build_years(self, rollup: str) -> None:
        (source,) = _TIME_DRIVERS[rollup]
        text = sql.query_text(f"rollups/{rollup}")
        years = sorted({month[:4] for month in self.writer.partitions(source)})
        for year in set(self.writer.partitions(rollup)) - set(years):
            self.writer.drop(rollup, year)
        for year in years:
            months = [month for month in sorted(self.writer.partitions(source)) if month[:4] == year]
            files = {source: [str(self.writer.path(source, month)) for month in months]}
            self._write(rollup, year, text, files)

    def _inputs(self, text: str, month: str) -> dict[str, list[str]]:
        tables, _ = sql.required(text)
        files = {}
        for table in tables:
            partition = "all" if TABLES[table].partitioning is Partitioning.WHOLE else month
            path = self.writer.path(table, partition)
            files[table] = [path] if path else []
        return files

    def _write(self, rollup: str, partition: str, text: str, files: dict[str, list[str]]) -> None:
        fingerprint = _fingerprint(rollup, text, files)
        existing = self.writer.partitions(rollup).get(partition)
        if existing is not None and existing.inputs == fingerprint:
            return
        statement, parameters = sql.compose(text, files)
        spec = TABLES[rollup]
        path = self.writer.new_path()
        cursor = self.connection.cursor()
        inputs = [one for paths in files.values() for one in paths]
        with soundness.watched(inputs), storing(self.writer):
            cursor.execute(sql_writing.rollup_statement(spec, statement, path), parameters)
        found = cursor.execute(sql_writing.bounds_statement(spec), {"path": str(path)}).fetchone()
        assert found is not None
        rows, first, last = found
        self.writer.put(rollup, partition, path, rows=rows, first=first, last=last, inputs=fingerprint)
        self.built += 1


def _fingerprint(rollup: str, text: str, files: dict[str, list[str]]) -> str:
    """Changes with the rollup's columns, its SQL (views and macros too) and its input files' content."""
    digest = hashlib.sha256(sql.macros().encode())
    digest.update(str(TABLES[rollup].schema).encode())
    statement, _ = sql.compose(text, {table: ["-"] for table in files})
    digest.update(statement.encode())
    for table in sorted(files):
        digest.update(f"{table}:{','.join(path.rsplit('/', 1)[-1] for path in files[table])};".encode())
    return digest.hexdigest()[:20]
