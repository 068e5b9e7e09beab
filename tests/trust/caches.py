"""The cache folder deleted, full, read-only, full of junk and of hostile pickles, under two workers.

After each fault pages, panels, a table and a job are asked for, of days that nobody asked for before: no 5xx,
no panel that failed, what an application without faults shows, and no code of a pickle runs.
Long: `python -m tests.trust.caches` (every fault on the whole folder and on each folder below it).
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from app import create_app
from app.settings import Settings
from data_layer.lake import Lake
from tests.app.callback_client import dependencies, payload, post
from tests.app.job_visitor import Visitor, said
from tests.browser.conftest import started
from tests.trust.demonstration import demonstration
from tests.trust.serving_figures import Row, write

FOLDERS = ("jobs", "answers", "exports", "metrics", "queries", "workers", "processes")
PAGES = (
    "/",
    "/generation?range=7d",
    "/system",
    "/price-analysis?range=7d",
    "/healthz",
    "/_dash-dependencies",
)
TABS = ("today", "generation", "prices", "price-analysis", "stations", "trends", "system")
OF_THE_DATA = re.compile(r"\.\.(?!system-(?!calendar|findings))[a-z-]+-top\.children")
"""Panels whose content is compared. The rest, as a visitor's jobs and the System tab's panels of the service
itself, may say other things; they may not fail."""
FUELS = ("wind", "black_coal", "solar_utility", "hydro", "brown_coal", "battery")
"""A job's question is about one of them, so that its answer is not there before."""

Fault = Callable[[Path], None]


class Canary:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


def delete(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)


def stand_in_the_way(place: Path) -> None:
    """A file where the folder was: what read-only means even to root."""
    delete(place)
    place.write_text("in the way", encoding="utf-8")


def junk(place: Path) -> None:
    """Every file overwritten with the same bytes of no meaning, and one more."""
    place.mkdir(parents=True, exist_ok=True)
    for path in [*place.rglob("*"), place / "0000.arrow", place / "12345.json"]:
        if path.is_file() or not path.exists():
            with suppress(OSError):
                path.write_bytes(bytes(range(256)) * 8)


def hostile(canary: Path) -> Fault:
    """Pickles in every file that is no database, and in every row of those that are."""

    def harm(place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        poison = pickle.dumps(Canary(canary))
        for path in [*place.rglob("*"), place / "0000.arrow", place / "00" / "0000.val"]:
            if path.name == "cache.db":
                with suppress(sqlite3.Error), sqlite3.connect(path, timeout=5) as database:
                    # mode 4 is diskcache's name for a pickle.
                    database.execute("UPDATE Cache SET mode = 4, value = ?", (poison,))
            elif not path.name.startswith("cache.db") and not path.is_dir() and not path.is_fifo():
                path.parent.mkdir(exist_ok=True)
                with suppress(OSError):
                    path.write_bytes(poison)

    return harm


_TIMED = re.compile(r" · [\d.]+ s( · cached)?")


def alike(left: Any, right: Any) -> bool:
    """The same components, rows and figures; numbers may differ by the order in which threads added them,
    and what an answer says of its own making does."""
    if isinstance(left, dict) and isinstance(right, dict):
        if "bdata" in left and "bdata" in right and left.get("dtype") == right.get("dtype"):
            return np.allclose(_numbers(left), _numbers(right), rtol=1e-6, atol=1e-6, equal_nan=True)
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, float) and isinstance(right, int | float):
        return bool(np.isclose(left, right, rtol=1e-6, atol=1e-6))
    if isinstance(left, str) and isinstance(right, str):
        return _TIMED.sub("", left) == _TIMED.sub("", right) or _close(left, right)
    return bool(left == right)


def _numbers(packed: dict[str, str]) -> Any:
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])


def _close(left: str, right: str) -> bool:
    try:
        return bool(np.isclose(float(left), float(right), rtol=1e-9, atol=1e-9))
    except ValueError:
        return False


def rows_of(text: bytes) -> list[list[str]]:
    return [line.split(",") for line in text.decode().splitlines()]


