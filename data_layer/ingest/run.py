"""One writing run: files in, versions out. pipeline.py decides which files, and when to publish.

Everything of a publication - rows, small tables, registry, rollups, ledger - goes into one version, so
that a kill at any moment loses at most what was not yet published and tears nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from data_layer import audit, registry, rollups, soundness
from data_layer.ingest import gates, mms, statics
from data_layer.ingest.ledger import Ledger
from data_layer.ingest.refusals import Refusal
from data_layer.lake import KIND_AEMO, Snapshot, Writer
from data_layer.loading import Loader

Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how many steps of how many are done."""

_STATICS: Final = {"price_thresholds": statics.thresholds, "interconnectors": statics.topology}
_STATIC_OF: Final = {"price_thresholds": "price_thresholds", "interconnector": "interconnectors"}
"""Register kind -> the lake table it is."""


@dataclass
class Summary:
    """What a run did; counts are of this run alone."""

    rows_added: Counter[str] = field(default_factory=Counter)
    rows_read: Counter[str] = field(default_factory=Counter)
    months: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    known: int = 0
    """Files skipped because they were ingested before."""
    without_tables: list[str] = field(default_factory=list)
    """Files that are sound and hold no table of the lake."""
    missing: list[str] = field(default_factory=list)
    """Files that are not published."""
    refusals: list[Refusal] = field(default_factory=list)
    replaced_demo: bool = False
    versions: int = 0
    snapshot: Snapshot | None = None
    seconds: float = 0.0


