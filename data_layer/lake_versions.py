"""The lake's kept versions, and the way back to one of them.

Going back publishes the old content as a new version: tokens never come twice, so that every cache and page
follows, and a reader of the version that is left keeps its files until they are collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from data_layer.durable import is_sound
from data_layer.errors import DataLayerError, LakeDamaged, LakeMissing
from data_layer.lake import Lake, Writer
from data_layer.snapshot import Snapshot
from data_layer.tables import SCHEMA_VERSION

RESTORED: Final = "restored"
"""Note of a version that holds an older one's content: {"from": its token, "number": the new one's}."""


class NoSuchVersion(DataLayerError):
    """The version asked for is not kept, or cannot be gone back to."""


@dataclass(frozen=True)
class KeptVersion:
    """One version whose manifest is kept. ``readings``: rows of unit_scada; ``missing``: files that are not
    there or have another size; ``restored``: token of the version whose content it holds, or ''."""

    token: str
    created: datetime
    kind: str
    readings: int
    last: datetime | None
    missing: int
    restored: str
    current: bool
    same_release: bool
    """Whether its rollups are those that this code asks."""


def kept_versions(lake: Lake) -> list[KeptVersion]:
    """Every version that can be read, newest first. LakeMissing where nothing is published."""
    current = lake.token()
    found = []
    for snapshot in _kept(lake):
        span = snapshot.span("unit_scada")
        found.append(
            KeptVersion(
                snapshot.token,
                snapshot.created,
                snapshot.kind,
                snapshot.rows("unit_scada"),
                span[1] if span else None,
                sum(not _is_there(snapshot, path, size) for path, size, _ in _files(snapshot)),
                _restored_from(snapshot),
                snapshot.token == current,
                snapshot.schema == SCHEMA_VERSION,
            )
        )
    return found


def go_back(lake: Lake, token: str = "", *, other_release: bool = False) -> Snapshot:
    """Publish a kept version's content again: that of ``token``, or of the one before the published one.

    LakeBusy while another writer works; NoSuchVersion where it is not kept or its rollups are another
    release's (``other_release`` allows that: for going back to that release); LakeDamaged where a file of it
    is gone or is not what its checksum says. In every such case the lake stays as it was.
    """
    # The kind is the target's, so that it is looked up before the lock is taken and again under it.
    target = _target(lake, token)
    with lake.write(target.kind) as writer:
        target = _target(lake, target.token)
        if target.schema != SCHEMA_VERSION and not other_release:
            raise NoSuchVersion(
                f"The rollups of version {target.token} were made by another release of NEMDesk, which this "
                "one cannot serve. If you are going back to that release, add --other-release."
            )
        _check(target)
        return _publish(writer, target)


def _publish(writer: Writer, target: Snapshot) -> Snapshot:
    number = (writer.base.number if writer.base else 0) + 1
    writer.hold(target)
    writer.notes[RESTORED] = {"from": target.token, "number": number}
    return writer.publish()


def _target(lake: Lake, token: str) -> Snapshot:
    kept = {snapshot.token: snapshot for snapshot in _kept(lake)}
    if token:
        if token not in kept:
            raise NoSuchVersion(
                f"Version {token} is not kept. `python -m app versions` lists those that are."
            )
        return kept[token]
    with suppress(LakeMissing):
        published = lake.token()
        now = kept.get(published)
        content = _restored_from(now) or published if now else published
        for name, snapshot in kept.items():
            if name < content:
                return snapshot
    raise NoSuchVersion("No version before the published one is kept: there is nothing to go back to.")


def _kept(lake: Lake) -> Iterator[Snapshot]:
    for path in sorted((lake.root / "versions").glob("*.json"), reverse=True):
        with suppress(LakeDamaged):
            yield lake.read_version(path.stem)


def _restored_from(snapshot: Snapshot) -> str:
    note = snapshot.notes.get(RESTORED)
    # Later versions inherit the notes: it speaks of the one it was written for only.
    if isinstance(note, dict) and note.get("number") == snapshot.number:
        return str(note.get("from", ""))
    return ""


def _files(snapshot: Snapshot) -> Iterator[tuple[str, int | None, str]]:
    """(path, bytes, checksum) of everything a version needs; of a text file only the path is known."""
    for parts in snapshot.files.values():
        for entry in parts.values():
            yield entry.path, entry.bytes, entry.sha256
    for name, note in snapshot.notes.items():
        if name.endswith("_file"):
            yield str(note), None, ""


def _is_there(snapshot: Snapshot, path: str, size: int | None) -> bool:
    try:
        found = (snapshot.root / path).stat().st_size
    except OSError:
        return False
    return size is None or found == size


def _check(target: Snapshot) -> None:
    for path, size, digest in _files(target):
        if not _is_there(target, path, size):
            raise LakeDamaged(f"A file of version {target.token} is gone: {path}. The lake stays as it is.")
        if digest and not is_sound(target.root / path, digest):
            raise LakeDamaged(
                f"A file of version {target.token} is damaged: {path}. The lake stays as it is."
            )
