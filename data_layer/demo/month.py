"""One calendar month of the demonstration, as the lake's raw tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data_layer.demo import availability, events, network
from data_layer.demo.clearing import PARENT, Cleared, clear
from data_layer.demo.demand import rooftop_generation, underlying_demand
from data_layer.demo.fleet import CAP_LEVEL, LEVELS, NEW_UNIT, Fleet, Unit, read_units, unmapped_unit
from data_layer.demo.noise import Floats, smooth
from data_layer.demo.weather import INTERVALS_PER_DAY, Clock
from data_layer.market import INTERCONNECTORS, REGIONS, Fuel, threshold_at
from data_layer.tables import TABLES

# Share of a unit's power that a full squeeze re-bids to the top of the curve.
_REBID = {
    Fuel.OCGT: 0.95, Fuel.WATER: 0.9, Fuel.DISTILLATE: 0.95, Fuel.GAS_OTHER: 0.9, Fuel.CCGT: 0.6, Fuel.COAL: 0.24,
}  # fmt: skip


@dataclass(frozen=True)
class Stations:
    """Everything that reports, split by how it is driven."""

    fleet: Fleet
    batteries: list[Unit]

    @classmethod
    def load(cls) -> Stations:
        units = sorted([*read_units(), unmapped_unit()], key=lambda unit: unit.duid)
        driven = [u for u in units if u.battery and u.duid not in (events.OLD_GENERATOR, events.OLD_LOAD)]
        return cls(Fleet.of([u for u in units if not u.battery]), driven)


class Month:
    """All intervals of one month: physics first (lazily), then tables cut to what was asked for."""

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
            free = availability.light_and_wind(units, mw, Fuel.SOLAR) + availability.light_and_wind(units, mw, Fuel.WIND)
            residual[region] = self.use[region] - free
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
        return clear(self.stations.fleet, self.available, self.withheld, net, limits, levels)

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
        columns[events.OLD_GENERATOR] = np.maximum(columns[NEW_UNIT], 0.0)
        columns[events.OLD_LOAD] = np.maximum(-columns[NEW_UNIT], 0.0)
        duids = sorted(columns)
        values = np.round(np.stack([columns[duid] for duid in duids], axis=1), 2) + 0.0
        return duids, values, events.reported(duids, self.clock, self.end)

    def tables(self, start: datetime) -> Mapping[str, pa.Table]:
        """The raw tables of the month for start < stamp <= end, sorted by their keys."""
        first = max(int((start - datetime(2000, 1, 1)) / timedelta(minutes=5)), self.clock.first)
        last = min(int((self.end - datetime(2000, 1, 1)) / timedelta(minutes=5)), self.clock.first + self.clock.count)
        rows = slice(first - self.clock.first, last - self.clock.first)
        prices = self._prices(rows)
        return {
            "unit_scada": self._scada_table(rows),
            "dispatch_price": prices,
            "trading_price": _fitted("trading_price", {n: prices[n] for n in ("settlementdate", "regionid", "rrp", "rop", "price_status", "published_at")}),
            "region_demand": self._demand(rows),
            "interconnector_flow": self._flow_table(rows),
            "rooftop_pv": self._rooftop_table(rows),
        }

    def _published(self, stamps: npt.NDArray[np.datetime64]) -> pa.Array:
        return pa.array(stamps, type=pa.timestamp("us"))

    def _scada_table(self, rows: slice) -> pa.Table:
        """Readings in runs of intervals that miss the same units: cheaper than filtering every row."""
        duids, values, exists = self.scada
        changes = np.flatnonzero((exists[rows][1:] != exists[rows][:-1]).any(axis=1)) + 1 + rows.start
        edges = [rows.start, *changes.tolist(), rows.stop]
        parts = []
        for start, stop in zip(edges, edges[1:], strict=False):
            run, reporting = slice(start, stop), np.flatnonzero(exists[start])
            if not len(reporting):
                continue
            stamps = np.repeat(self.clock.stamps[run], len(reporting))
            columns = {
                "settlementdate": pa.array(stamps),
                "duid": _cycled([duids[i] for i in reporting], run),
                "scadavalue": pa.array(values[run][:, reporting].ravel()),
                "published_at": self._published(stamps),
            }
            parts.append(_fitted("unit_scada", columns))
        return pa.concat_tables(parts)

    def _prices(self, rows: slice) -> pa.Table:
        rrp = _interleaved([self.price[r][rows] for r in REGIONS])
        stamps = np.repeat(self.clock.stamps[rows], len(REGIONS))
        return _fitted(
            "dispatch_price",
            {
                "settlementdate": pa.array(stamps),
                "regionid": _cycled(REGIONS, rows),
                "intervention": pa.array(np.zeros(len(stamps), dtype=np.int16)),
                "rrp": pa.array(rrp),
                "rop": pa.array(rrp),
                "apcflag": pa.array(np.zeros(len(stamps), dtype=np.int16)),
                "marketsuspendedflag": pa.array(np.zeros(len(stamps), dtype=np.int16)),
                "price_status": pa.repeat("FIRM", len(stamps)),
                "published_at": self._published(stamps),
            },
        )

    def _demand(self, rows: slice) -> pa.Table:
        regions = [self._region(region) for region in REGIONS]
        stamps = np.repeat(self.clock.stamps[rows], len(REGIONS))
        columns: dict[str, Any] = {
            name: pa.array(_interleaved([np.round(values[name][rows], 2) for values in regions])) for name in regions[0]
        }
        intervention = np.repeat(events.intervention(self.clock)[rows].astype(np.int16), len(REGIONS))
        columns |= {
            "settlementdate": pa.array(stamps),
            "regionid": _cycled(REGIONS, rows),
            "intervention": pa.array(intervention),
            "published_at": self._published(stamps),
        }
        return _fitted("region_demand", columns)

    def _region(self, region: str) -> dict[str, Floats]:
        """Columns of DISPATCHREGIONSUM for one region, MW."""
        columns = self.stations.fleet.columns[region]
        units = [self.stations.fleet.units[c] for c in columns]
        output, offered = self.cleared.dispatch[:, columns], self.available[:, columns]
        pumps = [i for i, unit in enumerate(units) if unit.pump]
        free = [i for i, unit in enumerate(units) if unit.schedule_type == "NON-SCHEDULED"]
        driven = [i for i, unit in enumerate(units) if not unit.pump and unit.schedule_type != "NON-SCHEDULED"]
        batteries = [self.plans[u.duid] for u in self.stations.batteries if u.regionid == region]
        zero = np.zeros(self.clock.count)
        discharge = sum((np.maximum(mw, 0.0) for mw, _ in batteries), zero)
        charge = sum((np.maximum(-mw, 0.0) for mw, _ in batteries), zero)
        pumping = -output[:, pumps].sum(axis=1)
        unscheduled = output[:, free].sum(axis=1)
        generation = output[:, driven].sum(axis=1)
        net_export = -self.net_import(region)
        demand = generation + discharge - charge - pumping - net_export
        sun, sun_offered = (availability.light_and_wind(units, mw, Fuel.SOLAR) for mw in (output, offered))
        wind, wind_offered = (availability.light_and_wind(units, mw, Fuel.WIND) for mw in (output, offered))
        return {
            "totaldemand": demand,
            "demand_and_nonschedgen": demand + unscheduled,
            "availablegeneration": offered[:, driven].sum(axis=1),
            "dispatchablegeneration": generation + discharge,
            "dispatchableload": pumping + charge,
            "netinterchange": net_export,
            "initialsupply": demand + unscheduled * 0.02,
            "clearedsupply": demand,
            "totalintermittentgeneration": unscheduled,
            "uigf": sun_offered + wind_offered,
            "semischedule_clearedmw": sun + wind,
            "ss_solar_uigf": sun_offered,
            "ss_solar_clearedmw": sun,
            "ss_wind_uigf": wind_offered,
            "ss_wind_clearedmw": wind,
            "bdu_energy_storage": sum((level for _, level in batteries), zero),
            "bdu_clearedmw_gen": discharge,
            "bdu_clearedmw_load": charge,
        }

    def net_import(self, region: str) -> Floats:
        """Sum of the flows into a region less those out of it, MW."""
        total = np.zeros(self.clock.count)
        for line in INTERCONNECTORS:
            if line.regionid_to == region:
                total = total + self.flows[line.interconnectorid]
            elif line.regionid_from == region:
                total = total - self.flows[line.interconnectorid]
        return total

    def _flow_table(self, rows: slice) -> pa.Table:
        lines = sorted(network.LINES, key=lambda line: line.interconnectorid)
        names = [line.interconnectorid for line in lines]
        stamps = np.repeat(self.clock.stamps[rows], len(names))
        flow = [self.flows[name][rows] for name in names]
        lower = [self.bands[name][0][rows] for name in names]
        upper = [self.bands[name][1][rows] for name in names]
        ends = {line.interconnectorid: (line.regionid_from, line.regionid_to) for line in INTERCONNECTORS}
        marginal = []
        for name, mw, low, high in zip(names, flow, lower, upper, strict=True):
            origin, target = ends[name]
            gap = (self.price[target] - self.price[origin])[rows]
            bound = (mw > high - 0.5) | (mw < low + 0.5)
            marginal.append(np.round(np.where(bound, -np.abs(gap), 0.0), 2))
        target_mw = [np.round(np.append(mw[1:], mw[-1:]), 2) for mw in (self.flows[name] for name in names)]
        losses = [np.round(line.loss_per_mw2 * mw**2, 3) for line, mw in zip(lines, flow, strict=True)]
        intervention = np.repeat(events.intervention(self.clock)[rows].astype(np.int16), len(names))
        return _fitted(
            "interconnector_flow",
            {
                "settlementdate": pa.array(stamps),
                "interconnectorid": _cycled(names, rows),
                "intervention": pa.array(intervention),
                "meteredmwflow": pa.array(_interleaved(flow)),
                "mwflow": pa.array(_interleaved([mw[rows] for mw in target_mw])),
                "mwlosses": pa.array(_interleaved(losses)),
                "exportlimit": pa.array(_interleaved(upper)),
                "importlimit": pa.array(_interleaved(lower)),
                "marginalvalue": pa.array(_interleaved(marginal)),
                "published_at": self._published(stamps),
            },
        )

    def _rooftop_table(self, rows: slice) -> pa.Table:
        """Half-hour means; the newest one of Queensland has not arrived yet."""
        start, stop = rows.start + -rows.start % 6, rows.stop - rows.stop % 6
        halves = self.clock.stamps[5::6][start // 6 : stop // 6]
        power = [self.rooftop[r].reshape(-1, 6).mean(axis=1)[start // 6 : stop // 6] for r in REGIONS]
        stamps = np.repeat(halves, len(REGIONS))
        table = _fitted(
            "rooftop_pv",
            {
                "settlementdate": pa.array(stamps),
                "regionid": _cycled(REGIONS, slice(0, len(halves))),
                "type": pa.repeat("MEASUREMENT", len(stamps)),
                "power": pa.array(np.round(_interleaved(power), 3)),
                "qi": pa.array(np.ones(len(stamps))),
                "published_at": self._published(stamps + np.timedelta64(30, "m")),
            },
        )
        late = (stamps == np.datetime64(self.end)) & (np.tile(REGIONS, len(halves)) == events.LATE_ROOFTOP_REGION)
        return table.filter(pa.array(~late)) if late.any() else table


def _interleaved(series: list[Floats]) -> Floats:
    """Series side by side, row after row: the order of (settlementdate, id)."""
    return np.asarray(np.stack(series, axis=1).ravel() + 0.0)


def _cycled(names: tuple[str, ...] | list[str], rows: slice) -> pa.Array:
    """``names`` over and over, once per row: the text column of (settlementdate, id), laid out
    directly because a month of readings has two million of them."""
    times = rows.stop - rows.start
    text = "".join(names).encode("ascii")
    lengths = np.tile(np.array([len(name) for name in names], dtype=np.int32), times)
    offsets = np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(lengths, dtype=np.int32)])
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets.tobytes()), pa.py_buffer(text * times))


def _fitted(table: str, columns: Mapping[str, Any]) -> pa.Table:
    """Columns in the table's order and types, the missing ones null."""
    schema = TABLES[table].schema
    length = len(next(iter(columns.values())))
    return pa.table(
        [columns[f.name].cast(f.type) if f.name in columns else pa.nulls(length, f.type) for f in schema],
        schema=schema,
    )


__all__ = ["INTERVALS_PER_DAY", "Month", "Stations"]
