"""The MMS reader: what it keeps, what it refuses and how it says so."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_layer.ingest import mms
from data_layer.ingest import rows as mms_rows
from data_layer.ingest.mms import Reading
from data_layer.tables import TABLES
from tests.data_layer.ingest.mms_text import (
    PRICE_HEADER,
    SCADA_HEADER,
    SOLUTION_HEADER,
    price,
    scada,
    solution,
    zipped,
)
from tests.data_layer.ingest.mms_text import mms as text

MONTHLY = "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202501010000.CSV"
LIVE = "PUBLIC_DISPATCHSCADA_202501010005_0000000000000001.CSV"


def only(data: bytes, name: str = LIVE) -> Reading:
    readings = list(mms.read(data, name))
    assert len(readings) == 1
    return readings[0]


def tuples(reading: Reading, table: str, *columns: str) -> list[tuple[object, ...]]:
    rows = reading.rows[table]
    assert rows.schema.equals(TABLES[table].schema)
    return list(zip(*(rows.column(column).to_pylist() for column in columns), strict=True))


def reasons(reading: Reading) -> list[tuple[int | None, str]]:
    return [(refusal.line, refusal.reason) for refusal in reading.refusals]


def test_a_row_becomes_a_lake_row_with_the_time_of_publication() -> None:
    reading = only(text(SCADA_HEADER, scada("2025/01/01 00:05:00", "ER01", "-1.5")))
    assert reading.rows["unit_scada"].to_pylist() == [
        {
            "settlementdate": datetime(2025, 1, 1, 0, 5),
            "duid": "ER01",
            "scadavalue": -1.5,
            "published_at": datetime(2025, 2, 20, 9, 36, 25),
        }
    ]
    assert reading.refusals == []


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_quoted_and_unquoted_dates_and_both_line_ends(end: str, quote: str) -> None:
    row = scada(f"{quote}2025/01/01 00:05:00{quote}", "ER01", "1", f"{quote}2025/01/01 00:00:13{quote}")
    assert tuples(only(text(SCADA_HEADER, row, end=end)), "unit_scada", "scadavalue") == [(1.0,)]


def test_a_last_line_without_line_end_is_read() -> None:
    data = text(SCADA_HEADER, scada("2025/01/01 00:05:00", "ER01", "1")).rstrip(b"\r\n")
    assert only(data).rows["unit_scada"].num_rows == 1


def test_columns_are_found_by_name_whatever_their_order_and_number() -> None:
    reading = only(
        text(
            "I,DISPATCH,UNIT_SCADA,7,scadavalue,NEWCOLUMN,DUID,SETTLEMENTDATE",
            "D,DISPATCH,UNIT_SCADA,7,12.5,abc,ER01,2025/01/01 00:05:00",
        )
    )
    assert tuples(reading, "unit_scada", "duid", "scadavalue") == [("ER01", 12.5)]


def test_the_newest_i_row_says_where_the_columns_are() -> None:
    reading = only(
        text(
            SCADA_HEADER,
            scada("2025/01/01 00:05:00", "ER01", "1"),
            "I,DISPATCH,UNIT_SCADA,2,DUID,SETTLEMENTDATE,SCADAVALUE",
            "D,DISPATCH,UNIT_SCADA,2,ER02,2025/01/01 00:05:00,2",
        )
    )
    assert tuples(reading, "unit_scada", "duid", "scadavalue") == [("ER01", 1.0), ("ER02", 2.0)]


def test_several_tables_in_one_file_and_tables_nobody_asked_for() -> None:
    reading = only(
        text(
            "I,DISPATCH,CASE_SOLUTION,2,SETTLEMENTDATE,RUNNO",
            "D,DISPATCH,CASE_SOLUTION,2,2025/01/01 00:05:00,1",
            SCADA_HEADER,
            scada("2025/01/01 00:05:00", "ER01", "1"),
            PRICE_HEADER,
            price("2025/01/01 00:05:00", "NSW1", "88.5"),
        )
    )
    assert {table: rows.num_rows for table, rows in reading.rows.items()} == {
        "unit_scada": 1,
        "dispatch_price": 1,
    }
    assert reading.ignored == {"DISPATCH,CASE_SOLUTION"}
    assert tuples(reading, "dispatch_price", "rrp", "apcflag", "price_status") == [(88.5, 0, "FIRM")]


def test_a_quoted_text_of_a_table_nobody_asked_for_may_look_like_anything() -> None:
    reading = only(
        text(
            "I,BIDS,BIDDAYOFFER,1,DUID,REBIDEXPLANATION",
            'D,BIDS,BIDDAYOFFER,1,ER01,"changed, because\nD,DISPATCH,UNIT_SCADA,1,x\nof ""prices"""',
            SCADA_HEADER,
            scada("2025/01/01 00:05:00", "ER01", "1"),
        )
    )
    assert reading.rows["unit_scada"].num_rows == 1
    assert reading.refusals == []


