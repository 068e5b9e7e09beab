"""The application is made in gunicorn's master: what it holds then, every worker inherits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from data_layer.lake import Lake

ROOT = Path(__file__).parents[2]

LOOK = """
import gc, threading
from app.wsgi import app
import duckdb
databases = [one for one in gc.get_objects() if isinstance(one, duckdb.DuckDBPyConnection)]
print("threads", threading.active_count(), "databases", len(databases))
"""


def test_an_application_that_was_asked_nothing_has_no_thread_and_no_database(
    demo_lake: Lake, tmp_path: Path
) -> None:
    """A child that inherits either can hang for ever (docs/decisions/0003-duckdb-in-a-server.md)."""
    environment = {"NEMDESK_LAKE_DIR": str(demo_lake.root), "NEMDESK_CACHE_DIR": str(tmp_path / "cache")}
    found = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["threads", "1", "databases", "0"], found.stderr
