"""How far a command is, on standard error."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any, Final

_LINE_SECONDS: Final = 2.0


class ProgressLine:
    """Progress on standard error: a bar on a terminal, a line every other second elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._last = 0.0
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            from tqdm import tqdm

            self._bar = tqdm(
                total=1, bar_format="{desc:48.48} {bar} {n_fmt}/{total_fmt} [{elapsed}]", leave=False
            )

    def __enter__(self) -> ProgressLine:
        return self

    def __call__(self, text: str, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.total, self._bar.n = max(total, 1), done
            self._bar.set_description_str(text)
            return
        now = time.monotonic()
        if now - self._last >= _LINE_SECONDS:
            self._last = now
            print(f"{text} ({done}/{total})", file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
