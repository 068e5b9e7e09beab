"""How each worker's answer cache is doing, told to the others by a small file.

A worker that serves something writes its figures at most every EVERY_SECONDS; whoever draws the System tab
reads those of all workers that live.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response

from app.liveness import Being
from app.private import private_directory
from callbacks.service import CacheFacts

logger = logging.getLogger("nemdesk.workers")

EVERY_SECONDS: Final = 2.0

Figures = Callable[[], Mapping[str, Any]]
"""HybridQueryManager.statistics."""


class CacheNotes:
    """The notes in one directory, as written and read by one process; without ``figures`` it only reads.
    Usable after a fork."""

    def __init__(self, directory: Path, figures: Figures | None) -> None:
        self.directory = directory
        self._figures = figures
        self._wrote = (0, 0.0)

    def install(self, server: Flask) -> None:
        """Write this worker's note after requests, now and then."""

        @server.after_request
        def note(response: Response) -> Response:
            owner, when = self._wrote
            if owner != os.getpid() or time.monotonic() - when >= EVERY_SECONDS:
                self.write()
            return response

    def write(self) -> None:
        """Write this process's figures; a directory that cannot be written to costs nothing but the note."""
        self._wrote = (os.getpid(), time.monotonic())
        if self._figures is None:
            return
        figures = self._figures()
        note = {
            "born": Being.of(os.getpid()).born,
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "queries": figures["queries"],
            **figures["cache"],
        }
        try:
            written = private_directory(self.directory) / f"{os.getpid()}.tmp"
            written.write_text(json.dumps(note), encoding="utf-8")
            os.replace(written, self.directory / f"{os.getpid()}.json")
        except OSError as error:
            logger.debug("no note of this worker's cache (%s)", type(error).__name__)

    def read(self) -> list[CacheFacts]:
        """The figures of every living process that wrote them; what the dead left is removed."""
        found = []
        for path in sorted(self.directory.glob("*.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                note = json.loads(path.read_text(encoding="utf-8"))
                if not Being(int(path.stem), note["born"]).lives():
                    path.unlink()
                    continue
                found.append(
                    CacheFacts(
                        pid=int(path.stem),
                        when=datetime.fromisoformat(note["when"]),
                        entries=int(note.get("entries", 0)),
                        bytes=int(note.get("bytes", 0)),
                        limit_bytes=int(note.get("limit_bytes", 0)),
                        hits=int(note["hits"]),
                        misses=int(note["misses"]),
                        waits=int(note["waits"]),
                        evictions=int(note.get("evictions", 0)),
                    )
                )
        return found
