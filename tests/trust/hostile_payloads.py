"""Hostile requests: good ones with something wrong, every callback and every route among them."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from dash.development.base_component import Component
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from app.visitors import COOKIE as VISITOR_COOKIE
from callbacks import TABS, state
from data_layer.requests import REQUESTS
from layouts.exports import UNIT_READINGS
from tests.app.callback_client import payload
from tests.callbacks.test_state import SAMPLES
from tests.trust.hostile_corpus import CANARY, DATES, PATHS, TEXTS

CALLBACKS: Final = "/_dash-update-component"

VISITOR: Final = "0" * 32
JOB: Final = f"{1:032x}"
"""A visitor who has a job, and that job."""

KNOWN: Final = {"Cookie": f"{VISITOR_COOKIE}={VISITOR}"}


@dataclass(frozen=True)
class Hostile:
    """One request. ``body`` None: GET."""

    path: str
    body: bytes | None = None
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    what: str = ""
    callback: str = ""
    """The callback that it was made from, before anything was wrong with it."""

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"


JUNK: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    2**70,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "\x00",
    "x" * 200_000,
    [],
    {},
    [[[[[]]]]],
    ["today"],
    {"id": "x", "value": {"$ne": None}},
    {"__proto__": {}},
    list(range(2_000)),
    {str(n): n for n in range(500)},
    "\ud800",
)

HANDLES: Final = (
    "1",
    "0",
    "-1",
    "x",
    "../../secret_key",
    "0" * 32,
    "f" * 32,
    CANARY,
    "%00",
    "1.2.3",
    "a" * 2_000,
)

texts = st.sampled_from(TEXTS)
leaves = st.one_of(
    st.sampled_from(JUNK), texts, st.text(max_size=20), st.integers(), st.floats(), st.sampled_from(DATES)
)
values = st.one_of(
    leaves,
    st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    ),
)

STORES: Final[Mapping[str, tuple[Any, ...]]] = {
    "job-act.data": tuple(
        {"do": do, "job": job, "at": 1}
        for do in ("stop", "forget", "forget-ended", "kill", [])
        for job in (JOB, "1" * 32, "../x", 1, None)
    ),
    "jobs-drawn.data": ({"shape": "x", "moved": [], "ended": {}}, {"ended": ["x"] * 5_000}, {"ended": "x"}),
    "export-table.value": ("energy", UNIT_READINGS, "x", ["energy"], CANARY),
    "export-form.value": ("csv", "xlsx", "parquet", "exe", ["csv"], CANARY),
    "export-start.n_clicks": (1, 2, -1, 1e9, "1"),
    "shown.data": ("today", ["x"], {"tab": CANARY}),
    "poll.n_intervals": (1, -1, "x", 2**70),
}


def _allowed(tab: str, name: str) -> list[str]:
    """Values that are taken, so that the others meet a question which reaches the engine."""
    if name in ("start", "end"):
        return ["2026-02-20", "2026-02-24T10:05", "2026-02-28", "2026-03-01T23:55"]
    common = {"range": ["1d", "7d"], "region": ["VIC1", "NEM"], "resolution": ["5min", "hour", "day"]}
    return common.get(name) or SAMPLES.get(f"{tab}.{name}") or SAMPLES.get(name) or [""]


@st.composite
def searches(draw: st.DrawFn, tab: str) -> str:
    """An address's parameters, some of them hostile."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(state.parameters(tab)) | texts)
        value = draw(
            texts | st.sampled_from(DATES) | st.text(max_size=30) | st.sampled_from(_allowed(tab, name))
        )
        written = draw(st.sampled_from([quote(value, errors="replace"), value]))
        parts.append(f"{quote(name, errors='replace')}={written}")
    return "?" + "&".join(parts)


ADDRESSES: Final = {
    "region": "VIC1",
    "range": "1d",
    "start": "2026-02-27",
    "end": "2026-02-28",
    "resolution": "hour",
}


def good(entry: Mapping[str, Any], tab: str, search: str) -> dict[str, Any]:
    """A callback as the page sends it."""
    known: dict[str, Any] = {
        "url.pathname": f"/{tab}",
        "url.search": search,
        "version.data": "x",
        "theme.data": "dark",
        "shown.data": "nowhere",
        "export-table.value": UNIT_READINGS,  # which every view has
        "export-form.value": "csv",
        "job-nudge.data": {"at": 1},
        "job-act.data": {"do": "stop", "job": JOB, "at": 1},
    }
    for part in (*entry["inputs"], *entry["state"]):
        key = f"{part['id']}.{part['property']}"
        if part["property"] in ("n_clicks", "n_intervals"):
            known.setdefault(key, 1)
        if key.endswith("-job.data"):
            known[key] = {"search": search, "theme": "dark", "tab": tab, "id": "x"}
    return payload(dict(entry), known)


