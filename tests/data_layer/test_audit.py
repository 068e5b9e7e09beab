"""Errors planted in small lakes, each found by the audit; a lake without one has no finding."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from app.cli import main
from data_layer import audit, rollups
from data_layer.audit.checks import TIED
from data_layer.audit.findings import Finding
from data_layer.errors import RollupsDiffer
from data_layer.ingest import nemweb, pipeline
from data_layer.lake import KIND_DEMO, Lake
from data_layer.loading import Loader
from data_layer.market import REGIONS
from data_layer.tables import TABLES
from tests.data_layer.ingest.test_pipeline import put_month
from tests.data_layer.lakes import make_lake, prices, readings, rows, stamps, unit

DAY = stamps(datetime(2025, 7, 2, 0, 5), 288)
HALF_HOURS = stamps(datetime(2025, 7, 2, 0, 30), 48, 30)


def sound(**changes: Any) -> dict[str, Any]:
    """A day of five regions, a unit each that meets demand, and a sun by day."""
    tables: dict[str, Any] = {
        "units": [unit(f"U-{region}", regionid=region, capacity_mw=1_000.0) for region in REGIONS],
        "unit_scada": [one for region in REGIONS for one in readings(f"U-{region}", DAY, 900.0)],
        "dispatch_price": [one for region in REGIONS for one in prices(region, DAY, 80.0)],
        "trading_price": [one for region in REGIONS for one in prices(region, DAY, 80.0)],
        "region_demand": [
            {
                "settlementdate": when,
                "regionid": region,
                "intervention": 0,
                "totaldemand": 900.0,
                "netinterchange": 0.0,
            }
            for region in REGIONS
            for when in DAY
        ],
        "rooftop_pv": [
            {
                "settlementdate": when,
                "regionid": region,
                "type": "DAILY",
                "power": 100.0 if 9 <= when.hour < 16 else 0.0,
                "qi": 1.0,
            }
            for region in REGIONS
            for when in HALF_HOURS
        ],
    }
    return tables | changes


def audited(root: Path, **changes: Any) -> list[Finding]:
    return audit.of_version(make_lake(root, **sound(**changes)).snapshot())


def without(
    records: list[dict[str, Any]], first: datetime, last: datetime, **named: Any
) -> list[dict[str, Any]]:
    return [
        one
        for one in records
        if not (first <= one["settlementdate"] <= last and all(one[k] == v for k, v in named.items()))
    ]


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert audited(tmp_path) == []


def test_the_demonstration_has_the_gaps_that_it_is_made_with_and_nothing_else(demo_lake: Lake) -> None:
    found = audit.of_version(demo_lake.snapshot())
    assert {one.check for one in found} <= {"gaps"}
    assert all(not one.is_ours for one in found)


def test_every_rollup_is_tied() -> None:
    assert set(rollups.BUILD_ORDER) == TIED


def test_missing_intervals(tmp_path: Path) -> None:
    first, last = datetime(2025, 7, 2, 10, 0), datetime(2025, 7, 2, 10, 20)
    demand = without(sound()["region_demand"], first, last, regionid="SA1")
    scada = without(sound()["unit_scada"], first, first)
    found = audited(tmp_path, region_demand=demand, unit_scada=scada)
    gaps = {one.table: one for one in found if one.check == "gaps"}
    assert sorted(gaps) == ["region_demand", "unit_scada"]
    one = gaps["region_demand"]
    assert (one.place, one.count) == ("SA1", 5)
    assert (one.first, one.last) == ("2025-07-02 10:00", "2025-07-02 10:20")
    assert gaps["unit_scada"].count == 1


@pytest.mark.parametrize(("rrp", "limit"), [(20_300.5, 20_300.0), (-1_000.5, -1_000.0)])
def test_prices_outside_the_limits_of_their_day(tmp_path: Path, rrp: float, limit: float) -> None:
    """20,300 since July 2025: a stamp of 00:00 on the 1st still belongs to June's 17,500."""
    priced = sound()["dispatch_price"]
    priced[0] = priced[0] | {"rrp": rrp}
    priced[1] = priced[1] | {"rrp": 20_300.0}
    found = [one for one in audited(tmp_path, dispatch_price=priced) if one.check == "prices"]
    assert [(one.place, one.count, one.value, one.limit) for one in found] == [(REGIONS[0], 1, rrp, limit)]


