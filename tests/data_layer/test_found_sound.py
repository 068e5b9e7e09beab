"""A file that one process read through is not read again by those that were forked from the same one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from data_layer import found_sound, soundness
from data_layer.errors import LakeDamaged
from data_layer.found_sound import FoundSound
from data_layer.lake import Lake


def in_child(work: object) -> None:
    """Call it in a fork; fails where it raises."""
    child = os.fork()
    if not child:
        try:
            work()  # type: ignore[operator]
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_what_a_child_adds_its_parent_and_its_siblings_have() -> None:
    found = FoundSound()
    assert "a" not in found
    in_child(lambda: found.add("a"))
    assert "a" in found
    assert "b" not in found

    def look() -> None:
        assert "a" in found

    in_child(look)


def test_more_than_there_is_room_for_forgets_and_never_makes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_sound, "_BUCKETS", 4)
    found = FoundSound()
    for number in range(500):
        found.add(f"file {number}")
        assert f"file {number}" in found
    assert sum(f"file {number}" in found for number in range(500)) == 4 * found_sound._PLACES
    assert not any(f"file {number}" in found for number in range(500, 5_000))


def test_a_file_read_through_by_a_job_is_not_read_again_and_damage_is_still_seen(
    demo_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = next((demo_lake.root / "data" / "region_day").rglob("*.parquet"))
    path = tmp_path / original.relative_to(demo_lake.root)
    path.parent.mkdir(parents=True)
    path.write_bytes(original.read_bytes())
    monkeypatch.setattr(soundness, "_known", {})
    monkeypatch.setattr(soundness, "_found", FoundSound())
    in_child(lambda: soundness.ensure([str(path)]))

    def never(*_: object) -> None:
        raise AssertionError("read again")

    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", never)
        soundness.ensure([str(path)])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(LakeDamaged):
            soundness.ensure([str(path)])
