"""The short versions of the trust runs of ingestion, and what they found once."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app import cli
from data_layer.errors import DataLayerError, DiskFull, not_written
from data_layer.ingest import download, mms, nemweb, pipeline, run
from data_layer.ingest.download import Downloader, FetchFailed, Manners
from data_layer.lake import GRACE, KIND_AEMO, Lake
from data_layer.loading import Loader
from tests.data_layer.ingest import server as web
from tests.data_layer.ingest.mms_text import SCADA_HEADER, scada, zipped
from tests.data_layer.ingest.mms_text import mms as text
from tests.data_layer.lakes import prices, rows
from tests.trust import ingest_mutations as mutations
from tests.trust import ingest_upstream as upstream

ROOT = Path(__file__).parents[2]


def figures(name: str, folder: Path, *arguments: str) -> list[dict[str, object]]:
    """A trust run in a process of its own, which may fork as it likes; its figures."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.trust.{name}", *arguments, "--folder", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[dict[str, object]] = json.loads((folder / f"{name}.json").read_text())
    return found


@pytest.mark.real
@pytest.mark.usefixtures("real")
def test_two_kills_tear_nothing(tmp_path: Path) -> None:
    found = figures("ingest_kills", tmp_path, "--kills", "2", "--seed", "7")
    assert all(figure["met"] for figure in found) and len(found) == 3


@pytest.mark.real
@pytest.mark.usefixtures("real")
def test_a_disk_without_room_is_said_and_changes_nothing(tmp_path: Path) -> None:
    options = ["--steps", "1", "--disks", "1", "--months", "1", "--only", "ingest", "--no-clocks"]
    found = figures("ingest_disk", tmp_path, *options)
    assert all(figure["met"] for figure in found) and len(found) == 2


@pytest.mark.real
@pytest.mark.usefixtures("real")
def test_damaged_files_are_read_rightly_or_refused() -> None:
    tally = mutations.run(200, seed=20)
    assert tally.problems == []
    assert tally.accepted > 5_000 and len(tally.files) >= 20


