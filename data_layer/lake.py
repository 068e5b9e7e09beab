"""The Parquet lake: immutable files, one published version at a time.

Layout under the lake's root (docs/decisions/0001-table-format.md):

    CURRENT                                   the published version's token, replaced atomically
    versions/<token>.json                     its manifest: every file, row count, checksum, time span
    data/<table>/year=2025/month=01/<hash>.parquet
    data/<table>/year=2025/<hash>.parquet     day rollups
    data/<table>/<hash>.parquet               small tables
    staging/                                  files of a writer at work; swept when the next one starts
    writer.lock                               held (flock) by the one writer

A reader opens CURRENT once and keeps that Snapshot; a file is never changed after it is published,
so readers and the writer never wait for each other. Any engine that reads Parquet can read the lake
through a manifest. Importing this module costs no DuckDB: a web worker finds its files with json.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final

from data_layer.durable import fsync, fsync_directory, sha256
from data_layer.errors import LakeBusy, LakeDamaged, LakeMissing, not_written
from data_layer.snapshot import LakeFile as LakeFile
from data_layer.snapshot import Snapshot as Snapshot
from data_layer.snapshot import directory_of
from data_layer.snapshot import partition_of as partition_of
from data_layer.tables import SCHEMA_VERSION, TABLES

MANIFEST_FORMAT: Final = 1
KIND_DEMO: Final = "demo"
KIND_AEMO: Final = "aemo"
GRACE: Final = timedelta(hours=1)
"""How long a superseded version stays readable."""

_CLOCK_DRIFT: Final = 120.0
"""Seconds by which a file may be from the future without anybody having set the clock."""

HOW_TO_START: Final = (
    "run `python -m app ingest` to load AEMO's data, or `python -m app demo` for demonstration data"
)


class Lake:
    """A lake's directory. Creating the object touches nothing."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).absolute()
        self._snapshot: Snapshot | None = None

    def token(self) -> str:
        """Token of the published version: one small read, for every request. LakeMissing if none."""
        try:
            return (self.root / "CURRENT").read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            raise LakeMissing(f"There is no data yet: {HOW_TO_START}.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise LakeDamaged(
                f"The lake's version file cannot be read ({type(error).__name__}): `python -m app repair`."
            ) from error

    def snapshot(self) -> Snapshot:
        """The published version, parsed once per version and process."""
        token = self.token()
        cached = self._snapshot
        if cached is not None and cached.token == token:
            return cached
        self._snapshot = self.read_version(token)
        return self._snapshot

    def newest_readable(self) -> Snapshot | None:
        """What a writer starts from: the published version or, where that is damaged, the newest one
        whose manifest can still be read; None where there is none. So an ingest mends a lake."""
        try:
            return self.snapshot()
        except LakeMissing:
            return None
        except LakeDamaged:
            for path in sorted((self.root / "versions").glob("*.json"), reverse=True):
                with suppress(LakeDamaged):
                    return self.read_version(path.stem)
            return None

    def read_version(self, token: str) -> Snapshot:
        """A kept version, published or not. LakeDamaged where its manifest cannot be read."""
        if "/" in token or not token:
            raise LakeDamaged(
                f"The lake's version file is damaged: run `python -m app repair`. Otherwise {HOW_TO_START}."
            )
        try:
            text = (self.root / "versions" / f"{token}.json").read_bytes()
            if hashlib.sha256(text).hexdigest()[:8] != token.rpartition("-")[2]:
                raise ValueError("not what its token says")
            body = json.loads(text)
            if body["format"] != MANIFEST_FORMAT:
                raise LakeDamaged("The lake was written by another version of NEMDesk: ingest it again.")
            files = {
                table: MappingProxyType({name: LakeFile(**entry) for name, entry in sorted(parts.items())})
                for table, parts in body["tables"].items()
            }
            return Snapshot(
                root=self.root,
                token=token,
                number=body["number"],
                kind=body["kind"],
                created=datetime.fromisoformat(body["created"]),
                files=MappingProxyType(files),
                notes=MappingProxyType(body["notes"]),
                schema=body.get("schema", ""),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LakeDamaged(
                f"The manifest of version {token} cannot be read ({type(error).__name__}): `python -m app "
                f"repair` goes back to the newest version that can. Otherwise {HOW_TO_START}."
            ) from error

    @contextmanager
    def write(self, kind: str = KIND_AEMO) -> Iterator[Writer]:
        """Become the one writer. LakeBusy if another process (or thread) is. Nothing is visible to
        readers until ``Writer.publish``; leaving without it leaves the lake as it was. DiskFull, or
        another DataLayerError, where the lake cannot be written."""
        try:
            with self._locked() as staging:
                writer = Writer(self, kind, staging)
                try:
                    yield writer
                finally:
                    writer.close()
        except OSError as error:
            raise not_written(error, self.root) from error

    @contextmanager
    def _locked(self) -> Iterator[Path]:
        """Hold the writer's lock; the staging folder, empty."""
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / "writer.lock", "a+", encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "unknown"
                raise LakeBusy(
                    f"Another ingest is writing this lake (process {holder}): wait until it ends, "
                    "then try again."
                ) from None
            # What a killed writer left goes first: on a full disk it may be all the room there is.
            staging = self.root / "staging"
            shutil.rmtree(staging, ignore_errors=True)
            _note_holder(handle)
            try:
                staging.mkdir(parents=True)
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def collect_garbage(self, grace: timedelta = GRACE) -> int:
        """Remove versions superseded for longer than ``grace`` and files no kept version names.

        Returns the number of files removed. Call it while holding the writer's lock, or when none runs.
        """
        current = self.token()
        now = time.time()
        manifests = sorted((self.root / "versions").glob("*.json"))
        # A version is superseded at the moment the next one was made, not when it was made itself.
        ages = {path: _age(later, now) for path, later in pairwise(manifests)}
        kept, removed = [], 0
        for path in manifests:
            if path.stem == current or ages.get(path, 0.0) < grace.total_seconds():
                kept.append(path)
            else:
                path.unlink()
                removed += 1
        named: set[str] = set()
        for path in kept:
            try:
                snapshot = self.read_version(path.stem)
            except LakeDamaged:
                if path.stem == current:
                    raise
                path.unlink()
                removed += 1
                continue
            named.update(entry.path for parts in snapshot.files.values() for entry in parts.values())
            named.update(str(note) for key, note in snapshot.notes.items() if key.endswith("_file"))
        for path in (self.root / "data").rglob("*"):
            if not path.is_file() or str(path.relative_to(self.root)) in named:
                continue
            if _age(path, now) >= grace.total_seconds():
                path.unlink()
                removed += 1
        return removed


def _age(path: Path, now: float) -> float:
    """Seconds since a file was made. One from the future was made before the clock was set back, which may
    be for years: its age begins now, or it would never be collected."""
    age = now - path.stat().st_mtime
    if age < -_CLOCK_DRIFT:
        os.utime(path, (now, now))
    return max(age, 0.0)


def _note_holder(handle: IO[str]) -> None:
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()


class Writer:
    """Collects new files aside and publishes them as one version.

    Knows files and versions only; merging rows is lake_merge.py, building rollups is rollups.py.
    """

    def __init__(self, lake: Lake, kind: str, staging: Path) -> None:
        self.lake = lake
        self.kind = kind
        self.staging = staging
        self.base: Snapshot | None = lake.newest_readable()
        if self.base is not None and self.base.kind != kind:
            self.base = replace(self.base, files=MappingProxyType({}), notes=MappingProxyType({}))
        base_files = self.base.files if self.base else {}
        self._files: dict[str, dict[str, LakeFile]] = {t: dict(parts) for t, parts in base_files.items()}
        self.notes: dict[str, Any] = dict(self.base.notes) if self.base else {}
        self.schema = SCHEMA_VERSION
        self._counter = 0
        self._fresh: set[Path] = set()
        """Files below data/ that no version names yet."""

    def close(self) -> None:
        """Forget what was not published, and give its room back."""
        self._files = {}
        for path in self._fresh:
            with suppress(OSError):
                path.unlink()
        self._fresh.clear()

    def hold(self, snapshot: Snapshot) -> None:
        """Make another version's content that of the next one."""
        self._files = {table: dict(parts) for table, parts in snapshot.files.items()}
        self.notes = dict(snapshot.notes)
        self.schema = snapshot.schema

    def new_path(self) -> Path:
        """A fresh path in staging to write one Parquet file to; hand it to ``put``."""
        self._counter += 1
        return self.staging / f"{os.getpid()}-{self._counter}.parquet"

    def put(
        self,
        table: str,
        partition: str,
        path: Path,
        *,
        rows: int,
        first: datetime | date | None = None,
        last: datetime | date | None = None,
        inputs: str = "",
    ) -> LakeFile:
        """Make ``path`` (complete, in staging) the content of a partition of the next version."""
        if table not in TABLES:
            raise KeyError(table)
        digest = sha256(path)
        target = f"{directory_of(table, partition)}/{digest[:20]}.parquet"
        absolute = self.lake.root / target
        size = path.stat().st_size
        absolute.parent.mkdir(parents=True, exist_ok=True)
        fsync(path)
        # Also where it is there already: this mends a damaged file, and readers keep what they opened.
        self._move(path, absolute)
        entry = LakeFile(target, rows, size, digest, _iso(first), _iso(last), inputs)
        self._files.setdefault(table, {})[partition] = entry
        return entry

    def _move(self, staged: Path, target: Path) -> None:
        if not target.exists():
            self._fresh.add(target)
        os.replace(staged, target)

    def drop(self, table: str, partition: str) -> None:
        """Leave a partition out of the next version."""
        self._files.get(table, {}).pop(partition, None)

    def keep(self, table: str, partition: str, entry: LakeFile) -> None:
        """Make a file that was published before the content of a partition of the next version."""
        self._files.setdefault(table, {})[partition] = entry

    def drop_damaged(self, partitions: Collection[str] | None = None) -> list[tuple[str, str]]:
        """Leave out every file that is not what its checksum says (of the named partitions, or all), so
        that it is made again from its sources; returns (table, partition) of each."""
        dropped = []
        for table, parts in self._files.items():
            for name, entry in list(parts.items()):
                if partitions is not None and name not in partitions:
                    continue
                path = self.lake.root / entry.path
                if not path.is_file() or path.stat().st_size != entry.bytes or sha256(path) != entry.sha256:
                    self.drop(table, name)
                    dropped.append((table, name))
        return dropped

    def put_note_file(self, name: str, text: str) -> None:
        """Keep a text file (the ledger) with the version under notes['<name>_file']."""
        data = text.encode("utf-8")
        relative = f"data/_notes/{name}-{hashlib.sha256(data).hexdigest()[:20]}.json"
        path = self.lake.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            staged = self.staging / f"{name}.json"
            staged.write_bytes(data)
            fsync(staged)
            self._move(staged, path)
        self.notes[f"{name}_file"] = relative

    def partitions(self, table: str) -> Mapping[str, LakeFile]:
        """What the next version would hold of ``table``."""
        return self._files.get(table, {})

    def path(self, table: str, partition: str) -> str | None:
        """Absolute path of a partition of the next version, or None."""
        entry = self._files.get(table, {}).get(partition)
        return str(self.lake.root / entry.path) if entry else None

    def publish(self) -> Snapshot:
        """Make everything put so far the published version, atomically; the writer stays usable."""
        number = (self.base.number if self.base else 0) + 1
        body = {
            "format": MANIFEST_FORMAT,
            "number": number,
            "kind": self.kind,
            "schema": self.schema,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "notes": self.notes,
            "tables": {
                table: {name: vars(entry) for name, entry in sorted(parts.items())}
                for table, parts in sorted(self._files.items())
                if parts
            },
        }
        if self.base is not None and self._unchanged(body) and self._is_published(self.base):
            self._fresh.clear()  # what was put is what that version names
            return self.base
        text = json.dumps(body, indent=1, sort_keys=True)
        token = f"{number:06d}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        versions = self.lake.root / "versions"
        versions.mkdir(exist_ok=True)
        for leftover in versions.glob(f"{number:06d}-*.json"):
            leftover.unlink()  # of a writer that died before it could point CURRENT at it
        staged = self.staging / f"{token}.json"
        staged.write_text(text, encoding="utf-8")
        fsync(staged)
        synced: set[Path] = set()
        for table, parts in self._files.items():
            for name in parts:
                fsync_directory(self.lake.root / directory_of(table, name), synced)
        pointer = self.staging / "CURRENT"
        pointer.write_text(token + "\n", encoding="ascii")
        fsync(pointer)
        self._fresh.clear()  # from here on a manifest names them: collecting them is the collector's
        os.replace(staged, versions / f"{token}.json")
        fsync_directory(versions)
        os.replace(pointer, self.lake.root / "CURRENT")
        fsync_directory(self.lake.root)
        self.base = self.lake.snapshot()
        return self.base

    def _is_published(self, snapshot: Snapshot) -> bool:
        """Not so where the version file is damaged: then the same content is published once more."""
        with suppress(LakeDamaged, LakeMissing):
            return self.lake.token() == snapshot.token
        return False

    def _unchanged(self, body: dict[str, Any]) -> bool:
        assert self.base is not None
        before = {t: {n: vars(e) for n, e in parts.items()} for t, parts in self.base.files.items() if parts}
        return bool(
            before == body["tables"]
            and dict(self.base.notes) == body["notes"]
            and self.base.kind == body["kind"]
            and self.base.schema == body["schema"]
        )


def _iso(moment: datetime | date | None) -> str | None:
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="minutes")
    return moment.isoformat() if moment else None
