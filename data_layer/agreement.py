"""How far two answers to one question lie apart: for whoever holds one engine against the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

NOT_COMPARED: Final = frozenset({"unit_intervals_expected", "intervals_expected"})
"""What full buckets would hold depends on where the planner cuts a period that is not whole days."""

SMALL: Final = 1e-6
"""Numbers that lie no further apart count as equal, whatever they are: sums that cancel leave such rests."""


@dataclass(frozen=True)
class Difference:
    """The largest relative difference of any number, and in words what else differs ('' if nothing)."""

    largest: float
    column: str = ""
    other: str = ""


def difference(one: pa.Table, two: pa.Table) -> Difference:
    """Compare two answers, whatever the order of their rows and columns."""
    if one.num_rows != two.num_rows:
        return Difference(np.inf, "", f"{one.num_rows:,} rows against {two.num_rows:,}")
    if not one.num_rows:
        return Difference(0.0)
    if set(one.column_names) != set(two.column_names):
        names = sorted(set(one.column_names) ^ set(two.column_names))
        return Difference(np.inf, "", f"columns of one only: {', '.join(names)}")
    left, right = _plain(one), _plain(two)
    names = [name for name in left.columns if name not in NOT_COMPARED]
    texts = [name for name in names if left[name].dtype != "float64" or right[name].dtype != "float64"]
    numbers = [name for name in names if name not in texts]
    # Rows are put side by side by what is no number, then by numbers coarse enough to be equal in both.
    left, right = _in_order(left, texts, numbers), _in_order(right, texts, numbers)
    for name in texts:
        if _nothing(left[name]) and _nothing(right[name]):
            continue  # a column without any value has no kind
        if list(left[name].astype(str)) != list(right[name].astype(str)):
            return Difference(np.inf, name, f"{name} has other values")
    worst = Difference(0.0)
    for name in numbers:
        apart = _relative(left[name].to_numpy(), right[name].to_numpy())
        if apart > worst.largest:
            worst = Difference(apart, name)
    return worst


def _plain(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    for name in frame.columns:
        if pd.api.types.is_bool_dtype(frame[name]) or not pd.api.types.is_numeric_dtype(frame[name]):
            values = frame[name].astype("object")
            frame[name] = values.where(frame[name].notna(), None).map(str).astype("object")
        else:
            frame[name] = frame[name].astype("float64")
    return frame


def _nothing(values: pd.Series) -> bool:
    return bool((values.isna() | values.astype(str).isin(["None", "nan"])).all())


def _in_order(frame: pd.DataFrame, texts: list[str], numbers: list[str]) -> pd.DataFrame:
    texts, keys = sorted(texts), {}
    for name in texts:
        keys[name] = frame[name].astype(str)
    for name in sorted(numbers):
        # Six digits: what differs less falls into one step in both, unless it lies on a step's edge.
        keys[name] = frame[name].map(lambda value: float(f"{value:.6g}"))
    order = pd.DataFrame(keys).sort_values(list(keys), kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _relative(left: np.ndarray, right: np.ndarray) -> float:
    if (np.isnan(left) != np.isnan(right)).any():
        return float("inf")
    apart = np.abs(left - right)
    size = np.maximum(np.maximum(np.abs(left), np.abs(right)), 1e-300)
    parts = np.where((apart > SMALL) & ~np.isnan(apart), apart / size, 0.0)
    return float(parts.max()) if len(parts) else 0.0
