"""Zips from outside: damage is named, bombs are not unpacked."""

from __future__ import annotations

import random
import resource
import struct
import zipfile
from pathlib import Path

import pytest

from data_layer.ingest import mms
from data_layer.ingest.archives import DEFAULT_BOUNDS, Bounds
from tests.data_layer.ingest.mms_text import SCADA_HEADER, scada, zipped
from tests.data_layer.ingest.mms_text import mms as text

GOOD = text(
    SCADA_HEADER, *(scada("2025/01/01 00:05:00", f"U{number:03}", str(number)) for number in range(300))
)
NAME = "PUBLIC_DISPATCHSCADA_20250101.zip"


def refused(data: bytes | Path, bounds: Bounds = DEFAULT_BOUNDS) -> list[str]:
    readings = list(mms.read(data, NAME, bounds))
    assert all(reading.rows == {} for reading in readings)
    return [str(refusal) for reading in readings for refusal in reading.refusals]


def test_every_truncation_is_refused() -> None:
    whole = zipped({"A.CSV": GOOD})
    for percent in range(100):
        assert len(refused(whole[: len(whole) * percent // 100])) == 1, percent


def test_no_flipped_bit_changes_a_row() -> None:
    whole = zipped({"A.CSV": GOOD})
    (sound,) = mms.read(whole, NAME)
    rng = random.Random(5)
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        for reading in mms.read(bytes(damaged), NAME):
            # A flip in a field nobody reads (a date, an attribute) leaves the content as it was.
            assert reading.published_at is None or reading.rows["unit_scada"].equals(sound.rows["unit_scada"])
            assert reading.published_at is not None or len(reading.refusals) == 1


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("A.CSV", "w") as member:
        for _ in range(256):
            member.write(b"\0" * (1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (reason,) = refused(bomb)
    assert "zip bomb" in reason
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10


def test_a_bomb_that_lies_about_its_size_is_cut_off() -> None:
    data = bytearray(zipped({"A.CSV": GOOD + b"\0" * (4 << 20)}))
    true_size = struct.pack("<I", len(GOOD) + (4 << 20))
    while (at := data.find(true_size)) >= 0:
        data[at : at + 4] = struct.pack("<I", len(GOOD))
    (reason,) = refused(bytes(data))
    assert "damaged" in reason


def test_a_bomb_inside_a_zip_is_refused_and_its_neighbours_are_read() -> None:
    bomb = zipped({"B.CSV": b"\0" * (8 << 20)})
    readings = list(mms.read(zipped({"BOMB.ZIP": bomb, "GOOD.ZIP": zipped({"A.CSV": GOOD})}), NAME))
    assert [len(reading.rows) for reading in readings] == [0, 1]
    assert "zip bomb" in readings[0].refusals[0].reason


BOUNDS = {
    "too many members": (zipped([(f"A{n}.CSV", b"x") for n in range(101)]), Bounds(), "101 members"),
    "too many inner zips": (zipped([(f"A{n}.ZIP", b"x") for n in range(3_001)]), Bounds(), "3001 members"),
    "nested too deep": (
        zipped({"A.ZIP": zipped({"B.ZIP": zipped({"C.CSV": GOOD})})}),
        Bounds(),
        "nested deeper",
    ),
    "too much in all": (
        zipped({"A.ZIP": zipped({"A.CSV": GOOD}), "B.ZIP": zipped({"B.CSV": GOOD})}),
        Bounds(total_bytes=len(GOOD) // 2),
        "more than is allowed",
    ),
    "inner zip too large": (
        zipped({"A.ZIP": zipped({"A.CSV": GOOD})}),
        Bounds(inner_zip_bytes=100),
        "inner zip",
    ),
    "odd name": (zipped({"../../etc/passwd": GOOD}), Bounds(), "no AEMO report"),
    "no member": (zipped({}), Bounds(), "empty zip"),
    "another compression": (zipped({"A.CSV": GOOD}, zipfile.ZIP_LZMA), Bounds(), "compression"),
    "a web page": (b"<html><body>403 Forbidden</body></html>", Bounds(), "HTML page"),
    "no zip": (b"this is not a zip", Bounds(), "not a zip"),
    "nothing": (b"", Bounds(), "is empty"),
}


@pytest.mark.parametrize(("data", "bounds", "reason"), BOUNDS.values(), ids=BOUNDS.keys())
def test_bounds(data: bytes, bounds: Bounds, reason: str) -> None:
    reasons = refused(data, bounds)
    assert reasons
    assert all(reason in each for each in reasons)


def test_a_link_is_refused() -> None:
    entry = zipfile.ZipInfo("A.CSV")
    entry.external_attr = 0o120777 << 16
    assert "is a link" in refused(zipped([(entry, b"/etc/passwd")]))[0]  # type: ignore[list-item]


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(zipped({"A.CSV": GOOD}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    assert "is encrypted" in refused(bytes(data))[0]


def test_a_day_of_five_minute_zips_is_within_bounds_and_one_bad_zip_costs_only_itself() -> None:
    day = [
        (f"PUBLIC_DISPATCHSCADA_{n:04}.zip", zipped({f"PUBLIC_DISPATCHSCADA_{n:04}.CSV": GOOD}))
        for n in range(288)
    ]
    day[100] = (day[100][0], day[100][1][:200])
    readings = list(mms.read(zipped(day), NAME))
    assert sum(1 for reading in readings if reading.rows) == 287
    (refusal,) = [refusal for reading in readings for refusal in reading.refusals]
    assert refusal.file == f"{NAME}/PUBLIC_DISPATCHSCADA_0100.zip"


def test_a_path_that_cannot_be_read_is_a_refusal(tmp_path: Path) -> None:
    (reading,) = mms.read(tmp_path / "absent.zip", "absent.zip")
    assert "cannot be read" in reading.refusals[0].reason