@st.composite
def callbacks(draw: st.DrawFn, entries: Sequence[Mapping[str, Any]], tabs: Sequence[str]) -> Hostile:
    """A callback with one to three things wrong."""
    entry = draw(st.sampled_from(entries))
    tab = tab_of(entry) or draw(st.sampled_from(tabs))
    search = draw(st.just("?range=1d") | searches(tab))
    body: Any = good(entry, tab, search)
    query = ""
    wrong = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(_WRONGS))
        wrong.append(kind.__name__)
        if kind is _handle:
            query = "?" + "&".join(
                f"{name}={quote(draw(st.sampled_from(HANDLES)))}"
                for name in draw(
                    st.lists(st.sampled_from(("cacheKey", "job", "oldJob", "cancelJob")), min_size=1)
                )
            )
        elif isinstance(body, dict):
            body = kind(draw, copy.deepcopy(body))
    encoded = json.dumps(body)
    if len(encoded) > 900_000:
        encoded = encoded[:900_000]
    return Hostile(
        CALLBACKS + query,
        encoded.encode("utf-8", "surrogatepass"),
        headers=draw(st.sampled_from([{}, KNOWN])),
        what=f"{entry['output'][:60]} {wrong}",
        callback=entry["output"],
    )


@cache
def _tabs_parts() -> Mapping[str, str]:
    """Id of every component that a tab's layout has -> the tab."""
    found: dict[str, str] = {}
    for tab in TABS:
        for component in _components(tab.layout()):
            identity = getattr(component, "id", None)
            if isinstance(identity, str) and found.setdefault(identity, tab.name) != tab.name:
                raise ValueError(f"{identity} stands on {found[identity]} and on {tab.name}")
    return found


def _components(made: Any) -> Iterator[Component]:
    for one in made if isinstance(made, list | tuple) else [made]:
        if isinstance(one, Component):
            yield one
            yield from one._traverse()


def tab_of(entry: Mapping[str, Any]) -> str:
    """The tab whose layout has what a callback fills; '' for those of the page around the tabs."""
    first = entry["output"].strip(".").partition("...")[0].rpartition(".")[0]
    return _tabs_parts().get(first, "")


def _places(body: dict[str, Any]) -> list[dict[str, Any]]:
    lists = [body[part] for part in ("inputs", "state") if isinstance(body.get(part), list)]
    return [one for given in lists for one in given if isinstance(one, dict)]


