"""One month of an invented NEM in the lake's raw tables, fast: shapes and sizes count here, not realism.

Output follows sun, wind, time of day and a price; it is rounded to what a meter shows, because noise in
the last digits decides how large Parquet files become.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from benchmarks.generated_units import SEMI_SCHEDULED, Units
from data_layer.market import FIVE_MINUTE_SETTLEMENT, INTERCONNECTORS, REGIONS, Fuel

_DAY: Final = 288
_SPILLS_BELOW: Final = -40.0
"""Price ($/MWh) below which farms produce a fifth of what they could."""


def stamps_of(year: int, month: int) -> np.ndarray:
    """Interval-ending stamps of a month, datetime64[us]: 00:05 of the 1st to 00:00 of the next 1st."""
    start = datetime(year, month, 1)
    end = (start + timedelta(days=32)).replace(day=1)
    return np.arange(
        start + timedelta(minutes=5), end + timedelta(minutes=5), timedelta(minutes=5), dtype="datetime64[us]"
    )


def _walk(generator: np.random.Generator, steps: int, series: int, memory: float) -> np.ndarray:
    """Slow random walks around 0 with standard deviation 1: shape (steps, series)."""
    knots = steps // 36 + 2
    noise = generator.standard_normal((knots, series))
    for row in range(1, knots):
        noise[row] = memory * noise[row - 1] + np.sqrt(1 - memory**2) * noise[row]
    position = np.arange(steps) / 36
    below = position.astype(int)
    share = (position - below)[:, None]
    return noise[below] * (1 - share) + noise[below + 1] * share


def _sun(steps: int, month: int) -> np.ndarray:
    """Clear-sky output 0..1 over the month, shape (steps,)."""
    half_day = 6.0 + 1.2 * np.cos((month - 12) * np.pi / 6)
    hour = (np.arange(steps) % _DAY) / 12
    return np.clip(np.cos((hour - 12) / half_day * np.pi / 2), 0, None) * (np.abs(hour - 12) < half_day)


def prices(generator: np.random.Generator, steps: int, month: int) -> np.ndarray:
    """$/MWh, shape (steps, 5): evening peaks, negative noons, rare spikes to the cap."""
    hour = (np.arange(steps) % _DAY) / 12
    shape = 70 + 60 * np.exp(-(((hour - 18.5) / 2) ** 2)) - 85 * _sun(steps, month)
    price = shape[:, None] * (1 + 0.25 * _walk(generator, steps, 5, 0.97)) + 4 * generator.standard_normal(
        (steps, 5)
    )
    spikes = generator.random((steps, 5)) < 0.0006
    price[spikes] = 300 + 15_000 * generator.random(int(spikes.sum())) ** 3
    return np.clip(price, -1_000, 15_100).round(2)


def output(generator: np.random.Generator, units: Units, price: np.ndarray, month: int) -> np.ndarray:
    """MW, shape (steps, units)."""
    steps = len(price)
    load_factor = np.empty((steps, len(units.duids)))
    region = np.searchsorted(REGIONS, units.regions)
    sun = _sun(steps, month)[:, None]
    wind = 1 / (1 + np.exp(-_walk(generator, steps, 5, 0.985) + 0.6))
    quick = generator.random((steps, len(units.duids)), dtype=np.float32)
    for fuel in Fuel:
        mine = np.flatnonzero(units.fuels == fuel.value)
        if not len(mine):
            continue
        local = price[:, region[mine]]
        jitter = quick[:, mine]
        slow = _walk(generator, steps, len(mine), 0.98)
        match fuel:
            case Fuel.SOLAR:
                factor = sun * np.clip(0.85 + 0.15 * slow, 0.1, 1) * np.where(local < _SPILLS_BELOW, 0.2, 1)
            case Fuel.WIND:
                factor = np.clip(wind[:, region[mine]] + 0.08 * slow + 0.02 * jitter, 0, 0.98)
            case Fuel.COAL | Fuel.CCGT | Fuel.BIOMASS:
                factor = np.clip(0.7 + np.clip(local, -50, 120) / 500 + 0.03 * slow + 0.01 * jitter, 0.35, 1)
                factor = np.where(slow < -1.9, 0, factor)
            case Fuel.BATTERY:
                factor = np.where(local < 20, -0.6, np.where(local > 130, 0.9, 0)) * np.clip(
                    0.7 + 0.3 * slow, 0, 1
                )
            case Fuel.WATER:
                factor = np.clip((local - 60) / 120 + 0.2 * slow, 0, 1)
            case _:
                factor = np.where(local > 140, np.clip(0.8 + 0.2 * slow, 0, 1), 0)
        load_factor[:, mine] = factor
    metered = load_factor * units.capacities * (1 + 0.01 * (quick - 0.5))
    # Of the readings that are not zero AEMO writes half with two decimals or fewer, half with up to six.
    return np.where(units.capacities % 2 == 0, metered.round(2), metered.round(6))


def forecasts(
    generator: np.random.Generator, units: Units, megawatts: np.ndarray, price: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(columns of the semi-scheduled units, their UIGF, their targets), MW, shape (steps, units).

    Prices leave what solar spills and a tenth of the wind; behind weak lines (every sixth unit) the
    network holds a quarter back in some stretches of hours.
    """
    chosen = np.flatnonzero(np.isin(units.fuels, SEMI_SCHEDULED))
    target = np.clip(megawatts[:, chosen], 0, None).round(2)
    local = price[:, np.searchsorted(REGIONS, units.regions[chosen])]
    solar = units.fuels[chosen] == Fuel.SOLAR
    share = np.where(local < _SPILLS_BELOW, np.where(solar, 0.2, 1.0), np.where(local < 0, 0.9, 1.0))
    held = _walk(generator, len(price), len(chosen), 0.98) > 1.3
    share = np.where(held & (np.arange(len(chosen)) % 6 == 0), 0.75 * share, share)
    return chosen, np.maximum((target / share).round(2), target), target


