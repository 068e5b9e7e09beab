"""Interconnector rollups against the raw flows, limits and prices, with pandas alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_layer.lake import Lake, Snapshot
from data_layer.tables import INTERCONNECTOR_MEASURES
from tests.data_layer.lakes import compare, frame, make_lake, prices, stamps

FIVE = timedelta(minutes=5)
FIRST = datetime(2025, 6, 29, 0, 5)
COUNT = 4 * 288  # to 3 July 00:00: two months
PLACES = ("regionid_from", "regionid_to")
LINK = {"interconnectorid": "V-SA", "name": "Heywood", "regionid_from": "VIC1", "regionid_to": "SA1"}


def flow(when: datetime, line: str = "V-SA", **facts: Any) -> dict[str, Any]:
    """One interconnector_flow record, with wide limits and no intervention."""
    record = {"settlementdate": when, "interconnectorid": line, "intervention": 0, "mwlosses": 0.0}
    return {**record, "mwflow": 0.0, "exportlimit": 600.0, "importlimit": -500.0, **facts}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two lines, one of them unknown to the topology; gaps in flows, prices and limits; interventions."""
    draw = np.random.default_rng(20250630)
    when = stamps(FIRST, COUNT)
    flows: list[dict[str, Any]] = []
    for line in ("V-SA", "NEW-LINE"):
        for stamp in when:
            if draw.random() < 0.03:
                continue
            high, low = float(draw.integers(-50, 600)), float(draw.integers(-500, -60))
            target = float(np.clip(draw.normal(100, 400), low, high))
            record = flow(
                stamp,
                line,
                meteredmwflow=round(target + draw.normal(0, 20), 2),
                mwflow=round(target + draw.uniform(-0.4, 0.4), 3),
                mwlosses=round(abs(target) * 0.02, 3) if draw.random() > 0.02 else None,
                exportlimit=high if draw.random() > 0.02 else None,
                importlimit=low,
            )
            flows.append(record)
            if draw.random() < 0.05:
                physical = {"intervention": 1, "meteredmwflow": record["meteredmwflow"] + 33.0}
                flows.append({**record, **physical})
    dispatch: list[dict[str, Any]] = []
    for region in ("VIC1", "SA1"):
        kept = [stamp for stamp in when if draw.random() > 0.04]
        dispatch += prices(region, kept, [float(v) for v in np.round(draw.normal(60, 90, len(kept)), 2)])
    return make_lake(
        tmp_path_factory.mktemp("lines"),
        interconnectors=[LINK],
        interconnector_flow=flows,
        dispatch_price=dispatch,
    )


def by_hand(snapshot: Snapshot) -> pd.DataFrame:
    """The measures of every interval, from the raw rows (all after five-minute settlement)."""
    rows = frame(snapshot, "interconnector_flow")
    places = frame(snapshot, "interconnectors")[["interconnectorid", *PLACES]]
    rows = rows.merge(places, on="interconnectorid", how="left")
    rrp = frame(snapshot, "dispatch_price").set_index(["settlementdate", "regionid"]).rrp
    known = {side: rrp.reindex(pd.MultiIndex.from_frame(rows[["settlementdate", side]])) for side in PLACES}
    gap = pd.Series(known["regionid_to"].to_numpy() - known["regionid_from"].to_numpy(), rows.index)
    for side in PLACES:
        rows[side] = rows[side].fillna("Unmapped")
    mw, hour = rows.meteredmwflow, 1 / 12
    uphill = ((mw > 0) & (gap < 0)) | ((mw < 0) & (gap > 0))
    limited = rows.exportlimit.notna() & rows.importlimit.notna()
    against = (mw.abs() * uphill * hour).where(gap.notna())
    return rows.assign(
        flow_hours=hour,
        flow_mwh=mw * hour,
        export_mwh=mw.where(mw > 0, 0) * hour,
        import_mwh=mw.where(mw < 0, 0) * hour,
        losses_mwh=rows.mwlosses * hour,
        limit_hours=limited * hour,
        export_limit_mw_hours=rows.exportlimit.where(limited) * hour,
        import_limit_mw_hours=rows.importlimit.where(limited) * hour,
        at_export_limit_hours=(rows.mwflow >= rows.exportlimit - 0.5) * hour,
        at_import_limit_hours=(rows.mwflow <= rows.importlimit + 0.5) * hour,
        counter_price_mwh=against,
        counter_price_value_aud=against * gap.abs(),
        priced_hours=gap.notna() * hour,
        price_difference_aud_hours_per_mwh=gap * hour,
    )


def check(snapshot: Snapshot) -> None:
    raw = by_hand(snapshot)
    sums = [
        name
        for name in INTERCONNECTOR_MEASURES
        if name not in (*PLACES, "min_flow_mw", "max_flow_mw", "intervals", "intervals_expected")
    ]
    day = (raw.settlementdate - FIVE).dt.normalize()
    for table, time, bucket in (
        ("interconnector_30min", "settlementdate", raw.settlementdate.dt.ceil("30min")),
        ("interconnector_day", "date", day),
        ("interconnector_month", "date", day.dt.to_period("M").dt.start_time),
    ):
        keys = ["bucket", "interconnectorid", *PLACES]
        groups = raw.assign(bucket=bucket).groupby(keys)
        expected = groups[sums].sum(min_count=1)
        expected["min_flow_mw"], expected["max_flow_mw"] = (
            groups.meteredmwflow.min(),
            groups.meteredmwflow.max(),
        )
        expected["intervals"] = groups.size()
        found = frame(snapshot, table).rename(columns={time: "bucket"})
        found["bucket"] = pd.to_datetime(found.bucket)
        compare(found, expected.reset_index(), keys, [*sums, "min_flow_mw", "max_flow_mw", "intervals"])
        assert (found.intervals <= found.intervals_expected).all()


