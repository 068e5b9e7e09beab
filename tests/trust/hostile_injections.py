"""Every text of the corpus in every field that something reads, one field at a time as far as it is read.

What is read is noted where it is read: by the parsers of an address's parameters and of a question's fields,
not by what was sent. Fields that no parser has (names of tables, handles, headers) count as what was sent.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import quote

from dash import Dash
from werkzeug.security import generate_password_hash

import data_layer.period
import data_layer.requests.base
from app import clients, download, exports, metrics_page, passwords, sign_in
from app.rate_limits import SIGN_IN_PATH
from callbacks import TABS, state
from callbacks.options import OPTIONS
from data_layer.errors import RequestError
from data_layer.lake import Lake
from data_layer.requests import REQUESTS
from tests.app.callback_client import dependencies
from tests.trust import hostile_corpus as corpus
from tests.trust.hostile_payloads import CALLBACKS, JOB, KNOWN, Hostile, good, tab_of
from tests.trust.hostile_run import Run, desk_over, run_over
from tests.trust.hostile_watch import Files

Field = tuple[str, str]
"""(where, parameter): a tab, a question as /data/<name>, a callback, a kind of request."""

DAY: Final = "2026-02-27"
ENDINGS: Final = ("csv", "json", "parquet", "arrow")


class Readings:
    """Which texts were read, by the field that they were read as."""

    def __init__(self) -> None:
        self.texts: dict[Field, set[str]] = defaultdict(set)
        self._where = ""

    def note(self, where: str, name: str, text: object) -> None:
        if isinstance(text, str):
            self.texts[where, name].add(text)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this lasts, whatever the parsers read is noted."""
        with ExitStack() as stack:
            for module, name, field in (
                (state, "check_region", "region"),
                (state, "resolve_resolution", "resolution"),
                (state, "preset_period", "range"),
            ):
                read = self._noting(getattr(module, name), lambda given, field=field: (field, given[0]))
                stack.enter_context(patch.object(module, name, read))
            for module, name, named in (
                (data_layer.period, "parse_stamp", lambda given: (given[1], given[0])),
                (data_layer.requests.base, "_read", lambda given: (given[2], given[0])),
            ):
                stack.enter_context(patch.object(module, name, self._noting(getattr(module, name), named)))
            for kind in {
                one for named in REQUESTS.values() for one in named.mro() if "_resolution" in vars(one)
            }:
                real = vars(kind)["_resolution"].__func__
                read = self._noting(real, lambda given: ("resolution", given[1]))
                stack.enter_context(patch.object(kind, "_resolution", classmethod(read)))
            stack.enter_context(patch.object(state, "parse", self._at(state.parse, "{}")))
            stack.enter_context(
                patch.object(download, "_named_request", self._at(download._named_request, "/data/{}"))
            )
            for option in {option for options in OPTIONS.values() for option in options}:
                real = option.read
                noted = self._noting(real, lambda given, name=option.name: (name, given[0]))
                # Frozen, and known by identity: a copy would not be the option that two tabs share.
                object.__setattr__(option, "read", noted)
                stack.callback(object.__setattr__, option, "read", real)
            yield

    def _noting(
        self, real: Callable[..., Any], named: Callable[[tuple[Any, ...]], tuple[str, object]]
    ) -> Callable[..., Any]:
        def read(*given: Any) -> Any:
            self.note(self._where, *named(given))
            return real(*given)

        return read

    def _at(self, real: Callable[..., Any], form: str) -> Callable[..., Any]:
        def read(*given: Any) -> Any:
            self._where = form.format(given[0])
            return real(*given)

        return read


def parsed_fields() -> list[Field]:
    """Every parameter of every tab, and every field of every question."""
    found = [(tab.name, name) for tab in TABS for name in state.parameters(tab.name)]
    return found + [(f"/data/{name}", field) for name in REQUESTS for field in question_fields(name)]


