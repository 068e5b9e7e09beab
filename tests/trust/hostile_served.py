"""Hostile requests to the server as it is shipped: over HTTP, and over a bare socket where a client would
put right what is sent."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import psutil
from hypothesis import strategies as st

from tests.app.callback_client import URL
from tests.trust.hostile_corpus import PATHS, TARGETS
from tests.trust.hostile_payloads import Hostile, each, malformed_bodies
from tests.trust.hostile_run import judged
from tests.trust.hostile_watch import Bodies

HOST: Final = "desk.example"
"""What the bare socket names as the server."""

NOT_HERE: Final = {400, 404, 405}


def over_http(
    url: str, pids: Callable[[], list[int]], strategy: st.SearchStrategy[Hostile], count: int
) -> tuple[list[str], list[float], int]:
    """Send to a real server: (what was wrong, seconds, most bytes that one of its processes held)."""
    wrong: list[str] = []
    seconds: list[float] = []
    most = 0
    where = urlsplit(url)
    bodies = Bodies()
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=60)

    def send(one: Hostile) -> None:
        nonlocal connection, most
        headers = {**one.headers, **({"Content-Type": one.kind} if one.body is not None else {})}
        started = time.perf_counter()
        try:
            path = one.path.encode("ascii", "replace").decode()
            connection.request(one.method, path, one.body, headers)
            answer = connection.getresponse()
            body = answer.read()
        except http.client.InvalidURL:
            return  # this client will not write it
        except (http.client.HTTPException, OSError) as error:
            wrong.append(f"{error!r}: {one.path[:200]} {(one.body or b'')[:200]!r}")
            connection.close()
            return
        seconds.append(time.perf_counter() - started)
        if answer.status >= 500 and answer.status != 503:
            wrong.append(f"{answer.status}: {one.path[:200]} {(one.body or b'')[:300]!r} {body[:200]!r}")
        wrong.extend(
            f"{problem} in the {answer.status} to {one.path[:100]} {headers}"
            for problem in judged(answer.headers, body, bodies)
        )
        if len(seconds) % 100 == 0:
            most = max([most, *(psutil.Process(pid).memory_info().rss for pid in pids())])

    each(strategy, send, count, 2)
    connection.close()
    return wrong, seconds, most


class Answer:
    """What a bare socket was answered: status, headers, body."""

    def __init__(self, raw: socket.socket) -> None:
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()


def asked_raw(url: str, sent: bytes) -> Answer:
    """The answer to exactly these bytes."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname or "", where.port or 80), timeout=60) as raw:
        # Refused before its end a body may find nobody who reads on; the answer is there all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            raw.sendall(sent)
        return Answer(raw)


def malformed_over_http(url: str, entry: dict[str, Any]) -> list[str]:
    """What a real server answered to bodies that are no callback otherwise than promised. ``entry``: a
    callback that there is."""
    found = []
    for what, body, kind, allowed in malformed_bodies(entry):
        head = [f"POST {URL} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}", "Connection: close"]
        head += [f"Content-Type: {kind}"] if kind else []
        found += _otherwise(url, what, "\r\n".join(head).encode() + b"\r\n\r\n" + body, allowed)
    return found


def paths_over_socket(url: str, accept: str = "*/*") -> list[str]:
    """What a real server answered to paths outside otherwise than that there is nothing: a file, another
    site, an error of its own."""
    found = []
    for path in (*PATHS, *TARGETS):
        head = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
        found += _otherwise(url, path[:80], head.encode(), None)
    return found


def _otherwise(url: str, what: str, sent: bytes, allowed: set[int] | None) -> Iterator[str]:
    try:
        answer = asked_raw(url, sent)
    except (http.client.HTTPException, OSError) as error:
        yield f"{what}: {error!r}"
        return
    if allowed is None:
        page = answer.status == 200 and b"_dash-config" in answer.body
        sign_in = answer.status in (303, 401) or (answer.status == 200 and b'class="sign-in"' in answer.body)
        harmless = what in ("/_reload-hash", "/_favicon.ico") or answer.status in NOT_HERE
        if not (page or sign_in or harmless):
            yield f"{what}: {answer.status} {answer.body[:80]!r}"
    elif answer.status not in allowed:
        yield f"{what}: {answer.status} {answer.body[:80]!r}"
    for problem in judged(answer.headers, answer.body, Bodies()):
        yield f"{what}: {answer.status}, {problem}"
