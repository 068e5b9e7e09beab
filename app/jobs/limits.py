"""What jobs may use, and what every process of a service must know to work on one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.jobs.table import JobTable, Record
from app.liveness import Being

Work = Callable[[JobTable, Record], None]
"""Does a job in its process; returns when it is done, raises DataLayerError where it cannot be."""


@dataclass(frozen=True)
class JobLimits:
    """How many jobs at once, memory of each in MiB, seconds of each."""

    at_once: int
    memory_mb: int
    seconds: float


@dataclass(frozen=True)
class Service:
    """The service that a job belongs to: its table's directory, and the process whose end is its end."""

    directory: Path
    limits: JobLimits
    work: Work
    being: Being


def too_large(limits: JobLimits) -> str:
    """What the visitor of a job reads that took more memory than it may."""
    return (
        f"The work needed more than the {limits.memory_mb} MB that a job may use: shorten the period or "
        "choose a coarser resolution (for whoever runs this service: NEMDESK_JOB_MEMORY_MB)."
    )


def too_long(limits: JobLimits) -> str:
    """What the visitor of a job reads that took longer than it may."""
    return (
        f"The work took longer than the {limits.seconds:,.0f} s that a job may take: shorten the period or "
        "choose a coarser resolution (for whoever runs this service: NEMDESK_JOB_TIMEOUT_SECONDS)."
    )
