"""The calendar of data quality: a cell for each day and region, coloured by how much is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np

from layouts import formats, graphs, theme
from layouts.graphs import Figure
from layouts.traces import heatmap

Line = Mapping[str, Any]
"""A row of the answer to DataQuality."""

UNMAPPED: Final = "Unmapped"
"""The row of units whose region nobody knows."""

DAYS_IN_A_ROW: Final = 92
"""Up to so many days, a region is one row of days; longer periods are strips of calendar weeks."""


@dataclass(frozen=True)
class Measure:
    """What colours the calendar. ``found``/``expected`` for what can be missing, ``count`` for what can be
    there too much; ``unit`` is what is counted."""

    label: str
    definition: str
    unit: str
    found: Callable[[Line], int]
    expected: Callable[[Line], int] | None = None

    @property
    def name(self) -> str:
        """The label within a sentence."""
        return self.label[0].lower() + self.label[1:]

    def text(self, line: Line) -> str:
        """ "287 of 288 prices", "3 units"."""
        found = formats.number(self.found(line))
        if self.expected is None:
            return f"{found} {self.unit}"
        return f"{found} of {formats.number(self.expected(line))} {self.unit}"


def _readings_expected(line: Line) -> int:
    # Nobody reported: as many as one unit would have, so that the day counts as missing.
    return int(line["readings_expected"] or line["intervals_expected"])


MEASURES: Final[Mapping[str, Measure]] = {
    "price": Measure(
        "Prices",
        "quality_price",
        "prices",
        lambda line: line["intervals_found"],
        lambda line: line["intervals_expected"],
    ),
    "demand": Measure(
        "Demand",
        "quality_demand",
        "demands",
        lambda line: line["demand_found"],
        lambda line: line["intervals_expected"],
    ),
    "readings": Measure(
        "Unit readings",
        "quality_readings",
        "readings",
        lambda line: line["readings_found"],
        _readings_expected,
    ),
    "rooftop": Measure(
        "Rooftop PV",
        "quality_rooftop",
        "half-hours",
        lambda line: line["rooftop_found"],
        lambda line: line["rooftop_expected"],
    ),
    "unmapped": Measure(
        "Unmapped units", "quality_unmapped", "unmapped units", lambda line: line["units_unmapped"]
    ),
    "intervention": Measure(
        "Two runs", "quality_intervention", "intervals", lambda line: line["intervention_intervals"]
    ),
}

MISSING_LEVELS: Final = ("complete", "up to 1% missing", "to 10%", "to 50%", "more", "all missing")
_MISSING_BOUNDS: Final = (0.0, 0.01, 0.1, 0.5)
_COUNT_BOUNDS: Final = (0, 1, 5, 20, 100)
COUNT_LEVELS: Final = ("none", "1", "2 to 5", "6 to 20", "21 to 100", "more")

_COLOURS: Final = {
    theme.LIGHT: ("#d3e6d8", "#f6dd94", "#f0ae52", "#de7434", "#b93a28", "#6d1022"),
    theme.DARK: ("#21392c", "#62551f", "#9c7420", "#cf7a2c", "#ef6a4c", "#ffb3ad"),
}
"""From all is well to all is missing: ever darker on light, ever brighter on dark."""


def level(measure: Measure, line: Line) -> int | None:
    """Which of the six colours a day has; None where nothing was to be expected."""
    found = measure.found(line)
    if measure.expected is None:
        return sum(found > bound for bound in _COUNT_BOUNDS)
    expected = measure.expected(line)
    if not expected:
        return None
    missing = 1 - found / expected
    return 5 if found == 0 else sum(missing > bound for bound in _MISSING_BOUNDS)


def has_finding(measure: Measure, line: Line) -> bool:
    """Is there anything to say about that day and region?"""
    return bool(level(measure, line))


def legend(measure: Measure, look: str) -> list[tuple[str, str]]:
    """(text, colour) of each level."""
    texts = COUNT_LEVELS if measure.expected is None else MISSING_LEVELS
    return list(zip(texts, _COLOURS[look], strict=True))


def figure(
    lines: Sequence[Line], measure: Measure, start: date, end: date, chosen: tuple[str, str], look: str
) -> Figure:
    """The calendar from ``start`` to before ``end``. ``chosen``: the day (ISO) and region that stand open,
    '' for none. The layout's ``meta`` says what a click means (assets/system.js)."""
    places = sorted({str(line["regionid"]) for line in lines}, key=lambda name: (name == UNMAPPED, name))
    in_weeks = (end - start).days > DAYS_IN_A_ROW
    first = start - timedelta(days=start.weekday()) if in_weeks else start
    across = 7 if in_weeks else 1
    block = 8 if in_weeks else 1  # a blank row between regions
    columns = -(-(end - first).days // across)
    values = np.full((block * len(places), columns), np.nan)
    texts = [[""] * columns for _ in range(len(values))]
    for line in lines:
        day: datetime = line["time"]
        column, weekday = divmod((day.date() - first).days, across)
        row = places.index(str(line["regionid"])) * block + weekday
        found = level(measure, line)
        if found is not None and 0 <= column < columns:
            values[row, column] = found
            texts[row][column] = f"{day:%a} {formats.day(day)}, {line['regionid']}: {measure.text(line)}"
    x0 = datetime(first.year, first.month, first.day) + timedelta(days=across) / 2
    trace = heatmap([], [], values, look, "%{text}", unit="")
    for name in ("x", "y", "colorbar"):
        del trace[name]
    trace |= {
        "x0": x0.isoformat(sep=" "),
        "dx": across * 86_400_000,
        "text": texts,
        "zmin": -0.5,
        "zmax": 5.5,
        "colorscale": _steps(_COLOURS[look]),
        "showscale": False,
        "xgap": 1 if columns < 120 else 0.5 if columns < 240 else 0,
        "ygap": 1,
    }
    middle = 3 if in_weeks else 0
    axis = theme.axis(look)
    return graphs.figure(
        look,
        [trace],
        xaxis={
            **axis,
            "type": "date",
            "range": [first.isoformat(), (first + timedelta(days=columns * across)).isoformat()],
            "showgrid": False,
            "fixedrange": True,
            "tickformatstops": graphs.TICK_FORMATS,
            "ticks": "outside",
            "ticklen": 3,
        },
        yaxis={
            **axis,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "range": [len(values) - 0.5, -0.5],
            "tickvals": [place * block + middle for place in range(len(places))],
            "ticktext": ["no region" if name == UNMAPPED else name for name in places],
        },
        hovermode="closest",
        margin={"l": 8, "r": 28, "t": 8, "b": 8, "pad": 0},
        shapes=_around(chosen, places, first, across, block, look),
        meta={"first": first.isoformat(), "across": across, "block": block, "places": places},
    )


def _steps(colours: Sequence[str]) -> list[list[Any]]:
    """A colour scale without shades between."""
    share = 1 / len(colours)
    return [[place * share, c] for k, c in enumerate(colours) for place in (k, k + 1)]


def _around(
    chosen: tuple[str, str], places: list[str], first: date, across: int, block: int, look: str
) -> list[dict[str, Any]]:
    """A frame around the day that stands open, in its region or in all."""
    if not chosen[0]:
        return []
    column, weekday = divmod((date.fromisoformat(chosen[0]) - first).days, across)
    left = datetime(first.year, first.month, first.day) + timedelta(days=column * across)
    return [
        {
            "type": "rect",
            "x0": left.isoformat(sep=" "),
            "x1": (left + timedelta(days=across)).isoformat(sep=" "),
            "y0": place * block + weekday - 0.5,
            "y1": place * block + weekday + 0.5,
            "line": {"width": 2, "color": theme.palette(look).accent},
        }
        for place, name in enumerate(places)
        if name == chosen[1] or chosen[1] not in places
    ]
