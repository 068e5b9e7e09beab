"""``update --watch`` as a service: over AEMO's real files from a server on loopback."""

from __future__ import annotations

import json
import logging
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app import cli, keeping_up
from data_layer.ingest import nemweb, pipeline
from data_layer.ingest.download import Manners
from data_layer.lake import Lake
from tests.data_layer.ingest import server as web

ROOT = Path(__file__).parents[2]
NEXT_DAY = "/Reports/Current/Next_Day_Dispatch/PUBLIC_NEXT_DAY_DISPATCH_20260514_0000000517721207.zip"
QUICK = Manners(spacing=0, tries=2, pause=0.01, connect_timeout=1, read_timeout=2)


@pytest.fixture(scope="module")
def march(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """March 2026 as AEMO published it; the next day's file of 14 May is not in it."""
    lake = Lake(tmp_path_factory.mktemp("march") / "lake")
    pipeline.ingest(lake, nemweb.open_source(str(real / "nemweb"), lake.root.parent), [(2026, 3)])
    return lake


@pytest.fixture
def lake(march: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(march.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


@contextmanager
def watching(
    lake: Lake, url: str, *more: str
) -> Iterator[tuple[subprocess.Popen[str], Callable[[], list[Any]]]]:
    """(the service, its log's entries so far)."""
    log = lake.root.parent / "log"
    options = ["--every", "1", "--lake", str(lake.root), "--source", url, *more]
    with open(log, "w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "update", "--watch", *options],
            cwd=ROOT,
            stdout=out,
            stderr=out,
            text=True,
        )
    try:
        yield process, lambda: [json.loads(line) for line in log.read_text().splitlines()]
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    pytest.fail(f"waited for {what}")


def whole(lake: Lake) -> str:
    """Its version, every file of which is there and can be read."""
    import pyarrow.parquet as pq

    snapshot = lake.snapshot()
    for table in snapshot.files:
        for path in snapshot.paths(table):
            pq.read_table(path)
    return snapshot.token


def test_rounds_come_one_after_another_and_sigterm_ends_them(real: Path, lake: Lake) -> None:
    before = lake.token()
    with web.serving(real / "nemweb") as server, watching(lake, server.url) as (process, entries):
        rounds = until(lambda: [e for e in entries() if e.get("round", 0) >= 3], "a third round")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        first = next(e for e in entries() if e.get("round") == 1)
        assert first["outcome"] == "published"
        assert first["rows"] > 0
        assert 0.9 <= first["next_seconds"] <= 1.1
        assert rounds[0]["outcome"] == "nothing new"
        assert server.asked(NEXT_DAY) == 1
        assert "told to end" in entries()[-1]["message"]
    assert whole(lake) == first["version"] != before


def test_sigterm_in_the_middle_of_a_download(real: Path, lake: Lake) -> None:
    before = whole(lake)

    def stall(handler: web.Handler) -> bool:
        data = Path(handler.translate_path(handler.path)).read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:1000])
        handler.wfile.flush()
        reached.set()
        handler.server.stopping.wait(120)
        handler.close_connection = True
        return True

    reached = threading.Event()
    with web.serving(real / "nemweb") as server:
        server.faults[NEXT_DAY] += [stall]
        with watching(lake, server.url) as (process, entries):
            assert reached.wait(60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0  # long before the download's own limit
            assert "told to end" in entries()[-1]["message"]
        assert whole(lake) == before
        assert cli.main(["update", "--lake", str(lake.root), "--source", server.url]) == 0
    assert lake.snapshot().partitions("unit_dispatch")


@pytest.mark.long
def test_sigterm_at_any_moment_leaves_the_lake_whole(real: Path, lake: Lake) -> None:
    rng = random.Random(11)
    with web.serving(real / "nemweb") as server:
        for _ in range(6):
            with watching(lake, server.url) as (process, _entries):
                until(lambda: len(server.requests) > 0, "the first request")
                time.sleep(rng.uniform(0, 1.5))
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
            whole(lake)
            server.requests.clear()
        assert cli.main(["update", "--lake", str(lake.root), "--source", server.url]) == 0
    assert lake.snapshot().partitions("unit_dispatch")
    assert not list((lake.root / "staging").glob("*"))


def test_a_server_that_is_down_is_asked_ever_less_often(
    lake: Lake, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = lake.token()
    with web.serving(tmp_path) as server:
        url = server.url
    source = nemweb.HttpSource(url, tmp_path / "downloads", QUICK)
    pauses: list[float] = []
    logging.getLogger("nemdesk").propagate = True
    with caplog.at_level(logging.INFO, "nemdesk.update"):
        keeping_up.keep_up(lake, source, 300, rounds=7, sleep=pauses.append)
    source.close()
    for pause, expected in zip(pauses, [300, 600, 1200, 2400, 3600, 3600, 3600], strict=True):
        assert 0.9 * expected <= pause <= 1.1 * expected
    assert all("cannot be asked" in record.getMessage() for record in caplog.records)
    assert lake.token() == before  # no version for a round that found nobody


def test_it_goes_on_when_the_server_is_back(real: Path, lake: Lake, tmp_path: Path) -> None:
    with web.serving(real / "nemweb") as server:
        source = nemweb.HttpSource(server.url, tmp_path / "downloads", QUICK)
        server.faults["/Reports/Current/"] += [web.status(503)] * 4  # two tries a round
        pauses: list[float] = []
        keeping_up.keep_up(lake, source, 100, rounds=4, sleep=pauses.append)
        source.close()
    assert [round(pause, -2) for pause in pauses] == [100, 200, 100, 100]
    assert lake.snapshot().partitions("unit_dispatch")


def test_somebody_elses_writing_is_waited_for(
    real: Path, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    source = nemweb.open_source(str(real / "nemweb"), lake.root.parent)
    pauses: list[float] = []
    writing = lake.write()
    writing.__enter__()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            writing.__exit__(None, None, None)

    logging.getLogger("nemdesk").propagate = True
    with caplog.at_level(logging.INFO, "nemdesk.update"):
        keeping_up.keep_up(lake, source, 300, rounds=3, sleep=sleep)
    assert [pause < 25 for pause in pauses] == [True, True, False]
    assert "Another ingest is writing" in caplog.records[0].getMessage()
    assert lake.snapshot().partitions("unit_dispatch")


def test_a_lake_that_cannot_be_written_is_tried_again(
    real: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    source = nemweb.open_source(str(real / "nemweb"), tmp_path)
    pauses: list[float] = []
    logging.getLogger("nemdesk").propagate = True
    keeping_up.keep_up(Lake(tmp_path / "file" / "lake"), source, 300, rounds=2, sleep=pauses.append)
    assert pauses == [pytest.approx(300, rel=keeping_up.JITTER), pytest.approx(600, rel=keeping_up.JITTER)]
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("wrong", ["0", "soon", "nan", "-5", "100000"])
def test_every_must_be_a_pause(capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    with pytest.raises(SystemExit):
        cli.main(["update", "--watch", f"--every={wrong}"])
    assert "from 1 to 86400" in capsys.readouterr().err


def test_every_without_watch_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["update", "--every", "60"]) == cli.FAILED
    assert re.search("--every goes with --watch", capsys.readouterr().err)
