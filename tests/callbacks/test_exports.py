"""The line's "Export…", called as the browser calls it: what is offered, what is ordered, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings
from callbacks import TABS
from callbacks.work import EXPORT, JobState, Order
from data_layer import exports
from data_layer.errors import ServerBusy
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.query_manager import open_manager
from data_layer.requests import FuelSummary, IntegratedData, Period
from tests.app.callback_client import dependencies, payload, post
from tests.data_layer.lakes import frame

WHERE = {"url.pathname": "/generation", "url.search": "?start=2026-02-24&end=2026-02-25&region=SA1"}
JOB = "0123456789abcdef0123456789abcdef"


class Orders:
    """A job centre that only writes down what it is asked."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Order]] = []
        self.full = False

    def submit(self, visitor: str, order: Order) -> str:
        if self.full:
            raise ServerBusy("Too many jobs are waiting: try again in a minute.")
        self.taken.append((visitor, order))
        return JOB

    def jobs(self, visitor: str) -> list[JobState]:
        return []

    def job(self, job: str, visitor: str = "") -> JobState | None:
        return None

    def partial(self, job: str, after: int) -> tuple[int, pa.Table | None]:
        return after, None

    def leave(self, visitor: str, job: str) -> None: ...

    def stop(self, visitor: str, job: str) -> None: ...

    def forget(self, visitor: str, job: str) -> None: ...

    def facts(self) -> Mapping[str, Any]:
        return {}


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def client(demo_lake: Lake, tmp_path: Path, orders: Orders) -> Iterator[FlaskClient]:
    manager = open_manager(demo_lake.root)
    app = create_app(Settings(lake_dir=demo_lake.root, cache_dir=tmp_path / "cache"), manager, orders)
    with app.server.test_client() as made:
        made.get("/")
        yield made


def call(client: FlaskClient, output: str, values: dict[str, Any]) -> dict[str, Any]:
    entry = next(one for one in dependencies(client) if output in one["output"])
    answer = post(client, payload(entry, {**WHERE, **values}))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()["response"]
    return found


def chosen(table: Any, form: Any, clicks: Any = 1) -> dict[str, Any]:
    return {"export-table.value": table, "export-form.value": form, "export-start.n_clicks": clicks}


def start(client: FlaskClient, table: Any, form: Any, **more: Any) -> dict[str, Any]:
    return call(client, "export-said.children", {**chosen(table, form), **more})


def test_every_view_offers_its_own_tables_and_the_readings(client: FlaskClient) -> None:
    shown = call(client, "export-body.children", {"export-open.n_clicks": 1})
    assert shown["export-open"]["aria-expanded"] == "true"
    text = json.dumps(shown["export-body"])
    for name in ("Generation", "Prices", "Table", "All unit readings, 5 minutes", "CSV, zipped", "Parquet"):
        assert f'"{name}"' in text
    closed = call(client, "export-body.children", {"export-open.n_clicks": 2})
    assert closed["export-body"]["children"] is None
    for tab in TABS:
        values = {"export-open.n_clicks": 1, "url.pathname": f"/{tab.name}", "url.search": ""}
        text = json.dumps(call(client, "export-body.children", values)["export-body"])
        assert "export-start" in text, tab.name


def test_the_number_of_rows_is_said_before(client: FlaskClient, demo_lake: Lake) -> None:
    snapshot = demo_lake.snapshot()
    units = frame(snapshot, "units")
    local = set(units[units.regionid == "SA1"].duid)
    raw = frame(snapshot, "unit_scada")
    period = Period.parse("2026-02-24", "2026-02-25")
    raw = raw[(raw.settlementdate > period.start) & (raw.settlementdate <= period.end) & raw.duid.isin(local)]
    said = call(client, "export-rows.children", chosen("all-unit-readings", "csv"))
    assert said["export-rows"]["children"][0] == f"About {len(raw):,} rows"
    assert said["export-start"]["disabled"] is False
    small = call(client, "export-rows.children", chosen("table", "csv"))
    fuels = units[units.regionid == "SA1"].fuel.nunique()
    assert small["export-rows"]["children"][0] in {f"{fuels} rows", f"{fuels + 1} rows"}


def test_the_order_is_the_views_own_question(client: FlaskClient, orders: Orders) -> None:
    period = Period.parse("2026-02-24", "2026-02-25")
    found = start(client, "table", "xlsx")
    assert found["job-nudge"]["data"] == {"id": JOB}
    assert "Added to jobs" in json.dumps(found["export-said"])
    start(client, "all-unit-readings", "parquet")
    (visitor, small), (_, large) = orders.taken
    assert len(visitor) == 32
    assert (small.kind, small.form, small.request) == (EXPORT, "xlsx", FuelSummary(period, "SA1"))
    assert small.href == "/generation?start=2026-02-24&end=2026-02-25&region=SA1"
    assert small.title.startswith("Generation: table, South Australia, ")
    assert large.request == IntegratedData(period, Resolution.FIVE_MINUTES, ("SA1",))
    assert large.title.startswith("All unit readings, 5 minutes, South Australia, ")


@pytest.mark.parametrize(
    ("table", "form", "where"),
    [
        ("secrets", "csv", {}),
        ({"name": "table"}, "csv", {}),
        (None, "csv", {}),
        ("table", "exe", {}),
        ("table", "../../etc/passwd", {}),
        ("table", ["csv"], {}),
        ("table", "csv", {"url.pathname": "/nowhere"}),
        ("table", "csv", {"url.pathname": {"a": 1}}),
        ("integrated_data", "csv", {}),
    ],
)
def test_forged_choices_are_refused_and_order_nothing(
    client: FlaskClient, orders: Orders, table: Any, form: Any, where: dict[str, Any]
) -> None:
    found = start(client, table, form, **where)
    assert "message-error" in json.dumps(found["export-said"])
    assert "job-nudge" not in found
    counted = call(client, "export-rows.children", {**chosen(table, form), **where})
    assert counted["export-start"]["disabled"] is True
    assert orders.taken == []


@pytest.mark.parametrize("clicks", [None, 0, "1", [1], {"n": 1}])
def test_nothing_begins_without_a_click(client: FlaskClient, orders: Orders, clicks: Any) -> None:
    for output, field in (("export-said", "export-start.n_clicks"), ("export-body", "export-open.n_clicks")):
        entry = next(one for one in dependencies(client) if output in one["output"])
        values = {**WHERE, **chosen("table", "csv"), field: clicks}
        assert post(client, payload(entry, values)).status_code == 204
    assert orders.taken == []


def test_a_full_queue_is_said(client: FlaskClient, orders: Orders) -> None:
    orders.full = True
    found = start(client, "table", "csv")
    assert "Too many jobs are waiting: try again" in json.dumps(found["export-said"])
    assert "job-nudge" not in found


def test_too_much_for_excel_is_said_before_it_begins(
    client: FlaskClient, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "EXCEL_ROWS", 100)
    counted = call(client, "export-rows.children", chosen("all-unit-readings", "xlsx"))
    assert "choose Parquet or CSV" in json.dumps(counted["export-rows"])
    assert counted["export-start"]["disabled"] is True
    assert "choose Parquet or CSV" in json.dumps(start(client, "all-unit-readings", "xlsx"))
    assert orders.taken == []
    start(client, "all-unit-readings", "csv")
    assert len(orders.taken) == 1
