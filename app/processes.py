"""The processes of this service: what each is for, the memory it holds, since when it runs.

A process is known by its parent; for the job runner and its jobs, whose place says nothing, the job table
knows the role.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

MASTER: Final = "master"
WORKER: Final = "worker"
RUNNER: Final = "job runner"
JOB: Final = "job"
SERVER: Final = "server"
"""The only process, where gunicorn does not run it."""
HELPER: Final = "helper"
"""A command of this product that the service started, such as the one that builds the demonstration."""

MIB: Final = 2**20


@dataclass(frozen=True)
class ProcessFacts:
    """One process. ``pss`` (its share of memory, in bytes) is None where the system does not tell it to this
    user: then ``rss``, which counts what is shared once for each process. ``limit`` in bytes, None without
    one. ``started`` is in UTC."""

    pid: int
    role: str
    pss: int | None
    rss: int
    limit: int | None
    threads: int
    started: datetime

    @property
    def memory(self) -> int:
        """Bytes that count against the limit."""
        return self.rss if self.pss is None else self.pss


def service_processes(
    limits: Mapping[str, int] | None = None,
    roles: Mapping[int, str] | None = None,
) -> list[ProcessFacts]:
    """Every process of the service that this one belongs to: the master first, then as they were started.

    ``limits`` gives a role's memory in bytes; ``roles`` names processes whose role somebody else knows.
    """
    top = _top(psutil.Process())
    known = roles or {}
    found = []
    with suppress(psutil.Error):
        found.append(_facts(top, SERVER if not _is_gunicorn(top) else MASTER, limits))
        for process in top.children(recursive=True):
            with suppress(psutil.Error):
                role = known.get(process.pid) or _role(process, top)
                if role and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(_facts(process, role, limits))
    return sorted(found, key=lambda one: (one.role not in (MASTER, SERVER), one.started, one.pid))


def _top(process: psutil.Process) -> psutil.Process:
    """gunicorn's master, or ``process`` itself where there is none above it."""
    top = process
    with suppress(psutil.Error):
        for parent in process.parents():
            if _is_gunicorn(parent):
                top = parent
    return top


def _is_gunicorn(process: psutil.Process) -> bool:
    return any(Path(part).name.startswith("gunicorn") for part in process.cmdline()[:4])


def _role(process: psutil.Process, top: psutil.Process) -> str:
    """By its place: the master's own forks are workers, theirs are jobs; '' for what is not ours.

    A fork has its parent's command, except where setproctitle is installed: then gunicorn names its workers.
    """
    command = process.cmdline()
    if command == top.cmdline() or _is_gunicorn(process) or any("multiprocess" in part for part in command):
        if not _is_gunicorn(top):
            return JOB
        return WORKER if process.ppid() == top.pid else JOB
    return HELPER if command[1:3] == ["-m", "app"] else ""


def _facts(process: psutil.Process, role: str, limits: Mapping[str, int] | None) -> ProcessFacts:
    with process.oneshot():
        return ProcessFacts(
            pid=process.pid,
            role=role,
            pss=_pss(process.pid),
            rss=int(process.memory_info().rss),
            limit=(limits or {}).get(role),
            threads=int(process.num_threads()),
            started=datetime.fromtimestamp(process.create_time(), UTC),
        )


def _pss(pid: int) -> int | None:
    """Bytes of memory, what is shared counted in shares; None where the kernel does not say it."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return None
