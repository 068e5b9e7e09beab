"""What was not taken from AEMO's files, and why: one value for every kind of bad input."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

DETAILED_PER_FILE: Final = 20
"""Refused rows of one file that are named one by one; the others are counted by reason."""


@dataclass(frozen=True)
class Refusal:
    """A file (``line`` is None) or a row that was refused. ``rows`` is how many rows it stands for."""

    file: str
    line: int | None
    reason: str
    rows: int = 0

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line is not None else self.file
        return f"{where}: {self.reason}"


@dataclass
class RefusalLog:
    """Collects the refusals of one file without letting a wholly wrong file fill the memory."""

    file: str
    refusals: list[Refusal] = field(default_factory=list)
    more: Counter[str] = field(default_factory=Counter)

    def row(self, line: int, reason: str) -> None:
        if len(self.refusals) < DETAILED_PER_FILE:
            self.refusals.append(Refusal(self.file, line, reason, 1))
        else:
            # The part before ':' says what kind of fault it is; what follows quotes the row.
            self.more[reason.split(":")[0]] += 1

    def section(self, line: int, reason: str) -> None:
        self.refusals.append(Refusal(self.file, line, reason))

    def all(self) -> list[Refusal]:
        """Every refusal, the uncounted rows summed up at the end."""
        return self.refusals + [
            Refusal(self.file, None, f"{count} more rows: {reason}", count)
            for reason, count in sorted(self.more.items())
        ]

    @property
    def rows(self) -> int:
        return sum(refusal.rows for refusal in self.refusals) + self.more.total()
