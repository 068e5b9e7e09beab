"""Long questions in parts give what they give whole, and what was found is there for every process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data_layer.connection import CancelToken
from data_layer.errors import DataLayerError, QueryCancelled
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager
from data_layer.requests import Period, Request
from data_layer.requests.stations import (
    StationDuration,
    StationPeers,
    StationPriceBands,
    StationSummary,
    StationTimeOfDay,
)
from data_layer.shared_answers import SharedAnswers

ITEM_QUESTIONS = (StationSummary, StationTimeOfDay, StationDuration, StationPriceBands)


def days(lake: Lake, count: int) -> Period:
    last = open_manager(lake.root).lake_state().last
    assert last is not None
    return Period(last - timedelta(days=count), last)


@pytest.mark.parametrize("question", ITEM_QUESTIONS)
def test_stations_one_by_one_are_the_stations_together(demo_lake: Lake, question: type[Request]) -> None:
    manager = open_manager(demo_lake.root)
    period = days(demo_lake, 9)
    ranking = manager.answer(StationPeers(period)).table.column("item").to_pylist()
    # Not in the order of their names, so that the order is somebody's doing.
    asked = question(period, tuple(sorted(ranking[:3], reverse=True)))  # type: ignore[call-arg]
    told: list[tuple[int, int, int]] = []
    parts = manager.answer_in_parts(
        asked, lambda done, parts, so_far: told.append((done, parts, so_far().num_rows))
    )
    whole = manager.answer(asked)
    assert parts.table.schema == whole.table.schema
    for name in whole.table.column_names:
        got, wanted = parts.table.column(name).to_pylist(), whole.table.column(name).to_pylist()
        numbers = [(a, b) for a, b in zip(got, wanted, strict=True) if isinstance(b, float)]
        assert [a for a, _ in numbers] == pytest.approx([b for _, b in numbers], rel=1e-12), name
        if not numbers:
            assert got == wanted, name
    assert [(done, parts) for done, parts, _ in told] == [(1, 3), (2, 3), (3, 3)]
    assert 0 < told[0][2] < told[1][2] < told[2][2] == whole.table.num_rows


def nothing_told(done: int, parts: int, so_far: Callable[[], pa.Table]) -> None:
    """Nobody watches."""


def asked_of(manager: HybridQueryManager, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The items of each question that its engine works out, from now on."""
    asked: list[tuple[str, ...]] = []
    run = manager.backend.run

    def watched(request: Request, *given: Any) -> Any:
        asked.append(request.units)  # type: ignore[attr-defined]
        return run(request, *given)

    monkeypatch.setattr(manager.backend, "run", watched)
    return asked


@pytest.mark.parametrize("question", ITEM_QUESTIONS)
def test_an_item_that_is_known_is_not_worked_out_again(
    demo_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: Any
) -> None:
    shared = SharedAnswers(tmp_path / "answers")
    job, other, worker = (open_manager(demo_lake.root, shared=shared) for _ in range(3))
    period = days(demo_lake, 3)
    a, b, c = sorted(job.answer(StationPeers(period)).table.column("item").to_pylist()[:3])
    first, second = asked_of(job, monkeypatch), asked_of(other, monkeypatch)
    job.answer_in_parts(question(period, (b, a)), nothing_told)
    assert first == [(a,), (b,)]
    assert not worker.known(question(period, (a, c)))
    got = other.answer_in_parts(question(period, (c, b)), nothing_told)
    assert second == [(c,)], "b was found by the first"
    none = asked_of(worker, monkeypatch)
    assert worker.known(question(period, (c, b, a)))
    all_three = worker.answer(question(period, (c, b, a)))
    assert none == []
    right = open_manager(demo_lake.root).answer(question(period, (c, b, a)))
    assert all_three.table.schema == right.table.schema
    assert all_three.table.column("item").to_pylist() == right.table.column("item").to_pylist()
    two = all_three.table.filter(pc.is_in(all_three.table.column("item"), pa.array([b, c])))
    assert two.equals(got.table)
    assert all_three.provenance.rows_scanned > got.provenance.rows_scanned > 0
    assert worker.known(question(period, (a,))) and not worker.known(question(days(demo_lake, 2), (a,)))


@pytest.mark.parametrize("backend", ["duckdb", "pandas"])
@pytest.mark.parametrize("question", ITEM_QUESTIONS)
def test_an_item_without_readings_beside_one_that_is_known(
    demo_lake: Lake, question: Any, backend: str
) -> None:
    manager, fresh = (open_manager(demo_lake.root, backend=backend) for _ in range(2))
    period = days(demo_lake, 1)
    for one in ("NOPE", "BW01"):
        manager.answer(question(period, (one,)))
    got = manager.answer(question(period, ("BW01", "NOPE"))).table
    right = fresh.answer(question(period, ("BW01", "NOPE"))).table
    assert got.num_rows > 0
    assert got.schema == right.schema
    assert manager.answer(question(period, ("NOPE", "NEITHER"))).table.num_rows == 0
    assert set(got.column("item").to_pylist()) == {"BW01"}


