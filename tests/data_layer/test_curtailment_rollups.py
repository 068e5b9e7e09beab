"""Curtailment per region and per unit against the raw targets and prices, with pandas alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_layer.lake import Lake, Snapshot
from data_layer.tables import CURTAILMENT_MEASURES
from tests.data_layer.lakes import compare, dispatched, frame, make_lake, prices, stamps, unit

FIVE = timedelta(minutes=5)
FIRST = datetime(2025, 6, 29, 0, 5)
COUNT = 4 * 288  # to 3 July 00:00: two months
SUMS = [name for name in CURTAILMENT_MEASURES if not name.startswith("intervals")]


def targets(when: datetime, region: str = "SA1", **facts: Any) -> dict[str, Any]:
    """One region_demand record."""
    return {"settlementdate": when, "regionid": region, "intervention": 0, "totaldemand": 1_000.0, **facts}


@pytest.fixture(scope="module")
def farms(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two regions, five units (one unknown, one that moves to another fuel class), gaps and interventions."""
    draw = np.random.default_rng(20250701)
    when = stamps(FIRST, COUNT)
    demand: list[dict[str, Any]] = []
    units: list[dict[str, Any]] = []

    def pair() -> tuple[float, float]:
        could = round(max(draw.normal(80, 60), 0.0), 3)
        held = draw.random() < 0.3
        # Targets pass the forecast by a little, too: that is no curtailment below zero.
        return could, round(could * draw.uniform(0, 1) if held else could + draw.uniform(0, 0.2), 3)

    for region in ("SA1", "NSW1"):
        for stamp in when:
            if draw.random() < 0.03:
                continue
            (sun, sun_done), (wind, wind_done) = pair(), pair()
            record = targets(
                stamp,
                region,
                ss_solar_uigf=sun if draw.random() > 0.05 else None,
                ss_solar_clearedmw=sun_done if draw.random() > 0.05 else None,
                ss_wind_uigf=wind,
                ss_wind_clearedmw=wind_done,
            )
            demand.append(record)
            if draw.random() < 0.05:
                demand.append({**record, "intervention": 1, "ss_wind_clearedmw": wind_done / 2})
    for duid in ("SUN1", "WIND1", "WIND2", "MIXED1", "NEW1"):
        kept = [stamp for stamp in when if draw.random() > 0.04]
        pairs = [pair() for _ in kept]
        rows = dispatched(duid, kept, [could for could, _ in pairs], [did for _, did in pairs])
        again = [
            {**row, "intervention": 1, "totalcleared": row["totalcleared"] / 2}
            for row in rows
            if draw.random() < 0.05
        ]
        units += rows + again
    dispatch: list[dict[str, Any]] = []
    for region in ("SA1", "NSW1"):
        kept = [stamp for stamp in when if draw.random() > 0.04]
        rrp = [float(v) for v in np.round(draw.normal(20, 60, len(kept)), 2)]
        rrp[10] = rrp[20] = 0.0
        dispatch += prices(region, kept, rrp)
    change = datetime(2025, 7, 1)
    return make_lake(
        tmp_path_factory.mktemp("farms"),
        units=[
            unit("SUN1", fuel="Solar"),
            unit("WIND1", fuel="Wind", regionid="SA1"),
            unit("WIND2", fuel="Wind"),
            unit("MIXED1", fuel="Wind", regionid="SA1", valid_to=change),
            unit("MIXED1", fuel="Solar", regionid="SA1", valid_from=change),
        ],
        unit_dispatch=units,
        region_demand=demand,
        dispatch_price=dispatch,
    )


