"""The power stations of the demonstration and what they bid.

units.csv holds facts of real units (DUID, station, region, fuel, registered capacity); positions come
from the built-in table of station positions. Bids are invented: plausible short-run costs per fuel.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from data_layer.demo.noise import Floats, uniform
from data_layer.market import Fuel
from data_layer.positions import positions

CAP_LEVEL: Final = 1e9
"""Stands for the market price cap, which changes from year to year."""

LEVELS: Final = np.array(
    [-1000, -300, -100, -75, -60, -52, -46, -41, -36, -32, -28, -24, -20, -16, -12, -9, -6, -3, 0, 3, 6, 9,
     12, 16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 86, 92, 98, 105, 112, 120, 130, 140, 152,
     165, 180, 200, 225, 255, 290, 340, 420, 560, 800, 1500, 4000, 9000, 13000, CAP_LEVEL],
    dtype=np.float64,
)  # fmt: skip
"""Prices ($/MWh) at which offers are summed; between two of them an offer grows linearly."""

UNMAPPED_DUID: Final = "LANCSF1"
"""Reports readings but is left out of the registry, as a newly connected unit would be."""

# The battery that changes its DUIDs: a generator and a load before, one bidirectional unit after.
OLD_GENERATOR, OLD_LOAD, NEW_UNIT = "HPRG1", "HPRL1", "HPR1"


@dataclass(frozen=True)
class Unit:
    """One row of units.csv with its position. Capacities in MW, storage in MWh."""

    duid: str
    station_name: str
    owner: str
    regionid: str
    fuel: str
    fuel_detail: str
    technology: str
    capacity_mw: float
    max_capacity_mw: float
    load_capacity_mw: float | None
    storage_mwh: float | None
    dispatch_type: str
    schedule_type: str
    latitude: float
    longitude: float

    @property
    def tracking(self) -> bool:
        return "tracking" in self.technology

    @property
    def pump(self) -> bool:
        return self.dispatch_type == "LOAD" and self.fuel == Fuel.WATER

    @property
    def battery(self) -> bool:
        return self.fuel == Fuel.BATTERY


def _number(text: str) -> float | None:
    return float(text) if text else None


def read_units() -> list[Unit]:
    """All units of units.csv, sorted by DUID."""
    places = positions()
    units = []
    with open(Path(__file__).with_name("units.csv"), newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            latitude, longitude = places[row["duid"]]
            units.append(
                Unit(
                    duid=row["duid"],
                    station_name=row["station_name"],
                    owner=row["owner"],
                    regionid=row["regionid"],
                    fuel=row["fuel"],
                    fuel_detail=row["fuel_detail"],
                    technology=row["technology"],
                    capacity_mw=float(row["capacity_mw"]),
                    max_capacity_mw=float(row["max_capacity_mw"]),
                    load_capacity_mw=_number(row["load_capacity_mw"]),
                    storage_mwh=_number(row["storage_mwh"]),
                    dispatch_type=row["dispatch_type"],
                    schedule_type=row["schedule_type"],
                    latitude=latitude,
                    longitude=longitude,
                )
            )
    return sorted(units, key=lambda unit: unit.duid)


def unmapped_unit() -> Unit:
    """The solar farm that the demonstration's registry does not know."""
    return Unit(
        UNMAPPED_DUID, "", "", "VIC1", Fuel.SOLAR, "Solar", "Photovoltaic, tracking", 94.0, 80.0, None, None,
        "GENERATOR", "SEMI-SCHEDULED", -36.33, 146.27,
    )  # fmt: skip


# (price, share of what is available that is offered at or below it). Shares between are linear.
_Curve = tuple[tuple[float, float], ...]
_WIND: _Curve = ((-1000, 0.02), (-75, 0.12), (-46, 0.3), (-28, 0.62), (-9, 0.9), (3, 1.0))
_SOLAR: _Curve = ((-1000, 0.01), (-60, 0.08), (-41, 0.25), (-20, 0.6), (-6, 0.9), (6, 1.0))
_HYDRO: _Curve = ((-1000, 0.01), (30, 0.03), (65, 0.1), (105, 0.34), (152, 0.6), (255, 0.88), (1500, 0.97))
_HYDRO_TASMANIA: _Curve = (
    (-1000, 0.13),
    (12, 0.2),
    (45, 0.36),
    (80, 0.58),
    (112, 0.8),
    (225, 0.94),
    (1500, 0.98),
)
_OCGT: _Curve = ((120, 0.0), (165, 0.3), (225, 0.7), (340, 0.92), (9000, 0.97))
_CCGT: _Curve = ((70, 0.0), (86, 0.25), (105, 0.7), (140, 0.96), (1500, 0.99))
_STEAM_GAS: _Curve = ((92, 0.0), (112, 0.2), (152, 0.7), (225, 0.95), (4000, 0.98))
_DISTILLATE: _Curve = ((255, 0.0), (420, 0.6), (800, 0.9), (9000, 0.97))
_PUMP: _Curve = ((-1000, -1.0), (-12, -1.0), (20, 0.0))
_MUST_RUN: _Curve = ((-1000, 1.0),)

