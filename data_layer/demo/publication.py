"""A month of the demonstration as AEMO would publish it: the lake's raw tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data_layer.demo import availability, events, network
from data_layer.demo.month import Month
from data_layer.demo.noise import Floats
from data_layer.demo.weather import EPOCH
from data_layer.market import INTERCONNECTORS, REGIONS, Fuel
from data_layer.tables import TABLES


def tables(month: Month, start: datetime) -> Mapping[str, pa.Table]:
    """The raw tables of the month for start < stamp <= end, sorted by their keys."""
    clock, step = month.clock, timedelta(minutes=5)
    rows = slice(
        max(int((start - EPOCH) / step) - clock.first, 0),
        min(int((month.end - EPOCH) / step) - clock.first, clock.count),
    )
    prices = _prices(month, rows)
    return {
        "unit_scada": _scada_table(month, rows),
        "dispatch_price": prices,
        "trading_price": _fitted(
            "trading_price", {name: prices[name] for name in TABLES["trading_price"].schema.names}
        ),
        "region_demand": _demand(month, rows),
        "interconnector_flow": _flow_table(month, rows),
        "rooftop_pv": _rooftop_table(month, rows),
        "unit_dispatch": _dispatch_table(month, rows),
    }


def _published(stamps: npt.NDArray[np.datetime64]) -> pa.Array:
    return pa.array(stamps, type=pa.timestamp("us"))


def _scada_table(month: Month, rows: slice) -> pa.Table:
    """Readings in runs of intervals that miss the same units: cheaper than filtering every row."""
    duids, values, exists = month.scada
    changes = np.flatnonzero((exists[rows][1:] != exists[rows][:-1]).any(axis=1)) + 1 + rows.start
    edges = [rows.start, *changes.tolist(), rows.stop]
    parts = []
    for start, stop in pairwise(edges):
        run, reporting = slice(start, stop), np.flatnonzero(exists[start])
        if not len(reporting):
            continue
        stamps = np.repeat(month.clock.stamps[run], len(reporting))
        columns = {
            "settlementdate": pa.array(stamps),
            "duid": _cycled([duids[i] for i in reporting], run),
            "scadavalue": pa.array(values[run][:, reporting].ravel()),
            "published_at": _published(stamps),
        }
        parts.append(_fitted("unit_scada", columns))
    return pa.concat_tables(parts)


def _dispatch_table(month: Month, rows: slice) -> pa.Table:
    """Forecast and target of sun and wind; a target below the forecast is a cap."""
    units, uigf, target = month.semi_scheduled
    stamps = np.repeat(month.clock.stamps[rows], len(units))
    intervention = np.repeat(events.intervention(month.clock)[rows].astype(np.int16), len(units))
    forecast = pa.array(uigf[rows].ravel())
    return _fitted(
        "unit_dispatch",
        {
            "settlementdate": pa.array(stamps),
            "duid": _cycled([unit.duid for unit in units], rows),
            "intervention": pa.array(intervention),
            "totalcleared": pa.array(target[rows].ravel()),
            "availability": forecast,
            "uigf": forecast,
            "semidispatchcap": pa.array((target < uigf)[rows].ravel().astype(np.int16)),
            "published_at": _published(stamps),
        },
    )


def _prices(month: Month, rows: slice) -> pa.Table:
    rrp = _interleaved([month.price[r][rows] for r in REGIONS])
    stamps = np.repeat(month.clock.stamps[rows], len(REGIONS))
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
            "published_at": _published(stamps),
        },
    )


def _demand(month: Month, rows: slice) -> pa.Table:
    regions = [_region(month, region) for region in REGIONS]
    stamps = np.repeat(month.clock.stamps[rows], len(REGIONS))
    columns: dict[str, Any] = {
        name: pa.array(_interleaved([np.round(values[name][rows], 2) for values in regions]))
        for name in regions[0]
    }
    intervention = np.repeat(events.intervention(month.clock)[rows].astype(np.int16), len(REGIONS))
    columns |= {
        "settlementdate": pa.array(stamps),
        "regionid": _cycled(REGIONS, rows),
        "intervention": pa.array(intervention),
        "published_at": _published(stamps),
    }
    return _fitted("region_demand", columns)


def _region(month: Month, region: str) -> dict[str, Floats]:
    """Columns of DISPATCHREGIONSUM for one region, MW."""
    columns = month.stations.fleet.columns[region]
    units = [month.stations.fleet.units[c] for c in columns]
    output, offered = month.cleared.dispatch[:, columns], month.available[:, columns]
    pumps = [i for i, unit in enumerate(units) if unit.pump]
    free = [i for i, unit in enumerate(units) if unit.schedule_type == "NON-SCHEDULED"]
    driven = [i for i, unit in enumerate(units) if not unit.pump and unit.schedule_type != "NON-SCHEDULED"]
    batteries = [month.plans[u.duid] for u in month.stations.batteries if u.regionid == region]
    zero = np.zeros(month.clock.count)
    discharge = sum((np.maximum(mw, 0.0) for mw, _ in batteries), zero)
    charge = sum((np.maximum(-mw, 0.0) for mw, _ in batteries), zero)
    pumping = -output[:, pumps].sum(axis=1)
    unscheduled = output[:, free].sum(axis=1)
    generation = output[:, driven].sum(axis=1)
    net_export = -month.net_import(region)
    demand = generation + discharge - charge - pumping - net_export
    semi, uigf, target = month.semi_scheduled
    here = [i for i, unit in enumerate(semi) if unit.regionid == region]
    semi, uigf, target = [semi[i] for i in here], uigf[:, here], target[:, here]
    sun, sun_offered = (availability.light_and_wind(semi, mw, Fuel.SOLAR) for mw in (target, uigf))
    wind, wind_offered = (availability.light_and_wind(semi, mw, Fuel.WIND) for mw in (target, uigf))
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


def _flow_table(month: Month, rows: slice) -> pa.Table:
    lines = sorted(network.LINES, key=lambda line: line.interconnectorid)
    names = [line.interconnectorid for line in lines]
    stamps = np.repeat(month.clock.stamps[rows], len(names))
    flow = [month.flows[name][rows] for name in names]
    lower = [month.bands[name][0][rows] for name in names]
    upper = [month.bands[name][1][rows] for name in names]
    ends = {line.interconnectorid: (line.regionid_from, line.regionid_to) for line in INTERCONNECTORS}
    marginal = []
    for name, mw, low, high in zip(names, flow, lower, upper, strict=True):
        origin, target = ends[name]
        gap = (month.price[target] - month.price[origin])[rows]
        bound = (mw > high - 0.5) | (mw < low + 0.5)
        marginal.append(np.round(np.where(bound, -np.abs(gap), 0.0), 2))
    target_mw = [np.round(np.append(mw[1:], mw[-1:]), 2) for mw in (month.flows[name] for name in names)]
    losses = [np.round(line.loss_per_mw2 * mw**2, 3) for line, mw in zip(lines, flow, strict=True)]
    intervention = np.repeat(events.intervention(month.clock)[rows].astype(np.int16), len(names))
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
            "published_at": _published(stamps),
        },
    )


def _rooftop_table(month: Month, rows: slice) -> pa.Table:
    """Half-hour means; the newest one of Queensland has not arrived yet."""
    start, stop = rows.start + -rows.start % 6, rows.stop - rows.stop % 6
    halves = month.clock.stamps[5::6][start // 6 : stop // 6]
    power = [month.rooftop[r].reshape(-1, 6).mean(axis=1)[start // 6 : stop // 6] for r in REGIONS]
    stamps = np.repeat(halves, len(REGIONS))
    table = _fitted(
        "rooftop_pv",
        {
            "settlementdate": pa.array(stamps),
            "regionid": _cycled(REGIONS, slice(0, len(halves))),
            "type": pa.repeat("MEASUREMENT", len(stamps)),
            "power": pa.array(np.round(_interleaved(power), 3)),
            "qi": pa.array(np.ones(len(stamps))),
            "published_at": _published(stamps + np.timedelta64(30, "m")),
        },
    )
    late_region = np.tile(REGIONS, len(halves)) == events.LATE_ROOFTOP_REGION
    late = late_region & (stamps == np.datetime64(month.end))
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
    data = pa.py_buffer(text * times)
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets.tobytes()), data)


def _fitted(table: str, columns: Mapping[str, Any]) -> pa.Table:
    """Columns in the table's order and types, the missing ones null."""
    schema = TABLES[table].schema
    length = len(next(iter(columns.values())))
    return pa.table(
        [columns[f.name].cast(f.type) if f.name in columns else pa.nulls(length, f.type) for f in schema],
        schema=schema,
    )
