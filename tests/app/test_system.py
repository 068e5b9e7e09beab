"""The System tab over the demonstration: what its panels say, and what they keep to themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from app import create_app
from app.processes import ProcessFacts
from app.service import RunningService
from callbacks import system_live
from callbacks.service import CacheFacts, Ingestion, QueryFacts, Statement
from data_layer.audit.findings import Finding
from data_layer.lake import KIND_AEMO, Lake
from data_layer.lake_report import LakeReport, report
from data_layer.query_manager import open_manager
from data_layer.requests import Period, RegionSummary
from layouts.system import LIVE
from tests.app.callback_client import dependencies, filled, payload, post

DAY = datetime(2026, 2, 25)


@pytest.fixture
def fresh(demo_lake: Lake, settings_of) -> Iterator[FlaskClient]:  # type: ignore[no-untyped-def]
    """A service of its own, whose log begins empty."""
    with create_app(settings_of(demo_lake.root)).server.test_client() as made:
        yield made


def live(client: FlaskClient, panel: str, search: str = "", known: str | None = None) -> Any:
    """One live panel's answer to a beat."""
    entry = next(e for e in dependencies(client) if f"{panel}-seen.data" in e["output"])
    values = {
        "url.search": search,
        "url.pathname": "/system",
        "version.data": "x",
        "theme.data": "light",
        "system-beat.data": 1,
        f"{panel}-seen.data": known,
    }
    return post(client, payload(entry, values))


def said(client: FlaskClient, panel: str, search: str = "") -> str:
    answer = live(client, panel, search)
    assert answer.status_code == 200
    return json.dumps(answer.get_json(), ensure_ascii=False)


def plain(component: Any) -> Any:
    """A component as the page receives it."""
    return json.loads(json.dumps(component.to_plotly_json(), default=lambda c: c.to_plotly_json()))


def tables_in(part: Any) -> list[dict[str, Any]]:
    """The data of every table in an answer, in order."""
    if isinstance(part, dict):
        own = [json.loads(part["data-table"])] if "data-table" in part else []
        return own + [found for value in part.values() for found in tables_in(value)]
    return [found for value in part for found in tables_in(value)] if isinstance(part, list) else []


