"""The folder of exported files, and the download that goes on where it stopped."""

from __future__ import annotations

import hashlib
import http.client
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.exports import DEAD_SECONDS, Exports, register
from app.settings import Settings
from callbacks.work import EXPORT, Order, Told
from data_layer import exports
from data_layer.connection import CancelToken
from data_layer.errors import QueryCancelled, ResultTooLarge
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.pieces import Pieces
from data_layer.query_manager import open_manager
from data_layer.requests import IntegratedData, Period, Request
from tests.data_layer.lakes import frame

JOB = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
DAY = IntegratedData(Period(datetime(2026, 2, 24), datetime(2026, 2, 25)), Resolution.FIVE_MINUTES, ("SA1",))


def order(form: str, request: Request = DAY) -> Order:
    return Order(request, "All unit readings", "/generation", EXPORT, form)


@pytest.fixture
def kept(tmp_path: Path) -> Exports:
    return Exports(tmp_path / "exports", 50_000_000, 3_600)


class Noise:
    """Rows that do not compress: ``parts`` tables of a million bytes each."""

    def __init__(self, parts: int, between: object = None) -> None:
        self.parts, self.between = parts, between

    def pieces(self, request: Request, cancel: CancelToken | None = None) -> Pieces:
        rng = np.random.default_rng(3)

        def tables() -> Iterator[pa.Table]:
            for _ in range(self.parts):
                yield pa.table({"n": rng.random(125_000)})
                if callable(self.between):
                    self.between()

        return Pieces(self.parts, tables(), "noise", "duckdb", "000001", "aemo")


@pytest.fixture
def server(kept: Exports) -> Iterator[int]:
    """A real server over the folder: its port."""
    app = Flask("test")
    register(app, kept)
    made = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made.server_port
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.parametrize("form", exports.FORMS)
def test_an_order_becomes_a_file_at_an_address(desk, demo_lake: Lake, form: str) -> None:  # type: ignore[no-untyped-def]
    kept = desk_exports(desk)
    told: list[Told] = []
    address, size = kept.run(order(form), JOB, open_manager(demo_lake.root), told.append)
    name = f"nemdesk_integrated_data_2026-02-24_2026-02-24.{exports.ENDINGS[form]}"
    assert address == f"/exports/{JOB}/{name}"
    assert (told[0].phase, told[-1].phase) == ("Reading", "Writing")
    raw = frame(demo_lake.snapshot(), "unit_scada")
    units = frame(demo_lake.snapshot(), "units")
    local = set(units[units.regionid == "SA1"].duid)
    raw = raw[(raw.settlementdate > DAY.period.start) & (raw.settlementdate <= DAY.period.end)]
    assert told[-1].rows == raw.duid.isin(local).sum() > 1_000
    with desk.server.test_client() as client:
        answer = client.get(address, buffered=True)
        assert answer.status_code == 200
        assert len(answer.data) == size
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Accept-Ranges"] == "bytes"
        head = client.head(address, headers={"Accept-Encoding": "gzip, br"}, buffered=True)
        assert (head.status_code, head.data, int(head.headers["Content-Length"])) == (200, b"", size)
        assert "Content-Encoding" not in head.headers
        unchanged = client.get(address, headers={"If-None-Match": answer.headers["ETag"]}, buffered=True)
        assert unchanged.status_code == 304
        nowhere = client.get(address, headers={"Range": f"bytes={size + 10}-"}, buffered=True)
        assert nowhere.status_code == 416
        # Open to the server's own user alone.
        assert kept.directory.stat().st_mode & 0o777 == 0o700
        kept.forget(JOB)
        gone = client.get(address, buffered=True)
        assert gone.status_code == 404
        assert "Export it again" in gone.get_json()["error"]


def desk_exports(desk) -> Exports:  # type: ignore[no-untyped-def]
    """The folder that the application's route looks into."""
    view = desk.server.view_functions["exported"]
    cells = dict(zip(view.__code__.co_freevars, view.__closure__, strict=True))
    found: Exports = cells["kept"].cell_contents
    return found


