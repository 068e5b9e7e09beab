"""What cannot be true in a file of AEMO's, though every row of it can be read.

The market's rules say what a price may be, and no unit, region or line moves more power than the whole NEM.
A file that says otherwise is damaged or not what it seems, and none of it is believed (docs/decisions/0007).
What merely looks odd - a gap, a sum that does not balance - is AEMO's to publish and the audit's to tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_layer.market import PRICE_THRESHOLDS
from data_layer.tables import TABLES

TOLERANCE: Final = 0.01
"""$/MWh beyond a limit that rounding may make."""

MOST_MW: Final = 100_000.0
"""More than everything that is connected to the NEM; its highest demand was below 40,000 MW."""

ACCEPT: Final = "--accept-findings"

_PRICES: Final[Mapping[str, str]] = {"dispatch_price": "rrp", "trading_price": "rrp"}
_POWERS: Final[Mapping[str, Sequence[str]]] = {
    "unit_scada": ("scadavalue",),
    "unit_dispatch": ("totalcleared", "uigf"),
    "region_demand": ("totaldemand", "demand_and_nonschedgen"),
    "interconnector_flow": ("meteredmwflow", "mwflow"),
    "rooftop_pv": ("power",),
}
_YEAR: Final = timedelta(days=366)


@dataclass(frozen=True)
class PriceLimits:
    """Cap and floor ($/MWh) by the time from which they hold; ``since`` in microseconds, rising."""

    since: np.ndarray[Any, np.dtype[np.int64]]
    caps: np.ndarray[Any, np.dtype[np.float64]]
    floors: np.ndarray[Any, np.dtype[np.float64]]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]] = ()) -> PriceLimits:
        """The wider of what the lake's price_thresholds (``rows``) and market.py say.

        A cap is indexed each July. Beyond the year of the last one known it may be twice as high: a lake must
        not refuse the market's next cap because nobody has told it.
        """
        built_in = {
            datetime.combine(one.effectivedate, datetime.min.time()): (
                one.cap_aud_per_mwh,
                one.floor_aud_per_mwh,
            )
            for one in PRICE_THRESHOLDS
        }
        given = {row["effectivedate"]: (row["voll"], row["marketpricefloor"]) for row in rows}
        since = sorted(built_in.keys() | given.keys())
        limits = [
            [known[max((at for at in known if at <= moment), default=min(known))] for moment in since]
            for known in (built_in, given)
            if known
        ]
        caps = [max(entry[0] for entry in entries) for entries in zip(*limits, strict=True)]
        floors = [min(entry[1] for entry in entries) for entries in zip(*limits, strict=True)]
        times = [*since, since[-1] + _YEAR]
        return cls(
            np.array(times, dtype="datetime64[us]").astype(np.int64),
            np.array([*caps, 2 * caps[-1]]),
            np.array([*floors, floors[-1]]),
        )


def impossible(rows: Mapping[str, pa.Table], limits: PriceLimits) -> list[str]:
    """What cannot be true in a file's rows (lake table -> rows): one sentence for each table and column."""
    found = []
    for table, part in rows.items():
        if table in _PRICES and part.num_rows:
            found += _prices(table, part, _PRICES[table], limits)
        for column in _POWERS.get(table, ()):
            found += _powers(table, part, column)
    return found


def refusal(reasons: Sequence[str]) -> str:
    """Why a file was not taken, and the way out."""
    return (
        f"{'; '.join(reasons)}: nothing of it was taken. If AEMO really published it so, run the same "
        f"command with {ACCEPT}"
    )


def _prices(table: str, rows: pa.Table, column: str, limits: PriceLimits) -> list[str]:
    stamps = rows.column("settlementdate").cast(pa.int64()).to_numpy()
    # A limit that begins at 00:00 holds from the interval that ends at 00:05.
    entry = np.maximum(np.searchsorted(limits.since, stamps, side="left") - 1, 0)
    cap, floor = limits.caps[entry], limits.floors[entry]
    values = rows.column(column).to_numpy()
    wrong = np.flatnonzero((values > cap + TOLERANCE) | (values < floor - TOLERANCE))
    if not len(wrong):
        return []
    first = int(wrong[0])
    span = f"the limits of that day are {floor[first]:,.0f} and {cap[first]:,.0f}"
    return [_said(table, "prices", rows, column, wrong, f"$/MWh, {span}")]


def _powers(table: str, rows: pa.Table, column: str) -> list[str]:
    values = pc.fill_null(rows.column(column), 0.0).to_numpy()
    wrong = np.flatnonzero(np.abs(values) > MOST_MW)
    if not len(wrong):
        return []
    return [_said(table, column, rows, column, wrong, "MW, more than the whole market has")]


def _said(table: str, what: str, rows: pa.Table, column: str, wrong: Any, unit: str) -> str:
    first = rows.slice(int(wrong[0]), 1).to_pylist()[0]
    place = first[TABLES[table].key[1]]
    return (
        f"{len(wrong):,} of {rows.num_rows:,} {what} in {table} cannot be, the first {place} at "
        f"{first['settlementdate']:%Y-%m-%d %H:%M} ({first[column]:,.2f} {unit})"
    )
