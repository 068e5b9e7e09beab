"""Electricity use and rooftop PV of the demonstration, per region."""

from __future__ import annotations

import numpy as np

from data_layer.demo.noise import Floats, smooth
from data_layer.demo.weather import Clock, rooftop_output, temperature

# Underlying use (grid and rooftop together): mean MW, MW per degree of cooling and of heating.
USE = {
    "NSW1": (8_650.0, 152.0, 105.0),
    "QLD1": (7_150.0, 108.0, 25.0),
    "SA1": (1_440.0, 52.0, 24.0),
    "TAS1": (1_090.0, 0.0, 22.0),
    "VIC1": (5_330.0, 118.0, 82.0),
}
ROOFTOP_CAPACITY_MW = {"NSW1": 7_900.0, "QLD1": 7_200.0, "SA1": 2_550.0, "TAS1": 380.0, "VIC1": 5_600.0}
ROOFTOP_GROWTH_PER_YEAR = 0.09
_ROOFTOP_BASE_YEAR = 2026.0

# Use by hour of the local clock, relative to the mean; Tasmania is mostly industry and flatter.
_WORKDAY = (
    0.84, 0.80, 0.78, 0.77, 0.79, 0.86, 0.96, 1.04, 1.06, 1.05, 1.04, 1.03,
    1.03, 1.02, 1.03, 1.06, 1.12, 1.19, 1.20, 1.15, 1.08, 1.02, 0.95, 0.89,
)  # fmt: skip
_WEEKEND = (
    0.84, 0.79, 0.77, 0.76, 0.76, 0.79, 0.84, 0.91, 0.96, 0.98, 0.98, 0.97,
    0.96, 0.95, 0.95, 0.98, 1.05, 1.12, 1.13, 1.08, 1.02, 0.97, 0.91, 0.86,
)  # fmt: skip
_FLATNESS = {"NSW1": 1.0, "QLD1": 0.92, "SA1": 1.15, "TAS1": 0.5, "VIC1": 1.0}


def _local_hour(clock: Clock, region: str) -> Floats:
    """Hour on the clocks people live by: daylight saving from October to March, not in Queensland."""
    saving = 0.0 if region == "QLD1" else np.where(clock.season > 0.05, 1.0, 0.0)
    return np.asarray((clock.hour + saving - (0.5 if region == "SA1" else 0.0)) % 24.0)


def _shape(clock: Clock, region: str) -> Floats:
    hour = _local_hour(clock, region)
    hours = np.arange(-1, 25) + 0.5
    workday = np.interp(hour, hours, [_WORKDAY[-1], *_WORKDAY, _WORKDAY[0]])
    weekend = np.interp(hour, hours, [_WEEKEND[-1], *_WEEKEND, _WEEKEND[0]])
    day_of_week = (clock.day + 5) % 7  # EPOCH was a Saturday
    day_of_year = (clock.day % 1461) % 365.25
    holiday = (day_of_year < 1.5) | (np.abs(day_of_year - 358.5) <= 1.6)
    shape = np.where((day_of_week >= 5) | holiday, weekend, workday)
    return np.asarray(1.0 + (shape - 1.0) * _FLATNESS[region])


def underlying_demand(clock: Clock, region: str) -> Floats:
    """Use of electricity in MW, before rooftop PV is taken off."""
    base, cooling, heating = USE[region]
    degrees = temperature(clock, region)
    # Buildings follow the air with a delay: use answers to a smoothed temperature.
    felt = 0.5 * (degrees + temperature(Clock(clock.first - 18, clock.count), region))
    weather = cooling * np.maximum(felt - 22.0, 0.0) ** 1.12 + heating * np.maximum(17.0 - felt, 0.0)
    wander = 1.0 + 0.018 * smooth(clock.hours, 6.0, f"use/{region}")
    wander = wander + 0.004 * smooth(clock.hours, 0.5, f"use5/{region}")
    awake = 0.55 + 0.45 * np.clip(_shape(clock, region), 0.0, 1.2)
    return np.asarray((base * _shape(clock, region) + weather * awake) * wander)


def rooftop_generation(clock: Clock, region: str) -> Floats:
    """Rooftop PV in MW; capacity grows through the years."""
    years = 2000.0 + clock.hours / 8766.0 - _ROOFTOP_BASE_YEAR
    capacity = ROOFTOP_CAPACITY_MW[region] * (1.0 + ROOFTOP_GROWTH_PER_YEAR) ** years
    return np.asarray(capacity * rooftop_output(clock, region))
