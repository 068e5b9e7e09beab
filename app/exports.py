"""Exported files: where they lie, how long they are kept, and GET /exports/<job>/<name>, which serves them.

One folder for each job below the server's own directory, closed to other users. A download that broke off
goes on where it stopped: Range, If-Range, HEAD and ETag are answered.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask, Response, request, send_file

from app.download import file_name
from app.settings import Settings
from callbacks.work import Order, Told
from data_layer import exports
from data_layer.connection import CancelToken
from data_layer.requests import Request

logger = logging.getLogger("nemdesk.exports")

_JOB: Final = re.compile(r"[0-9a-f]{32}")
_PART: Final = ".part"

DEAD_SECONDS: Final = 3600.0
"""A file that nobody has written to for so long while it was unfinished belonged to a process that died."""

TOLD_SECONDS: Final = 0.3
SWEPT_SECONDS: Final = 10.0
"""How often a running export says how far it is, and makes room for what it writes."""

MIMETYPES: Final = {
    ".zip": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Exports:
    """The folder of exported files. Made when it is first written to, so that it may be named before a fork.

    Finished files are kept for ``kept_seconds``; beyond ``limit_bytes`` the oldest go. No single file may be
    larger than that.
    """

    def __init__(self, directory: Path, limit_bytes: int, kept_seconds: float) -> None:
        self.directory = directory
        self.limit_bytes = limit_bytes
        self.kept_seconds = kept_seconds

    @classmethod
    def of(cls, settings: Settings) -> Exports:
        directory = settings.prepared_cache_dir() / "exports"
        return cls(directory, settings.exports_mb * 2**20, settings.exports_hours * 3600)

    def path_for(self, job: str, asked: Request, form: str) -> Path:
        """Where the file of a job goes: a name made of the checked request alone."""
        return self._folder(job) / f"{file_name(asked)}.{exports.ENDINGS[form]}"

    def _folder(self, job: str) -> Path:
        if not _JOB.fullmatch(job):
            raise ValueError("not a job's id")
        return self.directory / job

    def run(
        self,
        order: Order,
        job: str,
        manager: exports.Reader,
        tell: Callable[[Told], None],
        cancel: CancelToken | None = None,
    ) -> tuple[str, int]:
        """Write the file of an order of the kind EXPORT: its address below /exports/, and its bytes.
        DataLayerError where it cannot be had; then nothing is left of it."""
        path = self.path_for(job, order.request, order.form)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory.chmod(0o700)
        self.sweep()
        try:
            pace = _Pace(tell, self.sweep)
            limit = self.limit_bytes
            written = exports.write(manager, order.request, order.form, path, pace, cancel, limit)
        except BaseException:
            self.forget(job)
            raise
        self.sweep()
        logger.info("export %s: %d rows, %d bytes", path.name, written.rows, written.bytes)
        return f"/exports/{job}/{path.name}", written.bytes

    def find(self, job: str, name: str) -> Path | None:
        """A finished file by the address it was given; None where there is none (any more)."""
        if not _JOB.fullmatch(job) or name.endswith(_PART):
            return None
        # Compared with what is there, never joined into a path.
        folder = self.directory / job
        try:
            return next((path for path in folder.iterdir() if path.name == name and path.is_file()), None)
        except OSError:
            return None

    def forget(self, job: str) -> None:
        """Remove a job's file. A download of it that is under way still ends well."""
        if _JOB.fullmatch(job):
            shutil.rmtree(self.directory / job, ignore_errors=True)

    def sweep(self) -> None:
        """Remove files that are too old, what dead processes left, and the oldest beyond the limit. Never
        the newest finished file, nor one that is being written."""
        now = time.time()
        kept = []
        for one in self._files():
            if now - one.changed > (DEAD_SECONDS if one.unfinished else self.kept_seconds):
                self.forget(one.job)
            else:
                kept.append(one)
        total = sum(one.bytes for one in kept)
        for one in [one for one in kept if not one.unfinished][:-1]:
            if total <= self.limit_bytes:
                break
            self.forget(one.job)
            total -= one.bytes
            logger.info("export of job %s removed: the room for exports is used up", one.job)

    def _files(self) -> list[_Kept]:
        """All files, oldest first; an empty folder counts as an unfinished file."""
        found = []
        for folder in self.directory.glob("*") if self.directory.is_dir() else ():
            try:
                inside = next(folder.iterdir(), folder)
                state = inside.stat()
            except OSError:
                continue  # gone meanwhile
            unfinished = inside is folder or inside.name.endswith(_PART)
            found.append(
                _Kept(folder.name, 0 if inside is folder else state.st_size, state.st_mtime, unfinished)
            )
        return sorted(found, key=lambda one: one.changed)

    def facts(self) -> dict[str, float]:
        """For the operator: files, bytes, and the limits."""
        files = self._files()
        return {
            "files": len(files),
            "bytes": sum(one.bytes for one in files),
            "limit_bytes": self.limit_bytes,
            "kept_seconds": self.kept_seconds,
        }


@dataclass(frozen=True)
class _Kept:
    job: str
    bytes: int
    changed: float
    unfinished: bool


class _Pace:
    """What a running export says now and then."""

    def __init__(self, tell: Callable[[Told], None], sweep: Callable[[], None]) -> None:
        self._tell, self._sweep = tell, sweep
        self._began = self._swept = time.monotonic()
        self._told = 0.0
        tell(Told(phase="Reading"))

    def __call__(self, done: int, parts: int, rows: int) -> None:
        now = time.monotonic()
        if now - self._swept > SWEPT_SECONDS:
            self._swept = now
            self._sweep()
        if now - self._told < TOLD_SECONDS and done < parts:
            return
        self._told = now
        # All parts are stretches of about equal length; one part alone says nothing until it is done.
        fraction = done / parts if parts > 1 else None
        left = (now - self._began) * (1 - fraction) / fraction if fraction else None
        self._tell(Told(phase="Writing", rows=rows, fraction=fraction, seconds_left=left))


def register(server: Flask, kept: Exports) -> None:
    """Connect the route."""
    from app.http import refusal  # as in download.py

    def gone() -> tuple[Response, int]:
        hours = f"{kept.kept_seconds / 3600:g}"
        text = f"There is no such file (any more): exports are kept {hours} hours at most. Export it again."
        return refusal(text, 404)

    @server.get("/exports/<job>/<name>")
    def exported(job: str, name: str) -> Response | tuple[Response, int]:
        path = kept.find(job, name)
        if path is None:
            return gone()
        logger.info("%s %s", request.method, path.name)
        mimetype = MIMETYPES.get(path.suffix, "application/octet-stream")
        try:
            return send_file(
                path,
                mimetype=mimetype,
                as_attachment=True,
                download_name=path.name,
                conditional=True,
                etag=True,
            )
        except OSError:
            return gone()  # swept at this very moment
