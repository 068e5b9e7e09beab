"""The rows of an answer as a file: CSV, JSON, Parquet or Arrow, a bounded piece at a time.

GET /data/<request>.<ext>?...        one of data_layer.requests, as docs/data.md lists them
GET /<tab>/data.<ext>?...            the rows behind a view: the address of the page with /data.<ext>
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from data_layer.harmless import harmless
from data_layer.query_manager import Answer

ROWS_AT_ONCE: Final = 20_000


@dataclass(frozen=True)
class Encoding:
    """One form of the rows, by its file ending."""

    ending: str
    mimetype: str
    pieces: Callable[[Answer], Iterator[bytes]]


def csv(answer: Answer) -> Iterator[bytes]:
    """CSV with a header, text made harmless for spreadsheets."""
    table = answer.table
    first = True
    for start in range(0, max(table.num_rows, 1), ROWS_AT_ONCE):
        piece = harmless(table.slice(start, ROWS_AT_ONCE))
        sink = io.BytesIO()
        options = pyarrow.csv.WriteOptions(include_header=first, quoting_style="needed")
        pyarrow.csv.write_csv(piece, sink, options)
        first = False
        yield sink.getvalue()


def json(answer: Answer) -> Iterator[bytes]:
    """{"provenance": {...}, "columns": [{name, type}], "rows": [{...}]}; times are ISO texts, AEST."""
    table, facts = answer.table, answer.provenance
    head = {
        "provenance": {
            "source": facts.source,
            "version": facts.version,
            "rows_scanned": facts.rows_scanned,
            "engine": facts.engine,
        },
        "columns": [{"name": field.name, "type": str(field.type)} for field in table.schema],
    }
    yield orjson.dumps(head)[:-1] + b',"rows":['
    between = b""
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        records = table.slice(start, ROWS_AT_ONCE).to_pylist()
        # NaN has no JSON; orjson writes it as null.
        yield between + orjson.dumps(records, default=str)[1:-1]
        between = b","
    yield b"]}"


def parquet(answer: Answer) -> Iterator[bytes]:
    """One Parquet file, zstd, every type as the data layer has it."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(answer.table, sink, compression="zstd")
    yield sink.getvalue()


def arrow(answer: Answer) -> Iterator[bytes]:
    """An Arrow IPC stream: pyarrow.ipc.open_stream, polars.read_ipc_stream, R's arrow."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, answer.table.schema) as writer:
        writer.write_table(answer.table)
    yield sink.getvalue()


ENCODINGS: Final[dict[str, Encoding]] = {
    one.ending: one
    for one in (
        Encoding("csv", "text/csv", csv),
        Encoding("json", "application/json", json),
        Encoding("parquet", "application/vnd.apache.parquet", parquet),
        Encoding("arrow", "application/vnd.apache.arrow.stream", arrow),
    )
}
