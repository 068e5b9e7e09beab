"""Stateless noise: a value depends on the absolute interval and a stream's name alone.

Why not a random generator with a state: a month of the demonstration must look the same whether the
demonstration covers ten days or two years, and whichever month is built first.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]
"""Arrays of float64; numpy's type stubs lose track of that in arithmetic."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def _mixed(index: npt.ArrayLike, stream: str) -> npt.NDArray[np.uint64]:
    """splitmix64 of the index, keyed by the stream's name."""
    key = np.uint64(zlib.crc32(stream.encode()) * 0x1_0000_0001)
    with np.errstate(over="ignore"):
        x = (np.asarray(index).astype(np.int64).astype(np.uint64) + key) * _GOLDEN
        x ^= x >> np.uint64(30)
        x *= _MIX1
        x ^= x >> np.uint64(27)
        x *= _MIX2
        x ^= x >> np.uint64(31)
    return x


def uniform(index: npt.ArrayLike, stream: str) -> Floats:
    """Independent values in (0, 1), one per index."""
    mantissa: Any = _mixed(index, stream) >> np.uint64(11)
    return np.asarray((mantissa.astype(np.float64) + 0.5) / float(1 << 53))


def normal(index: npt.ArrayLike, stream: str) -> Floats:
    """Independent standard normal values, one per index (Box-Muller)."""
    radius = np.sqrt(-2.0 * np.log(uniform(index, stream)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(index, stream + "/angle")))


_SLOW, _EVERY = 3.0, 9
"""Noise this slow (hours) is worked out for every ninth interval only and drawn straight between."""


def smooth(hours: Floats, period_hours: float, stream: str) -> Floats:
    """Smooth noise of about unit variance over absolute ``hours`` (ascending, 5 minutes apart),
    correlated over ``period_hours``: normal values at whole multiples of the period, blended between."""
    if period_hours < _SLOW or len(hours) <= _EVERY:
        return _blended(hours, period_hours, stream)
    nodes = np.append(hours[::_EVERY], hours[-1] + 1e-6)
    return np.asarray(np.interp(hours, nodes, _blended(nodes, period_hours, stream)))


def _blended(hours: Floats, period_hours: float, stream: str) -> Floats:
    position = hours / period_hours
    knot = np.floor(position).astype(np.int64)
    first = int(knot.min())
    values = normal(np.arange(first, int(knot.max()) + 2), stream)
    share = position - knot
    share = share * share * (3.0 - 2.0 * share)
    before, after = values[knot - first], values[knot - first + 1]
    return np.asarray((before * (1.0 - share) + after * share) / np.sqrt((1.0 - share) ** 2 + share**2))