# Gas that runs for steam, system strength or contract whatever the price: share of capacity.
_ALWAYS_ON = {"PPCCGT": 0.26, "YARWUN_1": 0.72, "OSB-AG": 0.42, "TORRB2": 0.16, "TORRB3": 0.16, "DDPS1": 0.1}

# Coal: station prefix -> (minimum stable share, $/MWh of the bulk of its energy).
_COAL = {
    "ER": (0.30, 60.0), "MP": (0.30, 55.0), "BW": (0.34, 50.0), "VP": (0.30, 58.0),
    "KPP": (0.44, 36.0), "CPP": (0.42, 44.0), "TNPS": (0.38, 42.0), "MPP": (0.40, 34.0),
    "STAN": (0.30, 55.0), "CALL_B": (0.36, 52.0), "TARONG": (0.30, 48.0), "GSTONE": (0.22, 70.0),
    "LYA": (0.48, 10.0), "LOYYB": (0.46, 9.0), "YWPS": (0.46, 16.0),
}  # fmt: skip


def _coal(duid: str) -> _Curve:
    prefix = max((p for p in _COAL if duid.startswith(p)), key=len)
    least, cost = _COAL[prefix]
    shares = ((-1000.0, least), (0.3 * cost, least + 0.02), (cost, least + 0.5 * (1 - least)))
    return (*shares, (1.45 * cost + 8, 0.93), (2.2 * cost + 40, 0.965), (1500, 0.985))


def _curve(unit: Unit) -> _Curve:
    if unit.pump:
        return _PUMP
    if unit.schedule_type == "NON-SCHEDULED":
        return _MUST_RUN
    match unit.fuel:
        case Fuel.COAL:
            return _coal(unit.duid)
        case Fuel.WIND:
            return _WIND
        case Fuel.SOLAR:
            return _SOLAR
        case Fuel.WATER:
            return _HYDRO_TASMANIA if unit.regionid == "TAS1" else _HYDRO
        case Fuel.OCGT:
            return _OCGT
        case Fuel.CCGT:
            return _CCGT
        case Fuel.GAS_OTHER:
            return _STEAM_GAS
        case Fuel.DISTILLATE:
            return _DISTILLATE
    return _MUST_RUN


def offers(unit: Unit) -> Floats:
    """Share of its available power a unit offers at or below each of LEVELS; pumps -1 (pumping) to 0."""
    points = _curve(unit)
    own = float(uniform(0, f"bid/{unit.duid}"))
    moved = [
        (
            price * (0.9 + 0.2 * own) if price > 0 else price * (0.8 + 0.4 * own) if price > -900 else price,
            share,
        )
        for price, share in points
    ]
    base = np.interp(LEVELS, [p for p, _ in moved], [s for _, s in moved])
    if points[0][0] > LEVELS[0]:
        base = np.where(moved[0][0] > LEVELS, 0.0, base)
    always = _ALWAYS_ON.get(unit.duid, 0.0)
    base = always + (1.0 - always) * base
    if not unit.pump:
        base[-1] = 1.0
    return np.asarray(base)


@dataclass(frozen=True)
class Fleet:
    """Units that the market dispatches (batteries follow their daily plan instead), by column."""

    units: list[Unit]
    offers: npt.NDArray[np.float64]
    """units x LEVELS."""
    columns: dict[str, npt.NDArray[np.intp]]
    """regionid -> columns of its units."""

    @classmethod
    def of(cls, units: list[Unit]) -> Fleet:
        regions = sorted({unit.regionid for unit in units})
        columns = {r: np.array([i for i, u in enumerate(units) if u.regionid == r]) for r in regions}
        return cls(units, np.array([offers(unit) for unit in units]), columns)
