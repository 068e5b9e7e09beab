"""Places among peers: a few hundred rows, for which eight window functions cost SQL more than the sums."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data_layer.requests.stations import StationPeers

_RANKED: Final = {
    "energy": ("generation_mwh", 6),
    "price": ("capture_price_aud_per_mwh", 6),
    "rate": ("capture_rate", 9),
    "cf": ("capacity_factor", 9),
}
"""What is ranked, and the decimals at which equals share a place."""

Values = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def with_ranks(table: pa.Table, request: StationPeers) -> pa.Table:
    """StationPeers' rows with their places among all, then those of the regions and fuels asked for."""
    fuel = _codes(table, "fuel")
    place = fuel * 1_000 + _codes(table, "regionid")
    generated = _values(table, "generation_mwh") > 0
    for measure, (column, decimals) in _RANKED.items():
        # What never generated has no place among generators.
        values = np.where(generated, np.round(_values(table, column), decimals), np.nan)
        for suffix, groups in (("", place), ("_nem", fuel)):
            rank, count = ranks(values, groups)
            missing = rank == 0
            table = table.append_column(f"{measure}{suffix}_rank", pa.array(rank, pa.int64(), mask=missing))
            table = table.append_column(f"{measure}{suffix}_of", pa.array(count, pa.int64()))
    return table.filter(_chosen(table, request))


def ranks(values: Values, groups: Codes) -> tuple[Codes, Codes]:
    """(place, how many have one) of each value within its group: 1 the highest, equals share; 0 for NaN."""
    rank = np.zeros(len(values), dtype=np.int64)
    count = np.zeros(len(values), dtype=np.int64)
    for group in np.unique(groups):
        inside = np.flatnonzero(groups == group)
        known = inside[~np.isnan(values[inside])]
        count[inside] = len(known)
        falling = np.sort(-values[known])
        rank[known] = np.searchsorted(falling, -values[known], side="left") + 1
    return rank, count


def _values(table: pa.Table, column: str) -> Values:
    return np.asarray(table.column(column).to_numpy(), dtype=np.float64)


def _codes(table: pa.Table, column: str) -> Codes:
    _, codes = np.unique(np.asarray(table.column(column).to_pylist(), dtype=str), return_inverse=True)
    return codes.astype(np.int64)


def _chosen(table: pa.Table, request: StationPeers) -> pa.Array:
    kept = np.ones(table.num_rows, dtype=bool)
    for column, wanted in (("regionid", request.regions), ("fuel", request.fuels)):
        if wanted:
            kept &= np.isin(np.asarray(table.column(column).to_pylist(), dtype=str), wanted)
    return pa.array(kept)
