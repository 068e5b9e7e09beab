"""prometheus_client's file of counts, written with write() instead of through shared memory.

Its own (mmap_dict.MmapedDict) maps the file: where the disk is full, or somebody cuts the file, the next
count ends the process with SIGBUS, and so every worker that takes its place (tests/trust/caches.py). Here a
count that cannot be written is kept by the process alone. The form of the file is the same.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from typing import Final

_HEAD: Final = struct.Struct("i4x")
_LENGTH: Final = struct.Struct("i")
_VALUE: Final = struct.Struct("dd")


class CountsFile:
    """What prometheus_client.values asks of its file: ``read_value``, ``write_value``, ``close``."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        self._values: dict[str, tuple[float, float]] = {}
        self._places: dict[str, int] = {}
        self._used = _HEAD.size
        self._file = -1
        with suppress(OSError):
            self._file = os.open(filename, os.O_RDONLY if read_mode else os.O_RDWR | os.O_CREAT, 0o644)
            self._load(os.read(self._file, os.fstat(self._file).st_size))

    def _load(self, data: bytes) -> None:
        """What a process of the same number left here. A file that makes no sense is begun anew."""
        try:
            used = min(_HEAD.unpack_from(data)[0], len(data)) if data else 0
            at = _HEAD.size
            while at < used:
                (length,) = _LENGTH.unpack_from(data, at)
                if length < 0:
                    raise ValueError("no length")
                name = data[at + 4 : at + 4 + length].decode("utf-8")
                at += 4 + length + _padding(length)
                self._values[name] = _VALUE.unpack_from(data, at)
                self._places[name] = at
                at += _VALUE.size
            self._used = max(at, _HEAD.size)
        except (struct.error, ValueError):
            self._values, self._places, self._used = {}, {}, _HEAD.size
            os.ftruncate(self._file, 0)

    def read_value(self, key: str) -> tuple[float, float]:
        if key not in self._values:
            self.write_value(key, 0.0, 0.0)
        return self._values[key]

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        self._values[key] = (value, timestamp)
        packed = _VALUE.pack(value, timestamp)
        with suppress(OSError):
            place = self._places.get(key)
            if place is not None:
                os.pwrite(self._file, packed, place)
            else:
                self._append(key, packed)

    def _append(self, key: str, packed: bytes) -> None:
        name = key.encode("utf-8")
        entry = _LENGTH.pack(len(name)) + name + b" " * _padding(len(name)) + packed
        # The entry before the length that makes it count: a reader never sees half of one.
        if os.pwrite(self._file, entry, self._used) != len(entry):
            return
        end = self._used + len(entry)
        if os.pwrite(self._file, _HEAD.pack(end), 0) == _HEAD.size:
            self._places[key] = end - _VALUE.size
            self._used = end

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _padding(length: int) -> int:
    """Bytes after a name, so that its value begins at a multiple of eight."""
    return 8 - (length + 4) % 8
