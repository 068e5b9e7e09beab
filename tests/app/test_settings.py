"""Settings are validated at start; secrets are made once and kept from others."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEMDESK_PORT", "70000"),
        ("NEMDESK_BACKEND", "oracle"),
        ("NEMDESK_HOST", "0.0.0.0"),
        ("NEMDESK_HOST", "example.org"),
        ("NEMDESK_SECRET_KEY", "short"),
        ("NEMDESK_MEMORY_LIMIT_MB", "lots"),
        ("NEMDESK_HYBRID_SHARE", "1.5"),
        ("NEMDESK_HYBRID_SHARE", "half"),
        ("NEMDESK_PANDAS_MEMORY_MB", "-1"),
    ],
)
def test_a_wrong_value_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_other_machines_only_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEMDESK_HOST", "0.0.0.0")
    monkeypatch.setenv("NEMDESK_BEHIND_PROXY", "1")
    assert Settings().host == "0.0.0.0"


@pytest.mark.parametrize(
    ("lake", "cache"),
    [
        ("lake", "lake"),
        ("lake", "lake/cache"),
        ("cache/lake", "cache"),
        ("lake", "link"),
        ("a/../lake", "lake"),
    ],
)
def test_the_cache_is_not_in_the_lake_nor_the_lake_in_the_cache(
    lake: str, cache: str, tmp_path: Path
) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "lake")
    with pytest.raises(ValidationError, match="lie in one another"):
        Settings(lake_dir=tmp_path / lake, cache_dir=tmp_path / cache)
    assert Settings(lake_dir=tmp_path / "lake", cache_dir=tmp_path / "lake-cache")


def test_all_settings_pass_through_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Settings(lake_dir=tmp_path / "lake", port=8123, secret_key="0123456789abcdef", backend="pandas")  # type: ignore[arg-type]
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == made


def test_every_worker_reads_the_same_secret(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path / "cache")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: Settings(cache_dir=tmp_path / "cache").secret(), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert stat.S_IMODE((settings.cache_dir / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.cache_dir.stat().st_mode) == 0o700
    assert [path.name for path in settings.cache_dir.iterdir()] == ["secret_key"]


def test_making_the_app_opens_no_database(tmp_path: Path) -> None:
    """So that it may be made before a fork."""
    code = (
        "import threading; from app import create_app; from app.settings import Settings;"
        f"create_app(Settings(lake_dir={str(tmp_path / 'l')!r}, cache_dir={str(tmp_path / 'c')!r}));"
        "print(threading.active_count())"
    )
    root = Path(__file__).parents[2]
    made = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "1"
