"""The MMS reader between C, I and D rows: where a file begins and ends, and which of two rows is kept."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from data_layer.ingest import mms
from data_layer.ingest import rows as mms_rows
from data_layer.ingest.archives import Bounds
from data_layer.ingest.mms import Reading
from data_layer.ingest.refusals import Refusal
from data_layer.period import EARLIEST, LATEST
from tests.data_layer.ingest.mms_text import (
    PRICE_HEADER,
    SCADA_HEADER,
    SOLUTION_HEADER,
    control,
    price,
    scada,
    solution,
    zipped,
)
from tests.data_layer.ingest.mms_text import mms as text

LIVE = "PUBLIC_DISPATCHSCADA_202501010005_0000000000000001.CSV"
AT = "2025/01/01 00:05:00"
ONE = scada(AT, "ER01", 1)
FOOTER = 'C,"END OF REPORT",3\r\n'


def only(data: bytes, name: str = LIVE) -> Reading:
    (reading,) = mms.read(data, name)
    assert reading.name == name
    return reading


def said(reading: Reading) -> list[tuple[int | None, str]]:
    return [(refusal.line, refusal.reason) for refusal in reading.refusals]


def duids(reading: Reading) -> list[str]:
    return list(reading.rows["unit_scada"].column("duid").to_pylist())


PAGE = "is an HTML page, not an MMS file: the server answered with an error page"
NO_C = "does not begin with a C row: it is not an MMS file"
CUT = 'is cut off: its last row is not C,"END OF REPORT"'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (text(footer=False), CUT),
        (text(SCADA_HEADER, ONE, footer=False), CUT),
        (text(SCADA_HEADER, ONE) + ONE.encode(), CUT),
        (text(SCADA_HEADER) + SCADA_HEADER.encode(), CUT),
        (b"C,SHORT,ROW\n" + FOOTER.encode(), NO_C),
        (b"X,a,b,c,d,2025/02/20,09:36:25,x\n" + FOOTER.encode(), NO_C),
        (f"X{control()}\n{FOOTER}".encode(), NO_C),
        (b"X<html>\n" + FOOTER.encode(), NO_C),
        (text(published="2025/02/30,09:36:25"), "has no date of publication in its C row"),
        (
            text(published=f"{EARLIEST - timedelta(seconds=1):%Y/%m/%d,%H:%M:%S}"),
            "says that it was published at 1998-11-30 23:59:59, which cannot be",
        ),
        (
            text(published=f"{LATEST:%Y/%m/%d,%H:%M:%S}"),
            "says that it was published at 2100-01-01 00:00:00, which cannot be",
        ),
    ],
)
def test_what_is_said_of_a_file_that_is_refused_whole(data: bytes, reason: str) -> None:
    reading = only(data)
    assert reading.refusals == [Refusal(LIVE, None, reason)]
    assert (reading.rows, reading.refused_whole) == ({}, True)


@pytest.mark.parametrize("start", [b"<html>", b"\xef\xbb\xbf<!DOCTYPE html>", b" \t<html>"])
def test_a_page_inside_a_zip_is_refused_as_one(start: bytes) -> None:
    (reading,) = mms.read(zipped({"A.CSV": start + b"\n</html>\n"}), "A.ZIP")
    assert (reading.name, reading.refusals) == ("A.ZIP/A.CSV", [Refusal("A.ZIP/A.CSV", None, PAGE)])


def test_an_empty_member_is_refused_as_one() -> None:
    (reading,) = mms.read(zipped({"A.CSV": b""}), "A.ZIP")
    assert reading.refusals == [Refusal("A.ZIP/A.CSV", None, "is empty")]


@pytest.mark.parametrize(
    "first",
    [
        "\ufeff" + control(),
        "\ufeffC,SETP,X,AEMO,PUBLIC,2025/02/20,09:36:25",
        '"C",SETP,X,AEMO,PUBLIC,2025/02/20,09:36:25',
        "C,SETP,X,AEMO,PUBLIC,2025/02/20,09:36:25",
        'C,"SETP.WORLD",X,AEMO,"PUBLIC","2025/02/20","09:36:25",1',
        "C, SETP.WORLD ,X,AEMO,PUBLIC, 2025/02/20 , 09:36:25 ,1",
    ],
)
def test_spellings_of_the_first_row(first: str) -> None:
    data = text(SCADA_HEADER, ONE).replace(control().encode(), first.encode())
    reading = only(data)
    assert reading.published_at == datetime(2025, 2, 20, 9, 36, 25)
    assert (duids(reading), said(reading)) == (["ER01"], [])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rows_before_any_header_begin_after_the_first_row(mark: str) -> None:
    reading = only(mark.encode() + text(ONE, SCADA_HEADER, ONE, scada(AT, "ER02", "x")))
    assert said(reading) == [
        (2, "rows before any I row are left out"),
        (5, "SCADAVALUE is not a number: 'x'"),
    ]


def test_a_first_row_may_hold_bytes_that_are_no_text() -> None:
    data = text(SCADA_HEADER, ONE).replace(b"SETP.WORLD", b"\xff")
    assert duids(only(data)) == ["ER01"]


@pytest.mark.parametrize("published", [EARLIEST, LATEST - timedelta(seconds=1)])
def test_the_first_and_the_last_moment_of_publication(published: datetime) -> None:
    assert only(text(published=f"{published:%Y/%m/%d,%H:%M:%S}")).published_at == published


def test_blank_lines_are_nothing() -> None:
    plain = text(SCADA_HEADER, ONE)
    assert said(only(plain + b"\r\n\r\n")) == [], "after the end"
    assert duids(only(text(SCADA_HEADER, *[""] * 5_000, ONE))) == ["ER01"], "before the first row"
    data = text("", SCADA_HEADER, ONE, *[""] * 5_000, scada(AT, "ER02", 2), scada(AT, "ER03", "x"))
    reading = only(data)
    assert duids(reading) == ["ER01", "ER02"]
    assert said(reading) == [(5_006, "SCADAVALUE is not a number: 'x'")]


def test_rows_and_headers_that_lead_nowhere_are_named_once_with_their_line() -> None:
    reading = only(text(ONE, ONE, SCADA_HEADER, ONE))
    assert said(reading) == [(2, "rows before any I row are left out")]
    assert duids(reading) == ["ER01"]
    reading = only(text(SCADA_HEADER, ONE, "I,DISPATCH", scada(AT, "ER02", 1)))
    assert said(reading) == [(4, "is not a readable I row; the rows under it are left out")]
    assert duids(reading) == ["ER01"]
    header = SCADA_HEADER.replace("DUID", "A").replace("SCADAVALUE", "B")
    reason = "the header of DISPATCH,UNIT_SCADA has no column DUID, SCADAVALUE; its rows are left out"
    assert said(only(text(header, ONE))) == [(2, reason)]


@pytest.mark.parametrize("block", [16 << 20, 100])
def test_lines_are_counted_through_sections(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mms, "_BLOCK", block)
    bad = price(AT, "NSW1", "x")
    data = text(SCADA_HEADER, ONE, PRICE_HEADER, bad, price(AT, "SA1", 5), SCADA_HEADER, scada(AT, "B", "y"))
    reading = only(data)
    assert said(reading) == [
        (5, "RRP is not a number: 'x'"),
        (8, "SCADAVALUE is not a number: 'y'"),
    ]
    assert duids(reading) == ["ER01"]


def test_most_blocks_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of one report's rows is not searched for I and C rows, and its lines are counted once."""
    searched, counted = [], []
    control_rows, own_lines = mms._control_rows, mms_rows.own_lines
    data = text(SCADA_HEADER, *(scada(AT, f"U{number:03}", number) for number in range(200)))

    def watched(block: bytes) -> list[int]:
        searched.append(len(block))
        return control_rows(block)

    def watched_lines(block: bytes, start: int, end: int, plan: mms_rows.Plan) -> int | None:
        counted.append((start, end))
        return own_lines(block, start, end, plan)

    monkeypatch.setattr(mms, "_BLOCK", 2_000)
    monkeypatch.setattr(mms, "_control_rows", watched)
    monkeypatch.setattr(mms_rows, "own_lines", watched_lines)
    assert len(duids(only(data))) == 200
    assert len(searched) == 2, "the first and the last block"
    blocks = -(-len(data) // 2_000)
    assert len(counted) == blocks + 1, "the last once more, without its footer"


def test_offsets_of_control_rows() -> None:
    assert mms._control_rows(b"I,A\nD,I,\nC,B\nD\nI,C\n") == [0, 9, 15]
    assert mms._control_rows(b"\nI,A\nC,B\n") == [1, 5]
    assert mms._control_rows(b"D,I\nXI,\n") == []


def test_a_line_may_be_a_mebibyte_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mms, "_LONGEST_LINE", 400)
    monkeypatch.setattr(mms, "_BLOCK", 1)
    row = "D,BIDS,X,1," + "x" * 389
    assert len(row) == 400
    assert not only(text("I,BIDS,X,1,A", row, end="\n")).refused_whole
    reading = only(text("I,BIDS,X,1,A", row + "x", end="\n"))
    assert said(reading) == [(None, "has a line longer than 400 bytes: it is not an MMS file")]


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("PUBLIC_DVD_DISPATCHPRICE_202412010000.CSV", (2024, 12)),
        ("PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202501010000.zip", (2025, 1)),
        ("public_archive%23dispatchprice%23file01%23202501010000.zip", (2025, 1)),
        ("PUBLIC_DVD_DISPATCHPRICE_202413010000.CSV", None),
        ("PUBLIC_DVD_DISPATCHPRICE_202400010000.CSV", None),
        (LIVE, None),
    ],
)
def test_the_month_that_a_name_carries(name: str, month: tuple[int, int] | None) -> None:
    assert mms.month_named(name) == month


