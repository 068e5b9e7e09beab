"""Units over time: who they are, where, of which fuel, how large, from when to when.

Sources in falling authority, per column (the winner is recorded in units.sources):
  region, station, participant, dispatch type, schedule type, dates   DUDETAILSUMMARY, then the list
  station name                     STATION, then the registration list
  owner, fuel, technology, storage registration list; fuel falls back to GENUNITS
  registered capacity              registration list, then DUDETAIL
  maximum capacity                 DUDETAIL (it knows changes), then the list
  latitude, longitude              NEMDesk's own table of positions
What no source says is filled from NEMDesk's built-in list of large stations, which stands alone only
where no AEMO source was ever ingested. A DUID in no source stays out: its readings show as "Unmapped".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from data_layer.registry_knowledge import Knowledge
from data_layer.registry_list import fuel_class
from data_layer.registry_units import loss_factor_rows, unit_rows
from data_layer.tables import UNIT_LOSS_FACTORS, UNITS

if TYPE_CHECKING:
    from data_layer.lake import Writer
    from data_layer.loading import Loader

NOTE = "registry"


@dataclass(frozen=True)
class RegistrySource:
    """One register as read from a file: text columns with lower-case names."""

    kind: str
    """'dudetailsummary', 'dudetail', 'station', 'participant', 'registration_list' or 'genunits'."""
    published_at: datetime
    rows: pa.Table
    name: str


def update_registry(loader: Loader, sources: Sequence[RegistrySource]) -> None:
    """Add what ``sources`` say to what the lake knows, and stage both unit tables.

    The lake's knowledge is a note of the version (``Knowledge``), so that sources may arrive in any
    order and over many runs with the same outcome. Without any source, ever, the units are those of the
    built-in list. ValueError for a source of unknown kind.
    """
    knowledge = Knowledge.from_json(_kept(loader.writer))
    for source in sources:
        knowledge.absorb(source.kind, source.published_at, source.rows, source.name)
    loader.writer.put_note_file(NOTE, knowledge.to_json())
    loader.replace(UNITS.name, pa.Table.from_pylist(unit_rows(knowledge), schema=UNITS.schema))
    factors = pa.Table.from_pylist(loss_factor_rows(knowledge), schema=UNIT_LOSS_FACTORS.schema)
    loader.replace(UNIT_LOSS_FACTORS.name, factors)


def _kept(writer: Writer) -> str | None:
    relative = writer.notes.get(f"{NOTE}_file")
    return (writer.lake.root / str(relative)).read_text(encoding="utf-8") if relative else None


__all__ = ["RegistrySource", "fuel_class", "update_registry"]
