"""What a definition is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """A number's name, its formula in words, and where the data comes from."""

    name: str
    formula: str
    source: str