def test_both_runs_of_an_intervention_are_handed_on() -> None:
    reading = only(
        text(
            PRICE_HEADER,
            price("2025/01/01 00:05:00", "NSW1", "10", intervention=0),
            price("2025/01/01 00:05:00", "NSW1", "20", intervention=1),
        )
    )
    assert tuples(reading, "dispatch_price", "intervention", "rrp") == [(0, 10.0), (1, 20.0)]


def test_of_two_rows_with_one_key_the_higher_run_then_the_later_change_then_the_later_row_is_kept() -> None:
    early, late = "2025/01/01 00:00:13", "2025/01/01 00:01:00"
    stamp = "2025/01/01 00:05:00"
    reading = only(
        text(
            PRICE_HEADER,
            price(stamp, "NSW1", "1", run=2, changed=early),
            price(stamp, "NSW1", "2", run=1, changed=late),
            price(stamp, "QLD1", "3", changed=late),
            price(stamp, "QLD1", "4", changed=early),
            price(stamp, "SA1", "5", changed=early),
            price(stamp, "SA1", "6", changed=early),
        )
    )
    assert tuples(reading, "dispatch_price", "regionid", "rrp") == [
        ("NSW1", 1.0),
        ("QLD1", 3.0),
        ("SA1", 6.0),
    ]


def test_rooftop_keeps_whole_regions_and_the_half_hour_grid() -> None:
    rows = [
        f"D,ROOFTOP,ACTUAL,2,{stamp},{region},{power},1,MEASUREMENT,2025/01/01 12:50:00"
        for stamp, region, power in [
            ("2025/01/01 12:30:00", "QLD1", "100"),
            ("2025/01/01 12:30:00", "QLDN", "40"),
            ("2025/01/01 12:35:00", "QLD1", "100"),
            ("2025/01/01 12:30:00", "QLDC", ""),
        ]
    ]
    reading = only(text("I,ROOFTOP,ACTUAL,2,INTERVAL_DATETIME,REGIONID,POWER,QI,TYPE,LASTCHANGED", *rows))
    assert tuples(reading, "rooftop_pv", "regionid", "type", "power") == [("QLD1", "MEASUREMENT", 100.0)]
    assert [line for line, _ in reasons(reading)] == [5]
    assert "30-minute grid" in reading.refusals[0].reason


def test_trading_prices_are_half_hourly_until_five_minute_settlement() -> None:
    header = "I,TRADING,PRICE,2,SETTLEMENTDATE,RUNNO,REGIONID,PERIODID,RRP,ROP"
    rows = [
        f"D,TRADING,PRICE,2,{stamp},1,NSW1,1,50,50"
        for stamp in ("2021/10/01 00:00:00", "2021/09/30 23:55:00", "2021/10/01 00:05:00")
    ]
    reading = only(text(header, *rows))
    assert len(reading.rows["trading_price"]) == 2
    assert [line for line, _ in reasons(reading)] == [4]


