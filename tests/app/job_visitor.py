"""A page that waits for long work, as Dash's renderer does it, and a look at the service's processes."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from tests.app.callback_client import payload

PANEL = "analysis"


class Visitor:
    """Asks and polls as Dash's renderer does."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Keeps the cookie that says whose jobs these are.
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = self._get("/")
        self.end = re.search(r'"end_id":\s*"([^"]+)"', page)
        self.listed = listed = json.loads(self._get("/_dash-dependencies"))
        self.entry = next(e for e in listed if e.get("background") and PANEL in e["output"])
        self.stop_entry = next(e for e in listed if e["output"] == f"{PANEL}-stop.id")
        self.handles: dict[str, str] = {}
        self.progress: list[str] = []

    def _get(self, path: str) -> str:
        with self.opener.open(self.url + path, timeout=20) as answer:
            return str(answer.read().decode())

    def posted(self, entry: dict[str, Any], values: dict[str, Any], **args: str) -> tuple[int, bytes]:
        """Status and body of a callback's answer, also where it is refused."""
        query = urllib.parse.urlencode(args)
        if self.end:
            query += f"&endId={self.end[1]}"
        request = urllib.request.Request(
            f"{self.url}/_dash-update-component?{query}",
            json.dumps(payload(entry, values)).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()

    def _post(self, entry: dict[str, Any], values: dict[str, Any], **args: str) -> tuple[int, dict[str, Any]]:
        status, body = self.posted(entry, values, **args)
        assert status < 400, (status, body[:300])
        return status, json.loads(body) if body else {}

    def close(self) -> None:
        self.opener.close()

    def ordinary(self) -> None:
        """Ask for the content of a panel that is answered at once."""
        entry = next(e for e in self.listed if "gen-table-top.children" in e["output"])
        values = {"url.search": "?range=7d", "url.pathname": "/generation", "version.data": "x"}
        status, _ = self._post(entry, values | {"theme.data": "light"})
        assert status == 200

    def start(self, fuel: str, more: str = "") -> None:
        span = "" if "range=" in more or "start=" in more else "&range=7d"
        order = {"search": f"?fuels={fuel}{span}{more}", "theme": "light", "id": "x"}
        status, body = self._post(self.entry, {f"{PANEL}-job.data": order})
        assert status == 200
        self.handles = {"cacheKey": body["cacheKey"], "job": body["job"]}

    def poll(self) -> dict[str, Any] | None:
        """The result; {} where there is none and none will come, None while the job runs."""
        status, body = self._post(self.entry, {}, **self.handles)
        for part in ("progress", "sideUpdate"):
            if part in body:
                self.progress.append(json.dumps(body[part], ensure_ascii=False))
        if status == 204:
            return {}
        found: dict[str, Any] | None = body.get("response")
        if found is None and "sideUpdate" in body and "progress" not in body and "multi" in body:
            return {}
        return found

    def result(self, seconds: float = 40) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.poll()
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError("the job never ended")

    def until_told(self, text: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not any(text in said for said in self.progress):
            assert time.monotonic() < end, self.progress
            ended = self.poll()
            assert ended is None, ended or self.progress
            time.sleep(0.1)

    def cancel(self, why: str = "button") -> None:
        order = {f"{PANEL}-stop.data": {"why": why, "at": 1}}
        self._post(self.stop_entry, order, cancelJob=self.handles["job"])


def said(result: dict[str, Any]) -> tuple[str, str]:
    """(the panel's class, everything in it as text)."""
    return result[PANEL]["className"], json.dumps(result, ensure_ascii=False)


def runner_of(server: psutil.Process) -> psutil.Process:
    """The job runner: of the master's children the one that serves nobody, wherever it came from. It may
    still be on its way to its pipe when the service begins to answer."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for process in server.children(recursive=True):
            if is_runner(process):
                return process
        time.sleep(0.1)
    raise AssertionError("no job runner")


def is_runner(process: psutil.Process) -> bool:
    """The job runner is the one that reads the pipe by which workers wake it."""
    try:
        files = list(Path(f"/proc/{process.pid}/fd").iterdir())
        return any(file.readlink().name == "runner.pipe" for file in files)
    except OSError:
        return False


def jobs_of(server: psutil.Process) -> set[int]:
    """Processes of the jobs: the runner's children."""
    return {job.pid for job in runner_of(server).children()}


def gone(pids: set[int], seconds: float = 8) -> bool:
    """Whether these processes end within that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        alive = {p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != "zombie"}
        if not alive:
            return True
        time.sleep(0.05)
    return False
