"""A job centre that does nothing but what a test says: jobs in memory, changed by hand.

With ``server`` it is an application of its own for browser tests: a page posts its visitor's jobs to
/script as a list of JobState fields (``told`` a dict of Told's), and reads what was wished for at /wishes.
One process only: NEMDESK_WORKERS=1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
from dash import Dash
from flask import g, jsonify, request
from werkzeug.routing import Rule

from app import create_app
from app.settings import Settings
from callbacks.work import ANSWER, RUNNING, STOPPED, WAITING, JobState, Order, Told


def job(number: int, **more: Any) -> JobState:
    """A job of that number, running unless told otherwise."""
    told = more.pop("told", {})
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "kind": ANSWER,
        "title": f"Job {number}",
        "href": f"/price-analysis?start=2026-01-0{number % 9 + 1}",
        "state": RUNNING,
        "place": 0,
        "seconds": 1.0,
        **more,
    }
    return JobState(**values, told=told if isinstance(told, Told) else Told(**_tuples(told)))


def _tuples(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}


class FakeCentre:
    """callbacks.work.Centre in memory. ``wishes`` keeps (method, visitor, job)."""

    def __init__(self) -> None:
        self.lists: dict[str, list[JobState]] = {}
        self.wishes: list[tuple[str, str, str]] = []
        self.broken = False
        self.asked = 0

    def put(self, visitor: str, *jobs: JobState) -> None:
        """From now on these are the visitor's jobs, oldest first."""
        self.lists[visitor] = list(jobs)

    def submit(self, visitor: str, order: Order) -> str:
        jobs = self.lists.setdefault(visitor, [])
        made = job(len(jobs) + 1, kind=order.kind, title=order.title, href=order.href, state=WAITING, place=1)
        jobs.append(made)
        return made.id

    def jobs(self, visitor: str) -> list[JobState]:
        self.asked += 1
        if self.broken:
            raise RuntimeError("secret detail")
        return list(self.lists.get(visitor, []))

    def job(self, job: str, visitor: str = "") -> JobState | None:
        return next((one for jobs in self.lists.values() for one in jobs if one.id == job), None)

    def partial(self, job: str, after: int) -> tuple[int, pa.Table | None]:
        return after, None

    def leave(self, visitor: str, job: str) -> None:
        self.wishes.append(("leave", visitor, job))

    def stop(self, visitor: str, job: str) -> None:
        self.wishes.append(("stop", visitor, job))
        self.lists[visitor] = [
            replace(one, state=STOPPED, place=0) if one.id == job else one
            for one in self.lists.get(visitor, [])
        ]

    def forget(self, visitor: str, job: str) -> None:
        self.wishes.append(("forget", visitor, job))
        self.lists[visitor] = [one for one in self.lists.get(visitor, []) if one.id != job]

    def facts(self) -> Mapping[str, Any]:
        return {}


def scripted(settings: Settings | None = None) -> tuple[Dash, FakeCentre]:
    """The application over a fake centre that its own page can script."""
    centre = FakeCentre()
    app = create_app(settings, centre=centre)

    def script() -> Any:
        centre.put(g.visitor, *(job(**one) for one in request.get_json()))
        return jsonify(visitor=g.visitor)

    def wishes() -> Any:
        return jsonify([wish[:1] + wish[2:] for wish in centre.wishes if wish[1] == g.visitor])

    def asked() -> Any:
        return jsonify(centre.asked)

    # Not server.route: create_app has let the server answer a request, and Flask takes no more of them.
    for view, method in ((script, "POST"), (wishes, "GET"), (asked, "GET")):
        name = view.__name__
        app.server.view_functions[name] = view
        app.server.url_map.add(Rule(f"/{name}", endpoint=name, methods=[method]))
    return app, centre


def __getattr__(name: str) -> Any:
    """``server`` is made when gunicorn asks for it, not when a test imports the fake."""
    if name == "server":
        return scripted()[0].server
    raise AttributeError(name)
