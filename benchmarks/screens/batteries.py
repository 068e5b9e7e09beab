"""Screens of the batteries tab that are measured, and the bare SQL of their questions."""

from benchmarks.floor import Statements

SCREENS: dict[str, str] = {}
STATEMENTS: Statements = {}
