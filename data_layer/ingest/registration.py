"""AEMO's NEM Registration and Exemption List, in every shape it has had.

.xls with the sheet "Generators and Scheduled Loads" (to about 2021), .xlsx with "PU and Scheduled
Loads" (since), and .csv copies of that sheet. The rows come out as text under one set of names, cleaned
of blanks and dashes; what they mean is decided in data_layer.registry_list.
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from data_layer.ingest import archives
from data_layer.registry import RegistrySource

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "participant": ("participant",),
    "station_name": ("station name",),
    "region": ("region",),
    "dispatch_type": ("dispatch type",),
    "category": ("category",),
    "classification": ("classification",),
    "fuel_primary": ("fuel source - primary",),
    "fuel_descriptor": ("fuel source - descriptor",),
    "technology_primary": ("technology type - primary",),
    "technology_descriptor": ("technology type - descriptor",),
    "units": ("units", "physical unit no."),
    "duid": ("duid",),
    "reg_cap_mw": ("reg cap generation (mw)", "reg cap (mw)"),
    "max_cap_mw": ("max cap generation (mw)", "max cap (mw)"),
    "reg_cap_load_mw": ("reg cap consumption (mw)",),
    "max_cap_load_mw": ("max cap consumption (mw)",),
    "storage_mwh": ("maximum storage capacity", "maximum storage capacity (mwh)"),
}
"""Our name -> the headings it has had, lower case, single spaces."""

_SHEETS: Final = ("pu and scheduled loads", "generators and scheduled loads")
_NEEDED: Final = (
    "participant",
    "station_name",
    "region",
    "dispatch_type",
    "fuel_primary",
    "duid",
    "reg_cap_mw",
)
_AEST: Final = timedelta(hours=10)
_MOST_ROWS: Final = 20_000
_MOST_COLUMNS: Final = 100
"""A cell far to the right would make its row as wide: 16,384 columns."""
_MOST_BYTES: Final = 32 << 20
"""Of an .xls, which is not compressed: 0.7 MB in 2019."""


class NotARegistrationList(ValueError):
    """The file holds no sheet of generating units."""


def read(path: Path) -> RegistrySource:
    """The list's units, one row per row of the sheet (a DUID may have several).

    ``published_at`` is when the file was last saved (AEST), which AEMO's lists state inside; for a .csv
    it is the file's own time. NotARegistrationList where the sheet or a needed column is missing,
    ArchiveRefused where an .xlsx would unpack to more than any list.
    """
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        published, lines = _read_xlsx(path)
    elif suffix == ".xls":
        published, lines = _read_xls(path)
    else:
        with open(path, newline="", encoding="utf-8-sig") as handle:
            published, lines = None, list(islice(csv.reader(handle), _MOST_ROWS))
    if published is None:
        published = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None) + _AEST
    return RegistrySource("registration_list", published, _table(lines), path.name)


def _read_xlsx(path: Path) -> tuple[datetime | None, list[list[Any]]]:
    import openpyxl  # heavy, and only an ingest of a list needs it

    archives.check_workbook(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheet = _chosen(book.sheetnames)
        # Some writers declare a sheet's size wrongly; read what is there.
        book[sheet].reset_dimensions()
        rows = book[sheet].iter_rows(max_col=_MOST_COLUMNS, values_only=True)
        lines = [list(row) for row in islice(rows, _MOST_ROWS)]
        saved = book.properties.modified
        return (saved.replace(tzinfo=None) + _AEST if saved else None), lines
    finally:
        book.close()


def _read_xls(path: Path) -> tuple[datetime | None, list[list[Any]]]:
    import xlrd

    if (size := path.stat().st_size) > _MOST_BYTES:
        raise NotARegistrationList(f"{size:,} bytes, more than {_MOST_BYTES:,}")
    content = path.read_bytes()
    book = xlrd.open_workbook(file_contents=content, on_demand=True, ragged_rows=True)
    sheet = book.sheet_by_name(_chosen(book.sheet_names()))
    return _last_saved(content), [sheet.row_values(row) for row in range(min(sheet.nrows, _MOST_ROWS))]


def _last_saved(content: bytes) -> datetime | None:
    """Last-saved time (AEST) in an OLE2 file's summary; None where there is none."""
    from xlrd import compdoc

    try:
        located = compdoc.CompDoc(content).locate_named_stream("\x05SummaryInformation")
        stream, base, length = located
        data = bytes(stream[base : base + length])
        (section,) = struct.unpack_from("<I", data, 44)
        (count,) = struct.unpack_from("<I", data, section + 4)
        for number in range(count):
            identifier, offset = struct.unpack_from("<II", data, section + 8 + 8 * number)
            if identifier == 13:  # PIDSI_LASTSAVE_DTM, a FILETIME after a 4-byte type
                (ticks,) = struct.unpack_from("<Q", data, section + offset + 4)
                return datetime(1601, 1, 1) + timedelta(microseconds=ticks // 10) + _AEST
    except (struct.error, TypeError, ValueError, compdoc.CompDocError):
        pass
    return None


def _chosen(names: Iterable[str]) -> str:
    for name in names:
        if _heading(name) in _SHEETS:
            return name
    raise NotARegistrationList(f"no sheet named {' or '.join(_SHEETS)}")


def _heading(value: object) -> str:
    return " ".join(str(value or "").split()).lower()


def _table(lines: list[list[Any]]) -> pa.Table:
    """Find the heading row, then every row that has a station."""
    for at, line in enumerate(lines[:20]):
        headings = [_heading(cell) for cell in line]
        places = {
            name: next((headings.index(known) for known in knowns if known in headings), None)
            for name, knowns in COLUMNS.items()
        }
        if all(places[name] is not None for name in _NEEDED):
            rows = list(_rows(lines[at + 1 :], places))
            return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in COLUMNS})
    raise NotARegistrationList(f"no row with the headings {', '.join(_NEEDED)}")


def _rows(lines: list[list[Any]], places: dict[str, int | None]) -> Iterator[dict[str, str | None]]:
    for line in lines:
        row = {
            name: text(line[place]) if place is not None and place < len(line) else None
            for name, place in places.items()
        }
        if row["station_name"] or row["duid"]:
            yield row


def text(value: object) -> str | None:
    """A cell as text: outer and double blanks removed, dashes and blanks None, 7.0 as '7'."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    cleaned = " ".join(str(value).split())
    return None if cleaned in ("", "-", "–", "n/a", "N/A") else cleaned
