"""What is said of the lake's tables, against the files themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from data_layer.lake_report import READINGS, REGISTERS, ROLLUPS, bytes_on_disk, report
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

FIVE = timedelta(minutes=5)


def test_rows_files_bytes_and_missing_months_are_those_of_the_files(tmp_path: Path) -> None:
    months = [stamps(datetime(2025, month, 1, 0, 5), 12) for month in (3, 4, 7)]
    when = [stamp for month in months for stamp in month]
    lake = make_lake(
        tmp_path,
        units=[unit("A")],
        unit_scada=readings("A", when, 1.0),
        dispatch_price=prices("NSW1", months[1], 10.0),
    )
    told = report(lake.snapshot())
    tables = {table.name: table for table in told.tables}
    scada = tables["unit_scada"]
    files = sorted((tmp_path / "data" / "unit_scada").rglob("*.parquet"))
    assert (
        (scada.files, scada.bytes)
        == (len(files), sum(path.stat().st_size for path in files))
        == (3, scada.bytes)
    )
    assert scada.rows == sum(pq.read_metadata(path).num_rows for path in files) == 36
    assert (scada.first, scada.last) == (when[0], when[-1])
    assert scada.missing == ("2025-05", "2025-06")
    assert tables["dispatch_price"].missing == ()
    assert tables["region_day"].missing == (), "a file of a whole year"
    assert [tables[name].group for name in ("unit_scada", "units", "unit_day")] == [
        READINGS,
        REGISTERS,
        ROLLUPS,
    ]
    assert tables["units"].first is None
    assert "interconnector_flow" not in tables
    everything = list((tmp_path / "data").rglob("*.parquet"))
    assert told.files == len(everything)
    assert told.bytes == sum(path.stat().st_size for path in everything)
    assert (told.version, told.kind) == (lake.token(), "aemo")
    assert (told.first, told.last) == (when[0], when[-1])


def test_older_versions_count_on_disk_only(tmp_path: Path) -> None:
    day = stamps(datetime(2025, 3, 1, 0, 5), 12)
    make_lake(tmp_path, unit_scada=readings("A", day, 1.0))
    before = report(make_lake(tmp_path).snapshot()).bytes
    lake = make_lake(tmp_path, unit_scada=readings("B", day, 2.0))
    after = report(lake.snapshot())
    on_disk = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert bytes_on_disk(tmp_path) == on_disk > after.bytes > 0
    assert on_disk > before + after.bytes / 2
