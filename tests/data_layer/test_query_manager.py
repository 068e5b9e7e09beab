"""The one door: chunks, progress, cache per version, refusals, and the first dashboard's calls."""

from __future__ import annotations

import shutil
import threading
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from app import cli
from data_layer import backend, turns
from data_layer.backend import DuckBackend
from data_layer.connection import CancelToken, DuckEngine, Limits
from data_layer.errors import (
    LakeDamaged,
    LakeMissing,
    QueryCancelled,
    RequestError,
    ResultTooLarge,
    ServerBusy,
)
from data_layer.lake import Lake
from data_layer.market import REGIONS, Resolution
from data_layer.query_manager import HybridQueryManager, Observation, open_manager
from data_layer.requests import (
    INTEGRATED_COLUMNS,
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    LatestInterval,
    Period,
    RegionSeries,
    RegionSummary,
    Request,
)
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

FIVE = timedelta(minutes=5)
JULY = datetime(2025, 7, 1)
DAY = Period(JULY, JULY + timedelta(days=1))
WEEK = Period(datetime(2026, 2, 20), datetime(2026, 2, 27))


@pytest.fixture(scope="module")
def manager(demo_lake: Lake) -> HybridQueryManager:
    return open_manager(demo_lake.root)


@pytest.fixture
def small(tmp_path: Path) -> Lake:
    when = stamps(JULY + FIVE, 288)
    return make_lake(
        tmp_path,
        units=[unit("A"), unit("B", regionid="SA1", fuel="Wind")],
        unit_scada=readings("A", when, 60.0) + readings("B", when, 30.0),
        dispatch_price=prices("NSW1", when, 50.0) + prices("SA1", when, -20.0),
    )


def test_chunks_are_bounded_complete_and_in_order(manager: HybridQueryManager) -> None:
    request = IntegratedData(WEEK, Resolution.HALF_HOUR, ("SA1", "TAS1"))
    whole = manager.answer(request).frame()
    chunks = list(manager.query_chunks(request, chunk_size=1_000))
    assert len(chunks) > 3
    assert all(0 < len(chunk) <= 1_000 for chunk in chunks)
    pd.testing.assert_frame_equal(pd.concat(chunks, ignore_index=True), whole)
    keys = list(zip(whole.settlementdate, whole.duid, strict=True))
    assert keys == sorted(set(keys))
    for size in (0, -1, 1.5, "many"):
        with pytest.raises(RequestError, match="chunk size"):
            next(manager.query_chunks(request, chunk_size=size))  # type: ignore[arg-type]


def test_chunks_of_sql_over_the_views(manager: HybridQueryManager) -> None:
    text = "SELECT date, sum(generation_mwh) AS n FROM daily_by_fuel GROUP BY date ORDER BY date"
    frames = list(manager.query_chunks(text, chunk_size=5))
    assert [len(frame) for frame in frames] == [5, 5, 2]
    days = [day for frame in frames for day in frame.date]
    assert days == sorted(days)


def test_progress_ends_at_the_total(manager: HybridQueryManager) -> None:
    request = IntegratedData(WEEK, Resolution.HALF_HOUR, ("TAS1",))
    told: list[tuple[int, int]] = []
    frame = manager.query_with_progress(request, 700, lambda done, total: told.append((done, total)))
    assert len(frame) > 1_400
    assert told[0] == (0, len(frame))
    assert told[-1] == (len(frame), len(frame))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {total for _, total in told} == {len(frame)}
    pd.testing.assert_frame_equal(frame, manager.answer(request).frame())
    empty = manager.query_with_progress("SELECT duid, scadavalue FROM unit_scada WHERE duid = 'NONE'")
    assert (list(empty.columns), len(empty)) == (["duid", "scadavalue"], 0)


def test_a_stream_can_be_cancelled(manager: HybridQueryManager) -> None:
    token = CancelToken()
    seen: list[int] = []

    def stop_after_the_first(done: int, total: int) -> None:
        seen.append(done)
        if done:
            token.cancel()

    with pytest.raises(QueryCancelled):
        manager.query_with_progress(
            IntegratedData(WEEK, Resolution.FIVE_MINUTES), 500, stop_after_the_first, token
        )
    assert len(seen) < 20


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-02-20", "2026-02-21"),
        (date(2026, 2, 20), date(2026, 2, 21)),
        (datetime(2026, 2, 20), datetime(2026, 2, 22)),
        (pd.Timestamp("2026-02-20"), "2026-02-22T00:00"),
    ],
)
def test_dates_and_texts_mean_the_same(manager: HybridQueryManager, start: Any, end: Any) -> None:
    frame = manager.query_integrated_data(
        start, end, regions=["SA1"], fuels=["Wind"], columns=["duid", "rrp"]
    )
    assert list(frame.columns) == ["duid", "rrp"]
    whole = manager.query_integrated_data(start, end, resolution="30min")
    assert list(whole.columns) == list(INTEGRATED_COLUMNS)
    assert whole.settlementdate.min() == datetime(2026, 2, 20, 0, 30)
    assert whole.settlementdate.max() == datetime(2026, 2, 22)
    assert len(frame) == ((whole.region == "SA1") & (whole.fuel_type == "Wind")).sum() > 0
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in whole.dtypes)


