"""Pandas answers to the questions in requests/analysis.py."""

from __future__ import annotations

from typing import Final

from data_layer.pandas_engine.selection import Answers

ANSWERS: Final[Answers] = {}
