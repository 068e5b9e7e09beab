"""The registry: spans without holes, authority per column, any order of arrival, nothing forgotten."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_layer.ingest import registration
from data_layer.lake import KIND_AEMO, Lake, Snapshot
from data_layer.loading import Loader
from data_layer.market import FUELS
from data_layer.registry import RegistrySource, update_registry
from data_layer.tables import UNIT_LOSS_FACTORS, UNITS

BEGINNING, FOREVER = pd.Timestamp("1998-01-01"), pd.Timestamp("2200-01-01")


def learn(lake: Lake, *sources: RegistrySource) -> Snapshot:
    with lake.write(kind=KIND_AEMO) as writer:
        update_registry(Loader(writer, threads=1), list(sources))
        return writer.publish()


def frame(snapshot: Snapshot, table: str = "units") -> pd.DataFrame:
    return pd.DataFrame(pq.read_table(snapshot.paths(table)[0]).to_pylist())


def unit(units: pd.DataFrame, duid: str, at: str | None = None) -> dict[str, Any]:
    rows = units[units.duid == duid]
    if at is not None:
        rows = rows[(rows.valid_from <= pd.Timestamp(at)) & (pd.Timestamp(at) < rows.valid_to)]
    assert len(rows) == 1, rows
    return rows.iloc[0].to_dict()


def source_of(row: dict[str, Any], column: str) -> str:
    return json.loads(row["sources"])[column]


def texts(kind: str, published: str, rows: list[dict[str, str | None]]) -> RegistrySource:
    names = sorted({name for row in rows for name in row})
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    return RegistrySource(kind, datetime.fromisoformat(published), table, f"{kind} of {published}")


def summary_row(duid: str, start: str, end: str, **columns: str) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "duid": duid, "start_date": f"{start} 00:00:00", "end_date": f"{end} 00:00:00",
        "dispatchtype": "GENERATOR", "regionid": "SA1", "stationid": "STN", "participantid": "OWNER",
        "schedule_type": "SCHEDULED", "transmissionlossfactor": "0.98", "distributionlossfactor": "1",
        "lastchanged": "2016/01/01 00:00:00",
    }  # fmt: skip
    return row | columns


def list_row(duid: str, **columns: str | None) -> dict[str, str | None]:
    row: dict[str, str | None] = dict.fromkeys(registration.COLUMNS)
    row |= {
        "duid": duid, "participant": "Owner Pty Ltd", "station_name": "Some Station", "region": "SA1",
        "dispatch_type": "Generating Unit", "classification": "Scheduled", "fuel_primary": "Wind",
        "fuel_descriptor": "Wind", "technology_descriptor": "Wind - Onshore", "reg_cap_mw": "100",
        "max_cap_mw": "99", "units": "1",
    }  # fmt: skip
    return row | columns


def read_mms(path: Path, kind: str) -> RegistrySource:
    """An MMS file, read here with csv alone, so that the registry's test does not rest on our reader."""
    with open(path, newline="", encoding="utf-8") as handle:
        lines = list(csv.reader(handle))
    heading = next(line for line in lines if line[0] == "I")[4:]
    rows = [
        dict(zip((h.lower() for h in heading), line[4:], strict=False)) for line in lines if line[0] == "D"
    ]
    published = datetime.strptime(" ".join(lines[0][5:7]), "%Y/%m/%d %H:%M:%S")
    return texts(kind, published.isoformat(), [{k: v or None for k, v in row.items()} for row in rows])


@pytest.fixture(scope="module")
def real_sources(real: Path) -> list[RegistrySource]:
    folder = real / "registers"
    return [
        registration.read(folder / "nem-registration-and-exemption-list-2019.xls"),
        registration.read(folder / "nem-registration-and-exemption-list-2026.xlsx"),
        read_mms(folder / "PUBLIC_DVD_DUDETAILSUMMARY_201706010000.CSV", "dudetailsummary"),
        read_mms(folder / "PUBLIC_DVD_STATION_201706010000.CSV", "station"),
    ]


