"""An Excel workbook, written a piece at a time straight into its zip.

openpyxl, with which the tests read these files back, writes a tenth of the rows in the same time, and lays
every sheet out uncompressed in the temporary folder first: gigabytes of a disk that is not the export's.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

from data_layer.exports.forms import QUICK, Form
from data_layer.exports.outlet import Outlet

SHEET_ROWS: Final = 1_048_576
"""Excel's own limit, header included."""

TEXT_LENGTH: Final = 32_767
"""Excel's own limit for a cell."""

ABOUT: Final = "About"

_GENERAL, _TEXT, _TIME, _DATE, _HEADER, _PROSE = range(6)
"""Cell styles by their place in _STYLES. Text is of the format Text: it stays text when it is edited."""

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_STYLES: Final = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="6">'
    + "".join(
        f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" '
        f'applyFont="1"{more}'
        for number, font, more in (
            (0, 0, "/>"),
            (49, 0, "/>"),
            (164, 0, "/>"),
            (165, 0, "/>"),
            (49, 1, "/>"),
            (49, 0, ' applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'),
        )
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)

_DAY_MICROSECONDS: Final = 86_400e6
_EPOCH: Final = 25_569.0
"""1970-01-01 as Excel counts days."""

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LIKE_AN_ESCAPE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""Excel reads _x0041_ as "A"."""


class Excel(Form):
    """Sheets "Rows", "Rows 2", ... of at most SHEET_ROWS each under a frozen header, then "About"."""

    def __init__(self, outlet: Outlet, schema: pa.Schema, facts: Mapping[str, str]) -> None:
        self._zip = zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK)
        self._schema = schema
        self._letters = [_letters(place) for place in range(len(schema))]
        self._sheets: list[str] = []
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        number = len(self._sheets) + 1
        self._sheets.append("Rows" if number == 1 else f"Rows {number}")
        self._member = self._zip.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True)
        widths = [max(len(field.name) + 2, 18 if _is_moment(field.type) else 12) for field in self._schema]
        header = "".join(
            _text_cell(letters, 1, field.name, _HEADER)
            for letters, field in zip(self._letters, self._schema, strict=True)
        )
        view = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        self._member.write(_sheet_head(widths, view).encode() + f'<row r="1">{header}</row>'.encode())
        self._row = 2

    def _end_sheet(self) -> None:
        self._member.write(b"</sheetData></worksheet>")
        self._member.close()

    def write(self, rows: pa.Table) -> None:
        while rows.num_rows:
            free = SHEET_ROWS - self._row + 1
            if not free:
                self._end_sheet()
                self._begin_sheet()
                continue
            self._member.write(self._rows(rows.slice(0, free)))
            self._row += min(free, rows.num_rows)
            rows = rows.slice(free)

    def _rows(self, rows: pa.Table) -> memoryview:
        """The XML of the rows: one text for each, built by column."""
        numbers = pa.array(range(self._row, self._row + rows.num_rows)).cast(pa.large_string())
        parts: list[Any] = ['<row r="', numbers, '">']
        for letters, column in zip(self._letters, rows.columns, strict=True):
            before, value, after = _cells(column)
            cell = _joined(f'<c r="{letters}', numbers, before, value, after)
            parts.append(cell.fill_null(_large("")))
        return _bytes_of(_joined(*parts, "</row>"))

    def finish(self, facts: Mapping[str, str]) -> None:
        self._end_sheet()
        self._sheets.append(ABOUT)
        lines = "".join(
            f'<row r="{row}">{_text_cell("A", row, name.capitalize(), _HEADER)}'
            f"{_text_cell('B', row, value, _PROSE)}</row>"
            for row, (name, value) in enumerate(facts.items(), start=1)
        )
        about = f"{_sheet_head([16, 110], '')}{lines}</sheetData></worksheet>"
        self._zip.writestr(f"xl/worksheets/sheet{len(self._sheets)}.xml", about)
        for name, text in _frame(self._sheets).items():
            self._zip.writestr(name, _XML + text)
        self._zip.writestr("xl/styles.xml", _STYLES)
        self._zip.close()


def _cells(column: pa.ChunkedArray) -> tuple[str, pa.Array, str]:
    """What stands before, in and after the cells' values; no value, no cell."""
    kind: Any = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    values = column.combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], kind)
    if pa.types.is_timestamp(kind):
        micros = values.cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.float64())
        return _number(pc.add(pc.divide(micros, _DAY_MICROSECONDS), _EPOCH), _TIME)
    if pa.types.is_date(kind):
        return _number(pc.add(values.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()), _EPOCH), _DATE)
    if pa.types.is_boolean(kind):
        return '" t="b"><v>', values.cast(pa.int8()).cast(pa.large_string()), "</v></c>"
    if pa.types.is_floating(kind):
        return _number(pc.if_else(pc.is_finite(values), values, None), _GENERAL)
    if pa.types.is_integer(kind):
        return _number(values, _GENERAL)
    # Few texts stand in many rows: each is escaped once.
    encoded = values.cast(pa.large_string()).dictionary_encode()
    texts = pa.array([_escaped(text) for text in encoded.dictionary.to_pylist()], pa.large_string())
    before = f'" s="{_TEXT}" t="inlineStr"><is><t xml:space="preserve">'
    return before, texts.take(encoded.indices), "</t></is></c>"


def _number(values: pa.Array, style: int) -> tuple[str, pa.Array, str]:
    return f'" s="{style}"><v>', values.cast(pa.large_string()), "</v></c>"


def _large(part: Any) -> Any:
    return pa.scalar(part, pa.large_string()) if isinstance(part, str) else part


def _joined(*parts: Any) -> Any:
    """Texts put together row by row; null where one of them is."""
    return pc.binary_join_element_wise(*map(_large, parts), _large(""), null_handling="emit_null")


def _bytes_of(texts: pa.Array) -> memoryview:
    """All texts of a large_string array one after another, as they lie in memory."""
    if not len(texts):
        return memoryview(b"")
    ends = memoryview(texts.buffers()[1]).cast("q")
    return memoryview(texts.buffers()[2])[ends[texts.offset] : ends[texts.offset + len(texts)]]


def _escaped(text: str) -> str:
    plain = _LIKE_AN_ESCAPE.sub("_x005F_", _NOT_XML.sub("", text)[:TEXT_LENGTH])
    return escape(plain).replace("\r", "&#13;")


def _text_cell(letters: str, row: int, text: str, style: int) -> str:
    return (
        f'<c r="{letters}{row}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{_escaped(text)}'
        "</t></is></c>"
    )


def _letters(place: int) -> str:
    """A column's name: A, B, ... Z, AA, ..."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(65 + letter) + name
    return name


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _sheet_head(widths: list[int], view: str) -> str:
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths, start=1)
    )
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{view}</sheetView>'
        f"</sheetViews><cols>{columns}</cols><sheetData>"
    )


def _frame(sheets: list[str]) -> dict[str, str]:
    """The parts of the package that name its sheets."""
    numbered = list(enumerate(sheets, start=1))
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
        for number, _ in numbered
    )
    named = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>' for number, name in numbered
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" '
        f'Target="worksheets/sheet{number}.xml"/>'
        for number, _ in numbered
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>{types}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{named}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="rId{len(sheets) + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
        "</Relationships>",
    }
