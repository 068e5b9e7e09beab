"""A statement ready to run, what it will cost, and how one is put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

from data_layer import sql
from data_layer.lake import Snapshot
from data_layer.market import INTERVAL
from data_layer.ordering import in_order
from data_layer.period import Period
from data_layer.requests.base import Request
from data_layer.sql import Segment
from data_layer.tables import TABLES

HEAVY_ROWS: Final = 3_000_000
"""Rows above which a query counts as heavy: it takes the semaphore, and a page would run it as a job."""


@dataclass(frozen=True)
class Plan:
    """A statement ready to run, and what is said about it on the page."""

    statement: str
    parameters: dict[str, Any]
    source: str
    rows: int
    files: int
    order: tuple[str, ...] = ()
    """Order the rows are promised in and the statement does not force: see ordering.in_order."""

    finish: Callable[[pa.Table], pa.Table] | None = None
    """What is done to the rows after the statement, where SQL is the wrong tool (a tree of groups)."""

    @property
    def heavy(self) -> bool:
        return self.rows > HEAVY_ROWS

    def finished(self, table: pa.Table) -> pa.Table:
        """The answer's rows, from those of the statement."""
        if self.order:
            table = in_order(table, self.order)
        return self.finish(table) if self.finish else table


Planners = dict[type[Request], Callable[[Any, Snapshot], Plan]]
"""Request class -> what plans it."""


@dataclass(frozen=True)
class Parts:
    """One question as several statements, so that long work can say how far it is and be stopped between
    them. ``combine`` makes the answer's rows of the parts' rows; over the first few parts it makes the
    answer as far as it goes."""

    plans: Sequence[Plan]
    combine: Callable[[Sequence[pa.Table]], pa.Table]


PartPlanners = dict[type[Request], Callable[[Any, Snapshot], Parts]]
"""Request class -> what plans it in parts; a question that is not here is one part."""


@dataclass(frozen=True)
class Stretches:
    """One question as stretches of its period whose rows, one stretch after another, are the answer's: for
    answers too large to hold. ``plan_of(0)`` to ``plan_of(count - 1)``, planned when they are wanted."""

    count: int
    plan_of: Callable[[int], Plan]


StretchPlanners = dict[type[Request], Callable[[Any, Snapshot, int], Stretches]]
"""Request class -> what cuts it into stretches of about so many rows; see ``Stretches``."""


def build(
    snapshot: Snapshot,
    text: str,
    sources: dict[str, tuple[list[Segment], str]],
    parameters: dict[str, Any],
    period: Period,
) -> Plan:
    """Bind ``sources`` (relation name -> segments and time expression kind) and the tables ``text`` names."""
    composed = sql.compose_sources(text, sources, snapshot, period)
    read = [s for parts, _ in sources.values() for s in parts]
    rows = files = 0
    for segment in read:
        table = sql.READINGS[segment.table][2] if segment.table in sql.READINGS else segment.table
        rows += rows_within(snapshot, table, segment.period)
        files += len(snapshot.select(table, segment.period))
    for table in composed.tables:
        rows += rows_within(snapshot, table, period)
        files += len(snapshot.select(table, period))
    names = list(dict.fromkeys([s.table for s in read])) or list(composed.tables)
    used = {**composed.parameters, **parameters}
    return Plan(composed.statement, used, " + ".join(names), rows, files)


def rows_within(snapshot: Snapshot, table: str, period: Period) -> int:
    """Rows of ``table`` within ``period``, in proportion to the time each file covers."""
    total = 0.0
    for entry in snapshot.select(table, period):
        first, last = entry.first_stamp, entry.last_stamp
        if first is None or last is None:
            total += entry.rows
            continue
        if TABLES[table].time == "date":
            last += timedelta(days=1)
        else:
            first -= INTERVAL  # the stamp ends its interval
        span = max((last - first).total_seconds(), 1.0)
        inside = (min(last, period.end) - max(first, period.start)).total_seconds()
        total += entry.rows * min(max(inside, 0.0) / span, 1.0)
    return round(total)
