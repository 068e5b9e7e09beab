"""480 invented units in the proportions of the NEM's regions and fuels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa

from data_layer.market import REGIONS, Fuel
from data_layer.tables import UNITS

SEMI_SCHEDULED: Final = (Fuel.SOLAR, Fuel.WIND)
ALWAYS: Final = (datetime(1998, 1, 1), datetime(2200, 1, 1))

# fuel: (units, smallest MW, largest MW, weight of each region in the order of REGIONS)
_MIX: Final = {
    Fuel.COAL: (44, 280.0, 740.0, (16, 20, 0, 0, 8)),
    Fuel.CCGT: (14, 120.0, 400.0, (3, 5, 5, 1, 0)),
    Fuel.OCGT: (54, 30.0, 280.0, (12, 12, 16, 4, 10)),
    Fuel.GAS_OTHER: (16, 5.0, 200.0, (4, 4, 4, 0, 4)),
    Fuel.DISTILLATE: (10, 20.0, 60.0, (2, 2, 6, 0, 0)),
    Fuel.BIOMASS: (12, 5.0, 60.0, (4, 8, 0, 0, 0)),
    Fuel.WATER: (76, 10.0, 600.0, (20, 10, 0, 32, 14)),
    Fuel.WIND: (98, 50.0, 530.0, (22, 8, 26, 6, 36)),
    Fuel.SOLAR: (112, 20.0, 400.0, (44, 44, 8, 0, 16)),
    Fuel.BATTERY: (44, 20.0, 850.0, (12, 12, 10, 0, 10)),
}


@dataclass(frozen=True)
class Units:
    """The fleet in DUID order: parallel arrays of 480 entries."""

    duids: np.ndarray
    regions: np.ndarray
    fuels: np.ndarray
    capacities: np.ndarray

    @property
    def table(self) -> pa.Table:
        """Rows of the lake's ``units`` table."""
        count = len(self.duids)
        columns = {
            "duid": self.duids,
            "valid_from": [ALWAYS[0]] * count,
            "valid_to": [ALWAYS[1]] * count,
            "station_name": [f"Station {i // 2}" for i in range(count)],
            "owner": [f"Owner {i % 60}" for i in range(count)],
            "regionid": self.regions,
            "fuel": self.fuels,
            "technology": self.fuels,
            "capacity_mw": self.capacities,
            "max_capacity_mw": self.capacities,
            "dispatch_type": ["BIDIRECTIONAL" if f == Fuel.BATTERY else "GENERATOR" for f in self.fuels],
            "schedule_type": ["SEMI-SCHEDULED" if f in SEMI_SCHEDULED else "SCHEDULED" for f in self.fuels],
            "storage_mwh": [
                2.0 * c if f == Fuel.BATTERY else None
                for f, c in zip(self.fuels, self.capacities, strict=True)
            ],
            "sources": ['{"*": "generated"}'] * count,
        }
        arrays = [
            pa.array(columns[field.name], field.type)
            if field.name in columns
            else pa.nulls(count, field.type)
            for field in UNITS.schema
        ]
        return pa.table(arrays, schema=UNITS.schema)


def fleet(seed: int = 7) -> Units:
    """The same 480 units for the same seed."""
    generator = np.random.default_rng(seed)
    rows: list[tuple[str, str, str, float]] = []
    for fuel, (count, low, high, weights) in _MIX.items():
        regions = np.repeat(REGIONS, np.array(weights) * count // sum(weights))
        regions = np.concatenate([regions, np.repeat(REGIONS[int(np.argmax(weights))], count - len(regions))])
        sizes = np.exp(generator.uniform(np.log(low), np.log(high), count)).round()
        rows += [
            (f"{fuel.value[:3].upper()}{region[0]}{number:03}", str(region), fuel.value, float(size))
            for number, (region, size) in enumerate(zip(regions, sizes, strict=True))
        ]
    rows.sort()
    duids, regions, fuels, sizes = (np.array(column) for column in zip(*rows, strict=True))
    return Units(duids, regions, fuels, sizes)
