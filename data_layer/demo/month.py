"""One calendar month of the demonstration: weather, use, plans, cleared market, readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from data_layer.demo import availability, constraints, events, network
from data_layer.demo.clearing import PARENT, Cleared, clear
from data_layer.demo.demand import rooftop_generation, underlying_demand
from data_layer.demo.fleet import (
    CAP_LEVEL,
    LEVELS,
    NEW_UNIT,
    OLD_GENERATOR,
    OLD_LOAD,
    Fleet,
    Unit,
    read_units,
    unmapped_unit,
)
from data_layer.demo.noise import Floats, smooth
from data_layer.demo.weather import Clock
from data_layer.market import INTERCONNECTORS, REGIONS, Fuel, threshold_at

# Share of a unit's power that a full squeeze re-bids to the top of the curve.
_REBID = {
    Fuel.OCGT: 0.95, Fuel.WATER: 0.9, Fuel.DISTILLATE: 0.95,
    Fuel.GAS_OTHER: 0.9, Fuel.CCGT: 0.6, Fuel.COAL: 0.24,
}  # fmt: skip


@dataclass(frozen=True)
class Stations:
    """Everything that reports, split by how it is driven."""

    fleet: Fleet
    batteries: list[Unit]

    @classmethod
    def load(cls) -> Stations:
        units = sorted([*read_units(), unmapped_unit()], key=lambda unit: unit.duid)
        driven = [u for u in units if u.battery and u.duid not in (OLD_GENERATOR, OLD_LOAD)]
        return cls(Fleet.of([u for u in units if not u.battery]), driven)


class Month:
    """All intervals of one month, each series worked out when it is first asked for.

    Always the whole month, whatever part of it is published: its content must not depend on that.
    """

    def __init__(self, stations: Stations, year: int, month: int, end: datetime) -> None:
        self.stations = stations
        self.first_day = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        self.clock = Clock.of(datetime(year, month, 1), datetime(following.year, following.month, 1))
        self.end = end
        self._random_seed = [20_260_101, year, month]

    @cached_property
    def available(self) -> Floats:
        """intervals x units of the fleet, MW."""
        units = self.stations.fleet.units
        mw = np.empty((self.clock.count, len(units)))
        for column, unit in enumerate(units):
            mw[:, column] = availability.available(unit, self.clock)
        return mw

    @cached_property
    def deliverable(self) -> Floats:
        """intervals x units: what of ``available`` the network takes, MW."""
        mw = self.available.copy()
        for column, unit in enumerate(self.stations.fleet.units):
            passed = constraints.passed_mw(unit, self.clock)
            if passed is not None:
                mw[:, column] = np.minimum(mw[:, column], passed)
        return mw

    @cached_property
    def withheld(self) -> Floats:
        """intervals x units: share of the available power that is re-bid to the top."""
        share = np.zeros_like(self.available)
        for column, unit in enumerate(self.stations.fleet.units):
            if not unit.pump and unit.schedule_type != "NON-SCHEDULED":
                share[:, column] = _REBID.get(Fuel(unit.fuel), 0.0) * self.held[unit.regionid]
        return share

    @cached_property
    def held(self) -> dict[str, Floats]:
        return {region: availability.squeezes(region, self.clock) for region in REGIONS}

    @cached_property
    def rooftop(self) -> dict[str, Floats]:
        return {region: rooftop_generation(self.clock, region) for region in REGIONS}

    @cached_property
    def use(self) -> dict[str, Floats]:
        """Demand to be met by all units together (operational demand), MW."""
        return {r: np.maximum(underlying_demand(self.clock, r) - self.rooftop[r], -450.0) for r in REGIONS}

    @cached_property
    def plans(self) -> dict[str, tuple[Floats, Floats]]:
        """duid -> (MW, MWh stored) of each battery."""
        residual = {}
        for region, columns in self.stations.fleet.columns.items():
            units = [self.stations.fleet.units[c] for c in columns]
            mw = self.available[:, columns]
            sun = availability.light_and_wind(units, mw, Fuel.SOLAR)
            wind = availability.light_and_wind(units, mw, Fuel.WIND)
            residual[region] = self.use[region] - sun - wind
        whole = sum(residual.values())
        plans = {}
        for unit in self.stations.batteries:
            mixed = residual[unit.regionid] + 0.12 * whole
            plans[unit.duid] = availability.battery_plan(unit, self.clock, np.asarray(mixed))
        return plans

    @cached_property
    def bands(self) -> dict[str, tuple[Floats, Floats]]:
        """interconnectorid -> (import limit, export limit)."""
        bands = {}
        for line in network.LINES:
            lower, upper = network.line_limits(line, self.clock)
            importing = 1.0 - 0.85 * self.held[line.child]
            if line.sign > 0:
                lower = np.round(lower * importing, 2)
            else:
                upper = np.round(np.where(upper > 0, upper * importing, upper), 2)
            bands[line.interconnectorid] = (lower, upper)
        return bands

    @cached_property
    def cleared(self) -> Cleared:
        net = dict(self.use)
        for unit in self.stations.batteries:
            net[unit.regionid] = net[unit.regionid] - self.plans[unit.duid][0]
        limits = {child: network.export_limits(child, self.bands) for child in PARENT}
        cap = threshold_at(self.first_day).cap_aud_per_mwh
        # The top of the curve scales with the cap; ordinary offers do not.
        levels = np.where(LEVELS == CAP_LEVEL, cap, np.minimum(LEVELS, 0.75 * cap))
        return clear(self.stations.fleet, self.deliverable, self.withheld, net, limits, levels)

    @cached_property
    def semi_scheduled(self) -> tuple[list[Unit], Floats, Floats]:
        """(units by DUID, UIGF, target), intervals x units in MW as published: the region's totals are
        sums of these."""
        units = self.stations.fleet.units
        columns = [i for i, u in enumerate(units) if u.schedule_type == "SEMI-SCHEDULED"]
        uigf = np.round(self.available[:, columns], 2) + 0.0
        target = np.round(self.cleared.dispatch[:, columns], 2) + 0.0
        return [units[i] for i in columns], uigf, np.minimum(target, uigf)

    @cached_property
    def price(self) -> dict[str, Floats]:
        """$/MWh. Fuel costs move through the year, for all regions alike."""
        hours = self.clock.hours
        drift = 1.0 + 0.09 * smooth(hours, 700.0, "fuel cost") + 0.05 * smooth(hours, 60.0, "bidding")
        drift = drift - 0.07 * self.clock.season
        limits = threshold_at(self.first_day)
        prices = {}
        for region, cleared in self.cleared.price.items():
            price = np.where((cleared > 0) & (cleared < 1_000), cleared * drift, cleared)
            # Offers cluster at the two limits, so that prices that come near reach them.
            price = np.where(price > 0.75 * limits.cap_aud_per_mwh, limits.cap_aud_per_mwh, price)
            price = np.where(price < 0.8 * limits.floor_aud_per_mwh, limits.floor_aud_per_mwh, price)
            prices[region] = np.round(price, 2)
        return prices

    @cached_property
    def flows(self) -> dict[str, Floats]:
        flows: dict[str, Floats] = {}
        for child, export in self.cleared.export.items():
            flows |= network.split_export(child, export, self.bands)
        return {name: np.round(flow, 2) for name, flow in flows.items()}

    @cached_property
    def scada(self) -> tuple[list[str], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """(duids in order, intervals x duids in MW as published, which readings exist)."""
        columns: dict[str, Floats] = {}
        noise = np.random.default_rng(self._random_seed)
        for i, unit in enumerate(self.stations.fleet.units):
            mw = self.cleared.dispatch[:, i]
            columns[unit.duid] = events.as_metered(unit, mw, noise)
        columns |= {duid: mw for duid, (mw, _) in self.plans.items()}
        columns[OLD_GENERATOR] = np.maximum(columns[NEW_UNIT], 0.0)
        columns[OLD_LOAD] = np.maximum(-columns[NEW_UNIT], 0.0)
        duids = sorted(columns)
        values = np.round(np.stack([columns[duid] for duid in duids], axis=1), 2) + 0.0
        return duids, values, events.reported(duids, self.clock, self.end)

    def net_import(self, region: str) -> Floats:
        """Sum of the flows into a region less those out of it, MW."""
        total = np.zeros(self.clock.count)
        for line in INTERCONNECTORS:
            if line.regionid_to == region:
                total = total + self.flows[line.interconnectorid]
            elif line.regionid_from == region:
                total = total - self.flows[line.interconnectorid]
        return total