BAD_ROWS = {
    "short row": ("D,DISPATCH,UNIT_SCADA,1,2025/01/01 00:10:00,ER02", "wrong number of fields: 6"),
    "long row": (scada("2025/01/01 00:10:00", "ER02", "1") + ",9", "wrong number of fields: 9"),
    "not a number": (scada("2025/01/01 00:10:00", "ER02", "abc"), "SCADAVALUE is not a number: 'abc'"),
    "python's number, not AEMO's": (
        scada("2025/01/01 00:10:00", "ER02", "1_0"),
        "SCADAVALUE is not a number",
    ),
    "not finite": (scada("2025/01/01 00:10:00", "ER02", "inf"), "SCADAVALUE is not finite"),
    "not a value": (scada("2025/01/01 00:10:00", "ER02", "nan"), "SCADAVALUE is not finite"),
    "empty value": (scada("2025/01/01 00:10:00", "ER02", ""), "SCADAVALUE is empty"),
    "empty key": (scada("2025/01/01 00:10:00", "", "1"), "DUID is empty"),
    "empty stamp": (scada("", "ER02", "1"), "SETTLEMENTDATE is empty"),
    "no such date": (scada("2025/02/30 00:10:00", "ER02", "1"), "SETTLEMENTDATE is not a date"),
    "not a date": (scada("yesterday", "ER02", "1"), "SETTLEMENTDATE is not a date and time: 'yesterday'"),
    "off the grid": (scada("2025/01/01 00:07:00", "ER02", "1"), "off the 5-minute grid"),
    "off the grid by a second": (scada("2025/01/01 00:05:01", "ER02", "1"), "off the 5-minute grid"),
    "wrong month": (scada("2025/03/01 00:10:00", "ER02", "1"), "outside the file's month"),
    "another table's row": (
        "D,DISPATCH,PRICE,5,2025/01/01 00:10:00,1,NSW1",
        "does not belong under its header",
    ),
    "no row at all": ("something else", "does not belong under its header"),
    "quote left open": (scada("2025/01/01 00:10:00", '"ER02', "1"), "unbalanced quotes"),
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_malformed_row_is_named_and_the_others_are_kept(row: str, reason: str) -> None:
    before, after = scada("2025/01/01 00:05:00", "ER01", "1"), scada("2025/01/01 00:05:00", "ER03", "3")
    reading = only(text(SCADA_HEADER, before, row, after), MONTHLY)
    assert tuples(reading, "unit_scada", "duid") == [("ER01",), ("ER03",)]
    (refusal,) = reading.refusals
    assert (refusal.file, refusal.line, refusal.rows) == (MONTHLY, 4, 1)
    assert reason in refusal.reason


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(b"E\x00R2", "holds a NUL byte"), (b"ER\xff2", "is not valid UTF-8")],
    ids=["NUL", "UTF-8"],
)
def test_bytes_that_are_no_text_cost_their_row(bad: bytes, reason: str) -> None:
    data = text(SCADA_HEADER, *(scada("2025/01/01 00:05:00", duid, "1") for duid in ("ER01", "XXXX", "ER03")))
    reading = only(data.replace(b"XXXX", bad))
    assert tuples(reading, "unit_scada", "duid") == [("ER01",), ("ER03",)]
    assert reasons(reading) == [(4, reason)]


def test_an_intervention_that_is_no_small_number_is_refused() -> None:
    reading = only(
        text(PRICE_HEADER, price("2025/01/01 00:05:00", "NSW1", "1").replace(",0,1,0,", ",70000,1,0,"))
    )
    assert reading.rows["dispatch_price"].num_rows == 0
    assert "INTERVENTION is not a small whole number" in reading.refusals[0].reason


def test_a_file_of_nothing_but_faults_does_not_fill_the_memory() -> None:
    rows = [scada("2024/06/01 00:05:00", f"U{number}", "1") for number in range(1_000)]
    reading = only(text(SCADA_HEADER, *rows), MONTHLY)
    assert len(reading.refusals) < 50
    assert sum(refusal.rows for refusal in reading.refusals) == 1_000


