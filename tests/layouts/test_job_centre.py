"""What the job centre draws: words, order, tone, and nothing of a title but text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dash import html

from layouts import job_centre
from layouts.job_centre import Job


def job(number: int, **more: Any) -> Job:
    values = {
        "id": f"{number:032x}",
        "export": False,
        "title": f"Job {number}",
        "href": f"/trends?n={number}",
        "state": "running",
        "words": "12 of 60 months read",
        **more,
    }
    return Job(**values)


def text(part: Any) -> str:
    """All text of components, as a reader meets it."""
    if isinstance(part, list | tuple):
        return "".join(text(one) for one in part)
    if part is None or isinstance(part, str):
        return part or ""
    return text(getattr(part, "children", None))


def found(part: Any, kind: type) -> list[Any]:
    if isinstance(part, list | tuple):
        return [one for child in part for one in found(child, kind)]
    own = [part] if isinstance(part, kind) else []
    return own + (found(getattr(part, "children", None), kind) if hasattr(part, "children") else [])


def actions(one: Job) -> list[str]:
    parts = job_centre.listed([one])
    return [text(each) for each in found(parts, html.A) + found(parts, html.Button)]


@pytest.mark.parametrize(
    ("jobs", "said", "tone"),
    [
        ([], "", "job-button none"),
        ([job(1, fraction=0.465)], "1 job · 46 %", "job-button"),
        ([job(1, fraction=0.2), job(2, fraction=0.6)], "2 jobs · 40 %", "job-button"),
        ([job(1, fraction=0.2), job(2)], "2 jobs · at work", "job-button"),
        ([job(1, state="waiting")], "1 job · waiting", "job-button"),
        ([job(1, fraction=0.5), job(2, state="waiting")], "2 jobs · 50 %", "job-button"),
        ([job(1, state="done"), job(2, state="done")], "Jobs: 2 ready", "job-button tone-ended"),
        ([job(1, state="stopped")], "Jobs: 1 stopped", "job-button tone-ended"),
        (
            [job(1, state="failed"), job(2, state="done")],
            "Jobs: 1 ready · 1 failed",
            "job-button tone-failed",
        ),
        ([job(1, state="failed"), job(2, fraction=0.1)], "1 job · 10 % · 1 failed", "job-button tone-failed"),
    ],
)
def test_the_button_says_how_many_and_how_far(jobs: list[Job], said: str, tone: str) -> None:
    assert text(job_centre.button(jobs)) == said
    assert job_centre.button_class(jobs) == tone


def test_jobs_are_listed_in_the_order_given() -> None:
    drawn = job_centre.listed([job(2), job(1)])
    assert [text(one.children[0].children[1]) for one in found(drawn, html.Li)] == ["Job 2", "Job 1"]


def test_every_state_has_its_actions() -> None:
    file = {"export": True, "file": "/exports/x.zip", "bytes": 12_345_678}
    assert actions(job(1)) == ["Open", "Stop"]
    assert actions(job(1, state="waiting")) == ["Open", "Stop"]
    assert actions(job(1, state="done")) == ["Open", "Remove"]
    assert actions(job(1, state="failed")) == ["Try again", "Remove"]
    assert actions(job(1, state="stopped")) == ["Try again", "Remove"]
    assert actions(job(1, state="done", **file)) == ["Download · 12.3 MB", "Open its view", "Remove"]
    assert actions(job(1, **file)) == ["Open its view", "Stop"], "no file before the end"


def test_a_failed_job_says_why_and_a_running_one_has_a_bar() -> None:
    drawn = job_centre.listed([job(1, state="failed", message="Out of memory.", notes=("A note.",))])
    assert "Out of memory." in text(drawn) and "A note." in text(drawn)
    assert found(drawn, html.Progress) == []
    (bar,) = found(job_centre.listed([job(1, fraction=0.25)]), html.Progress)
    assert float(bar.value) == 0.25
    (unknown,) = found(job_centre.listed([job(1)]), html.Progress)
    assert unknown.value is None


def test_all_ended_are_removed_with_one_button_where_there_are_several() -> None:
    ended = [job(n, state="done") for n in (1, 2)]
    assert "Remove all ended" in text(job_centre.listed(ended))
    assert "Remove all ended" not in text(job_centre.listed([ended[0], job(3)]))


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://evil.example", ""]
)
def test_links_lead_nowhere_else(href: str) -> None:
    for one in (job(1, state="done", href=href), job(1, state="failed", href=href)):
        assert found(job_centre.listed([one]), html.A) == []
        assert found(job_centre.toast([one]), html.A) == []
    exported = job(1, state="done", export=True, file=href, href=href)
    assert found(job_centre.listed([exported]), html.A) == []


def test_a_title_is_text() -> None:
    title = "<img src=x onerror=alert(1)>"
    drawn = job_centre.listed([job(1, title=title)])
    assert title in text(drawn)
    kinds = {type(one).__name__ for one in found(drawn, object) if not isinstance(one, str)}
    assert "Markdown" not in kinds and "DangerouslySetInnerHTML" not in json.dumps(str(drawn))


def test_what_ended_is_said_in_one_line() -> None:
    assert job_centre.toast([]) == []
    ready = job_centre.toast([job(1, state="done", title="Price Analysis")])
    assert text(ready).startswith("Price Analysis is ready: Open")
    file = job(2, state="done", export=True, file="/exports/x", bytes=52_000, title="Readings")
    assert text(job_centre.toast([file])).startswith("Readings is ready: Download (52 kB)")
    failed = job_centre.toast([job(3, state="failed", title="Trends", message="Out of memory.")])
    assert text(failed).startswith("Trends failed: Out of memory.")
    many = job_centre.toast([job(n, state="done") for n in range(5)])
    assert "and 3 more" in text(many)
