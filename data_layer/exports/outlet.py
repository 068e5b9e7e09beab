"""Where the writers of a file write to."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from data_layer.errors import ResultTooLarge


class Outlet(io.RawIOBase):
    """A file that keeps a limit, and that can be abandoned: zipfile and Parquet insist on writing an end
    to what they began, also where the disk is full; an abandoned outlet takes it and forgets it."""

    def __init__(self, file: BinaryIO, limit_bytes: int | None = None) -> None:
        super().__init__()
        self._file = file
        self._limit = limit_bytes
        self._abandoned = False

    def abandon(self) -> None:
        """What is written from now on is dropped."""
        self._abandoned = True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.tell() if self._abandoned else self._file.seek(offset, whence)

    def write(self, data: Any) -> int:
        if self._abandoned:
            return len(data)
        if self._limit is not None and self._file.tell() + len(data) > self._limit:
            raise ResultTooLarge(
                f"The file would be larger than the {self._limit / 1e6:,.0f} MB that exports may take here: "
                "choose Parquet, a shorter period or half-hours."
            )
        return self._file.write(data)
