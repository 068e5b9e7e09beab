"""What a row of the registration list means: fuel class, tidy names, one set of facts per DUID.

The list is kept by hand: one DUID may stand on several rows, rows repeat, words are misspelt, batteries
are filed under the wind farm beside them, and Basslink is registered like a power station.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final

import pyarrow as pa

from data_layer.market import Fuel

Facts = dict[str, Any]
"""Column of tables.UNITS -> value; a missing column is unknown."""

_MISSPELT: Final = {
    "natrual": "Natural",
    "photovoltalic": "Photovoltaic",
}
_TECHNOLOGY: Final = (
    ("combined cycle", "CCGT"),
    ("ccgt", "CCGT"),
    ("open cycle", "OCGT"),
    ("ocgt", "OCGT"),
    ("photovoltaic tracking", "Photovoltaic, tracking"),
    ("photovoltaic", "Photovoltaic, fixed"),
    ("wind", "Wind, onshore"),
    ("battery", "Battery and inverter"),
)
_DISPATCH: Final = {
    "generator": "GENERATOR",
    "generating unit": "GENERATOR",
    "load": "LOAD",
    "bidirectional unit": "BIDIRECTIONAL",
}
_INTERCONNECTORS: Final = ("BLNKTAS", "BLNKVIC")
"""Ends of Basslink, listed as generating units; flows are in the interconnector tables."""


def tidy(text: str | None) -> str | None:
    """Single blanks, known misspellings mended, '-' and blanks None, first letter large."""
    words = [_MISSPELT.get(word.lower(), word) for word in (text or "").replace("/", " / ").split()]
    joined = " ".join(words)
    if joined in ("", "-"):
        return None
    return joined[0].upper() + joined[1:]


def fuel_class(
    primary: str | None, descriptor: str | None = None, technology: str | None = None
) -> Fuel | None:
    """Fuel class from the list's three columns (docs/definitions/core.md); None where they say nothing.

    ``technology`` is the technology type's descriptor. Liquid fuel alone is Distillate whatever burns
    it; a unit that can also burn gas is classed as gas.
    """
    first, detail, how = ((tidy(text) or "").lower() for text in (primary, descriptor, technology))
    if not (first or detail or how):
        return None
    if first.startswith("battery") or how.startswith("battery"):
        return Fuel.BATTERY
    for word, fuel in (("hydro", Fuel.WATER), ("wind", Fuel.WIND), ("solar", Fuel.SOLAR)):
        if first.startswith(word):
            return fuel
    if "biomass" in first or first.startswith("renewable"):
        return Fuel.BIOMASS
    if first.startswith("fossil"):
        return _fossil(detail, how)
    if not first and how.startswith(("pump storage", "hydro", "run of river")):
        return Fuel.WATER
    return Fuel.OTHER if first or detail else None


def _fossil(detail: str, how: str) -> Fuel:
    if "black coal" in detail or "brown coal" in detail:
        return Fuel.COAL
    gas = any(word in detail for word in ("gas", "methane", "ethane"))
    if not gas and any(word in detail for word in ("diesel", "kerosene", "fuel oil")):
        return Fuel.DISTILLATE
    if "combined cycle" in how or "ccgt" in how:
        return Fuel.CCGT
    if "open cycle" in how or "ocgt" in how:
        return Fuel.OCGT
    return Fuel.GAS_OTHER if gas else Fuel.OTHER


_ENERGY_SOURCES: Final = (
    ("coal seam", Fuel.GAS_OTHER),
    ("coal mine", Fuel.GAS_OTHER),
    ("coal", Fuel.COAL),
    ("landfill", Fuel.BIOMASS),
    ("biogas", Fuel.BIOMASS),
    ("biomass", Fuel.BIOMASS),
    ("bagasse", Fuel.BIOMASS),
    ("primary solid", Fuel.BIOMASS),
    ("diesel", Fuel.DISTILLATE),
    ("kerosene", Fuel.DISTILLATE),
    ("fuel oil", Fuel.DISTILLATE),
    ("hydro", Fuel.WATER),
    ("wind", Fuel.WIND),
    ("solar", Fuel.SOLAR),
    ("battery", Fuel.BATTERY),
    ("gas", Fuel.GAS_OTHER),
    ("ethane", Fuel.GAS_OTHER),
    ("methane", Fuel.GAS_OTHER),
)


def energy_source_fuel(source: str | None) -> Fuel | None:
    """Fuel class from GENUNITS' CO2E_ENERGY_SOURCE; it does not say how gas is burnt."""
    words = (source or "").lower()
    return next((fuel for word, fuel in _ENERGY_SOURCES if word in words), None)