def _by_region(units: Units, chosen: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sums of the units' values per region, shape (steps, 5)."""
    belongs = (units.regions[chosen][:, None] == np.array(REGIONS)[None, :]).astype(float)
    return (values @ belongs).round(2)


def month_tables(units: Units, year: int, month: int, seed: int = 7) -> dict[str, pa.Table]:
    """Raw tables of one month, the same for the same seed, in key order."""
    generator = np.random.default_rng((seed, year, month))
    stamps = stamps_of(year, month)
    steps = len(stamps)
    price = prices(generator, steps, month)
    megawatts = output(generator, units, price, month)
    demand = 4_500 + 1_500 * _walk(generator, steps, 5, 0.95).clip(-2, 2) + 10 * price.clip(0, 200)
    wanted = 300 * _walk(generator, steps, len(INTERCONNECTORS), 0.97)
    export_limit = (450 + 120 * _walk(generator, steps, len(INTERCONNECTORS), 0.98)).clip(50).round(1)
    import_limit = (-400 + 120 * _walk(generator, steps, len(INTERCONNECTORS), 0.98)).clip(None, -50).round(1)
    target = np.clip(wanted, import_limit, export_limit)
    flow = target + generator.normal(0, 3, target.shape)
    semi, uigf, cleared = forecasts(generator, units, megawatts, price)
    sun, wind = (np.flatnonzero(units.fuels[semi] == fuel) for fuel in SEMI_SCHEDULED)
    batteries = np.flatnonzero(units.fuels == Fuel.BATTERY)
    charge = (0.5 + 0.2 * _walk(generator, steps, len(batteries), 0.98)).clip(0.05, 0.95)
    stored = charge * 2.0 * units.capacities[batteries]
    traded = megawatts[:, batteries]
    published = np.datetime64(stamps[-1] + np.timedelta64(5, "D"), "us")

    def by_stamp(
        at: np.ndarray, names: np.ndarray | tuple[str, ...], name: str, **values: np.ndarray
    ) -> pa.Table:
        names = np.asarray(names)
        codes = pa.array(np.tile(np.arange(len(names), dtype=np.int32), len(at)))
        columns = {
            "settlementdate": pa.array(np.repeat(at, len(names))),
            name: pa.DictionaryArray.from_arrays(codes, pa.array(names.tolist())).cast(pa.string()),
        }
        columns |= {key: pa.array(np.ascontiguousarray(value).reshape(-1)) for key, value in values.items()}
        columns["published_at"] = pa.array(np.full(len(at) * len(names), published))
        return pa.table(columns)

    ids = np.array(sorted(line.interconnectorid for line in INTERCONNECTORS))
    runs = np.zeros((steps, 5), dtype=np.int16)
    tables = {
        "unit_scada": by_stamp(stamps, units.duids, "duid", scadavalue=megawatts),
        "dispatch_price": by_stamp(stamps, REGIONS, "regionid", intervention=runs, rrp=price, rop=price),
        "region_demand": by_stamp(
            stamps,
            REGIONS,
            "regionid",
            intervention=runs,
            totaldemand=demand.round(2),
            demand_and_nonschedgen=(demand + 100).round(2),
            netinterchange=(0.1 * demand).round(2),
            uigf=_by_region(units, semi, uigf),
            semischedule_clearedmw=_by_region(units, semi, cleared),
            ss_solar_uigf=_by_region(units, semi[sun], uigf[:, sun]),
            ss_solar_clearedmw=_by_region(units, semi[sun], cleared[:, sun]),
            ss_wind_uigf=_by_region(units, semi[wind], uigf[:, wind]),
            ss_wind_clearedmw=_by_region(units, semi[wind], cleared[:, wind]),
            bdu_energy_storage=_by_region(units, batteries, stored),
            bdu_clearedmw_gen=_by_region(units, batteries, traded.clip(0, None)),
            bdu_clearedmw_load=_by_region(units, batteries, (-traded).clip(0, None)),
        ),
        "interconnector_flow": by_stamp(
            stamps,
            ids,
            "interconnectorid",
            intervention=np.zeros((steps, len(ids)), dtype=np.int16),
            meteredmwflow=flow.round(1),
            mwflow=target.round(1),
            mwlosses=(0.03 * np.abs(flow)).round(2),
            exportlimit=export_limit,
            importlimit=import_limit,
        ),
        "unit_dispatch": by_stamp(
            stamps,
            units.duids[semi],
            "duid",
            intervention=np.zeros(uigf.shape, dtype=np.int16),
            totalcleared=cleared,
            availability=uigf,
            uigf=uigf,
            semidispatchcap=(cleared < uigf).astype(np.int16),
        ),
    }
    half_hours = stamps[5::6]
    if half_hours[0] < np.datetime64(FIVE_MINUTE_SETTLEMENT):
        means = price.reshape(-1, 6, 5).mean(axis=1).round(2)
        tables["trading_price"] = by_stamp(half_hours, REGIONS, "regionid", rrp=means, rop=means)
    else:
        tables["trading_price"] = by_stamp(stamps, REGIONS, "regionid", rrp=price, rop=price)
    roofs = _sun(steps, month).reshape(-1, 6).mean(axis=1)[:, None] * np.array(
        [4_000, 4_000, 1_500, 200, 3_000]
    )
    rooftop = by_stamp(half_hours, REGIONS, "regionid", power=roofs.round(1), qi=np.ones_like(roofs))
    kinds = pa.array(["MEASUREMENT"] * rooftop.num_rows)
    tables["rooftop_pv"] = rooftop.append_column("type", kinds)
    return tables
