"""Counts are kept as prometheus_client would, and a full disk or a cut file ends no process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from app.counts_file import CountsFile

KEYS = [mmap_key("seconds", "seconds_sum", ["name"], [f"{n * 'ä'}"], "help") for n in range(9)]


def filled(path: Path) -> CountsFile:
    counts = CountsFile(str(path))
    for number, key in enumerate(KEYS):
        assert counts.read_value(key) == (0.0, 0.0)
        counts.write_value(key, number + 0.5, number)
    return counts


def test_prometheus_reads_what_was_written(tmp_path: Path) -> None:
    filled(tmp_path / "a.db").close()
    read = [(key, value) for key, value, _, _ in MmapedDict.read_all_values_from_file(tmp_path / "a.db")]
    assert [(key, value) for key, value in read] == [(k, n + 0.5) for n, k in enumerate(KEYS)]


def test_a_process_of_the_same_number_goes_on(tmp_path: Path) -> None:
    filled(tmp_path / "a.db").close()
    again = CountsFile(str(tmp_path / "a.db"))
    assert again.read_value(KEYS[4]) == (4.5, 4.0)
    again.write_value(KEYS[4], 9.0, 0.0)
    again.write_value("new", 1.0, 0.0)
    again.close()
    read = {k: v for k, v, _, _ in MmapedDict.read_all_values_from_file(tmp_path / "a.db")}
    assert read[KEYS[4]] == 9.0 and read["new"] == 1.0 and len(read) == len(KEYS) + 1


@pytest.mark.parametrize("junk", [b"", b"\x00\x01", bytes(range(256)) * 8])
def test_a_file_that_was_cut_or_makes_no_sense_costs_nothing(tmp_path: Path, junk: bytes) -> None:
    counts = filled(tmp_path / "a.db")
    (tmp_path / "a.db").write_bytes(junk)
    counts.write_value(KEYS[0], 7.0, 0.0)
    assert counts.read_value(KEYS[0]) == (7.0, 0.0)
    (tmp_path / "b.db").write_bytes(junk)
    other = CountsFile(str(tmp_path / "b.db"))
    other.write_value(KEYS[0], 1.0, 0.0)
    assert other.read_value(KEYS[0]) == (1.0, 0.0)


def test_a_full_disk_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = filled(tmp_path / "a.db")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        counts.write_value(KEYS[0], 7.0, 0.0)
        counts.write_value("new", 1.0, 0.0)
        assert counts.read_value("new") == (1.0, 0.0)
    counts.write_value("new", 2.0, 0.0)
    counts.close()
    read = {k: v for k, v, _, _ in MmapedDict.read_all_values_from_file(tmp_path / "a.db")}
    assert read["new"] == 2.0


def test_a_folder_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    counts = CountsFile(str(tmp_path / "gone" / "a.db"))
    counts.write_value("new", 2.0, 0.0)
    assert counts.read_value("new") == (2.0, 0.0)
