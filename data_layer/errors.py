"""What can go wrong with a question, each said so that a person knows what to do next.

Messages are shown on the page as they are: no path, no SQL, no stack trace.
"""

from __future__ import annotations

import errno


class DataLayerError(Exception):
    """Base of everything the data layer raises on purpose; ``str(error)`` is for the user."""


class RequestError(DataLayerError, ValueError):
    """The question is not allowed; ``field`` names the part at fault (region, start, ...)."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class LakeMissing(DataLayerError):
    """There is no lake yet, or it holds nothing that the question needs."""


class LakeDamaged(DataLayerError):
    """A file of the published version is missing or unreadable."""

    @classmethod
    def at(cls, table: str, partition: str) -> LakeDamaged:
        """The error for one file, named as people name it: a table and its month, year or 'all'."""
        first, last = (
            (partition, partition) if len(partition) == 7 else (f"{partition}-01", f"{partition}-12")
        )
        months = f" --from {first} --to {last}" if partition[:4].isdigit() else ""
        return cls(
            f"A file of the lake cannot be read: {table} {partition}. `python -m app repair` mends it; where "
            f"that cannot, `python -m app ingest --again{months}` makes it again from AEMO's files "
            "(`python -m app demo` for demonstration data)."
        )


class RollupsDiffer(DataLayerError):
    """A version was about to be published whose rollups are not what their rows give: a fault of ours."""


class LakeBusy(DataLayerError):
    """Another process is writing the lake."""


class LakeHoldsRealData(DataLayerError):
    """A demonstration was asked for where AEMO's data lies."""


class ResultTooLarge(DataLayerError):
    """The answer has more rows than one answer may have."""


class QueryTimeout(DataLayerError):
    """The query ran longer than the limit allows."""


class QueryCancelled(DataLayerError):
    """The query was stopped on request."""


class ServerBusy(DataLayerError):
    """Too many heavy queries at once; try again in a moment."""


class DiskFull(DataLayerError):
    """There is no room for a file that was asked for, or that a query needs."""


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def says_no_room(text: str) -> bool:
    """Whether an error's text is of a disk without room, in the system's words."""
    return "no space left" in text.lower() or "disk quota" in text.lower()


def not_written(error: Exception, folder: object) -> DataLayerError:
    """What to say where the lake at ``folder`` could not be written: no room, or whatever the system said.

    ``error`` is an OSError, or the database's own that carries the system's words.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number in _NO_ROOM or says_no_room(str(error)):
        return DiskFull(
            f"There is no room left on the disk of {folder}: free some, then run the same command again. "
            "What was published before stays as it was."
        )
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0]
    where = getattr(error, "filename", None) or folder
    return DataLayerError(
        f"The lake could not be written: {reason} ({where}). What was published before stays as it was."
    )