@pytest.mark.parametrize(
    "arguments",
    [
        {"resolution": "hour"},
        {"resolution": "1min"},
        {"regions": ["WEM"]},
        {"regions": "SA1"},
        {"fuels": ["Coal; DROP TABLE units"]},
        {"columns": ["rrp FROM x --"]},
        {"start_date": "2026-02-30"},
        {"start_date": None},
        {"start_date": "2026-03-01"},
    ],
)
def test_the_first_dashboards_call_refuses_what_is_not_allowed(
    manager: HybridQueryManager, arguments: dict[str, Any]
) -> None:
    with pytest.raises(RequestError):
        manager.query_integrated_data(**{"start_date": "2026-02-20", "end_date": "2026-02-21", **arguments})


def test_groups_pool_their_units(small: Lake) -> None:
    manager = open_manager(small.root)
    frame = manager.aggregate_by_group("2025-07-01", "2025-07-01", ["region", "fuel"])
    assert list(frame.columns[:2]) == ["region", "fuel"]
    rows = {row["region"]: row for row in frame.to_dict("records")}
    assert rows["NSW1"]["generation_mwh"] == pytest.approx(60 * 24)
    assert rows["NSW1"]["revenue_aud"] == pytest.approx(60 * 24 * 50)
    assert rows["SA1"]["capture_price_aud_per_mwh"] == pytest.approx(-20.0)
    assert rows["SA1"]["capacity_factor"] == pytest.approx(0.3)
    assert [row["region"] for row in frame.to_dict("records")] == ["NSW1", "SA1"], "revenue descending"
    only = manager.aggregate_by_group(date(2025, 7, 1), date(2025, 7, 1), ("duid",), regions=["SA1"])
    assert list(only.duid) == ["B"]
    with pytest.raises(RequestError, match="Unknown group"):
        manager.aggregate_by_group("2025-07-01", "2025-07-01", ["f", "g"])
    for field in ({"regions": "SA1"}, {"fuels": "Wind"}, {"group_by": "fuel"}, {"group_by": 5}):
        with pytest.raises(RequestError):
            manager.aggregate_by_group("2025-07-01", "2025-07-01", **field)  # type: ignore[arg-type]


def test_date_ranges_are_those_of_the_files(small: Lake) -> None:
    ranges = open_manager(small.root).get_date_ranges()
    whole = (JULY + FIVE, JULY + timedelta(days=1))
    assert ranges["unit_scada"] == ranges["dispatch_price"] == ranges["region_5min"] == whole
    assert ranges["unit_30min"] == (JULY + timedelta(minutes=30), whole[1])
    assert ranges["unit_day"] == (JULY, JULY)
    assert "trading_price" not in ranges
    assert "units" not in ranges
    state = open_manager(small.root).lake_state()
    assert (state.first, state.last, state.kind, state.regions) == (*whole, "aemo", REGIONS)
    assert state.version == small.token()


def test_statistics_count_and_the_cache_can_be_cleared(small: Lake) -> None:
    manager = open_manager(small.root)
    assert manager.statistics()["queries"] == 0
    first = manager.answer(FuelSummary(DAY))
    again = manager.answer(FuelSummary(DAY))
    assert (first.provenance.cached, again.provenance.cached) == (False, True)
    assert again.table.equals(first.table)
    facts = manager.statistics()
    assert facts["queries"] == 2
    assert facts["rows_scanned"] == first.provenance.rows_scanned > 0, "a cached answer scans nothing"
    assert (facts["cache"]["hits"], facts["cache"]["misses"], facts["cache"]["entries"]) == (1, 1, 1)
    assert [(r["request"], r["cached"]) for r in facts["recent"]] == [
        ("fuel_summary", False),
        ("fuel_summary", True),
    ]
    manager.clear_cache()
    assert manager.statistics()["cache"]["entries"] == 0
    assert not manager.answer(FuelSummary(DAY)).provenance.cached
    assert not manager.answer(FuelSummary(DAY), use_cache=False).provenance.cached


