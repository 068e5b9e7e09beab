"""The two small tables of market facts: price thresholds and interconnector topology.

AEMO's rows win over the facts in market.py; a file published later wins over an earlier one; rows that
a newer file leaves out are kept. Defaults fill what no file has said: topology by id, thresholds only
after the last date AEMO's file knows.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final

import pyarrow as pa

from data_layer import market
from data_layer.ingest.refusals import Refusal
from data_layer.tables import INTERCONNECTORS, PRICE_THRESHOLDS

AEMO_THRESHOLDS: Final = "AEMO MARKET_PRICE_THRESHOLDS"
AEMO_TOPOLOGY: Final = "AEMO INTERCONNECTOR"
_NAMES: Final = {entry.interconnectorid: entry.name for entry in market.INTERCONNECTORS}

Row = dict[str, Any]


def thresholds(
    existing: list[Row], offered: pa.Table | None, file: str, newer: bool
) -> tuple[pa.Table, list[Refusal]]:
    """The price_thresholds table after a file (or none, for the defaults alone), and its bad rows."""
    refusals: list[Refusal] = []
    fresh: dict[datetime, tuple[int, Row]] = {}
    for number, source in enumerate(offered.to_pylist() if offered is not None else [], start=1):
        try:
            effective = datetime.strptime(source["effectivedate"], "%Y/%m/%d %H:%M:%S")
            version = int(source["versionno"])
            row = {
                "effectivedate": effective,
                "voll": float(source["voll"]),
                "marketpricefloor": float(source["marketpricefloor"]),
                "administered_price_threshold": _optional(source.get("administered_price_threshold")),
                "source": AEMO_THRESHOLDS,
            }
        except (KeyError, TypeError, ValueError) as error:
            refusals.append(Refusal(file, None, f"price threshold row {number} is unreadable ({error})", 1))
            continue
        if effective not in fresh or version >= fresh[effective][0]:
            fresh[effective] = (version, row)
    said = {row["effectivedate"]: row for row in existing if row["source"] == AEMO_THRESHOLDS}
    found = {effective: row for effective, (_, row) in fresh.items()}
    rows = {**said, **found} if newer else {**found, **said}
    last = max(rows, default=datetime.min)
    for default in market.PRICE_THRESHOLDS:
        effective = datetime.combine(default.effectivedate, time())
        if effective > last:
            rows[effective] = {
                "effectivedate": effective,
                "voll": default.cap_aud_per_mwh,
                "marketpricefloor": default.floor_aud_per_mwh,
                "administered_price_threshold": default.cumulative_threshold_aud,
                "source": default.source,
            }
    return pa.Table.from_pylist([rows[key] for key in sorted(rows)], PRICE_THRESHOLDS.schema), refusals


def topology(
    existing: list[Row], offered: pa.Table | None, file: str, newer: bool
) -> tuple[pa.Table, list[Refusal]]:
    """The interconnectors table after a file (or none), and the file's bad rows."""
    refusals: list[Refusal] = []
    found: dict[str, Row] = {}
    for number, source in enumerate(offered.to_pylist() if offered is not None else [], start=1):
        name, start, end = (source.get(key) for key in ("interconnectorid", "regionfrom", "regionto"))
        if not (name and start and end):
            refusals.append(Refusal(file, None, f"interconnector row {number} lacks its id or a region", 1))
            continue
        shown = _NAMES.get(name) or source.get("description") or name
        found[name] = _link(name, shown, start, end, AEMO_TOPOLOGY)
    said = {row["interconnectorid"]: row for row in existing if row["source"] == AEMO_TOPOLOGY}
    defaults = {
        e.interconnectorid: _link(e.interconnectorid, e.name, e.regionid_from, e.regionid_to, "NEMDesk")
        for e in market.INTERCONNECTORS
    }
    rows = {**defaults, **said, **found} if newer else {**defaults, **found, **said}
    return pa.Table.from_pylist([rows[key] for key in sorted(rows)], INTERCONNECTORS.schema), refusals


def _link(name: str, shown: str, start: str, end: str, source: str) -> Row:
    return {
        "interconnectorid": name,
        "name": shown,
        "regionid_from": start,
        "regionid_to": end,
        "source": source,
    }


def _optional(text: str | None) -> float | None:
    return float(text) if text else None
