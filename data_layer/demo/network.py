"""Interconnector limits, the split of a corridor's flow, and losses of the demonstration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_layer.demo.noise import Floats, smooth, uniform
from data_layer.demo.weather import Clock


@dataclass(frozen=True)
class Line:
    """Limits in MW of the flow in the interconnector's positive direction, and its loss factor."""

    interconnectorid: str
    child: str
    """The region whose net export this is a part of (clearing.PARENT)."""
    sign: int
    """+1 where positive flow leaves the child."""
    forward: float
    backward: float
    loss_per_mw2: float


LINES = (
    Line("NSW1-QLD1", "QLD1", -1, 700.0, 1_250.0, 5.2e-5),
    Line("N-Q-MNSP1", "QLD1", -1, 95.0, 175.0, 3.0e-4),
    Line("VIC1-NSW1", "NSW1", -1, 1_050.0, 680.0, 6.0e-5),
    Line("V-SA", "SA1", -1, 600.0, 550.0, 8.0e-5),
    Line("V-S-MNSP1", "SA1", -1, 205.0, 165.0, 2.6e-4),
    Line("T-V-MNSP1", "TAS1", 1, 594.0, 470.0, 6.5e-5),
)


def line_limits(line: Line, clock: Clock) -> tuple[Floats, Floats]:
    """(import limit, export limit): the lower and the upper bound of the flow, MW.

    They breathe with the network's state; now and then an outage cuts them, and Terranora is at
    times forced to flow south, so that both bounds have one sign.
    """
    name = line.interconnectorid
    state = 0.95 - 0.08 * np.abs(smooth(clock.hours, 7.0, f"limit/{name}"))
    state = state - 0.02 * smooth(clock.hours, 0.6, f"l5/{name}")
    week = clock.day // 7
    cut = np.where(uniform(week, f"line outage/{name}") < 0.07, 0.55, 1.0)
    working_hours = (clock.hour > 7.0) & (clock.hour < 17.0)
    state = state * np.where(working_hours, cut, 1.0)
    upper = line.forward * state
    lower = -line.backward * (state + 0.03 * smooth(clock.hours, 4.0, f"back/{name}"))
    if name == "N-Q-MNSP1":
        forced = smooth(clock.hours, 5.0, "terranora") > 1.5
        upper = np.where(forced, -18.0, upper)
    return np.round(lower, 2), np.round(np.maximum(upper, lower + 10.0), 2)


def export_limits(child: str, bands: dict[str, tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """(least, most) net export of a region over its lines together, MW."""
    least: Floats | float = 0.0
    most: Floats | float = 0.0
    for line in LINES:
        if line.child != child:
            continue
        lower, upper = bands[line.interconnectorid]
        least = least + (lower if line.sign > 0 else -upper)
        most = most + (upper if line.sign > 0 else -lower)
    return np.asarray(least), np.asarray(most)


def split_export(child: str, export: Floats, bands: dict[str, tuple[Floats, Floats]]) -> dict[str, Floats]:
    """Flow of each line (its own positive direction) whose sum is the region's net export."""
    least, most = export_limits(child, bands)
    share = (export - least) / np.maximum(most - least, 1e-6)
    flows = {}
    for line in LINES:
        if line.child == child:
            lower, upper = bands[line.interconnectorid]
            part = share if line.sign > 0 else 1.0 - share
            flows[line.interconnectorid] = lower + part * (upper - lower)
    return flows