def test_what_a_stopped_question_found_is_kept(
    demo_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = SharedAnswers(tmp_path / "answers")
    job, worker = (open_manager(demo_lake.root, shared=shared) for _ in range(2))
    period, stop = days(demo_lake, 3), CancelToken()
    a, b = sorted(job.answer(StationPeers(period)).table.column("item").to_pylist()[:2])
    with pytest.raises(QueryCancelled):
        job.answer_in_parts(StationDuration(period, (a, b)), lambda *_: stop.cancel(), stop)
    assert worker.known(StationDuration(period, (a,)))
    assert not worker.known(StationDuration(period, (a, b)))
    asked = asked_of(worker, monkeypatch)
    worker.answer_in_parts(StationDuration(period, (a, b)), nothing_told)
    assert asked == [(b,)]


def test_a_folder_that_takes_nothing_costs_no_answer(demo_lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("not a folder")
    job = open_manager(demo_lake.root, shared=SharedAnswers(tmp_path / "answers"))
    period = days(demo_lake, 2)
    items = tuple(job.answer(StationPeers(period)).table.column("item").to_pylist()[:2])
    got = job.answer_in_parts(StationPriceBands(period, items), nothing_told)
    assert set(got.table.column("item").to_pylist()) == set(items)


def test_an_answer_that_took_long_is_known_to_other_processes(demo_lake: Lake, tmp_path: Path) -> None:
    shared = SharedAnswers(tmp_path / "answers")
    job, worker = (open_manager(demo_lake.root, shared=shared) for _ in range(2))
    asked = StationPeers(days(demo_lake, 2))
    assert not worker.known(asked)
    found = job.answer(asked)
    job.keep(asked, found)
    assert worker.known(asked)
    worker.backend.run = None  # type: ignore[assignment, method-assign]
    got = worker.answer(asked)
    assert got.table.equals(found.table) and got.provenance.rows_scanned == found.provenance.rows_scanned
    assert (tmp_path / "answers").stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_read_is_as_good_as_absent(tmp_path: Path) -> None:
    shared = SharedAnswers(tmp_path / "answers")
    table = pa.table({"n": pa.chunked_array([[1, 2], [3]])})
    shared.put("a", table, ("source", 3, 1))
    (path,) = shared.directory.iterdir()
    found = shared.get("a")
    assert found is not None and found[0].equals(table) and found[1] == ("source", 3, 1)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place])
        assert shared.get("a") is None, place
    path.write_bytes(b"\x80\x04junk")
    assert shared.get("a") is None
    assert shared.get("b") is None


def test_the_oldest_go_where_there_is_too_much(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(10_000))})
    shared = SharedAnswers(tmp_path / "answers", limit_bytes=200_000, kept_seconds=1e10)
    for place in range(5):
        shared.put(str(place), table, ("source", 1, 1))
        os.utime(shared._path(str(place)), (1e9 * 1.7 + place, 1e9 * 1.7 + place))
    shared.sweep()
    assert [shared.has(str(place)) for place in range(5)] == [False, False, False, True, True]
    shared.kept_seconds = 10
    assert not shared.has("4"), "too old"


def test_a_disk_that_takes_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file where the folder should be")
    with pytest.raises(DataLayerError, match="cache folder cannot be written"):
        SharedAnswers(tmp_path / "answers").put("a", pa.table({"n": [1]}), ("source", 1, 1))


_WORK: Final = """
import os, sys
from pathlib import Path
import pyarrow as pa
from data_layer import price_tree, unmapped
from data_layer.lake import Lake
from data_layer.shared_answers import SharedAnswers

lake = Lake(Path(sys.argv[1])).snapshot()
part = pa.table({**{name: ["x"] for name in price_tree.KEYS}, **{name: [1.0] for name in price_tree.SUMS}})
shared = SharedAnswers(Path(sys.argv[2]))
before = len(os.listdir("/proc/self/task"))
summed = price_tree.together([part, part])
shared.put("a", summed, ("source", 1, 1))
print(shared.get("a")[0]["generation_mwh"].to_pylist(), unmapped.count(lake) >= 0)
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_a_worker_has_as_many_threads_in_the_evening_as_in_the_morning(
    demo_lake: Lake, tmp_path: Path
) -> None:
    """Arrow would start some for a file or for a hundred sums, and keep them."""
    given = [str(demo_lake.root), str(tmp_path / "answers")]
    done = subprocess.run([sys.executable, "-c", _WORK, *given], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[2.0] True", "0"]
