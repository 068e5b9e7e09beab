"""Colours and plotly templates, light and dark both designed. Colour belongs to fuels, regions and signs.

Fuel colours follow Open Electricity, so that users feel at home; where one would vanish on a dark page
(coal, imports) the dark palette has its own. The same fuel has the same colour on every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from data_layer.market import Fuel

LIGHT: Final = "light"
DARK: Final = "dark"

FONT: Final = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", '
    '"Liberation Sans", Arial, sans-serif'
)

IMPORTS: Final = "Imports"
"""Name of the net import series wherever it stands among fuels."""


@dataclass(frozen=True)
class Palette:
    """What a figure needs of a theme; assets/theme.css carries the same greys for the page."""

    surface: str
    ink: str
    muted: str
    grid: str
    zero: str
    accent: str
    negative: str
    positive: str
    gap: str


PALETTES: Final = {
    LIGHT: Palette(
        surface="#ffffff",
        ink="#16181d",
        muted="#5c636e",
        grid="#eceef1",
        zero="#9aa1ac",
        accent="#0b62c4",
        negative="#b3261e",
        positive="#1b7a3d",
        gap="#eef0f3",
    ),
    DARK: Palette(
        surface="#191c21",
        ink="#eceef2",
        muted="#a2a9b4",
        grid="#2a2e35",
        zero="#6b7280",
        accent="#6cb0ff",
        negative="#ff8a80",
        positive="#6fd694",
        gap="#23272d",
    ),
}

_FUELS_LIGHT: Final = {
    Fuel.COAL: "#2b2b2e",
    Fuel.BIOMASS: "#1d7a7a",
    Fuel.CCGT: "#fdb462",
    Fuel.GAS_OTHER: "#f0932b",
    Fuel.OCGT: "#ffcd96",
    Fuel.DISTILLATE: "#e4572e",
    Fuel.WATER: "#5ea0c0",
    Fuel.BATTERY: "#3245c9",
    Fuel.WIND: "#2c7629",
    Fuel.SOLAR: "#fed500",
    Fuel.ROOFTOP: "#fff07a",
    Fuel.OTHER: "#8d949e",
    Fuel.UNMAPPED: "#c2408f",
}
_FUELS_DARK: Final = {
    **_FUELS_LIGHT,
    Fuel.COAL: "#737a85",
    Fuel.BIOMASS: "#2fa3a3",
    Fuel.BATTERY: "#6577f3",
    Fuel.WIND: "#4aa345",
    Fuel.OTHER: "#aab1bb",
    Fuel.UNMAPPED: "#e070b4",
}
_LOADS: Final = {
    LIGHT: {Fuel.BATTERY: "#577cff", Fuel.WATER: "#88afd0"},
    DARK: {Fuel.BATTERY: "#8ba3ff", Fuel.WATER: "#9cc0de"},
}
_IMPORTS: Final = {LIGHT: "#521986", DARK: "#9d63d9"}
_EXPORTS: Final = {LIGHT: "#927bad", DARK: "#b9a2d4"}

_REGIONS: Final = {
    LIGHT: {"NSW1": "#2f7fd1", "QLD1": "#a3224e", "SA1": "#d97706", "TAS1": "#1f8a5f", "VIC1": "#5f4bb6"},
    DARK: {"NSW1": "#6cb0ff", "QLD1": "#f0719b", "SA1": "#f7a93b", "TAS1": "#4fc795", "VIC1": "#a898f5"},
}


def palette(theme: str) -> Palette:
    return PALETTES[theme]


def fuel_colour(fuel: str, theme: str) -> str:
    """Colour of a fuel's generation, or of net imports."""
    if fuel == IMPORTS:
        return _IMPORTS[theme]
    return (_FUELS_DARK if theme == DARK else _FUELS_LIGHT)[Fuel(fuel)]


def load_colour(fuel: str, theme: str) -> str:
    """Colour of a fuel's load (charging, pumping), or of net exports."""
    if fuel == IMPORTS:
        return _EXPORTS[theme]
    return _LOADS[theme].get(Fuel(fuel)) or fuel_colour(fuel, theme)


def region_colour(region: str, theme: str) -> str:
    return _REGIONS[theme][region]


_CHOSEN: Final = {
    LIGHT: ("#0b62c4", "#c2410c", "#00785a", "#8e3a84", "#a16a00", "#3d4450"),
    DARK: ("#6cb0ff", "#ff9466", "#3fcaa0", "#e08fd4", "#e8c15a", "#c3c9d4"),
}


def chosen_colour(place: int, theme: str) -> str:
    """Colour of the first, second ... sixth of several things chosen to stand side by side; told apart by
    lightness too, so that the colour-blind can."""
    colours = _CHOSEN[theme]
    return colours[place % len(colours)]


def faded(colour: str, opacity: float = 0.18) -> str:
    """A colour seen through, for bands and for the other period of a comparison."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


_SEQUENTIAL: Final = {
    LIGHT: ("#f2f5f9", "#c6d9ee", "#8fb8e0", "#4f8fca", "#1f62a6", "#0d3768"),
    DARK: ("#1d222a", "#1f3a57", "#27588a", "#3b82c4", "#79b4ee", "#d3e8ff"),
}
_DIVERGING: Final = {
    LIGHT: ("#8a1c14", "#d9705f", "#f3c9bf", "#f4f5f7", "#bcd5ee", "#4f8fca", "#123f78"),
    DARK: ("#ff9d90", "#c2493b", "#5c2620", "#23272d", "#21415f", "#3b82c4", "#a9d1fb"),
}


def sequential(theme: str) -> list[list[Any]]:
    """A colour scale from nothing to much, ordered by lightness so that it reads without colour."""
    return _scale(_SEQUENTIAL[theme])


def diverging(theme: str) -> list[list[Any]]:
    """A colour scale around zero: red below, blue above."""
    return _scale(_DIVERGING[theme])


def _scale(colours: tuple[str, ...]) -> list[list[Any]]:
    return [[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)]


def axis(theme: str) -> dict[str, Any]:
    """What every axis shares: faint grid, no frame, small grey text."""
    colours = palette(theme)
    return {
        "gridcolor": colours.grid,
        "zerolinecolor": colours.zero,
        "linecolor": colours.zero,
        "tickcolor": colours.zero,
        "tickfont": {"size": 11, "color": colours.muted},
        "title": {"font": {"size": 11, "color": colours.muted}},
        "showline": False,
        "zeroline": False,
        "automargin": True,
    }


def base_layout(theme: str) -> dict[str, Any]:
    """Layout that every figure starts from (the "template", written out: cheaper than a template
    object, which plotly.js merges again on every redraw)."""
    colours = palette(theme)
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": colours.ink},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 0},
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": colours.surface,
            "bordercolor": colours.grid,
            "font": {"family": FONT, "size": 12, "color": colours.ink},
            "namelength": -1,
        },
        "showlegend": False,
        "separators": ".,",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": colours.muted, "activecolor": colours.ink},
    }
