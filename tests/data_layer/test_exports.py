"""Exports re-read by other means and compared with pandas on the lake's raw Parquet rows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_layer import exports, query_manager
from data_layer.connection import CancelToken
from data_layer.errors import DataLayerError, DiskFull, QueryCancelled, RequestError, ResultTooLarge
from data_layer.exports import excel, forms
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.pieces import Pieces
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import FuelSummary, GenerationMix, IntegratedData, Period, Request
from tests.data_layer.lakes import frame, make_lake, prices, readings, stamps, unit

FIVE = timedelta(minutes=5)
JULY_31 = datetime(2025, 7, 31)
AUGUST_1 = datetime(2025, 8, 1)
RISKY = {
    "EQ": "=1+1|cmd",
    "PLUS": "+61 2 5550 0000",
    "MINUS": "-2+3",
    "AT": "@SUM(A1)",
    "PLAIN": 'Żółć & "quoted", <b>süß</b> 発電所',
}
"""Station names as an attacker, and a person abroad, would write them."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two days over the border of a month: five units, negative prices, an hour without any price, and a
    unit that the registry does not know."""
    when = stamps(JULY_31 + FIVE, 2 * 288)
    rng = np.random.default_rng(7)
    units = [
        unit(duid, station_name=name, owner=name, regionid="SA1" if duid == "AT" else "NSW1", fuel="Solar")
        for duid, name in RISKY.items()
    ]
    scada = [
        row
        for duid in (*RISKY, "UNKNOWN")
        for row in readings(duid, when, rng.normal(20, 30, len(when)).tolist())
    ]
    priced = [stamp for stamp in when if not 3 <= stamp.hour < 4]
    return make_lake(
        tmp_path_factory.mktemp("exports") / "lake",
        units=units,
        unit_scada=scada,
        dispatch_price=[
            row
            for region in ("NSW1", "SA1")
            for row in prices(region, priced, rng.normal(0, 80, len(priced)).tolist())
        ],
    )


@pytest.fixture(scope="module")
def manager(lake: Lake) -> HybridQueryManager:
    """Pieces of at most 500 rows, so that every question here is many of them."""
    return open_manager(lake.root, max_rows=1_000)


def by_hand(lake: Lake, start: datetime, end: datetime) -> pd.DataFrame:
    """5-minute rows in the promised order, from the raw tables alone."""
    snapshot = lake.snapshot()
    scada, rrp, units = (frame(snapshot, name) for name in ("unit_scada", "dispatch_price", "units"))
    rows = scada[(scada.settlementdate > start) & (scada.settlementdate <= end)]
    rows = rows.merge(units[["duid", "station_name", "regionid", "capacity_mw"]], on="duid", how="left")
    rows["regionid"] = rows.regionid.fillna("Unmapped")
    rows = rows.merge(
        rrp[["settlementdate", "regionid", "rrp"]], on=["settlementdate", "regionid"], how="left"
    )
    rows["energy_mwh"] = rows.scadavalue / 12
    rows["revenue_aud"] = rows.energy_mwh * rows.rrp
    return rows.sort_values(["settlementdate", "duid"], ignore_index=True)


def two_days(**more: Any) -> IntegratedData:
    return IntegratedData(Period(JULY_31, AUGUST_1 + timedelta(days=1)), Resolution.FIVE_MINUTES, **more)


def read_csv(path: Path) -> pd.DataFrame:
    """By the csv module, every cell as text."""
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["rows.csv", "README.txt"]
        text = io.TextIOWrapper(opened.open("rows.csv"), encoding="utf-8", newline="")
        return pd.DataFrame(list(csv.DictReader(text)))


def read_excel(path: Path) -> pd.DataFrame:
    """All sheets of rows, by openpyxl; every cell of text must be text."""
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[-1] == "About"
    frames = []
    for sheet in book.worksheets[:-1]:
        assert sheet.freeze_panes == "A2"
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
            assert all(cell.number_format == "@" for cell in row if isinstance(cell.value, str))
        header, *rows = sheet.iter_rows(values_only=True)
        frames.append(pd.DataFrame(rows, columns=header))
    return pd.concat(frames, ignore_index=True)


def floats(values: Any) -> np.ndarray[Any, Any]:
    return pd.to_numeric(pd.Series(values).replace("", np.nan)).to_numpy(dtype=float, na_value=np.nan)


@pytest.mark.parametrize("form", exports.FORMS)
def test_every_row_arrives_in_every_form(
    lake: Lake, manager: HybridQueryManager, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"rows.{form}"
    told: list[tuple[int, int, int]] = []
    written = exports.write(manager, two_days(), form, path, lambda *now: told.append(now))
    expected = by_hand(lake, JULY_31, AUGUST_1 + timedelta(days=1))
    assert written.rows == len(expected) == 6 * 2 * 288
    assert written.bytes == path.stat().st_size
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    # Told of many parts, always forwards, to the end.
    assert told == sorted(told)
    assert told[-1] == (told[0][1], told[0][1], written.rows)
    assert told[0][1] >= 7
    if form == "csv":
        found = read_csv(path)
    elif form == "xlsx":
        found = read_excel(path)
    else:
        found = duckdb.sql(f"SELECT * FROM '{path}'").df()
        assert pq.read_schema(path).field("settlementdate").type == pa.timestamp("us")
    stamps_found = pd.to_datetime(found.settlementdate).astype("datetime64[us]").dt.round("s")
    assert stamps_found.tolist() == expected.settlementdate.tolist()
    assert found.duid.tolist() == expected.duid.tolist()
    for column, name in (
        ("scadavalue", "scadavalue"),
        ("rrp", "rrp"),
        ("energy_mwh", "energy_mwh"),
        ("revenue_aud", "revenue_aud"),
        ("nameplate_capacity", "capacity_mw"),
    ):
        np.testing.assert_allclose(floats(found[column]), floats(expected[name]), rtol=1e-12, err_msg=column)
    assert np.isnan(floats(found.rrp)).sum() > 100
    assert np.nanmin(floats(found.rrp)) < -50
    names = found.station_name.replace("", None)
    texts = expected.station_name
    if form == "csv":
        texts = texts.map(lambda text: f"'{text}" if str(text)[0] in "=+-@" else text)
    assert names.where(names.notna(), None).tolist() == texts.where(texts.notna(), None).tolist()


def test_a_spreadsheet_is_offered_no_formula(manager: HybridQueryManager, tmp_path: Path) -> None:
    """In the CSV every risky text has its apostrophe; numbers below zero have none."""
    exports.write(manager, two_days(), "csv", tmp_path / "a")
    found = read_csv(tmp_path / "a")
    assert {text[:2] for text in found.owner if text} == {"'=", "'+", "'-", "'@", "Żó"}
    assert found.scadavalue.str.startswith("-").any()
    exports.write(manager, two_days(), "xlsx", tmp_path / "b.xlsx")
    assert set(read_excel(tmp_path / "b.xlsx").owner.dropna()) == set(RISKY.values())


@pytest.mark.parametrize(
    ("start", "end", "regions", "rows"),
    [
        (datetime(2025, 8, 1, 5), datetime(2025, 8, 1, 5, 5), ("SA1",), 1),
        (datetime(2025, 8, 1, 5), datetime(2025, 8, 1, 5, 5), ("TAS1",), 0),
        (datetime(2025, 7, 31, 23, 55), datetime(2025, 8, 1, 0, 5), (), 12),
        (datetime(2025, 7, 31, 12, 5), datetime(2025, 8, 1, 11, 55), (), 286 * 6),
    ],
)
@pytest.mark.parametrize("form", exports.FORMS)
def test_one_row_none_and_odd_periods(
    lake: Lake,
    manager: HybridQueryManager,
    tmp_path: Path,
    form: str,
    start: datetime,
    end: datetime,
    regions: tuple[str, ...],
    rows: int,
) -> None:
    request = IntegratedData(Period(start, end), Resolution.FIVE_MINUTES, regions)
    path = tmp_path / f"file.{form}"
    assert exports.write(manager, request, form, path).rows == rows
    read = {"csv": read_csv, "xlsx": read_excel, "parquet": pd.read_parquet}[form](path)
    expected = by_hand(lake, start, end)
    if regions:
        expected = expected[expected.regionid.isin(regions)]
    assert len(read) == len(expected) == rows
    if rows:
        assert read.duid.tolist() == expected.duid.tolist()
        np.testing.assert_allclose(floats(read.scadavalue), expected.scadavalue, rtol=1e-12)
    elif form == "parquet":
        assert list(read.columns) == list(request.columns)
    elif form == "csv":
        with zipfile.ZipFile(path) as opened:
            assert opened.read("rows.csv").decode().strip() == ",".join(f'"{one}"' for one in request.columns)


def test_half_hours_over_odd_cuts(lake: Lake, manager: HybridQueryManager, tmp_path: Path) -> None:
    request = IntegratedData(Period(JULY_31, AUGUST_1 + timedelta(days=1)), Resolution.HALF_HOUR)
    written = exports.write(manager, request, "parquet", tmp_path / "p")
    found = pd.read_parquet(tmp_path / "p")
    raw = by_hand(lake, JULY_31, AUGUST_1 + timedelta(days=1))
    raw["settlementdate"] = raw.settlementdate.dt.ceil("30min")
    expected = raw.groupby(["settlementdate", "duid"], as_index=False)["scadavalue"].mean()
    assert written.rows == len(expected) == 6 * 96
    assert found.duid.tolist() == expected.duid.tolist()
    assert found.settlementdate.tolist() == expected.settlementdate.tolist()
    np.testing.assert_allclose(found.scadavalue, expected.scadavalue, rtol=1e-9, atol=1e-9)


def test_columns_without_the_key_keep_the_order(
    lake: Lake, manager: HybridQueryManager, tmp_path: Path
) -> None:
    exports.write(manager, two_days(columns=("scadavalue",)), "parquet", tmp_path / "p")
    found = pd.read_parquet(tmp_path / "p")
    expected = by_hand(lake, JULY_31, AUGUST_1 + timedelta(days=1))
    assert list(found.columns) == ["scadavalue"]
    np.testing.assert_array_equal(found.scadavalue, expected.scadavalue)


def test_small_questions_are_the_answer_itself(engines: Any, tmp_path: Path) -> None:
    """Both engines; every kind of column that a question has."""
    period = Period.parse("2026-02-24", "2026-02-25")
    for manager in engines:
        for request in (GenerationMix(period, "SA1", Resolution.HOUR), FuelSummary(period)):
            want = manager.answer(request).table
            exports.write(manager, request, "parquet", tmp_path / "p")
            found = pq.read_table(tmp_path / "p").replace_schema_metadata(None)
            assert found.schema == want.schema
            # Two threads add up in either order: the last bit of a sum may differ from one run to the next.
            pd.testing.assert_frame_equal(found.to_pandas(), want.to_pandas(), rtol=1e-12)
            exports.write(manager, request, "xlsx", tmp_path / "x.xlsx")
            assert read_excel(tmp_path / "x.xlsx").fuel.tolist() == want.column("fuel").to_pylist()


def test_the_file_says_what_it_holds(lake: Lake, manager: HybridQueryManager, tmp_path: Path) -> None:
    wanted = {
        "question": "integrated_data",
        "period": "2025-07-31 to 2025-08-01",
        "source": "AEMO, by NEMDesk",
        "lake version": lake.snapshot().token,
        "rows": "3456",
    }
    for form in exports.FORMS:
        exports.write(manager, two_days(), form, tmp_path / f"a.{form}")
    about = {
        row[0].value.lower(): row[1].value
        for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["About"].iter_rows()
    }
    kept = pq.ParquetFile(tmp_path / "a.parquet").metadata.metadata
    with zipfile.ZipFile(tmp_path / "a.csv") as opened:
        readme = opened.read("README.txt").decode()
    for name, value in wanted.items():
        assert about[name] == value
        assert kept[f"nemdesk.{name.replace(' ', '_')}".encode()].decode() == value
        assert f"{name.capitalize()}\n    {value}\n" in readme
    for text in (about["time basis"], kept[b"nemdesk.time_basis"].decode(), readme):
        assert "AEST (UTC+10" in text
    assert "region=" not in about["parameters"]
    assert "one row per unit" in about["columns"]


def test_more_rows_than_a_sheet_has_go_to_the_next(
    lake: Lake, manager: HybridQueryManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "SHEET_ROWS", 1_001)
    exports.write(manager, two_days(), "xlsx", tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["Rows", "Rows 2", "Rows 3", "Rows 4", "About"]
    assert [sheet.max_row for sheet in book.worksheets[:-1]] == [1_001, 1_001, 1_001, 457]
    expected = by_hand(lake, JULY_31, AUGUST_1 + timedelta(days=1))
    assert read_excel(tmp_path / "x.xlsx").duid.tolist() == expected.duid.tolist()


def test_every_part_of_the_workbook_is_sound_xml(manager: HybridQueryManager, tmp_path: Path) -> None:
    exports.write(manager, two_days(), "xlsx", tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as opened:
        names = set(opened.namelist())
        for name in names:
            ElementTree.fromstring(opened.read(name))
        types = opened.read("[Content_Types].xml").decode()
    declared = {part.split('"')[0].lstrip("/") for part in types.split('PartName="')[1:]}
    assert declared == {name for name in names if not name.endswith((".rels", "[Content_Types].xml"))}


class Given:
    """A reader of tables that a test gives."""

    def __init__(self, *tables: pa.Table, fails: Exception | None = None) -> None:
        self.tables, self.fails = tables, fails

    def pieces(self, request: Request, cancel: CancelToken | None = None) -> Pieces:
        def each() -> Iterator[pa.Table]:
            yield from self.tables
            if self.fails:
                raise self.fails

        return Pieces(len(self.tables), each(), "given", "duckdb", "000001", "aemo")


def test_values_of_every_kind_in_excel(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": ["=HYPERLINK(1)", "a\x00\x0bb\r\n<&>", "x" * 40_000, None, "_x0041_"],
            "day": pa.array([datetime(2024, 2, 29), None, None, None, None], pa.date32()),
            "flag": [True, False, None, True, False],
            "number": [1e-300, float("nan"), float("inf"), -0.1, None],
            "whole": pa.array([2**31, -1, None, 0, 7], pa.int64()),
            "kind": pa.array(["A", "B", None, "A", "B"]).dictionary_encode(),
            "nothing": pa.nulls(5),
        }
    )
    exports.write(Given(table), two_days(), "xlsx", tmp_path / "x.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "x.xlsx")["Rows"].iter_rows(min_row=2, values_only=True))
    text, day, flag, number, whole, kind, nothing = zip(*rows, strict=True)
    assert text[:2] == ("=HYPERLINK(1)", "ab\r\n<&>")
    assert text[2] == "x" * 32_767
    assert text[3] is None
    # What Excel would take for an escaped letter is itself escaped; openpyxl shows the cell as it is written.
    assert text[4] in ("_x005F_x0041_", "_x0041_")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as opened:
        assert b">_x005F_x0041_<" in opened.read("xl/worksheets/sheet1.xml")
    assert day[0] == datetime(2024, 2, 29)
    assert flag == (True, False, None, True, False)
    assert number == (1e-300, None, None, -0.1, None)
    assert whole == (2**31, -1, None, 0, 7)
    assert kind == ("A", "B", None, "A", "B")
    assert set(nothing) == {None}


def test_columns_beyond_z(tmp_path: Path) -> None:
    table = pa.table({f"c{place}": [place] for place in range(800)})
    exports.write(Given(table), two_days(), "xlsx", tmp_path / "x.xlsx")
    header, values = openpyxl.load_workbook(tmp_path / "x.xlsx")["Rows"].iter_rows(values_only=True)
    assert header == tuple(table.column_names)
    assert values == tuple(range(800))


def test_row_groups_are_bounded_and_not_tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "ROW_GROUP", 1_000)
    pieces = [pa.table({"n": range(start, start + 300)}) for start in range(0, 3_000, 300)]
    exports.write(Given(*pieces), two_days(), "parquet", tmp_path / "p")
    found = pq.ParquetFile(tmp_path / "p")
    sizes = [found.metadata.row_group(group).num_rows for group in range(found.metadata.num_row_groups)]
    assert sizes == [1_200, 1_200, 600]
    assert found.read().column("n").to_pylist() == list(range(3_000))


@pytest.mark.parametrize("form", exports.FORMS)
def test_a_stopped_export_leaves_nothing(manager: HybridQueryManager, tmp_path: Path, form: str) -> None:
    token = CancelToken()

    def stop_in_the_middle(done: int, parts: int, rows: int) -> None:
        if done >= parts // 2:
            token.cancel()

    with pytest.raises(QueryCancelled):
        exports.write(manager, two_days(), form, tmp_path / "x", stop_in_the_middle, token)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", exports.FORMS)
def test_a_failed_export_leaves_nothing_and_not_the_file_before(tmp_path: Path, form: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"whole")
    broken = Given(pa.table({"n": [1]}), fails=DataLayerError("A file of the lake cannot be read."))
    with pytest.raises(DataLayerError, match="cannot be read"):
        exports.write(broken, two_days(), form, path)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("x", b"whole")]


@pytest.mark.parametrize("form", exports.FORMS)
def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file on /dev/full takes nothing: every write meets "No space left on device"."""
    noise = pa.table({"n": np.random.default_rng(1).random(200_000)})
    real_open = open

    def full(path: Any, mode: str) -> Any:
        real_open(path, mode).close()
        return real_open("/dev/full", mode)

    monkeypatch.setattr(exports, "open", full, raising=False)
    with pytest.raises(DiskFull, match="disk for exports is full"):
        exports.write(Given(noise), two_days(), form, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_over_its_limit_is_refused(tmp_path: Path) -> None:
    noise = pa.table({"n": np.random.default_rng(1).random(200_000)})
    for form in exports.FORMS:
        with pytest.raises(ResultTooLarge, match="larger than the 1 MB"):
            exports.write(Given(noise, noise), two_days(), form, tmp_path / "x", limit_bytes=1_000_000)
    assert list(tmp_path.iterdir()) == []


def test_excel_stops_where_a_spreadsheet_ends(
    manager: HybridQueryManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "EXCEL_ROWS", 1_000)
    with pytest.raises(ResultTooLarge, match="at most 1,000 rows: choose Parquet or CSV"):
        exports.write(manager, two_days(), "xlsx", tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_form_and_a_period_without_data_are_refused(
    manager: HybridQueryManager, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match="csv, parquet, xlsx"):
        exports.write(manager, two_days(), "exe", tmp_path / "x")
    with pytest.raises(RequestError, match="There is no data"):
        exports.write(
            manager, IntegratedData(Period.parse("1999-01-01", "1999-01-02")), "csv", tmp_path / "x"
        )


def test_the_rows_are_counted_before(manager: HybridQueryManager) -> None:
    assert exports.expected_rows(manager, two_days()) == 6 * 2 * 288
    assert exports.expected_rows(manager, two_days(regions=("SA1",))) == 2 * 288
    half_hours = IntegratedData(two_days().period, Resolution.HALF_HOUR, ("NSW1",))
    assert exports.expected_rows(manager, half_hours) == 4 * 96
    assert exports.expected_rows(manager, FuelSummary(two_days().period)) is None


def test_one_version_from_start_to_end(lake: Lake, tmp_path: Path) -> None:
    """New data published while an export runs is in the next one, not in half of this one."""
    when = stamps(JULY_31 + FIVE, 288)
    own = make_lake(
        tmp_path / "lake",
        units=[unit("A")],
        unit_scada=readings("A", when, 1.0),
        dispatch_price=prices("NSW1", when, 50.0),
    )
    manager = open_manager(own.root, max_rows=100)
    before = own.snapshot().token

    def publish(done: int, parts: int, rows: int) -> None:
        if done == 1:
            make_lake(own.root, unit_scada=readings("A", when, 2.0))

    request = IntegratedData(Period(JULY_31, AUGUST_1), Resolution.FIVE_MINUTES)
    exports.write(manager, request, "parquet", tmp_path / "p", publish)
    assert own.snapshot().token != before
    assert set(pd.read_parquet(tmp_path / "p").scadavalue) == {1.0}
    assert pq.ParquetFile(tmp_path / "p").metadata.metadata[b"nemdesk.lake_version"].decode() == before
    exports.write(manager, request, "parquet", tmp_path / "p")
    assert set(pd.read_parquet(tmp_path / "p").scadavalue) == {2.0}


def test_the_order_holds_where_the_engine_does_not_keep_it(
    demo_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One piece of several row groups: a parallel join gives its rows back as its threads finish."""
    monkeypatch.setattr(query_manager, "PIECE_ROWS", 1_000_000)
    start, end = datetime(2026, 2, 24), datetime(2026, 3, 1)
    request = IntegratedData(Period(start, end), Resolution.FIVE_MINUTES)
    manager = open_manager(demo_lake.root)
    written = exports.write(manager, request, "parquet", tmp_path / "p")
    found = pd.read_parquet(tmp_path / "p", columns=["settlementdate", "duid", "scadavalue"])
    raw = frame(demo_lake.snapshot(), "unit_scada")
    raw = raw[(raw.settlementdate > start) & (raw.settlementdate <= end)]
    raw = raw.sort_values(["settlementdate", "duid"], ignore_index=True)
    assert written.rows == len(raw) > 125_000
    assert manager.pieces(request).parts == 1
    assert found.duid.tolist() == raw.duid.tolist()
    assert found.settlementdate.tolist() == raw.settlementdate.tolist()
    assert found.scadavalue.abs().tolist() == raw.scadavalue.abs().tolist()