def measured(rows: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """Measures of rows with uigf and cleared, MW, by the definition."""
    rrp = frame(snapshot, "dispatch_price").set_index(["settlementdate", "regionid"]).rrp
    price = rrp.reindex(pd.MultiIndex.from_frame(rows[["settlementdate", "regionid"]]))
    price = pd.Series(price.to_numpy(), rows.index)
    lost = (rows.uigf - rows.cleared).clip(lower=0) / 12
    return rows.assign(
        uigf_mwh=rows.uigf / 12,
        cleared_mwh=rows.cleared / 12,
        curtailed_mwh=lost,
        economic_curtailed_mwh=lost.where(price <= 0, 0.0),
        network_curtailed_mwh=lost.where(price > 0, 0.0),
        unpriced_curtailed_mwh=lost.where(price.isna(), 0.0),
        curtailed_value_aud=lost * price,
    )


def regions_by_hand(snapshot: Snapshot) -> pd.DataFrame:
    raw = frame(snapshot, "region_demand")
    parts = []
    for fuel in ("Solar", "Wind"):
        part = raw[["settlementdate", "regionid"]].assign(
            fuel=fuel, uigf=raw[f"ss_{fuel.lower()}_uigf"], cleared=raw[f"ss_{fuel.lower()}_clearedmw"]
        )
        parts.append(part.dropna(subset=["uigf", "cleared"]))
    return measured(pd.concat(parts, ignore_index=True), snapshot)


def units_by_hand(snapshot: Snapshot) -> pd.DataFrame:
    raw = frame(snapshot, "unit_dispatch").rename(columns={"totalcleared": "cleared"})
    registry = frame(snapshot, "units")[["duid", "regionid", "fuel", "valid_from", "valid_to"]]
    joined = raw.merge(registry, on="duid", how="inner")
    joined = joined[(joined.settlementdate > joined.valid_from) & (joined.settlementdate <= joined.valid_to)]
    unknown = raw[~raw.duid.isin(registry.duid)].assign(regionid="Unmapped", fuel="Unmapped")
    rows = pd.concat([joined, unknown], ignore_index=True)
    assert len(rows) == len(raw)
    return measured(rows, snapshot)


def check(snapshot: Snapshot, family: str, raw: pd.DataFrame, keys: list[str]) -> None:
    day = (raw.settlementdate - FIVE).dt.normalize()
    for suffix, time, bucket in (
        ("30min", "settlementdate", raw.settlementdate.dt.ceil("30min")),
        ("day", "date", day),
        ("month", "date", day.dt.to_period("M").dt.start_time),
    ):
        groups = raw.assign(bucket=bucket).groupby(["bucket", *keys])
        expected = groups[SUMS].sum(min_count=1)
        expected["intervals"] = groups.size()
        found = frame(snapshot, f"{family}_{suffix}").rename(columns={time: "bucket"})
        found["bucket"] = pd.to_datetime(found.bucket)
        compare(found, expected.reset_index(), ["bucket", *keys], [*SUMS, "intervals"])
        assert (found.intervals <= found.intervals_expected).all()
        kinds = found.economic_curtailed_mwh + found.network_curtailed_mwh + found.unpriced_curtailed_mwh
        np.testing.assert_allclose(kinds, found.curtailed_mwh, rtol=1e-9, atol=1e-9)


def test_regions_equal_the_raw_rows(farms: Lake) -> None:
    snapshot = farms.snapshot()
    assert (frame(snapshot, "region_demand").intervention == 1).sum() > 50
    check(snapshot, "curtailment", regions_by_hand(snapshot), ["regionid", "fuel"])
    assert (frame(snapshot, "curtailment_month")[SUMS[:6]] > 0).all(axis=None), "every kind occurs"


def test_units_equal_the_raw_rows(farms: Lake) -> None:
    snapshot = farms.snapshot()
    assert (frame(snapshot, "unit_dispatch").intervention == 1).sum() > 50
    check(snapshot, "unit_curtailment", units_by_hand(snapshot), ["duid", "regionid", "fuel"])
    day = frame(snapshot, "unit_curtailment_day").set_index("duid")
    assert set(day.loc["MIXED1", "fuel"]) == {"Wind", "Solar"}, "the registry's facts of the time"
    unknown = day.loc["NEW1"]
    assert set(unknown.regionid) == set(unknown.fuel) == {"Unmapped"}
    assert (unknown.unpriced_curtailed_mwh == unknown.curtailed_mwh).all()
    assert unknown.curtailed_value_aud.isna().all()


def test_the_demonstration_equals_its_raw_rows_and_units_add_up_to_regions(demo_lake: Lake) -> None:
    snapshot = demo_lake.snapshot()
    check(snapshot, "curtailment", regions_by_hand(snapshot), ["regionid", "fuel"])
    raw = units_by_hand(snapshot)
    check(snapshot, "unit_curtailment", raw, ["duid", "regionid", "fuel"])
    region = frame(snapshot, "curtailment_day")
    units = frame(snapshot, "unit_curtailment_day")
    for column in ("uigf_mwh", "cleared_mwh", "curtailed_mwh"):
        assert units[column].sum() == pytest.approx(region[column].sum(), rel=1e-7)
    # The farm that the registry does not know is in its region's columns and in no region of the units'.
    mapped = units[units.regionid != "Unmapped"].groupby(["regionid", "fuel"]).curtailed_mwh.sum()
    published = region.groupby(["regionid", "fuel"]).curtailed_mwh.sum()
    gap = (published - mapped.reindex(published.index, fill_value=0.0)).round(3)
    assert set(gap[gap != 0].index) <= {("VIC1", "Solar")}
    assert gap.sum() == pytest.approx(units[units.regionid == "Unmapped"].curtailed_mwh.sum(), abs=0.01)


def test_a_price_of_zero_is_economic_and_a_target_above_the_forecast_is_nothing(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 6)
    could, did = [120.0] * 6, [60.0, 60.0, 60.0, 60.0, 132.0, 120.0]
    lake = make_lake(
        tmp_path,
        units=[unit("W", fuel="Wind", regionid="SA1")],
        unit_dispatch=dispatched("W", when, could, did),
        region_demand=[
            targets(s, ss_wind_uigf=u, ss_wind_clearedmw=c) for s, u, c in zip(when, could, did, strict=True)
        ],
        dispatch_price=prices("SA1", when[:3] + when[4:], [0.0, -30.0, 80.0, 80.0, 80.0]),
    )
    for table in ("curtailment_30min", "curtailment_day", "unit_curtailment_day", "unit_curtailment_month"):
        (row,) = frame(lake.snapshot(), table).to_dict("records")
        assert (row["regionid"], row["fuel"], row["intervals"]) == ("SA1", "Wind", 6)
        assert row["curtailed_mwh"] == pytest.approx(20.0)
        assert row["economic_curtailed_mwh"] == pytest.approx(10.0)
        assert row["network_curtailed_mwh"] == pytest.approx(5.0)
        assert row["unpriced_curtailed_mwh"] == pytest.approx(5.0)
        assert row["curtailed_value_aud"] == pytest.approx(5.0 * -30 + 5.0 * 80)
        assert row["uigf_mwh"] == pytest.approx(60.0)
        assert row["cleared_mwh"] == pytest.approx(sum(did) / 12)


def test_units_without_targets_make_no_curtailment(tmp_path: Path) -> None:
    """Months before AEMO published UIGF per unit: the regions have theirs, the units have no file."""
    when = stamps(datetime(2022, 7, 1, 0, 5), 6)
    demand = [targets(s, ss_solar_uigf=12.0, ss_solar_clearedmw=6.0) for s in when]
    snapshot = make_lake(tmp_path, region_demand=demand).snapshot()
    (row,) = frame(snapshot, "curtailment_day").to_dict("records")
    assert (row["fuel"], row["curtailed_mwh"]) == ("Solar", pytest.approx(3.0))
    assert not snapshot.partitions("unit_curtailment_day")
