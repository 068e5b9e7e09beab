"""/data/<request>.csv: the rows behind a chart, as exactly the request that the chart made."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from flask import Flask, Response, g, request

from callbacks.guard import Manager
from data_layer.errors import DataLayerError, LakeMissing, QueryTimeout, RequestError, ServerBusy
from data_layer.requests import REQUESTS, Request

logger = logging.getLogger("nemdesk.download")

ROWS_AT_ONCE: Final = 20_000
FORMULA_START: Final = "^[=+\\-@|%\\t\\r\\n]"
"""Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers are not text."""


def register(server: Flask, manager: Manager) -> None:
    """Connect the route."""

    @server.get("/data/<name>.csv")
    def csv(name: str) -> Response | tuple[Response, int]:
        from app.http import refusal  # http.py imports nothing of this; the body is documented there

        try:
            if name not in REQUESTS:
                raise RequestError(f"Unknown data: choose one of {', '.join(REQUESTS)}.", "name")
            asked = REQUESTS[name].from_query(request.args.to_dict())
            table = manager.answer(asked).table
        except RequestError as error:
            return refusal(str(error), 400, error.field)
        except (LakeMissing, ServerBusy, QueryTimeout) as error:
            return refusal(str(error), 503)
        except DataLayerError as error:
            return refusal(str(error), 422)
        logger.info("csv %s, %d rows (request %s)", name, table.num_rows, g.request_id)
        return Response(
            rows(table),
            mimetype="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{file_name(asked)}"'},
        )


def file_name(asked: Request) -> str:
    """From the validated request only."""
    start, end = (text.replace(":", "") for text in asked.period.to_strings())
    region = getattr(asked, "region", "")
    return "_".join(part for part in ("nemdesk", asked.name, region, start, end) if part) + ".csv"


def rows(table: pa.Table) -> Iterator[bytes]:
    """The table as CSV, a bounded piece at a time."""
    first = True
    for start in range(0, max(table.num_rows, 1), ROWS_AT_ONCE):
        piece = harmless(table.slice(start, ROWS_AT_ONCE))
        sink = io.BytesIO()
        options = pyarrow.csv.WriteOptions(include_header=first, quoting_style="needed")
        pyarrow.csv.write_csv(piece, sink, options)
        first = False
        yield sink.getvalue()


def harmless(table: pa.Table) -> pa.Table:
    """Text columns without anything that a spreadsheet would run."""
    for place, column in enumerate(table.columns):
        kind = column.type
        if pa.types.is_dictionary(kind):
            column, kind = column.cast(kind.value_type), kind.value_type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        risky = pc.match_substring_regex(column, FORMULA_START)
        quoted = pc.binary_join_element_wise(pa.scalar("'", kind), column, pa.scalar("", kind))
        table = table.set_column(place, table.field(place).name, pc.if_else(risky, quoted, column))
    return table
