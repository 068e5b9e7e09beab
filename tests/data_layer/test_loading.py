"""Rows become partitions by one stated rule, whatever order, overlap or repetition they arrive in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_layer.errors import LakeDamaged
from data_layer.lake import Lake
from data_layer.loading import Loaded, Loader, conform, split
from data_layer.tables import RAW_TABLES, TABLES
from tests.data_layer.lakes import rows, stamps, unit

JULY = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)
Records = Sequence[dict[str, Any]]


def load(root: Path, table: str, *files: Records) -> tuple[Lake, list[list[Loaded]]]:
    """Each of ``files`` as a flush of its own, all in one version."""
    lake = Lake(root)
    with lake.write() as writer:
        loader = Loader(writer)
        done = []
        for records in files:
            loader.add(table, rows(table, records))
            done.append(loader.flush())
        writer.publish()
    return lake, done


def content(lake: Lake, table: str) -> list[dict[str, Any]]:
    return [row for path in lake.snapshot().paths(table) for row in pq.read_table(path).to_pylist()]


SCADA_ROWS = st.fixed_dictionaries(
    {
        "settlementdate": st.sampled_from(stamps(datetime(2025, 6, 30, 23, 50), 5)),
        "duid": st.sampled_from(["A", "B", "b", "Å1", "PUMP/1"]),
        "scadavalue": st.sampled_from([-1.5, 0.0, 2.25, 300.0]),
        "published_at": st.sampled_from([None, datetime(2025, 7, 2), datetime(2025, 7, 3)]),
    }
)
FLOW_ROWS = st.fixed_dictionaries(
    {
        "settlementdate": st.sampled_from(stamps(datetime(2025, 6, 30, 23, 55), 3)),
        "interconnectorid": st.sampled_from(["V-SA", "VIC1-NSW1"]),
        "intervention": st.sampled_from([None, 0, 1]),
        "meteredmwflow": st.sampled_from([-50.0, 10.0]),
        "mwflow": st.sampled_from([None, 1.0, 2.0]),
        "published_at": st.sampled_from([None, datetime(2025, 7, 2), datetime(2025, 7, 3)]),
    }
)


@st.composite
def files_in_two_orders(draw: st.DrawFn) -> tuple[str, list[Records], list[Records]]:
    table, row = draw(st.sampled_from([("unit_scada", SCADA_ROWS), ("interconnector_flow", FLOW_ROWS)]))
    files = draw(st.lists(st.lists(row, min_size=1, max_size=6), min_size=1, max_size=4))
    again = [draw(st.permutations(file)) for file in draw(st.permutations(files))]
    return table, files, again


@settings(max_examples=12, deadline=None)
@given(case=files_in_two_orders())
def test_the_outcome_does_not_depend_on_the_order_of_files_or_rows(
    case: tuple[str, list[Records], list[Records]],
) -> None:
    """The same bytes, whether files arrive so or so, at once or one by one."""
    table, files, again = case
    with TemporaryDirectory() as folder:
        first, _ = load(Path(folder) / "first", table, *files)
        second, _ = load(Path(folder) / "second", table, *again)
        third, _ = load(Path(folder) / "third", table, [row for file in again for row in file])
        hashes = [
            {name: entry.sha256 for name, entry in lake.snapshot().partitions(table).items()}
            for lake in (first, second, third)
        ]
        assert hashes[0] == hashes[1] == hashes[2]
        kept = content(first, table)
        key = TABLES[table].key
        keys = [tuple(row[name] for name in key) for row in kept]
        offered = {tuple(row[name] for name in key) for file in files for row in file}
        assert sorted(offered) == keys, "every key once, in order"


@settings(max_examples=12, deadline=None)
@given(records=st.lists(SCADA_ROWS, min_size=1, max_size=12))
def test_the_row_published_later_wins_against_an_independent_rule(records: list[dict[str, Any]]) -> None:
    expected: dict[tuple[datetime, str], float] = {}
    for row in sorted(records, key=lambda r: (r["published_at"] or datetime.min, r["scadavalue"])):
        expected[row["settlementdate"], row["duid"]] = row["scadavalue"]
    with TemporaryDirectory() as folder:
        lake, _ = load(Path(folder), "unit_scada", *[[row] for row in records[:3]], records)
        found = {(r["settlementdate"], r["duid"]): r["scadavalue"] for r in content(lake, "unit_scada")}
    assert found == expected


@pytest.mark.parametrize(
    ("table", "key", "value", "kept"),
    [
        ("dispatch_price", {"regionid": "NSW1"}, "rrp", 0),
        ("region_demand", {"regionid": "NSW1"}, "totaldemand", 1),
        ("interconnector_flow", {"interconnectorid": "V-SA"}, "meteredmwflow", 1),
    ],
)
@pytest.mark.parametrize("later", [0, 1])
def test_prices_keep_the_pricing_run_and_power_the_physical_run(
    tmp_path: Path, table: str, key: dict[str, str], value: str, kept: int, later: int
) -> None:
    """Whichever of the two runs was published later, and in whichever order they come."""
    runs = [
        {
            **key,
            "settlementdate": JULY + FIVE,
            "intervention": run,
            value: 100.0 + run,
            "published_at": datetime(2025, 7, 2) + timedelta(days=int(run == later)),
        }
        for run in (0, 1)
    ]
    for order, name in ((runs, "one"), (runs[::-1], "other")):
        lake, _ = load(tmp_path / name, table, [order[0]], [order[1]])
        (row,) = content(lake, table)
        assert (row["intervention"], row[value]) == (kept, 100.0 + kept)


def test_a_price_without_a_run_yields_to_the_pricing_run(tmp_path: Path) -> None:
    base = {"settlementdate": JULY + FIVE, "regionid": "SA1"}
    lake, _ = load(
        tmp_path,
        "dispatch_price",
        [{**base, "rrp": 1.0, "intervention": None, "published_at": datetime(2025, 7, 9)}],
        [{**base, "rrp": 2.0, "intervention": 0, "published_at": datetime(2025, 7, 2)}],
    )
    assert [row["rrp"] for row in content(lake, "dispatch_price")] == [2.0]


def test_the_better_rooftop_estimate_is_kept_and_each_type_by_itself(tmp_path: Path) -> None:
    base = {"settlementdate": JULY + timedelta(minutes=30), "regionid": "NSW1"}
    lake, _ = load(
        tmp_path,
        "rooftop_pv",
        [
            {**base, "type": "DAILY", "power": 1.0, "qi": 0.2, "published_at": datetime(2025, 7, 9)},
            {**base, "type": "DAILY", "power": 2.0, "qi": 0.8, "published_at": datetime(2025, 7, 2)},
            {**base, "type": "DAILY", "power": 3.0, "qi": None, "published_at": datetime(2025, 7, 9)},
            {**base, "type": "SATELLITE", "power": 4.0, "qi": 1.0},
        ],
    )
    assert [(r["type"], r["power"]) for r in content(lake, "rooftop_pv")] == [
        ("DAILY", 2.0),
        ("SATELLITE", 4.0),
    ]


def test_rows_are_split_where_market_months_end(tmp_path: Path) -> None:
    edge = datetime(2025, 8, 1)
    when = [edge - FIVE, edge, edge + FIVE, datetime(2025, 10, 1), datetime(2025, 10, 1, 0, 5)]
    lake, (done,) = load(
        tmp_path, "unit_scada", [{"settlementdate": s, "duid": "A", "scadavalue": 1.0} for s in when[::-1]]
    )
    assert [(d.partition, d.rows_after) for d in done] == [
        ("2025-07", 2),
        ("2025-08", 1),
        ("2025-09", 1),
        ("2025-10", 1),
    ]
    spans = {n: (e.first, e.last) for n, e in lake.snapshot().partitions("unit_scada").items()}
    assert spans["2025-07"] == ("2025-07-31T23:55", "2025-08-01T00:00")
    assert spans["2025-08"] == ("2025-08-01T00:05", "2025-08-01T00:05")
    assert spans["2025-09"] == ("2025-10-01T00:00", "2025-10-01T00:00")


@settings(max_examples=50, deadline=None)
@given(
    when=st.lists(
        st.integers(0, 288 * 800).map(lambda k: datetime(2023, 12, 31) + k * FIVE), min_size=1, max_size=30
    )
)
def test_split_loses_and_doubles_nothing(when: list[datetime]) -> None:
    table = rows("unit_scada", [{"settlementdate": s, "duid": "A", "scadavalue": 1.0} for s in when])
    parts = split(table, TABLES["unit_scada"])
    assert len({name for name, _ in parts}) == len(parts)
    together = [s for _, part in parts for s in part["settlementdate"].to_pylist()]
    assert sorted(together) == sorted(when)
    for name, part in parts:
        assert {f"{s - FIVE:%Y-%m}" for s in part["settlementdate"].to_pylist()} == {name}


def test_months_that_overlap_by_an_interval_hold_it_once(tmp_path: Path) -> None:
    """AEMO's month files repeat the first interval of the next month."""
    when = stamps(datetime(2025, 7, 31, 23, 50), 5)
    july = [{"settlementdate": s, "duid": "A", "scadavalue": 1.0} for s in when[:4]]
    august = [{"settlementdate": s, "duid": "A", "scadavalue": 1.0} for s in when[2:]]
    lake, _ = load(tmp_path, "unit_scada", july, august)
    assert [row["settlementdate"] for row in content(lake, "unit_scada")] == when


