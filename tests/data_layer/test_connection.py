"""DuckDB in a server: right answers from many threads and forks, limits that hold, errors that explain."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data_layer.connection import CALLERS, CancelToken, DuckEngine, Limits
from data_layer.errors import DataLayerError, LakeDamaged, QueryCancelled, QueryTimeout, ResultTooLarge
from data_layer.lake import Lake
from data_layer.market import REGIONS, Resolution
from data_layer.query_manager import open_manager
from data_layer.requests import AggregateByGroup, IntegratedData, Period, RegionSeries
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

ROOT = Path(__file__).parents[2]
ENDLESS = "SELECT sum(a.range * b.range) AS n FROM range(10000000) AS a, range(10000000) AS b"
JULY = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)


@pytest.fixture
def engine(tmp_path: Path) -> DuckEngine:
    return DuckEngine(tmp_path)


def one(engine: DuckEngine, statement: str, **parameters: Any) -> Any:
    return engine.query(statement, parameters).to_pylist()[0]["n"]


def test_eight_threads_get_their_own_answers(demo_lake: Lake) -> None:
    """A connection shared by threads returns other threads' rows; a cursor per query does not."""
    engine = DuckEngine(demo_lake.root)
    files = demo_lake.snapshot().paths("region_5min")
    statement = "SELECT $x * 1000 + count(*) % 1 AS n, any_value($x) AS x FROM read_parquet($files)"

    def ask(x: int) -> tuple[int, int, int]:
        row = engine.query(statement, {"x": x, "files": files}).to_pylist()[0]
        return x, row["n"], row["x"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(800)))
    assert [(x, n, y) for x, n, y in answers if n != 1_000 * x or y != x] == []
    assert len(engine._connections) == 1, "one database per process"