@pytest.fixture(scope="module")
def real_lake(real_sources: list[RegistrySource], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return learn(Lake(tmp_path_factory.mktemp("registry")), *real_sources)


def by_duid(units: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """duid -> its rows by time; missing values None."""
    found: dict[str, list[dict[str, Any]]] = {}
    records = units.astype(object).where(units.notna(), None).to_dict("records")
    for row in sorted(records, key=lambda row: (row["duid"], row["valid_from"])):
        found.setdefault(row["duid"], []).append(row)
    return found


def assert_sound(units: pd.DataFrame) -> None:
    """tables.UNITS as its docstring demands it."""
    assert list(units.columns) == UNITS.schema.names
    assert units.fuel.isin(FUELS).all()
    facts = [column for column in units.columns if column not in ("valid_from", "valid_to")]
    for duid, rows in by_duid(units).items():
        assert rows[0]["valid_from"] == BEGINNING, duid
        assert rows[-1]["valid_to"] == FOREVER, duid
        for earlier, later in pairwise(rows):
            assert earlier["valid_to"] == later["valid_from"], duid
            changed = any(earlier[column] != later[column] for column in facts)
            assert changed, f"{duid}: a span begins where nothing changes"
        for row in rows:
            known = {column for column in facts if row[column] is not None} - {"duid", "sources"}
            if row["fuel"] == "Unmapped":
                known -= {"fuel"}
            assert set(json.loads(row["sources"])) == known, duid


def test_real_units_are_sound_and_complete(real_lake: Snapshot, real_sources: list[RegistrySource]) -> None:
    units = frame(real_lake)
    assert_sound(units)
    named = {
        str(duid).strip()
        for source in real_sources[:3]
        for duid in source.rows.column("duid").to_pylist()
        if duid is not None
    }
    listed_only = {"BLNKTAS", "BLNKVIC"}
    assert named - set(units.duid) <= listed_only
    assert set(units.duid) <= named


def test_real_regions_over_time_equal_the_file(
    real_lake: Snapshot, real_sources: list[RegistrySource]
) -> None:
    """Every row of DUDETAILSUMMARY, asked for at its own first day."""
    spans = by_duid(frame(real_lake))
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for row in real_sources[2].rows.to_pylist():
        key = (row["duid"], row["start_date"])
        if row["start_date"] < row["end_date"] and (
            key not in last or row["lastchanged"] >= last[key]["lastchanged"]
        ):
            last[key] = row
    checked = 0
    for (duid, start), row in last.items():
        at = max(pd.Timestamp(start), BEGINNING)
        found = [span for span in spans[duid] if span["valid_from"] <= at < span["valid_to"]]
        assert len(found) == 1, (duid, start)
        for ours, theirs in (
            ("regionid", "regionid"),
            ("stationid", "stationid"),
            ("dispatch_type", "dispatchtype"),
        ):
            assert found[0][ours] == row[theirs], (duid, start, ours)
        checked += 1
    assert checked > 6_000


def test_well_known_real_units(real_lake: Snapshot) -> None:
    units = frame(real_lake)
    murray = units[units.duid == "MURRAY"]
    assert list(murray.regionid) == ["SNOWY1", "SNOWY1", "VIC1"]
    assert set(murray.fuel) == {"Water"}
    assert murray.valid_from.iloc[-1] == pd.Timestamp("2008-07-01"), "the day SNOWY1 was abolished"
    torrens = unit(units, "TORRB1", "2017-01-01")
    assert (torrens["fuel"], torrens["regionid"], torrens["capacity_mw"]) == ("Gas other", "SA1", 200)
    assert torrens["station_name"] == "Torrens Island Power Station", "typed in capitals in STATION"
    assert source_of(torrens, "station_name").startswith("AEMO STATION 2017")
    assert source_of(torrens, "fuel") == "AEMO registration list 2026-03-25"
    assert source_of(torrens, "regionid").startswith("AEMO DUDETAILSUMMARY 2017")
    for pump in ("PUMP1", "SHPUMP", "SNOWYP"):
        row = unit(units, pump, "2017-01-01")
        assert (row["fuel"], row["dispatch_type"]) == ("Water", "LOAD"), pump
    for old in ("HPRG1", "HPRL1"):
        assert unit(units, old)["fuel"] == "Battery Storage"
        assert unit(units, old)["successor_duid"] == "HPR1"
    assert unit(units, "BW01", "2017-01-01")["regionid"] == "NSW1"
    liddell = unit(units, "LD01", "2020-01-01")
    assert liddell["fuel"] == "Coal", "deleted from the list of 2026, kept here"
    assert source_of(liddell, "fuel").startswith("AEMO registration list 2020")
    hazelwood = unit(units, "HWPS1", "2016-01-01")
    assert (hazelwood["fuel"], hazelwood["capacity_mw"]) == ("Coal", 200), "closed before any list we hold"
    assert source_of(hazelwood, "fuel") == "NEMDesk built-in list"
    assert (units.latitude.dropna().between(-44, -10)).all()


def test_successors_are_bidirectional_batteries_of_the_same_region(real_lake: Snapshot) -> None:
    units = frame(real_lake)
    current = units[units.valid_to == FOREVER].set_index("duid")
    linked = current[current.successor_duid.notna()]
    assert set(linked.index) == {
        "BALBG1", "BALBL1", "DALNTH01", "DALNTHL1", "GANNBG1", "GANNBL1", "HPRG1", "HPRL1", "LBBG1", "LBBL1",
    }  # fmt: skip
    for duid, row in linked.iterrows():
        after = current.loc[row.successor_duid]
        assert (after.dispatch_type, after.fuel, after.regionid) == (
            "BIDIRECTIONAL",
            "Battery Storage",
            row.regionid,
        ), duid


def test_real_loss_factors(real_lake: Snapshot, real_sources: list[RegistrySource]) -> None:
    factors = frame(real_lake, "unit_loss_factors")
    assert list(factors.columns) == UNIT_LOSS_FACTORS.schema.names
    for duid, rows in factors.groupby("duid"):
        for earlier, later in pairwise(rows.sort_values("valid_from").to_dict("records")):
            assert earlier["valid_to"] <= later["valid_from"], duid
    hallett = factors[(factors.duid == "AGLHAL") & (factors.valid_from == pd.Timestamp("2004-07-01"))].iloc[0]
    assert hallett.transmissionlossfactor == 0.98
    wanted = [
        row
        for row in real_sources[2].rows.to_pylist()
        if row["duid"] == "BW01" and row["start_date"] < row["end_date"]
    ]
    for row in wanted:
        at = pd.Timestamp(row["start_date"])
        rows = factors[(factors.duid == "BW01") & (factors.valid_from <= at) & (at < factors.valid_to)]
        assert rows.transmissionlossfactor.tolist() == [float(row["transmissionlossfactor"])], row


def test_dudetail_gives_maximum_capacity_over_time(real: Path, tmp_path: Path) -> None:
    from data_layer.ingest import mms

    archive = "nemweb/Data_Archive/Wholesale_Electricity/MMSDM/2021/MMSDM_2021_04"
    folder = f"{archive}/MMSDM_Historical_Data_SQLLoader/DATA"
    sources = []
    for table in ("DUDETAIL", "DUDETAILSUMMARY"):
        path = real / folder / f"PUBLIC_DVD_{table}_202104010000.zip"
        for reading in mms.read(path, path.name):
            assert reading.published_at is not None
            sources += [
                RegistrySource(r.kind, reading.published_at, r.rows, path.name) for r in reading.registers
            ]
    assert {source.kind for source in sources} == {"dudetail", "dudetailsummary"}
    units = frame(learn(Lake(tmp_path), *sources))
    assert_sound(units)
    assert unit(units, "AGLHAL", "2003-01-01")["capacity_mw"] == 220
    assert unit(units, "AGLHAL", "2010-01-01")["capacity_mw"] == 180
    assert unit(units, "AGLHAL", "2010-01-01")["max_capacity_mw"] == 220


SMALL = [
    texts(
        "dudetailsummary",
        "2024-01-08T00:00:00",
        [
            summary_row("OLD1", "2010/01/01", "2012/07/01"),
            summary_row("OLD1", "2013/07/01", "2999/12/31", regionid="VIC1", transmissionlossfactor="0.97"),
            summary_row("BATG1", "2018/01/01", "2999/12/31"),
            summary_row("BATL1", "2018/01/01", "2999/12/31", dispatchtype="LOAD"),
        ],
    ),
    texts(
        "dudetailsummary",
        "2025-01-08T00:00:00",
        [
            summary_row("BATG1", "2018/01/01", "2024/09/01", stationid="BAT"),
            summary_row("BATL1", "2018/01/01", "2024/09/01", stationid="BAT", dispatchtype="LOAD"),
            summary_row("BAT1", "2024/08/25", "2999/12/31", stationid="BAT", dispatchtype="BIDIRECTIONAL"),
        ],
    ),
    texts("station", "2024-01-08T00:00:00", [{"stationid": "BAT", "stationname": "BAT HILL STORE"}]),
    texts("participant", "2024-01-08T00:00:00", [{"participantid": "OWNER", "name": "The  Owner Ltd"}]),
    texts("registration_list", "2019-05-01T00:00:00", [list_row("OLD1", storage_mwh="7"), list_row("GONE1")]),
    texts(
        "registration_list",
        "2025-05-01T00:00:00",
        [
            list_row("OLD1", reg_cap_mw="120", region="NSW1", station_name="Renamed Station"),
            list_row(
                "BAT1",
                dispatch_type="Bidirectional Unit",
                fuel_primary="Battery storage",
                technology_descriptor="Battery and Inverter",
                reg_cap_load_mw="80",
                storage_mwh="200",
            ),
        ],
    ),
    texts("genunits", "2024-01-08T00:00:00", [{"gensetid": "OLD1", "co2e_energy_source": "Black coal"}]),
]


@pytest.fixture
def small(tmp_path: Path) -> pd.DataFrame:
    return frame(learn(Lake(tmp_path / "small"), *SMALL))


def test_authority_per_column(small: pd.DataFrame) -> None:
    assert_sound(small)
    row = unit(small, "OLD1", "2014-01-01")
    assert row["regionid"] == "VIC1", "DUDETAILSUMMARY over the list"
    assert row["station_name"] == "Renamed Station", "no STATION row: the newest list"
    assert row["capacity_mw"] == 120, "the newer list"
    assert row["storage_mwh"] == 7, "what the newer list leaves blank stays"
    assert row["fuel"] == "Wind", "the list over GENUNITS"
    assert row["owner"] == "Owner Pty Ltd", "the list over PARTICIPANT"
    battery = unit(small, "BATG1")
    assert battery["station_name"] == "Bat Hill Store"
    assert battery["owner"] == "The Owner Ltd", "not listed: PARTICIPANT"


def test_a_hole_belongs_to_the_span_before_it(small: pd.DataFrame) -> None:
    rows = small[small.duid == "OLD1"]
    assert list(rows.regionid) == ["SA1", "VIC1"]
    assert list(rows.valid_to) == [pd.Timestamp("2013-07-01"), FOREVER]
    assert set(rows.first_date) == {pd.Timestamp("2010-01-01")}
    assert rows.last_date.isna().all(), "open-ended"


def test_dates_of_a_retired_unit(small: pd.DataFrame) -> None:
    assert unit(small, "BATG1")["last_date"] == pd.Timestamp("2024-09-01")
    assert unit(small, "BAT1")["first_date"] == pd.Timestamp("2024-08-25")


def test_a_unit_deleted_from_the_list_stays(small: pd.DataFrame) -> None:
    gone = unit(small, "GONE1")
    assert gone["fuel"] == "Wind"
    assert source_of(gone, "fuel") == "AEMO registration list 2019-05-01"


def test_predecessors_that_no_list_ever_held(small: pd.DataFrame) -> None:
    """Known from DUDETAILSUMMARY alone; the bidirectional battery of the same name tells what they were."""
    for duid in ("BATG1", "BATL1"):
        row = unit(small, duid)
        assert (row["fuel"], row["successor_duid"]) == ("Battery Storage", "BAT1")
        assert source_of(row, "fuel") == "same battery"
    assert pd.isna(unit(small, "BAT1")["successor_duid"])


def test_loss_factors_leave_holes_and_join_equal_neighbours(tmp_path: Path) -> None:
    rows = [
        summary_row("U1", "2010/07/01", "2011/07/01"),
        summary_row("U1", "2011/07/01", "2012/07/01"),
        summary_row("U1", "2012/07/01", "2014/07/01", transmissionlossfactor="0.9"),
        summary_row("U1", "2013/07/01", "2014/01/01", transmissionlossfactor="0.8"),
        summary_row("U1", "2015/07/01", "2016/07/01", transmissionlossfactor="0.8"),
    ]
    factors = frame(
        learn(Lake(tmp_path), texts("dudetailsummary", "2020-01-01T00:00:00", rows)), "unit_loss_factors"
    )
    spans = [
        (f"{row.valid_from:%Y-%m}", f"{row.valid_to:%Y-%m}", row.transmissionlossfactor)
        for row in factors.itertuples()
    ]
    assert spans == [
        ("2010-07", "2012-07", 0.98),
        ("2012-07", "2013-07", 0.9),
        ("2013-07", "2014-01", 0.8),
        ("2015-07", "2016-07", 0.8),
    ]


def test_any_order_and_any_number_of_runs_end_the_same(tmp_path: Path, small: pd.DataFrame) -> None:
    orders = [order for number, order in enumerate(permutations(range(len(SMALL)))) if number % 900 == 7]
    assert len(orders) >= 5
    for number, order in enumerate(orders):
        lake = Lake(tmp_path / str(number))
        for position in order:
            snapshot = learn(lake, SMALL[position])
        pd.testing.assert_frame_equal(frame(snapshot), small)


def test_the_same_source_again_changes_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = learn(lake, *SMALL)
    assert learn(lake, SMALL[1], SMALL[0]).token == first.token


def test_the_built_in_list_fills_gaps_and_stands_alone_only_without_aemo(tmp_path: Path) -> None:
    alone = frame(learn(Lake(tmp_path / "alone")))
    assert_sound(alone)
    assert {"BW01", "HPR1", "HWPS1"} <= set(alone.duid)
    assert source_of(unit(alone, "BW01"), "fuel") == "NEMDesk built-in list"
    rows = [summary_row("BW01", "1998/12/01", "2999/12/31", regionid="NSW1")]
    units = frame(learn(Lake(tmp_path / "some"), texts("dudetailsummary", "2024-01-01T00:00:00", rows)))
    assert set(units.duid) == {"BW01"}
    bayswater = unit(units, "BW01")
    assert (bayswater["fuel"], bayswater["capacity_mw"]) == ("Coal", 660)
    assert source_of(bayswater, "fuel") == "NEMDesk built-in list"
    assert source_of(bayswater, "regionid") == "AEMO DUDETAILSUMMARY 2024-01-01"


def test_a_unit_of_unknown_fuel_keeps_its_region(tmp_path: Path) -> None:
    rows = [summary_row("NEVERSEEN1", "2024/01/01", "2999/12/31")]
    row = unit(
        frame(learn(Lake(tmp_path), texts("dudetailsummary", "2024-02-01T00:00:00", rows))), "NEVERSEEN1"
    )
    assert (row["fuel"], row["regionid"]) == ("Unmapped", "SA1")


def test_bad_rows_do_not_stop_the_others(tmp_path: Path) -> None:
    rows = [
        summary_row("A1", "2024/01/01", "2024/01/01"),
        summary_row("A2", "2024/01/01", "2023/01/01"),
        summary_row("A3", "not a", "date"),
        summary_row("A4", "2024/01/01", "2999/12/31", transmissionlossfactor="x"),
        {**summary_row("A5", "2024/01/01", "2999/12/31"), "duid": None},
    ]
    units = frame(learn(Lake(tmp_path), texts("dudetailsummary", "2024-02-01T00:00:00", rows)))
    assert set(units.duid) == {"A4"}


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kind 'gossip'"):
        learn(Lake(tmp_path), texts("gossip", "2024-02-01T00:00:00", [{"duid": "A1"}]))
