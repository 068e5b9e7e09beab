"""Small files that would unpack to much: archives and registration lists, each read in a process of its own.

    python -m tests.trust.bombs

Asked of each: it is refused with a reason, within two seconds of processor, and the peak memory of its reader
grows by no more than 50 MB. The processes are forked from one that has imported the readers and read one
sound file of each kind, so that nothing but the body is measured.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from data_layer.ingest import mms, registration
from tests.data_layer.ingest.mms_text import zipped
from tests.data_layer.ingest.registration_list import of_one_unit
from tests.trust import ingest_upstream as upstream
from tests.trust.ingest_figures import FOLDER, Figure, write

MOST_MB: Final = 50.0
MOST_SECONDS: Final = 2.0
MEBIBYTE: Final = 1 << 20

SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
SHARED: Final = (
    f'<Override PartName="/{STRINGS}" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
MAIN: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def workbook() -> dict[str, bytes]:
    """The members of a sound registration list of one unit, with a part for shared texts as Excel has it."""
    buffer = io.BytesIO()
    of_one_unit(7).save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    types = members["[Content_Types].xml"]
    members["[Content_Types].xml"] = types.replace(b"</Types>", f"{SHARED}</Types>".encode())
    return {**members, STRINGS: f"<sst {MAIN}><si><t>a</t></si></sst>".encode()}


def with_part(name: str, start: bytes, piece: bytes, times: int, end: bytes) -> bytes:
    """The workbook with one part in whose middle ``piece`` is repeated; never whole in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, data in workbook().items():
            if other != name:
                archive.writestr(other, data)
        at_once = max(1, MEBIBYTE // len(piece))
        with archive.open(name, "w") as member:
            member.write(start)
            for _ in range(times // at_once):
                member.write(piece * at_once)
            member.write(piece * (times % at_once) + end)
    return buffer.getvalue()


def _strings(piece: bytes, times: int, before: str = "") -> bytes:
    start = f'<?xml version="1.0"?>{before}<sst {MAIN}>'.encode()
    return with_part(STRINGS, start, piece, times, b"</sst>")


def _sheet(piece: bytes, times: int) -> bytes:
    start = f'<?xml version="1.0"?><worksheet {MAIN}><sheetData>'.encode()
    return with_part(SHEET, start, piece, times, b"</sheetData></worksheet>")


def _laughs() -> str:
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f"<!DOCTYPE sst [{entities}]>"


def lists() -> dict[str, bytes]:
    """Registration lists that are none."""
    sound = workbook()
    many = {**sound, **{f"xl/media/{n}.png": b"x" for n in range(10_000)}}
    external = '<!DOCTYPE sst [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    return {
        "a list whose shared texts are 1 GiB": _strings(b"<si><t>a</t></si>", (1 << 30) // 17),
        "a list whose sheet is 1 GiB": _sheet(b'<row r="1"><c r="A1"/></row>', (1 << 30) // 28),
        "a list with a single text of 1 GiB": _strings(b"<si><t>" + b" " * MEBIBYTE + b"</t></si>", 1024),
        "a list whose styles are 4 MiB": with_part(
            STYLES, f"<styleSheet {MAIN}><cellXfs>".encode(), b"<xf/>", MEBIBYTE, b"</cellXfs></styleSheet>"
        ),
        "a list whose styles are 1 MiB in many kinds": with_part(
            STYLES,
            f"<styleSheet {MAIN}><cellXfs>".encode(),
            b'<xf numFmtId="9"/>' + os.urandom(4).hex().encode(),
            MEBIBYTE // 26,
            b"</cellXfs></styleSheet>",
        ),
        "a list whose shared texts are 7 MiB of nothing": _strings(b"<si/>", 7 * MEBIBYTE // 5),
        "a list of ten thousand members": zipped(many),
        "a list of entities in entities": _strings(b"<si><t>&a9;</t></si>", 1, _laughs()),
        "a list with a file of the machine as an entity": _strings(b"<si><t>&f;</t></si>", 1, external),
        "a list of rows that reach column XFD": _sheet(b'<row><c r="XFD1"><v>1</v></c></row>', 20_000),
        "a list whose first row is the millionth": _sheet(b'<row r="1048576"><c r="A1048576"/></row>', 1),
    }


def _directory(members: int) -> bytes:
    """A zip whose directory names ``members`` members, all of them the same packed byte."""
    packed = zlib.compressobj(wbits=-15)
    data = packed.compress(b"x") + packed.flush()
    crc = zlib.crc32(b"x")
    name = b"A.CSV"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(data), 1, len(name), 0) + name + data
    one = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(data), 1, len(name), 0, 0, 0, 0, 0, 0
    )
    listing = (one + name) * members
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(listing), len(local), 0)
    return local + listing + end


def _one_line(mebibytes: int) -> bytes:
    """A CSV of one line, packed as tightly as the bounds allow."""
    data = b"D,DISPATCH,PRICE,5," + b"\0" * (mebibytes * MEBIBYTE)
    padding = os.urandom(mebibytes * MEBIBYTE // 180)
    return zipped({"A.CSV": data + b"\n" + padding})


OF_THEIR_ROWS: Final = ("a file of another month", "rows of another version than their header")
"""Refused by what their rows say (ingest_upstream), which is no matter of size."""


def archives() -> dict[str, bytes]:
    """What a server may send in a report's place and would unpack to much, or cost much to look at."""
    found = {
        one.name: one.body()
        for one in upstream.bodies()
        if one.body is not None and one.outcome == upstream.REFUSED and one.name not in OF_THEIR_ROWS
    }
    bomb = found["a bomb of 1 MB to 1 GiB"]
    return {
        **found,
        "a bomb in a zip in a zip": zipped({"A.ZIP": zipped({"B.ZIP": bomb})}),
        "a hundred bombs": zipped({f"B{n}.ZIP": bomb for n in range(100)}, zipfile.ZIP_STORED),
        "a directory of a million members": _directory(1_000_000),
        "one line of 100 MiB": _one_line(100),
    }


@dataclass(frozen=True)
class Judged:
    """What reading one body cost; seconds are of processor, since other runs share the machine."""

    name: str
    reason: str
    """Empty where it was not refused."""
    seconds: float
    growth_mb: float

    @property
    def met(self) -> bool:
        return bool(self.reason) and self.seconds <= MOST_SECONDS and self.growth_mb <= MOST_MB


def read(path: Path) -> str:
    """Why the file is refused; empty where it is not."""
    if path.suffix == ".xlsx":
        try:
            registration.read(path)
        except Exception as error:  # what Run.take_registry does
            return f"{type(error).__name__}: {error}"
        return ""
    readings = list(mms.read(path, path.name))
    if any(reading.rows for reading in readings):
        return ""
    return "; ".join(refusal.reason for reading in readings for refusal in reading.refusals[:1])[:200]


def judge(paths: list[Path]) -> Iterator[dict[str, object]]:
    """Each file read by a child of this process, which has read sound ones before."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "list.xlsx"
        sound.write_bytes(zipped(workbook()))
        assert read(sound) == ""
        report = Path(folder) / f"{upstream.STRUCK}.zip"
        report.write_bytes(zipped({f"{upstream.STRUCK}.CSV": upstream.month_of_prices()}))
        assert read(report) == ""
    for path in paths:
        out, into = os.pipe()
        if (child := os.fork()) == 0:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            started = time.process_time()
            reason = read(path)
            seconds = time.process_time() - started
            growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            os.write(into, json.dumps([reason, seconds, growth]).encode())
            os._exit(0)
        os.close(into)
        with os.fdopen(out) as answer:
            said = answer.read()
        os.waitpid(child, 0)
        # A child that died said nothing: no reason, which counts as not refused.
        reason, seconds, growth = json.loads(said) if said else ("", 0.0, 0.0)
        yield {"file": path.name, "reason": reason, "seconds": seconds, "growth_mb": growth}


def judged(bodies: dict[str, bytes], suffix: str) -> list[Judged]:
    """Every body, judged in a process that never held it."""
    with tempfile.TemporaryDirectory(prefix="nemdesk-bombs-") as folder:
        names = {}
        for number, (name, body) in enumerate(bodies.items()):
            path = Path(folder) / f"{number}{suffix}"
            path.write_bytes(body)
            names[path.name] = name
        done = subprocess.run(
            [sys.executable, "-m", "tests.trust.bombs", "--judge", *(str(Path(folder) / n) for n in names)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [Judged(names[row.pop("file")], **row) for row in rows]


def figures(what: str, found: list[Judged]) -> Figure:
    worst = max(found, key=lambda one: one.growth_mb)
    slowest = max(found, key=lambda one: one.seconds)
    return Figure(
        what,
        f"{len(found)} bodies, a process each",
        f"{sum(not one.reason for one in found)} not refused; peak memory grew by at most "
        f"{worst.growth_mb:.0f} MB ({worst.name}); the slowest took {slowest.seconds:.2f} s of processor "
        f"({slowest.name})",
        f"all refused; <= {MOST_MB:.0f} MB; <= {MOST_SECONDS:.0f} s",
        all(one.met for one in found),
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", nargs="*", type=Path)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    if chosen.judge:
        for row in judge(chosen.judge):
            print(json.dumps(row), flush=True)
        return 0
    reports, registers = judged(archives(), ".zip"), judged(lists(), ".xlsx")
    for one in reports + registers:
        print(f"{one.name}: {one.growth_mb:.0f} MB, {one.seconds:.2f} s: {one.reason[:100] or 'NOT REFUSED'}")
    result = [
        figures("archives that would unpack to much", reports),
        figures("registration lists that would unpack to much", registers),
    ]
    return write("bombs", result, chosen.folder)


if __name__ == "__main__":
    raise SystemExit(main())
