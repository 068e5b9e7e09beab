"""A job's whole life, in a process of its own: do the work, tell how far it is, stop when told to."""

from __future__ import annotations

import logging
import os
import signal
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.jobs.limits import Service, too_long
from app.jobs.table import JobTable, Record
from callbacks.guard import work_on
from callbacks.work import DONE, FAILED, STOPPED
from data_layer.connection import CancelToken
from data_layer.errors import DataLayerError, QueryCancelled

logger = logging.getLogger("nemdesk.jobs")

STOP: Final = CancelToken(told=True)
"""Stops what this process asks the database; only a job's process uses it."""

GRACE_SECONDS: Final = 1.0
"""What a stopped job has to interrupt its query before its process ends."""


NICE: Final = 15
"""Jobs give way to what a worker answers at once."""

BROKE: Final = "Something went wrong (id {id}). Try again; if it stays, quote this id: the log has it."


def live(service: Service, record: Record) -> None:
    """Never returns: ends by os._exit, since exit handlers are those of the process it came from."""
    try:
        leave_the_server()
        os.nice(NICE)
        work_on(record.id[:12])
        table = JobTable(service.directory)
        threading.Thread(target=_watch, args=(table, record, service), daemon=True).start()
        _work(service, table, record)
    except BaseException:
        logger.exception("job %s broke", record.id[:12])
        os._exit(1)
    os._exit(0)


def _work(service: Service, table: JobTable, record: Record) -> None:
    try:
        service.work(table, record)
    except QueryCancelled:
        _end(table, record, STOPPED, "")
    except DataLayerError as error:
        logger.warning("job %s failed", record.id[:12], exc_info=error)
        _end(table, record, FAILED, str(error))
    except Exception:
        logger.exception("job %s failed", record.id[:12])
        _end(table, record, FAILED, BROKE.format(id=record.id[:12]))
    else:
        _end(table, record, DONE, "")


def _end(table: JobTable, record: Record, state: str, message: str) -> None:
    with table.changing(record.id) as current:
        if current is not None:
            current.file, current.bytes = record.file, record.bytes
            current.end(state, message)


def leave_the_server() -> None:
    """Let go of the server's sockets and signals: neither a job nor the runner may hold a port, nor obey as
    a worker."""
    signal.set_wakeup_fd(-1)
    for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGABRT", "SIGCHLD"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for entry in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError):
            number = int(entry.name)
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                # Replaced, not closed: an object that still holds the number may close it later.
                os.dup2(nothing, number, inheritable=False)


def _watch(table: JobTable, record: Record, service: Service) -> None:
    """End the job when it is told to, when the service has gone, and when it has taken too long."""
    # Not PR_SET_PDEATHSIG: the runner may go and come back while its jobs work on.
    end = time.monotonic() + service.limits.seconds
    while True:
        if signal.sigtimedwait([signal.SIGTERM], 0.5) is not None or not service.being.lives():
            break
        if time.monotonic() > end:
            with suppress(Exception):
                _end(table, record, FAILED, too_long(service.limits))
            break
    STOP.cancel()
    time.sleep(GRACE_SECONDS)
    os._exit(0)
