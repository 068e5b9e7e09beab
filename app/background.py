"""Background callbacks: long questions, each in a process of its own.

dash's own manager gives one of two equal questions to nobody, re-serves what was abandoned, keeps a
killed job's visitor waiting for ever and lets a job outlive its server; what is overridden here mends
that. A job ends when it is done, when its visitor stops it or has gone, and when its server ends.
"""

from __future__ import annotations

import logging
import os
import signal
import stat
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil  # type: ignore[import-untyped]
from dash import DiskcacheManager
from dash.exceptions import PreventUpdate
from diskcache import Cache
from multiprocess import Process  # type: ignore[import-untyped]

from app.settings import Settings
from callbacks.jobs import STOP
from data_layer.connection import remove_spill

logger = logging.getLogger("nemdesk.jobs")

KEPT_SECONDS: Final = 300
"""How long a result waits to be fetched."""

ABANDONED_SECONDS: Final = 150
"""A job that nobody asked after for so long ends. Browsers wake a hidden page once a minute."""

GRACE_SECONDS: Final = 1.5
"""What a stopped job has to interrupt its query before its process ends."""

BUSY: Final = "The server is busy with other large questions: try again in a moment."
LOST: Final = (
    "The work ended without an answer: its process was killed, perhaps for want of memory. "
    "Try again, or shorten the period."
)
NOT_KEPT: Final = "The answer could not be kept. Try again; if it stays, the server's log has the details."

Job = Callable[[Cache, str, Any], None]
"""A registered callback, made ready to run in its child: (store, key, arguments)."""


def manager(settings: Settings) -> JobManager:
    """Jobs in a directory of their own that no other user can read: diskcache unpickles what it finds."""
    directory = settings.prepared_cache_dir() / "jobs"
    directory.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)
    return JobManager(directory, settings.jobs_at_once)


class JobManager(DiskcacheManager):
    """dash's manager over a disk cache, hardened. A job's handle is "pid-birth-key", so that a process
    that got a dead one's number is never taken for it."""

    def __init__(self, directory: Path, at_once: int) -> None:
        super().__init__(Cache(str(directory)))
        self.at_once = at_once
        self._running: set[int] = set()

    def build_cache_key(self, *_: Any) -> str:
        """A key for this very run: two visitors with one question are two jobs."""
        return uuid.uuid4().hex

    def make_job_fn(self, fn: Callable[..., Any], progress: bool, key: str | None = None) -> Job:
        def job(store: Cache, run: str, given: Any) -> None:
            def report(value: Any) -> None:
                values = value if isinstance(value, list | tuple) else [value]
                store.set(f"{run}-progress", values, expire=KEPT_SECONDS)

            first = [report] if progress else []
            _keep(
                store,
                run,
                _result(lambda: fn(*first, **given) if isinstance(given, dict) else fn(*first, *given)),
            )

        return job

    def call_job_fn(self, key: str, job_fn: Job, args: Any, context: Any) -> str:
        """Start the job's process and give its handle; one job too many is answered at once."""
        if len(self._running) >= self.at_once:
            self.handle.set(key, _failure(BUSY), expire=KEPT_SECONDS)
            return f"0-0-{key}"
        # Blocked from before the fork on: a stop that comes early waits until the child listens for it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            # daemon: the server's exit ends it instead of waiting for it.
            process = Process(
                target=_child, args=(job_fn, self.handle.directory, key, args, os.getpid()), daemon=True
            )
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._running.add(process.pid)
        threading.Thread(target=self._reap, args=(process,), daemon=True).start()
        logger.info("job %s began in process %d", key[:12], process.pid)
        return f"{process.pid}-{_birth(process.pid)}-{key}"

    def _reap(self, process: Process) -> None:
        process.join()
        self._running.discard(process.pid)
        remove_spill(process.pid)

    def get_progress(self, key: str) -> Any:
        self.handle.set(f"{key}-asked", time.time(), expire=10 * ABANDONED_SECONDS)
        return super().get_progress(key)

    def get_result(self, key: str, job: str | None) -> Any:
        """The result, once; an error that says so where a job that nobody stopped left none."""
        result = self.handle.get(key, self.UNDEFINED)
        if result is self.UNDEFINED and job and not self.job_running(job):
            # It may have ended between the two looks.
            result = self.handle.get(key, self.UNDEFINED)
            if result is self.UNDEFINED and not self.handle.get(f"{key}-stopped"):
                logger.warning("job %s ended without a result", key[:12])
                result = _failure(LOST)
        if result is not self.UNDEFINED:
            for name in (key, f"{key}-progress", f"{key}-asked"):
                self.handle.delete(name)
        return result

    def result_ready(self, key: str) -> bool:
        return key in self.handle

    def job_running(self, job: str | None) -> bool:
        process = _process(job)
        with suppress(psutil.Error):
            return process is not None and process.status() != psutil.STATUS_ZOMBIE
        return False

    def terminate_job(self, job: str | None) -> None:
        """Ask the job to end, without waiting: it interrupts its query and is gone within GRACE_SECONDS."""
        process = _process(job)
        if job is None or process is None:
            return
        self.handle.set(f"{job.split('-')[2]}-stopped", True, expire=KEPT_SECONDS)
        with suppress(psutil.Error):
            process.send_signal(signal.SIGTERM)

    def terminate_unhealthy_job(self, job: str | None) -> bool:
        return False


