"""The whole history in memory: raw Parquet rows joined and priced with pandas alone.

Shares no SQL with the DuckDB path on purpose: the modules beside it answer from these frames, and the
tests hold the two engines to the same answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_layer import soundness
from data_layer.errors import LakeDamaged
from data_layer.lake import Snapshot
from data_layer.market import FIVE_MINUTE_SETTLEMENT, HOURS_PER_INTERVAL, ROOFTOP_TYPE_RANK
from data_layer.pandas_engine.months import Months, Prices, Registry, read_months
from data_layer.tables import TABLES

FIVE = pd.Timedelta(minutes=5)


REGION_COLUMNS: Final = [
    "totaldemand",
    "demand_and_nonschedgen",
    "bdu_energy_storage",
    "ss_solar_uigf",
    "ss_solar_clearedmw",
    "ss_wind_uigf",
    "ss_wind_clearedmw",
]
"""What is kept of region_demand."""


class History:
    """One version of the lake in memory; what only some questions need is read when first asked for, once.

    ``regions``: settlementdate, regionid, price, net_import_mw, rooftop_mw and REGION_COLUMNS per 5 minutes.
    ``readings``: settlementdate, duid, regionid, fuel, mw (signed), capacity_mw, price and what follows
    from them per 5 minutes and unit, rooftop PV included as duid 'rooftop <region>'. ``units``: the
    registry.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.units = read_table(snapshot, "units")
        self.regions = _regions(snapshot)
        self._registry = Registry(self.units)
        self._prices = Prices(self.regions)
        self.readings = _readings(snapshot, self.units, self.regions, self._registry, self._prices)
        self._later: dict[str, Any] = {}
        self._lock = threading.Lock()

    def forget_parent(self) -> None:
        """Called in a child process: a thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            if name not in self._later:
                self._later[name] = make()
            return self._later[name]

    @property
    def flows(self) -> pd.DataFrame:
        """Every interconnector's published rows per 5 minutes with name, regionid_from, regionid_to (null
        where the topology does not know it) and price_difference (to less from)."""
        found: pd.DataFrame = self._once("flows", lambda: _flows(self.snapshot, self.regions))
        return found

    @property
    def targets(self) -> Months:
        """settlementdate, duid, regionid, fuel, uigf, totalcleared, price per 5 minutes and semi-scheduled
        unit."""
        found: Months = self._once("targets", lambda: _targets(self.snapshot, self._registry, self._prices))
        return found

    @property
    def thresholds(self) -> pd.DataFrame:
        """The lake's price_thresholds."""
        found: pd.DataFrame = self._once("thresholds", lambda: read_table(self.snapshot, "price_thresholds"))
        return found

    @property
    def loss_factors(self) -> pd.DataFrame:
        """The lake's unit_loss_factors."""
        found: pd.DataFrame = self._once(
            "loss_factors", lambda: read_table(self.snapshot, "unit_loss_factors")
        )
        return found


def read_table(snapshot: Snapshot, table: str) -> pd.DataFrame:
    """All rows of a lake table as a plain pandas frame."""
    parts = []
    for partition, entry in snapshot.partitions(table).items():
        with soundness.watched([str(snapshot.root / entry.path)]):
            try:
                parts.append(pq.read_table(snapshot.root / entry.path, partitioning=None).to_pandas())
            except (OSError, pa.ArrowException) as error:
                raise LakeDamaged.at(table, partition) from error
    return pd.concat(parts, ignore_index=True) if parts else TABLES[table].schema.empty_table().to_pandas()


def half_hour_end(stamps: pd.Series) -> pd.Series:
    """End of the half-hour that an interval-ending stamp lies in."""
    return stamps.dt.ceil("30min")


def market_days(stamps: pd.Series) -> pd.Series:
    """Midnight at the start of the market day: 00:00 belongs to the day before."""
    return (stamps - FIVE).dt.normalize()


def minutes_of_day(stamps: pd.Series) -> pd.Series:
    """End of each stamp's half-hour in minutes after midnight: 30..1440."""
    return (half_hour_end(stamps) - market_days(stamps)) // pd.Timedelta(minutes=1)


def _settlement_prices(snapshot: Snapshot) -> pd.DataFrame:
    key = ["settlementdate", "regionid"]
    dispatch = read_table(snapshot, "dispatch_price")[[*key, "rrp"]]
    trading = read_table(snapshot, "trading_price")[[*key, "rrp"]].rename(columns={"rrp": "trading"})
    change = pd.Timestamp(FIVE_MINUTE_SETTLEMENT)
    halves = trading[trading.settlementdate <= change]
    six = [halves.assign(settlementdate=halves.settlementdate - k * FIVE) for k in range(6)]
    trading = pd.concat([*six, trading[trading.settlementdate > change]], ignore_index=True)
    both = dispatch.merge(trading, on=key, how="outer")
    both["half"] = half_hour_end(both.settlementdate)
    groups = both.groupby(["half", "regionid"])["rrp"]
    mean_of_six = groups.transform("mean").where(groups.transform("count") == 6)
    before = both.settlementdate <= change
    both["price"] = np.where(before, both.trading.fillna(mean_of_six), both.rrp.fillna(both.trading))
    return both[[*key, "price"]]


def _net_imports(snapshot: Snapshot) -> pd.DataFrame:
    flows = read_table(snapshot, "interconnector_flow").merge(
        read_table(snapshot, "interconnectors"), on="interconnectorid"
    )
    into = flows.assign(regionid=flows.regionid_to, mw=flows.meteredmwflow)
    out = flows.assign(regionid=flows.regionid_from, mw=-flows.meteredmwflow)
    both = pd.concat([into, out], ignore_index=True)
    summed = both.groupby(["settlementdate", "regionid"], as_index=False)["mw"].sum()
    return summed.rename(columns={"mw": "net_import_mw"})


