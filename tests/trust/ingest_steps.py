"""Faults at the n-th step that a writer takes on the disk: counted, killed or failed at."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_layer.lake import Writer

Fault = Callable[[], None]


class Steps:
    """Counts the steps of this process on the disk; at number ``at``, ``fault`` is called after the step (of
    a text file: after half of it). Patches for good: only for forked children."""

    def __init__(self, at: int = -1, fault: Fault | None = None) -> None:
        self.count = 0
        self.at = at
        self.fault = fault

    def install(self) -> Steps:
        for name in ("replace", "fsync", "unlink", "mkdir", "rmdir"):
            setattr(os, name, self._after(getattr(os, name)))
        for owner, name in ((Writer, "new_path"), (Writer, "put")):
            setattr(owner, name, self._after(getattr(owner, name)))
        write_text, write_bytes = Path.write_text, Path.write_bytes
        steps = self

        def half_text(path: Path, data: str, *rest: Any, **named: Any) -> int:
            if steps._is_due():
                write_text(path, data[: len(data) // 2], *rest, **named)
                steps._strike()
            return write_text(path, data, *rest, **named)

        def half_bytes(path: Path, data: bytes) -> int:
            if steps._is_due():
                write_bytes(path, data[: len(data) // 2])
                steps._strike()
            return write_bytes(path, data)

        Path.write_text, Path.write_bytes = half_text, half_bytes  # type: ignore[method-assign]
        return self

    def _is_due(self) -> bool:
        self.count += 1
        return self.count == self.at

    def _strike(self) -> None:
        if self.fault is not None:
            self.fault()

    def _after(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*rest: Any, **named: Any) -> Any:
            value = call(*rest, **named)
            if self._is_due():
                self._strike()
            return value

        return counted


def kill() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