def _technology(text: str | None) -> str | None:
    tidied = tidy(text)
    if tidied is None:
        return None
    return next((short for word, short in _TECHNOLOGY if word in tidied.lower()), tidied)


def number(text: str | None) -> float | None:
    """A capacity as a number; None for text that is none ('-', '0,6175')."""
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < 1e5 else None


def list_facts(rows: pa.Table) -> dict[str, Facts]:
    """duid -> facts from a registration list's rows (ingest.registration.COLUMNS)."""
    by_duid: dict[str, list[dict[str, str | None]]] = defaultdict(list)
    for row in rows.to_pylist():
        duid = (row["duid"] or "").strip()
        if duid and duid != "-" and duid not in _INTERCONNECTORS:
            by_duid[duid].append(row)
    return {duid: _facts(_without_repeats(found)) for duid, found in by_duid.items()}


def _facts(rows: list[dict[str, str | None]]) -> Facts:
    def first(column: str) -> str | None:
        return next((row[column] for row in rows if tidy(row[column])), None)

    technology = first("technology_descriptor")
    registered = _total([number(row["reg_cap_mw"]) for row in rows])
    kind = _DISPATCH.get((first("dispatch_type") or "").lower())
    load = _total([number(row["reg_cap_load_mw"]) for row in rows])
    facts: Facts = {
        "station_name": tidy(first("station_name")),
        "owner": tidy(first("participant")),
        "regionid": (first("region") or "").upper() or None,
        "fuel": fuel_class(first("fuel_primary"), first("fuel_descriptor"), technology),
        "fuel_detail": tidy(first("fuel_descriptor")),
        "technology": _technology(technology),
        "capacity_mw": registered,
        "max_capacity_mw": _largest_total([number(row["max_cap_mw"]) for row in rows], registered),
        "load_capacity_mw": registered if kind == "LOAD" and load is None else load,
        "storage_mwh": _total([number(row["storage_mwh"]) for row in rows]),
        "dispatch_type": kind,
        "schedule_type": (first("classification") or "").replace("*", "").strip().upper() or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _total(numbers: list[float | None]) -> float | None:
    known = [value for value in numbers if value is not None]
    return round(sum(known), 3) if known else None


def _largest_total(numbers: list[float | None], registered: float | None) -> float | None:
    """The sum, unless every row repeats the unit's total: then it would be far above the nameplate."""
    total = _total(numbers)
    if total is None or registered is None or len(numbers) < 2 or total <= 1.25 * registered:
        return total
    return max(value for value in numbers if value is not None)


def _without_repeats(rows: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    """Rows of the same physical units and the same capacity are one row twice; the fuller one stays."""
    kept: dict[tuple[Any, ...], dict[str, str | None]] = {}
    for row in rows:
        key = (_physical_units(row["units"]), number(row["reg_cap_mw"]))
        other = kept.get(key)
        if other is None or _filled(row) > _filled(other):
            kept[key] = row
    return list(kept.values())


def _filled(row: dict[str, str | None]) -> int:
    return sum(value is not None for value in row.values())


def _physical_units(text: str | None) -> frozenset[int] | str:
    """'1,2-3' and '1-3' are the same three units; anything else than numbers and ranges is itself."""
    compact = re.sub(r"\s+", "", text or "")
    if not re.fullmatch(r"\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*", compact):
        return compact
    found: set[int] = set()
    for part in compact.split(","):
        low, _, high = part.partition("-")
        found.update(range(int(low), int(high or low) + 1))
    return frozenset(found)