def test_the_limit_of_the_day_before_holds_until_midnight(tmp_path: Path) -> None:
    edge = [datetime(2025, 6, 30, 23, 55), datetime(2025, 7, 1), datetime(2025, 7, 1, 0, 5)]
    lake = make_lake(tmp_path, dispatch_price=prices("NSW1", edge, 20_000.0))
    found = [one for one in audit.of_version(lake.snapshot()) if one.check == "prices"]
    assert [(one.month, one.count, one.last) for one in found] == [("2025-06", 2, "2025-07-01 00:00")]


def test_energy_that_does_not_balance(tmp_path: Path) -> None:
    low = [one for region in REGIONS for one in readings(f"U-{region}", DAY, 900.0)]
    low = [one | {"scadavalue": 400.0} if one["duid"] == "U-VIC1" else one for one in low]
    found = [one for one in audited(tmp_path, unit_scada=low) if one.check == "balance"]
    assert [(one.place, one.count, one.value) for one in found] == [("VIC1", 288, -500.0)]


def test_flows_that_net_interchange_does_not_know(tmp_path: Path) -> None:
    lines = [{"interconnectorid": "V-SA", "name": "Heywood", "regionid_from": "VIC1", "regionid_to": "SA1"}]
    flows = [
        {"settlementdate": when, "interconnectorid": "V-SA", "intervention": 0, "meteredmwflow": 200.0}
        for when in DAY
    ]
    found = audited(tmp_path, interconnectors=lines, interconnector_flow=flows)
    assert {(one.check, one.place) for one in found} == {("imports", "VIC1"), ("imports", "SA1")}


def test_readings_beyond_twice_the_capacity(tmp_path: Path) -> None:
    scada = sound()["unit_scada"]
    scada[3] = scada[3] | {"scadavalue": 2_000.5}
    scada[4] = scada[4] | {"scadavalue": 1_999.5}
    found = [one for one in audited(tmp_path, unit_scada=scada) if one.check == "capacity"]
    assert [(one.place, one.count, one.value) for one in found] == [("U-NSW1", 1, 2_000.5)]


def test_rooftop_at_night(tmp_path: Path) -> None:
    rooftop = sound()["rooftop_pv"]
    rooftop[1] = rooftop[1] | {"power": 3.0}  # 00:30 to 01:00
    rooftop[14] = rooftop[14] | {"power": 3.0}  # 07:00 to 07:30: morning
    found = [one for one in audited(tmp_path, rooftop_pv=rooftop) if one.check == "rooftop_at_night"]
    assert [(one.place, one.count, one.first) for one in found] == [("NSW1", 1, "2025-07-02 01:00")]


def change(lake: Lake, changes: Mapping[str, Callable[[pa.Table], pa.Table]]) -> None:
    """Publish a version whose first file of each table holds what its change makes of it, under a right
    checksum."""
    with lake.write(lake.snapshot().kind) as writer:
        for table, made_of in changes.items():
            (name, entry), *_ = writer.partitions(table).items()
            told = made_of(pq.read_table(lake.root / entry.path, partitioning=None))
            path = writer.new_path()
            pq.write_table(told, path)
            span = {"first": entry.first_stamp, "last": entry.last_stamp}
            writer.put(table, name, path, rows=told.num_rows, inputs=entry.inputs, **span)
        writer.publish()


MEASURE = {
    "unit_by_duid": "mw",
    "region_5min": "totaldemand",
    "region_30min": "demand_mwh",
    "region_day": "demand_mwh",
    "region_month": "demand_mwh",
    "balance_30min": "demand_mwh",
    "balance_day": "demand_mwh",
}


def measure_of(table: str) -> str:
    names = TABLES[table].schema.names
    own = ("generation_mwh", "discharge_mwh", "export_mwh", "uigf_mwh")
    return MEASURE.get(table) or next(name for name in own if name in names)


def half_more(table: str) -> Callable[[pa.Table], pa.Table]:
    column = measure_of(table)

    def changed(rows: pa.Table) -> pa.Table:
        values = rows.column(column).to_pylist()
        index = next(i for i, value in enumerate(values) if value is not None and value > 1)
        values[index] += 0.5
        return rows.set_column(rows.schema.get_field_index(column), column, pa.array(values, pa.float64()))

    return changed


def one_less(table: str) -> Callable[[pa.Table], pa.Table]:
    column = measure_of(table)
    return lambda rows: rows.filter(pc.greater(rows.column(column), 1.0)).slice(1)


