"""Each worker's note of its cache: written now and then, read while its writer lives."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import cache_notes
from app.cache_notes import CacheNotes

FIGURES: dict[str, Any] = {
    "queries": 7,
    "cache": {
        "hits": 4, "misses": 3, "waits": 1, "entries": 2, "bytes": 100, "limit_bytes": 1000, "evictions": 5,
    },
}  # fmt: skip


def test_a_request_writes_the_note_and_everybody_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = dict(FIGURES)
    notes = CacheNotes(tmp_path / "cache" / "workers", lambda: served)
    server = Flask("x")
    server.add_url_rule("/", "root", lambda: "ok")
    notes.install(server)
    assert notes.read() == []
    client = server.test_client()
    client.get("/")
    (facts,) = CacheNotes(tmp_path / "cache" / "workers", None).read()
    assert (facts.pid, facts.entries, facts.bytes, facts.limit_bytes) == (os.getpid(), 2, 100, 1000)
    assert (facts.hits, facts.misses, facts.waits, facts.evictions) == (4, 3, 1, 5)
    served["cache"] = {**FIGURES["cache"], "hits": 9}
    client.get("/")
    assert notes.read()[0].hits == 4, "not written at every request"
    monkeypatch.setattr(cache_notes, "EVERY_SECONDS", 0.0)
    client.get("/")
    assert notes.read()[0].hits == 9


def test_the_dead_and_the_unreadable_are_left_out(tmp_path: Path) -> None:
    notes = CacheNotes(tmp_path, lambda: FIGURES)
    notes.write()
    mine = json.loads((tmp_path / f"{os.getpid()}.json").read_text())
    (tmp_path / "4194303.json").write_text(json.dumps(mine))
    (tmp_path / "12.json").write_text("{")
    (tmp_path / "13.json").write_text('{"born": "x"}')
    assert [one.pid for one in notes.read()] == [os.getpid()]
    assert not (tmp_path / "4194303.json").exists()


def test_a_folder_that_cannot_be_written_to_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes = CacheNotes(tmp_path / "file" / "workers", lambda: FIGURES)
    notes.write()
    assert notes.read() == []