def _process(job: str | None) -> psutil.Process | None:
    """The living process of a handle."""
    pid, _, rest = (job or "").partition("-")
    born = rest.partition("-")[0]
    with suppress(psutil.Error, ValueError):
        if int(pid) and _birth(int(pid)) == int(born):
            return psutil.Process(int(pid))
    return None


def _birth(pid: int) -> int:
    """When a process began, in hundredths of a second; 0 where there is none."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).create_time() * 100)
    return 0


def _failure(message: str) -> dict[str, Any]:
    """An error in the form dash keeps it; callbacks/jobs.py shows the message."""
    return {"background_callback_error": {"msg": message, "tb": ""}}


def _result(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except PreventUpdate:
        return {"_dash_no_update": "_dash_no_update"}
    except Exception:
        logger.exception("a job failed")
        return _failure("Something went wrong. Try again; if it stays, the server's log has the details.")


def _keep(store: Cache, key: str, result: Any) -> None:
    try:
        store.set(key, result, expire=KEPT_SECONDS)
    except Exception:
        logger.exception("job %s: its result cannot be kept", key[:12])
        store.set(key, _failure(NOT_KEPT), expire=KEPT_SECONDS)


# -- in the child -------------------------------------------------------------------------------------


def _child(job_fn: Job, directory: str, key: str, args: Any, parent: int) -> None:
    """A job's whole life. Ends by os._exit: exit handlers are the parent's."""
    try:
        _leave_the_server()
        # A cache of its own: the parent's may be in the middle of another thread's transaction.
        store = Cache(directory)
        threading.Thread(target=_watch, args=(Cache(directory), key, parent), daemon=True).start()
        job_fn(store, key, args)
    except BaseException:
        logger.exception("job %s broke", key[:12])
        os._exit(1)
    os._exit(0)


def _leave_the_server() -> None:
    """Let go of the server's sockets and signals: a job must not hold a port, nor obey as a worker."""
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


def _watch(store: Cache, key: str, parent: int) -> None:
    """End the job when it is told to, when the server has gone, and when nobody asks after it."""
    # Not PR_SET_PDEATHSIG: it fires when the thread that forked ends, and that thread served one request.
    began = time.time()
    while True:
        if signal.sigtimedwait([signal.SIGTERM], 0.5) is not None or os.getppid() != parent:
            break
        if time.time() - max(began, store.get(f"{key}-asked") or 0.0) > ABANDONED_SECONDS:
            logger.info("job %s: nobody asks after it any more", key[:12])
            break
    STOP.cancel()
    time.sleep(GRACE_SECONDS)
    os._exit(0)