def test_adding_again_changes_nothing(tmp_path: Path) -> None:
    records = [{"settlementdate": s, "duid": d, "scadavalue": 1.0} for s in stamps(JULY, 4) for d in "CAB"]
    lake, (first,) = load(tmp_path, "unit_scada", records)
    token = lake.token()
    for _ in range(3):
        _, (again,) = load(tmp_path, "unit_scada", records)
        assert lake.token() == token
        assert [d.rows_added for d in again] == [0, 0]
        assert [d.rows_before for d in again] == [d.rows_after for d in first]


def test_a_flush_tells_what_it_did(tmp_path: Path) -> None:
    one = [{"settlementdate": JULY + FIVE, "duid": d, "scadavalue": 1.0} for d in "AB"]
    two = [{"settlementdate": JULY + FIVE, "duid": d, "scadavalue": 1.0} for d in "BC"]
    _, done = load(tmp_path, "unit_scada", one, two)
    assert done == [
        [Loaded("unit_scada", "2025-07", 0, 2, 2)],
        [Loaded("unit_scada", "2025-07", 2, 3, 2)],
    ]
    assert done[1][0].rows_added == 1


@pytest.mark.parametrize("spec", RAW_TABLES, ids=lambda spec: spec.name)
def test_a_null_in_a_required_column_is_refused(tmp_path: Path, spec: Any) -> None:
    whole: dict[str, Any] = {
        field.name: {"timestamp[us]": JULY + FIVE, "string": "X"}.get(str(field.type), 1)
        for field in spec.schema
    }
    assert set(spec.key) <= set(spec.required)
    with Lake(tmp_path).write() as writer:
        loader = Loader(writer)
        loader.add(spec.name, rows(spec.name, [whole]))
        for column in spec.required:
            with pytest.raises(ValueError, match=column):
                loader.add(spec.name, rows(spec.name, [whole, {**whole, column: None}]))
            with pytest.raises(ValueError, match=column):
                loader.add(spec.name, rows(spec.name, [whole]).drop_columns([column]))
        assert [loaded.rows_after for loaded in loader.flush()] == [1]