@pytest.mark.parametrize("wrong", [half_more, one_less])
def test_rollups_that_are_not_the_sum_of_their_rows(
    wrong: Callable[[str], Callable[[pa.Table], pa.Table]], demo_lake: Lake, tmp_path: Path
) -> None:
    """Half a megawatt-hour (or megawatt) too much in one row, or rows too few: seen in every rollup."""
    shutil.copytree(demo_lake.root, tmp_path / "lake")
    lake = Lake(tmp_path / "lake")
    change(lake, {table: wrong(table) for table in rollups.BUILD_ORDER})
    assert {one.table for one in audit.of_version(lake.snapshot()) if one.is_ours} == set(rollups.BUILD_ORDER)
    assert main(["audit", "--lake", str(lake.root)]) == 1


def test_keys_that_come_twice(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, **sound())
    change(lake, {"dispatch_price": lambda rows: pa.concat_tables([rows, rows.slice(0, 2)])})
    found = [one for one in audit.of_version(lake.snapshot()) if one.check == "duplicates"]
    assert [(one.table, one.count, one.first) for one in found] == [("dispatch_price", 2, "2025-07-02 00:05")]


def test_a_rollup_that_differs_stops_the_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_month(tmp_path / "tree", 2024, 1)
    lake = Lake(tmp_path / "lake")
    pipeline.ingest(lake, nemweb.FolderSource(tmp_path / "tree"), [(2024, 1)])
    before = lake.token()
    put_month(tmp_path / "tree", 2024, 2)
    real = rollups.build

    def wrong(writer: Any, *given: Any, **more: Any) -> int:
        built = real(writer, *given, **more)
        entry = writer.partitions("unit_day")["2024"]
        told = pq.read_table(lake.root / entry.path, partitioning=None)
        path = writer.new_path()
        pq.write_table(told.slice(0, told.num_rows - 1), path)
        writer.put("unit_day", "2024", path, rows=told.num_rows - 1, inputs=entry.inputs)
        return built

    monkeypatch.setattr(rollups, "build", wrong)
    with pytest.raises(RollupsDiffer, match="unit_day"):
        pipeline.ingest(lake, nemweb.FolderSource(tmp_path / "tree"), [(2024, 2)])
    assert lake.token() == before
    monkeypatch.undo()
    pipeline.ingest(lake, nemweb.FolderSource(tmp_path / "tree"), [(2024, 2)])
    assert lake.token() != before


def test_findings_are_kept_with_the_version_and_stop_nothing(tmp_path: Path) -> None:
    put_month(tmp_path / "tree", 2024, 1)
    lake = Lake(tmp_path / "lake")
    source = nemweb.FolderSource(tmp_path / "tree")
    pipeline.ingest(lake, source, [(2024, 1)])
    put_month(tmp_path / "tree", 2024, 3)
    pipeline.ingest(lake, source, [(2024, 3)])
    kept = audit.kept(lake.snapshot())
    assert kept is not None and sorted(kept) == ["2024-01", "2024-03"]
    whole = audit.of_version(lake.snapshot())
    assert {one.check for one in whole} == {"gaps"}, "three regions have no prices at all"
    assert [one for lines in kept.values() for one in lines if one.month == "2024-03"] == [
        one for one in whole if one.month == "2024-03"
    ]


def test_the_report_and_its_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_lake(tmp_path / "sound", **sound())
    assert main(["audit", "--lake", str(tmp_path / "sound")]) == 0
    assert "nothing found" in capsys.readouterr().out
    cut = without(sound()["region_demand"], DAY[7], DAY[7] + timedelta(minutes=5), regionid="SA1")
    make_lake(tmp_path / "odd", **sound(region_demand=cut))
    assert main(["audit", "--lake", str(tmp_path / "odd")]) == 3
    text = capsys.readouterr().out
    assert "Intervals that are missing" in text and "region_demand SA1: 2 intervals" in text
    assert main(["audit", "--json", "--lake", str(tmp_path / "odd")]) == 3
    body = json.loads(capsys.readouterr().out)
    assert body["findings"][0]["table"] == "region_demand" and body["findings"][0]["count"] == 2


def test_a_rebuild_is_audited_too(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lake.write(KIND_DEMO) as writer:
        loader = Loader(writer)
        for name, records in sound().items():
            (loader.replace if name == "units" else loader.add)(name, rows(name, records))
        loader.flush()
        writer.publish()
    assert main(["rebuild", "--lake", str(tmp_path)]) == 0
    assert audit.kept(lake.snapshot()) == {"2025-07": []}
