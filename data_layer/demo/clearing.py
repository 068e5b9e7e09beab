"""Clears the five regions against each other: offers, limits, prices, flows, dispatch.

The regions form a tree (Queensland - New South Wales - Victoria - South Australia, and Tasmania at
Victoria) once parallel interconnectors are taken together. On a tree the market clears exactly without
iteration: a leaf's net export at its neighbour's price is its offers less its demand, cut at the
limits; it joins the neighbour's offers; at the root one price balances everything; going back, a leaf
whose export was cut has a price of its own. Everything is vectorised over intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_layer.demo.fleet import CAP_LEVEL, LEVELS, Fleet
from data_layer.demo.noise import Floats

PARENT = {"QLD1": "NSW1", "NSW1": "VIC1", "SA1": "VIC1", "TAS1": "VIC1"}
"""Leaves before their parents: the order of clearing."""
ROOT = "VIC1"


@dataclass(frozen=True)
class Cleared:
    """Outcome per region (MW, $/MWh, arrays over intervals) and per unit (intervals x units)."""

    price: dict[str, Floats]
    export: dict[str, Floats]
    """Net export of each region to its parent."""
    dispatch: npt.NDArray[np.float64]


WITHHELD_OFFER = np.interp(LEVELS, [1_500.0, 4_000.0, 13_000.0, CAP_LEVEL], [0.0, 0.06, 0.15, 1.0])
"""Share offered at or below each of LEVELS of power that its owner has re-bid to the top."""


def _position(curve: Floats, wanted: Floats) -> Floats:
    """Fractional index into LEVELS where each row of ``curve`` (intervals x levels, rising) reaches
    ``wanted``; 0 where it starts above, the last index where it never gets there."""
    reached = curve >= wanted[:, None]
    upper = np.where(reached[:, -1], reached.argmax(axis=1), len(LEVELS) - 1)
    lower = np.maximum(upper - 1, 0)
    rows = np.arange(len(wanted))
    below, above = curve[rows, lower], curve[rows, upper]
    step = np.where(above > below, above - below, 1.0)
    return np.asarray(np.where(upper == 0, 0.0, lower + np.clip((wanted - below) / step, 0.0, 1.0)))


def _blend(position: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    lower = np.minimum(position.astype(np.intp), len(LEVELS) - 2)
    return lower, lower + 1, position - lower


def clear(
    fleet: Fleet,
    available: Floats,
    withheld: Floats,
    demand: dict[str, Floats],
    limits: dict[str, tuple[Floats, Floats]],
    levels: Floats,
) -> Cleared:
    """``available`` is intervals x units (MW), ``withheld`` the share of it that is re-bid to the top,
    ``demand`` MW net of what does not bid, ``limits`` region -> (least, most) export to its parent in
    MW, ``levels`` the prices LEVELS stands for."""
    ordinary = available * (1.0 - withheld)
    total = {r: ordinary[:, cols] @ fleet.offers[cols] for r, cols in fleet.columns.items()}
    squeezed = np.flatnonzero(withheld.any(axis=1))
    rebid = available[squeezed] * withheld[squeezed]
    for region, cols in fleet.columns.items():
        total[region][squeezed] += rebid[:, cols].sum(axis=1)[:, None] * WITHHELD_OFFER
    surplus: dict[str, Floats] = {}
    for region, parent in PARENT.items():
        least, most = limits[region]
        surplus[region] = total[region] - demand[region][:, None]
        total[parent] = total[parent] + np.clip(surplus[region], least[:, None], most[:, None])
    position = {ROOT: _position(total[ROOT], demand[ROOT])}
    export: dict[str, Floats] = {}
    rows = np.arange(len(available))
    for region in reversed(PARENT):
        least, most = limits[region]
        lower, upper, share = _blend(position[PARENT[region]])
        offered = surplus[region]
        export[region] = np.clip(offered[rows, lower], least, most) * (1 - share) + (
            np.clip(offered[rows, upper], least, most) * share
        )
        free = (export[region] > least + 0.01) & (export[region] < most - 0.01)
        alone = _position(total[region], demand[region] + export[region])
        position[region] = np.where(free, position[PARENT[region]], alone)
    dispatch = np.empty_like(available)
    price = {}
    for region, cols in fleet.columns.items():
        lower, upper, share = _blend(position[region])
        offers = fleet.offers[cols].T
        weights = share[:, None]
        dispatch[:, cols] = ordinary[:, cols] * (offers[lower] * (1 - weights) + offers[upper] * weights)
        top = (WITHHELD_OFFER[lower] * (1 - share) + WITHHELD_OFFER[upper] * share)[squeezed, None]
        dispatch[np.ix_(squeezed, cols)] += rebid[:, cols] * top
        price[region] = levels[lower] * (1 - share) + levels[upper] * share
    return Cleared(price, export, dispatch)
