"""Hostile texts through the files that people open in a spreadsheet, judged by LibreOffice itself.

    python -m tests.trust.spreadsheets

Each text of the corpus stands in every file that we write as CSV or .xlsx, beside a negative number.
LibreOffice converts the file to its own flat XML, which says of every cell whether it is a formula, a text or
a number. Asked: no cell is a formula, every text is there (in CSV with an apostrophe before it at most), and
every number is still the number. LibreOffice is Debian's libreoffice-calc; without it the run says so.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import openpyxl
import pyarrow as pa
from openpyxl.utils.escape import unescape

from app import encodings
from data_layer.exports.excel import TEXT_LENGTH, Excel
from data_layer.exports.forms import CsvZip
from data_layer.exports.outlet import Outlet
from data_layer.query_manager import Answer
from tests.trust.ingest_figures import FOLDER, Figure, write

BODIES: Final = (
    "1+1",
    "A1",
    "SUM(A1:B9)",
    'HYPERLINK("http://127.0.0.1/?"&A1,"click")',
    "cmd|' /C calc'!A0",
    'DDE("soffice";"x";"A1")',
    'WEBSERVICE("http://127.0.0.1/")',
    'IMPORTXML("http://127.0.0.1/","//a")',
    "2+5+cmd|'/C calc'!'A1'",
    "'file:///etc/passwd'#$passwd.A1",
    'INDIRECT("A1")',
)
SIGNS: Final = ("=", "+", "-", "@", "==", "=-", "+=", "\uff1d", "\uff0b", "\uff0d", "\uff20", "%", "|")
BEFORE: Final = ("", " ", "\t", "\r", "\n", "\ufeff", "\u00a0", "\u200b", '"', "'", ",", ";")
OTHER: Final = (
    "=",
    "-",
    "+",
    "@",
    "-5",
    "+5",
    "-5 degrees",
    "1e5",
    "0x10",
    "00123",
    "1/2",
    "01/02/2026",
    "TRUE",
    "#REF!",
    "_x003D_1+1",
    "_x0009_=1",
    "&#61;1+1",
    "&lt;f&gt;1+1&lt;/f&gt;",
    "</t></is></c><c r='Z9'><f>1+1</f></c>",
    "<![CDATA[=1+1]]>",
    '"=1+1"',
    '","=1+1',
    '"\n=1+1',
    "a\n=1+1",
    "a\r\n=1+1",
    "a,=1+1",
    "a;=1+1",
    "a\t=1+1",
    "a",
    "Bayswater",
    "Yambuk & Codrington",
    "O'Brien's \"Farm\"",
    "Śnieżka 雪山",
    "{=1+1}",
    "of:=1+1",
    "=" + "A" * 200,
)


def corpus() -> list[str]:
    """The texts, each once."""
    made = [f"{before}{sign}{body}" for body, sign, before in itertools.product(BODIES[:1], SIGNS, BEFORE)]
    made += [
        f"{before}{sign}{body}" for body, sign in itertools.product(BODIES[1:], SIGNS) for before in ("",)
    ]
    return list(dict.fromkeys([*made, *OTHER]))


def table(texts: list[str]) -> pa.Table:
    """Each text plain and as a dictionary's entry, beside -(row + 0.5)."""
    return pa.table(
        {
            "name": texts,
            "coded": pa.array(texts).dictionary_encode(),
            "mw": [-(row + 0.5) for row in range(len(texts))],
        }
    )


def files(rows: pa.Table, folder: Path) -> dict[str, Path]:
    """Every file of ours for a spreadsheet: the download's CSV, the export's CSV, the export's workbook."""
    (folder / "download.csv").write_bytes(b"".join(encodings.csv(Answer(rows, None))))  # type: ignore[arg-type]
    for name, kind in (("export.zip", CsvZip), ("export.xlsx", Excel)):
        with open(folder / name, "wb") as handle:
            made = kind(Outlet(handle), rows.schema, {"source": "=1+1"})
            made.write(rows)
            made.finish({"source": "=1+1"})
    with zipfile.ZipFile(folder / "export.zip") as archive:
        (folder / "export.csv").write_bytes(archive.read("rows.csv"))
    return {name: folder / name for name in ("download.csv", "export.csv", "export.xlsx")}


def plain(text: str) -> str:
    """A text as far as any spreadsheet keeps it: no control characters, ends of lines alike."""
    text = re.sub(r"\r\n|\r", "\n", text)
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)[:TEXT_LENGTH]


OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def converted(path: Path, folder: Path) -> Path:
    """The file as LibreOffice's flat XML; CSV is read as UTF-8 with commas, as its import offers."""
    command = ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/profile"]
    if path.suffix == ".csv":
        command.append("--infilter=Text - txt - csv (StarCalc):44,34,76,1")
    command += ["--convert-to", "fods", "--outdir", str(folder / "out"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder / "out" / f"{path.stem}.fods"


def _lines(element: ElementTree.Element) -> str:
    """The text of a cell; blanks and tabs are elements of their own."""
    found = element.text or ""
    for child in element:
        if child.tag == f"{TEXT}s":
            found += " " * int(child.get(f"{TEXT}c", "1"))
        elif child.tag == f"{TEXT}tab":
            found += "\t"
        elif child.tag == f"{TEXT}line-break":
            found += "\n"
        else:
            found += _lines(child)
        found += child.tail or ""
    return found


def cells(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Rows of the first sheet: (kind, value) of each cell; the kind is "formula" or LibreOffice's own."""
    (sheet, *_) = ElementTree.parse(path).getroot().iter(f"{TABLE}table")
    for row in sheet.iter(f"{TABLE}table-row"):
        found: list[tuple[str, str]] = []
        for cell in row.iter(f"{TABLE}table-cell"):
            text = "\n".join(_lines(line) for line in cell.iter(f"{TEXT}p"))
            kind = cell.get(f"{OFFICE}value-type", "")
            if cell.get(f"{TABLE}formula") is not None:
                kind, text = "formula", cell.get(f"{TABLE}formula", "")
            elif kind == "float":
                text = cell.get(f"{OFFICE}value", "")
            repeated = min(int(cell.get(f"{TABLE}number-columns-repeated", "1")), 3)
            found += [(kind, text)] * repeated
        if any(kind for kind, _ in found):
            yield found


def judged(texts: list[str], rows: list[list[tuple[str, str]]], quoted: bool) -> list[str]:
    """What is wrong with the rows (header first) of one converted file."""
    problems = [f"{len(rows) - 1} rows instead of {len(texts)}"] if len(rows) != len(texts) + 1 else []
    problems += [f"a formula: {text[:60]}" for row in rows for kind, text in row if kind == "formula"]
    for number, (text, row) in enumerate(zip(texts, rows[1:], strict=False)):
        allowed = {plain(text)} | ({f"'{plain(text)}"} if quoted else set())
        for kind, shown in row[:2]:
            # A text that is all digits or a date is read as such from CSV, which has no types.
            untyped = quoted and kind in ("float", "date", "boolean", "percentage", "fraction")
            if not untyped and plain(shown) not in allowed:
                problems.append(f"{text[:40]!r} became {shown[:60]!r} ({kind})")
        if row[2:3] != [("float", f"{-(number + 0.5):g}")]:
            problems.append(f"row {number}: {row[2:3]} is not the number")
    return problems


def read_back(path: Path) -> list[list[tuple[str, str]]]:
    """The short form: the same rows by Python's csv and openpyxl, where a sign makes a formula."""
    if path.suffix == ".csv":
        listed: list[list[Any]] = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    else:
        sheet = openpyxl.load_workbook(path)["Rows"]
        kinds = [[(cell.data_type, cell.value) for cell in row] for row in sheet.iter_rows()]
        names = {"f": "formula", "n": "float", "s": "string", "inlineStr": "string"}
        return [
            [(names[kind], f"{value:g}" if kind == "n" else unescape(str(value))) for kind, value in row]
            for row in kinds
        ]
    rows = [[("formula" if _runs(cell) else "string", cell) for cell in row[:2]] for row in listed]
    numbers = [[("float", f"{float(row[2]):g}")] for row in listed[1:]]
    return [rows[0], *(row + number for row, number in zip(rows[1:], numbers, strict=True))]


def _runs(cell: str) -> bool:
    folded = cell.translate({0xFF1D: "=", 0xFF0B: "+", 0xFF0D: "-", 0xFF20: "@"})
    return folded.lstrip(" \t\r\n\u00a0\u200b\ufeff")[:1] in set("=+-@") or cell[:1] in set("\t\r\n|%")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    if shutil.which("soffice") is None:
        print("Skipped: LibreOffice is not here (apt-get install --no-install-recommends libreoffice-calc).")
        return 0
    texts = corpus()
    figures = []
    with tempfile.TemporaryDirectory(prefix="nemdesk-spreadsheets-") as name:
        folder = Path(name)
        for label, path in files(table(texts), folder).items():
            problems = judged(texts, list(cells(converted(path, folder))), path.suffix == ".csv")
            for problem in problems[:20]:
                print(f"{label}: {problem}", file=sys.stderr)
            figures.append(
                Figure(
                    f"{label} in LibreOffice: no formula, texts kept, negative numbers stay numbers",
                    f"{len(texts)} hostile texts, each twice, and as many numbers",
                    f"{len(problems)} otherwise" + (f" ({problems[0]})" if problems else ""),
                    "0",
                    not problems,
                )
            )
    return write("spreadsheets", figures, chosen.folder)


if __name__ == "__main__":
    raise SystemExit(main())
