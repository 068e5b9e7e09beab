"""D rows, piece by piece: which way they are read, where a row ends, and what is said of one refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_layer.ingest import rows as mms_rows
from data_layer.ingest.refusals import RefusalLog
from data_layer.ingest.reports import REPORTS
from data_layer.ingest.rows import Header, Plan, Window
from tests.data_layer.ingest.mms_text import PRICE_HEADER, SCADA_HEADER, price, scada

SCADA = REPORTS["DISPATCH", "UNIT_SCADA"][0]
PRICE = REPORTS["DISPATCH", "PRICE"][0]
TRADING = REPORTS["TRADING", "PRICE"][0]
PREFIX = b"D,DISPATCH,UNIT_SCADA,1,"
AT = "2025/01/01 00:05:00"


def plan(header: str = SCADA_HEADER, report: Any = SCADA) -> Plan:
    found = Header.parse(header.encode())
    assert found is not None
    return Plan.for_reports(found, [report])


def lines(*rows: str, end: str = "\n") -> bytes:
    return "".join(row + end for row in rows).encode()


def said(log: RefusalLog) -> list[tuple[int | None, str]]:
    return [(refusal.line, refusal.reason) for refusal in log.all()]


ROWS = lines(*(scada(AT, f"U{number}", number) for number in range(6)))
ROW = len(ROWS) // 6


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        (b"I,DISPATCH,UNIT_SCADA,1, duid ,SettlementDate,,\r\n", ("DUID", "SETTLEMENTDATE")),
        (b"I,DISPATCH,UNIT_SCADA,1,X,,Y,,", ("X", "", "Y")),
        (b"I,DISPATCH,UNIT_SCADA,1,X", ("X",)),
        (b"I,DISPATCH,UNIT_SCADA,1,,\n", ()),
    ],
)
def test_a_header_names_its_columns_without_the_empty_ones_at_its_end(
    line: bytes, columns: tuple[str, ...]
) -> None:
    header = Header.parse(line)
    assert header == Header("DISPATCH", "UNIT_SCADA", "1", columns)
    assert header.prefix == PREFIX


@pytest.mark.parametrize("line", [b"I,DISPATCH,UNIT_SCADA,1", b"I,A,B,1,\xff", b""])
def test_what_is_no_header(line: bytes) -> None:
    assert Header.parse(line) is None


@pytest.mark.parametrize(
    ("text", "well"),
    [
        (b"a,b\n", True),
        (b'a,"b"\n', True),
        (b'a,"b"\r\n', True),
        (b'a,"b",c\n', True),
        (b'a,"b","c"\n', True),
        (b'a,"b"\nd,"e","f"\n', True),
        (b'a,"b\n', False),
        (b'a,"b","c\n', False),
        (b'a,x"b"\n', False),
        (b'a,"b"x\n', False),
        (b'a,"b",x"c"\n', False),
        (b'a,"b","c"x\n', False),
        (b'a,""b"",c\n', False),
        (b'a,"b"', False),
        (b'a,"b","c"', False),
    ],
)
def test_quotes_are_around_whole_fields(text: bytes, well: bool) -> None:
    """Also of a range in the middle of a block whose ends have quotes of their own."""
    assert mms_rows._well_quoted(text, 0, len(text)) is well
    assert mms_rows._well_quoted(b'x"' + text + b'"y', 2, 2 + len(text)) is well


def test_own_lines_counts_the_range_and_nothing_beside_it() -> None:
    assert mms_rows.own_lines(ROWS, 0, len(ROWS), plan()) == 6
    assert mms_rows.own_lines(ROWS, ROW, 3 * ROW, plan()) == 2
    assert mms_rows.own_lines(ROWS, ROW, ROW, plan()) == 0
    beside = b"x\n" + ROWS[: 2 * ROW] + b"x\n"
    assert mms_rows.own_lines(beside, 2, 2 + 2 * ROW, plan()) == 2
    assert mms_rows.own_lines(beside, 0, 2 + 2 * ROW, plan()) is None
    assert mms_rows.own_lines(beside, 2, len(beside), plan()) is None
    assert mms_rows.own_lines(b"x\nx\n", 0, 4, plan()) is None


def test_the_fast_way_reads_the_range_and_nothing_beside_it() -> None:
    block = b"\0junk\n" + ROWS + b"\0junk,1,2,3\n"
    table = mms_rows._fast(block, 6, 6 + len(ROWS), 6, plan())
    assert table is not None
    assert table.schema.names == list(plan().types)
    assert table.column("SCADAVALUE").to_pylist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert table.column("DUID").to_pylist() == ["U0", "U1", "U2", "U3", "U4", "U5"]
    assert table.column("DUID").type == pa.dictionary(pa.int32(), pa.string())


def test_an_empty_text_is_none_with_and_without_quotes() -> None:
    block = lines(scada(AT, '""', 1), scada(AT, "", 2))
    table = mms_rows._fast(block, 0, len(block), 2, plan())
    assert table is not None
    assert table.column("DUID").to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("block", "count"),
    [
        (ROWS, None),
        (b"\0" + ROWS, 6),
        (ROWS[:30] + b"\0" + ROWS[30:], 6),
        (ROWS.replace(b"U3", b'U"3"'), 6),
        (ROWS[:ROW] + b"\n" + ROWS[ROW:], 7),
        (ROWS.replace(b",3,", b",x,"), 6),
    ],
    ids=["lines unknown", "NUL at once", "NUL", "stray quotes", "a line that is no row", "no number"],
)
def test_the_fast_way_is_not_taken(block: bytes, count: int | None) -> None:
    assert mms_rows._fast(block, 0, len(block), count, plan()) is None


def ranges(block: bytes, start: int, end: int, first: int, log: RefusalLog, **known: Any) -> list[Any]:
    return [
        (table.column("DUID").to_pylist(), numbers.tolist())
        for table, numbers in mms_rows.read_range(block, start, end, first, plan(), log, **known)
    ]


@pytest.mark.parametrize("known", [{}, {"lines": 3}])
def test_a_sound_range_is_read_at_once(known: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mms_rows, "_careful", None)
    monkeypatch.setattr(mms_rows, "_PIECE", 10)
    block = b"junk\n" + ROWS[: 3 * ROW] + b"junk\n"
    found = ranges(block, 5, 5 + 3 * ROW, 7, RefusalLog("f"), **known)
    assert found == [(["U0", "U1", "U2"], [7, 8, 9])]


def test_what_the_caller_counted_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mms_rows, "own_lines", None)
    assert ranges(ROWS, 0, len(ROWS), 1, RefusalLog("f"), lines=6)[0][1] == [1, 2, 3, 4, 5, 6]


def test_only_the_pieces_at_fault_are_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    careful = mms_rows._careful
    pieces = []

    def watched(piece: bytes, *rest: Any) -> Any:
        pieces.append(piece)
        return careful(piece, *rest)

    monkeypatch.setattr(mms_rows, "_careful", watched)
    monkeypatch.setattr(mms_rows, "_PIECE", 2 * ROW)
    bad = ROWS.replace(b",2,", b",x,")
    log = RefusalLog("f")
    found = ranges(b"junk\n" + bad + ROWS, 5, 5 + len(bad), 10, log)
    assert found == [(["U0", "U1"], [10, 11]), (["U3"], [13]), (["U4", "U5"], [14, 15])]
    assert pieces == [bad[2 * ROW : 4 * ROW]]
    assert said(log) == [(12, "SCADAVALUE is not a number: 'x'")]


def logical(piece: bytes) -> tuple[list[tuple[int, str]], list[tuple[int | None, str]]]:
    log = RefusalLog("f")
    return list(mms_rows._logical_lines(piece, 5, PREFIX, log)), said(log)


D = PREFIX.decode()


def test_a_quoted_text_may_run_over_lines() -> None:
    found, refused = logical(lines("", D + '"a","b', 'c"', "", D + "e"))
    assert found == [(6, D + '"a","b\nc"'), (9, D + "e")]
    assert refused == []


def test_a_quoted_text_ends_where_the_next_row_begins() -> None:
    found, refused = logical(lines(D + '"a', D + "b", D + '"c'))
    assert found == [(5, D + '"a'), (6, D + "b"), (7, D + '"c\n')]
    assert refused == []


def test_a_quoted_text_runs_over_twenty_lines_at_most() -> None:
    found, refused = logical(lines(D + '"a', *(f"x{number}" for number in range(22)), D + "b"))
    assert found == [(5, D + '"a' + "".join(f"\nx{number}" for number in range(20))), (28, D + "b")]
    assert [line for line, _ in refused] == [26, 27]


def test_a_closed_text_takes_no_further_line() -> None:
    found, refused = logical(lines(D + '"a"', "x"))
    assert found == [(5, D + '"a"')]
    reason = f"does not belong under its header, which asks for '{D}': 'x'"
    assert refused == [(6, reason)]


def test_a_foreign_row_is_shown_as_far_as_it_can_be() -> None:
    _, refused = logical(b"\xff" + b"y" * 60 + b"\n")
    reason = f"does not belong under its header, which asks for '{D}': '\ufffd" + "y" * 39 + "'"
    assert refused == [(5, reason)]


def test_bytes_that_are_no_text_are_named_and_passed() -> None:
    found, refused = logical(PREFIX + b"\xff\n" + PREFIX + b"\0\n" + PREFIX + b"a\n")
    assert found == [(7, D + "a")]
    assert refused == [(5, "is not valid UTF-8"), (6, "holds a NUL byte")]


def test_fields_of_a_row() -> None:
    log = RefusalLog("f")
    whole = ["D", "DISPATCH", "UNIT_SCADA", "1", "a", "b", "c", "d"]
    assert mms_rows._fields(3, D + "a,b,c,d\r", plan(), log) == whole
    assert mms_rows._fields(3, D + "a,b,c,d,,", plan(), log) == whole
    assert mms_rows._fields(3, D + "a,b,c,", plan(), log) == [*whole[:7], ""]
    assert said(log) == []
    assert mms_rows._fields(4, D + "a,b,c,d,,e", plan(), log) is None
    assert mms_rows._fields(5, D + "a,b,c", plan(), log) is None
    assert mms_rows._fields(6, D + 'a,"b', plan(), log) is None
    assert said(log) == [
        (4, "has a wrong number of fields: 10, its header 8"),
        (5, "has a wrong number of fields: 7, its header 8"),
        (6, f"has unbalanced quotes: '{D}a,\"b'"),
    ]


@pytest.mark.parametrize("rows", [[], [scada(AT, "", "")], [scada(AT, "", "", "")] * 2])
def test_the_careful_way_keeps_types_whatever_it_finds(rows: list[str]) -> None:
    table, numbers = mms_rows._careful(lines(*rows), 3, plan(), RefusalLog("f"))
    text = pa.dictionary(pa.int32(), pa.string())
    wanted = {"SETTLEMENTDATE": text, "DUID": text, "SCADAVALUE": pa.float64(), "LASTCHANGED": text}
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == wanted
    assert numbers.dtype == np.int64
    assert numbers.tolist() == list(range(3, 3 + len(rows)))


JANUARY = Window(datetime(2024, 12, 31), datetime(2025, 2, 2), "is outside the file's month")


def checked(
    header: str, report: Any, *rows: str, window: Window | None = JANUARY
) -> tuple[pa.Table, list[tuple[int | None, str]]]:
    log = RefusalLog("f")
    table, numbers = mms_rows._careful(lines(*rows), 1, plan(header, report), log)
    return mms_rows.check(table, numbers, report, window, log), said(log)


def test_stamps_of_a_window_and_what_is_said_of_others() -> None:
    rows = [
        scada(at, "U", 1)
        for at in (
            "2024/12/30 23:55:00",
            "2024/12/31 00:00:00",
            "2025/02/02 00:00",
            "2025-02-02 00:05:00",
            "2025/01/01 00:07:00",
            "2025/01/32 00:05:00",
            "",
        )
    ]
    table, refused = checked(SCADA_HEADER, SCADA, *rows)
    assert table.column("settlementdate").to_pylist() == [datetime(2024, 12, 31), datetime(2025, 2, 2)]
    assert sorted(refused, key=lambda one: one[0] or 0) == [
        (1, "SETTLEMENTDATE is outside the file's month: '2024/12/30 23:55:00'"),
        (4, "SETTLEMENTDATE is outside the file's month: '2025-02-02 00:05:00'"),
        (5, "SETTLEMENTDATE is off the 5-minute grid: '2025/01/01 00:07:00'"),
        (6, "SETTLEMENTDATE is not a date and time: '2025/01/32 00:05:00'"),
        (7, "SETTLEMENTDATE is empty"),
    ]


def test_values_that_may_be_missing_and_values_that_may_not() -> None:
    rows = [scada(AT, "U1", ""), scada(AT, "", 1), scada(AT, "U3", "inf"), scada(AT, "U4", 4, "")]
    table, refused = checked(SCADA_HEADER, SCADA, *rows)
    assert table.column("duid").to_pylist() == ["U4"]
    assert sorted(refused, key=lambda one: one[0] or 0) == [
        (1, "SCADAVALUE is empty"),
        (2, "DUID is empty"),
        (3, "SCADAVALUE is not finite"),
    ]
    without = price(AT, "NSW1", 50).replace(",50,0,50,", ",50,0,,")
    table, refused = checked(PRICE_HEADER, PRICE, without)
    assert refused == []
    assert table.column("rop").to_pylist() == [None], "the price alone is needed"


def test_flags_are_small_whole_numbers() -> None:
    flags = ["0", "1", "-32768", "32767", "-32769", "32768", "0.5", ""]
    rows = [price(AT, f"R{n}", 50).replace(",0,50,", f",{flag},50,", 1) for n, flag in enumerate(flags)]
    table, refused = checked(PRICE_HEADER, PRICE, *rows)
    assert table.column("intervention").to_pylist() == [0.0, 1.0, -32768.0, 32767.0, None]
    assert refused == [
        (5, "INTERVENTION is not a small whole number: -32769.0"),
        (6, "INTERVENTION is not a small whole number: 32768.0"),
        (7, "INTERVENTION is not a small whole number: 0.5"),
    ]


def test_a_rooftop_row_without_a_region_is_refused_and_not_dropped_unsaid() -> None:
    header = "I,ROOFTOP,ACTUAL,2,INTERVAL_DATETIME,REGIONID,POWER,QI,TYPE,LASTCHANGED"
    rows = [f"D,ROOFTOP,ACTUAL,2,2025/01/01 12:30:00,{r},5,1,DAILY," for r in ("", "NSW1", "NSWN")]
    table, refused = checked(header, REPORTS["ROOFTOP", "ACTUAL"][0], *rows)
    assert table.column("regionid").to_pylist() == ["NSW1"]
    assert refused == [(1, "REGIONID is empty")]


def test_stamps_are_whole_microseconds_from_1970_on() -> None:
    texts = ["1970/01/01 00:00:00", "1970/01/01 00:00:01", None, "1969/12/31 23:59:59", "soon"]
    encoded = pa.chunked_array([pa.array(texts[:2]), pa.array(texts[2:])]).dictionary_encode()
    stamps, invalid = mms_rows._stamps(encoded)
    assert stamps.tolist()[:2] == [0, 1_000_000]
    assert invalid.tolist() == [False, False, True, True, True]
    assert mms_rows._stamps(pa.chunked_array([], pa.dictionary(pa.int32(), pa.string())))[0].tolist() == []
    assert type(mms_rows._microseconds(datetime(1970, 1, 2))) is int
    assert mms_rows._parse_stamp("1970/01/01 00:01") == 60_000_000, "no seconds are none"
    assert mms_rows._parse_stamp("1970/13/01 00:01") == mms_rows._parse_stamp("x") == -1


def test_the_grid_of_trading_prices() -> None:
    at = [
        (2021, 9, 30, 23, 30),
        (2021, 9, 30, 23, 55),
        (2021, 10, 1),
        (2021, 10, 1, 0, 5),
        (2021, 10, 1, 0, 7),
    ]
    stamps = np.array([mms_rows._microseconds(datetime(*one)) for one in at])  # type: ignore[arg-type]
    assert mms_rows._off_grid(stamps, TRADING).tolist() == [False, True, False, False, True]
    assert mms_rows._off_grid(stamps, PRICE).tolist() == [False, False, False, False, True]