class Run:
    """Takes files into a writer. ``publish`` makes what was taken visible."""

    def __init__(
        self,
        writer: Writer,
        progress: Progress | None,
        threads: int = 2,
        *,
        accept_findings: bool = False,
    ) -> None:
        self.writer = writer
        self.loader = Loader(writer, threads)
        self.ledger = Ledger.of(writer.base)
        self.summary = Summary(snapshot=writer.base)
        self.progress = progress or (lambda text, done, total: None)
        self._threads = threads
        self._sources: list[registry.RegistrySource] = []
        self._changed = False
        self._accept_findings = accept_findings
        self._limits: dict[str | None, gates.PriceLimits] = {}
        if accept_findings:
            self.ledger.forget([name for name, entry in self.ledger.files.items() if entry.get("held")])
        self._started = time.monotonic()

    def knows(self, name: str, size: int | None = None, sha256: str | None = None) -> bool:
        """``Ledger.knows``, counted."""
        known = self.ledger.knows(name, size, sha256)
        self.summary.known += known
        return known

    def begin_again(self, months: Iterable[tuple[int, int]]) -> None:
        """Leave out what is damaged of ``months`` and take their files for new."""
        wanted = set(months)
        named = {f"{year:04d}-{month:02d}" for year, month in wanted}
        self.writer.drop_damaged({"all"} | named | {name[:4] for name in named})
        self.ledger.forget([name for name in self.ledger.files if mms.month_named(name) in wanted])

    def take(self, path: Path, name: str, short_lived: bool = False) -> bool:
        """Read one file into the next version; False where it was refused whole."""
        content = self._content(path, name)
        if content is None or self.knows(name, content[1], content[0]):
            return content is not None
        digest, size = content
        entry: dict[str, Any] = {"size": size, "sha256": digest, "rows": {}, "refused": 0, "published": None}
        if short_lived:
            entry["short_lived"] = True
        refusals: list[Refusal] = []
        readings = held = 0
        for reading in mms.read(path, name):
            if reasons := self._impossible(reading):
                reading.refusals.append(Refusal(reading.name, None, gates.refusal(reasons)))
                held += 1
            elif reading.published_at is not None:
                readings += 1
                entry["published"] = max(entry["published"] or "", reading.published_at.isoformat())
                self._add(reading, reading.published_at, entry["rows"])
            refusals += reading.refusals
        if held:
            entry["held"] = held
        taken = self._settle(name, entry, refusals, whole=readings == 0)
        if held and short_lived:  # the table's end goes beyond it: it would not be asked for again
            self.ledger.failed(name)
        return taken

    def _impossible(self, reading: mms.Reading) -> list[str]:
        """What in it cannot be true, unless the operator has said to take it as it is."""
        if self._accept_findings or reading.published_at is None:
            return []
        path = self.writer.path("price_thresholds", "all")
        if path not in self._limits:
            self._limits = {path: gates.PriceLimits.of(self._static_rows("price_thresholds"))}
        return gates.impossible(reading.rows, self._limits[path])

    def take_registry(self, path: Path, name: str, read: Callable[[Path], registry.RegistrySource]) -> bool:
        """Read a registration list (.xls, .xlsx) with ``read``; False where it was refused."""
        content = self._content(path, name)
        if content is None or self.knows(name, content[1], content[0]):
            return content is not None
        digest, size = content
        try:
            source = read(path)
        except Exception as error:  # the spreadsheet libraries raise whatever a bad file makes them hit
            reason = f"is not a readable registration list ({type(error).__name__}: {error})"[:200]
            return self._settle(name, {}, [Refusal(name, None, reason)], whole=True)
        self._sources.append(source)
        entry = {"size": size, "sha256": digest, "rows": {source.kind: source.rows.num_rows}, "refused": 0}
        return self._settle(name, {**entry, "published": source.published_at.isoformat()}, [], whole=False)

    def _content(self, path: Path, name: str) -> tuple[str, int] | None:
        """Its fingerprint; None where the file cannot be read, which is noted."""
        try:
            return fingerprint(path)
        except OSError as error:
            self.refuse(name, f"cannot be read ({error.strerror or type(error).__name__})")
            return None

    def refuse(self, name: str, reason: str, retry: bool = False) -> None:
        """Note a file that could not be had at all."""
        self._settle(name, {}, [Refusal(name, None, reason)], whole=True)
        if retry:
            self.ledger.failed(name)

    def _add(self, reading: mms.Reading, published_at: datetime, counts: dict[str, int]) -> None:
        for table, rows in reading.rows.items():
            self.loader.add(table, rows)
            counts[table] = counts.get(table, 0) + rows.num_rows
        for register in reading.registers:
            counts[register.kind] = counts.get(register.kind, 0) + register.rows.num_rows
            if register.kind in _STATIC_OF:
                self._merge_static(_STATIC_OF[register.kind], register.rows, published_at, reading)
            else:
                self._sources.append(
                    registry.RegistrySource(register.kind, published_at, register.rows, reading.name)
                )

    def _merge_static(
        self, table: str, offered: pa.Table, published_at: datetime, reading: mms.Reading
    ) -> None:
        stamp = published_at.isoformat()
        newer = stamp >= self.ledger.static.get(table, "")
        rows, refusals = _STATICS[table](self._static_rows(table), offered, reading.name, newer)
        reading.refusals += refusals
        self.loader.replace(table, rows)
        if newer:
            self.ledger.static[table] = stamp

    def _static_rows(self, table: str) -> list[dict[str, Any]]:
        path = self.writer.path(table, "all")
        if path:
            soundness.ensure([path])
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist() if path else []
        return rows

    def _settle(self, name: str, entry: dict[str, Any], refusals: list[Refusal], *, whole: bool) -> bool:
        self.summary.refusals += refusals
        if whole:
            self.ledger.refused(name, refusals)
            return False
        entry["refused"] = sum(refusal.rows for refusal in refusals)
        self.ledger.took(name, entry)
        self.ledger.refused(name, refusals)
        if entry["rows"]:
            self.summary.files.append(name)
        elif not refusals:
            self.summary.without_tables.append(name)
        for table, count in entry["rows"].items():
            self.summary.rows_read[table] += count
        self._changed = True
        return True

    def publish(self, command: str) -> None:
        """Make everything taken since the last time one new version; none where nothing changed.
        RollupsDiffer, and nothing is published, where the audit finds a fault of ours in it."""
        if not self._changed:
            # Refusals alone are worth a version of a real lake, but not the end of a demonstration.
            if self.ledger.changed and self.writer.base is not None and self.writer.base.kind == KIND_AEMO:
                self.ledger.save(self.writer)
                self._note(self.writer.publish())
            return
        added, offered = Counter[str](), Counter[str]()
        for loaded in self.loader.flush():
            added[loaded.table] += loaded.rows_added
            offered[loaded.table] += loaded.rows_offered
            self.summary.months.add(loaded.partition)
        for table, merge in _STATICS.items():
            if not self.writer.partitions(table):
                self.loader.replace(table, merge([], None, "", True)[0])
        if self._sources:
            registry.update_registry(self.loader, self._sources)
            self.loader.flush()
            self._sources = []
        rollups.build(self.writer, self._threads, self.progress)
        audit.before_publication(self.writer, self.progress, self._threads)
        self.summary.rows_added += added
        self.ledger.ran(
            {
                "command": command,
                "rows_added": dict(added),
                "rows_offered": dict(offered),
                "files": len(self.summary.files),
            }
        )
        self.ledger.save(self.writer)
        self._note(self.writer.publish())
        self._changed = False

    def _note(self, snapshot: Snapshot) -> None:
        if self.summary.snapshot is None or snapshot.token != self.summary.snapshot.token:
            self.summary.versions += 1
        self.summary.snapshot = snapshot

    def finish(self) -> Summary:
        """Sweep what old versions left; the summary."""
        if self.summary.snapshot is not None:
            self.writer.lake.collect_garbage()
        self.summary.seconds = time.monotonic() - self._started
        return self.summary


def fingerprint(path: Path) -> tuple[str, int]:
    """(sha256, bytes) of a file."""
    with open(path, "rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        return digest, handle.tell()
