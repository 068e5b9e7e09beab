"""AEMO's MMS files into Arrow tables: C, I and D rows, several reports in one file, zips in zips.

A file is read as a stream of blocks; what is kept of it are Arrow rows, handed on only when its last
row, C,"END OF REPORT", has been seen: a file without it was cut off and is refused whole. (The number
in that row is not held against the file: copies filtered by third parties keep the old one.)

Of two rows of one file with one key - and one INTERVENTION, both of which are handed on - the higher
RUNNO is kept, then the later LASTCHANGED, then the later row. Every problem becomes a Refusal; no
content makes this module raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_layer.ingest import rows as mms_rows
from data_layer.ingest.archives import DAMAGED, DEFAULT_BOUNDS, Bounds, Member, members
from data_layer.ingest.refusals import Refusal, RefusalLog
from data_layer.ingest.reports import REGISTERS, REPORTS, Report
from data_layer.ingest.rows import Header, Int64s, Plan, Window
from data_layer.period import EARLIEST, LATEST
from data_layer.tables import STAMP, TABLES, TableSpec

_BLOCK: Final = 16 << 20
_LONGEST_LINE: Final = 1 << 20
_MONTHLY: Final = re.compile(
    r"PUBLIC_(?:DVD_|ARCHIVE(?:#|%23))[A-Z0-9_#%]+?(?:_|#|%23)(\d{4})(\d\d)01\d{4}\.(?:CSV|ZIP)",
    re.IGNORECASE,
)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Register:
    """A report of slowly changing facts: every column as text, names in lower case."""

    kind: str
    rows: pa.Table


@dataclass
class Reading:
    """What one CSV held. ``rows``: lake table -> rows in the table's schema, without nulls in keys."""

    name: str
    published_at: datetime | None = None
    rows: dict[str, pa.Table] = field(default_factory=dict)
    registers: list[Register] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    """Reports in the file that the lake has no table for."""

    @property
    def refused_whole(self) -> bool:
        return self.published_at is None


def read(source: Path | bytes, name: str, bounds: Bounds = DEFAULT_BOUNDS) -> Iterator[Reading]:
    """Every CSV in a file (CSV, zip, or zip of zips), one Reading each, refused ones included."""
    for found in members(source, name, bounds):
        if isinstance(found, Refusal):
            yield Reading(found.file, refusals=[found])
        else:
            yield read_csv(found)


def read_csv(member: Member) -> Reading:
    """One CSV. A file that is refused as a whole has ``published_at`` None and its reason last."""
    reader = _Reader(member.name)
    try:
        reader.run(member.stream)
    except _FileRefused as error:
        return Reading(member.name, refusals=[Refusal(member.name, None, str(error))])
    except DAMAGED as error:
        return Reading(
            member.name, refusals=[Refusal(member.name, None, f"is truncated or damaged ({error})")]
        )
    return reader.result()


def month_named(name: str) -> tuple[int, int] | None:
    """(year, month) that the name of an MMSDM monthly file carries, or None for other files."""
    match = _MONTHLY.search(name)
    return (int(match[1]), int(match[2])) if match and 1 <= int(match[2]) <= 12 else None


class _FileRefused(Exception):
    pass


