"""A kept version becomes the published one again, whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.cli import main
from data_layer import lake_versions
from data_layer.errors import LakeBusy, LakeDamaged
from data_layer.lake import Lake
from data_layer.lake_versions import NoSuchVersion, go_back, kept_versions
from data_layer.loading import Loader
from tests.data_layer.lakes import prices, rows

ROOT = Path(__file__).parents[2]
JULY = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)


def publish(lake: Lake, number: int, rrp: float) -> str:
    """One more dispatch price."""
    with lake.write() as writer:
        loader = Loader(writer)
        loader.add("dispatch_price", rows("dispatch_price", prices("NSW1", [JULY + number * FIVE], rrp)))
        loader.flush()
        writer.put_note_file("ledger", f'{{"prices": {number}}}')
        return writer.publish().token


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three versions, of one, two and three prices."""
    lake = Lake(tmp_path / "lake")
    for number in (1, 2, 3):
        publish(lake, number, 10.0 * number)
    return lake


def found(lake: Lake) -> list[float]:
    return [
        v for path in lake.snapshot().paths("dispatch_price") for v in pq.read_table(path)["rrp"].to_pylist()
    ]


def tokens(lake: Lake) -> list[str]:
    return [version.token for version in kept_versions(lake)]


def test_back_by_one_and_by_one_more(lake: Lake) -> None:
    third, second, first = tokens(lake)
    reader = Lake(lake.root)
    held = reader.snapshot()
    snapshot = go_back(lake)
    assert found(lake) == [10.0, 20.0]
    assert snapshot.token not in (first, second, third) and snapshot.number == 4
    # The way back leads further back, not to what was left.
    go_back(lake)
    assert found(lake) == [10.0]
    with pytest.raises(NoSuchVersion, match="nothing to go back to"):
        go_back(lake)
    # A reader of the version that was left goes on with it; one that looks again sees the new one.
    assert [v for p in held.paths("dispatch_price") for v in pq.read_table(p)["rrp"].to_pylist()] == [
        10,
        20,
        30,
    ]
    assert found(reader) == [10.0]
    # And forward again, by name.
    go_back(lake, third)
    assert found(lake) == [10.0, 20.0, 30.0]
    listed = kept_versions(lake)
    assert [one.restored for one in listed] == [third, first, second, "", "", ""]
    assert [one.current for one in listed] == [True, *[False] * 5]


def test_the_ledger_goes_back_too_and_the_next_writer_goes_on(lake: Lake) -> None:
    go_back(lake)
    ledger = lake.root / lake.snapshot().notes["ledger_file"]
    assert ledger.read_text() == '{"prices": 2}'
    publish(lake, 4, 40.0)
    assert found(lake) == [10.0, 20.0, 40.0]
    assert kept_versions(lake)[0].restored == "", "the next version is nobody's copy"


def test_what_was_gone_back_to_survives_the_collection(lake: Lake) -> None:
    go_back(lake, tokens(lake)[-1])
    lake.collect_garbage(timedelta(0))
    assert found(Lake(lake.root)) == [10.0]
    assert len(tokens(lake)) == 1
    assert main(["versions", "--lake", str(lake.root)]) == 0


@pytest.mark.parametrize("harm", ["gone", "longer", "other bytes", "ledger gone"])
def test_a_version_whose_files_are_not_sound_is_refused(lake: Lake, harm: str) -> None:
    second = lake.read_version(tokens(lake)[1])
    path = Path(second.paths("dispatch_price")[0])
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "longer":
        path.write_bytes(data + b"x")
    elif harm == "other bytes":
        path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    else:
        (lake.root / second.notes["ledger_file"]).unlink()
    before = lake.token()
    with pytest.raises(LakeDamaged, match=f"version {second.token} is (gone|damaged)"):
        go_back(lake)
    assert lake.token() == before and found(lake) == [10.0, 20.0, 30.0]
    missing = kept_versions(lake)[1].missing
    assert missing == (0 if harm == "other bytes" else 1)


@pytest.mark.parametrize("token", ["000009-00000000", "../CURRENT", "x" * 300, "000001"])
def test_what_is_not_kept_is_refused(lake: Lake, token: str) -> None:
    before = lake.token()
    with pytest.raises(NoSuchVersion, match="app versions"):
        go_back(lake, token)
    assert lake.token() == before


def test_another_release_s_version_only_on_demand(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with lake.write() as writer:
        writer.schema = "of-another-release"
        old = writer.publish().token
    publish(lake, 4, 40.0)
    with pytest.raises(NoSuchVersion, match="--other-release"):
        go_back(lake, old)
    assert go_back(lake, old, other_release=True).schema == "of-another-release"
    assert main(["rollback", "--lake", str(lake.root), tokens(lake)[-1]]) == 0
    assert found(lake) == [10.0]


def test_one_writer_at_a_time(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    before = lake.token()
    with lake.write():
        with pytest.raises(LakeBusy):
            go_back(Lake(lake.root))
        assert main(["rollback", "--lake", str(lake.root)]) == 2
    assert "wait until it ends" in capsys.readouterr().err
    assert lake.token() == before


KILLED = """
import os, signal, sys
from data_layer.lake import Lake
from data_layer.lake_versions import go_back
replace = os.replace
def deadly(source, target):
    if str(target).endswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = deadly
go_back(Lake(sys.argv[1]))
"""


@pytest.mark.parametrize("moment", [".json", "CURRENT"])
def test_killed_on_the_way_the_published_version_stays(lake: Lake, moment: str) -> None:
    before = lake.token()
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(lake.root), moment], cwd=ROOT, capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert lake.token() == before and found(Lake(lake.root)) == [10.0, 20.0, 30.0]
    go_back(lake)
    assert found(lake) == [10.0, 20.0]
    assert len({token.split("-")[0] for token in tokens(lake)}) == len(tokens(lake))


def test_a_version_that_changes_while_the_lock_is_waited_for(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest is collected between the first look and the lock: refused, not published from memory."""
    first = lake.read_version(tokens(lake)[-1])
    looked = []
    real = lake_versions._target

    def late(of: Lake, token: str) -> object:
        chosen = real(of, token)
        if not looked:
            looked.append(1)
            (lake.root / "versions" / f"{first.token}.json").unlink()
        return replace(chosen)

    monkeypatch.setattr(lake_versions, "_target", late)
    with pytest.raises(NoSuchVersion):
        go_back(lake, first.token)
    assert found(lake) == [10.0, 20.0, 30.0]


def test_the_commands_say_what_they_did(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    third, second, _ = tokens(lake)
    assert main(["rollback", "--lake", str(lake.root)]) == 0
    said = capsys.readouterr().out
    assert second in said and third in said and "stop updates" in said
    Path(lake.read_version(third).paths("dispatch_price")[0]).unlink()
    assert main(["versions", "--lake", str(lake.root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("* 000004-") and f"content of {second}" in lines[1]
    assert "1 files missing" in lines[2]
    assert main(["rollback", "--lake", str(lake.root), "nonsense"]) == 1
    assert "app versions" in capsys.readouterr().err
    assert main(["versions", "--lake", str(lake.root.parent / "nowhere")]) == 1
