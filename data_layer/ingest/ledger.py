"""What has been ingested and what was refused, kept with each version of the lake.

A JSON file beside the data (Writer.put_note_file): ``files`` by name, ``refusals`` newest first,
``runs`` newest first, ``retry`` (files that could not be fetched), ``static`` (publication time of the
newest file of a small table). It changes only when something was taken or newly refused, so that a run
that finds nothing new publishes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from data_layer.errors import LakeDamaged, LakeMissing
from data_layer.ingest.refusals import Refusal
from data_layer.lake import Lake, Snapshot, Writer

_NOTE: Final = "ledger"
_REFUSALS_KEPT: Final = 500
_RUNS_KEPT: Final = 50
_CONTENTS_KEPT: Final = 10
_SHORT_LIVED: Final = timedelta(days=10)
"""5-minute reports leave Reports/Current after three days: their names need not be known longer."""


@dataclass
class Ledger:
    """The record of one lake; ``changed`` tells whether it must be written again."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    retry: list[str] = field(default_factory=list)
    static: dict[str, str] = field(default_factory=dict)
    changed: bool = False

    @classmethod
    def of(cls, snapshot: Snapshot | None) -> Ledger:
        """The ledger kept with a version; empty where there is none. LakeDamaged if unreadable."""
        relative = snapshot.notes.get(f"{_NOTE}_file") if snapshot else None
        if snapshot is None or relative is None:
            return cls()
        try:
            body = json.loads((snapshot.root / relative).read_text(encoding="utf-8"))
            return cls(body["files"], body["refusals"], body["runs"], body["retry"], body["static"])
        except (OSError, ValueError, KeyError) as error:
            raise LakeDamaged(
                f"The record of ingested files cannot be read ({type(error).__name__})."
            ) from error

    @classmethod
    def published(cls, lake: Lake) -> Ledger:
        """The ledger of the published version; empty where nothing is published."""
        try:
            return cls.of(lake.snapshot())
        except LakeMissing:
            return cls()

    def knows(self, name: str, size: int | None = None, sha256: str | None = None) -> bool:
        """Was this file taken already? ``size``/``sha256`` None: they are not asked for."""
        entry = self.files.get(name)
        if entry is None:
            return False
        contents = [(entry["size"], entry["sha256"]), *map(tuple, entry["earlier"])]
        return any(size in (None, s) and sha256 in (None, digest) for s, digest in contents)

    def took(self, name: str, entry: dict[str, Any]) -> None:
        """Note a file whose rows are in the version about to be published."""
        before = self.files.get(name)
        # AEMO republishes months under the same name; all contents seen stay known.
        earlier = [[before["size"], before["sha256"]], *before["earlier"]][:_CONTENTS_KEPT] if before else []
        self.files[name] = {**entry, "earlier": earlier, "when": _now()}
        self.refusals = [refusal for refusal in self.refusals if refusal["source"] != name]
        self.retry = [other for other in self.retry if other != name]
        self.changed = True

    def forget(self, names: Iterable[str]) -> None:
        """Take these files for new, so that they are read again."""
        for name in list(names):
            self.changed |= self.files.pop(name, None) is not None

    def refused(self, name: str, refusals: Iterable[Refusal]) -> None:
        """Note refusals of the file ``name``, unless they are known already."""
        known = {(r["source"], r["file"], r["line"], r["reason"]) for r in self.refusals}
        fresh = [
            {
                "source": name,
                "file": r.file,
                "line": r.line,
                "reason": r.reason,
                "rows": r.rows,
                "when": _now(),
            }
            for r in refusals
            if (name, r.file, r.line, r.reason) not in known
        ]
        if fresh:
            self.refusals = (fresh + self.refusals)[:_REFUSALS_KEPT]
            self.changed = True

    def failed(self, name: str) -> None:
        """Note a file that could not be fetched, so that the next update asks for it again."""
        if name not in self.retry:
            self.retry.append(name)
            self.changed = True

    def ran(self, entry: dict[str, Any]) -> None:
        """Note a run that changed something."""
        self.runs = [{**entry, "when": _now()}, *self.runs][:_RUNS_KEPT]
        self.changed = True

    def save(self, writer: Writer) -> None:
        """Keep the ledger with the writer's next version, if it changed."""
        if not self.changed:
            return
        oldest = (datetime.now(UTC) - _SHORT_LIVED).isoformat(timespec="seconds")
        self.files = {n: e for n, e in self.files.items() if not e.get("short_lived") or e["when"] >= oldest}
        body = {name: getattr(self, name) for name in ("files", "refusals", "runs", "retry", "static")}
        writer.put_note_file(_NOTE, json.dumps(body, indent=0, sort_keys=True))
        self.changed = False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
