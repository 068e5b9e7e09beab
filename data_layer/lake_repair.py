"""Makes damaged files of the published version again, from what is whole.

Rollups come from their readings, readings from the downloads they were ingested from where these were
kept; what has neither is left as it is (it is refused, never guessed) and named with the command that
fetches it anew. Everything mended is published as one version; a lake that is whole is not touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from data_layer import rollups, sql
from data_layer.errors import LakeDamaged, LakeMissing
from data_layer.ingest import mms
from data_layer.ingest.ledger import Ledger
from data_layer.ingest.run import fingerprint
from data_layer.lake import HOW_TO_START, KIND_DEMO, Lake, Snapshot, Writer
from data_layer.lake_check import NOTES, Damage, Progress, examine
from data_layer.loading import Loader, conform, split
from data_layer.tables import RAW_TABLES, ROLLUPS, STATIC_TABLES, TABLES, Partitioning

_READINGS: Final = {spec.name for spec in RAW_TABLES}
_REGISTERS: Final = {spec.name for spec in STATIC_TABLES}
_ROLLUPS: Final = {spec.name for spec in ROLLUPS}

Place = tuple[str, str]
"""(table, partition)."""


@dataclass
class Repair:
    """What a repair did. ``left``: files that could not be made again, each with the command to run first;
    ``went_back`` where the published version could not be read and an older one took its place."""

    damaged: list[Damage] = field(default_factory=list)
    mended: list[Damage] = field(default_factory=list)
    left: list[tuple[Damage, str]] = field(default_factory=list)
    went_back: bool = False
    snapshot: Snapshot | None = None


def repair(lake: Lake, downloads: Path, progress: Progress | None = None) -> Repair:
    """Mend the published version. ``downloads``: where an ingest keeps AEMO's files.

    LakeBusy while another writer works; LakeMissing where there is no version; LakeDamaged where none can be
    read. What could not be mended is in the result, not an error.
    """
    tell = progress or (lambda text, done, total: None)
    base = lake.newest_readable()
    if base is None:
        lake.token()  # LakeMissing where nothing was ever published
        raise LakeDamaged(f"No version of the lake can be read: {HOW_TO_START}.")
    with lake.write(base.kind) as writer:
        if writer.base is None:
            raise LakeMissing(f"There is no data yet: {HOW_TO_START}.")
        done = Repair(snapshot=writer.base, went_back=not _is_published(lake, writer.base))
        done.damaged = examine(writer.base, progress=progress)
        if not done.damaged and not done.went_back:
            return done
        _mend(writer, done, downloads, tell)
        done.snapshot = writer.publish()
    return done


def _is_published(lake: Lake, snapshot: Snapshot) -> bool:
    try:
        return lake.token() == snapshot.token
    except (LakeDamaged, LakeMissing):
        return False


def _mend(writer: Writer, done: Repair, downloads: Path, tell: Progress) -> None:
    by_place: dict[Place, Damage] = {(one.table, one.partition): one for one in done.damaged}
    left: set[Place] = set()
    for place, damage in by_place.items():
        if place[0] == NOTES:
            # The files it named are taken for new: reading them again changes no row.
            writer.notes.pop(f"{place[1]}_file", None)
            done.mended.append(damage)
    kept = _Downloads(writer, downloads)
    for place in (place for place in by_place if place[0] not in _ROLLUPS and place[0] != NOTES):
        tell(f"{place[0]} {place[1]} from downloads", 0, 1)
        if place[0] in _READINGS and kept.restore(*place):
            done.mended.append(by_place[place])
        else:
            left.add(place)
    for place in (place for place in by_place if place[0] in _ROLLUPS):
        if _rests_on(writer, place, left):
            left.add(place)
        else:
            writer.drop(*place)
    try:
        rollups.build(writer, progress=tell)
    except LakeDamaged:
        # A rollup of mended readings needs others that are not: nothing of the rollups is mended yet.
        for place in (place for place in by_place if place[0] in _ROLLUPS):
            left.add(place)
        assert writer.base is not None
        for table, parts in writer.base.files.items():
            for name, entry in parts.items():
                if table in _ROLLUPS or (table, name) in left:
                    writer.keep(table, name, entry)
    for place, damage in by_place.items():
        if place in left:
            done.left.append((damage, _command(writer, place, left)))
        elif place[0] in _ROLLUPS:
            done.mended.append(damage)


def _rests_on(writer: Writer, place: Place, damaged: set[Place]) -> bool:
    """Whether a rollup's file is made, directly or through other rollups, of one of ``damaged``."""
    table, partition = place
    tables, _ = sql.required(sql.query_text(f"rollups/{table}"))
    for source in tables:
        for name in writer.partitions(source):
            if name != "all" and not name.startswith(partition) and not partition.startswith(name):
                continue
            if (source, name) in damaged:
                return True
            if source in _ROLLUPS and _rests_on(writer, (source, name), damaged):
                return True
    return False


def _command(writer: Writer, place: Place, left: set[Place]) -> str:
    table, partition = place
    if writer.kind == KIND_DEMO:
        return "python -m app demo"
    if table in _ROLLUPS:
        return "python -m app repair (after the readings)"
    if table in _REGISTERS:
        newest = max(writer.partitions("unit_scada") or writer.partitions("dispatch_price") or ("",))
        return (
            f"python -m app ingest --again --from {newest} --to {newest}"
            if newest
            else "python -m app ingest"
        )
    return f"python -m app ingest --again --from {partition} --to {partition}"


class _Downloads:
    """AEMO's files as an ingest left them, where their content is still what the ledger says."""

    def __init__(self, writer: Writer, folder: Path) -> None:
        self.writer = writer
        self.folder = folder
        try:
            self.ledger = Ledger.of(writer.base)
        except LakeDamaged:
            self.ledger = Ledger()

    def restore(self, table: str, month: str) -> bool:
        """Read one partition again; False, and nothing changed, where that does not give all its rows."""
        damaged = self.writer.partitions(table)[month]
        spec = TABLES[table]
        assert spec.partitioning is Partitioning.MONTH
        self.writer.drop(table, month)
        loader = Loader(self.writer)
        try:
            for name in self._files_with(table, month):
                for reading in mms.read(self._path(name), name):
                    rows = reading.rows.get(table)
                    if reading.published_at is None or rows is None or not rows.num_rows:
                        continue
                    for partition, part in split(conform(rows, spec), spec):
                        if partition == month:
                            loader.add(table, part)
            loader.flush()
            found = self.writer.partitions(table).get(month)
            if found is not None and found.rows == damaged.rows:
                return True
        except (OSError, ValueError):
            pass
        self.writer.keep(table, month, damaged)
        return False

    def _files_with(self, table: str, month: str) -> list[str]:
        year, number = int(month[:4]), int(month[5:7])
        before = (year - 1, 12) if number == 1 else (year, number - 1)
        names = []
        for name, entry in sorted(self.ledger.files.items()):
            if entry.get("rows", {}).get(table) and mms.month_named(name) in ((year, number), before):
                path = self._path(name)
                if path.is_file() and fingerprint(path) == (entry["sha256"], entry["size"]):
                    names.append(name)
        return names

    def _path(self, name: str) -> Path:
        # As nemweb.HttpSource names its copies.
        return self.folder / re.sub(r"[^A-Za-z0-9_.#-]", "_", name)[:200]
