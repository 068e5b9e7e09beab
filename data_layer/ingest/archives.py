"""Zip files from outside, opened with bounds: MMS archives are zips of a CSV, or zips of such zips.

Nothing is extracted to disk and nothing is read beyond what the directory of the zip declares: each
member is a stream, and a CRC that does not match ends it with an error. Refused without reading:
bombs, members with odd names, links, encrypted members, compressions AEMO does not use. A workbook is a
zip too: ``check_workbook`` looks at one before a spreadsheet library unpacks it.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from data_layer.ingest.refusals import Refusal

_MEMBER_NAME: Final = re.compile(r"[A-Z0-9_#.]+\.(csv|zip)", re.IGNORECASE)
_MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True)
class Bounds:
    """Limits on what one archive may unpack to."""

    total_bytes: int = 8 << 30
    """Sum of all members' unpacked sizes, over all nesting: a month of next-day dispatch unpacks to four."""
    inner_zip_bytes: int = 256 * _MEBIBYTE
    """A zip inside a zip is held in memory."""
    ratio: int = 200
    """Unpacked over packed; not asked of members under 1 MiB, where it tells nothing."""
    members: int = 100
    """Members of a zip of CSV files."""
    inner_zips: int = 3_000
    """Members of a zip of zips: a day of 5-minute reports holds 288, a week 2,016."""
    depth: int = 2
    """A zip in a zip, and no deeper."""


DEFAULT_BOUNDS: Final = Bounds()

# AEMO's list of 2026 holds 64 members of 2.4 MB in all; its largest sheet has 0.7 MB, its styles 34 KB.
_WORKBOOK: Final = Bounds(total_bytes=16 * _MEBIBYTE, members=500)
_SHEET_BYTES: Final = 8 * _MEBIBYTE
_PART_BYTES: Final = _MEBIBYTE // 4
"""Parts that are neither cells nor their texts become objects, a hundred times as large as their XML."""
_CELLS: Final = re.compile(r"/?xl/(worksheets/[^/]+|sharedstrings)\.xml", re.IGNORECASE)

_DIRECTORY_BYTES: Final = 2 * _MEBIBYTE
"""A zip's own list of its members, which is read as a whole: 3,000 take 0.3 MB."""

DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What zipfile raises on damaged input."""


class ArchiveRefused(Exception):
    """The zip as a whole is not acceptable; the message says why."""


@dataclass(frozen=True)
class Member:
    """A CSV found in an archive: its name ('outer.zip/inner.zip/report.csv') and its byte stream.

    The stream is valid until the next member is asked for."""

    name: str
    stream: IO[bytes]


def members(source: Path | bytes, name: str, bounds: Bounds = DEFAULT_BOUNDS) -> Iterator[Member | Refusal]:
    """Every CSV in ``source`` (a CSV itself, a zip, or a zip of zips), or why a part is refused.

    Never raises for bad content; an unreadable path is a Refusal too.
    """
    try:
        with open(source, "rb") if isinstance(source, Path) else io.BytesIO(source) as handle:
            yield from _unpack(handle, name, bounds, _Budget(bounds.total_bytes), 1)
    except ArchiveRefused as error:
        yield Refusal(name, None, str(error))
    except OSError as error:
        yield Refusal(name, None, f"cannot be read ({error.strerror or type(error).__name__})")


def check_workbook(path: Path) -> None:
    """Look at the directory of an .xlsx; ArchiveRefused where no list of AEMO's could unpack to so much."""
    with open(path, "rb") as handle, _opened(handle) as archive:
        entries = archive.infolist()
        _check_directory(entries, handle.seek(0, io.SEEK_END), _WORKBOOK)
        _Budget(_WORKBOOK.total_bytes).take(sum(entry.file_size for entry in entries))
        for entry in entries:
            if not entry.filename.lower().endswith((".xml", ".rels")):
                continue
            part, size = _printable(entry.filename), entry.file_size
            if size > (limit := _SHEET_BYTES if _CELLS.fullmatch(entry.filename) else _PART_BYTES):
                raise ArchiveRefused(f"has a part {part} of {size:,} bytes, more than {limit:,}")
            try:
                with archive.open(entry) as stream:
                    declares = _declares_a_type(stream)
            except DAMAGED as error:
                raise ArchiveRefused(f"is a truncated or damaged workbook ({error})") from None
            if declares:
                raise ArchiveRefused(f"has a part {part} that declares entities, which no spreadsheet does")


def _declares_a_type(stream: IO[bytes]) -> bool:
    """Whether XML has a DOCTYPE before its first element: entities in entities grew a process by 94 MB
    before the parser stopped them. XML that is none is left to its reader."""
    found: list[bool] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: found.append(True)
    parser.StartElementHandler = lambda *_: found.append(False)
    try:
        while not found and (piece := stream.read(256)):
            parser.Parse(piece)
    except expat.ExpatError:
        pass
    return found[:1] == [True]


