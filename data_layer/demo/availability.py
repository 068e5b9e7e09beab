"""What each unit could produce in each interval, and the batteries' daily plans."""

from __future__ import annotations

import numpy as np

from data_layer.demo.fleet import Unit
from data_layer.demo.noise import Floats, normal, smooth, uniform
from data_layer.demo.weather import INTERVALS_PER_DAY, Clock, solar_output, wind_output
from data_layer.market import Fuel

TRIPS_PER_DAY = {Fuel.COAL: 1 / 38, Fuel.CCGT: 1 / 70, Fuel.GAS_OTHER: 1 / 90}
_LONGEST_OUTAGE_DAYS = 9
_MAINTENANCE_DAYS = 24
ROUND_TRIP = 0.85


def trips(unit: Unit, clock: Clock) -> list[tuple[int, int]]:
    """Forced outages that touch the clock, as (first, last + 1) absolute interval indices."""
    rate = TRIPS_PER_DAY.get(Fuel(unit.fuel), 0.0)
    days = np.arange(clock.day[0] - _LONGEST_OUTAGE_DAYS, clock.day[-1] + 1)
    struck = days[uniform(days, f"trip/{unit.duid}") < rate]
    starts = struck * INTERVALS_PER_DAY + (uniform(struck, f"trip time/{unit.duid}") * 287).astype(np.int64)
    # Mostly hours, sometimes days: a tube leak takes about three.
    hours = np.minimum(5.0 + 26.0 * uniform(struck, f"trip length/{unit.duid}") ** 3 * 8.0, 24 * 8.0)
    return [(int(start), int(start + hour * 12)) for start, hour in zip(starts, hours, strict=True)]