def test_a_returned_frame_is_safe_to_change(small: Lake) -> None:
    manager = open_manager(small.root)
    frame = manager.answer(FuelSummary(DAY)).frame()
    before = frame.copy()
    frame.loc[:, "energy_mwh"] = -1.0
    frame["extra"] = 1
    del frame["revenue_aud"]
    again = manager.answer(FuelSummary(DAY))
    assert again.provenance.cached
    pd.testing.assert_frame_equal(again.frame(), before)
    one = manager.query_integrated_data("2025-07-01", "2025-07-01")
    one["rrp"] = 0.0
    assert manager.query_integrated_data("2025-07-01", "2025-07-01").rrp.max() == 50.0


def test_a_new_version_gives_a_new_answer_at_once(small: Lake) -> None:
    manager = open_manager(small.root)
    old = manager.answer(RegionSummary(DAY))
    make_lake(small.root, dispatch_price=[])
    assert manager.answer(RegionSummary(DAY)).provenance.cached, "nothing was published"
    noon = JULY + timedelta(hours=12)
    make_lake(
        small.root,
        dispatch_price=[
            {"settlementdate": noon, "regionid": "NSW1", "rrp": 9_000.0, "intervention": 0,
             "published_at": datetime(2031, 1, 1)}
        ],
    )  # fmt: skip
    new = manager.answer(RegionSummary(DAY))
    assert not new.provenance.cached
    assert new.provenance.version == small.token() != old.provenance.version
    assert new.frame().max_price_aud_per_mwh.max() == 9_000.0
    assert old.frame().max_price_aud_per_mwh.max() == 50.0


@pytest.mark.parametrize("backend", ["duckdb", "pandas"])
def test_a_period_outside_the_data_names_what_there_is(small: Lake, backend: str) -> None:
    manager = open_manager(small.root, backend=backend)
    for start, end in (
        (JULY - timedelta(days=9), JULY),
        (JULY + timedelta(days=1), JULY + timedelta(days=2)),
    ):
        with pytest.raises(RequestError, match="the data covers 2025-07-01 to 2025-07-01") as failure:
            manager.answer(RegionSummary(Period(start, end)))
        assert failure.value.field == "start"
    # One interval at either edge is enough.
    for start, end in (
        (JULY - FIVE, JULY + FIVE),
        (JULY + timedelta(hours=23, minutes=55), datetime(2025, 7, 9)),
    ):
        rows = manager.answer(RegionSummary(Period(start, end))).frame()
        assert set(rows.intervals) == {1, 2}


def test_a_lake_without_data_says_what_to_run(tmp_path: Path) -> None:
    manager = open_manager(tmp_path / "nowhere")
    for ask in (
        lambda: manager.answer(RegionSummary(DAY)),
        manager.lake_state,
        manager.get_date_ranges,
        lambda: next(manager.query_chunks(RegionSummary(DAY))),
    ):
        with pytest.raises(LakeMissing, match="python -m app ingest"):
            ask()
    make_lake(tmp_path / "bare", units=[unit("A")])
    with pytest.raises(LakeMissing, match="no prices and no readings"):
        open_manager(tmp_path / "bare").answer(RegionSummary(DAY))


class Heavy(DuckBackend):
    """Holds its query until it is let go."""

    def __init__(self, engine: DuckEngine) -> None:
        super().__init__(engine)
        self.entered, self.go_on = threading.Event(), threading.Event()

    def is_heavy(self, request: Any, snapshot: Any) -> bool:
        return bool(isinstance(request, FuelSummary))

    def run(self, request: Any, snapshot: Any, cancel: Any = None) -> tuple[pa.Table, str, int, int]:
        if self.is_heavy(request, snapshot):
            self.entered.set()
            self.go_on.wait(30)
        return super().run(request, snapshot, cancel)


def test_a_second_heavy_question_is_told_to_come_again(small: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HEAVY_WAIT_SECONDS", 0.05)
    backend = Heavy(DuckEngine(small.root))
    manager = HybridQueryManager(small, backend)
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(manager.answer(FuelSummary(DAY, "NSW1"))))
    thread.start()
    backend.entered.wait(30)
    with pytest.raises(ServerBusy, match="try again in a moment"):
        manager.answer(FuelSummary(DAY, "SA1"))
    assert manager.answer(RegionSummary(DAY)).table.num_rows == 3, "light questions pass"
    backend.go_on.set()
    thread.join(30)
    assert outcome[0].table.num_rows == 1
    assert manager.answer(FuelSummary(DAY, "SA1")).table.num_rows == 1, "the turn is given back"