@pytest.mark.parametrize("missing", ["SETTLEMENTDATE", "DUID", "SCADAVALUE"])
def test_a_header_without_a_needed_column_costs_its_rows_only(missing: str) -> None:
    reading = only(
        text(
            SCADA_HEADER.replace(missing, "RENAMED"),
            scada("2025/01/01 00:05:00", "ER01", "1"),
            PRICE_HEADER,
            price("2025/01/01 00:05:00", "NSW1", "88.5"),
        )
    )
    assert list(reading.rows) == ["dispatch_price"]
    assert reading.refusals[0].line == 2
    assert missing in reading.refusals[0].reason


WHOLE = {
    "no footer": (text(SCADA_HEADER, scada("2025/01/01 00:05:00", "A", "1"), footer=False), "cut off"),
    "rows after the footer": (
        text(SCADA_HEADER) + scada("2025/01/01 00:05:00", "A", "1").encode(),
        "cut off",
    ),
    "cut in a row": (text(SCADA_HEADER, scada("2025/01/01 00:05:00", "A", "1"))[:150], "cut off"),
    "empty": (b"", "empty"),
    "a web page": (b"<!DOCTYPE html>\n<html><body>Access denied</body></html>", "HTML"),
    "something else": (b"a,b,c\n1,2,3\n", "C row"),
    "no date of publication": (text(SCADA_HEADER, published="some day,soon"), "no date of publication"),
    "one endless line": (b"C" * (2 << 20), "longer than"),
}


@pytest.mark.parametrize(("data", "reason"), WHOLE.values(), ids=WHOLE.keys())
def test_a_file_that_is_no_whole_mms_file_is_refused_whole(data: bytes, reason: str) -> None:
    reading = only(data)
    assert reading.published_at is None
    assert reading.rows == {}
    (refusal,) = reading.refusals
    assert (refusal.file, refusal.line) == (LIVE, None)
    assert reason in refusal.reason


def test_registers_are_handed_on_as_text_with_lower_case_names() -> None:
    reading = only(
        text(
            "I,PARTICIPANT_REGISTRATION,STATION,1,STATIONID,STATIONNAME,ADDRESS1",
            'D,PARTICIPANT_REGISTRATION,STATION,1,ERARING,"Eraring, ""the"" station","Rocky Point\nRoad"',
        )
    )
    (register,) = reading.registers
    assert register.kind == "station"
    assert register.rows.to_pylist() == [
        {"stationid": "ERARING", "stationname": 'Eraring, "the" station', "address1": "Rocky Point\nRoad"}
    ]