class _Budget:
    """Bytes that may still be unpacked, shared by all nesting levels."""

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ArchiveRefused("unpacks to more than is allowed")


def _unpack(
    handle: IO[bytes], name: str, bounds: Bounds, budget: _Budget, depth: int
) -> Iterator[Member | Refusal]:
    start = handle.read(512)
    handle.seek(0)
    if not start.startswith(b"PK"):
        if not start:
            raise ArchiveRefused("is empty")
        if start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
            raise ArchiveRefused("is an HTML page, not a zip or CSV: the server answered with an error page")
        if name.lower().endswith(".zip"):
            raise ArchiveRefused("is not a zip file")
        yield Member(name, handle)
        return
    if depth > bounds.depth:
        raise ArchiveRefused(f"zips are nested deeper than {bounds.depth}")
    with _opened(handle) as archive:
        entries = archive.infolist()
        _check_directory(entries, handle.seek(0, io.SEEK_END), bounds)
        budget.take(sum(entry.file_size for entry in entries))
        for entry in entries:
            yield from _open(archive, entry, name, bounds, budget, depth)


def _opened(handle: IO[bytes]) -> zipfile.ZipFile:
    try:
        size = _directory_size(handle)
        if size > _DIRECTORY_BYTES:
            raise ArchiveRefused(f"lists its members in {size:,} bytes, more than {_DIRECTORY_BYTES:,}")
        return zipfile.ZipFile(handle)
    except DAMAGED as error:
        raise ArchiveRefused(f"is a truncated or damaged zip ({error})") from None


def _directory_size(handle: IO[bytes]) -> int:
    """Bytes of the list of members, from the record at the file's end; 0 where none is found.

    zipfile makes an object of every member before it can be asked how many there are: 40 MB of them
    took half a gigabyte."""
    handle.seek(max(0, handle.seek(0, io.SEEK_END) - (1 << 16) - 22))
    tail = handle.read()
    end = tail.rfind(b"PK\5\6")
    # The record of a zip over 4 GiB stands before its locator, and counts where both are there.
    large = end - 20 - 56
    if large >= 0 and tail[end - 20 : end - 16] == b"PK\6\7" and tail[large : large + 4] == b"PK\6\6":
        (size,) = struct.unpack_from("<Q", tail, large + 40)
    elif 0 <= end <= len(tail) - 22:
        (size,) = struct.unpack_from("<L", tail, end + 12)
    else:
        size = 0
    handle.seek(0)
    return int(size)


def _check_directory(entries: list[zipfile.ZipInfo], packed: int, bounds: Bounds) -> None:
    if not entries:
        raise ArchiveRefused("is an empty zip")
    only_zips = all(entry.filename.lower().endswith(".zip") for entry in entries)
    limit = bounds.inner_zips if only_zips else bounds.members
    if len(entries) > limit:
        raise ArchiveRefused(f"holds {len(entries)} members, more than {limit}")
    total = sum(entry.file_size for entry in entries)
    # Summed over the container too, so that members sharing the same packed bytes gain nothing.
    if total > _MEBIBYTE and total > bounds.ratio * packed:
        raise ArchiveRefused(f"looks like a zip bomb: {packed:,} bytes would unpack to {total:,}")


def _open(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, bounds: Bounds, budget: _Budget, depth: int
) -> Iterator[Member | Refusal]:
    inner = f"{name}/{_printable(entry.filename)}"
    problem = _problem(entry, bounds)
    if problem:
        yield Refusal(inner, None, problem)
        return
    try:
        with archive.open(entry) as stream:
            if entry.filename.lower().endswith(".csv"):
                yield Member(inner, stream)
                return
            data = stream.read(bounds.inner_zip_bytes + 1)
        yield from _unpack(io.BytesIO(data), inner, bounds, budget, depth + 1)
    except ArchiveRefused as error:
        yield Refusal(inner, None, str(error))
    except DAMAGED as error:
        yield Refusal(inner, None, f"is a truncated or damaged zip member ({error})")


def _problem(entry: zipfile.ZipInfo, bounds: Bounds) -> str | None:
    if not _MEMBER_NAME.fullmatch(entry.filename):
        return "has a name that no AEMO report has"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "uses a compression that AEMO does not use"
    if entry.file_size > _MEBIBYTE and entry.file_size > bounds.ratio * max(entry.compress_size, 1):
        return f"looks like a zip bomb: {entry.compress_size:,} bytes would unpack to {entry.file_size:,}"
    if entry.filename.lower().endswith(".zip") and entry.file_size > bounds.inner_zip_bytes:
        return f"is an inner zip of {entry.file_size:,} bytes, more than {bounds.inner_zip_bytes:,}"
    return None


def _printable(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode().replace("/", "\\")[:120]
