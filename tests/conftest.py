"""What every test shares: where AEMO's real files are, and what a missing browser or file means.

A test that needs real files takes the ``real`` fixture, one that opens Chromium is marked ``browser``.
Both are skipped with a reason where the machine lacks them; NEMDESK_REQUIRE_REAL=1 and
NEMDESK_REQUIRE_BROWSER=1 (set by .ci/run) make the lack a failure instead.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from data_layer import demo
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager
from tests.trust import demonstration

# A shared machine may take any time over one example; what hangs is ended by the suite's own limit.
settings.register_profile("nemdesk", deadline=None)
# tests/trust/mutation.py: the same examples for every mutant, and the first that fails is enough.
settings.register_profile(
    "mutation", deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("nemdesk")

ROOT = Path(__file__).parent.parent
REAL = Path(os.environ.get("NEMDESK_REAL") or ROOT.parent / "shared" / "real")


def _lacking(what: str, switch: str) -> None:
    if os.environ.get(switch) == "1":
        pytest.fail(f"{what}, and {switch}=1 demands it", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def real() -> Path:
    """Folder of AEMO's real files (nemweb/, samples/, published/, registers/, geo/)."""
    if not (REAL / "nemweb").is_dir():
        _lacking(f"AEMO's real files are not at {REAL} (set NEMDESK_REAL)", "NEMDESK_REQUIRE_REAL")
    return REAL


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") is None:
        return
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser or not shutil.which("chromedriver"):
        _lacking("Chromium or chromedriver is not installed (`make browser-deps`)", "NEMDESK_REQUIRE_BROWSER")


def pytest_setup_options():  # type: ignore[no-untyped-def]
    """Chromium's options for dash[testing]: no traffic of its own, one window size."""
    from selenium.webdriver.chrome.options import Options

    options = Options()
    for flag in (
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
        "window-size=1440,900",
    ):
        options.add_argument(f"--{flag}")
    return options


def _built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Lake], None]) -> Lake:
    """A lake that the testers of one run share: the first that needs it builds it, the others wait.

    NEMDESK_TEST_LAKES names a folder in which lakes outlive the run: mutation tests start pytest some
    thousand times, and none of what they mutate is asked while a lake is built.
    """
    run = factory.getbasetemp()
    shared = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    folder = Path(os.environ.get("NEMDESK_TEST_LAKES") or shared) / name
    folder.mkdir(parents=True, exist_ok=True)
    built = folder / "built"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            shutil.rmtree(folder / "lake", ignore_errors=True)
            build(Lake(folder / "lake"))
            built.touch()
    return Lake(folder / "lake")


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Twelve days of demonstration data in a lake of its own; tests must not change it."""
    return _built_once(
        tmp_path_factory, "demo", lambda lake: demo.build(lake, end=demonstration.END, days=12)
    )


@pytest.fixture(scope="session")
def engines(demo_lake: Lake) -> tuple[HybridQueryManager, HybridQueryManager]:
    """Both engines over the demonstration: for a whole run, since the pandas engine reads its tables once."""
    return open_manager(demo_lake.root), open_manager(demo_lake.root, backend="pandas")


@pytest.fixture(scope="session")
def real_lake(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Every month of ``real/nemweb``, ingested over HTTP as a user would. Read-only: do not write to it."""
    from data_layer.ingest import nemweb, pipeline
    from tests.data_layer.ingest.server import serving

    def build(lake: Lake) -> None:
        months = sorted(
            (int(path.name[6:10]), int(path.name[11:13])) for path in (real / "nemweb").rglob("MMSDM_????_??")
        )
        with serving(real / "nemweb") as server:
            source = nemweb.open_source(server.url, tmp_path_factory.mktemp("real") / "downloads")
            summary = pipeline.ingest(lake, source, months)
            source.close()
        assert [str(refusal) for refusal in summary.refusals] == []
        assert summary.versions == len(months)

    return _built_once(tmp_path_factory, "real", build)