def test_rollups_equal_the_raw_rows(lines: Lake) -> None:
    snapshot = lines.snapshot()
    assert (frame(snapshot, "interconnector_flow").intervention == 1).sum() > 50
    check(snapshot)
    month = frame(snapshot, "interconnector_month").set_index("interconnectorid").sort_index()
    assert (
        month.loc["V-SA", ["at_export_limit_hours", "at_import_limit_hours", "counter_price_mwh"]] > 1
    ).all(axis=None)


def test_rollups_equal_the_raw_rows_of_the_demonstration(demo_lake: Lake) -> None:
    check(demo_lake.snapshot())
    month = frame(demo_lake.snapshot(), "interconnector_month")
    assert set(month.interconnectorid) == set(frame(demo_lake.snapshot(), "interconnectors").interconnectorid)
    assert month.at_export_limit_hours.sum() + month.at_import_limit_hours.sum() > 1


def test_a_line_that_the_topology_does_not_know_keeps_its_flow(lines: Lake) -> None:
    snapshot = lines.snapshot()
    day = frame(snapshot, "interconnector_day")
    unknown = day[day.interconnectorid == "NEW-LINE"]
    assert set(unknown.regionid_from) == set(unknown.regionid_to) == {"Unmapped"}
    raw = frame(snapshot, "interconnector_flow")
    total = raw[raw.interconnectorid == "NEW-LINE"].meteredmwflow.sum() / 12
    assert unknown.flow_mwh.sum() == pytest.approx(total)
    assert unknown.priced_hours.sum() == 0 and unknown.counter_price_mwh.isna().all()


def test_energy_against_the_price_is_told_with_its_cost(tmp_path: Path) -> None:
    """VIC1 to SA1: against the price where it leaves the dearer region, whichever way it runs."""
    when = stamps(datetime(2025, 7, 1, 0, 5), 5)
    lake = make_lake(
        tmp_path,
        interconnectors=[LINK],
        interconnector_flow=[
            flow(s, meteredmwflow=mw) for s, mw in zip(when, (120.0, 120.0, -60.0, -60.0, 240.0), strict=True)
        ],
        dispatch_price=prices("VIC1", when, [80.0, 20.0, 20.0, 80.0, 90.0])
        + prices("SA1", when[:4], [50.0, 50.0, 50.0, 50.0]),
    )
    (half,) = frame(lake.snapshot(), "interconnector_30min").to_dict("records")
    assert half["counter_price_mwh"] == pytest.approx(10.0 + 5.0)
    assert half["counter_price_value_aud"] == pytest.approx(10.0 * 30 + 5.0 * 30)
    assert half["priced_hours"] == pytest.approx(4 / 12), "the fifth interval has one price only"
    assert half["price_difference_aud_hours_per_mwh"] == pytest.approx((-30 + 30 + 30 - 30) / 12)
    assert (half["intervals"], half["intervals_expected"]) == (5, 6)
    assert half["flow_hours"] == pytest.approx(5 / 12)


def test_the_target_and_not_the_metered_flow_is_at_the_limit(tmp_path: Path) -> None:
    """Both limits may have one sign: a line forced to export is at its import limit when it exports least."""
    when = stamps(datetime(2025, 7, 1, 0, 5), 4)
    limits = {"exportlimit": 300.0, "importlimit": 100.0}
    lake = make_lake(
        tmp_path,
        interconnectors=[LINK],
        interconnector_flow=[
            flow(when[0], meteredmwflow=250.0, mwflow=299.5, **limits),
            flow(when[1], meteredmwflow=300.0, mwflow=299.4, **limits),
            flow(when[2], meteredmwflow=150.0, mwflow=100.5, **limits),
            flow(when[3], meteredmwflow=150.0, mwflow=302.0, exportlimit=300.0, importlimit=None),
        ],
    )
    (half,) = frame(lake.snapshot(), "interconnector_30min").to_dict("records")
    assert half["at_export_limit_hours"] == pytest.approx(2 / 12), "within half a megawatt, or beyond"
    assert half["at_import_limit_hours"] == pytest.approx(1 / 12)
    assert half["limit_hours"] == pytest.approx(3 / 12)
    assert half["export_limit_mw_hours"] == pytest.approx(900 / 12)
    assert half["import_limit_mw_hours"] == pytest.approx(300 / 12)
    assert (half["min_flow_mw"], half["max_flow_mw"]) == (150.0, 300.0)


def test_a_new_topology_places_the_line_and_prices_it(tmp_path: Path) -> None:
    when = stamps(datetime(2025, 7, 1, 0, 5), 6)
    lake = make_lake(
        tmp_path,
        interconnector_flow=[flow(s, meteredmwflow=12.0) for s in when],
        dispatch_price=prices("VIC1", when, 90.0) + prices("SA1", when, 30.0),
    )
    assert set(frame(lake.snapshot(), "interconnector_month").regionid_from) == {"Unmapped"}
    make_lake(tmp_path, interconnectors=[LINK])
    (month,) = frame(lake.snapshot(), "interconnector_month").to_dict("records")
    assert (month["regionid_from"], month["regionid_to"]) == ("VIC1", "SA1")
    assert month["counter_price_value_aud"] == pytest.approx(6.0 * 60.0)