def days(turn: int) -> str:
    """A stretch of days for each turn, of the demonstration's twelve."""
    first = date(2026, 2, 18) + timedelta(days=turn % 6)
    return f"?start={first}&end={first + timedelta(days=turn // 6 % 6)}"


def values(tab: str, search: str) -> dict[str, str]:
    return {"url.search": search, "url.pathname": f"/{tab}", "version.data": "x", "theme.data": "light"}


class Right:
    """What an application without faults shows, over a cache of its own."""

    def __init__(self, lake: Lake, folder: Path, tabs: tuple[str, ...]) -> None:
        self._client = create_app(Settings(lake_dir=lake.root, cache_dir=folder)).server.test_client()
        listed = [entry for entry in dependencies(self._client) if not entry.get("background")]
        self.panels: dict[str, list[dict[str, Any]]] = {
            tab: [one for one in listed if self._post(one, tab, days(0)).status_code == 200] for tab in tabs
        }
        """By tab: the callbacks that fill something on it."""
        assert all(len(panels) > 1 for panels in self.panels.values())

    def _post(self, entry: dict[str, Any], tab: str, search: str) -> Any:
        return post(self._client, payload(entry, values(tab, search)))

    def content(self, entry: dict[str, Any], tab: str, search: str) -> Any:
        return self._post(entry, tab, search).get_json()

    def csv(self, search: str) -> bytes:
        data: bytes = self._client.get(f"/generation/data.csv{search}").data
        return data


