"""NEMDESK_BACKEND=pandas serves every tab and option, with DuckDB's numbers, and says what it cannot hold."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from callbacks import TABS, state
from callbacks.guard import Ask, Manager, span
from callbacks.options import OPTIONS
from callbacks.questions import SKIPPED, Noting
from callbacks.tab import Tab
from data_layer import demo
from data_layer.agreement import difference
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.pandas_engine import backend as engine
from data_layer.pandas_engine import frames, memory
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import (
    REQUESTS,
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    Period,
    Request,
    TimeOfDay,
    allowed_resolutions,
)
from data_layer.requests.analysis import PriceAnalysis
from data_layer.requests.batteries import BatterySummary
from data_layer.requests.curtailment import UnitCurtailment
from data_layer.requests.stations import StationPeers
from layouts import theme
from tests.callbacks.test_state import samples
from tests.data_layer.lakes import make_lake, prices, stamps


def addresses(tab: Tab) -> Iterator[str]:
    """The opening view, other regions and periods, and every option's samples."""
    shown = "units=BW03,station:Bayswater+Power+Station&" if tab.name == "stations" else ""
    yield ""
    yield "region=SA1"
    yield "start=2026-02-21&end=2026-02-24&region=VIC1"
    for option in OPTIONS[tab.name]:
        if option.name not in SKIPPED:
            every = option.examples if option.name == "view" else samples(tab.name, option.name)
            for text in every:
                yield f"{option.name}={text}"
                if shown and option.name != "units":
                    yield f"{shown}{option.name}={text}"


def fill(manager: Manager, tab: Tab, search: str) -> dict[str, Request]:
    """Make every panel of a view, as the page does; what was asked."""
    noting = Noting(manager)
    lake = noting.lake_state()
    ask = Ask(noting, lake, state.parse(tab.name, search, *span(lake)), theme.LIGHT)
    for name, panel in tab.panels.items():
        content = panel.make(replace(ask, provenance=[]))
        assert content.empty or content.figure is not None or content.body is not None, (name, search)
    asked = dict(noting.asked)
    for request in tab.datasets(ask).values():
        asked.setdefault(request.key(), request)
    return asked


