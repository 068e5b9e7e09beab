"""The short version of tests/trust/sandbox.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_layer.connection import DuckEngine
from tests.trust import sandbox
from tests.trust.sandbox import Folders

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folders]:
    with sandbox.folders(tmp_path_factory.mktemp("sandbox")) as made:
        yield made


@pytest.fixture(scope="module")
def engine(where: Folders) -> DuckEngine:
    return DuckEngine(where.lake)


@pytest.mark.parametrize("statement", sandbox.DENIED)
def test_it_is_denied(engine: DuckEngine, where: Folders, statement: str) -> None:
    assert sandbox.held(engine, where, statement) == ""
    assert sandbox.through_a_plain_cursor(engine, where, statement) == ""


def test_what_is_allowed_is_seen_as_getting_through(engine: DuckEngine, where: Folders) -> None:
    assert "got through" in sandbox.held(engine, where, "SELECT 1 AS n")
    assert "got through" in sandbox.through_a_plain_cursor(engine, where, "SELECT 1 AS n")


TRY = """
import os, sys
from pathlib import Path
from tests.trust import sandbox
from data_layer.connection import DuckEngine
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
lake = Path(sys.argv[1])
engine = DuckEngine(lake)
where = sandbox.Folders(lake, lake)
print([one for one in sandbox.INSIDE if sandbox.through_a_plain_cursor(engine, where, one)])
print(engine.query("SELECT 42 AS n", {}).to_pylist())
"""


def test_a_lake_that_the_server_only_reads_cannot_be_written(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """As deployed: another user owns the lake. DuckDB itself would write inside an allowed folder."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        parent = Path(name)
        parent.chmod(0o755)
        lake = parent / "lake"
        lake.mkdir(mode=0o755)
        (lake / "kept").write_text("x")
        lake.chmod(0o555)
        try:
            done = subprocess.run(
                [sys.executable, "-c", TRY, str(lake)],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.stdout.splitlines() == ["[]", "[{'n': 42}]"], done.stderr[-1000:]
            assert [one.name for one in lake.iterdir()] == ["kept"]
        finally:
            lake.chmod(0o755)


def test_the_unit_gives_the_server_no_right_to_write_the_lake() -> None:
    unit = (ROOT / "docs" / "examples" / "nemdesk.service").read_text(encoding="utf-8")
    assert "ProtectSystem=strict" in unit
    assert not re.search(r"^ReadWritePaths=.*/srv", unit, re.M)


def test_a_runaway_query_is_stopped_and_many_rows_are_refused(where: Folders) -> None:
    assert sandbox.runaway(where.lake, 0.3) >= 0.3
    refused, grown = sandbox.many_rows(where.lake)
    assert refused
    assert grown < 300 * 2**20