class Asker:
    """Asks a service what people ask, and counts what comes back."""

    def __init__(self, url: str, right: Right) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self.right = right
        self.turn = 0

    def _get(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(
                "POST" if body else "GET", path, body, {"Content-Type": "application/json"} if body else {}
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def all(self, *, jobs: bool = True) -> Counter[str]:
        """Pages and a table, twice, so that each worker is met; every panel; a job, which must be answered
        unless there is no place for its record (``jobs`` False): then it must be refused."""
        self.turn += 1
        search = days(self.turn)
        went: Counter[str] = Counter()
        for _ in range(2):
            for path in PAGES:
                status, _ = self._get(path)
                went["answered" if status == 200 else f"{status} for {path}"] += 1
            status, table = self._get(f"/generation/data.csv{search}")
            sound = status == 200 and alike(rows_of(table), rows_of(self.right.csv(search)))
            went["answered" if sound else f"{status} or other rows for data.csv{search}"] += 1
        for tab, entries in self.right.panels.items():
            for entry in entries:
                went[self._panel(entry, tab, search)] += 1
        went[self._job(answered=jobs)] += 1
        return went

    def _panel(self, entry: dict[str, Any], tab: str, search: str) -> str:
        body = json.dumps(payload(entry, values(tab, search))).encode()
        status, data = self._get("/_dash-update-component", body)
        name = f"/{tab} {entry['output'][:40]}"
        if status != 200:
            return f"{status} for {name}"
        if b"panel-failed" in data:
            return f"failed: {name}"
        if not OF_THE_DATA.match(entry["output"]):
            return "answered"
        same = alike(json.loads(data), self.right.content(entry, tab, search))
        return "answered" if same else f"other content: {name}{search}"

    def _job(self, *, answered: bool) -> str:
        try:
            visitor = Visitor(self.url)
            visitor.start(FUELS[self.turn % len(FUELS)], f"&{days(self.turn)[1:]}&range=")
            shown, text = said(visitor.result(120))
        except (OSError, KeyError, AssertionError) as error:
            return f"a job: {type(error).__name__} {str(error)[:60]}" if answered else "no job"
        return "answered" if shown == "panel-ready" else f"a job: {shown} {text[:80]}"


@contextmanager
def service(lake: Lake, folder: Path, right: Right) -> Iterator[tuple[Asker, Path]]:
    folder.mkdir(parents=True, exist_ok=True)
    with started(lake, folder) as (url, _):
        asker = Asker(url, right)
        went = asker.all()
        assert is_right(went), went
        yield asker, folder / "cache"


def faults(canary: Path) -> dict[str, Fault]:
    return {
        "deleted": delete,
        "a file in its place": stand_in_the_way,
        "junk bytes": junk,
        "hostile pickles": hostile(canary),
    }


def apply(name: str, harm: Fault, asker: Asker, place: Path, canary: Path) -> Counter[str]:
    """One fault on one folder, and what is asked then."""
    harm(place)
    went = asker.all(jobs=not (harm is stand_in_the_way and place.name in ("jobs", "cache")))
    if canary.exists():
        went[f"a pickle ran ({name}, {place.name})"] += 1
        canary.unlink()
    if harm is stand_in_the_way:
        place.unlink(missing_ok=True)
    return went


def run(lake: Lake, folder: Path) -> dict[str, Counter[str]]:
    """Each fault on each folder below the cache folder, then on that itself; one service a fault."""
    canary = folder / "canary"
    right = Right(lake, folder / "right", TABS)
    found: dict[str, Counter[str]] = {}
    for name, harm in faults(canary).items():
        with service(lake, folder / name.replace(" ", "-"), right) as (asker, cache):
            found[name] = Counter()
            for place in [*(cache / one for one in FOLDERS), cache]:
                found[name] += apply(name, harm, asker, place, canary)
            found[name] += asker.all()
    return found


def run_short(lake: Lake, folder: Path) -> Counter[str]:
    """The faults one after the other under one service, on the table of jobs and on the whole, with the
    panels of one tab."""
    canary = folder / "canary"
    went: Counter[str] = Counter()
    with service(lake, folder, Right(lake, folder / "right", ("generation",))) as (asker, cache):
        for name, harm in faults(canary).items():
            for place in (cache / "jobs", cache):
                went += apply(name, harm, asker, place, canary)
        went += asker.all()
    return went


def full_or_read_only(lake: Lake, folder: Path) -> dict[str, Counter[str]]:
    """The cache on a small tmpfs that is filled, then read-only. Needs root: ``{name: nothing}`` without."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = folder / "cache"
    mount.mkdir()
    found: dict[str, Counter[str]] = {"full": Counter(), "read-only": Counter(), "room again": Counter()}
    if not _mounted("-t", "tmpfs", "-o", "size=48m", "tmpfs", str(mount)):
        return found
    mounts = 1
    try:
        with service(lake, folder, Right(lake, folder / "right", TABS)) as (asker, cache):
            with suppress(OSError), open(cache / "filler", "wb") as filler:
                while True:
                    filler.write(b"x" * 65_536)
                    filler.flush()
            found["full"] = asker.all(jobs=False)
            (cache / "filler").unlink(missing_ok=True)
            found["room again"] = asker.all()
            # A folder with open files cannot be made read-only: a copy is laid over it that is.
            shutil.copytree(cache, folder / "copy", ignore=shutil.ignore_patterns("*.pipe", "cache.db-*"))
            if _mounted("--bind", str(folder / "copy"), str(mount)):
                mounts += 1
                if _mounted("-o", "remount,bind,ro", str(mount)):
                    with suppress(OSError):
                        (cache / "probe").touch()
                        raise AssertionError("the folder is not read-only")
                    found["read-only"] = asker.all(jobs=False)
                subprocess.run(["umount", "-l", str(mount)], capture_output=True)
                mounts -= 1
                found["room again"] += asker.all()
    finally:
        time.sleep(0.5)
        for _ in range(mounts):
            subprocess.run(["umount", "-l", str(mount)], capture_output=True)
    return found


def _mounted(*options: str) -> bool:
    return os.geteuid() == 0 and subprocess.run(["mount", *options], capture_output=True).returncode == 0


def is_right(went: Counter[str]) -> bool:
    """All was answered, and something was asked at all."""
    return bool(went) and set(went) <= {"answered", "no job"}


def main() -> int:
    with demonstration("caches") as (folder, lake):
        found = run(lake, folder / "faults") | full_or_read_only(lake, folder / "tmpfs")
    rows = [
        Row(
            f"cache folder and the folders below it: {name} (R11)",
            f"{sum(went.values()):,} requests",
            ", ".join(f"{count} {how}" for how, count in went.most_common(6)) or "not tried: needs root",
            "0 5xx, no failed panel, the same content, no code of a pickle run",
            is_right(went),
        )
        for name, went in found.items()
    ]
    return write("caches", rows)


if __name__ == "__main__":
    sys.exit(main())
