"""The cache folder deleted, full, read-only, full of junk and of hostile pickles, under two workers.

After each fault every ordinary page and panel is asked: no 5xx, the same numbers, and no code of a pickle
runs. Long: `python -m tests.trust.caches` (every fault on the whole folder and on each folder below it).
"""

from __future__ import annotations

import csv
import http.client
import io
import json
import math
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from data_layer import demo
from data_layer.lake import Lake
from tests.app.callback_client import payload
from tests.browser.conftest import started
from tests.trust.serving_figures import Row, write

FOLDERS = ("jobs", "answers", "exports", "metrics", "queries", "workers", "processes")
PAGES = ("/", "/generation?range=7d", "/system", "/analysis?range=7d", "/healthz", "/_dash-dependencies")
NUMBERS = "/generation/data.csv?range=7d"
TABS = ("/generation", "/system", "/analysis")

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
    place.mkdir(exist_ok=True)
    for path in [*place.rglob("*"), place / "0000.arrow", place / "12345.json"]:
        if path.is_file() or not path.exists():
            with suppress(OSError):
                path.write_bytes(bytes(range(256)) * 8)


def hostile(canary: Path) -> Fault:
    """Pickles in every file that is no database, and in every row of those that are."""

    def harm(place: Path) -> None:
        place.mkdir(exist_ok=True)
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


def same(left: bytes, right: bytes) -> bool:
    """Two CSV texts with the same cells; numbers may differ by the order in which threads added them."""
    ours, theirs = (list(csv.reader(io.StringIO(text.decode()))) for text in (left, right))
    return len(ours) == len(theirs) and all(
        len(a) == len(b) and all(x == y or _close(x, y) for x, y in zip(a, b, strict=True))
        for a, b in zip(ours, theirs, strict=True)
    )


def _close(left: str, right: str) -> bool:
    try:
        return math.isclose(float(left), float(right), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        return False


class Asker:
    """Asks a service what people ask, and counts what comes back."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.listed = [
            entry
            for entry in json.loads(self._get("/_dash-dependencies")[1])
            if not entry.get("clientside_function") and not entry.get("background")
        ]
        status, self.numbers = self._get(NUMBERS)
        assert status == 200 and b"," in self.numbers

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

    def all(self) -> Counter[str]:
        """Every page and every panel of three tabs, twice: each worker is met."""
        went: Counter[str] = Counter()
        for _ in range(2):
            for path in PAGES:
                went[self._said(path, self._get(path)[0])] += 1
            status, numbers = self._get(NUMBERS)
            went[self._said(NUMBERS, status)] += 1
            if status == 200 and not same(numbers, self.numbers):
                went["wrong numbers"] += 1
        for tab in TABS:
            values = {
                "url.search": "?range=7d",
                "url.pathname": tab,
                "version.data": "x",
                "theme.data": "light",
            }
            for entry in self.listed:
                body = json.dumps(payload(entry, values)).encode()
                status, _ = self._get("/_dash-update-component", body)
                went[self._said(f"{tab} {entry['output'][:60]}", status)] += 1
        return went

    @staticmethod
    def _said(what: str, status: int) -> str:
        return "answered" if 0 < status < 500 else f"{status} for {what}"


@contextmanager
def service(lake: Lake, folder: Path) -> Iterator[tuple[Asker, Path]]:
    folder.mkdir(parents=True, exist_ok=True)
    with started(lake, folder) as (url, _):
        asker = Asker(url)
        asker.all()
        yield asker, folder / "cache"


def faults(canary: Path) -> dict[str, Fault]:
    return {
        "deleted": delete,
        "a file in its place": stand_in_the_way,
        "junk bytes": junk,
        "hostile pickles": hostile(canary),
    }


def run(lake: Lake, folder: Path, folders: tuple[str, ...] = FOLDERS) -> dict[str, Counter[str]]:
    """Each fault on each folder below the cache folder, then on that itself; one service a fault."""
    canary = folder / "canary"
    found: dict[str, Counter[str]] = {}
    for name, harm in faults(canary).items():
        with service(lake, folder / name.replace(" ", "-")) as (asker, cache):
            went: Counter[str] = Counter()
            for one in folders:
                harm(cache / one)
                went += asker.all()
                if harm is stand_in_the_way:
                    (cache / one).unlink(missing_ok=True)
            harm(cache)
            went += asker.all()
            if canary.exists():
                went["a pickle ran"] += 1
            if harm is stand_in_the_way:
                cache.unlink()
            found[name] = went
    return found


def full_or_read_only(lake: Lake, folder: Path) -> dict[str, Counter[str]]:
    """The cache on a small tmpfs that is filled, then made read-only. Needs root: {} without it."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = folder / "cache"
    mount.mkdir()
    options = ["-t", "tmpfs", "-o", "size=48m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], capture_output=True).returncode != 0:
        return {}
    found = {}
    try:
        with service(lake, folder) as (asker, cache):
            with suppress(OSError), open(cache / "filler", "wb") as filler:
                while True:
                    filler.write(b"x" * 65_536)
                    filler.flush()
            found["full"] = asker.all()
            (cache / "filler").unlink(missing_ok=True)
            found["room again"] = asker.all()
            remount = ["mount", "-o", "remount,ro", str(mount)]
            if subprocess.run(remount, capture_output=True).returncode == 0:
                found["read-only"] = asker.all()
                subprocess.run(["mount", "-o", "remount,rw", str(mount)], capture_output=True)
    finally:
        time.sleep(0.5)
        subprocess.run(["umount", "-l", str(mount)], capture_output=True)
    return found


def is_right(went: Counter[str]) -> bool:
    return set(went) == {"answered"}


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="nemdesk-caches-"))
    try:
        lake = Lake(folder / "lake")
        demo.build(lake, end=datetime(2026, 3, 2), days=12)
        found = run(lake, folder / "faults") | full_or_read_only(lake, folder / "tmpfs")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = [
        Row(
            f"cache folder and the folders below it: {name} (R11)",
            f"{sum(went.values()):,} requests",
            ", ".join(f"{count} {how}" for how, count in went.most_common(6)),
            "0 5xx, the same numbers, no code of a pickle run",
            is_right(went),
        )
        for name, went in found.items()
    ]
    return write("caches", rows)


if __name__ == "__main__":
    sys.exit(main())