@pytest.mark.real
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("harm", ["wrong stamps", "two rows of a key", "rows lost in silence", "a crash"])
def test_a_reader_that_errs_is_found_out(harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, end = mms.mms_rows._parse_stamp, mms._Reader.result
    if harm == "wrong stamps":
        monkeypatch.setattr(mms.mms_rows, "_parse_stamp", lambda text: parse(text) + 300_000_000)
    elif harm == "two rows of a key":
        monkeypatch.setattr(mms, "_order", lambda *_: None)
    elif harm == "rows lost in silence":
        monkeypatch.setattr(mms.RefusalLog, "all", lambda _: [])
    else:
        monkeypatch.setattr(mms._Reader, "result", lambda reader: end(reader) if reader.line % 7 else 1 / 0)
    assert mutations.run(120, seed=3, to_the_first=True).problems


STRIKES = [
    one
    for one in upstream.faults() + upstream.bodies()
    if one.name
    in {
        "429 with Retry-After in seconds, once",
        "429 with a Retry-After that is no number, once",
        "500, three times",
        "reset, once",
        "stall before the answer, once",
        "truncated body, three times",
        "Content-Length one too long, once",
        "Content-Length that is no number, once",
        "HTML in place of a zip, always",
        "1 B/s drip of the body",
        "1 B/s drip of the head",
        "an endless body",
        "redirect to another host",
        "redirect to no address",
        "half a listing, once",
        "an error page for a listing, always",
        "a bomb in a zip",
        "zips nested five deep",
        "ten thousand members",
        "a member that is a link",
        "a member named ../",
        "a member with an absolute name",
        "a file of another month",
        "an unknown version with other columns",
    }
]


@pytest.mark.parametrize("one", STRIKES, ids=lambda one: one.name)
def test_a_misbehaving_server_costs_only_what_it_spoils(one: upstream.Strike, tmp_path: Path) -> None:
    assert upstream.strike(one, tmp_path).problems == []


@pytest.mark.parametrize("name", upstream.NOBODY)
def test_where_nobody_answers_it_is_said_in_time(name: str, tmp_path: Path) -> None:
    assert upstream.unreachable(name, tmp_path).problems == []


def test_all_strikes_are_there() -> None:
    assert len(STRIKES) == 24


def test_waiting_is_polite() -> None:
    assert upstream.pauses() == []


# -- what the long runs found ----------------------------------------------------------------------


def test_a_part_that_is_the_whole_file_is_begun_anew(tmp_path: Path) -> None:
    """A run that was killed between the last byte and the renaming could never fetch the file again."""
    (tmp_path / "tree").mkdir()
    body = zipped({"A.CSV": text(SCADA_HEADER, scada("2025/01/01 00:05:00", "A1", 1))})
    (tmp_path / "tree" / "A.zip").write_bytes(body)
    target = tmp_path / "A.zip"
    target.with_name("A.zip.part").write_bytes(body)
    target.with_name("A.zip.part.tag").write_text("Mon, 06 Jan 2025 00:00:00 GMT")
    with web.serving(tmp_path / "tree") as server:
        downloader = Downloader(server.url, Manners(spacing=0, pause=0.01))
        assert downloader.file("/A.zip", target)
        downloader.close()
        assert server.asked("/A.zip") == 2
    assert target.read_bytes() == body
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A.zip", "tree"]


class Killed(BaseException):
    """Nothing of the process runs after it."""


@pytest.mark.parametrize("after", [False, True], ids=["before the renaming", "after it"])
def test_a_kill_beside_the_last_renaming_leaves_nothing_for_good(
    after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A validator stayed beside a file that was whole, where nobody looks for one."""
    (tmp_path / "tree").mkdir()
    body = zipped({"A.CSV": text(SCADA_HEADER, scada("2025/01/01 00:05:00", "A1", 1))})
    (tmp_path / "tree" / "A.zip").write_bytes(body)
    target, replace = tmp_path / "A.zip", os.replace

    def killed(source: Path, place: Path) -> None:
        if after:
            replace(source, place)
        raise Killed

    with web.serving(tmp_path / "tree") as server:
        downloader = Downloader(server.url, Manners(spacing=0, pause=0.01))
        with monkeypatch.context() as patched:
            patched.setattr(download.os, "replace", killed)
            with pytest.raises(Killed):
                downloader.file("/A.zip", target)
        # The next run asks for what is not there.
        assert target.exists() == after
        assert after or downloader.file("/A.zip", target)
        downloader.close()
    assert target.read_bytes() == body
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A.zip", "tree"]


def test_https_is_not_left_for_http() -> None:
    downloader = Downloader("https://nemweb.example/")
    with pytest.raises(FetchFailed, match="from https to http"):
        downloader._redirected("https://nemweb.example/a.zip", "http://nemweb.example/a.zip")
    assert downloader._redirected("https://nemweb.example/a.zip", "/b.zip") == "https://nemweb.example/b.zip"
    downloader.close()


@pytest.mark.parametrize("stamp", ["9999/12/31 23:55:00", "2025/03/01 00:05:00", "1998/01/01 00:05:00"])
def test_a_stamp_that_cannot_be_is_refused_by_row(stamp: str, tmp_path: Path) -> None:
    data = text(SCADA_HEADER, scada("2025/01/01 00:05:00", "A1", 1), scada(stamp, "A1", 2))
    path = tmp_path / "PUBLIC_DISPATCHSCADA_202501010005_0000000000000001.zip"
    path.write_bytes(zipped({"A.CSV": data}))
    summary = pipeline.ingest_files(Lake(tmp_path / "lake"), [path])
    assert summary.rows_added == {"unit_scada": 1}
    assert [refusal.line for refusal in summary.refusals] == [4]
    assert "between the market's start and the file's publication" in summary.refusals[0].reason


@pytest.mark.parametrize("published", ["9999/12/31,23:00:00", "0001/01/01,00:00:00"])
def test_a_publication_that_cannot_be_is_refused(published: str) -> None:
    data = text(SCADA_HEADER, scada("2025/01/01 00:05:00", "A1", 1), published=published)
    (reading,) = mms.read(data, "PUBLIC_DISPATCHSCADA.CSV")
    assert reading.refused_whole and "cannot be" in reading.refusals[0].reason


def publish(lake: Lake, number: int) -> None:
    with lake.write() as writer:
        loader = Loader(writer)
        stamp = datetime(2025, 7, 1) + number * timedelta(minutes=5)
        loader.add("dispatch_price", rows("dispatch_price", prices("NSW1", [stamp], float(number))))
        loader.flush()
        writer.publish()


def test_files_from_the_future_are_collected_after_the_grace(tmp_path: Path) -> None:
    """A clock that was set back for ten years must not keep every version for ten years."""
    lake = Lake(tmp_path / "lake")
    for number in (1, 2, 3):
        publish(lake, number)
    future = time.time() + 3_653 * 86_400
    files = [path for path in lake.root.rglob("*") if path.suffix in (".json", ".parquet")]
    for path in files:
        os.utime(path, (future, future))
    past = time.time() - GRACE.total_seconds() - 1
    removed = []
    for _ in range(3):
        removed.append(lake.collect_garbage())
        for path in files:
            if path.exists() and path.stat().st_mtime <= time.time() + 1:
                os.utime(path, (past, past))
    # First their age begins, then the manifests go, an hour later the files that nobody names any more.
    assert removed == [0, 2, 2]
    assert lake.snapshot().rows("dispatch_price") == 3


def test_what_was_not_published_gives_its_room_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    publish(lake, 1)
    before = sorted(lake.root.rglob("*"))
    with contextlib.suppress(RuntimeError), lake.write() as writer:
        loader = Loader(writer)
        loader.add("dispatch_price", rows("dispatch_price", prices("SA1", [datetime(2025, 7, 1, 1)], 5.0)))
        loader.flush()
        writer.put_note_file("ledger", "{}")
        assert len(list(lake.root.rglob("*.parquet"))) == 2
        raise RuntimeError("stopped")
    assert sorted(lake.root.rglob("*.parquet")) == [path for path in before if path.suffix == ".parquet"]
    assert lake.snapshot().rows("dispatch_price") == 1
    publish(lake, 2)
    assert lake.snapshot().rows("dispatch_price") == 2


def test_a_disk_s_words_are_said_plainly(tmp_path: Path) -> None:
    assert isinstance(not_written(OSError(errno.ENOSPC, "No space left on device"), tmp_path), DiskFull)
    assert isinstance(
        not_written(RuntimeError('"exception_message":"No space left on device"'), "x"), DiskFull
    )
    other = not_written(OSError(errno.EROFS, "Read-only file system", "/lake/writer.lock"), "x")
    assert not isinstance(other, DiskFull) and "Read-only file system (/lake/writer.lock)" in str(other)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lake").write_text("a file where the lake should be")
    file = tmp_path / "x.zip"
    file.write_bytes(b"PK")
    assert cli.main(["ingest", "--lake", str(tmp_path / "lake"), str(file)]) == cli.FAILED
    assert "Error: The lake could not be written" in capsys.readouterr().err
    with pytest.raises(DataLayerError), Lake(tmp_path / "lake").write(KIND_AEMO):
        pass


def test_an_update_under_a_wrong_clock_loses_nothing(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    upstream.put_tree(tree)
    folder = tree / "Reports" / "Current" / "Dispatch_SCADA"
    folder.mkdir(parents=True)
    end = datetime(2024, 2, 3, 1)
    for number in range(6):
        stamp = end - timedelta(minutes=5 * number)
        name = f"PUBLIC_DISPATCHSCADA_{stamp:%Y%m%d%H%M}_{100 - number:016}"
        line = scada(f"{stamp:%Y/%m/%d %H:%M:%S}", "A1", number)
        (folder / f"{name}.zip").write_bytes(zipped({f"{name}.CSV": text(SCADA_HEADER, line)}))
    source = nemweb.FolderSource(tree)
    right, wrong = Lake(tmp_path / "right"), Lake(tmp_path / "wrong")
    pipeline.ingest(right, source, [upstream.MONTH])
    pipeline.ingest(wrong, source, [upstream.MONTH])
    pipeline.update(right, source, end)
    for jump in (
        timedelta(days=3_653),
        timedelta(days=-3_653),
        timedelta(days=1),
        timedelta(days=-1),
        timedelta(minutes=10),
        timedelta(minutes=-10),
        timedelta(0),
    ):
        pipeline.update(wrong, source, end + jump)
    names = [
        {t: p["2024-02"].sha256 for t, p in lake.snapshot().files.items() if "2024-02" in p}
        for lake in (right, wrong)
    ]
    assert names[0] == names[1] and right.snapshot().rows("unit_scada") == 10


def test_a_file_that_cannot_be_opened_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BAD", "GOOD"):
        data = text(SCADA_HEADER, scada("2025/01/01 00:05:00", name, 1))
        (tmp_path / f"{name}.zip").write_bytes(zipped({"A.CSV": data}))
    read = run.fingerprint

    def fingerprint(path: Path) -> tuple[str, int]:
        if path.name == "BAD.zip":
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path)

    monkeypatch.setattr(run, "fingerprint", fingerprint)
    summary = pipeline.ingest_files(Lake(tmp_path / "lake"), [tmp_path / "BAD.zip", tmp_path / "GOOD.zip"])
    assert summary.rows_added == {"unit_scada": 1}
    assert [str(refusal) for refusal in summary.refusals] == ["BAD.zip: cannot be read (Permission denied)"]
