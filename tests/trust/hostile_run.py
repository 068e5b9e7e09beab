"""Sends hostile requests to an application in this process and judges every answer."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dash import Dash
from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings
from callbacks.work import Order
from data_layer.lake import Lake
from tests.app.fake_centre import FakeCentre, job
from tests.trust.hostile_payloads import CALLBACKS, JOB, VISITOR, Hostile
from tests.trust.hostile_watch import Bodies, Files, Statements, leads_away, recorded, unlocked

JOB_ROWS: Final = 20_000
"""Small, so that questions over the demonstration become jobs."""

MOST_JOBS: Final = 20

ALLOWED: Final = {200, 204, 206, 302, 303, 304, 308, 400, 401, 403, 404, 405, 413, 415, 416, 422, 429, 503}


class Centre(FakeCentre):
    """A job centre that starts no process and, as the real one, keeps a bounded list; the first job stays."""

    def submit(self, visitor: str, order: Order) -> str:
        made = super().submit(visitor, order)
        self.put(visitor, *self.lists[visitor][:1], *self.lists[visitor][1:][-MOST_JOBS:])
        return made

    def forget(self, visitor: str, job: str) -> None:
        if job != JOB:
            super().forget(visitor, job)


def desk_over(lake: Lake, cache: Path, **more: Any) -> Dash:
    """The application, over a job centre in memory."""
    centre = Centre()
    centre.put(VISITOR, job(1))
    return create_app(Settings(lake_dir=lake.root, cache_dir=cache, job_rows=JOB_ROWS, **more), centre=centre)


@dataclass
class Run:
    """Sends requests to an application in this process and keeps what was wrong."""

    client: FlaskClient
    statements: Statements
    bodies: Bodies
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Seconds that this process worked for each request: what stays the same on a busy machine."""
    reached: Counter[str] = field(default_factory=Counter)
    """Callback -> requests that it answered itself: neither refused before it nor left unread."""
    callbacks: int = 0
    refused: int = 0
    refused_with_query: int = 0

    def send(self, one: Hostile) -> int:
        """Its status."""
        before = self.statements.count
        started, worked = time.perf_counter(), time.process_time()
        answer = self.client.open(
            one.path,
            method=one.method,
            data=one.body,
            content_type=one.kind if one.body is not None else None,
            headers=dict(one.headers),
        )
        body = answer.get_data()
        self.seconds.append(time.perf_counter() - started)
        self.processor.append(time.process_time() - worked)
        answer.close()
        self.statuses[answer.status_code] += 1
        if one.body is not None and one.path.startswith(CALLBACKS):
            self.callbacks += 1
            self.reached[one.callback] += answer.status_code == 200
        asked = self.statements.count - before
        for problem in self._problems(one, answer, body, asked):
            self.wrong.append(
                f"{problem}: {one.what} {one.path[:200]} {dict(one.headers)!s:.200} "
                f"{(one.body or b'')[:400]!r} {body[:200]!r}"
            )
        return int(answer.status_code)

    def _problems(self, one: Hostile, answer: Any, body: bytes, asked: int) -> Iterator[str]:
        if answer.status_code not in ALLOWED:
            yield f"status {answer.status_code}"
        yield from judged(answer.headers, body, self.bodies)
        if 400 <= answer.status_code < 500:
            self.refused += 1
            clear = answer.is_json and answer.get_json().get("error")
            if one.path.startswith((CALLBACKS, "/data/")) and not clear:
                yield "a refusal without a word"
            if asked and answer.status_code != 422:
                self.refused_with_query += 1
                yield f"refused after {asked} statements"
        elif b'"panel-failed"' in body:
            self.refused += 1
            if asked and b"too many" not in body.lower():
                self.refused_with_query += 1
        if self.statements.foreign:
            yield f"statement {self.statements.foreign.pop()}"


def judged(headers: Mapping[str, str], body: bytes, bodies: Bodies) -> Iterator[str]:
    """What no answer may have, whatever was asked and however it was refused."""
    for found in bodies.found(body):
        yield f"body has {found!r}"
    yield from unlocked(headers)
    if "\n" in str(headers.get("Content-Disposition", "")) or "a=b" in str(headers.get("Set-Cookie", "")):
        yield "header injection"
    target = headers.get("Location")
    if target is not None and leads_away(target):
        yield f"redirect to {target!r}"


@contextmanager
def run_over(desk: Dash, lake: Lake, cache: Path) -> Iterator[tuple[Run, Files]]:
    """A run whose engine and files are watched."""
    secret = (cache / "secret_key").read_text()
    statements = Statements(lake, 1_000_000)
    files = Files(lake.root, cache, Path(tempfile.gettempdir()) / "nemdesk-spill")
    # Without a jar of its own, which would take the Cookie headers of hostile requests away.
    with (
        desk.server.test_client(use_cookies=False) as client,
        recorded(statements),
        files.watching(),
    ):
        yield Run(client, statements, Bodies(secret, str(lake.root), str(cache))), files