def _working(unit: Unit, clock: Clock) -> Floats:
    """1 while the unit can run, 0 in an outage, and the ramp of a cold start between."""
    working = np.ones(clock.count)
    if Fuel(unit.fuel) not in TRIPS_PER_DAY:
        return working
    ramp_intervals = 54 if unit.fuel == Fuel.COAL else 14
    outages = trips(unit, clock)
    for year in {2000 + int(clock.hours[0] // 8766) - 1, 2000 + int(clock.hours[-1] // 8766)}:
        # Maintenance is planned for the mild months: autumn or spring.
        season = 75 if uniform(year, f"overhaul season/{unit.duid}") < 0.5 else 245
        day = int((year - 2000) * 365.25 + season + 70 * float(uniform(year, f"overhaul/{unit.duid}")))
        outages.append((day * INTERVALS_PER_DAY + 270, (day + _MAINTENANCE_DAYS) * INTERVALS_PER_DAY))
    for start, end in outages:
        since = clock.index - end
        ramp = np.clip(since / ramp_intervals, 0.0, 1.0)
        working = np.minimum(working, np.where(clock.index < start, 1.0, ramp))
    return working


def available(unit: Unit, clock: Clock) -> Floats:
    """MW the unit could produce (a pump: could consume) in each interval."""
    mw = unit.max_capacity_mw
    place = (unit.regionid, unit.latitude, unit.longitude)
    match unit.fuel:
        case Fuel.WIND:
            return mw * wind_output(clock, unit.duid, *place)
        case Fuel.SOLAR:
            return mw * solar_output(clock, unit.duid, *place, unit.tracking)
        case Fuel.WATER if not unit.pump:
            rain = 0.84 + 0.1 * smooth(clock.hours, 900.0, f"rain/{unit.regionid}") - 0.07 * clock.season
            river = 0.05 * smooth(clock.hours, 50.0, f"river/{unit.duid}")
            return np.asarray(mw * np.clip(rain + river, 0.3, 1.0))
        case Fuel.BIOMASS:
            crushing = np.clip(0.45 - 0.9 * clock.season, 0.08, 0.9)  # cane is crushed from June to November
            burning = crushing if "Bagasse" in unit.fuel_detail else np.full(clock.count, 0.82)
            return np.asarray(
                mw * np.clip(burning + 0.06 * smooth(clock.hours, 12.0, f"mill/{unit.duid}"), 0, 1)
            )
    # Gas turbines and boilers lose power in heat and with ageing; each unit a little differently.
    heat = 0.012 * np.maximum(smooth(clock.hours, 30.0, f"derating/{unit.duid}"), 0.0)
    derated = 0.975 - 0.03 * float(uniform(1, f"derating/{unit.duid}")) - heat
    level = mw * _working(unit, clock) * derated
    if unit.schedule_type == "NON-SCHEDULED":
        level = level * (0.62 + 0.08 * smooth(clock.hours, 15.0, f"engine/{unit.duid}"))
    return np.asarray(level)


def squeezes(region: str, clock: Clock) -> Floats:
    """Depth, 0 to 1, of moments in which a region's sellers have the market: short, a few times a year,
    mostly on summer and winter evenings. They are what drives prices to the cap."""
    held = np.zeros(clock.count)
    days = np.unique(clock.day)
    chance = {"SA1": 0.042, "NSW1": 0.030, "QLD1": 0.034, "VIC1": 0.024, "TAS1": 0.010}[region]
    season = 0.6 + 1.1 * np.abs(np.cos(2.0 * np.pi * (days - 15) / 365.25))
    for day in days[uniform(days, f"squeeze/{region}") < chance * season]:
        hour = 17.0 + 2.6 * float(uniform(day, f"squeeze hour/{region}"))
        if uniform(day, f"squeeze morning/{region}") < 0.15:
            hour = 6.9
        start = int(day * INTERVALS_PER_DAY + hour * 12)
        length = 3 + int(14 * float(uniform(day, f"squeeze length/{region}")))
        depth = 0.55 + 0.45 * float(uniform(day, f"squeeze depth/{region}"))
        held = np.where((clock.index >= start) & (clock.index < start + length), depth, held)
    return held


def light_and_wind(units: list[Unit], mw: Floats, fuel: Fuel) -> Floats:
    """Sum over the semi-scheduled units of one fuel; ``mw`` is intervals x units."""
    chosen = [i for i, u in enumerate(units) if u.fuel == fuel and u.schedule_type == "SEMI-SCHEDULED"]
    return np.asarray(mw[:, chosen].sum(axis=1))


def _moving_mean(rows: Floats, width: int) -> Floats:
    """Along each day; the ends use the day's first and last value."""
    padded = np.pad(rows, ((0, 0), (width // 2, width - 1 - width // 2)), mode="edge")
    total = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1)
    return np.asarray((total[:, width:] - total[:, :-width]) / width)


def battery_plan(unit: Unit, clock: Clock, residual: Floats) -> tuple[Floats, Floats]:
    """(MW, MWh stored) of a battery: it buys when the residual demand of the day is lowest and sells
    when it is highest, losing 15 % on the way. Positive MW is discharge.

    ``residual`` is demand less sun and wind over whole days; the plan of a day looks at that day only.
    """
    days = residual.reshape(-1, INTERVALS_PER_DAY)
    day = clock.day.reshape(-1, INTERVALS_PER_DAY)[:, 0]
    own = 0.14 * smooth(clock.hours, 1.5, f"trader/{unit.duid}").reshape(days.shape)
    guess = days + own * days.std(axis=1, keepdims=True)
    rank = np.argsort(np.argsort(_moving_mean(guess, 9), axis=1), axis=1)
    storage, charge_mw = unit.storage_mwh or 0.0, unit.load_capacity_mw or unit.max_capacity_mw
    cycles = np.clip(0.82 + 0.14 * normal(day, f"cycle/{unit.duid}"), 0.3, 1.0)[:, None]
    selling = np.minimum(cycles * storage / unit.max_capacity_mw * 12.0, 110.0)
    buying = selling * unit.max_capacity_mw / ROUND_TRIP / charge_mw
    sell = _moving_mean(np.clip(rank - (INTERVALS_PER_DAY - selling), 0.0, 1.0), 5)
    buy = _moving_mean(np.clip(buying - rank, 0.0, 1.0), 5)
    needed = sell.sum(axis=1, keepdims=True) * unit.max_capacity_mw / ROUND_TRIP
    buy = np.minimum(buy * needed / (np.maximum(buy.sum(axis=1, keepdims=True), 1e-9) * charge_mw), 1.0)
    mw = unit.max_capacity_mw * sell - charge_mw * buy
    one_way = ROUND_TRIP**0.5
    flow = np.where(mw > 0, -mw / one_way, -mw * one_way) / 12.0
    level = np.cumsum(flow, axis=1)
    # Yesterday left what this morning needs.
    level = np.clip(level - level.min(axis=1, keepdims=True) + 0.04 * storage, 0.0, storage)
    return mw.ravel(), level.ravel()