def texts(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [[cell["text"] for cell in row["cells"]] for row in rows]


def test_the_calendar_and_its_list_say_what_is_missing(client: FlaskClient) -> None:
    found = filled(client, "system-calendar", "/system", "?measure=unmapped")
    assert found["system-calendar-graph"]["figure"]["layout"]["meta"]["places"][-1] == "Unmapped"
    listed = filled(client, "system-findings", "/system", "?measure=unmapped")
    rows = texts(table_of(listed, "system-findings")["rows"])
    assert rows[0][:3] == ["Sun 1 Mar 2026", "no region", "1"]
    assert len(rows) == 12, "the demonstration has one unit that no register knows, on each of its days"
    complete = json.dumps(filled(client, "system-findings", "/system"))
    assert "all 12 days are as they should be" in complete


def table_of(found: Mapping[str, Any], panel: str) -> dict[str, Any]:
    return tables_in(found[f"{panel}-bottom"])[0]


def test_a_day_lists_its_gaps_and_leads_to_generation(client: FlaskClient) -> None:
    found = filled(client, "system-findings", "/system", "?day=2026-02-25&region=NSW1")
    text = json.dumps(found)
    assert "Wednesday 25 Feb 2026" in text
    assert "/generation?start=2026-02-25" in text
    assert "LANCSF1" in text
    assert "/data/data_gaps.csv?start=2026-02-25" in text


def test_a_question_is_listed_by_every_worker_and_opens_to_its_sql(
    fresh: FlaskClient, demo_lake: Lake
) -> None:
    answer = fresh.get("/data/region_summary.csv?start=2026-02-20&end=2026-02-22")
    fresh.get("/data/region_summary.csv?start=2026-02-20&end=2026-02-22")
    rows = tables_in(live(fresh, "system-queries").get_json())[0]["rows"]
    (row,) = [row for row in texts(rows) if "region_summary" in row]
    assert "start=2026-02-20, end=2026-02-22" in row
    assert answer.headers["X-Request-Id"] in row, "the id of the first, which was computed"
    assert str(os.getpid()) in row
    href = rows[0]["href"]
    opened = said(fresh, "system-queries", "?" + href.partition("?")[2])
    assert "SELECT" in opened
    assert "data/region_day/year=2026/" in opened
    assert str(demo_lake.root) not in opened, "where the lake lies is nobody's business"
    assert "no longer in the log" in said(fresh, "system-queries", "?query=0123456789ab")


@pytest.mark.parametrize("panel", [*LIVE, "system-warnings"])
def test_what_did_not_change_is_not_sent_again(client: FlaskClient, panel: str) -> None:
    first = live(client, panel).get_json()["response"][f"{panel}-seen"]["data"]
    again = live(client, panel, known=first)
    if again.status_code == 200:  # a process's memory moved by a MiB meanwhile
        assert panel in ("system-memory", "system-queries")
        assert again.get_json()["response"][f"{panel}-seen"]["data"] != first
    else:
        assert again.status_code == 204
    assert live(client, panel, known="other").status_code == 200


def test_no_path_of_the_machine_and_no_secret_is_told(
    client: FlaskClient, desk: Dash, demo_lake: Lake
) -> None:
    secret = str(desk.server.secret_key)
    for panel in LIVE:
        text = said(client, panel)
        assert str(demo_lake.root) not in text
        assert secret not in text
        assert "/tmp" not in text


def test_the_lakes_panel_says_its_version_and_what_each_table_holds(
    client: FlaskClient, demo_lake: Lake
) -> None:
    answer = live(client, "system-lake").get_json()
    rows = {row[0]: row for row in texts(tables_in(answer)[0]["rows"])}
    snapshot = demo_lake.snapshot()
    assert rows["unit_scada"][1] == f"{snapshot.rows('unit_scada'):,}"
    assert rows["unit_scada"][4] == "none"
    text = json.dumps(answer)
    assert snapshot.token in text
    assert "synthetic demonstration data" in text


@pytest.mark.parametrize("panel", [*LIVE, "system-warnings"])
def test_without_a_lake_each_panel_says_what_to_do(client_without_lake: FlaskClient, panel: str) -> None:
    assert "python -m app ingest" in said(client_without_lake, panel)


def test_switched_off_it_is_gone_and_its_address_says_so(demo_lake: Lake, settings_of) -> None:  # type: ignore[no-untyped-def]
    with create_app(settings_of(demo_lake.root, system_tab=False)).server.test_client() as client:
        listed = dependencies(client)
        assert not [entry for entry in listed if "system-" in entry["output"]]
        opening = next(e for e in listed if "page.children" in e["output"])
        text = json.dumps(post(client, payload(opening, {"url.pathname": "/system"})).get_json())
        assert "System is switched off" in text
        assert "NEMDESK_SYSTEM_TAB" in text
        bar = next(e for e in listed if "period-bar.children" in e["output"])
        for path in ("/system", "/today"):
            shown = post(client, payload(bar, {"url.pathname": path, "url.search": ""}))
            assert shown.status_code == 200
            assert '"/system' not in json.dumps(shown.get_json())
        assert client.get("/system/data.csv").status_code == 404


# -- facts that the demonstration does not have -------------------------------------------------------


class Told:
    """A service that says what a test wants."""

    def __init__(self, lake: LakeReport) -> None:
        self.report = lake
        self.retry: list[str] = []
        self.runs: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.facts: dict[str, Any] | None = {"runner": 5, "at_once": 2, "most_waiting": 2, "jobs": []}
        self.memory = 100
        self.logged = True
        self.found: dict[str, list[Finding]] | None = None

    def audit(self) -> dict[str, list[Finding]] | None:
        return self.found

    def lake(self) -> LakeReport:
        return self.report

    def lake_bytes(self) -> int:
        return 1

    def ingestion(self) -> Ingestion:
        return Ingestion(self.runs, self.refusals, 3, self.retry)

    def processes(self) -> list[ProcessFacts]:
        return [ProcessFacts(9, "worker", self.memory, 999, 1000, 4, datetime(2026, 1, 1, tzinfo=UTC))]

    def caches(self) -> list[CacheFacts]:
        return [CacheFacts(9, datetime(2026, 1, 1, tzinfo=UTC), 2, 50, 100, 30, 10, 0, 1)]

    def queries(self, *, slowest: bool) -> list[QueryFacts]:
        return []

    def query(self, identity: str) -> QueryFacts | None:
        return None

    def statement(self, asked: QueryFacts) -> Statement:
        return Statement("", {})

    def logs(self) -> bool:
        return self.logged

    def jobs(self) -> dict[str, Any] | None:
        return self.facts


@pytest.fixture
def service(demo_lake: Lake) -> Told:
    return Told(replace(report(demo_lake.snapshot()), kind=KIND_AEMO, last=DAY))


def at(minutes: int) -> Any:
    return lambda: DAY + timedelta(minutes=minutes)


def test_warnings_come_when_they_should_and_only_then(service: Told) -> None:
    assert system_live.warnings(service, at(15)) == []
    (late,) = system_live.warnings(service, at(16))
    assert "16 min old" in late
    service.report = replace(service.report, kind="demo")
    assert system_live.warnings(service, at(9_000)) == []
    service.memory = 799
    assert system_live.warnings(service, at(0)) == []
    service.memory = 800
    assert "worker 9" in system_live.warnings(service, at(0))[0]
    assert "80% of its limit" in system_live.warnings(service, at(0))[0]
    service.memory = 1
    service.retry = ["a.zip"]
    service.logged = False
    service.facts = {"runner": 0, "most_waiting": 1, "jobs": [{"state": "waiting"}]}
    told = " ".join(system_live.warnings(service, at(0)))
    for part in (
        "could not be fetched",
        "cannot be logged",
        "runner is not running",
        "queue of jobs is full",
    ):
        assert part in told


def test_runs_and_refusals_are_told_with_what_was_there_already(service: Told) -> None:
    run = {"when": "2026-02-25T00:00:00+00:00", "command": "update", "files": 2}
    older = {"when": "2026-02-24T00:00:00+00:00", "command": "ingest", "files": 1}
    service.runs = [
        {**run, "rows_added": {"unit_scada": 40}, "rows_offered": {"unit_scada": 100}},
        {**older, "rows_added": {"unit_scada": 7}},
    ]
    refusal = {"source": "a.zip", "file": "a.csv", "line": 4, "reason": "is empty", "rows": 1}
    service.refusals = [{"when": "2026-02-25T00:00:00+00:00", **refusal}]
    found = system_live.ingestion(None, service)  # type: ignore[arg-type]
    runs, refused = tables_in(plain(found.body))
    assert texts(runs["rows"]) == [
        ["25 Feb 2026 10:00:00", "update", "2", "100", "40", "60"],
        ["24 Feb 2026 10:00:00", "ingest", "1", "–", "7", "–"],
    ]
    assert texts(refused["rows"]) == [["25 Feb 2026 10:00:00", "is empty", "4", "1", "a.csv"]]


def test_jobs_are_counted_and_nobody_is_named(service: Told) -> None:
    service.facts = {
        "runner": 5,
        "at_once": 2,
        "memory_limit_mb": 512,
        "ended": {"done": 3, "failed": 0},
        "jobs": [
            {"kind": "export", "name": "integrated_data", "state": "running", "pid": 77, "seconds": 12.4,
             "visitors": 2, "rows": 5_000, "visitor": "somebody"},
            {"kind": "answer", "name": "price_analysis", "state": "waiting", "pid": 0, "seconds": 1.0,
             "visitors": 1, "rows": 0},
        ],
    }  # fmt: skip
    found = system_live.jobs(None, service)  # type: ignore[arg-type]
    assert found.subtitle == "1 of 2 running · 1 waiting · ended: 3 done · each at most 512 MiB"
    text = json.dumps(found.body.to_plotly_json())
    assert "integrated_data" in text
    assert "somebody" not in text
    service.facts = None
    assert "no job queue" in system_live.jobs(None, service).empty  # type: ignore[arg-type]


def test_pandas_has_no_statement_and_an_old_question_is_planned_anew(
    demo_lake: Lake,
    settings_of,
    tmp_path: Path,  # type: ignore[no-untyped-def]
) -> None:
    manager = open_manager(demo_lake.root, backend="pandas")
    running = RunningService(settings_of(demo_lake.root), manager)
    manager.observers.append(running.log)
    manager.answer(RegionSummary(Period(DAY, DAY + timedelta(days=1))))
    (asked,) = running.queries(slowest=False)
    assert asked.engine == "pandas"
    assert "without SQL" in running.statement(asked).note
    found = running.statement(replace(asked, engine="duckdb"))
    assert "region_day" in found.text or "files_source_0" in found.parameters
    assert running.statement(replace(asked, engine="duckdb", name="drop_table")).text == ""
    forged = replace(asked, engine="duckdb", query={"start": "1; DROP", "end": "x"})
    assert running.statement(forged).text == ""


def test_what_the_audit_found_is_a_warning(service: Told) -> None:
    text = "rooftop_pv SA1: 2 intervals, 2026-01-02 01:00 to 2026-01-02 01:30, worst 9.00 (limit 1.00)"
    one = Finding("rooftop_at_night", "rooftop_pv", "2026-01", "SA1", 2, "", "", 9.0, 1.0, text)
    service.found = {"2025-12": [], "2026-01": [one]}
    (warning,) = [said for said in system_live.warnings(service, at(15)) if "audit" in said]
    assert "1 odd thing in" in warning and text in warning and "see Audit below" in warning
    service.found = {"2026-01": []}
    assert not [said for said in system_live.warnings(service, at(15)) if "audit" in said]


def test_what_the_audit_found_is_listed(service: Told) -> None:
    """By month, the newest first, a fault of ours before AEMO's; never more than the page can show."""
    assert "was audited" in str(system_live.audit(None, service).empty)  # type: ignore[arg-type]
    gap = Finding("gaps", "region_price", "2025-01", "SA1", 3, "", "", None, None, "SA1: 3 intervals missing")
    tie = Finding("tie", "region_5min", "2025-02", "NSW1", 1, "", "", 2.0, 1.0, "energy 2 instead of 1")
    service.found = {
        "2025-01": [gap],
        "2025-02": [replace(gap, month="2025-02", count=9), tie],
        "2025-03": [],
    }
    content = system_live.audit(None, service)  # type: ignore[arg-type]
    (shown,) = tables_in(plain(content.body))
    rows = texts(shown["rows"])
    assert [row[0] for row in rows] == ["2025-02", "2025-02", "2025-01"]
    assert rows[0][1] == "Rollups that do not equal the rows they are made of"
    assert rows[2][2:] == ["SA1", "3", "SA1: 3 intervals missing"]
    assert "3 months, 2025-01 to 2025-03" in str(content.subtitle)
    assert "every rollup" not in str(content.subtitle)
    service.found = {"2025-01": []}
    content = system_live.audit(None, service)  # type: ignore[arg-type]
    assert "Nothing odd" in str(content.empty) and "every rollup equals its rows" in str(content.subtitle)
    service.found = {"2025-01": [replace(gap, place=str(n)) for n in range(150)]}
    content = system_live.audit(None, service)  # type: ignore[arg-type]
    (shown,) = tables_in(plain(content.body))
    assert len(shown["rows"]) == 100
    assert "newest 100 of 150" in str(content.body)
