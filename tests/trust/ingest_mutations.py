"""AEMO's real files, damaged in every way of a list, against an independent reader.

    python -m tests.trust.ingest_mutations --files 10000

Asked of each damaged file: the reader neither raises nor hangs; what it accepts can be loaded; every accepted
row stands in the damaged file, column by column, as the csv module reads it there; a row that is neither
accepted, nor superseded by another of its key, has a refusal that says why.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import signal
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from data_layer import loading
from data_layer.ingest import mms
from data_layer.tables import TABLES
from tests.trust.ingest_figures import Figure, write
from tests.trust.ingest_lakes import REAL

LINES = 40
SECONDS = 20
Row = tuple[Any, ...]

KNOWN = {
    ("DISPATCH", "UNIT_SCADA"): ("unit_scada",),
    ("DISPATCH", "UNIT_SOLUTION"): ("unit_dispatch",),
    ("DISPATCH", "PRICE"): ("dispatch_price",),
    ("DISPATCH", "REGIONSUM"): ("region_demand",),
    ("DISPATCH", "INTERCONNECTORRES"): ("interconnector_flow",),
    ("TRADING", "PRICE"): ("trading_price",),
    ("ROOFTOP", "ACTUAL"): ("rooftop_pv",),
    ("DREGION", ""): ("dispatch_price", "region_demand"),
    ("DINT", ""): ("interconnector_flow",),
}
CHOOSY = {"rooftop_pv", "unit_dispatch"}
"""Tables of which rows are left out on purpose (parts of regions, units without a forecast)."""


@cache
def originals() -> dict[str, bytes]:
    """Name -> a real file, cut to its first lines and closed as AEMO closes them."""
    found: dict[str, bytes] = {}
    paths = sorted((REAL / "nemweb").rglob("*2021_05*/**/*.zip")) + sorted(
        (REAL / "nemweb").rglob("*2025*/**/*.zip")
    )
    paths += sorted((REAL / "nemweb" / "Reports").rglob("*NEXT_DAY_DISPATCH*.zip")) + sorted(
        (REAL / "samples").glob("*")
    )
    for path in paths:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                member = archive.namelist()[0]
                if member.lower().endswith(".csv"):
                    found[path.name[:-4] + ".CSV"] = _cut(archive.read(member))
        elif path.suffix.lower() == ".csv":
            found[path.name] = _cut(path.read_bytes())
    return found


def _cut(text: bytes) -> bytes:
    """A few rows of every report, and the last row."""
    kept, since = [], 0
    for line in text.split(b"\r\n" if b"\r\n" in text else b"\n"):
        since = 0 if line[:2] in (b"I,", b"C,") else since + 1
        if since <= LINES and line.strip():
            kept.append(line)
    return b"\r\n".join(kept) + b"\r\n"


def _lines(data: bytes) -> list[bytes]:
    return data.split(b"\r\n")


def _some_row(rng: random.Random, lines: list[bytes], kinds: bytes = b"D") -> int:
    chosen = [n for n, line in enumerate(lines) if line[:1] in [bytes([k]) for k in kinds]]
    return rng.choice(chosen) if chosen else 0


def _cells(rng: random.Random, data: bytes, change) -> bytes:  # type: ignore[no-untyped-def]
    """One cell of one to three rows changed."""
    lines = _lines(data)
    for _ in range(rng.randint(1, 3)):
        at = _some_row(rng, lines)
        cells = lines[at].split(b",")
        cell = rng.randrange(len(cells))
        cells[cell] = change(rng, cells[cell])
        lines[at] = b",".join(cells)
    return b"\r\n".join(lines)


NUMBERS = (
    b"1e308 1e309 -1e999 nan NaN inf -Infinity 0x10 1_000 1,5 00012 --5 +7 -0 1e-400 9"
    + b"9" * 400
    + b" 32768 -32769 1.5 \xd9\xa3 \xc2\xb2 .5 5. 1e 1d3 1e+2 TRUE #REF! null NULL NA"
).split(b" ")
DATES = (
    b"0001/01/01 00:05:00|9999/12/31 23:55:00|2025/02/30 00:05:00|2025/13/01 00:05:00|2024/02/29 00:05:00|"
    b"2025/01/01 24:00:00|2025/01/01 00:03:00|2025-01-01 00:05:00|01/01/2025 00:05:00|2025/1/1 0:05|"
    b"2025/01/01T00:05:00|2025/01/01 00:05:00Z|2025/01/01 00:05:00+10:00|2025/01/01 00:05|"
    b"1969/12/31 23:55:00|"
    b"2025/10/05 02:30:00|2025/01/01 00:05:60|2262/04/12 00:00:00|1677/01/01 00:00:00|1900/01/01 00:05:00|||"
    b" 2025/01/01 00:05:00|'2025/01/01 00:05:00'|45658.003|20250101000500"
).split(b"|")
ODD = (
    b'"',
    b'""',
    b'"x',
    b'x"y',
    b'"a\r\nb"',
    b'"a,b"',
    b"\0",
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xe2\x80\xae",
    b"=1+1",
    b"\t",
    b"a" * 70_000,
    b"'",
)


def _header(rng: random.Random, data: bytes, change) -> bytes:  # type: ignore[no-untyped-def]
    lines = _lines(data)
    at = _some_row(rng, lines, b"I")
    cells = lines[at].split(b",")
    lines[at] = b",".join(change(rng, cells))
    return b"\r\n".join(lines)


def _dropped_column(rng: random.Random, data: bytes) -> bytes:
    """A column gone from a header and, as an older data model would have it, from its rows."""
    lines = _lines(data)
    at = _some_row(rng, lines, b"I")
    column = rng.randrange(4, max(5, len(lines[at].split(b","))))
    for number in range(at, len(lines)):
        if number > at and lines[number][:1] != b"D":
            break
        cells = lines[number].split(b",")
        lines[number] = b",".join(cells[:column] + cells[column + 1 :])
    return b"\r\n".join(lines)


def _reordered(rng: random.Random, data: bytes) -> bytes:
    """The columns of a header and its rows in another order: the same content."""
    lines = _lines(data)
    at = _some_row(rng, lines, b"I")
    order = list(range(4, len(lines[at].split(b","))))
    rng.shuffle(order)
    for number in range(at, len(lines)):
        cells = lines[number].split(b",")
        if (number > at and lines[number][:1] != b"D") or len(cells) != len(order) + 4:
            break
        lines[number] = b",".join(cells[:4] + [cells[n] for n in order])
    return b"\r\n".join(lines)


def _replaced(cells: list[bytes], at: int, value: bytes) -> list[bytes]:
    return [*cells[:at], value, *cells[at + 1 :]]


def _rename(rng: random.Random, cells: list[bytes]) -> list[bytes]:
    return _replaced(
        cells,
        rng.randrange(len(cells)),
        rng.choice([b"RRP", b"", b"X", b"settlementdate", b'"RRP"', b"DUID "]),
    )


def _swap(rng: random.Random, data: bytes) -> bytes:
    lines = _lines(data)
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\r\n".join(lines)


def _doubled(rng: random.Random, data: bytes) -> bytes:
    lines = _lines(data)
    at = rng.randrange(len(lines))
    lines[at:at] = [lines[rng.randrange(len(lines))]] * rng.randint(1, 3)
    return b"\r\n".join(lines)


def _contradicted(rng: random.Random, data: bytes) -> bytes:
    """A row twice, with another value in its last columns."""
    lines = _lines(data)
    at = _some_row(rng, lines)
    cells = lines[at].split(b",")
    cells[rng.randrange(len(cells))] = b"123.25"
    lines.insert(at + rng.randint(0, 1), b",".join(cells))
    return b"\r\n".join(lines)


def _flip(rng: random.Random, data: bytes) -> bytes:
    body = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return bytes(body)


def _spliced(rng: random.Random, data: bytes) -> bytes:
    """A piece of another file in the middle."""
    other = rng.choice(list(originals().values()))
    a, b, at = rng.randrange(len(other)), rng.randrange(len(other)), rng.randrange(len(data))
    return data[:at] + other[min(a, b) : max(a, b)] + data[at:]


MUTATIONS = {
    "bytes flipped": _flip,
    "cut off": lambda rng, data: data[: len(data) * rng.randrange(100) // 100],
    "beginning lost": lambda rng, data: data[len(data) * rng.randrange(100) // 100 :],
    "middle lost": lambda rng, data: data[: (a := rng.randrange(len(data)))] + data[a + rng.randrange(400) :],
    "column dropped with its cells": _dropped_column,
    "column dropped from the header": lambda rng, data: _header(
        rng, data, lambda r, cells: cells[: (n := r.randrange(len(cells)))] + cells[n + 1 :]
    ),
    "column renamed": lambda rng, data: _header(rng, data, _rename),
    "columns reordered": _reordered,
    "column named twice": lambda rng, data: _header(
        rng, data, lambda r, cells: _replaced(cells, r.randrange(len(cells)), r.choice(cells))
    ),
    "row doubled": _doubled,
    "row contradicted": _contradicted,
    "lines swapped": _swap,
    "odd number": lambda rng, data: _cells(rng, data, lambda r, cell: r.choice(NUMBERS)),
    "odd date": lambda rng, data: _cells(
        rng, data, lambda r, cell: r.choice(DATES) if b"/" in cell else cell
    ),
    "odd date of publication": lambda rng, data: data.replace(
        data.split(b",")[5], rng.choice([d.split(b" ")[0] for d in DATES]), 1
    ),
    "odd text": lambda rng, data: _cells(rng, data, lambda r, cell: r.choice(ODD)),
    "field more or less": lambda rng, data: _cells(
        rng, data, lambda r, cell: r.choice([cell + b",", b"", cell + b",7"])
    ),
    "other line ends": lambda rng, data: data.replace(
        b"\r\n", rng.choice([b"\n", b"\r", b"\r\r\n", b"\n\n"])
    ),
    "UTF-16": lambda rng, data: data.decode("latin-1").encode(rng.choice(["utf-16", "utf-16-be"])),
    "byte order mark": lambda rng, data: b"\xef\xbb\xbf" + data,
    "spliced": _spliced,
    "everything quoted": lambda rng, data: b"\r\n".join(
        b",".join(
            b'"' + c.strip(b'"') + b'"' if n > 3 or r[:1] != b"D" else c for n, c in enumerate(r.split(b","))
        )
        if r[:1] == b"D"
        else r
        for r in _lines(data)
    ),
}


def plain_rows(data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """(table, row) of every D row under a header of its own report: the csv module and nothing of ours."""
    report: tuple[str, ...] = ()
    names: list[str] = []
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    for at, line in enumerate(lines):
        if line.startswith("I,"):
            report, names = (), []
            cells = _read(line.strip("\r"))
            if cells is not None and len(cells) > 4:
                cells = [cell.strip().upper() for cell in cells]
                while len(cells) > 4 and not cells[-1]:
                    cells.pop()
                report, names = tuple(cells[1:4]), cells[4:]
        elif line.startswith("D,") and report:
            # A quoted text may hold line ends: every possible end of the row is a reading of it.
            for more in range(21 if line.count('"') % 2 else 1):
                cells = _read("\n".join(lines[at : at + more + 1]).rstrip("\r"))
                if cells is None or tuple(cells[1:4]) != report:
                    continue
                while len(cells) > len(names) + 4 and not cells[-1]:
                    cells.pop()
                if len(cells) == len(names) + 4:
                    row: dict[str, str] = {}
                    for name, cell in zip(names, cells[4:], strict=True):
                        row.setdefault(name, cell)
                    for table in KNOWN.get((report[0], report[1]), ()):
                        yield table, row


def _read(text: str) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _expected(table: str, row: dict[str, str]) -> Row | None:
    """The lake row that a row of the file stands for, None where it stands for none."""
    values: list[Any] = []
    for column in TABLES[table].schema:
        if column.name == "published_at":
            continue
        source = (
            "INTERVAL_DATETIME"
            if (table, column.name) == ("rooftop_pv", "settlementdate")
            else column.name.upper()
        )
        cell = row.get(source, "")
        try:
            if str(column.type).startswith("timestamp"):
                values.append(_stamp(cell))
            elif str(column.type) in ("double", "float", "int8", "int16", "int32", "int64"):
                number = float(cell) if cell.strip() else None
                values.append(0 if number is None and column.name == "intervention" else number)
            else:
                values.append(cell or None)
        except ValueError:
            return None
    return tuple(values)


def _stamp(cell: str) -> datetime:
    for form in ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(cell, form)
        except ValueError:
            continue
    raise ValueError(cell)


class Hung(BaseException):
    """The reader took longer than it may."""


def _hang(*_: object) -> None:
    raise Hung


def judge(name: str, data: bytes, archive: bytes | None = None) -> tuple[list[str], int]:
    """What the reader broke of its promises on one file, and how many rows it accepted."""
    signal.signal(signal.SIGALRM, _hang)
    signal.alarm(SECONDS)
    problems: list[str] = []
    accepted = 0
    try:
        readings = list(mms.read(archive if archive is not None else data, name))
        for reading in readings:
            for table, rows in reading.rows.items():
                loading.split(loading.conform(rows, TABLES[table]), TABLES[table]) if rows.num_rows else None
    except Hung:
        return [f"took longer than {SECONDS} s"], 0
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return [f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {error}"[:200]], 0
    finally:
        signal.alarm(0)
    plain: dict[str, set[Row]] = {}
    for table, row in plain_rows(data):
        expected = _expected(table, row)
        plain.setdefault(table, set())
        if expected is not None:
            plain[table].add(expected)
    for reading in readings:
        for table, rows in reading.rows.items():
            kept = rows.drop_columns(["published_at"]) if "published_at" in rows.schema.names else rows
            got = list(zip(*(column.to_pylist() for column in kept.columns), strict=True))
            accepted += len(got)
            strangers = [row for row in got if row not in plain.get(table, set())]
            if strangers:
                problems.append(
                    f"{table}: {len(strangers)} accepted rows are not in the file: {strangers[:1]}"
                )
            keys = [tuple(row[rows.schema.names.index(k)] for k in _key(table)) for row in got]
            if len(set(keys)) != len(keys):
                problems.append(f"{table}: two rows of one key")
            # Nothing may be lost in silence.
            lost = {
                tuple(row[rows.schema.names.index(k)] for k in _key(table)) for row in plain.get(table, ())
            } - set(keys)
            if lost and not reading.refusals and table not in CHOOSY:
                problems.append(f"{table}: lost without a word: {sorted(lost, key=str)[:1]}")
    if not readings:
        problems.append("no reading and no reason")
    problems += [
        "a whole file refused without a reason" for r in readings if r.refused_whole and not r.refusals
    ]
    return problems, accepted


def _key(table: str) -> tuple[str, ...]:
    names = TABLES[table].schema.names
    return (*TABLES[table].key, *(n for n in ("intervention",) if n in names and n not in TABLES[table].key))


def zipped_file(rng: random.Random, name: str, data: bytes) -> tuple[bytes, str]:
    """A damaged zip of a sound file, and how it was damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    whole = buffer.getvalue()
    if rng.random() < 0.3:
        return whole[: len(whole) * rng.randrange(100) // 100], "zip cut off"
    return _flip(rng, whole), "zip with bytes flipped"


@dataclass
class Tally:
    """Files tried by mutation, rows accepted, and what was wrong."""

    files: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    untouched: int = 0
    problems: list[str] = field(default_factory=list)
    slowest: float = 0.0


def run(files: int, seed: int, minutes: float = 600.0, *, to_the_first: bool = False) -> Tally:
    """``files`` damaged files (fewer where ``minutes`` end before, or the first problem is all that is
    wanted), the mutations in turn; a problem's text names the seed of its file."""
    tally = Tally()
    names = sorted(originals())
    # Files that name no month may hold any stamp: they are half of all.
    live = [name for name in names if mms.month_named(name) is None]
    for name in names:
        problems, accepted = judge(name, originals()[name])
        tally.untouched += accepted
        tally.problems += [f"undamaged {name}: {problem}" for problem in problems]
        if to_the_first and tally.problems:
            return tally
    end = time.monotonic() + 60 * minutes
    for number in range(files):
        if time.monotonic() > end or (to_the_first and tally.problems):
            break
        rng = random.Random(f"{seed}/{number}")
        name = rng.choice(live if rng.random() < 0.5 else names)
        data, archive = originals()[name], None
        if number % 8 == 7:
            archive, how = zipped_file(rng, name, data)
            name = name[:-4] + ".zip"
        else:
            how = (
                list(MUTATIONS)[number % len(MUTATIONS)]
                if rng.random() < 0.7
                else rng.choice(list(MUTATIONS))
            )
            data = MUTATIONS[how](rng, data)
            if rng.random() < 0.15:
                data = MUTATIONS[rng.choice(list(MUTATIONS))](rng, data or b"x")
        started = time.monotonic()
        problems, accepted = judge(name, data, archive)
        tally.slowest = max(tally.slowest, time.monotonic() - started)
        tally.files[how] += 1
        tally.accepted += accepted
        tally.problems += [f"{how}, {name}, seed {seed}/{number}: {problem}" for problem in problems]
    return tally


def figures(tally: Tally) -> list[Figure]:
    total = sum(tally.files.values())
    return [
        Figure(
            "damaged files: no crash, no hang, no wrong row, no silent loss",
            f"{total:,} files of {len(tally.files)} kinds of damage, {tally.accepted:,} rows accepted",
            f"{len(tally.problems)} problems {tally.problems[:5] or ''}".strip(),
            f"0; {SECONDS} s for a file",
            not tally.problems,
        )
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so long, with fewer files")
    parser.add_argument("--folder", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    tally = run(chosen.files, chosen.seed, chosen.minutes)
    for problem in tally.problems[:60]:
        print(problem[:400])
    print(f"slowest file {tally.slowest:.2f} s, {tally.untouched:,} rows of undamaged files")
    result = figures(tally)
    return (
        write("ingest_mutations", result, chosen.folder)
        if chosen.folder
        else write("ingest_mutations", result)
    )


if __name__ == "__main__":
    raise SystemExit(main())
