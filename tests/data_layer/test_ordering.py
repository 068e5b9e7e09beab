"""Order by a (stamp, text) key, against Python's own sort."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from data_layer.ordering import in_order, strictly_sorted

KEY = ("settlementdate", "duid")
FIRST = datetime(2025, 7, 1)

rows = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["A", "AB", "B", "a", "W/HOE#2"])), max_size=20)


def table(pairs: list[tuple[int, str]]) -> pa.Table:
    stamps = [FIRST + timedelta(minutes=5 * step) for step, _ in pairs]
    return pa.table(
        {
            "settlementdate": pa.array(stamps, pa.timestamp("us")),
            "duid": pa.array([duid for _, duid in pairs], pa.string()),
            "place": pa.array(range(len(pairs)), pa.int64()),
        }
    )


def keys(found: pa.Table) -> list[tuple[datetime, str]]:
    return list(zip(found.column(KEY[0]).to_pylist(), found.column(KEY[1]).to_pylist(), strict=True))


@given(rows)
def test_sorted_once_or_left_to_somebody_who_chooses(pairs: list[tuple[int, str]]) -> None:
    offered = table(pairs)
    expected = sorted(keys(offered))
    ordered = strictly_sorted(offered, KEY)
    if not pairs or len(set(pairs)) < len(pairs):
        assert ordered is None
    else:
        assert ordered is not None and keys(ordered) == expected
        assert {pairs[place] for place in ordered.column("place").to_pylist()} == set(pairs)
    assert keys(in_order(offered, KEY)) == expected


def test_keys_of_another_kind_are_left_alone() -> None:
    assert strictly_sorted(table([(0, "A")]), ("settlementdate", "duid", "place")) is None
    assert strictly_sorted(table([(0, "A")]), ("duid", "place")) is None
    null = table([(0, "A"), (1, "B")]).set_column(1, "duid", pa.array(["A", None], pa.string()))
    assert strictly_sorted(null, KEY) is None