def question_fields(name: str) -> list[str]:
    return ["start", "end", *(field.name for field in fields(REQUESTS[name]) if field.name != "period")]


def searches(tab: str, text: str) -> Iterator[str]:
    """Three addresses in which ``text`` is each of the tab's parameters once. Several stand in one, since
    each is read by itself; only the ends of a period are not, and without them the range is read."""
    written = quote(text, errors="replace")
    own = [name for name in state.parameters(tab) if name not in state.COMMON]
    for group, before, after in (
        (["range", "region", "resolution", *own[0::3]], "", ""),
        (["start", *own[1::3]], "", f"&end={DAY}"),
        (["end", *own[2::3]], f"start={DAY}&", ""),
    ):
        yield "?" + before + "&".join(f"{name}={written}" for name in group) + after


def _body(entry: Mapping[str, Any], tab: str, search: str, given: Mapping[str, Any]) -> bytes:
    body = good(entry, tab, search)
    for place in (*body["inputs"], *body["state"]):
        key = f"{place['id']}.{place['property']}"
        if key in given:
            place["value"] = given[key]
    return json.dumps(body).encode()


def callback(
    entry: Mapping[str, Any],
    tab: str,
    search: str = "?range=1d",
    given: Mapping[str, Any] | None = None,
    **more: Any,
) -> Hostile:
    """A callback as the page sends it, but for the values ``given`` ('id.property' -> anything)."""
    return Hostile(
        CALLBACKS + more.pop("query", ""),
        _body(entry, tab, search, given or {}),
        callback=entry["output"],
        **{"what": f"{tab} {search[:60]}", **more},
    )


def views(entries: Sequence[Mapping[str, Any]], text: str, number: int) -> Iterator[Hostile]:
    """``text`` in every parameter of every tab, in the addresses of the callbacks that read it there, by
    turns: the tab's own panels, the bar above them, exports."""
    reading = [
        one for one in entries if {"id": "url", "property": "search"} in [*one["inputs"], *one["state"]]
    ]
    turn = count(number)
    for tab in TABS:
        own = [one for one in reading if tab_of(one) in (tab.name, "") and "job-list" not in one["output"]]
        for search in searches(tab.name, text):
            yield callback(own[next(turn) % len(own)], tab.name, search)


def questions(text: str, number: int) -> Iterator[Hostile]:
    """``text`` in every field of every question, one at a time. What the question itself refuses is not asked
    over its address as well, but for one question of each text: the refusals are alike."""
    for turn, (name, kind) in enumerate(REQUESTS.items()):
        for field in question_fields(name):
            asked = {"start": DAY, "end": DAY, field: text}
            try:
                download._named_request(name, asked)
            except RequestError:
                if turn != number % len(REQUESTS):
                    continue
            query = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in asked.items())
            yield Hostile(f"/data/{kind.name}.{ENDINGS[(turn + number) % 4]}?{query}", what=field)


def elsewhere(
    entries: Sequence[Mapping[str, Any]], text: str, number: int
) -> Iterator[tuple[Field, Hostile]]:
    """``text`` in what callbacks are given beside an address: names of tables and forms, wishes about jobs,
    what a page says it knows, handles of watches; and in paths."""
    tab = TABS[number % len(TABS)].name
    listening: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        for place in (*entry["inputs"], *entry["state"]):
            if place["property"] not in ("n_clicks", "n_intervals", "search"):
                listening[f"{place['id']}.{place['property']}"].append(entry)
    for key, those in listening.items():
        for turn, (name, value) in enumerate(_inside(key, text)):
            entry = those[(number + turn) % len(those)]
            given = callback(
                entry, tab_of(entry) or tab, given={key: value}, headers=KNOWN, what=f"{key} {name}"
            )
            yield ("callbacks", f"{key}{name}"), given
    watching = [entry for entry in entries if "-job.data" in json.dumps(entry["inputs"])] or entries
    written = quote(text, errors="replace")
    for name in ("cacheKey", "job", "oldJob", "cancelJob", "endId"):
        given = callback(watching[number % len(watching)], tab, query=f"?{name}={written}", what=name)
        yield ("handle", name), given
    for one in TABS:
        yield (
            (f"/{one.name}/data", "table"),
            Hostile(f"/{one.name}/data.{ENDINGS[number % 4]}?table={written}", what="table"),
        )
    part = quote(text, safe="", errors="replace")
    for form in ("/data/{}.csv", "/data/energy.{}", "/{}/data.csv", "/exports/{}/x", "/assets/{}", "/{}"):
        yield ("path", form), Hostile(form.format(part), what="path")
    yield ("path", "an export's name"), Hostile(f"/exports/{JOB}/{part}", what="path")


