"""The job centre's callbacks through HTTP: only what changed is sent, and nobody reaches another's jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.visitors import COOKIE
from callbacks.job_centre import same_view
from data_layer.lake import Lake
from layouts.job_centre import BUSY_MILLISECONDS, QUIET_MILLISECONDS
from tests.app.callback_client import dependencies, payload, post
from tests.app.fake_centre import FakeCentre, job, scripted

ME, OTHER = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def made(demo_lake: Lake, settings_of) -> tuple[Any, FakeCentre]:  # type: ignore[no-untyped-def]
    return scripted(settings_of(demo_lake.root))


@pytest.fixture
def centre(made: tuple[Any, FakeCentre]) -> FakeCentre:
    made[1].__init__()  # type: ignore[misc]
    return made[1]


@pytest.fixture
def client(made: tuple[Any, FakeCentre], centre: FakeCentre) -> Iterator[FlaskClient]:
    with made[0].server.test_client() as client:
        client.set_cookie(COOKIE, ME)
        yield client


def look(client: FlaskClient, drawn: Any = None, path: Any = "/today", search: Any = "") -> TestResponse:
    entry = next(e for e in dependencies(client) if "job-list.children" in e["output"])
    values = {"jobs-drawn.data": drawn, "url.pathname": path, "url.search": search}
    return post(client, payload(entry, values))


def seen(client: FlaskClient, drawn: Any = None, **where: Any) -> dict[str, Any]:
    """component -> property -> value, of the outputs and of what else was set."""
    answer = look(client, drawn, **where)
    assert answer.status_code == 200
    body = answer.get_json()
    return {**body["response"], **body.get("sideUpdate", {})}


def act(client: FlaskClient, wish: Any) -> TestResponse:
    entry = next(e for e in dependencies(client) if [i["id"] for i in e["inputs"]] == ["job-act"])
    return post(client, payload(entry, {"job-act.data": wish}))


def test_a_page_without_jobs_asks_seldom_and_is_told_once(client: FlaskClient) -> None:
    first = seen(client)
    assert first["job-button"]["className"] == "job-button none"
    assert first["jobs-tick"]["interval"] == QUIET_MILLISECONDS <= 30_000
    assert "job-toast" not in first
    assert look(client, first["jobs-drawn"]["data"]).status_code == 204


def test_jobs_are_drawn_newest_first_and_then_only_what_moves(
    client: FlaskClient, centre: FakeCentre
) -> None:
    told = {"done": 12, "parts": 60, "seconds_left": 130}
    waiting = job(2, state="waiting", place=2, title="Second")
    centre.put(ME, job(1, title="First", seconds=34, told=told), waiting)
    first = seen(client)
    text = json.dumps(first["job-list"], ensure_ascii=False)
    assert text.index("Second") < text.index("First")
    assert "12 of 60 months read · 34 s · about 2 min left" in text and "Waiting, 2nd in line" in text
    assert first["jobs-tick"]["interval"] == BUSY_MILLISECONDS
    drawn = first["jobs-drawn"]["data"]
    assert look(client, drawn).status_code == 204, "nothing changed"
    centre.put(ME, job(1, title="First", seconds=35, told={**told, "done": 30}), waiting)
    then = seen(client, drawn)
    assert "job-list" not in then and "job-toast" not in then and "jobs-tick" not in then
    assert then[f"job-{1:032x}-words"]["children"].startswith("30 of 60 months read · 35 s")
    assert float(then[f"job-{1:032x}-bar"]["value"]) == 0.5
    assert "50 %" in json.dumps(then["job-button"])


def test_a_job_that_ends_is_said_unless_its_view_is_open(client: FlaskClient, centre: FakeCentre) -> None:
    href = "/price-analysis?start=2026-01-01&end=2026-01-31"
    centre.put(ME, job(1, href=href))
    drawn = seen(client)["jobs-drawn"]["data"]
    centre.put(ME, job(1, href=href, state="done", title="Price Analysis"))
    elsewhere = seen(client, drawn, path="/today")
    assert "Price Analysis" in json.dumps(elsewhere["job-toast"])
    at_home = seen(client, drawn, path="/price-analysis", search="?end=2026-01-31&start=2026-01-01")
    assert "job-toast" not in at_home and "job-list" in at_home
    # Said once: the next drawing, for another reason, does not say it again.
    centre.put(ME, job(1, href=href, state="done"), job(2))
    assert "job-toast" not in seen(client, elsewhere["jobs-drawn"]["data"])


def test_an_export_is_said_everywhere_a_stop_nowhere(client: FlaskClient, centre: FakeCentre) -> None:
    centre.put(ME, job(1, kind="export", href="/today"), job(2))
    drawn = seen(client)["jobs-drawn"]["data"]
    exported = job(1, kind="export", href="/today", state="done", file="/exports/x.zip", bytes=2_500_000)
    centre.put(ME, exported, job(2, state="stopped"))
    said = json.dumps(seen(client, drawn, path="/today")["job-toast"])
    assert "/exports/x.zip" in said and "2.5 MB" in said and "Job 2" not in said


def test_a_page_that_has_just_opened_says_nothing_of_old_ends(
    client: FlaskClient, centre: FakeCentre
) -> None:
    centre.put(ME, job(1, state="done"), job(2, state="failed", message="Broken."))
    first = seen(client)
    assert "job-toast" not in first and "Broken." in json.dumps(first["job-list"])


def test_nobody_sees_or_touches_the_jobs_of_another(client: FlaskClient, centre: FakeCentre) -> None:
    centre.put(OTHER, job(1, title="Secret"), job(2, state="done"))
    assert "Secret" not in look(client).text
    for do in ("stop", "forget"):
        for number in (1, 2):
            answer = act(client, {"do": do, "job": f"{number:032x}", "at": 1})
            assert "not on your list any more" in answer.text
    act(client, {"do": "forget-ended", "job": "", "at": 1})
    assert centre.wishes == []
    assert [one.title for one in centre.jobs(OTHER)] == ["Secret", "Job 2"]


def test_stop_and_remove_do_what_they_say(client: FlaskClient, centre: FakeCentre) -> None:
    centre.put(ME, job(1), job(2, state="done"), job(3, state="failed"), job(4, state="stopped"))
    answer = act(client, {"do": "stop", "job": f"{1:032x}", "at": 7})
    assert answer.get_json()["response"]["job-nudge"]["data"] == {"at": 7}, "the list is looked at again"
    act(client, {"do": "forget", "job": f"{2:032x}", "at": 8})
    assert centre.wishes == [("stop", ME, f"{1:032x}"), ("forget", ME, f"{2:032x}")]
    act(client, {"do": "forget-ended", "job": "", "at": 9})
    assert centre.jobs(ME) == []


def test_a_job_that_runs_is_not_forgotten(client: FlaskClient, centre: FakeCentre) -> None:
    centre.put(ME, job(1))
    for do in ("forget", "forget-ended"):
        act(client, {"do": do, "job": f"{1:032x}", "at": 1})
    assert centre.wishes == []


@pytest.mark.parametrize(
    "wish",
    [
        None,
        7,
        "stop",
        [],
        {},
        {"do": "stop"},
        {"do": "kill", "job": f"{1:032x}", "at": 1},
        {"do": ["stop"], "job": f"{1:032x}", "at": 1},
        {"do": "stop", "job": "../../etc/passwd", "at": 1},
        {"do": "stop", "job": f"{1:032X}x", "at": 1},
        {"do": "stop", "job": 1, "at": 1},
        {"do": "stop", "job": {"id": 1}, "at": 1},
        {"do": "stop", "job": f"{1:032x}\n", "at": 1},
    ],
)
def test_forged_wishes_do_nothing(client: FlaskClient, centre: FakeCentre, wish: Any) -> None:
    centre.put(ME, job(1))
    assert act(client, wish).status_code == 204
    assert centre.wishes == []


@pytest.mark.parametrize(
    "drawn",
    [
        7,
        "x",
        [],
        {"shape": {}, "moved": [], "ended": 3},
        {"ended": [{}, [], None]},
        {"ended": ["x"] * 10_000},
    ],
)
@pytest.mark.parametrize(("path", "search"), [(None, None), (7, {}), ("//[", "?%zz"), ("/today", "")])
def test_forged_states_are_drawn_as_nothing_known(
    client: FlaskClient, centre: FakeCentre, drawn: Any, path: Any, search: Any
) -> None:
    centre.put(ME, job(1, state="done"), job(2))
    assert "Job 1" in json.dumps(seen(client, drawn, path=path, search=search)["job-list"])


def test_a_centre_that_cannot_be_asked_says_so_without_its_secrets(
    client: FlaskClient, centre: FakeCentre
) -> None:
    centre.broken = True
    answer = seen(client)
    said = json.dumps(answer)
    assert "Something went wrong (id " in said and "secret detail" not in said
    assert answer["jobs-tick"]["interval"] == QUIET_MILLISECONDS
    wished = act(client, {"do": "stop", "job": f"{1:032x}", "at": 1})
    assert "Something went wrong" in wished.text and "secret detail" not in wished.text


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (0, "Waiting"),
        (1, "Waiting, next in line"),
        (2, "Waiting, 2nd in line"),
        (3, "Waiting, 3rd in line"),
        (11, "Waiting, 11th in line"),
        (22, "Waiting, 22nd in line"),
        (113, "Waiting, 113th in line"),
    ],
)
def test_places_in_words(client: FlaskClient, centre: FakeCentre, place: int, words: str) -> None:
    centre.put(ME, job(1, state="waiting", place=place))
    assert f'"{words}"' in json.dumps(seen(client)["job-list"])


def test_ended_jobs_say_how_long_they_took(client: FlaskClient, centre: FakeCentre) -> None:
    rows = {"rows": 1_234_567}
    centre.put(
        ME,
        job(1, state="done", seconds=72),
        job(2, state="failed", seconds=3, message="Why."),
        job(3, state="stopped", seconds=5),
        job(4, state="done", kind="export", seconds=9, told=rows, file="/exports/x", bytes=1),
    )
    text = json.dumps(seen(client)["job-list"], ensure_ascii=False)
    for words in (
        "Done in 1 min 12 s",
        "Failed after 3 s",
        "Why.",
        "Stopped after 5 s",
        "9 s · 1,234,567 rows",
    ):
        assert words in text


def test_views_are_the_same_whatever_the_order_of_their_parameters() -> None:
    assert same_view("/trends?a=1&b=2", "/trends/?b=2&a=1")
    assert not same_view("/trends?a=1", "/trends?a=2")
    assert not same_view("/trends", "/today")
