"""Whether a process is still the one that was meant: its number may have been given to another."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


BOOT: Final = _boot()


@dataclass(frozen=True)
class Being:
    """A process by its number and its birth: since which start of the machine, and how long after it.

    Not a time of day, which moves with the clock: one that was set by a second made every job another's.
    """

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> Being:
        """The process that has this number now; ``born`` is empty where there is none."""
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


def _birth(pid: int) -> str:
    with suppress(OSError, IndexError):
        facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # Its name comes before, in brackets, and may hold anything; proc(5) calls this field starttime.
        return f"{BOOT}:{facts.rpartition(')')[2].split()[19]}"
    return ""