MONTH = "is outside the file's month"
SINCE = "is not between the market's start and the file's publication"


@pytest.mark.parametrize(
    ("month", "published", "kept", "refused", "reason"),
    [
        ("202501", "2025/02/20", "2025/02/02 00:00:00", "2025/02/02 00:05:00", MONTH),
        ("202502", "2025/03/20", "2025/01/31 00:00:00", "2025/01/30 23:55:00", MONTH),
        ("202412", "2025/01/20", "2025/01/02 00:00:00", "2025/01/02 00:05:00", MONTH),
        ("199801", "2025/02/20", "1998/01/05 00:05:00", "1999/01/05 00:05:00", MONTH),
        ("209912", "2025/02/20", "2099/12/31 23:55:00", "2025/01/01 00:05:00", MONTH),
        ("210001", "2025/02/20", "2025/02/21 09:35:00", "2025/02/21 09:40:00", SINCE),
        ("199712", "2025/02/20", "1998/12/01 00:00:00", "1998/11/30 23:55:00", SINCE),
    ],
)
def test_stamps_that_a_file_may_hold(
    month: str, published: str, kept: str, refused: str, reason: str
) -> None:
    name = f"PUBLIC_DVD_DISPATCH_UNIT_SCADA_{month}010000.CSV"
    data = text(SCADA_HEADER, scada(kept, "A", 1), scada(refused, "B", 1), published=f"{published},09:36:25")
    reading = only(data, name)
    assert duids(reading) == ["A"]
    assert said(reading) == [(4, f"SETTLEMENTDATE {reason}: '{refused}'")]


