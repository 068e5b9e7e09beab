"""All rows of a question as a file, whatever their size: CSV in a zip, Parquet, or Excel.

    from data_layer import exports
    exports.write(manager, IntegratedData(period, Resolution.FIVE_MINUTES), "parquet", Path("rows.parquet"))

Rows are read and written a bounded piece at a time, all of one version of the lake, in the order that the
question promises. Every file says what it holds: README.txt in the zip, metadata of the Parquet schema, the
sheet "About" in Excel.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from data_layer.answers import Answer
from data_layer.connection import CancelToken
from data_layer.errors import DataLayerError, DiskFull, QueryCancelled, RequestError, ResultTooLarge
from data_layer.exports.about import facts_of
from data_layer.exports.excel import Excel
from data_layer.exports.forms import CsvZip, Form, Parquet
from data_layer.exports.outlet import Outlet
from data_layer.market import Resolution
from data_layer.pieces import Pieces
from data_layer.requests import AggregateByGroup, IntegratedData, Request

logger = logging.getLogger("nemdesk.data")

_FORMS: Final[Mapping[str, type[Form]]] = {"csv": CsvZip, "parquet": Parquet, "xlsx": Excel}
FORMS: Final = tuple(_FORMS)
ENDINGS: Final = {"csv": "csv.zip", "parquet": "parquet", "xlsx": "xlsx"}
"""What the name of each form's file ends with."""

EXCEL_ROWS: Final = 5_000_000
"""More is no longer a spreadsheet: five full sheets take Excel itself minutes and gigabytes to open."""

WRITTEN_AT_ONCE: Final = 20_000
"""Rows between two looks at whether to stop."""

OnProgress = Callable[[int, int, int], None]
"""Told (parts done, parts in all, rows written) after every WRITTEN_AT_ONCE rows at the latest."""


class Reader(Protocol):
    """What an export needs of HybridQueryManager."""

    def pieces(self, request: Request, cancel: CancelToken | None = None) -> Pieces: ...


class Answers(Protocol):
    """What counting needs of HybridQueryManager."""

    def answer(self, request: Request) -> Answer: ...


@dataclass(frozen=True)
class Written:
    """A finished file: its rows (without header) and its bytes."""

    rows: int
    bytes: int


def write(
    manager: Reader,
    request: Request,
    form: str,
    path: Path,
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
    limit_bytes: int | None = None,
) -> Written:
    """Write the rows of ``request`` to ``path``, whose folder exists.

    The file appears under its name when it is complete: one that is stopped (QueryCancelled), fails, grows
    over ``limit_bytes`` (ResultTooLarge) or meets a full disk (DiskFull) leaves nothing behind.
    """
    if form not in _FORMS:
        raise RequestError(f"Unknown form: choose one of {', '.join(FORMS)}.", "form")
    pieces = manager.pieces(request, cancel)
    staged = path.with_name(f"{path.name}.part")
    try:
        with open(staged, "wb") as file:
            outlet = Outlet(file, limit_bytes)
            rows = _fill(outlet, form, request, pieces, on_progress, cancel)
            file.flush()
            os.fsync(file.fileno())
        size = staged.stat().st_size
        os.replace(staged, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "The disk for exports is full: forget exports that are no longer needed, choose a shorter "
                "period or Parquet, or ask the operator for room."
            ) from error
        logger.exception("an export could not be written")
        raise DataLayerError("The file could not be written; the log has the details.") from error
    finally:
        with contextlib.suppress(OSError):
            staged.unlink(missing_ok=True)
    return Written(rows, size)


def _fill(
    outlet: Outlet,
    form: str,
    request: Request,
    pieces: Pieces,
    on_progress: OnProgress | None,
    cancel: CancelToken | None,
) -> int:
    writer: Form | None = None
    rows = 0
    try:
        for part, table in enumerate(pieces.tables, start=1):
            writer = writer or _FORMS[form](outlet, table.schema, facts_of(request, pieces))
            for piece, last in _slices(table):
                if cancel is not None and cancel.cancelled:
                    raise QueryCancelled("The export was stopped.")
                if form == "xlsx":
                    check_excel(rows + piece.num_rows)
                writer.write(piece)
                rows += piece.num_rows
                if on_progress:
                    on_progress(part if last else part - 1, pieces.parts, rows)
        assert writer is not None
        made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        writer.finish({**facts_of(request, pieces), "rows": str(rows), "made": made})
    except BaseException:
        if writer:
            outlet.abandon()
            with contextlib.suppress(Exception):  # what matters has been raised already
                writer.finish({})
        raise
    return rows


def _slices(table: pa.Table) -> Iterator[tuple[pa.Table, bool]]:
    """Pieces of WRITTEN_AT_ONCE rows, and whether each is the last; one of none from an empty table."""
    for start in range(0, max(table.num_rows, 1), WRITTEN_AT_ONCE):
        yield table.slice(start, WRITTEN_AT_ONCE), start + WRITTEN_AT_ONCE >= table.num_rows


def expected_rows(manager: Answers, request: Request) -> int | None:
    """About how many rows a large question has; None where only its answer says so. Cheap: rollups."""
    if not isinstance(request, IntegratedData):
        return None
    counted = manager.answer(AggregateByGroup(request.period, ("fuel",), request.regions, request.fuels))
    readings = sum(counted.table.column("unit_intervals").to_pylist())
    return int(readings // (1 if request.resolution is Resolution.FIVE_MINUTES else 6))


def check_excel(rows: int) -> None:
    """ResultTooLarge where so many rows are more than an Excel file is made for."""
    if rows > EXCEL_ROWS:
        raise ResultTooLarge(
            f"An Excel file here holds at most {EXCEL_ROWS:,} rows: choose Parquet or CSV, a shorter period "
            "or half-hours."
        )
