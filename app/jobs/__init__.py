"""Long work: a queue, one runner, one process a job (docs/decisions/0005-long-work.md).

table.py      what is known of every job, shared by all processes of the service
centre.py     what a worker does: order, look, stop
runner.py     the process that starts jobs, bounds them and sweeps up after them
process.py    a job's whole life, in a process of its own
liveness.py   whether a process is still the one that was meant
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from app.exports import Exports
from app.jobs.answering import Working, answer, export
from app.jobs.centre import JobCentre
from app.jobs.limits import JobLimits
from app.jobs.runner import Runner
from app.jobs.table import JobTable, Record
from app.rollout import acting_for
from app.settings import Settings
from callbacks.work import EXPORT
from data_layer.query_manager import HybridQueryManager
from data_layer.shared_answers import SharedAnswers

logger = logging.getLogger("nemdesk.jobs")


def centre(
    settings: Settings, manager: Working, kept: Exports, leaving: Callable[[], None] = lambda: None
) -> JobCentre:
    """The job centre of a service. Starts nothing: the runner begins with the server or the first job.
    ``leaving`` is what a job's process does last, since it ends without exit handlers."""
    cache = settings.prepared_cache_dir()
    if isinstance(manager, HybridQueryManager) and manager.shared is None:
        manager.shared = SharedAnswers(cache / "answers")
    limits = JobLimits(settings.jobs_at_once, settings.job_memory_mb, settings.job_timeout_seconds)
    table = JobTable(cache / "jobs")
    runner = Runner(table.directory, limits, partial(_work, manager, limits, kept, leaving))
    return JobCentre(table, runner, manager, kept, most_waiting=settings.jobs_waiting)


def _work(
    manager: Working,
    limits: JobLimits,
    kept: Exports,
    leaving: Callable[[], None],
    table: JobTable,
    record: Record,
) -> None:
    """Do a job, in its process. Its memory is its own, so DuckDB's part of it is not a worker's."""
    if isinstance(manager, HybridQueryManager):
        manager.engine.limits = replace(
            manager.engine.limits,
            memory_limit_mb=limits.memory_mb // 2,
            # Longer than the job may take: the job's own limit, which says so, comes first.
            timeout_seconds=limits.seconds + 60,
            timeout_setting="NEMDESK_JOB_TIMEOUT_SECONDS",
            memory_setting="NEMDESK_JOB_MEMORY_MB",
        )
    try:
        if record.kind == EXPORT:
            export(manager, kept, table, record)
            return
        with acting_for(next(iter(record.visitors), "")):
            answer(manager, table, record)
    finally:
        leaving()