def test_missing_nullable_columns_are_null_and_types_are_the_tables(tmp_path: Path) -> None:
    narrow = pa.table(
        {
            "rrp": pa.array([55, 66], pa.int64()),
            "regionid": pa.array(["NSW1", "QLD1"], pa.large_string()),
            "settlementdate": pa.array([JULY + FIVE] * 2, pa.timestamp("ns")),
            "not_of_the_table": pa.array([1, 2]),
        }
    )
    shaped = conform(narrow, TABLES["dispatch_price"])
    assert shaped.schema == TABLES["dispatch_price"].schema
    assert shaped["rrp"].to_pylist() == [55.0, 66.0]
    assert shaped["intervention"].null_count == 2
    with pytest.raises(pa.ArrowInvalid):
        conform(pa.table({"rrp": ["many"]}), TABLES["dispatch_price"])


def test_a_partition_is_strictly_sorted_and_unique(tmp_path: Path) -> None:
    """Both ways in: rows that come in order are written as they are, others are merged."""
    ordered = [
        {"settlementdate": s, "duid": d, "scadavalue": 1.0} for s in stamps(JULY + FIVE, 50) for d in "ABC"
    ]
    doubled = ordered + [{**row, "scadavalue": 2.0} for row in ordered[::7]]
    for name, records in (("ordered", ordered), ("backwards", ordered[::-1]), ("doubled", doubled)):
        lake, _ = load(tmp_path / name, "unit_scada", records)
        (path,) = lake.snapshot().paths("unit_scada")
        frame = pq.read_table(path).to_pandas()
        keys = list(zip(frame.settlementdate, frame.duid, strict=True))
        assert keys == sorted(set(keys))
        assert len(keys) == 150


def test_rows_with_one_key_side_by_side_are_not_taken_for_sorted(tmp_path: Path) -> None:
    pair = [{"settlementdate": JULY + FIVE, "duid": "A", "scadavalue": v} for v in (1.0, 2.0)]
    lake, _ = load(tmp_path, "unit_scada", pair)
    assert [row["scadavalue"] for row in content(lake, "unit_scada")] == [2.0]


def test_a_static_table_is_replaced_whole_and_sorted(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for duids in ("ZY", "BA"):
        with lake.write() as writer:
            Loader(writer).replace("units", rows("units", [unit(d) for d in duids]))
            writer.publish()
    frame = pd.DataFrame(content(lake, "units"))
    assert list(frame.duid) == ["A", "B"]
    with lake.write() as writer, pytest.raises(ValueError, match="use add"):
        Loader(writer).replace("unit_scada", rows("unit_scada", []))


def test_a_damaged_partition_is_not_silently_replaced(tmp_path: Path) -> None:
    records = [{"settlementdate": JULY + FIVE, "duid": "A", "scadavalue": 1.0}]
    lake, _ = load(tmp_path, "unit_scada", records)
    Path(lake.snapshot().paths("unit_scada")[0]).write_bytes(b"garbage")
    token = lake.token()
    with pytest.raises(LakeDamaged, match="unit_scada 2025-07") as failure:
        load(tmp_path, "unit_scada", [{**records[0], "duid": "B"}])
    assert str(tmp_path) not in str(failure.value)
    assert lake.token() == token