def test_a_version_collected_under_a_reader_is_asked_anew(small: Lake) -> None:
    """Between reading the manifest and opening its files, a newer version came and the old one went."""

    class Overtaken(DuckBackend):
        runs = 0

        def run(self, request: Any, snapshot: Any, cancel: Any = None) -> tuple[pa.Table, str, int, int]:
            self.runs += 1
            if self.runs == 1:
                make_lake(small.root, dispatch_price=prices("VIC1", [JULY + FIVE], 77.0))
                small.collect_garbage(timedelta(0))
            return super().run(request, snapshot, cancel)

    backend = Overtaken(DuckEngine(small.root))
    manager = HybridQueryManager(Lake(small.root), backend)
    answer = manager.answer(RegionSeries(DAY, REGIONS, Resolution.FIVE_MINUTES))
    assert backend.runs == 2
    assert answer.provenance.version == Lake(small.root).token(), "an answer says the version it is of"
    assert answer.frame().max_price_aud_per_mwh.max() == 77.0
    assert manager.answer(RegionSeries(DAY, REGIONS, Resolution.FIVE_MINUTES)).provenance.cached


def test_damage_in_the_published_version_is_not_asked_again_for_ever(small: Lake) -> None:
    manager = open_manager(small.root)
    shutil.rmtree(small.root / "data" / "region_day")
    with pytest.raises(LakeDamaged, match="region_day 2025"):
        manager.answer(RegionSummary(DAY))


def test_an_answer_is_of_one_version_while_others_are_published(small: Lake) -> None:
    """Every price of one version is the same number: an answer must never mix two."""
    manager = open_manager(small.root)
    when = stamps(JULY + FIVE, 288)
    stop = threading.Event()
    mixed: list[Any] = []
    seen: set[float] = set()

    def read() -> None:
        while not stop.is_set():
            answer = manager.answer(RegionSeries(DAY, ("QLD1",), Resolution.FIVE_MINUTES), use_cache=False)
            values = set(answer.table["price_aud_per_mwh"].to_pylist())
            seen.update(values)
            if len(values) > 1:
                mixed.append(values)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(5):
        published = datetime(2030, 1, 1) + timedelta(days=number)
        make_lake(
            small.root,
            dispatch_price=[
                {**row, "published_at": published} for row in prices("QLD1", when, float(number))
            ],
        )
    stop.set()
    for thread in threads:
        thread.join(30)
    assert mixed == []
    assert len(seen) > 1


def test_a_result_over_the_row_limit_is_refused(small: Lake) -> None:
    manager = open_manager(small.root, max_rows=100)
    with pytest.raises(ResultTooLarge, match="more than 100 rows"):
        manager.answer(IntegratedData(DAY, Resolution.FIVE_MINUTES))
    assert (
        sum(len(chunk) for chunk in manager.query_chunks(IntegratedData(DAY, Resolution.FIVE_MINUTES))) == 576
    )


def test_only_requests_are_questions(small: Lake) -> None:
    manager = open_manager(small.root)
    for junk in ("SELECT 1", None, {"start": "2025-07-01"}):
        with pytest.raises(RequestError, match="one of the requests"):
            manager.answer(junk)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="duckdb or pandas"):
        open_manager(small.root, backend="oracle")


def test_the_limits_reach_the_database(small: Lake) -> None:
    manager = HybridQueryManager(small, limits=Limits(threads=1, memory_limit_mb=100))
    assert manager.query("SELECT current_setting('threads') AS n").n[0] == 1


def test_parameters_of_a_notebook_are_bound(small: Lake) -> None:
    frame = open_manager(small.root).query(
        "SELECT count(*) AS n FROM unit_scada WHERE duid = $duid", {"duid": "A' OR '1'='1"}
    )
    assert frame.n[0] == 0