@dataclass
class _Section:
    """The D rows under one I row; a later I row of the same report adds to the same tables."""

    plan: Plan
    reports: tuple[Report, ...]
    register: str | None


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.log = RefusalLog(name)
        self.published_at: datetime | None = None
        self.section: _Section | None = None
        self.ended = False
        self.line = 1
        self.ignored: set[str] = set()
        self.headed = False
        self.parts: dict[str, list[pa.Table]] = {}
        self.semi_scheduled: set[str] = set()
        self.registers: dict[str, list[pa.Table]] = {}
        month = month_named(name)
        self.window: Window | None = None
        if month is not None and 1998 <= month[0] < 2100:
            first = datetime(*month, 1)
            end = (first + timedelta(days=32)).replace(day=1)
            self.window = Window(first - _DAY, end + _DAY, "is outside the file's month")

    def run(self, stream: IO[bytes]) -> None:
        carry = b""
        while chunk := stream.read(_BLOCK):
            block = carry + chunk
            cut = block.rfind(b"\n") + 1
            carry = block[cut:]
            if len(carry) > _LONGEST_LINE:
                raise _FileRefused(f"has a line longer than {_LONGEST_LINE:,} bytes: it is not an MMS file")
            if cut:
                self._block(block[:cut] if carry else block)
        if carry:
            self._block(carry + b"\n")
        if self.published_at is None:
            raise _FileRefused("is empty")
        if not self.ended:
            raise _FileRefused('is cut off: its last row is not C,"END OF REPORT"')

    def _block(self, block: bytes) -> None:
        """Split whole lines at their C and I rows, hand the D rows between them on."""
        if self.section is not None and self.published_at is not None:
            # Most blocks of a large file hold one report's rows and nothing else: one count tells.
            lines = mms_rows.own_lines(block, 0, len(block), self.section.plan)
            if lines is not None:
                self._data(block, 0, len(block), lines)
                self.line += lines
                return
        position, size = 0, len(block)
        controls = iter(_control_rows(block))
        control = next(controls, size)
        while position < size:
            # The first row of a file is its C row, also with a byte order mark or quotes before the C.
            if position < control and self.published_at is not None:
                self._data(block, position, control)
                self.line += block.count(b"\n", position, control)
                position = control
                continue
            end = block.index(b"\n", position) + 1
            self._control(block[position:end])
            self.line += 1
            if position == control:
                control = next(controls, size)
            position = end

    def _control(self, line: bytes) -> None:
        if self.published_at is None:
            self._open(line)
        elif line.startswith(b"C,"):
            self.ended = b"END OF REPORT" in line.upper()
        else:
            self.ended = False
            self._head(line)

    def _open(self, line: bytes) -> None:
        if line.lstrip(b"\xef\xbb\xbf \t")[:1] == b"<":
            raise _FileRefused("is an HTML page, not an MMS file: the server answered with an error page")
        fields = [
            part.strip('" ') for part in line.decode("utf-8", "replace").lstrip("\ufeff").strip().split(",")
        ]
        if len(fields) < 7 or fields[0] != "C":
            raise _FileRefused("does not begin with a C row: it is not an MMS file")
        try:
            self.published_at = datetime.strptime(f"{fields[5]} {fields[6]}", "%Y/%m/%d %H:%M:%S")
        except ValueError:
            raise _FileRefused("has no date of publication in its C row") from None
        if not EARLIEST <= self.published_at < LATEST:
            raise _FileRefused(f"says that it was published at {self.published_at}, which cannot be")
        if self.window is None:
            reason = "is not between the market's start and the file's publication"
            self.window = Window(EARLIEST, self.published_at + _DAY, reason)

    def _head(self, line: bytes) -> None:
        header = Header.parse(line)
        self.section = None
        self.headed = True
        if header is None:
            self.log.section(self.line, "is not a readable I row; the rows under it are left out")
            return
        key = (header.report, header.subreport)
        if key in REGISTERS:
            self.section = _Section(Plan.for_register(header), (), REGISTERS[key])
            return
        reports = []
        for report in REPORTS.get(key, ()):
            if report.semi_scheduled_only and "UIGF" not in header.columns:
                continue  # older than the column: nothing to keep, and nothing wrong
            missing = [
                report.columns[c]
                for c in TABLES[report.table].required
                if c not in _defaulted and report.columns[c] not in header.columns
            ]
            if missing:
                self.log.section(
                    self.line,
                    f"the header of {header.name} has no column {', '.join(missing)}; its rows are left out",
                )
            else:
                reports.append(report)
        if reports:
            self.section = _Section(Plan.for_reports(header, reports), tuple(reports), None)
        elif key not in REPORTS:
            self.ignored.add(header.name)

    def _data(self, block: bytes, start: int, end: int, lines: int | None = None) -> None:
        if not block[start : min(end, start + 4096)].strip() and not block[start:end].strip():
            return
        self.ended = False
        if self.section is None:
            if not self.headed:
                self.log.section(self.line, "rows before any I row are left out")
            return
        section = self.section
        for table, numbers in mms_rows.read_range(
            block, start, end, self.line, section.plan, self.log, lines
        ):
            if section.register is not None:
                table = table.rename_columns([name.lower() for name in table.schema.names])
                self.registers.setdefault(section.register, []).append(table)
            for report in section.reports:
                kept = mms_rows.check(table, numbers, report, self.window, self.log)
                self.parts.setdefault(report.table, []).append(kept)
                if report.semi_scheduled_only:
                    self.semi_scheduled.add(report.table)

    def result(self) -> Reading:
        """The finished Reading."""
        assert self.published_at is not None
        reading = Reading(self.name, self.published_at, ignored=self.ignored)
        for table, parts in self.parts.items():
            rows = _finish(TABLES[table], parts, self.published_at)
            reading.rows[table] = _with_a_forecast(rows) if table in self.semi_scheduled else rows
        for kind, tables in self.registers.items():
            reading.registers.append(Register(kind, pa.concat_tables(tables, promote_options="default")))
        reading.refusals = self.log.all()
        return reading


