"""Whether the whole history fits into memory, said before it is read instead of by being killed.

Measured (docs/rollback.md): a lake takes about BYTES_KEPT for each 5-minute row of a unit, and one question
over all of it as much again several times over.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from data_layer.errors import DataLayerError
from data_layer.snapshot import Snapshot

logger = logging.getLogger("nemdesk.data")

BYTES_KEPT: Final = {"unit_scada": 40, "unit_dispatch": 36, "interconnector_flow": 170, "region_demand": 130}
"""Per row of a table, once it is in memory."""

BYTES_ASKED: Final = 200
"""Per row of unit_scada that a question reads, while it is answered."""

USUAL_DAYS: Final = 31
"""What the memory must allow to be asked beside what is kept: the period most tabs open with."""

MIB: Final = 2**20

SMALL_QUESTION: Final = 256 * MIB


class NotEnoughMemory(DataLayerError):
    """The pandas engine cannot hold this lake."""


def needed(snapshot: Snapshot) -> int:
    """Bytes that a process needs to hold the lake and to answer about a month of it."""
    kept = sum(snapshot.rows(table) * size for table, size in BYTES_KEPT.items())
    months = max(len(snapshot.partitions("unit_scada")), 1)
    return kept + BYTES_ASKED * snapshot.rows("unit_scada") // months


def available() -> int:
    """Bytes that this process may still take: what the machine has free, or its control group."""
    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError, AttributeError):
        found = re.search(r"^0::(.*)$", Path("/proc/self/cgroup").read_text(encoding="ascii"), re.MULTILINE)
        group = Path("/sys/fs/cgroup") / (found[1].strip().lstrip("/") if found else "")
        limit = int((group / "memory.max").read_text(encoding="ascii"))
        used = int((group / "memory.current").read_text(encoding="ascii"))
        free = min(free, limit - used)
    return max(free, 0)


def check(snapshot: Snapshot, limit_mb: int = 0) -> None:
    """NotEnoughMemory where holding the lake needs more than ``limit_mb`` (0: than there is)."""
    room = limit_mb * MIB if limit_mb else available()
    want = needed(snapshot)
    if want <= room:
        return
    allowed = f"NEMDESK_PANDAS_MEMORY_MB allows {limit_mb:,}" if limit_mb else f"{room // MIB:,} are free"
    raise NotEnoughMemory(
        f"The pandas engine would need about {want // MIB:,} MiB in each process for "
        f"{snapshot.rows('unit_scada'):,} readings; {allowed}. Whoever runs this service can give it more "
        "memory, fewer workers or a shorter history, or go back to DuckDB (docs/rollback.md)."
    )


def check_question(rows: int) -> None:
    """NotEnoughMemory where a question over so many readings needs more than there is."""
    want = rows * BYTES_ASKED
    if want < SMALL_QUESTION:
        return  # not worth a look
    room = available()
    if want > room:
        raise NotEnoughMemory(
            f"This question reads {rows:,} readings, for which the pandas engine needs about "
            f"{want // MIB:,} MiB; {room // MIB:,} are free. Shorten the period, or choose fewer regions or "
            "fuels."
        )