def test_a_days_mix_has_each_fuel_once_a_bucket(manager: HybridQueryManager) -> None:
    frame = manager.answer(GenerationMix(WEEK, "SA1", Resolution.HOUR)).frame()
    assert not frame.duplicated(["time", "fuel"]).any()
    assert frame.time.nunique() == 7 * 24
    grouped = manager.answer(AggregateByGroup(WEEK, ("fuel",), ("SA1",))).frame().set_index("fuel")
    for fuel, energy in frame[frame.fuel != "Rooftop Solar"].groupby("fuel").generation_mwh.sum().items():
        assert float(energy) == pytest.approx(float(grouped.generation_mwh[fuel]), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("backend", ["duckdb", "pandas"])
def test_the_latest_interval_is_found_though_the_period_goes_on(small: Lake, backend: str) -> None:
    """A bookmark of this month, opened before the month is over."""
    manager = open_manager(small.root, backend=backend)
    frame = manager.answer(LatestInterval(Period(JULY, JULY + timedelta(days=30)))).frame()
    assert set(frame.settlementdate) == {JULY + timedelta(days=1)}
    assert sorted(frame.regionid) == ["NSW1", "SA1"]


def test_the_pandas_engine_names_damage_too(small: Lake) -> None:
    Path(small.snapshot().paths("unit_scada")[0]).write_bytes(b"garbage")
    with pytest.raises(LakeDamaged, match="unit_scada 2025-07") as failure:
        open_manager(small.root, backend="pandas").answer(RegionSummary(DAY))
    assert str(small.root) not in str(failure.value)


def test_rollups_of_another_version_are_said_and_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lake written by other code is no empty answer and no failed query."""
    when = stamps(datetime(2025, 7, 1, 0, 5), 288)
    with monkeypatch.context() as earlier:
        earlier.setattr("data_layer.lake.SCHEMA_VERSION", "of another version")
        lake = make_lake(
            tmp_path,
            units=[unit("A")],
            unit_scada=readings("A", when, 12.0),
            dispatch_price=prices("NSW1", when, 100.0),
        )
    question = FuelSummary(Period(datetime(2025, 7, 1), datetime(2025, 7, 2)))
    for ask in (open_manager(lake.root).lake_state, lambda: open_manager(lake.root).answer(question)):
        with pytest.raises(LakeDamaged, match="python -m app rebuild"):
            ask()
    assert cli.main(["rebuild", "--lake", str(lake.root)]) == 0
    assert "made again" in capsys.readouterr().out
    (row,) = open_manager(lake.root).answer(question).table.to_pylist()
    assert row["energy_mwh"] == pytest.approx(288.0)


def test_who_watches_is_told_of_every_question(manager: HybridQueryManager) -> None:
    """Answers, cached or not, and failures; a watcher that breaks costs nobody an answer."""
    seen: list[Observation] = []

    def broken(_: Observation) -> None:
        raise RuntimeError("watcher")

    manager.observers += [broken, seen.append]
    first, last = manager.lake_state().first, manager.lake_state().last
    assert first and last
    asked = RegionSummary(Period(last - timedelta(days=1), last))
    for _ in range(2):
        manager.answer(asked)
    outside = RegionSummary(Period(first - timedelta(days=9), first - timedelta(days=8)))
    with pytest.raises(RequestError):
        manager.answer(outside)
    facts = [one.provenance.cached if one.provenance else None for one in seen]
    assert facts == [False, True, None]
    assert [one.rows > 0 for one in seen] == [True, True, False]
    assert isinstance(seen[2].error, RequestError) and seen[2].request == outside


def kept_footers(manager: HybridQueryManager) -> int:
    """Bytes that the database holds of the files it has seen."""
    rows = (
        manager.engine._connection().execute("SELECT tag, memory_usage_bytes FROM duckdb_memory()").fetchall()
    )
    return int(dict(rows)["OBJECT_CACHE"])


def test_a_warm_manager_holds_the_footers_of_every_file(small: Lake, tmp_path: Path) -> None:
    manager = open_manager(small.root)
    files = [entry for partitions in small.snapshot().files.values() for entry in partitions]
    assert kept_footers(manager) == 0
    assert manager.warm() == len(files) > 5
    warm = kept_footers(manager)
    assert warm > 0
    manager.answer(RegionSeries(DAY, REGIONS, Resolution.FIVE_MINUTES))
    assert kept_footers(manager) == warm, "nothing is left to be kept"
    assert open_manager(tmp_path / "no lake").warm() == 0
    assert open_manager(small.root, backend="pandas").warm() == 0


def test_warming_leaves_out_what_is_damaged_and_asking_says_so(small: Lake) -> None:
    manager = open_manager(small.root)
    whole = manager.warm()
    shutil.rmtree(small.root / "data" / "region_day")
    manager = open_manager(small.root)
    assert 0 < manager.warm() < whole
    with pytest.raises(LakeDamaged, match="region_day 2025"):
        manager.answer(RegionSummary(DAY))


def test_a_question_is_planned_once(manager: HybridQueryManager, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it is asked first how heavy it is."""
    planned: list[Request] = []
    plan = backend.plan
    monkeypatch.setattr(
        backend, "plan", lambda request, lake: (planned.append(request), plan(request, lake))[1]
    )
    asked = [FuelSummary(WEEK, region) for region in ("SA1", "NEM")]
    answers = [manager.answer(request, use_cache=False).table for request in asked]
    assert planned == asked
    assert answers[0].num_rows and not answers[0].equals(answers[1])
