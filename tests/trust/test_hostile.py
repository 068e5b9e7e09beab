"""The short version of tests/trust/hostile.py, and proof that its watchers see what they watch for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash

from data_layer.connection import DuckEngine, Limits
from data_layer.lake import Lake
from tests.trust import hostile
from tests.trust.hostile import Run
from tests.trust.hostile_corpus import CANARY, TEXTS
from tests.trust.hostile_payloads import Hostile
from tests.trust.hostile_watch import Files, Statements, recorded


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "cache"


@pytest.fixture(scope="module")
def hostile_desk(demo_lake: Lake, cache: Path) -> Dash:
    return hostile.desk_over(demo_lake, cache)


@pytest.fixture
def watched(hostile_desk: Dash, demo_lake: Lake, cache: Path) -> Iterator[tuple[Run, Files]]:
    with hostile.run_over(hostile_desk, demo_lake, cache) as made:
        yield made


def test_hostile_requests(watched: tuple[Run, Files]) -> None:
    run, files = watched
    hostile.fuzz(run, 400)
    assert run.wrong == []
    assert files.foreign == set()
    assert run.statements.count > 20, "good questions among them reach the engine"
    assert run.refused > 100
    assert run.refused_with_query == 0


def test_a_table_that_no_view_has_costs_no_question(watched: tuple[Run, Files]) -> None:
    """Which tables Stations has depends on the units, which have to be looked up."""
    run, _ = watched
    for query in ("units=BASTYAN&table=secrets", "units=nobody&table=%00", "table=prices%27"):
        run.send(Hostile(f"/stations/data.csv?{query}"))
    assert run.wrong == []
    assert (run.refused, run.statements.count) == (3, 0)


def test_injections(watched: tuple[Run, Files]) -> None:
    run, files = watched
    assert len(TEXTS) >= 500
    hostile.injections(run, every=80)
    assert run.wrong == []
    assert run.statements.foreign == []
    assert files.foreign == set()


def test_bodies_and_paths(watched: tuple[Run, Files]) -> None:
    run, _ = watched
    assert hostile.malformed(run) == []
    assert hostile.paths(run) == []
    assert run.wrong == []


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
