"""D rows of one report into Arrow: fast where the bytes are as they should be, line by line where not.

The fast path hands whole byte ranges to pyarrow's CSV reader with typed columns. It is taken only for
a range in which every line begins with the report's own prefix, so that one line is one row and line
numbers stay known. A range it cannot read is cut into small pieces; only the pieces at fault are read
line by line, which names each malformed row and keeps the others.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from data_layer.ingest.refusals import RefusalLog
from data_layer.ingest.reports import Report
from data_layer.market import FIVE_MINUTE_SETTLEMENT
from data_layer.tables import TABLES

_PIECE: Final = 1 << 19
_LONGEST_QUOTED_TEXT: Final = 20
"""Lines over which a quoted text may run on."""
_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
_STAMP: Final = re.compile(r"(\d{4})([/-])(\d\d)\2(\d\d) (\d\d):(\d\d)(?::(\d\d))?", re.ASCII)
_MICROSECONDS: Final = 60_000_000
_EPOCH: Final = datetime(1970, 1, 1)
_INT16: Final = np.iinfo(np.int16)
_SHOWN: Final = 40
_QUOTE: Final = ord('"')
_COMMA: Final = ord(",")
_AFTER_A_QUOTE: Final = np.frombuffer(b",\r\n", np.uint8)

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Header:
    """An I row: what its D rows must begin with, and where its columns are (upper case, in order)."""

    report: str
    subreport: str
    version: str
    columns: tuple[str, ...]

    @classmethod
    def parse(cls, line: bytes) -> Header | None:
        """The header in an I row, or None where it is not one."""
        try:
            fields = next(csv.reader([line.decode("utf-8").strip("\r\n")]))
        except (UnicodeDecodeError, csv.Error, StopIteration):
            return None
        if len(fields) < 5:
            return None
        _, report, subreport, version, *columns = (name.strip().upper() for name in fields)
        while columns and not columns[-1]:
            columns.pop()
        return cls(report, subreport, version, tuple(columns))

    @property
    def name(self) -> str:
        return f"{self.report},{self.subreport}" if self.subreport else self.report

    @property
    def prefix(self) -> bytes:
        return f"D,{self.report},{self.subreport},{self.version},".encode()


@dataclass(frozen=True)
class Window:
    """First and last stamp that a file may hold; ``reason`` is said of a column with another."""

    low: datetime
    high: datetime
    reason: str


@dataclass(frozen=True)
class Plan:
    """Which columns of a header are read, and as what."""

    header: Header
    types: dict[str, pa.DataType]

    @classmethod
    def for_reports(cls, header: Header, reports: Sequence[Report]) -> Plan:
        """Columns that the lake tables need, and those that tell a later run from an earlier."""
        types: dict[str, pa.DataType] = {}
        for report in reports:
            schema = TABLES[report.table].schema
            for column, source in report.columns.items():
                kind = schema.field(column).type
                types[source] = (
                    pa.float64() if pa.types.is_floating(kind) or pa.types.is_integer(kind) else _TEXT
                )
        types |= {"RUNNO": pa.float64(), "LASTCHANGED": _TEXT}
        return cls(header, {name: kind for name, kind in types.items() if name in header.columns})

    @classmethod
    def for_register(cls, header: Header) -> Plan:
        """Every column, as text."""
        return cls(header, dict.fromkeys(header.columns, pa.string()))

    @property
    def names(self) -> list[str]:
        """Names of all fields of a D row; those that are not read get a name nobody asks for."""
        names, seen = ["_0", "_1", "_2", "_3"], set()
        for position, column in enumerate(self.header.columns, start=4):
            names.append(column if column in self.types and column not in seen else f"_{position}")
            seen.add(column)
        return names


def read_range(
    block: bytes, start: int, end: int, first_line: int, plan: Plan, log: RefusalLog, lines: int | None = None
) -> Iterator[tuple[pa.Table, Int64s]]:
    """The rows of ``block[start:end]`` (whole lines) and the line number of each.

    Columns are those of ``plan.types``, upper case, nothing but their types checked yet. ``lines`` is
    the answer of ``own_lines`` where the caller has it.
    """
    if lines is None:
        lines = own_lines(block, start, end, plan)
    table = _fast(block, start, end, lines, plan)
    if table is not None:
        yield table, np.arange(first_line, first_line + table.num_rows)
        return
    while start < end:
        cut = block.find(b"\n", min(start + _PIECE, end) - 1, end) + 1 or end
        table = _fast(block, start, cut, own_lines(block, start, cut, plan), plan)
        if table is not None:
            yield table, np.arange(first_line, first_line + table.num_rows)
        else:
            yield _careful(block[start:cut], first_line, plan, log)
        first_line += block.count(b"\n", start, cut)
        start = cut


def own_lines(block: bytes, start: int, end: int, plan: Plan) -> int | None:
    """How many lines ``block[start:end]`` holds if every one begins as the header asks, else None."""
    prefix = plan.header.prefix
    own = block.count(b"\n" + prefix, start, end) + block.startswith(prefix, start, end)
    return own if own == block.count(b"\n", start, end) else None


def _fast(block: bytes, start: int, end: int, lines: int | None, plan: Plan) -> pa.Table | None:
    if lines is None or block.find(b"\0", start, end) >= 0 or not _well_quoted(block, start, end):
        return None
    try:
        table = pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(block).slice(start, end - start)),
            read_options=pacsv.ReadOptions(column_names=plan.names, block_size=4 << 20),
            convert_options=pacsv.ConvertOptions(
                include_columns=list(plan.types),
                column_types=plan.types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except (pa.ArrowException, ValueError):
        return None
    return table if table.num_rows == lines else None


def _well_quoted(block: bytes, start: int, end: int) -> bool:
    """Whether every quote opens or closes a whole field. pyarrow reads on over any other, and makes one row
    of the halves of two; what is doubled inside a text is left to the careful way."""
    codes = np.frombuffer(block, np.uint8, end - start, start)
    quotes = np.flatnonzero(codes == _QUOTE)
    if len(quotes) % 2 or (len(quotes) and quotes[-1] + 1 >= len(codes)):
        return not len(quotes)
    before, after = codes[quotes[::2] - 1], codes[quotes[1::2] + 1]
    return bool((before == _COMMA).all() and np.isin(after, _AFTER_A_QUOTE).all())


def _careful(piece: bytes, first_line: int, plan: Plan, log: RefusalLog) -> tuple[pa.Table, Int64s]:
    positions = {name: index for index, name in enumerate(plan.names) if name in plan.types}
    values: dict[str, list[Any]] = {name: [] for name in plan.types}
    numbers = []
    for line, text in _logical_lines(piece, first_line, plan.header.prefix, log):
        fields = _fields(line, text, plan, log)
        if fields is None:
            continue
        row: dict[str, Any] = {}
        for name, kind in plan.types.items():
            cell = fields[positions[name]]
            if kind == pa.float64():
                number = _number(cell)
                if number is None and cell.strip():
                    log.row(line, f"{name} is not a number: {cell[:_SHOWN]!r}")
                    break
                row[name] = number
            else:
                row[name] = cell or None
        else:
            numbers.append(line)
            for name, value in row.items():
                values[name].append(value)
    columns = [
        pa.array(values[name], pa.string()).dictionary_encode()
        if kind == _TEXT
        else pa.array(values[name], kind)
        for name, kind in plan.types.items()
    ]
    return pa.table(columns, names=list(plan.types)), np.array(numbers, dtype=np.int64)


def _logical_lines(
    piece: bytes, first_line: int, prefix: bytes, log: RefusalLog
) -> Iterator[tuple[int, str]]:
    """(line, text) of each D row; a quoted text that runs over several lines is joined."""
    lines = piece.split(b"\n")
    index = 0
    while index < len(lines):
        line, raw = first_line + index, lines[index]
        index += 1
        if not raw.strip():
            continue
        if b"\0" in raw:
            log.row(line, "holds a NUL byte")
            continue
        if not raw.startswith(prefix):
            log.row(
                line, f"does not belong under its header, which asks for {prefix.decode()!r}: {_show(raw)}"
            )
            continue
        joined = 0
        while raw.count(b'"') % 2 and index < len(lines) and joined < _LONGEST_QUOTED_TEXT:
            if lines[index].startswith(prefix):
                break
            raw += b"\n" + lines[index]
            index += 1
            joined += 1
        try:
            yield line, raw.decode("utf-8")
        except UnicodeDecodeError:
            log.row(line, "is not valid UTF-8")


def _fields(line: int, text: str, plan: Plan, log: RefusalLog) -> list[str] | None:
    try:
        fields = next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration):
        log.row(line, f"has unbalanced quotes: {text[:_SHOWN]!r}")
        return None
    expected = len(plan.header.columns) + 4
    while len(fields) > expected and not fields[-1]:
        fields.pop()
    if len(fields) != expected:
        log.row(line, f"has a wrong number of fields: {len(fields)}, its header {expected}")
        return None
    return fields


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _show(raw: bytes) -> str:
    return repr(raw[:_SHOWN].decode("utf-8", "replace"))


def check(table: pa.Table, lines: Int64s, report: Report, window: Window | None, log: RefusalLog) -> pa.Table:
    """The rows of ``table`` that ``report`` may keep, under the lake's column names and types.

    Identifiers stay dictionary-encoded; RUNNO and LASTCHANGED ride along. ``window`` bounds the stamps.
    """
    spec = TABLES[report.table]
    good: Bools = np.ones(table.num_rows, dtype=np.bool_)
    if report.whole_regions_only:
        regions = table.column("REGIONID").cast(pa.string())
        good &= pc.fill_null(pc.ends_with(regions, "1"), True).to_numpy()
    if report.semi_scheduled_only:
        good &= table.column("UIGF").is_valid().to_numpy()
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}

    def refuse(bad: Bools, reason: str, column: str | None = None) -> None:
        fresh = np.flatnonzero(bad & good)
        good[fresh] = False
        for position in fresh:
            shown = f": {table.column(column)[int(position)].as_py()!r}" if column else ""
            log.row(int(lines[position]), reason + shown)

    for column, source in report.columns.items():
        if source not in table.schema.names:
            continue
        values = table.column(source)
        if column in spec.required and values.null_count:
            refuse(values.is_null().to_numpy(), f"{source} is empty")
        kind = spec.schema.field(column).type
        if pa.types.is_timestamp(kind):
            stamps, invalid = _stamps(values)
            refuse(invalid, f"{source} is not a date and time", source)
            refuse(
                _off_grid(stamps, report), f"{source} is off the {report.grid_minutes}-minute grid", source
            )
            if window is not None:
                low, high = _microseconds(window.low), _microseconds(window.high)
                refuse((stamps < low) | (stamps > high), f"{source} {window.reason}", source)
            columns[column] = int64_array(stamps).view(kind)
        elif pa.types.is_string(kind):
            columns[column] = values
        else:
            refuse(_not_finite(values), f"{source} is not finite")
            if pa.types.is_integer(kind):
                numbers = values.to_numpy()
                odd = (numbers != np.round(numbers)) | (numbers < _INT16.min) | (numbers > _INT16.max)
                refuse(odd & ~np.isnan(numbers), f"{source} is not a small whole number", source)
            columns[column] = values
    for extra in ("RUNNO", "LASTCHANGED"):
        if extra in table.schema.names:
            columns[extra] = table.column(extra)
    if "RUNNO" in columns:
        # NaN sorts nowhere: one would mix up the runs of all other rows.
        refuse(_not_finite(table.column("RUNNO")), "RUNNO is not finite")
    rows = pa.table(columns)
    return rows if good.all() else rows.filter(pa.array(good))


def _not_finite(values: pa.ChunkedArray) -> Bools:
    """Where a number is given that is none; a null is no such number."""
    numbers = values.to_numpy()
    bad: Bools = np.isinf(numbers) | (np.isnan(numbers) & values.is_valid().to_numpy())
    return bad


def _stamps(values: pa.ChunkedArray) -> tuple[Int64s, Bools]:
    """Microseconds since 1970 and which are unreadable; nulls are, and whatever lies before 1970."""
    encoded = values.unify_dictionaries().combine_chunks()
    known = np.array([_parse_stamp(text) for text in encoded.dictionary.to_pylist()] + [-1], dtype=np.int64)
    stamps: Int64s = known[dictionary_positions(encoded)]
    return stamps, stamps < 0


def int64_array(values: Int64s) -> pa.Array:
    """``pa.array(values)``, which would import pandas (half a second) to see whether it is one of its own."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def dictionary_positions(encoded: pa.DictionaryArray) -> Int64s:
    """Dictionary positions; a null's is one past the last."""
    indices = encoded.indices
    if indices.null_count:
        indices = indices.fill_null(len(encoded.dictionary))
    positions: Int64s = indices.to_numpy()
    return positions


def _parse_stamp(text: str) -> int:
    match = _STAMP.fullmatch(text)
    if match is None:
        return -1
    try:
        year, _, *rest = match.groups()
        return _microseconds(datetime(int(year), *(int(part or 0) for part in rest)))  # type: ignore[arg-type]
    except ValueError:
        return -1


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _off_grid(stamps: Int64s, report: Report) -> Bools:
    off: Bools = stamps % (report.grid_minutes * _MICROSECONDS) != 0
    if report.table == "trading_price":
        before = stamps <= _microseconds(FIVE_MINUTE_SETTLEMENT)
        off |= before & (stamps % (30 * _MICROSECONDS) != 0)
    return off