def test_a_damaged_member_is_named_and_said_once() -> None:
    random.seed(1)
    rows = [scada(AT, f"U{number}", random.random()) for number in range(2_000)]
    whole = bytearray(zipped({"A.CSV": text(SCADA_HEADER, *rows)}))
    whole[len(whole) // 2] ^= 0xFF
    (reading,) = mms.read(bytes(whole), "A.ZIP")
    (refusal,) = reading.refusals
    assert (reading.name, refusal.file, refusal.line) == ("A.ZIP/A.CSV", "A.ZIP/A.CSV", None)
    assert refusal.reason.startswith("is truncated or damaged (")
    assert reading.refused_whole


def test_what_cannot_be_opened_and_what_is_too_much_are_refused_under_their_name() -> None:
    (reading,) = mms.read(b"PK\x03\x04 and no more", "A.ZIP")
    assert (reading.name, [refusal.file for refusal in reading.refusals]) == ("A.ZIP", ["A.ZIP"])
    members = {f"{name}.CSV": text(SCADA_HEADER, ONE) for name in "AB"}
    assert len([one for one in mms.read(zipped(members), "A.ZIP") if one.rows]) == 2
    few = list(mms.read(zipped(members), "A.ZIP", Bounds(members=1)))
    assert not any(one.rows for one in few)
    assert few[0].refusals


def test_registers_of_two_headers_are_one_table() -> None:
    start = "PARTICIPANT_REGISTRATION,STATION,1"
    reading = only(
        text(f"I,{start},STATIONID,A", f"D,{start},X,1", f"I,{start},STATIONID,B", f"D,{start},Y,2")
    )
    (register,) = reading.registers
    assert register.rows.to_pylist() == [
        {"stationid": "X", "a": "1", "b": None},
        {"stationid": "Y", "a": None, "b": "2"},
    ]


def test_a_row_without_an_intervention_is_a_pricing_run() -> None:
    empty = price(AT, "NSW1", 5).replace(",0,5,", ",,5,", 1)
    for header, row in (
        (PRICE_HEADER, empty),
        (PRICE_HEADER.replace("INTERVENTION", "RENAMED"), price(AT, "NSW1", 5, intervention=1)),
    ):
        (kept,) = only(text(header, row)).rows["dispatch_price"].to_pylist()
        assert (kept["intervention"], kept["rrp"]) == (0, 5.0)


def test_a_small_forecast_is_one() -> None:
    reading = only(text(SOLUTION_HEADER, solution(AT, "SUN1", 0.01, 0), solution(AT, "COAL1", 0, 5)))
    assert reading.rows["unit_dispatch"].column("duid").to_pylist() == ["SUN1"]


@pytest.mark.parametrize(
    ("columns", "order"),
    [
        (("RUNNO", "LASTCHANGED"), lambda row: (row[2], row[3], row[0])),
        (("RUNNO",), lambda row: (row[2], row[0])),
        (("LASTCHANGED",), lambda row: (row[3], row[0])),
        ((), lambda row: row[0]),
    ],
)
def test_which_of_many_rows_of_one_key_is_kept(columns: tuple[str, ...], order) -> None:  # type: ignore[no-untyped-def]
    """Higher run, then later change, then later row, as far as the file tells; oracle: max of each group."""
    rng = random.Random(3)
    rows = [
        (place, rng.choice("ABC"), rng.choice([1, 2, 3]), f"2025/01/01 00:0{rng.randrange(4)}:00")
        for place in range(300)
    ]
    header = ",".join(("I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE", *columns))
    found = only(
        text(
            header,
            *(
                ",".join(
                    (
                        f"D,DISPATCH,UNIT_SCADA,1,{AT},{row[1]},{row[0]}",
                        *(str({"RUNNO": row[2], "LASTCHANGED": row[3]}[name]) for name in columns),
                    )
                )
                for row in rows
            ),
        )
    )
    kept = found.rows["unit_scada"]
    wanted = [float(max((row for row in rows if row[1] == duid), key=order)[0]) for duid in "ABC"]
    assert kept.column("duid").to_pylist() == ["A", "B", "C"]
    assert kept.column("scadavalue").to_pylist() == wanted


def test_every_key_has_a_place_of_its_own() -> None:
    """Two intervals and four units, backwards: later intervals come after all units of the one before."""
    late = "2025/01/01 00:10:00"
    rows = [scada(at, duid, 1) for at in (late, AT) for duid in "DCBA"]
    kept = only(text(SCADA_HEADER, *rows)).rows["unit_scada"]
    assert kept.column("duid").to_pylist() == list("ABCDABCD")
    assert [at.minute for at in kept.column("settlementdate").to_pylist()] == [5] * 4 + [10] * 4


def test_order_holds_for_thousands_of_units_over_the_longest_span_of_years() -> None:
    """Microseconds of 2099 times 3,000 units would not fit into 64 bits."""
    years = (2099, 1999)
    units = [f"U{number:04}" for number in range(3_000)]
    rows = [scada(f"{year}/01/01 00:05:00", duid, 1) for year in years for duid in units]
    kept = only(text(SCADA_HEADER, *rows, published="2099/02/20,09:36:25")).rows["unit_scada"]
    assert [at.year for at in kept.column("settlementdate").to_pylist()] == [1999] * 3_000 + [2099] * 3_000
    assert kept.column("duid").to_pylist() == units * 2


@pytest.mark.parametrize("run", ["nan", "inf", "-inf"])
def test_a_run_that_is_no_number_costs_its_row_and_no_other(run: str) -> None:
    """NaN compares as neither more nor less: it would mix up the runs of every other key."""
    rows = [price(AT, "NSW1", 10, run=2), price(AT, "QLD1", 99), price(AT, "NSW1", 20, run=1)]
    rows[1] = rows[1].replace(",1,QLD1,", f",{run},QLD1,")
    reading = only(text(PRICE_HEADER, *rows))
    kept = reading.rows["dispatch_price"]
    assert list(zip(kept.column("regionid").to_pylist(), kept.column("rrp").to_pylist(), strict=True)) == [
        ("NSW1", 10.0)
    ]
    assert said(reading) == [(4, "RUNNO is not finite")]


def test_a_row_without_a_run_counts_as_the_earliest() -> None:
    rows = [price(AT, "NSW1", 10), price(AT, "NSW1", 20).replace(",1,NSW1,", ",,NSW1,")]
    reading = only(text(PRICE_HEADER, *rows))
    assert reading.rows["dispatch_price"].column("rrp").to_pylist() == [10.0]
    assert said(reading) == []


def test_ranks_are_dense_and_a_missing_value_ranks_lowest() -> None:
    values = pa.chunked_array([pa.array(["b", None, "a"]), pa.array(["c", "a"])])
    assert mms._ranks(values).tolist() == [2, 0, 1, 3, 1]
    assert mms._ranks(values.dictionary_encode()).dtype == np.int64
    assert mms._ranks(pa.chunked_array([], pa.string())).tolist() == []