def _value(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    places = _places(body)
    if places:
        place = draw(st.sampled_from(places))
        key = f"{place.get('id')}.{place.get('property')}"
        place["value"] = draw(st.sampled_from(STORES[key]) | values if key in STORES else values)
    return body


def _missing(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    if body:
        del body[draw(st.sampled_from(sorted(body)))]
    return body


def _replaced(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    body[draw(st.sampled_from([*sorted(body), "extra"]))] = draw(values)
    return body


def _order(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    part = draw(st.sampled_from(["inputs", "state"]))
    if isinstance(body.get(part), list):
        body[part] = draw(st.sampled_from([body[part][::-1], body[part] * 2, body[part][:-1]]))
    return body


def _identity(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    places = _places(body)
    if places:
        place = draw(st.sampled_from(places))
        place[draw(st.sampled_from(["id", "property"]))] = draw(values)
    return body


def _changed(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    body["changedPropIds"] = draw(st.lists(texts | st.just("job-act.data"), max_size=3) | values)
    return body


def _whole(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    return draw(values)


def _handle(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    return body


_WRONGS: Final = (
    _value,
    _value,
    _value,
    _value,
    _missing,
    _replaced,
    _order,
    _identity,
    _changed,
    _whole,
    _handle,
)


@st.composite
def addresses(draw: st.DrawFn, tabs: Sequence[str]) -> Hostile:
    """A GET with hostile parameters or a hostile path."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return Hostile(draw(st.sampled_from(PATHS)), what="path")
    tab = draw(st.sampled_from(tabs))
    search = draw(searches(tab))
    ending = draw(st.sampled_from(["csv", "json", "parquet", "exe", CANARY]))
    if kind == 1:
        table = draw(st.just("") | texts.map(lambda text: f"&table={quote(text, errors='replace')}"))
        return Hostile(f"/{tab}/data.{ending}{_plain(search + table)}", what="view")
    if kind == 2:
        name = draw(st.sampled_from(sorted(REQUESTS)))
        good = "&".join(f"{key}={value}" for key, value in ADDRESSES.items() if key != "range")
        own = "&".join(
            f"{key}={quote(draw(texts), errors='replace')}"
            for key in draw(st.lists(st.sampled_from(FIELDS[name]), max_size=3))
        )
        return Hostile(f"/data/{name}.{ending}?{good}&{own}", what="data")
    header = draw(st.sampled_from(["Cookie", "X-Forwarded-For", "Accept-Encoding", "Range", "If-None-Match"]))
    text = draw(texts)
    clean = "".join(sign for sign in text if 32 <= ord(sign) < 127)
    return Hostile(
        draw(st.sampled_from([f"/{tab}{_plain(search)}", "/healthz", "/assets/page.css"])),
        headers={header: clean},
        what="header",
    )


def _plain(search: str) -> str:
    """As a client can write it into a request line."""
    return quote(search, safe="?&=%:,;'\"()*+-./|`$[]{}<>@!~^\\", errors="replace").replace(" ", "%20")


FIELDS: Final = {
    name: sorted({"start", "end", "x", *(one.name for one in dataclasses.fields(kind))} - {"period"})
    for name, kind in REQUESTS.items()
}


def requests(entries: Sequence[Mapping[str, Any]], tabs: Sequence[str]) -> st.SearchStrategy[Hostile]:
    """All of them: three callbacks to one address."""
    return st.one_of(
        callbacks(entries, tabs), callbacks(entries, tabs), callbacks(entries, tabs), addresses(tabs)
    )


def each(
    strategy: st.SearchStrategy[Hostile], send: Callable[[Hostile], object], count: int, number: int
) -> None:
    """Send ``count`` of what the strategy makes; the same ones for the same ``number``."""

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(one=strategy)
    def go(one: Hostile) -> None:
        send(one)

    go()


def malformed_bodies(entry: Mapping[str, Any]) -> list[tuple[str, bytes, str, set[int]]]:
    """Bodies that are no callback: (what, body, content type, the statuses that may answer it). ``entry``: a
    callback that there is, which some of them name."""
    callback = json.dumps(good(entry, tab_of(entry), "?range=1d"))
    named = json.dumps(entry["output"])
    twice = f'"output": {named}, '
    kind = "application/json"
    return [
        ("2 MB", b'"' + b"x" * 2_000_000 + b'"', kind, {413}),
        ("a callback of 2 MB", (callback[:-1] + f', "x": "{"x" * 2_000_000}"}}').encode(), kind, {413}),
        ("JSON 200,000 deep", b"[" * 200_000 + b"]" * 200_000, kind, {400}),
        ("objects 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, kind, {400}),
        ("a callback with its name twice", f"{{{twice}{callback[1:]}".encode(), kind, {400}),
        ("another name before a callback's", f'{{"output": "x", {callback[1:]}'.encode(), kind, {400}),
        ("another name after a callback's", f'{callback[:-1]}, "output": "x"}}'.encode(), kind, {400}),
        ("two lists of inputs", f'{{"inputs": [], {callback[1:]}'.encode(), kind, {400}),
        (
            "an input's value twice",
            callback.replace('"value":', '"value": 1, "value":', 1).encode(),
            kind,
            {400},
        ),
        ("bad UTF-8", callback.encode().replace(b"range", b"\xff\xfe", 1), kind, {400}),
        ("UTF-16", callback.encode("utf-16"), kind, {400}),
        ("cut off", callback[:-1].encode(), kind, {400}),
        ("two bodies", (callback + callback).encode(), kind, {400}),
        ("a number of 400,000 digits", b"9" * 400_000, kind, {400}),
        ("empty", b"", kind, {400}),
        ("text/plain", callback.encode(), "text/plain", {415}),
        ("a form", callback.encode(), "application/x-www-form-urlencoded", {415}),
        (
            "multipart",
            b"--x\r\n\r\n" + callback.encode() + b"--x--",
            "multipart/form-data; boundary=x",
            {415},
        ),
        ("no type", callback.encode(), "", {415}),
    ]
