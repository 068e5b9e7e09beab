"""An application over the demonstration lake, and one over no lake, through Flask's test client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from app import create_app, health
from app.settings import Settings
from data_layer.lake import Lake


@pytest.fixture(autouse=True)
def patient_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take any time over one small question; what takes longer is tested by itself."""
    monkeypatch.setattr(health, "PROBE_SECONDS", 60.0)


@pytest.fixture(scope="session")
def settings_of(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    def make(lake_dir: Path, **more: Any) -> Settings:
        # This process holds more than a server's, which would let go of its caches.
        given = {"worker_memory_mb": 100_000, **more}
        return Settings(lake_dir=lake_dir, cache_dir=tmp_path_factory.mktemp("cache"), **given)

    return make


@pytest.fixture(scope="session")
def desk(demo_lake: Lake, settings_of) -> Dash:  # type: ignore[no-untyped-def]
    return create_app(settings_of(demo_lake.root))


@pytest.fixture
def client(desk: Dash) -> Iterator[FlaskClient]:
    with desk.server.test_client() as made:
        yield made


@pytest.fixture
def client_without_lake(tmp_path: Path, settings_of) -> Iterator[FlaskClient]:  # type: ignore[no-untyped-def]
    with create_app(settings_of(tmp_path / "no-lake")).server.test_client() as made:
        yield made
