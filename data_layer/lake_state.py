"""What the page's header says of the data, and whether this code can ask it at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from data_layer.errors import LakeDamaged
from data_layer.market import REGIONS
from data_layer.snapshot import Snapshot
from data_layer.tables import SCHEMA_VERSION


@dataclass(frozen=True)
class LakeState:
    """What the header says of the data. first/last: stamps of the settlement prices found."""

    version: str
    kind: str
    first: datetime | None
    last: datetime | None
    created: datetime
    regions: tuple[str, ...] = REGIONS


def current(snapshot: Snapshot) -> Snapshot:
    """``snapshot``, if its rollups are those that this code asks."""
    if snapshot.schema != SCHEMA_VERSION:
        raise LakeDamaged(
            "The lake's rollups were made by another version of NEMDesk: run `python -m app rebuild`, which "
            "makes them again from the readings."
        )
    return snapshot


def span_of(snapshot: Snapshot) -> tuple[datetime | None, datetime | None]:
    """First and last stamp that any chart could show."""
    spans = [span for t in ("region_5min", "region_fuel_5min") if (span := snapshot.span(t)) is not None]
    if not spans:
        return None, None
    return min(first for first, _ in spans), max(last for _, last in spans)
