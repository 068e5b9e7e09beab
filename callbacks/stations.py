"""The Stations tab: which questions its panels ask."""

from __future__ import annotations

from typing import Final

from callbacks.guard import Ask
from callbacks.tab import Tab
from data_layer.requests import Request
from layouts import stations as page


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab."""
    return {}


TAB: Final = Tab(name="stations", layout=page.layout, panels={}, datasets=datasets)
