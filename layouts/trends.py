"""The Trends tab: its empty panels, what its choices are called, and which fuels make a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dash import html

from data_layer.market import (
    FUELS,
    RENEWABLE_FUELS,
    THERMAL_FUELS,
    VARIABLE_FUELS,
    Fuel,
)
from layouts import theme
from layouts.panel import panel

VIEW_LABELS: Final = {
    "mix": "Mix",
    "overlay": "Years overlaid",
    "demand": "Demand",
    "ramp": "Evening ramp",
}
BUCKET_LABELS: Final = {
    "month": "Month",
    "quarter": "Quarter",
    "season": "Season",
    "year": "Year",
    "fy": "Financial year",
}
MEASURE_LABELS: Final = {"energy": "Energy", "share": "Share"}
GROUP_LABELS: Final = {
    "fuel": "By fuel",
    "vre": "Variable renewables",
    "thermal-renewable": "Thermal and renewable",
}
LOAD_LABELS: Final = {"residual": "Residual demand", "demand": "Operational demand"}


@dataclass(frozen=True)
class ShareDefinition:
    """One way to count a renewable share: its short name, what it is in words, the key of its text."""

    label: str
    words: str
    key: str


SHARES: Final = {
    "demand": ShareDefinition(
        "Of demand",
        "renewables with rooftop ÷ (operational demand + rooftop)",
        "share_of_demand",
    ),
    "generation": ShareDefinition(
        "Of generation",
        "renewables with rooftop ÷ all generation without storage",
        "share_of_generation",
    ),
    "gross": ShareDefinition(
        "Of gross demand",
        "renewables with rooftop ÷ (demand with non-scheduled generation + rooftop)",
        "share_of_gross_demand",
    ),
    "utility": ShareDefinition(
        "Utility-scale",
        "renewables without rooftop ÷ operational demand",
        "share_utility",
    ),
}

SERIES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "renewables": ("Renewables", RENEWABLE_FUELS),
    "vre": ("Variable renewables", VARIABLE_FUELS),
    "thermal": ("Thermal", THERMAL_FUELS),
    "coal": ("Coal", (Fuel.COAL.value,)),
    "gas": ("Gas", (Fuel.CCGT.value, Fuel.GAS_OTHER.value, Fuel.OCGT.value)),
    "water": ("Water", (Fuel.WATER.value,)),
    "wind": ("Wind", (Fuel.WIND.value,)),
    "solar": ("Solar", (Fuel.SOLAR.value,)),
    "rooftop": ("Rooftop Solar", (Fuel.ROOFTOP.value,)),
    "battery": ("Battery discharging", (Fuel.BATTERY.value,)),
}
"""What can be laid over the years: its name and fuels."""


@dataclass(frozen=True)
class Band:
    """One band of the mix: its name, the fuels it adds up, its colour."""

    name: str
    fuels: tuple[str, ...]
    colour: str


_REST: Final = (Fuel.OTHER.value, Fuel.UNMAPPED.value)


def bands(group: str, look: str) -> list[Band]:
    """The bands of a grouping from the bottom of the stack; every fuel is in one."""
    if group == "fuel":
        return [Band(fuel, (fuel,), theme.fuel_colour(fuel, look)) for fuel in FUELS]
    steady = tuple(fuel for fuel in RENEWABLE_FUELS if fuel not in VARIABLE_FUELS)
    thermal = Band("Thermal", THERMAL_FUELS, theme.fuel_colour(Fuel.COAL, look))
    storage = Band("Battery Storage", (Fuel.BATTERY.value,), theme.fuel_colour(Fuel.BATTERY, look))
    rest = Band("Other", _REST, theme.fuel_colour(Fuel.OTHER, look))
    if group == "vre":
        return [
            thermal,
            rest,
            storage,
            Band("Other renewables", steady, theme.fuel_colour(Fuel.WATER, look)),
            Band("Variable renewables", VARIABLE_FUELS, theme.fuel_colour(Fuel.WIND, look)),
        ]
    return [thermal, rest, storage, Band("Renewables", RENEWABLE_FUELS, theme.fuel_colour(Fuel.WIND, look))]


def layout() -> html.Div:
    """The tab's panels, empty."""
    return html.Div(
        className="tab trends",
        children=[
            html.H1("Trends", className="visually-hidden"),
            html.Div(
                className="columns columns-chart-table",
                children=[
                    panel("trends-main", chart="trends"),
                    panel("trends-table", kind="table-panel"),
                ],
            ),
            html.Div(
                className="columns columns-chart-table",
                children=[
                    panel("trends-share", chart="renewable share"),
                    panel("trends-records", kind="table-panel"),
                ],
            ),
        ],
    )
