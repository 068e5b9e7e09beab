"""Both engines give the same answer to the same question, whatever is asked.

The pandas engine shares no SQL with the DuckDB path and starts from the raw rows, so agreement is a
check of the rollups, the planner's cuts and the views at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_layer import rollups
from data_layer.lake import Lake
from data_layer.loading import Loader
from data_layer.market import FUELS, REGIONS, Resolution
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import (
    GROUP_COLUMNS,
    INTEGRATED_COLUMNS,
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    LatestInterval,
    Period,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    Request,
    TimeOfDay,
    allowed_resolutions,
)
from data_layer.tables import TABLES
from tests.data_layer.lakes import make_lake, prices, readings, rows, stamps, unit

KEYS = (
    "settlementdate",
    "time",
    "time_of_day",
    "name",
    "regionid",
    *GROUP_COLUMNS,
    "kind",
    "start",
    "price_aud_per_mwh",
)

# What full buckets would hold depends on where the planner cuts a period that is not whole days.
NOT_COMPARED = {"unit_intervals_expected", "intervals_expected"}


def plain(table: pa.Table) -> pd.DataFrame:
    """Rows in a fixed order, numbers as float64, everything else as text."""
    frame = table.to_pandas()
    frame = frame.sort_values([key for key in KEYS if key in frame.columns], ignore_index=True)
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype("float64")
        else:
            frame[name] = frame[name].astype("object").where(frame[name].notna(), None).map(str)
    return frame


def assert_same(request: Request, engines: tuple[HybridQueryManager, HybridQueryManager]) -> int:
    duck, pandas = (plain(engine.answer(request).table) for engine in engines)
    assert len(duck) == len(pandas), request
    assert set(duck.columns) == set(pandas.columns), request
    for name in set(duck.columns) - NOT_COMPARED:
        if duck[name].dtype == "float64" and pandas[name].dtype == "float64":
            np.testing.assert_allclose(
                duck[name], pandas[name], rtol=1e-9, atol=1e-6, err_msg=f"{request} {name}"
            )
        else:
            assert list(duck[name]) == list(pandas[name]), (request, name)
    return len(duck)


def periods(first: datetime, last: datetime) -> st.SearchStrategy[Period]:
    """Any stretch of 5-minute stamps, often of whole days or half-hours, sometimes past the data's ends."""
    steps = int((last - first) / timedelta(minutes=5))

    def stretch(step: int) -> st.SearchStrategy[Period]:
        start = st.integers(-6, steps // step - 1)
        length = st.integers(1, max(steps // step, 1))
        minutes = timedelta(minutes=5 * step)
        return st.builds(lambda s, n: Period(first + s * minutes, first + (s + n) * minutes), start, length)

    return st.one_of(stretch(1), stretch(6), stretch(288)).filter(lambda p: p.end > first)


def questions(first: datetime, last: datetime) -> st.SearchStrategy[Request]:
    period = periods(first, last)
    region = st.sampled_from(("NEM", *REGIONS))
    regions = st.lists(st.sampled_from(REGIONS), unique=True).map(tuple)
    fuels = st.lists(st.sampled_from(FUELS), unique=True, max_size=4).map(tuple)
    groups = st.lists(st.sampled_from(GROUP_COLUMNS), unique=True, min_size=1, max_size=3).map(tuple)

    def at_any_resolution(make: Callable[[Period, Resolution], Request]) -> st.SearchStrategy[Request]:
        return period.flatmap(lambda p: st.sampled_from(allowed_resolutions(p)).map(lambda r: make(p, r)))

    return st.one_of(
        region.flatmap(lambda g: at_any_resolution(lambda p, r: GenerationMix(p, g, r))),
        regions.flatmap(lambda g: at_any_resolution(lambda p, r: RegionSeries(p, g, r))),
        st.builds(PriceEnvelope, period, regions, st.integers(10, 400)),
        st.builds(RegionSummary, period),
        st.builds(FuelSummary, period, region),
        st.builds(TimeOfDay, period, region),
        st.builds(PriceEvents, period, regions, st.floats(50, 400), st.floats(-100, 40)),
        st.builds(AggregateByGroup, period, groups, regions, fuels),
    )


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_random_questions_get_one_answer(
    data: st.DataObject, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    state = engines[0].lake_state()
    assert state.first is not None and state.last is not None
    midnight = state.first - timedelta(minutes=5)
    assert_same(data.draw(questions(midnight, state.last)), engines)


@pytest.mark.parametrize("resolution", [Resolution.FIVE_MINUTES, Resolution.HALF_HOUR])
@pytest.mark.parametrize("hours", [0.5, 7.25, 30])
def test_integrated_rows_agree(
    resolution: Resolution, hours: float, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    last = engines[0].lake_state().last
    assert last is not None
    end = last - timedelta(hours=11, minutes=5)
    for regions, fuels in (((), ()), (("SA1", "VIC1"), ()), ((), ("Wind", "Battery Storage"))):
        period = Period(end - timedelta(hours=hours), end)
        assert assert_same(IntegratedData(period, resolution, regions, fuels, INTEGRATED_COLUMNS), engines)


@pytest.mark.parametrize("minutes_back", [0, 5, 35, 1445])
def test_the_latest_interval_agrees(
    minutes_back: int, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    last = engines[0].lake_state().last
    assert last is not None
    end = last - timedelta(minutes=minutes_back)
    assert assert_same(LatestInterval(Period(end - timedelta(days=1), end)), engines) == 5


def test_a_gap_of_days_is_seen_in_what_was_found(tmp_path: Path) -> None:
    """Three days asked, one found: a third, not all, by both engines."""
    first = datetime(2025, 7, 1)
    lake = make_lake(
        tmp_path,
        units=[unit("A"), unit("B", fuel="Wind")],
        unit_scada=readings("A", stamps(first + timedelta(minutes=5), 288), 10.0)
        + readings("B", stamps(first + timedelta(hours=12, minutes=5), 144), 10.0),
        dispatch_price=prices("NSW1", stamps(first + timedelta(minutes=5), 3 * 288), 100.0),
    )
    for backend in ("duckdb", "pandas"):
        manager = open_manager(lake.root, backend=backend)
        table = manager.answer(FuelSummary(Period(first, first + timedelta(days=3)))).table
        rows = {row["fuel"]: row for row in table.to_pylist()}
        found = {fuel: (row["unit_intervals"], row["unit_intervals_expected"]) for fuel, row in rows.items()}
        assert found == {"Coal": (288, 864), "Wind": (144, 864)}, backend


@pytest.fixture(scope="module")
def ten_months(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Three units and two regions over ten months with a hole, so that whole months are worth a cut."""
    first, count = datetime(2024, 11, 10, 0, 5), 300 * 288
    when = np.datetime64(first, "us") + np.arange(count) * np.timedelta64(5, "m")
    when = when[(when <= np.datetime64("2025-02-10")) | (when > np.datetime64("2025-02-13T07:35"))]
    noise = np.random.default_rng(7)
    duids, regionids = ["A", "B", "C"], ["NSW1", "SA1"]

    def table(name: str, key: str, values: list[str], column: str, low: float, high: float) -> pa.Table:
        count = len(when) * len(values)
        schema = TABLES[name].schema
        filled = {
            "settlementdate": np.repeat(when, len(values)),
            key: np.tile(values, len(when)),
            column: np.round(noise.uniform(low, high, count), 2),
        }
        return pa.table({name: pa.array(values, schema.field(name).type) for name, values in filled.items()})

    lake = Lake(tmp_path_factory.mktemp("ten") / "lake")
    with lake.write() as writer:
        loader = Loader(writer)
        loader.replace(
            "units",
            rows(
                "units",
                [
                    unit("A"),
                    unit("B", regionid="SA1", fuel="Wind"),
                    unit("C", regionid="SA1", fuel="Battery Storage", dispatch_type="BIDIRECTIONAL"),
                ],
            ),
        )
        loader.add("unit_scada", table("unit_scada", "duid", duids, "scadavalue", -40, 90))
        loader.add("dispatch_price", table("dispatch_price", "regionid", regionids, "rrp", -60, 400))
        loader.add("region_demand", table("region_demand", "regionid", regionids, "totaldemand", 900, 9_000))
        loader.flush()
        rollups.build(writer)
        writer.publish()
    return lake


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2024, 12, 1), datetime(2025, 8, 1)),
        (datetime(2024, 11, 20, 3, 35), datetime(2025, 8, 28, 17, 5)),
        (datetime(2025, 2, 1), datetime(2025, 3, 1)),
    ],
)
def test_whole_months_and_their_ends_agree(start: datetime, end: datetime, ten_months: Lake) -> None:
    engines = open_manager(ten_months.root), open_manager(ten_months.root, backend="pandas")
    period = Period(start, end)
    for question in (
        FuelSummary(period),
        FuelSummary(period, "SA1"),
        RegionSummary(period),
        TimeOfDay(period),
        TimeOfDay(period, "SA1"),
        AggregateByGroup(period, ("region", "fuel")),
        AggregateByGroup(period, ("station", "duid"), ("SA1",)),
        GenerationMix(period, "NEM", Resolution.MONTH),
        RegionSeries(period, resolution=Resolution.MONTH),
        PriceEnvelope(period, max_points=100),
    ):
        assert assert_same(question, engines)
