"""The readings in the order of their units: the same rows, and few row groups for one unit."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_layer.lake import Lake
from data_layer.tables import UNIT_BY_DUID
from tests.data_layer.lakes import compare, frame, make_lake, readings, stamps, unit


def test_it_holds_every_reading_signed(demo_lake: Lake) -> None:
    snapshot = demo_lake.snapshot()
    raw = frame(snapshot, "unit_scada")
    units = frame(snapshot, "units")
    replaced = units.dropna(subset="successor_duid").drop_duplicates(["duid", "successor_duid"])
    for old, new in zip(replaced.duid, replaced.successor_duid, strict=True):
        both = raw.settlementdate.isin(raw[raw.duid == new].settlementdate) & (raw.duid == old)
        raw = raw[~both]
    joined = raw.merge(units, on="duid", how="left")
    current = (joined.settlementdate > joined.valid_from) & (joined.settlementdate <= joined.valid_to)
    joined = joined[current | joined.valid_from.isna()]
    assert len(joined) == len(raw)
    load = joined.dispatch_type == "LOAD"
    expected = pd.DataFrame(
        {
            "settlementdate": joined.settlementdate,
            "duid": joined.duid,
            "regionid": joined.regionid.fillna("Unmapped"),
            "fuel": joined.fuel.fillna("Unmapped"),
            "mw": joined.scadavalue.where(~load, -joined.scadavalue.abs()),
            "capacity_mw": joined.capacity_mw.where(~load),
        }
    )
    keys = ["settlementdate", "duid", "regionid", "fuel"]
    found = frame(snapshot, "unit_by_duid")
    compare(found, expected, keys, ["mw", "capacity_mw"])
    assert "Unmapped" in set(found.fuel)


def test_one_units_history_lies_in_few_row_groups(demo_lake: Lake) -> None:
    snapshot = demo_lake.snapshot()
    assert UNIT_BY_DUID.row_group_rows is not None
    groups = holding = 0
    for path in snapshot.paths("unit_by_duid"):
        meta = pq.ParquetFile(path).metadata
        column = meta.schema.to_arrow_schema().get_field_index("duid")
        for index in range(meta.num_row_groups):
            assert meta.row_group(index).num_rows <= UNIT_BY_DUID.row_group_rows
            statistics = meta.row_group(index).column(column).statistics
            groups += 1
            holding += statistics.min <= "ER01" <= statistics.max
    assert groups >= 9
    assert holding <= 2 * len(snapshot.paths("unit_by_duid"))


def test_a_battery_that_changed_its_duid_counts_once(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 4)
    lake = make_lake(
        tmp_path,
        units=[
            unit("BATL1", fuel="Battery Storage", dispatch_type="LOAD", successor_duid="BAT1"),
            unit("BAT1", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL", capacity_mw=40.0),
        ],
        unit_scada=readings("BATL1", when[:3], 24.0) + readings("BAT1", when[2:], -24.0),
    )
    found = frame(lake.snapshot(), "unit_by_duid")
    assert list(zip(found.duid, found.settlementdate, found.mw, strict=True)) == [
        ("BAT1", when[2], -24.0),
        ("BAT1", when[3], -24.0),
        ("BATL1", when[0], -24.0),
        ("BATL1", when[1], -24.0),
    ]
    assert found.capacity_mw[0] == 40.0 and pytest.approx(found.capacity_mw[2], nan_ok=True) == float("nan")