def _flows(snapshot: Snapshot, regions: pd.DataFrame) -> pd.DataFrame:
    """Published flows and limits with their places and the difference of the prices at both ends."""
    flows = read_table(snapshot, "interconnector_flow").merge(
        read_table(snapshot, "interconnectors").drop(columns="source"), on="interconnectorid", how="left"
    )
    prices = regions[["settlementdate", "regionid", "price"]]
    for side in ("from", "to"):
        place = {"regionid": f"regionid_{side}", "price": f"price_{side}"}
        flows = flows.merge(
            prices.rename(columns=place), on=["settlementdate", f"regionid_{side}"], how="left"
        )
    return flows.assign(price_difference=flows.price_to - flows.price_from)


def _rooftop(snapshot: Snapshot) -> pd.DataFrame:
    rows = read_table(snapshot, "rooftop_pv")
    rank = {name: position for position, name in enumerate(ROOFTOP_TYPE_RANK)}
    rows["rank"] = rows.type.map(rank).fillna(len(rank))
    rows = rows.sort_values(["rank", "qi", "power"], ascending=[True, False, False], na_position="last")
    best = rows.drop_duplicates(["settlementdate", "regionid"])[["settlementdate", "regionid", "power"]]
    held = [best.assign(settlementdate=best.settlementdate - k * FIVE) for k in range(6)]
    return pd.concat(held, ignore_index=True).rename(columns={"power": "rooftop_mw"})


def _targets(snapshot: Snapshot, registry: Registry, prices: Prices) -> Months:
    """Targets of semi-scheduled units with the registry's region and fuel of that time, and the price."""

    def months() -> Iterator[pd.DataFrame]:
        for rows in read_months(
            snapshot, "unit_dispatch", ["settlementdate", "duid", "uigf", "totalcleared"]
        ):
            joined = registry.joined(rows).drop(columns=["capacity_mw", "is_load"])
            yield joined.assign(price=prices.of(joined.settlementdate, joined.regionid))

    return Months(months(), ["uigf", "totalcleared", "price"], lambda rows: rows)


def _regions(snapshot: Snapshot) -> pd.DataFrame:
    key = ["settlementdate", "regionid"]
    demand = read_table(snapshot, "region_demand")[[*key, *REGION_COLUMNS]]
    frame = _settlement_prices(snapshot)
    for other in (demand, _net_imports(snapshot), _rooftop(snapshot)):
        frame = frame.merge(other, on=key, how="outer")
    return frame.sort_values(key, ignore_index=True)


def _readings(
    snapshot: Snapshot, units: pd.DataFrame, regions: pd.DataFrame, registry: Registry, prices: Prices
) -> Months:
    def months() -> Iterator[pd.DataFrame]:
        for scada in read_months(snapshot, "unit_scada", ["settlementdate", "duid", "scadavalue"]):
            joined = registry.joined(_without_superseded(scada, units))
            load = (joined.is_load == 1).to_numpy()
            yield pd.DataFrame(
                {
                    "settlementdate": joined.settlementdate,
                    "duid": joined.duid,
                    "regionid": joined.regionid,
                    "fuel": joined.fuel,
                    "mw": np.where(load, -joined.scadavalue.abs(), joined.scadavalue),
                    "capacity_mw": joined.capacity_mw.where(~load),
                    "price": prices.of(joined.settlementdate, joined.regionid),
                }
            )
        rooftop = regions.loc[regions.rooftop_mw.notna(), ["settlementdate", "regionid", "rooftop_mw"]]
        rooftop = rooftop.rename(columns={"rooftop_mw": "mw"}).assign(capacity_mw=np.nan)
        rooftop["duid"] = ("rooftop " + rooftop.regionid.astype(str)).astype("category")
        rooftop["regionid"] = rooftop.regionid.astype("category")
        rooftop["fuel"] = pd.Categorical(["Rooftop Solar"]).repeat(len(rooftop))
        rooftop["price"] = prices.of(rooftop.settlementdate, rooftop.regionid)
        yield rooftop[["settlementdate", "duid", "regionid", "fuel", "mw", "capacity_mw", "price"]]

    return Months(months(), ["mw", "capacity_mw", "price"], _measured)


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    """What follows from a reading's MW, capacity and price."""
    energy = rows.mw * HOURS_PER_INTERVAL
    rows["generation_mwh"] = energy.clip(lower=0)
    rows["load_mwh"] = energy.clip(upper=0)
    rows["generation_revenue_aud"] = rows.generation_mwh * rows.price
    rows["load_revenue_aud"] = rows.load_mwh * rows.price
    priced = rows.price.notna()
    rows["priced_generation_mwh"] = rows.generation_mwh.where(priced, 0.0)
    rows["priced_load_mwh"] = rows.load_mwh.where(priced, 0.0)
    rows["capacity_mwh"] = rows.capacity_mw.fillna(0.0) * HOURS_PER_INTERVAL
    return rows


def _without_superseded(scada: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Leave out an old DUID's readings where its successor reports the same interval."""
    pairs = units.loc[units.successor_duid.notna(), ["duid", "successor_duid"]].drop_duplicates()
    drop = np.zeros(len(scada), dtype=bool)
    for old, new in pairs.itertuples(index=False):
        stamps = scada.loc[scada.duid == new, "settlementdate"]
        drop |= ((scada.duid == old) & scada.settlementdate.isin(stamps)).to_numpy()
    return scada[~drop]
