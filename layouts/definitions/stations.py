"""Definitions of the numbers that only the stations tab shows."""

from __future__ import annotations

from typing import Final

from layouts.definitions.definition import Definition

DEFINITIONS: Final[dict[str, Definition]] = {}