def _inside(key: str, text: str) -> Iterator[tuple[str, Any]]:
    """``text`` as the value of an input, and within the values that have parts: (which part, the value)."""
    yield "", text
    whole: Mapping[str, Any] = {}
    if key == "job-act.data":
        whole = {"do": "stop", "job": JOB, "at": 1}
    elif key == "jobs-drawn.data":
        whole = {"shape": "x", "moved": "x", "ended": []}
    elif key.endswith("-job.data"):
        whole = {"search": "?range=1d", "theme": "dark", "tab": "x", "id": "x"}
    for name in whole:
        value = [text] if name == "ended" else f"?match={text}&units={text}" if name == "search" else text
        yield f" {name}", {**whole, name: value}


HEADERS: Final = (
    "Host",
    *metrics_page.PROXY_HEADERS,
    "Origin",
    "Sec-Fetch-Site",
    "Accept",
    "Accept-Encoding",
    "Range",
    "If-Range",
    "If-None-Match",
    "If-Modified-Since",
    "Cookie",
)


def as_header(text: str) -> str:
    """What of a text a client can write into a header's line."""
    return "".join(sign for sign in text if 32 <= ord(sign) < 127 or 160 <= ord(sign) < 256).strip()


def headers(
    entries: Sequence[Mapping[str, Any]], file: str, text: str, number: int
) -> Iterator[tuple[Field, Hostile]]:
    """``text`` in the headers of requests whose answers read them: a page and its help (Host), a callback
    (whose jobs, who sent it), a file and a part of one, and what only this machine is told."""
    value = as_header(text)
    help_page = next(entry for entry in entries if entry["output"].startswith("..page.children"))
    listed = next(entry for entry in entries if "job-list" in entry["output"])
    for name in HEADERS:
        given = {name: f"nemdesk_visitor={value}" if name == "Cookie" else value}
        if name in ("Range", "If-Range"):
            given = {"Range": "bytes=0-1", **given}
            for form in ("", "bytes=") if name == "Range" else ("",):
                yield (file, name), Hostile(file, headers={**given, name: form + value}, what=name)
        elif name in ("If-None-Match", "If-Modified-Since"):
            yield (file, name), Hostile(file, headers=given, what=name)
            yield ("/assets", name), Hostile("/assets/page.css", headers=given, what=name)
        elif name == "Host":
            address = {"url.pathname": "/data"}
            yield ("help", name), callback(help_page, "today", given=address, headers=given, what=name)
        elif name in metrics_page.PROXY_HEADERS:
            yield ("/metrics", name), Hostile("/metrics", headers=given, what=name)
        else:
            yield ("jobs", name), callback(listed, "today", headers=given, what=name)
            yield ("page", name), Hostile("/today", headers=given, what=name)


PASSWORD: Final = "a long enough one"
CHEAP: Final = "scrypt:1024:8:1"