_defaulted: Final = ("intervention",)
"""Key-like columns that old files lack: a file without INTERVENTION holds pricing runs only."""


def _control_rows(block: bytes) -> list[int]:
    """Offsets of the lines that begin with 'I,' or 'C,'."""
    found = [0] if block[:2] in (b"I,", b"C,") else []
    for mark in (b"\nI,", b"\nC,"):
        at = block.find(mark)
        while at >= 0:
            found.append(at + 1)
            at = block.find(mark, at + 1)
    return sorted(found)


def _finish(spec: TableSpec, parts: list[pa.Table], published_at: datetime) -> pa.Table:
    """All rows for one lake table in its schema, sorted by key, one row per key and run."""
    rows = pa.concat_tables(parts, promote_options="default").unify_dictionaries().combine_chunks()
    order = _order(rows, spec.key)
    if order is not None:
        rows = rows.take(mms_rows.int64_array(order))
    columns = []
    for column in spec.schema:
        if column.name == "published_at":
            columns.append(pa.repeat(pa.scalar(published_at, STAMP), rows.num_rows))
        elif column.name not in rows.schema.names:
            absent = pa.nulls(rows.num_rows, column.type)
            columns.append(absent.fill_null(0) if column.name in _defaulted else absent)
        else:
            values = rows.column(column.name)
            if column.name in _defaulted:
                values = values.fill_null(0)
            columns.append(values if values.type == column.type else values.cast(column.type))
    return pa.table(columns, schema=spec.schema)


def _with_a_forecast(rows: pa.Table) -> pa.Table:
    """The units of which uigf is above zero in any of the rows: at night, too, they are semi-scheduled."""
    forecast = pc.unique(rows.filter(pc.greater(rows.column("uigf"), 0.0)).column("duid"))
    return rows.filter(pc.is_in(rows.column("duid"), forecast))


def _order(rows: pa.Table, key: tuple[str, ...]) -> Int64s | None:
    """Positions of the rows to keep, in key order; None where they already are just that."""
    code = _codes(rows, key)
    step = np.diff(code)
    if bool((step > 0).all()):
        return None
    if "RUNNO" not in rows.schema.names and "LASTCHANGED" not in rows.schema.names:
        order = np.argsort(code, kind="stable")
    else:
        ranks = [_ranks(rows.column(c)) for c in ("LASTCHANGED", "RUNNO") if c in rows.schema.names]
        order = np.lexsort((*ranks, code))
    ordered = code[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    kept: Int64s = order[last]
    return kept


def _codes(rows: pa.Table, key: tuple[str, ...]) -> Int64s:
    """One number per row that sorts as the key (and the intervention flag) does."""
    stamps = rows.column(key[0]).cast(pa.int64()).to_numpy()
    code: Int64s = (stamps - stamps.min()) // 300_000_000 if len(stamps) else stamps
    for column in (*key[1:], *(name for name in _defaulted if name in rows.schema.names)):
        ranks = _ranks(rows.column(column))
        code = code * (int(ranks.max()) + 1 if len(ranks) else 1) + ranks
    return code


def _ranks(values: pa.ChunkedArray) -> Int64s:
    """Dense ranks (0 is the smallest); a null ranks lowest."""
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    encoded = values.combine_chunks()
    names = encoded.dictionary.to_pylist()
    rank = np.zeros(len(names) + 1, dtype=np.int64)
    rank[np.argsort(np.array(names, dtype=object))] = np.arange(1, len(names) + 1)
    ranks: Int64s = rank[mms_rows.dictionary_positions(encoded)]
    return ranks
