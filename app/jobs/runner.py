"""The process that starts jobs, bounds them, and sweeps up after them.

One for a service: forked from gunicorn's master, which holds no database and no thread, so that a worker's
end ends no job. If it is missing (killed; a development server), the next worker that needs it makes one.
It sleeps on a named pipe and looks around now and then; it never asks the database anything itself.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import select
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.jobs import process
from app.jobs.limits import JobLimits, Service, Work, too_large
from app.jobs.patience import Patience
from app.jobs.table import JobTable, Record
from app.liveness import Being
from app.private import private_directory
from callbacks.work import ANSWER, FAILED, RUNNING, STOPPED, WAITING
from data_layer.connection import remove_spill

logger = logging.getLogger("nemdesk.jobs")

STOPPING_SECONDS: Final = 1.5
"""What a job that was told to stop has for it, before it is killed."""

BUSY_LOOK_SECONDS: Final = 0.25
IDLE_LOOK_SECONDS: Final = 1.0

LOST: Final = (
    "The work ended without an answer: its process was killed, perhaps for want of memory. "
    "Try again, or shorten the period."
)


class Runner:
    """A handle to the runner, in whatever process. ``work`` is what a job does; making the object starts
    nothing."""

    def __init__(self, directory: Path, limits: JobLimits, work: Work) -> None:
        self.directory = directory
        self.limits = limits
        # Made in gunicorn's master where the application is loaded before the fork.
        self.service = Service(directory, limits, work, Being.of(os.getpid()))

    # -- in the workers ---------------------------------------------------------------------------

    def wake(self) -> None:
        """Let the runner look around now; start one if there is none."""
        if not self._knock():
            self.start()

    def stop(self, being: Being) -> None:
        """Tell a job's process to stop; the runner sees to it that it does."""
        being.send(signal.SIGTERM)
        self.wake()

    def pid(self) -> int:
        """Process id of the runner; 0 where there is none."""
        with suppress(OSError, ValueError):
            named = int((self.directory / "runner.pid").read_text(encoding="ascii"))
            if self._knock():
                return named
        return 0

    def start(self) -> None:
        """Fork the runner, unless there is one."""
        lock = self.locked()
        if lock is None:
            return
        pid = os.fork()
        if pid == 0:
            _live(self, lock)
        os.close(lock)  # the child has its own hold on it
        logger.info("job runner began in process %d", pid)

    def locked(self) -> int | None:
        """The lock that only one runner has; None where another has it."""
        lock = os.open(private_directory(self.directory) / "runner.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        return lock

    def _knock(self) -> bool:
        try:
            pipe = os.open(self.directory / "runner.pipe", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False  # nobody reads it, or it was never made
        try:
            os.write(pipe, b"!")
        except OSError as error:
            return error.errno == errno.EAGAIN  # full of knocks: it will hear
        finally:
            os.close(pipe)
        return True


# -- in the runner ------------------------------------------------------------------------------------


def _live(runner: Runner, lock: int) -> None:
    """The runner's whole life. Ends by os._exit: exit handlers are those of the process it came from."""
    try:
        process.leave_the_server()
        # Where a worker forked it, that worker's end must not end it as a child that nobody waits for.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _Rounds(runner, lock).go()
    except BaseException:
        logger.exception("the job runner broke")
        os._exit(1)
    os._exit(0)


class _Rounds:
    """Look around, again and again, until the service has gone."""

    def __init__(self, runner: Runner, lock: int) -> None:
        self.runner = runner
        self.lock = lock
        self.table = JobTable(runner.directory)
        self.patience = Patience()
        self.mine: dict[int, str] = {}
        """Processes it started -> their jobs."""
        self.stopping: dict[int, float] = {}
        self.pipe = self._listen()

    def _listen(self) -> int:
        """The pipe that workers knock at, and who reads it."""
        path = self.runner.directory / "runner.pipe"
        with suppress(OSError):
            if not path.is_fifo():
                path.unlink()
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        (self.runner.directory / "runner.pid").write_text(str(os.getpid()), encoding="ascii")
        # For writing too, so that it never reads as ended.
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def _stay(self) -> bool:
        """Whether this is still the runner: where somebody deleted its files it makes them anew, unless a
        worker has started another meanwhile."""
        with suppress(OSError):
            if os.path.samestat(os.fstat(self.pipe), (self.runner.directory / "runner.pipe").stat()):
                return True
        lock = self.runner.locked()
        if lock is None:
            # Either another's, or its own: only the pipe was deleted.
            kept = (self.runner.directory / "runner.lock").stat()
            if not os.path.samestat(os.fstat(self.lock), kept):
                return False
        else:
            os.close(self.lock)
            self.lock = lock
        pipe = self._listen()
        os.close(self.pipe)
        self.pipe = pipe
        return True

    def go(self) -> None:
        busy = True
        while self._waited(busy):
            try:
                self._reap()
                if not self._stay():
                    logger.warning("another job runner has taken over")
                    return
                busy = self._look() > 0
            except Exception:
                # A full or damaged disk must not end the runner: the next round may find it mended.
                logger.exception("the job runner's round failed")
                time.sleep(1)
        if not self.runner.directory.is_dir():  # who ended the service may have deleted it with its folder
            return
        for record in self.table.records():
            if record.state == RUNNING:
                record.being.send(signal.SIGTERM)

    def _waited(self, busy: bool) -> bool:
        """Wait for a knock or the next round; whether the service is still there then."""
        select.select([self.pipe], [], [], BUSY_LOOK_SECONDS if busy else IDLE_LOOK_SECONDS)
        with suppress(BlockingIOError):
            os.read(self.pipe, 4_096)
        return self.runner.service.being.lives()

    def _reap(self) -> None:
        for pid in list(self.mine):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            del self.mine[pid]
            self.stopping.pop(pid, None)
            remove_spill(pid)

    def _look(self) -> int:
        """One round; how many jobs have not ended."""
        running = waiting = 0
        now = time.time()
        for record in list(self.table.records()):
            if record.over:
                self.patience.forget(record)
                self._after(record, now)
                continue
            if record.kind == ANSWER and self._abandoned(record):
                self._end(record, STOPPED, "")
            elif record.state == RUNNING and not record.pid and self._note(record.id):
                running += 1  # the disk was in the way when it began
            elif record.state == RUNNING and not record.being.lives():
                self._end(record, FAILED, LOST)
            elif record.state == RUNNING and self._too_large(record):
                self._end(record, FAILED, too_large(self.runner.limits))
            else:
                running += record.state == RUNNING
                waiting += record.state == WAITING
        while waiting and running + len(self.stopping) < self.runner.limits.at_once and self._begin():
            waiting, running = waiting - 1, running + 1
        return running + waiting + len(self.stopping)

    def _abandoned(self, record: Record) -> bool:
        waiting = [visitor for visitor, waits in record.visitors.items() if waits]
        return self.patience.over(record, {one: self.table.last_asked(one) for one in waiting})

    def _too_large(self, record: Record) -> bool:
        return record.being.private_bytes() > self.runner.limits.memory_mb * 2**20

    def _end(self, record: Record, state: str, message: str) -> None:
        """End a job that did not end itself."""
        with self.table.changing(record.id) as current:
            if current is None or current.over:
                return
            current.end(state, message)
        logger.warning("job %s ended by the runner: %s %s", record.id[:12], state, message)
        record.being.send(signal.SIGTERM)

    def _after(self, record: Record, now: float) -> None:
        """See that an ended job's process is gone, and forget what is old."""
        if record.pid and record.being.lives():
            told = self.stopping.setdefault(record.pid, now)
            if now - told > STOPPING_SECONDS:
                record.being.send(signal.SIGKILL)
        else:
            self.stopping.pop(record.pid, None)
            if now - record.ended > record.kept:
                self.table.remove(record.id)

    def _begin(self) -> bool:
        record = self.table.next_waiting()
        if record is None:
            return False
        # Blocked over the fork: a stop that comes early waits until the child listens for it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            pid = os.fork()
            if pid == 0:
                os.close(self.pipe)
                os.close(self.lock)
                process.live(self.runner.service, record)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.mine[pid] = record.id
        self._note(record.id)
        logger.info("job %s (%s) began in process %d", record.id[:12], record.order["name"], pid)
        return True

    def _note(self, job: str) -> bool:
        """Write down which process is the job's; False where none is."""
        pid = next((pid for pid, its in self.mine.items() if its == job), 0)
        if not pid:
            return False
        with self.table.changing(job) as record:
            if record is not None:
                record.pid, record.born = pid, Being.of(pid).born
        if record is None or record.over:
            Being.of(pid).send(signal.SIGTERM)
        return True