def test_line_numbers_hold_across_blocks_and_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mms, "_BLOCK", 1_000)
    monkeypatch.setattr(mms_rows, "_PIECE", 300)
    rows = [scada("2025/01/01 00:05:00", f"U{number:04}", str(number)) for number in range(500)]
    bad = [17, 123, 321, 499]
    for number in bad:
        rows[number] = rows[number].rsplit(",", 1)[0]
    reading = only(text(SCADA_HEADER, *rows))
    assert [line for line, _ in reasons(reading)] == [number + 3 for number in bad]
    assert reading.rows["unit_scada"].num_rows == 496


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(
        st.tuples(
            st.integers(1, 200),
            st.text("ABCDEFGHIJ0123456789#/-_", min_size=1, max_size=8),
            st.floats(-1e4, 1e4, allow_nan=False).map(lambda value: round(value, 5)),
        ),
        max_size=40,
    ),
    block=st.integers(50, 5_000),
)
def test_what_is_written_is_read_whatever_the_block_size(
    values: list[tuple[int, str, float]], block: int
) -> None:
    rows, expected = [], {}
    for slot, duid, value in values:
        stamp = datetime(2025, 1, 1 + slot // 288, slot % 288 // 12, slot % 12 * 5)
        rows.append(scada(f"{stamp:%Y/%m/%d %H:%M:%S}", duid, repr(value)))
        expected[stamp, duid] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mms, "_BLOCK", block)
        reading = only(text(SCADA_HEADER, *rows))
    got = tuples(reading, "unit_scada", "settlementdate", "duid", "scadavalue") if values else []
    assert got == [(*key, value) for key, value in sorted(expected.items())]
    assert reading.refusals == []


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_damage_makes_the_reader_raise(data: st.DataObject) -> None:
    whole = text(
        SCADA_HEADER,
        *(scada("2025/01/01 00:05:00", f"U{number}", str(number)) for number in range(5)),
        PRICE_HEADER,
        price("2025/01/01 00:05:00", "NSW1", "88.5"),
    )
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(raw) - 1))
        raw[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for reading in mms.read(bytes(raw), MONTHLY):
        for table, rows in reading.rows.items():
            for column in TABLES[table].required:
                assert rows.column(column).null_count == 0


def test_the_careful_path_reads_what_the_fast_path_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    random.seed(1)
    rows = [
        price(f"2025/01/{day:02} 00:05:00", region, round(random.uniform(-1000, 17500), 5))
        for day in range(1, 29)
        for region in ("NSW1", "QLD1", "SA1")
    ]
    data = text(PRICE_HEADER, *rows)
    fast = only(data)
    monkeypatch.setattr(mms_rows, "_fast", lambda *_: None)
    careful = only(data)
    assert fast.rows["dispatch_price"].equals(careful.rows["dispatch_price"])
    assert fast.rows["dispatch_price"].num_rows == 84


def test_targets_are_kept_of_units_with_a_forecast_and_nothing_else_is_refused() -> None:
    """Scheduled units have no UIGF or, as AEMO writes it now, zero in every row; sun has zero at night."""
    day = [
        ("2025/01/01 00:05:00", "SUN1", 0, 0, 0),
        ("2025/01/01 12:00:00", "SUN1", 80.5, 60, 1),
        ("2025/01/01 00:05:00", "COAL1", 0, 350, 0),
        ("2025/01/01 12:00:00", "COAL1", 0, 360, 0),
        ("2025/01/01 12:00:00", "BAT1", "", -50, 0),
    ]
    lines = [solution(at, duid, uigf, done, cap=cap) for at, duid, uigf, done, cap in day]
    reading = only(text(SOLUTION_HEADER, *lines, solution("2025/01/01 12:05:00", "SUN1", "x", 1)))
    columns = ("settlementdate", "duid", "intervention", "uigf", "totalcleared", "semidispatchcap")
    assert tuples(reading, "unit_dispatch", *columns) == [
        (datetime(2025, 1, 1, 0, 5), "SUN1", 0, 0.0, 0.0, 0),
        (datetime(2025, 1, 1, 12), "SUN1", 0, 80.5, 60.0, 1),
    ]
    assert reasons(reading) == [(8, "AVAILABILITY is not a number: 'x'")], "a broken cell is told"


def test_a_file_from_before_the_forecast_was_published_yields_nothing_and_is_no_error() -> None:
    header = SOLUTION_HEADER.removesuffix(",CONFORMANCE_MODE,UIGF")
    row = solution("2025/01/01 12:00:00", "SUN1", 80.5, 60).rsplit(",", 2)[0]
    reading = only(text(header, row))
    assert (reading.rows, reading.refusals, reading.refused_whole) == ({}, [], False)
    assert reading.ignored == set()


def test_both_runs_of_a_units_targets_are_handed_on() -> None:
    at = "2025/01/01 12:00:00"
    lines = [solution(at, "SUN1", 80, done, intervention=run) for run, done in ((0, 70), (1, 40))]
    reading = only(text(SOLUTION_HEADER, *lines))
    assert tuples(reading, "unit_dispatch", "intervention", "totalcleared") == [(0, 70.0), (1, 40.0)]


@pytest.mark.real
def test_real_files_of_every_shape(real: Path) -> None:
    samples = real / "samples"

    def counts(name: str) -> dict[str, int]:
        (reading,) = mms.read(samples / name, name)
        return {table: rows.num_rows for table, rows in reading.rows.items()}

    legacy = {"dispatch_price": 5, "region_demand": 5, "interconnector_flow": 6}
    assert counts("PUBLIC_DISPATCH_202403151945_20240315194011_LEGACY.zip") == legacy
    assert counts("dispatchis_202512270005.csv") == legacy
    assert counts("dispatchscada_202512270005.csv") == {"unit_scada": 493}
    assert counts("PUBLIC_TRADINGIS_202403031335_0000000412683134.zip") == {"trading_price": 5}
    rooftop = "PUBLIC_ROOFTOP_PV_ACTUAL_MEASUREMENT_20240303200000_0000000412707330.zip"
    assert counts(rooftop) == {"rooftop_pv": 5}


@pytest.mark.real
def test_the_legacy_report_carries_price_demand_and_flow(real: Path) -> None:
    name = "PUBLIC_DISPATCH_202403151945_20240315194011_LEGACY.zip"
    (reading,) = mms.read(real / "samples" / name, name)
    nsw = reading.rows["dispatch_price"].to_pylist()[0]
    assert (nsw["regionid"], nsw["rrp"], nsw["settlementdate"]) == (
        "NSW1",
        88.88002,
        datetime(2024, 3, 15, 19, 45),
    )
    assert reading.rows["region_demand"].to_pylist()[0]["totaldemand"] == 8025.43
    flow = reading.rows["interconnector_flow"].to_pylist()[0]
    assert (flow["interconnectorid"], flow["meteredmwflow"]) == ("N-Q-MNSP1", 11.8)
    assert (flow["importlimit"], flow["exportlimit"]) == (-68.2, 31.2)


def test_upper_and_lower_case_extensions_and_zips_in_zips() -> None:
    data = text(SCADA_HEADER, scada("2025/01/01 00:05:00", "ER01", "1"))
    inner = {
        "PUBLIC_DISPATCHSCADA_1.ZIP": zipped({"PUBLIC_DISPATCHSCADA_1.CSV": data}),
        "public_dispatchscada_2.zip": zipped({"public_dispatchscada_2.csv": data}),
    }
    readings = list(mms.read(zipped(inner), "PUBLIC_DISPATCHSCADA_20250101.zip"))
    assert [reading.rows["unit_scada"].num_rows for reading in readings] == [1, 1]
    assert isinstance(readings[0].rows["unit_scada"], pa.Table)


@pytest.mark.parametrize(
    "row",
    [
        'D,DISPATCH,UNIT_SCADA,1,"2025/01/01 00:05:00",A1,1,"2025/01/01 00:0_WF,32.7,"2025/01/01 00:00:22"',
        'D,DISPATCH,UNIT_SCADA,1,"2025/01/01 00:05:00",A1,1,"2025/01/01 00:00:22"M',
        'D,DISPATCH,UNIT_SCADA,1,"2025/01/01 00:05:00"x,A1,1,"2025/01/01 00:00:22"',
        "D,DISPATCH,UNIT_SCADA,1,2025/01-01 00:05:00,A1,1,2025/01/01 00:00:22",
    ],
)
def test_a_row_with_stray_quotes_or_a_mixed_date_is_refused(row: str) -> None:
    """The halves of two rows, or bytes after a closing quote: nothing of such a row is to be trusted."""
    data = text(
        SCADA_HEADER, scada('"2025/01/01 00:05:00"', "B1", 2), row, scada("2025/01/01 00:05:00", "C1", 3)
    )
    (reading,) = mms.read(data, "PUBLIC_DISPATCHSCADA.CSV")
    assert reading.rows["unit_scada"].column("duid").to_pylist() == ["B1", "C1"]
    assert [refusal.line for refusal in reading.refusals] == [4]
