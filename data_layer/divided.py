"""Questions whose rows are those of smaller questions, one after the other (requests.Request.divided).

Who sets a third station beside two others asks for one that is new and two that are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from data_layer.backend import OnPart
from data_layer.connection import CancelToken
from data_layer.errors import QueryCancelled
from data_layer.requests import Request

Found = tuple[pa.Table, tuple[str, int, int]]
"""Rows, and (source, rows scanned, files read)."""


def joined(found: Sequence[Found]) -> Found:
    """The whole question's answer, or as far as it goes, from its parts' in their order."""
    sources = dict.fromkeys(name for _, (source, _, _) in found for name in source.split(" + "))
    rows, files = sum(facts[1] for _, facts in found), sum(facts[2] for _, facts in found)
    tables = [table for table, _ in found]
    # An answer of pandas without rows may have no columns either, and one without values no type.
    some = [table for table in tables if table.num_rows] or tables[:1]
    return pa.concat_tables(some, promote_options="permissive"), (" + ".join(sources), rows, files)


def all_known(request: Request, known: Callable[[Request], Found | None]) -> Found | None:
    """The answer where each of its parts is known; None where one is not, and for a question without."""
    parts = request.divided()
    found: list[Found] = []
    for one in parts if len(parts) > 1 else ():
        kept = known(one)
        if kept is None:
            return None
        found.append(kept)
    return joined(found) if found else None


def one_by_one(
    parts: Sequence[Request], work: Callable[[Request], Found], on_part: OnPart, cancel: CancelToken | None
) -> Found:
    """The answer by ``work`` for each part in turn; QueryCancelled between two of them."""
    found: list[Found] = []
    for done, one in enumerate(parts, start=1):
        if cancel is not None and cancel.cancelled:
            raise QueryCancelled("The query was stopped.")
        found.append(work(one))
        on_part(done, len(parts), lambda: joined(found)[0])
    return joined(found)