@pytest.mark.long
@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_every_view_is_answered_with_the_same_numbers(
    tab: Tab, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    duckdb, pandas = engines
    asked: dict[str, Request] = {}
    for search in addresses(tab):
        asked |= fill(pandas, tab, search)
    _SEEN.update(type(request) for request in asked.values())
    for request in asked.values():
        one, two = duckdb.answer(request).table, pandas.answer(request).table
        assert not any(pa.types.is_dictionary(field.type) for field in two.schema), request
        apart = difference(one, two)
        assert apart.largest <= 1e-9, (request, apart)


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_every_tab_opens_with_the_same_numbers(
    tab: Tab, engines: tuple[HybridQueryManager, HybridQueryManager]
) -> None:
    """The short form of the one above."""
    duckdb, pandas = engines
    for request in fill(pandas, tab, "").values():
        one, two = duckdb.answer(request).table, pandas.answer(request).table
        assert difference(one, two).largest <= 1e-9, request


_SEEN: set[type[Request]] = set()


@pytest.mark.long
def test_every_question_was_among_them() -> None:
    """Runs after the one above; what no panel asks is asked by tests of the data layer."""
    if len(_SEEN) < 5:
        pytest.skip("the test above did not run")
    never = {cls.name for cls in set(REQUESTS.values()) - _SEEN}
    assert never <= {"integrated_data", "unit_search"}, never


def test_in_parts_it_is_one_part_and_the_same_answer(
    engines: tuple[HybridQueryManager, HybridQueryManager],
) -> None:
    request = PriceAnalysis(Period.parse("2026-02-19", "2026-02-28"), ("fuel", "station"))
    told: list[tuple[int, int, int]] = []

    def on_part(done: int, parts: int, so_far: Callable[[], pa.Table]) -> None:
        told.append((done, parts, so_far().num_rows))

    answers = [manager.answer_in_parts(request, on_part) for manager in engines]
    assert told[-1] == (1, 1, answers[1].table.num_rows)
    assert difference(answers[0].table, answers[1].table).largest <= 1e-9


def test_first_questions_at_once_load_each_table_once(
    demo_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    months, whole = frames.read_months, frames.read_table
    monkeypatch.setattr(frames, "read_months", lambda s, t, c: (loaded.append(t), months(s, t, c))[1])
    monkeypatch.setattr(frames, "read_table", lambda s, t: (loaded.append(t), whole(s, t))[1])
    manager = open_manager(demo_lake.root, backend="pandas")
    lake = manager.lake_state()
    failed: list[BaseException] = []

    def ask(tab: Tab) -> None:
        try:
            fill(manager, tab, "range=1d&by=unit" if tab.name == "curtailment" else "range=1d")
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=ask, args=(tab,)) for tab in TABS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and lake.version
    # Flows and the topology are read twice: for the regions, and for the lines once somebody asks.
    twice = {"interconnector_flow", "interconnectors"}
    assert {table: loaded.count(table) for table in loaded} == {
        table: 2 if table in twice else 1 for table in loaded
    }
    assert {"unit_scada", "unit_dispatch", *twice} <= set(loaded)


def test_a_new_version_is_picked_up(tmp_path: object) -> None:
    lake = Lake(f"{tmp_path}/lake")
    demo.build(lake, end=datetime(2026, 3, 1), days=2)
    manager = open_manager(lake.root, backend="pandas")
    before = manager.answer(FuelSummary(Period.parse("2026-02-27", "2026-03-01"))).provenance
    demo.build(lake, end=datetime(2026, 3, 2), days=3)
    after = manager.answer(FuelSummary(Period.parse("2026-02-27", "2026-03-01"))).provenance
    assert after.version != before.version and after.rows_scanned > before.rows_scanned
    last = manager.lake_state().last
    assert last is not None and last - datetime(2026, 3, 1) >= timedelta(hours=23)


def test_a_lake_too_large_is_refused_before_it_is_read(
    demo_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = FuelSummary(Period.parse("2026-02-20", "2026-02-21"))
    snapshot = demo_lake.snapshot()
    want = memory.needed(snapshot) // memory.MIB
    monkeypatch.setattr(engine, "History", lambda _: pytest.fail("it was read"))
    small = open_manager(demo_lake.root, backend="pandas", pandas_memory_mb=want - 1)
    with pytest.raises(memory.NotEnoughMemory, match=r"NEMDESK_PANDAS_MEMORY_MB allows .*docs/rollback\.md"):
        small.answer(request)
    monkeypatch.setattr(memory, "available", lambda: (want - 1) * memory.MIB)
    with pytest.raises(memory.NotEnoughMemory, match="are free"):
        open_manager(demo_lake.root, backend="pandas").answer(request)
    monkeypatch.undo()
    assert open_manager(demo_lake.root, backend="pandas", pandas_memory_mb=want + 1).answer(request).table
    assert 0 < memory.available() < 2**50


def test_the_estimate_is_near_what_is_held(demo_lake: Lake) -> None:
    """Counted column by column; the estimate may not be below it."""
    snapshot = demo_lake.snapshot()
    history = frames.History(snapshot)
    held = sum(
        int(frame.memory_usage(deep=True).sum())
        for frame in (history.regions, history.flows, *history.readings._frames, *history.targets._frames)
    )
    estimate = sum(snapshot.rows(table) * size for table, size in memory.BYTES_KEPT.items())
    assert held < estimate < 2 * held


@pytest.mark.parametrize(
    ("one", "two", "wrong"),
    [
        ({"a": ["x", "y"], "b": [1.0, 2.0]}, {"b": [2.0, 1.0], "a": ["y", "x"]}, False),
        ({"a": ["x", "y"], "b": [1.0, 2.0]}, {"a": ["x", "y"], "b": [2.0, 1.0]}, True),
        ({"b": [1e9]}, {"b": [1e9 * (1 + 1e-12)]}, False),
        ({"b": [1.0]}, {"b": [1.00001]}, True),
        ({"b": [1.0]}, {"b": [None]}, True),
        ({"b": [None]}, {"b": [float("nan")]}, False),
        ({"b": [1.0]}, {"b": [1.0, 1.0]}, True),
        ({"b": [1.0]}, {"c": [1.0]}, True),
        ({"a": ["x"]}, {"a": [None]}, True),
        ({"a": [datetime(2026, 1, 1)]}, {"a": [datetime(2026, 1, 2)]}, True),
    ],
)
def test_the_comparison_sees_what_differs(one: dict[str, list], two: dict[str, list], wrong: bool) -> None:  # type: ignore[type-arg]
    assert (difference(pa.table(one), pa.table(two)).largest > 1e-9) is wrong


def test_a_question_too_large_is_refused_and_smaller_ones_go_on(
    demo_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = open_manager(demo_lake.root, backend="pandas")
    day = FuelSummary(Period.parse("2026-02-20", "2026-02-20"))
    assert manager.answer(day).table.num_rows
    rows = len(manager.backend.history(manager.lake.snapshot()).readings)  # type: ignore[attr-defined]
    monkeypatch.setattr(memory, "SMALL_QUESTION", 1)
    monkeypatch.setattr(memory, "available", lambda: rows * memory.BYTES_ASKED // 2)
    assert manager.answer(day, use_cache=False).table.num_rows
    with pytest.raises(memory.NotEnoughMemory, match="Shorten the period"):
        manager.answer(FuelSummary(Period.parse("2026-02-18", "2026-03-01")))


def test_a_lake_without_readings_or_targets_is_answered_as_by_duckdb(tmp_path: Path) -> None:
    first = datetime(2026, 2, 1, 0, 5)
    when = stamps(first, 288)
    lake = make_lake(tmp_path, dispatch_price=prices("SA1", when, 50.0))
    managers = [open_manager(lake.root), open_manager(lake.root, backend="pandas")]
    period = Period(datetime(2026, 2, 1), datetime(2026, 2, 2))
    for request in (
        FuelSummary(period),
        GenerationMix(period),
        UnitCurtailment(period),
        PriceAnalysis(period),
        StationPeers(period),
        BatterySummary(period),
        TimeOfDay(period),
    ):
        rows = [manager.answer(request).table.num_rows for manager in managers]
        assert rows == [0, 0], request


@pytest.mark.parametrize("resolution", [*Resolution])
def test_readings_expected_over_whole_days_agree(
    engines: tuple[HybridQueryManager, HybridQueryManager], resolution: Resolution
) -> None:
    """Where the planner's cuts play no part, what full buckets would hold is the same too."""
    period = Period.parse("2026-02-19", "2026-02-28")
    questions: list[Request] = [
        GenerationMix(period, "NEM", resolution),
        GenerationMix(period, "SA1", resolution),
    ]
    if resolution is Resolution.DAY:
        questions += [FuelSummary(period), PriceAnalysis(period, ("station",)), AggregateByGroup(period)]
    for request in questions:
        if resolution not in allowed_resolutions(period):
            continue
        found = []
        for manager in engines:
            frame = manager.answer(request).table.to_pandas()
            keys = [name for name in ("time", "fuel", "path") if name in frame.columns]
            found.append(frame.sort_values(keys).unit_intervals_expected.astype("int64").tolist())
        assert found[0] == found[1] and sum(found[0]) > 0, request