def signing_in(text: str, number: int) -> Iterator[tuple[Field, Hostile]]:
    """``text`` as name, password and way back, in the cookie of a session, and in what a proxy says."""
    # Each from an address of its own: attempts to sign in are counted.
    address = f"10.{number // 65_536 % 256}.{number // 256 % 256}.{number % 256}"
    told = {"name": "ann", "password": PASSWORD, "next": "/today"}
    value = as_header(text)
    for turn, name in enumerate(told):
        form = "&".join(
            f"{key}={quote(text if key == name else usual, safe='', errors='replace')}"
            for key, usual in told.items()
        )
        own = {"X-Forwarded-For": f"{address}, 198.51.100.{turn}"}
        kind = "application/x-www-form-urlencoded"
        yield (SIGN_IN_PATH, name), Hostile(SIGN_IN_PATH, form.encode(), kind, own, what=name)
    back = f"{SIGN_IN_PATH}?next={quote(text, safe='', errors='replace')}"
    yield (SIGN_IN_PATH, "next (GET)"), Hostile(back, what="next")
    browser = {"Accept": "text/html"}
    for name in ("Host", *clients.FORWARDED, "X-Forwarded-Proto", "Origin", "Sec-Fetch-Site", "Cookie"):
        given = {name: f"{sign_in.COOKIE}={value}" if name == "Cookie" else value}
        yield ("closed page", name), Hostile("/today", headers={**browser, **given}, what=name)
        yield ("closed question", name), Hostile(CALLBACKS, b"{}", headers=given, what=name)
    led = quote(text, safe="/\\", errors="replace")
    yield ("closed page", "path"), Hostile(f"/{led}", headers=browser, what="path")


def gateway(text: str) -> Iterator[tuple[Field, Hostile]]:
    """``text`` as the name that a gateway gives."""
    given = {"X-User": as_header(text)}
    yield ("gateway", "X-User"), Hostile("/today", headers=given, what="X-User")


def export_file(cache: Path) -> str:
    """Address of a file that lies among the exports."""
    folder = cache / "exports" / JOB
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.zip").write_bytes(bytes(range(256)) * 8)
    assert exports.Exports(cache / "exports", 2**30, 3_600).find(JOB, "rows.zip")
    return f"/exports/{JOB}/rows.zip"


def closed_desk(lake: Lake, cache: Path) -> Dash:
    """The application with a sign-in behind one proxy."""
    cache.mkdir(parents=True, mode=0o700)
    known = cache / "passwords"
    # What a password costs is no part of this.
    passwords.put(known, "ann", f"ann:{generate_password_hash(PASSWORD, method=CHEAP)}")
    return desk_over(lake, cache, password_file=known, trusted_proxies=1)


def gateway_desk(lake: Lake, cache: Path) -> Dash:
    """The application behind a gateway that says who somebody is."""
    return desk_over(lake, cache, trusted_user_header="X-User", trusted_user_from="127.0.0.1")


def injections(run: Run, cache: Path, every: int = 1) -> Readings:
    """Each text of the corpus (or each ``every``-th) in every field of an application that is open."""
    entries = dependencies(run.client)
    file = export_file(cache)
    seen = Readings()
    with seen.watching():
        for number, text in enumerate(corpus.TEXTS[::every]):
            for one in (*views(entries, text, number), *questions(text, number)):
                run.send(one)
    for number, text in enumerate(corpus.TEXTS[::every]):
        for field, one in (*elsewhere(entries, text, number), *headers(entries, file, text, number)):
            run.send(one)
            seen.note(*field, text)
    return seen


def closed_injections(lake: Lake, folder: Path, every: int = 1) -> Iterator[tuple[Run, Files, Readings]]:
    """The same for the applications that let nobody in unknown."""
    with patch.object(passwords, "_nobodys", lambda: generate_password_hash("x", method=CHEAP)):
        for cache, made_over, made in (
            (folder / "closed", closed_desk, signing_in),
            (folder / "gateway", gateway_desk, lambda text, _: gateway(text)),
        ):
            desk = made_over(lake, cache)
            seen = Readings()
            with run_over(desk, lake, cache) as (run, files):
                for number, text in enumerate(corpus.TEXTS[::every]):
                    for field, one in made(text, number):
                        run.send(one)
                        seen.note(*field, text)
            yield run, files, seen
