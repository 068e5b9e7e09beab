"""Plans of the questions in requests/analysis.py."""

from __future__ import annotations

from typing import Final

from data_layer.planner.plan import Planners

PLANNERS: Final[Planners] = {}