def test_few_threads_call_the_database_however_many_ask(
    engine: DuckEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thread that does keeps memory for later, and a worker has 64."""
    called: set[str] = set()
    table = engine._table

    def noted(*arguments: Any) -> Any:
        called.add(threading.current_thread().name)
        return table(*arguments)

    monkeypatch.setattr(engine, "_table", noted)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda k: one(engine, "SELECT $k AS n", k=k), range(200)))
    assert found == list(range(200))
    assert 1 <= len(called) <= CALLERS
    assert all(name.startswith("duckdb-caller") for name in called)


def test_all_its_threads_are_there_from_the_first_question(engine: DuckEngine) -> None:
    assert one(engine, "SELECT 1 AS n") == 1
    assert engine._threads is not None and len(engine._threads._threads) == CALLERS


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores SIGINT, and its children with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_who_is_interrupted_while_waiting_stops_the_query(engine: DuckEngine) -> None:
    """Ctrl-C in a notebook."""
    main = threading.main_thread().ident
    assert main == threading.get_ident()
    threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        one(engine, ENDLESS)
    began = time.monotonic()
    assert engine._threads is not None
    engine._threads.shutdown(wait=True)
    assert time.monotonic() - began < 20, "it would take hours"


def test_a_question_while_the_process_ends_is_a_query_that_was_stopped(engine: DuckEngine) -> None:
    assert one(engine, "SELECT 1 AS n") == 1
    assert engine._threads is not None
    engine._threads.shutdown()
    with pytest.raises(QueryCancelled, match="process is ending"):
        one(engine, "SELECT 1 AS n")
    with pytest.raises(QueryCancelled):
        engine.read_footers([])


def test_a_query_that_nobody_wants_any_more_is_stopped(engine: DuckEngine) -> None:
    looks = iter([True, True])
    token = CancelToken(wanted=lambda: next(looks, False))
    began = time.monotonic()
    with pytest.raises(QueryCancelled):
        engine.query(ENDLESS, {}, token)
    assert time.monotonic() - began < 20, "it would take hours"
    with pytest.raises(QueryCancelled, match="nobody waits"):
        engine.query("SELECT 1 AS n", {}, CancelToken(wanted=lambda: False))
    assert one(engine, "SELECT 1 AS n") == 1


def child_answers(engine: DuckEngine, answers: Any) -> None:
    answers.put(one(engine, "SELECT count(*) AS n FROM range(3000000)"))


def test_a_forked_child_opens_its_own_database(engine: DuckEngine) -> None:
    """While the parent's threads are querying: an inherited connection would hang for ever."""
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            one(engine, "SELECT sum(range) AS n FROM range(300000)")

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    fork = multiprocessing.get_context("fork")
    try:
        for _ in range(6):
            answers = fork.Queue()
            child = fork.Process(target=child_answers, args=(engine, answers))
            child.start()
            assert answers.get(timeout=60) == 3_000_000
            child.join(60)
            assert child.exitcode == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert one(engine, "SELECT count(*) AS n FROM range(7)") == 7


def test_a_forked_child_that_ends_normally_does_not_hang(tmp_path: Path) -> None:
    """Closing the parent's database at the interpreter's end waits for threads that are not there."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom data_layer.connection import DuckEngine\n"
        "engine = DuckEngine(Path(sys.argv[1]))\n"
        "ask = lambda: engine.query('SELECT count(*) AS n FROM range(3000000)', {}).to_pylist()\n"
        "ask()\npid = os.fork()\nassert ask() == [{'n': 3000000}]\n"
        "if pid:\n    assert os.waitpid(pid, 0)[1] == 0\n    print('both ended')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.stdout == "both ended\n", ended.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) AS n FROM read_text('/etc/passwd')",
        "SELECT count(*) AS n FROM read_csv('/etc/passwd')",
        "SELECT count(*) AS n FROM '/etc/passwd'",
        "SELECT count(*) AS n FROM read_parquet('{lake}/../outside/x.parquet')",
        "SELECT count(*) AS n FROM read_parquet('{lake}-sibling/x.parquet')",
        "SELECT count(*) AS n FROM read_text('{lake}/link')",
        "SELECT count(*) AS n FROM glob('/etc/*')",
        "SELECT count(*) AS n FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        "COPY (SELECT 1) TO '{outside}/x.csv'",
        "ATTACH '{outside}/x.duckdb' AS x",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '64GB'",
        "SET GLOBAL threads = 64",
        "SET GLOBAL max_execution_time = 0",
        "SET GLOBAL allowed_directories = ['/']",
        "SET GLOBAL enable_external_access = true",
        "SET GLOBAL lock_configuration = false",
        "SET temp_directory = '/'",
        "RESET memory_limit",
        "SELECT count(*) AS n FROM frame_of_the_caller",
    ],
)
def test_the_sandbox_holds(tmp_path: Path, statement: str) -> None:
    """What a statement could do if someone's text ever reached the database."""
    lake, outside = tmp_path / "lake", tmp_path / "outside"
    for folder in (lake, outside, tmp_path / "lake-sibling"):
        folder.mkdir()
    (lake / "link").symlink_to("/etc/passwd")
    frame_of_the_caller = [1]
    engine = DuckEngine(lake)
    assert one(engine, "SELECT 1 AS n") == len(frame_of_the_caller)
    text = statement.format(lake=lake, outside=outside)
    with pytest.raises(DataLayerError):
        engine.query(text, {})
    with pytest.raises(DataLayerError):
        # As a statement of its own too, not only wrapped into a SELECT.
        list(engine.batches(text, {}, 10))
    assert not list(outside.iterdir())
    assert one(engine, "SELECT current_setting('memory_limit') AS n") == "244.1 MiB"


def test_the_limits_are_set(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(threads=1, memory_limit_mb=100, temp_limit_mb=50, timeout_seconds=7))
    names = ("threads", "memory_limit", "max_temp_directory_size", "max_execution_time", "lock_configuration")
    found = [str(one(engine, f"SELECT current_setting('{name}') AS n")) for name in names]
    assert found == ["1", "95.3 MiB", "47.6 MiB", "7000", "True"]


def test_a_query_over_time_stops_and_the_connection_lives(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(timeout_seconds=0.3))
    for _ in range(2):
        with pytest.raises(QueryTimeout, match=r"longer than 0.3 s: shorten the period"):
            engine.query(ENDLESS, {})
        with pytest.raises(QueryTimeout):
            list(engine.batches(ENDLESS, {}, 10))
        assert one(engine, "SELECT 42 AS n") == 42


def test_a_query_over_memory_is_refused_and_leaves_no_spill(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(memory_limit_mb=40, temp_limit_mb=1, threads=1))
    statement = "SELECT list(hash(range)) AS n FROM range(20000000) GROUP BY range % 3"
    with pytest.raises(ResultTooLarge, match="memory"):
        engine.query(statement, {})
    assert one(engine, "SELECT 42 AS n") == 42


def test_cancelling_one_query_leaves_the_others_alone(engine: DuckEngine) -> None:
    token, bystander = CancelToken(), CancelToken()
    outcomes: dict[str, Any] = {}

    def run(name: str, statement: str, cancel: CancelToken) -> None:
        try:
            outcomes[name] = engine.query(statement, {}, cancel).to_pylist()[0]["n"]
        except DataLayerError as error:
            outcomes[name] = error

    endless = threading.Thread(target=run, args=("endless", ENDLESS, token))
    other = threading.Thread(
        target=run, args=("other", "SELECT sum(range) AS n FROM range(50000000)", bystander)
    )
    endless.start()
    other.start()
    while not token._cursors:
        pass
    token.cancel()
    endless.join(30)
    assert not endless.is_alive()
    other.join(60)
    assert isinstance(outcomes["endless"], QueryCancelled)
    assert outcomes["other"] == sum(range(50_000_000))
    # What starts under a cancelled token stops at once; another token goes on.
    with pytest.raises(QueryCancelled):
        engine.query("SELECT 1 AS n", {}, token)
    with pytest.raises(QueryCancelled):
        list(engine.batches("SELECT 1 AS n", {}, 1, token))
    assert engine.query("SELECT 1 AS n", {}, bystander).num_rows == 1
    assert token._cursors == []


def test_a_stream_can_be_cancelled_between_its_pieces(engine: DuckEngine) -> None:
    """Arrow passes DuckDB's errors on as its own; they must be explained all the same."""
    token = CancelToken()
    pieces = engine.batches(
        "SELECT a.range AS n FROM range(10000000) AS a, range(1000) AS b", {}, 1_000, token
    )
    assert next(pieces).num_rows == 1_000
    token.cancel()
    with pytest.raises(QueryCancelled):
        for _ in pieces:
            pass
    assert one(engine, "SELECT 42 AS n") == 42


def test_pieces_are_bounded_and_in_order_and_a_stream_may_be_left(engine: DuckEngine) -> None:
    statement = "SELECT range AS n FROM range(100000)"
    pieces = list(engine.batches(statement, {}, 999))
    assert max(piece.num_rows for piece in pieces) <= 999
    assert [n for piece in pieces for n in piece.column(0).to_pylist()] == list(range(100_000))
    abandoned = engine.batches(statement, {}, 10)
    next(abandoned)
    abandoned.close()
    assert one(engine, "SELECT 42 AS n") == 42


def test_an_answer_over_the_limit_is_refused_not_cut(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, Limits(max_rows=1_000))
    assert engine.query("SELECT * FROM range(1000)", {}).num_rows == 1_000
    with pytest.raises(ResultTooLarge, match="more than 1,000 rows"):
        engine.query("SELECT * FROM range(1001)", {})
    # Streaming is the way to more: it is bounded by its pieces.
    assert sum(piece.num_rows for piece in engine.batches("SELECT * FROM range(5000)", {}, 500)) == 5_000


def damaged_lake(folder: Path) -> Lake:
    when = stamps(JULY + FIVE, 400) + stamps(datetime(2025, 8, 1, 0, 5), 400)
    return make_lake(
        folder / "data" / "lake",
        units=[unit("A")],
        unit_scada=readings("A", when, 60.0),
        dispatch_price=prices("NSW1", when, 50.0),
    )


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage", "missing", "middle"])
def test_a_damaged_file_is_named_and_only_questions_that_need_it_fail(tmp_path: Path, damage: str) -> None:
    lake = damaged_lake(tmp_path)
    manager = open_manager(lake.root)
    august = Period(datetime(2025, 8, 1), datetime(2025, 8, 2))
    july = Period(JULY, JULY + timedelta(days=1))
    path = Path(lake.snapshot().paths("unit_30min", august)[0])
    sound = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        broken = bytearray(sound)
        broken[100:-600] = b"\x00" * (len(sound) - 700)
        path.write_bytes(
            {"truncated": sound[:-20], "empty": b"", "garbage": b"x" * 999, "middle": bytes(broken)}[damage]
        )
    with pytest.raises(LakeDamaged) as failure:
        manager.answer(IntegratedData(august, Resolution.HALF_HOUR))
    message = str(failure.value)
    assert "unit_30min 2025-08" in message
    assert "again" in message
    assert str(tmp_path) not in message
    assert ".parquet" not in message
    # Other months and other tables of the same month answer.
    assert manager.answer(IntegratedData(july, Resolution.HALF_HOUR)).table.num_rows > 0
    assert manager.answer(RegionSeries(august)).table.num_rows > 0
    path.write_bytes(sound)
    assert manager.answer(IntegratedData(august, Resolution.HALF_HOUR)).table.num_rows > 0


def test_an_error_of_ours_is_not_blamed_on_the_lake(engine: DuckEngine) -> None:
    for statement in (
        "SELECT no_such_column",
        "SELECT $missing AS n",
        "SELECT CAST('x' AS INTEGER) AS n",
        "COPY",
    ):
        with pytest.raises(DataLayerError) as failure:
            engine.query(statement, {})
        assert type(failure.value) is DataLayerError
        assert statement not in str(failure.value)


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path) -> None:
    """Neither by a process that spilled nor by one that did not."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom data_layer.connection import DuckEngine, Limits\n"
        "engine = DuckEngine(Path(sys.argv[1]), Limits(memory_limit_mb=100, threads=1))\n"
        "print(engine.query('SELECT 1 AS n', {}).num_rows)\n"
        "big = 'SELECT hash(range) AS n FROM range(12000000) ORDER BY n'\n"
        "print(engine.query(f'SELECT count(*) AS n FROM ({big} LIMIT 11000000)', {}).to_pylist())\n"
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert list(temporary.iterdir()) == []


def test_spilling_works_although_only_the_lake_may_be_read(tmp_path: Path) -> None:
    before = set(Path(tempfile.gettempdir()).glob(f"nemdesk-spill-{os.getpid()}-*"))
    engine = DuckEngine(tmp_path, Limits(memory_limit_mb=60, threads=1, temp_limit_mb=500))
    statement = "SELECT count(DISTINCT n) AS n FROM (SELECT hash(range) AS n FROM range(3000000))"
    assert one(engine, statement) == 3_000_000
    for folder in set(Path(tempfile.gettempdir()).glob(f"nemdesk-spill-{os.getpid()}-*")) - before:
        shutil.rmtree(folder, ignore_errors=True)


class Invalidated:
    """A database that met a bug of its own: it refuses whatever it is asked."""

    def __init__(self, error: type[duckdb.Error]) -> None:
        self.error = error

    def cursor(self) -> Invalidated:
        return self

    def execute(self, statement: str, parameters: Any = None) -> Any:
        raise self.error("INTERNAL Error: dict-surviving join")

    def sql(self, statement: str, params: Any = None) -> Any:
        return self.execute(statement)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("error", [duckdb.InternalException, duckdb.FatalException])
def test_a_bug_inside_the_database_costs_one_attempt_and_not_the_process(
    engine: DuckEngine, error: type[duckdb.Error]
) -> None:
    engine._connections[os.getpid()] = Invalidated(error)  # type: ignore[assignment]
    assert one(engine, "SELECT 1 AS n") == 1
    assert not isinstance(engine._connection(), Invalidated)
    engine._connections[os.getpid()] = Invalidated(error)  # type: ignore[assignment]
    with pytest.raises(DataLayerError, match="failed inside the database"):
        list(engine.batches("SELECT 1 AS n", {}, 10))
    assert [batch.num_rows for batch in engine.batches("SELECT 1 AS n", {}, 10)] == [1]


@pytest.mark.parametrize("region", REGIONS)
def test_five_minutes_of_a_region_are_grouped(demo_lake: Lake, region: str) -> None:
    """DuckDB 2.0.0 met its bug (issue 24807) over so short a period of one region."""
    manager = open_manager(demo_lake.root)
    noon = datetime(2026, 2, 25, 12)
    period = Period(noon, noon + FIVE)
    found = manager.answer(AggregateByGroup(period, ("fuel", "region"), (region,))).table.to_pylist()
    every = manager.answer(AggregateByGroup(period, ("fuel", "region"))).table.to_pylist()

    def energy(rows: list[dict[str, Any]]) -> dict[str, float]:
        return {row["fuel"]: row["energy_mwh"] for row in rows if row["region"] == region}

    assert energy(found) == pytest.approx(energy(every))
