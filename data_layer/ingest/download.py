"""Polite, bounded, resumable downloads from one host.

One session; at least ``spacing`` seconds between requests; at most ``tries`` tries of each, with full
jitter between them; a body that does not end within ``total`` seconds is cut off whatever it drips.
A partial body stays as <name>.part with the server's validator beside it and is resumed by Range; only
a file that opens as a zip gets its final name.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

_USER_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0 Safari/537.36 NEMDesk"
)
_TRY_AGAIN: Final = frozenset({403, 408, 425, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 1 << 16
_T = TypeVar("_T")


@dataclass(frozen=True)
class Manners:
    """How hard the server may be asked; seconds and bytes."""

    spacing: float = 1.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total: float = 600.0
    """Longest time for one file, tries and pauses included."""
    tries: int = 5
    pause: float = 2.0
    """Upper bound of the first pause between tries; it doubles each time."""
    longest_pause: float = 60.0
    largest_body: int = 2 << 30
    largest_listing: int = 32 << 20


LOCAL_MANNERS: Final = Manners(spacing=0.0)


class FetchFailed(Exception):
    """A file could not be had; the message says why."""


class _Again(Exception):
    """This try failed in a way that may pass; ``after`` is what the server asked to wait."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Downloader:
    """GETs below one base URL. Not for use by several threads."""

    def __init__(
        self, base: str, manners: Manners = Manners(), sleep: Callable[[float], None] = time.sleep
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"not an http(s) address: {base}")
        self.base = base.rstrip("/") + "/"
        self.host = parts.netloc
        self.manners = manners
        self._sleep = sleep
        self._last = 0.0
        self._session = requests.Session()
        # The identity encoding keeps Content-Length and Range about the bytes of the file itself.
        self._session.headers.update({"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"})

    def close(self) -> None:
        self._session.close()

    def text(self, path: str) -> str | None:
        """Body of a listing, or None where there is none (404). FetchFailed otherwise."""

        def once(deadline: float) -> str | None:
            with self._get(path, {}, deadline) as response:
                if response is None:
                    return None
                body = b"".join(self._body(response, self.manners.largest_listing, deadline))
                return body.decode("utf-8", "replace")

        return self._persist(once)

    def size(self, path: str) -> int | None:
        """Length the server gives for a file, or None where it gives none."""
        self._wait_turn()
        try:
            response = self._session.head(
                self._url(path),
                timeout=(self.manners.connect_timeout, self.manners.read_timeout),
                allow_redirects=False,
            )
        except requests.RequestException:
            return None
        length = response.headers.get("Content-Length", "")
        return int(length) if response.status_code == 200 and length.isdigit() else None

    def file(self, path: str, target: Path) -> bool:
        """Download to ``target``; False where the server has no such file. FetchFailed otherwise."""

        def once(deadline: float) -> bool:
            return self._file_once(path, target, deadline)

        return self._persist(once)

    def _persist(self, once: Callable[[float], _T]) -> _T:
        deadline = time.monotonic() + self.manners.total
        reason = "no try was made"
        for attempt in range(self.manners.tries):
            try:
                return once(deadline)
            except _Again as error:
                reason, wait = str(error), error.after
            except requests.RequestException as error:
                reason, wait = f"the connection failed ({type(error).__name__})", None
            except OSError as error:
                raise FetchFailed(f"cannot be stored: {error.strerror or error}") from error
            if attempt + 1 == self.manners.tries:
                break
            if wait is None:
                wait = random.uniform(0, self.manners.pause * 2**attempt)  # noqa: S311 - jitter, no secret
            wait = min(wait, self.manners.longest_pause)
            if time.monotonic() + wait >= deadline:
                break
            self._sleep(wait)
        raise FetchFailed(f"gave up after {attempt + 1} tries: {reason}")

    def _file_once(self, path: str, target: Path, deadline: float) -> bool:
        part = target.with_name(target.name + ".part")
        validator = target.with_name(target.name + ".part.tag")
        headers, have = _resume_headers(part, validator)
        with self._get(path, headers, deadline) as response:
            if response is None:
                return False
            resumed = response.status_code == 206
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                _forget(part, validator)
                raise _Again("the server resumed at another place than was asked")
            _note_validator(validator, response)
            with open(part, "ab" if resumed else "wb") as handle:
                left = self.manners.largest_body - (have if resumed else 0)
                for chunk in self._body(response, left, deadline):
                    handle.write(chunk)
                handle.flush()
                os.fsync(handle.fileno())
        if not zipfile.is_zipfile(part):
            start = part.read_bytes()[:512].lstrip()
            _forget(part, validator)
            raise _Again(
                "an HTML page came in its place" if start.startswith(b"<") else "it is not a zip file"
            )
        os.replace(part, target)
        validator.unlink(missing_ok=True)
        return True

    @contextlib.contextmanager
    def _get(self, path: str, headers: dict[str, str], deadline: float) -> Iterator[requests.Response | None]:
        url = self._url(path)
        for _ in range(3):
            self._wait_turn()
            response = self._session.get(
                url,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(self.manners.connect_timeout, min(self.manners.read_timeout, _left(deadline))),
            )
            if response.status_code not in _REDIRECTS:
                break
            response.close()
            url = urljoin(url, response.headers.get("Location", ""))
            if urlsplit(url).netloc != self.host:
                raise FetchFailed(f"the server sends us to another host ({urlsplit(url).netloc[:80]})")
        else:
            raise FetchFailed("the server redirects without end")
        with response:
            if response.status_code == 404:
                yield None
            elif response.status_code in (200, 206):
                yield response
            elif response.status_code == 416:
                raise _Again("the server cannot resume")
            elif response.status_code in _TRY_AGAIN:
                raise _Again(f"the server answered {response.status_code}", _retry_after(response))
            else:
                raise FetchFailed(f"the server answered {response.status_code}")

    def _body(self, response: requests.Response, limit: int, deadline: float) -> Iterator[bytes]:
        """The body in chunks; raises where it is too long, too short or too slow."""
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > limit:
            raise FetchFailed(f"is larger than is allowed ({int(length):,} bytes)")
        received = 0
        # A dripping server keeps every read alive: only closing the socket from aside ends it.
        watchdog = threading.Timer(_left(deadline), _hang_up, (response,))
        watchdog.daemon = True
        watchdog.start()
        try:
            for chunk in response.iter_content(_CHUNK):
                received += len(chunk)
                if received > limit:
                    raise FetchFailed("is larger than is allowed")
                yield chunk
        except requests.RequestException:
            if time.monotonic() >= deadline:
                raise FetchFailed(f"took longer than {self.manners.total:g} s") from None
            raise
        finally:
            watchdog.cancel()
        if time.monotonic() >= deadline:
            raise FetchFailed(f"took longer than {self.manners.total:g} s")
        if length.isdigit() and received != int(length):
            raise _Again(f"the body was cut off after {received:,} of {int(length):,} bytes")

    def _url(self, path: str) -> str:
        return self.base + path.lstrip("/")

    def _wait_turn(self) -> None:
        pause = self._last + self.manners.spacing - time.monotonic()
        if pause > 0:
            self._sleep(pause)
        self._last = time.monotonic()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _Again("the time is up")
    return left


def _hang_up(response: requests.Response) -> None:
    with (
        contextlib.suppress(OSError, ValueError),
        socket.socket(fileno=os.dup(response.raw.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


def _resume_headers(part: Path, validator: Path) -> tuple[dict[str, str], int]:
    """Range headers where a part and the server's validator of it are at hand."""
    try:
        have, tag = part.stat().st_size, validator.read_text(encoding="latin-1").strip()
    except OSError:
        return {}, 0
    return ({"Range": f"bytes={have}-", "If-Range": tag}, have) if have and tag else ({}, 0)


def _note_validator(validator: Path, response: requests.Response) -> None:
    tag = response.headers.get("ETag", "")
    if not tag or tag.startswith("W/"):
        tag = response.headers.get("Last-Modified", "")
    validator.write_text(tag, encoding="latin-1")


def _forget(part: Path, validator: Path) -> None:
    part.unlink(missing_ok=True)
    validator.unlink(missing_ok=True)


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None
