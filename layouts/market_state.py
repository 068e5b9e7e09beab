"""The state of the market at every step of a period, as the map shows it: colours, words, arrows.

Row 0 of every array is the mean of the period, row k its k-th step. The browser gets one frame per row and
only swaps them (assets/regions.js), so that what a number looks like is decided here alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_layer.market import REGIONS, Resolution
from layouts import formats, price_axis, theme
from layouts.series import Floats, Grid, floats

UNMAPPED: Final = "Unmapped"
NO_DATA: Final = "no data"
SHORT: Final = {"NSW1": "NSW", "QLD1": "QLD", "SA1": "SA", "TAS1": "TAS", "VIC1": "VIC"}


def _flow(value: float) -> str:
    if abs(value) < 0.5:
        return "0 MW"
    return f"{'imports' if value > 0 else 'exports'} {formats.whole(abs(value))} MW"


@dataclass(frozen=True)
class Measure:
    """What colours the regions: its column in the answers, how a value is written, and its definition."""

    label: str
    unit: str
    column: str
    definition: str
    words: Callable[[float], str]
    diverging: bool = False


MEASURES: Final = {
    "price": Measure("Price", "$/MWh", "price_aud_per_mwh", "price", lambda v: f"{formats.price(v)}/MWh"),
    "renewable": Measure("Renewable share", "%", "renewable_share", "renewable_share", formats.percent),
    "demand": Measure("Demand", "MW", "demand_mw", "demand", lambda v: f"{formats.whole(v)} MW"),
    "flow": Measure("Net flow", "MW", "net_import_mw", "net_flow", _flow, diverging=True),
}


@dataclass(frozen=True)
class Line:
    """An interconnector; positive flow goes from ``start`` to ``end``, regions or 'Unmapped'."""

    identity: str
    name: str
    start: str
    end: str

    @property
    def mapped(self) -> bool:
        return UNMAPPED not in (self.start, self.end)


@dataclass(frozen=True)
class State:
    """(1 + steps) x regions (in the order of REGIONS) of one measure, (1 + steps) x lines of the rest."""

    grid: Grid
    measure: Measure
    regions: Floats
    lines: tuple[Line, ...]
    flow: Floats
    lower: Floats
    upper: Floats
    at_limit: Floats

    @classmethod
    def of(
        cls, grid: Grid, measure: Measure, means: pa.Table, steps: pa.Table, totals: pa.Table, flows: pa.Table
    ) -> State:
        """From the answers to RegionMeans, RegionSteps, InterconnectorMeans and InterconnectorSeries."""
        found = dict(zip(means.column("regionid").to_pylist(), floats(means, measure.column), strict=True))
        series = grid.spread(steps, "regionid", measure.column)
        gap = np.full(len(grid), np.nan)
        regions = [np.concatenate(([found.get(r, np.nan)], series.get(r, gap))) for r in REGIONS]
        lines = lines_of(totals)

        def columns(name: str) -> Floats:
            over_time = grid.spread(flows, "interconnectorid", name)
            whole = floats(totals, name)
            made = [
                np.concatenate(([whole[place]], over_time.get(line.identity, gap)))
                for place, line in enumerate(lines)
            ]
            return np.array(made).reshape(len(lines), len(grid) + 1).T

        return cls(
            grid,
            measure,
            np.array(regions).T,
            lines,
            columns("flow_mw"),
            columns("import_limit_mw"),
            columns("export_limit_mw"),
            np.minimum(columns("at_export_limit_share") + columns("at_import_limit_share"), 1.0),
        )

    @property
    def is_empty(self) -> bool:
        return not (np.isfinite(self.regions).any() or np.isfinite(self.flow).any())

    def bounds(self, *, mean: bool) -> tuple[float, float]:
        """Ends of the colour scale, in the measure's unit: over the means of the regions, or over all steps.
        A scale never makes much of little: 20 $/MWh and 100 MW are its least width."""
        values = self.regions[:1] if mean else self.regions[1:]
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        if self.measure.diverging:
            most = max(abs(low), abs(high), 100.0)
            return -most, most
        if self.measure.column != "price_aud_per_mwh":
            return min(low, 0.0), max(high, 1.0)
        lacking = max(20.0 - (high - low), 0.0)
        return low - lacking / 2, high + lacking / 2

    def fills(self, chosen: str) -> list[list[str]]:
        """Colour of every region at every row; what is not known has the colour of "nothing here"."""
        colours = np.empty(self.regions.shape, dtype=object)
        for rows, mean in ((slice(0, 1), True), (slice(1, None), False)):
            low, high = self._placed(np.array(self.bounds(mean=mean)))
            share = (self._placed(self.regions[rows]) - low) / (high - low)
            colours[rows] = shade(share, chosen, diverging=self.measure.diverging)
        colours[~np.isfinite(self.regions)] = theme.palette(chosen).gap
        return [list(row) for row in colours]

    def _placed(self, values: Floats) -> Floats:
        """Prices stand on the axis of the price charts, so that a spike leaves colours to the rest."""
        return price_axis.position(values) if self.measure.column == "price_aud_per_mwh" else values

    def region_texts(self) -> list[list[str]]:
        """What stands on every region at every row."""
        return [
            [
                f"<b>{SHORT[region]}</b><br>{self.measure.words(value) if math.isfinite(value) else NO_DATA}"
                for region, value in zip(REGIONS, row, strict=True)
            ]
            for row in self.regions.tolist()
        ]

    def line_frames(self) -> list[list[list[Any]]]:
        """For every row and line: direction (1 along, −1 against, 0 neither), width in pixels, text."""
        facts = zip(
            self.flow.tolist(), self.lower.tolist(), self.upper.tolist(), self.at_limit.tolist(), strict=True
        )
        return [
            [_arrow(line, *one) for line, *one in zip(self.lines, *row, strict=True) if line.mapped]
            for row in facts
        ]

    def labels(self) -> list[str]:
        """What every row is called."""
        return [
            "Mean of the period",
            *(step_name(stamp, self.grid.resolution) for stamp in _stamps(self.grid)),
        ]


def lines_of(totals: pa.Table) -> tuple[Line, ...]:
    """The interconnectors of an answer, in its order."""
    return tuple(
        Line(
            row["interconnectorid"],
            row["name"] or row["interconnectorid"],
            row["regionid_from"],
            row["regionid_to"],
        )
        for row in totals.select(["interconnectorid", "name", "regionid_from", "regionid_to"]).to_pylist()
    )


def band(lower: float, upper: float) -> str:
    """Both limits as the ends of a band; they may have one sign."""
    return f"{formats.whole(lower)} to {formats.whole(upper)}"


WIDEST_MW: Final = 1_200.0


def _arrow(line: Line, flow: float, lower: float, upper: float, at_limit: float) -> list[Any]:
    if not math.isfinite(flow):
        return [0, 1.0, f"<b>{line.name}</b> {NO_DATA}"]
    size = abs(flow)
    direction = 0 if size < 0.5 else 1 if flow > 0 else -1
    width = round(1.5 + 4.5 * min(size / WIDEST_MW, 1.0), 1)
    text = f"<b>{line.name}</b> {formats.whole(size)} MW"
    if math.isfinite(lower) and math.isfinite(upper):
        text += f"<br>limits {band(lower, upper)}"
        if at_limit >= 0.005:
            text += f"<br>at limit {at_limit:.0%}"
    return [direction, width, text]


def shade(share: Floats, chosen: str, *, diverging: bool) -> Any:
    """Colours at 0..1 of the theme's scale, as an array of #rrggbb."""
    stops = theme.diverging(chosen) if diverging else theme.sequential(chosen)
    places = [place for place, _ in stops]
    levels = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for _, colour in stops])
    at = np.nan_to_num(np.clip(share, 0.0, 1.0))
    rgb = [np.rint(np.interp(at, places, levels[:, i])).astype(int) for i in range(3)]
    packed = (rgb[0] << 16) | (rgb[1] << 8) | rgb[2]
    return np.vectorize(lambda value: f"#{value:06x}", otypes=[object])(packed)


