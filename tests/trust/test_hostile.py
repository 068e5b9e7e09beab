"""The short version of tests/trust/hostile.py, and proof that its watchers see what they watch for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from dash import Dash

import app.http
from data_layer.connection import DuckEngine, Limits
from data_layer.lake import Lake
from tests.app.callback_client import dependencies
from tests.trust import hostile
from tests.trust.hostile_corpus import CANARY, TEXTS
from tests.trust.hostile_dates import PERIODS, attack_caps, attack_dates, dropped_on_pages
from tests.trust.hostile_injections import callback, closed_injections, injections
from tests.trust.hostile_payloads import KNOWN, Hostile, tab_of
from tests.trust.hostile_run import Run, desk_over, run_over
from tests.trust.hostile_watch import Files, Statements, leads_away, recorded, unlocked


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "cache"


@pytest.fixture(scope="module")
def hostile_desk(demo_lake: Lake, cache: Path) -> Dash:
    return desk_over(demo_lake, cache)


@pytest.fixture
def watched(hostile_desk: Dash, demo_lake: Lake, cache: Path) -> Iterator[tuple[Run, Files]]:
    with run_over(hostile_desk, demo_lake, cache) as made:
        yield made


def test_hostile_requests(watched: tuple[Run, Files]) -> None:
    run, files = watched
    hostile.fuzz(run, 312)
    assert run.wrong == []
    assert files.foreign == set()
    assert run.callbacks >= 312
    assert run.statements.count > 20, "good questions among them reach the engine"
    assert run.refused > 100
    assert run.refused_with_query == 0


def test_every_callback_reads_what_it_is_sent_when_nothing_is_wrong(watched: tuple[Run, Files]) -> None:
    """Else nothing hostile would reach it either: a panel leaves what is meant for another tab unread."""
    run, _ = watched
    entries = dependencies(run.client)
    for entry in entries:
        run.send(callback(entry, tab_of(entry) or "regions", headers=KNOWN))
    assert hostile.unreached(run, 1) == []
    assert run.wrong == []
    run.reached.clear()
    for entry in entries:
        run.send(callback(entry, "price-analysis", headers=KNOWN))
    missed = hostile.unreached(run, 1)
    assert any("price-chart-top" in line for line in missed) and any("price-view" in line for line in missed)


def test_a_table_that_no_view_has_costs_no_question(watched: tuple[Run, Files]) -> None:
    """Which tables Stations has depends on the units, which have to be looked up."""
    run, _ = watched
    for query in ("units=BASTYAN&table=secrets", "units=nobody&table=%00", "table=prices%27"):
        run.send(Hostile(f"/stations/data.csv?{query}"))
    assert run.wrong == []
    assert (run.refused, run.statements.count) == (3, 0)


def test_injections(hostile_desk: Dash, demo_lake: Lake, cache: Path, tmp_path: Path) -> None:
    assert len(TEXTS) >= hostile.TEXTS_EACH
    every = len(TEXTS) // 2
    with run_over(hostile_desk, demo_lake, cache) as (open_run, open_files):
        seen = [injections(open_run, cache, every)]
    met = [(open_run, open_files)]
    for run, files, read in closed_injections(demo_lake, tmp_path, every):
        met.append((run, files))
        seen.append(read)
    assert hostile.too_few(seen, 2) == [], "every field reads every text"
    assert hostile.too_few(seen, 3), "and would be missed if it did not"
    for run, files in met:
        assert (run.wrong, run.statements.foreign, files.foreign) == ([], [], set())


def test_bodies_and_paths(watched: tuple[Run, Files]) -> None:
    run, _ = watched
    assert hostile.malformed(run) == []
    assert hostile.paths(run) == []
    assert run.wrong == []


def test_periods_that_attack(watched: tuple[Run, Files]) -> None:
    run, _ = watched
    assert len(PERIODS) >= 20
    assert attack_dates(run) == []
    assert attack_caps(run) == []
    assert dropped_on_pages(date(2026, 2, 18), date(2026, 3, 1)) == []
    assert run.wrong == []
    assert run.statements.count == 0


def test_an_answer_that_is_not_locked_down_is_seen(
    watched: tuple[Run, Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = watched
    locked = dict(run.client.get("/healthz").headers)
    assert unlocked(locked) == []
    policy = locked["Content-Security-Policy"]
    for name, value in (
        ("X-Content-Type-Options", ""),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Referrer-Policy", "unsafe-url"),
        ("Content-Security-Policy", ""),
        ("Content-Security-Policy", policy.replace("script-src", "script-src 'unsafe-inline'")),
        ("Content-Security-Policy", policy.replace("script-src", "script-src https:")),
        ("Content-Security-Policy", policy.replace("frame-ancestors 'none'", "")),
        ("Content-Security-Policy", policy.replace("object-src 'none'", "")),
    ):
        assert unlocked({**locked, name: value}), (name, value)
    monkeypatch.setitem(app.http.FIXED_HEADERS, "X-Frame-Options", "SAMEORIGIN")
    run.send(Hostile("/nothing/data.csv"))
    assert "X-Frame-Options" in run.wrong[0]


def test_a_way_to_another_site_is_seen() -> None:
    for target in (
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        " //x",
        "mailto:x",
    ):
        assert leads_away(target), target
    for target in ("/today", "/sign-in?next=%2F%2Fevil.example", "today", "/https://evil.example/"):
        assert not leads_away(target), target


def test_a_foreign_statement_is_seen(demo_lake: Lake) -> None:
    statements = Statements(demo_lake, 1_000_000)
    engine = DuckEngine(demo_lake.root, Limits(max_rows=1_000_000))
    with recorded(statements):
        engine.query("SELECT 1 AS n", {})
        assert statements.foreign == []
        for text in (f"SELECT '{CANARY}' AS n", "SELECT version() AS n", "SELECT 'NSW1 ' AS n"):
            statements.foreign.clear()
            engine.query(text, {})
            assert statements.foreign, text
    reading = "SELECT duid FROM read_parquet($files_units)"
    for path in ("/etc/x.parquet", f"{demo_lake.root}/../x.parquet", "https://127.0.0.1/x.parquet"):
        statements.foreign.clear()
        statements.note(reading, {"files_units": [path]})
        assert statements.foreign, path
    statements.foreign.clear()
    statements.note(reading, {"files_units": [str(demo_lake.root / "x.parquet")]})
    statements.note("SELECT $duid AS duid", {"duid": "/etc/x.parquet"})
    assert statements.foreign == [], "the name of a file as a bound value is no file"


def test_a_foreign_file_is_seen(demo_lake: Lake, tmp_path: Path) -> None:
    files = Files(demo_lake.root)
    with files.watching():
        Path("/etc/hostname").read_bytes()
    assert files.foreign == {"/etc/hostname"}


def test_a_server_error_and_a_told_path_are_seen(
    watched: tuple[Run, Files], hostile_desk: Dash, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = watched

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(hostile_desk.server.view_functions, "healthz", broken)
    run.send(Hostile("/healthz"))
    assert "status 500" in run.wrong[0]
    monkeypatch.setitem(hostile_desk.server.view_functions, "healthz", lambda: str(Path(hostile.__file__)))
    run.send(Hostile("/healthz"))
    assert "body has" in run.wrong[-1]
