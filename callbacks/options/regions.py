"""Parameters of the Regions tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import Option, one_of, whole
from callbacks.options.shared import HIDDEN
from data_layer.period import parse_stamp
from data_layer.requests.regions import check_line

MEASURES: Final = ("price", "renewable", "demand", "flow")
LINE_VIEWS: Final = ("over-time", "duration", "counter-price")


def _moment(text: str) -> str:
    if text:
        parse_stamp(text, "at")
    return text


OPTIONS: Final[tuple[Option, ...]] = (
    one_of("measure", MEASURES),
    Option("at", "", _moment),
    one_of("stations", ("on", "off")),
    HIDDEN,
    Option("line", "", check_line),
    one_of("view", LINE_VIEWS),
    whole("apart", 0, 20_000, 10),
)
"""``at`` is the step the map shows: '' the mean of the period, a date its day, a stamp the bucket that the
interval ending there lies in. ``apart`` is the $/MWh above which prices count as separated."""