_BUCKET_NAMES: Final = {
    Resolution.FIVE_MINUTES: "5 minutes ending",
    Resolution.HALF_HOUR: "Half-hour ending",
    Resolution.HOUR: "Hour ending",
}


def _stamps(grid: Grid) -> list[datetime]:
    return [stamp.item() for stamp in grid.stamps]


def step_name(stamp: datetime, resolution: Resolution) -> str:
    if resolution.is_subdaily:
        return f"{_BUCKET_NAMES[resolution]} {stamp:%a} {formats.stamp(stamp)}"
    return f"{stamp:%a} {formats.day(stamp)}" if resolution is Resolution.DAY else f"{stamp:%B %Y}"


def moments(grid: Grid) -> list[str]:
    """The parameter ``at`` of every row, '' for the mean."""
    form = "%Y-%m-%dT%H:%M" if grid.resolution.is_subdaily else "%Y-%m-%d"
    return ["", *(stamp.strftime(form) for stamp in _stamps(grid))]


def row_at(grid: Grid, at: str) -> int | None:
    """The row that ``at`` names; None where it lies outside the period."""
    if not at:
        return 0
    stamp = datetime.fromisoformat(at)
    if "T" not in at:  # a day by its name; its first interval ends five minutes after midnight
        stamp += timedelta(minutes=5)
    if grid.resolution.is_subdaily:
        place = int(np.searchsorted(grid.stamps, np.datetime64(stamp, "s")))
        inside = place < len(grid) and np.datetime64(stamp, "s") > grid.stamps[0] - _length(grid)
        return place + 1 if inside else None
    day = (stamp - timedelta(minutes=5)).replace(hour=0, minute=0)
    first = np.datetime64(day.replace(day=1) if grid.resolution is Resolution.MONTH else day, "s")
    found = np.flatnonzero(grid.stamps == first)
    return int(found[0]) + 1 if len(found) else None


def _length(grid: Grid) -> np.timedelta64:
    return np.timedelta64(grid.resolution.intervals * 300, "s")
