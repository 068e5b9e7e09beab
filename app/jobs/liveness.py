"""Whether a process is still the one that was meant: its number may have been given to another."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Being:
    """A process by its number and its birth, in hundredths of a second since the epoch."""

    pid: int
    born: int

    @classmethod
    def of(cls, pid: int) -> Being:
        """The process that has this number now; ``born`` 0 where there is none."""
        return cls(pid, _birth(pid))

    def lives(self) -> bool:
        """A zombie does not: nothing of it runs any more."""
        process = self._process()
        with suppress(psutil.Error):
            return process is not None and process.status() != psutil.STATUS_ZOMBIE
        return False

    def send(self, number: signal.Signals) -> None:
        """Signal it, and never another that got its number."""
        process = self._process()
        if process is not None:
            with suppress(psutil.Error):
                process.send_signal(number)

    def private_bytes(self) -> int:
        """Memory that is its own: resident without what it shares with others. 0 where it is gone."""
        process = self._process()
        if process is not None:
            with suppress(psutil.Error):
                facts = process.memory_info()
                return int(facts.rss - facts.shared)
        return 0

    def _process(self) -> psutil.Process | None:
        if self.pid > 0 and self.born and _birth(self.pid) == self.born:
            with suppress(psutil.Error):
                return psutil.Process(self.pid)
        return None


def _birth(pid: int) -> int:
    with suppress(psutil.Error, ValueError):
        return int(psutil.Process(pid).create_time() * 100)
    return 0
