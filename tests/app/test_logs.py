"""The log: one event one entry, each with its id, nothing of a client's that could forge another."""

from __future__ import annotations

import contextvars
import json
import logging
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g

from app import logs, slow_queries
from app.settings import Settings
from callbacks import guard
from data_layer.answers import Observation, Provenance
from data_layer.errors import QueryTimeout
from data_layer.lake import Lake
from data_layer.requests import LatestInterval, Period
from tests.browser.conftest import started

FORGED = 'x\n2026-01-01T00:00:00.000Z INFO nemdesk.http [abc] all is well\r\x1b[2J\x85\u2028"}'


def record(
    message: str, *given: object, error: BaseException | None = None, **figures: Any
) -> logging.LogRecord:
    made = logging.LogRecord(
        "nemdesk.test",
        logging.WARNING,
        __file__,
        1,
        message,
        given,
        (type(error), error, None) if error else None,
    )
    made.__dict__.update(logs.fields(**figures))
    return made


def test_an_entry_is_a_json_object_on_one_line() -> None:
    text = logs.JsonLine().format(record("%s happened", FORGED, seconds=1.5, path=FORGED))
    assert len(text.splitlines()) == 1
    entry = json.loads(text)
    assert entry["message"] == f"{FORGED} happened"
    assert (entry["level"], entry["logger"], entry["seconds"], entry["path"]) == (
        "WARNING",
        "nemdesk.test",
        1.5,
        FORGED,
    )
    assert entry["time"].endswith("Z")
    assert len(entry["time"]) == 24


def test_a_stack_is_one_field() -> None:
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        made = record("failed", error=error)
        made.exc_info = sys.exc_info()
    text = logs.JsonLine().format(made)
    assert len(text.splitlines()) == 1
    assert "Traceback" in json.loads(text)["error"]
    assert "ValueError" in json.loads(text)["error"]


def test_text_for_a_person_cannot_be_forged_either() -> None:
    text = logs.TextEntry().format(record("%s happened", FORGED, path=FORGED, empty=""))
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        made = record("failed", error=error)
        made.exc_info = sys.exc_info()
    first, *stack = logs.TextEntry().format(made).splitlines()
    assert first.endswith("failed")
    assert stack
    assert all(line.startswith("    ") for line in stack)
    assert not any("\x1b" in line or "\r" in line for line in stack)


def test_an_entry_names_its_request_or_its_job() -> None:
    def named() -> str:
        return str(json.loads(logs.JsonLine().format(record("x")))["request"])

    assert named() == ""
    with Flask("x").test_request_context():
        g.request_id = "abcdef012345"
        assert named() == "abcdef012345"
    assert contextvars.copy_context().run(lambda: (guard.work_on("job-77"), named())[1]) == "job-77"
    assert named() == ""


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), QueryTimeout("too long")])
def test_the_id_a_visitor_reads_is_in_the_log(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Inside a job, and where there is neither job nor request."""
    logging.getLogger("nemdesk").propagate = True

    def said() -> str:
        caplog.clear()
        try:
            raise error
        except Exception as raised:
            return guard.explain(raised)

    text = contextvars.copy_context().run(lambda: (guard.work_on("job-77"), said())[1])
    assert "(id job-77)" in text
    assert "job-77" in caplog.records[0].getMessage()
    identity = said().split("(id ")[1][:12]
    assert identity in caplog.records[0].getMessage()


def observation(seconds: float, *, failed: bool = False) -> Observation:
    request = LatestInterval(Period.parse("2026-03-01", "2026-03-01"))
    facts = None if failed else Provenance("region_5min", 700, 1, seconds, "v", "duckdb", False)
    return Observation(request, facts, 5, seconds, "duckdb", QueryTimeout("x") if failed else None)


def test_slow_queries_are_logged_and_quick_ones_are_not(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("nemdesk").propagate = True
    observe = slow_queries.slow_queries(1.0)
    observe(observation(0.99))
    assert caplog.records == []
    observe(observation(1.5))
    observe(observation(2.5, failed=True))
    slow, failed = (json.loads(logs.JsonLine().format(entry)) for entry in caplog.records)
    assert (slow["view"], slow["seconds"], slow["rows_read"], slow["failed"]) == (
        "latest_interval",
        1.5,
        700,
        "",
    )
    assert "start=2026-03-01" in slow["question"]
    assert failed["failed"] == "QueryTimeout"


@pytest.mark.parametrize(
    ("chosen", "terminal", "form"),
    [("auto", True, "text"), ("auto", False, "json"), ("json", True, "json"), ("text", False, "text")],
)
def test_form_of_the_log(monkeypatch: pytest.MonkeyPatch, chosen: str, terminal: bool, form: str) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert logs.form(Settings(log_format=chosen)) == form  # type: ignore[arg-type]


def test_everything_that_gunicorn_says_is_a_json_line(demo_lake: Lake, tmp_path: Path) -> None:
    """Requests, slow queries, gunicorn's own messages; a client's line break stays inside its entry."""
    with started(demo_lake, tmp_path, variables={"NEMDESK_SLOW_QUERY_SECONDS": "0"}) as (url, _):
        urllib.request.urlopen(url + "/today").close()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url + "/x%0aERROR%20forged")
        with urllib.request.urlopen(url + "/data/latest_interval.csv?start=2026-03-01&end=2026-03-01") as got:
            identity = got.headers["X-Request-Id"]
    entries = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    for entry in entries:
        assert {"time", "level", "logger", "request", "message"} <= set(entry)
    assert {"gunicorn.error", "nemdesk.http", "nemdesk.queries"} <= {entry["logger"] for entry in entries}
    slow = next(entry for entry in entries if entry["logger"] == "nemdesk.queries")
    assert slow["request"] == identity
    forged = next(entry for entry in entries if entry.get("path") == "/x\nERROR forged")
    assert forged["status"] == 404


def test_the_log_as_text(demo_lake: Lake, tmp_path: Path) -> None:
    with started(demo_lake, tmp_path, variables={"NEMDESK_LOG_FORMAT": "text"}) as (url, _):
        urllib.request.urlopen(url + "/today").close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert any("nemdesk.http [" in line and 'GET "/today" 200 ' in line for line in lines)
