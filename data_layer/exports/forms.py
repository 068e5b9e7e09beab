"""CSV in a zip, and Parquet, written a piece at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from data_layer.exports.about import as_text
from data_layer.exports.outlet import Outlet
from data_layer.harmless import harmless

ROWS: Final = "rows.csv"
README: Final = "README.txt"

QUICK: Final = 1
"""zlib's level: 6 makes a file of readings a fifth smaller and takes twice as long for all of it."""

ROW_GROUP: Final = 100_000
"""Rows of a Parquet row group, about: what a writer holds and a reader can skip."""


class Form(Protocol):
    """A file being written: ``finish`` must be called, also when it is given up."""

    def __init__(self, outlet: Outlet, schema: pa.Schema, facts: Mapping[str, str]) -> None: ...

    def write(self, rows: pa.Table) -> None: ...

    def finish(self, facts: Mapping[str, str]) -> None:
        """``facts`` as far as they are known at the end."""
        ...


class CsvZip(Form):
    """rows.csv with a header, text made harmless for spreadsheets, and README.txt."""

    def __init__(self, outlet: Outlet, schema: pa.Schema, facts: Mapping[str, str]) -> None:
        self._zip = zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK)
        self._member = self._zip.open(ROWS, "w", force_zip64=True)
        self._header = True

    def write(self, rows: pa.Table) -> None:
        options = pyarrow.csv.WriteOptions(include_header=self._header, quoting_style="needed")
        sink = pa.BufferOutputStream()
        pyarrow.csv.write_csv(harmless(_whole_seconds(rows)), sink, options)
        self._member.write(sink.getvalue())
        self._header = False

    def finish(self, facts: Mapping[str, str]) -> None:
        self._member.close()
        self._zip.writestr(README, as_text(facts))
        self._zip.close()


def _whole_seconds(rows: pa.Table) -> pa.Table:
    """Stamps without six digits of nothing, which spreadsheets take for text."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            rows = rows.set_column(place, field.name, rows.column(place).cast(pa.timestamp("s")))
    return rows


class Parquet(Form):
    """zstd, every type as the data layer has it; the facts are the schema's metadata "nemdesk.<name>"."""

    def __init__(self, outlet: Outlet, schema: pa.Schema, facts: Mapping[str, str]) -> None:
        self._schema = schema.with_metadata(_named(facts))
        self._writer = pq.ParquetWriter(outlet, self._schema, compression="zstd")
        self._waiting: list[pa.Table] = []

    def write(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        if sum(one.num_rows for one in self._waiting) >= ROW_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        group, self._waiting = pa.concat_tables(self._waiting), []
        if group.num_rows:
            self._writer.write_table(group.cast(self._schema), row_group_size=group.num_rows)

    def finish(self, facts: Mapping[str, str]) -> None:
        if self._waiting and facts:
            self._write_group()
        self._writer.add_key_value_metadata(_named(facts))
        self._writer.close()


def _named(facts: Mapping[str, str]) -> dict[str, str]:
    return {f"nemdesk.{name.replace(' ', '_')}": value for name, value in facts.items()}