@pytest.mark.filterwarnings(
    # werkzeug's own server does not always close what it was sending to a client that went away.
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_broken_download_goes_on_where_it_stopped(kept: Exports, server: int) -> None:
    address, size = kept.run(order("parquet"), JOB, Noise(8), lambda told: None)
    path = kept.find(JOB, address.rsplit("/", 1)[1])
    assert path is not None
    want = hashlib.sha256(path.read_bytes()).hexdigest()
    first = http.client.HTTPConnection("127.0.0.1", server)
    first.request("GET", address)
    answer = first.getresponse()
    etag = answer.headers["ETag"]
    part = answer.read(size // 2 + 7)
    first.close()  # the network is gone in the middle
    assert 0 < len(part) < size
    second = http.client.HTTPConnection("127.0.0.1", server)
    second.request("GET", address, headers={"Range": f"bytes={len(part)}-", "If-Range": etag})
    rest = second.getresponse()
    assert rest.status == 206
    assert rest.headers["Content-Range"] == f"bytes {len(part)}-{size - 1}/{size}"
    assert hashlib.sha256(part + rest.read()).hexdigest() == want
    # Another file under the same address meanwhile: it begins anew instead of mixing two files.
    time.sleep(0.01)
    kept.run(order("parquet"), JOB, Noise(4), lambda told: None)
    second.request("GET", address, headers={"Range": f"bytes={len(part)}-", "If-Range": etag})
    anew = second.getresponse()
    assert anew.status == 200
    body = anew.read()
    second.close()
    assert hashlib.sha256(body).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest() != want


@pytest.mark.parametrize(
    "address",
    [
        f"/exports/{JOB}/..%2f..%2fsecret_key",
        f"/exports/{JOB}/../../secret_key",
        f"/exports/{JOB}/%2fetc%2fpasswd",
        f"/exports/{JOB}/.",
        f"/exports/{JOB}/file.parquet.part",
        f"/exports/{JOB.upper()}/file.parquet",
        f"/exports/{JOB}0/file.parquet",
        "/exports/../secret_key",
        "/exports/%2e%2e/secret_key",
        f"/exports/{OTHER}/file.parquet",
        f"/exports/{JOB}%0a/file.parquet",
        f"/exports/{JOB}/",
    ],
)
def test_nothing_else_is_served(kept: Exports, tmp_path: Path, address: str) -> None:
    (tmp_path / "secret_key").write_text("secret")
    folder = kept.directory / JOB
    folder.mkdir(parents=True)
    (folder / "file.parquet").write_text("rows")
    (folder / "file.parquet.part").write_text("half")
    (kept.directory / "secret_key").write_text("secret")
    app = Flask("test")
    register(app, kept)

    with app.test_client() as client:
        found = client.get(address, buffered=True)
        assert found.status_code in (404, 308)
        assert b"secret" not in found.data.replace(b"secret_key", b"")
        assert client.get(f"/exports/{JOB}/file.parquet", buffered=True).data == b"rows"


def test_a_job_that_is_no_job_has_no_folder(kept: Exports) -> None:
    with pytest.raises(ValueError, match="not a job"):
        kept.path_for("../x", DAY, "csv")
    kept.forget("../x")


def fake(kept: Exports, job: str, size: int, age: float, name: str = "a.parquet") -> None:
    folder = kept.directory / job
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x" * size)
    moment = time.time() - age
    os.utime(folder / name, (moment, moment))
    os.utime(folder, (moment, moment))


def jobs(kept: Exports) -> set[str]:
    return {path.name[0] for path in kept.directory.iterdir()}


def test_the_oldest_go_when_the_room_is_used_up(tmp_path: Path) -> None:
    kept = Exports(tmp_path, 1_000, 3_600)
    for job, size, age in (("a", 400, 50), ("b", 400, 40), ("c", 400, 30), ("d", 100, 20)):
        fake(kept, job * 32, size, age)
    kept.sweep()
    assert jobs(kept) == {"b", "c", "d"}
    fake(kept, "e" * 32, 300, 5, "a.parquet.part")
    kept.sweep()
    # What is being written takes room too, and stays.
    assert jobs(kept) == {"c", "d", "e"}
    fake(kept, "f" * 32, 1_000, 1)
    kept.sweep()
    assert jobs(kept) == {"e", "f"}


def test_the_old_and_the_dead_go(tmp_path: Path) -> None:
    kept = Exports(tmp_path, 1_000, 7_200)
    fake(kept, "a" * 32, 1, 7_300)
    fake(kept, "b" * 32, 1, 7_100)
    fake(kept, "c" * 32, 1, DEAD_SECONDS + 60, "a.csv.zip.part")
    fake(kept, "d" * 32, 1, DEAD_SECONDS - 600, "a.csv.zip.part")
    empty = tmp_path / ("e" * 32)
    empty.mkdir()
    os.utime(empty, (0, 0))
    kept.sweep()
    assert jobs(kept) == {"b", "d"}
    assert Exports(tmp_path / "not there", 1, 1).facts()["files"] == 0
    Exports(tmp_path / "not there", 1, 1).sweep()
    assert kept.facts() == {"files": 2, "bytes": 2, "limit_bytes": 1_000, "kept_seconds": 7_200}


def test_a_stopped_or_failed_order_leaves_no_folder(kept: Exports) -> None:
    token = CancelToken()
    with pytest.raises(QueryCancelled):
        kept.run(order("csv"), JOB, Noise(3, token.cancel), lambda told: None, token)
    assert list(kept.directory.iterdir()) == []
    small = Exports(kept.directory, 2_000_000, 3_600)
    with pytest.raises(ResultTooLarge, match="2 MB"):
        small.run(order("parquet"), JOB, Noise(3), lambda told: None)
    assert list(kept.directory.iterdir()) == []


def test_how_far_it_is(kept: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.exports.TOLD_SECONDS", 0.0)
    told: list[Told] = []
    kept.run(order("parquet"), JOB, Noise(4), told.append)
    fractions = [one.fraction for one in told if one.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert set(fractions) == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert [one.rows for one in told] == sorted(one.rows for one in told)
    assert told[-1].rows == 500_000
    assert told[-1].seconds_left == 0.0
    assert all(one.seconds_left is None for one in told if not one.fraction)
    assert all(one.seconds_left > 0 for one in told if one.fraction and one.fraction < 1)  # type: ignore[operator]


def test_the_settings_say_how_much_and_how_long(tmp_path: Path) -> None:
    found = Exports.of(Settings(cache_dir=tmp_path / "cache", exports_mb=20, exports_hours=0.5))
    assert found.directory == tmp_path / "cache" / "exports"
    assert (found.limit_bytes, found.kept_seconds) == (20 * 2**20, 1_800)
    assert not found.directory.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_small_disk_that_is_full(tmp_path: Path, demo_lake: Lake) -> None:
    """A real file system of two megabytes."""
    import subprocess

    from data_layer.errors import DiskFull

    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        kept = Exports(disk / "exports", 10**9, 3_600)
        for form in exports.FORMS:
            with pytest.raises(DiskFull, match="disk for exports is full"):
                kept.run(order(form), JOB, Noise(8), lambda told: None)
            assert list(kept.directory.iterdir()) == []
        # What fits still works afterwards.
        address, _ = kept.run(order("csv"), JOB, open_manager(demo_lake.root), lambda told: None)
        with zipfile.ZipFile(disk / address.lstrip("/")) as opened:
            rows = pd.read_csv(opened.open("rows.csv"))
        assert set(rows.region) == {"SA1"}
    finally:
        subprocess.run(["umount", str(disk)], check=True)
