"""Smoothing of a series for the eye. It never touches a statistic: those come from the 5-minute prices."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from skmisc.loess import loess  # type: ignore[import-untyped]

from data_layer.market import Resolution
from layouts.series import Floats

NONE: Final = "none"
KINDS: Final = {"ma": "moving average", "loess": "LOESS", "ewm": "exponential average"}
HOURS: Final = {"3h": 3, "1d": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24}
WINDOW_NAMES: Final = {"3h": "3-hour", "1d": "1-day", "7d": "7-day", "30d": "30-day", "90d": "90-day"}

FEWEST: Final = 6
"""Values that a local line needs around it; fewer are drawn as they are."""

DIRECT: Final = 1_500
"""Values up to which LOESS fits every one; of more it fits some and blends between them (10 times faster)."""


def buckets(window: str, resolution: Resolution) -> int:
    """Length of a window in buckets of a resolution."""
    return round(HOURS[window] * 12 / resolution.intervals)


def smooth(values: Floats, kind: str, window: int) -> Floats:
    """``values`` smoothed over ``window`` buckets; where nothing was found nothing is drawn."""
    found = np.isfinite(values)
    if kind == NONE or window < 2 or found.sum() < FEWEST:
        return values
    if kind == "loess":
        smoothed = _loess(values, found, window)
    elif kind == "ma":
        smoothed = pd.Series(values).rolling(window, min_periods=1, center=True).mean().to_numpy()
    else:
        smoothed = pd.Series(values).ewm(span=window).mean().to_numpy()
    return np.where(found, smoothed, np.nan)


def _loess(values: Floats, found: npt.NDArray[np.bool_], window: int) -> Floats:
    """Local lines through the window's nearest values."""
    x = np.flatnonzero(found).astype(np.float64)
    window = max(window, FEWEST)
    # Cells of fewer than four or so values make the library run out of its own table.
    far: dict[str, Any] = {"surface": "interpolate", "cell": max(0.2, 5 / window)}
    how = far if len(x) > DIRECT else {"surface": "direct"}
    fitted = loess(x, values[found], span=min(1.0, window / len(x)), degree=1, **how)
    fitted.fit()
    smoothed = np.full(len(values), np.nan)
    smoothed[found] = fitted.outputs.fitted_values
    return smoothed


def said(kind: str, window: str) -> str:
    """What a subtitle says of it."""
    return "" if kind == NONE else f"{WINDOW_NAMES[window]} {KINDS[kind]} (the line only)"


def remark(kind: str, window: str, resolution: Resolution, length: int) -> str:
    """Why a smoothing does nothing, or less than its name says; '' where it does what it says."""
    if kind == NONE:
        return ""
    wide = buckets(window, resolution)
    if wide < 2:
        return (
            f"A {WINDOW_NAMES[window]} window holds fewer than two {resolution.label} values, so nothing is "
            "smoothed: choose a longer window or a finer resolution."
        )
    if wide > length:
        return f"The {WINDOW_NAMES[window]} window is longer than the period: choose a shorter window."
    return ""
