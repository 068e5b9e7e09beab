"""Polite, bounded, resumable downloads from one host.

One session; at least ``spacing`` seconds between requests; at most ``tries`` tries of each, with full
jitter between them; a body that does not end within ``total`` seconds is cut off whatever it drips.
A partial body stays as <name>.part with the server's validator beside it and is resumed by Range; only
a file that opens as a zip gets its final name. A disk that does not take the bytes is an OSError: no other
file would fare better.
"""

from __future__ import annotations

import contextlib
import email.utils
import os
import random
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import requests

from data_layer.ingest.lines import WatchedAdapter

_USER_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0 Safari/537.36 NEMDesk"
)
_TRY_AGAIN: Final = frozenset({403, 408, 425, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 1 << 16
_LINK: Final = re.compile(r"<a\s[^>]*href", re.IGNORECASE)
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


class _TooLarge(FetchFailed):
    """More bytes than are allowed: nothing of it is kept."""


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
        self.scheme, self.host = parts.scheme, parts.netloc
        self.manners = manners
        self._sleep = sleep
        self._last = 0.0
        self._session = requests.Session()
        self._line = WatchedAdapter()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._line)
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
                text = body.decode("utf-8", "replace")
                _check_listing(text, path)
                return text

        return self._persist(once)

    def size(self, path: str) -> int | None:
        """Length the server gives for a file, or None where it gives none."""
        self._wait_turn()
        timeout = self.manners.connect_timeout, self.manners.read_timeout
        try:
            with self._line.ended_within(sum(timeout)):
                response = self._session.head(self._url(path), timeout=timeout, allow_redirects=False)
        except (requests.RequestException, ValueError):
            return None
        return _number(response, "Content-Length") if response.status_code == 200 else None

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
                if time.monotonic() >= deadline:
                    raise FetchFailed(f"took longer than {self.manners.total:g} s") from None
                reason, wait = f"the connection failed ({type(error).__name__})", None
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
            if response.status_code == 416:
                # The part may be the whole file, or more than it: to be begun anew, or it would be asked
                # for in vain for ever.
                _forget(part, validator)
                raise _Again("the server cannot resume")
            resumed = response.status_code == 206
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                _forget(part, validator)
                raise _Again("the server resumed at another place than was asked")
            _note_validator(validator, response)
            with open(part, "ab" if resumed else "wb") as handle:
                left = self.manners.largest_body - (have if resumed else 0)
                try:
                    for chunk in self._body(response, left, deadline):
                        handle.write(chunk)
                except _TooLarge:
                    _forget(part, validator)
                    raise
                handle.flush()
                os.fsync(handle.fileno())
        if not zipfile.is_zipfile(part):
            start = part.read_bytes()[:512].lstrip()
            _forget(part, validator)
            raise _Again(
                "an HTML page came in its place" if start.startswith(b"<") else "it is not a zip file"
            )
        # In this order: who is killed between the two leaves a part, which the next run replaces. A validator
        # beside a whole file would be looked at by none.
        validator.unlink(missing_ok=True)
        os.replace(part, target)
        return True

    @contextlib.contextmanager
    def _get(self, path: str, headers: dict[str, str], deadline: float) -> Iterator[requests.Response | None]:
        with self._line.ended_within(_left(deadline)), self._answered(path, headers, deadline) as response:
            if response.status_code == 404:
                yield None
            elif response.status_code in (200, 206, 416):
                yield response
            elif response.status_code in _TRY_AGAIN:
                raise _Again(f"the server answered {response.status_code}", _retry_after(response))
            else:
                raise FetchFailed(f"the server answered {response.status_code}")

    def _answered(self, path: str, headers: dict[str, str], deadline: float) -> requests.Response:
        """The answer's head, redirects followed."""
        url = self._url(path)
        for _ in range(3):
            self._wait_turn()
            try:
                response = self._session.get(
                    url,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.manners.connect_timeout, min(self.manners.read_timeout, _left(deadline))),
                )
            except requests.RequestException:
                raise
            except ValueError:  # of urllib: a redirect to what is no address
                raise FetchFailed("the server's answer cannot be understood") from None
            if response.status_code not in _REDIRECTS:
                return response
            response.close()
            url = self._redirected(url, response.headers.get("Location", ""))
        raise FetchFailed("the server redirects without end")

    def _redirected(self, url: str, location: str) -> str:
        target = urlsplit(urljoin(url, location))
        if target.netloc != self.host:
            raise FetchFailed(f"the server sends us to another host ({target.netloc[:80]})")
        if target.scheme != self.scheme and target.scheme != "https":
            raise FetchFailed(f"the server sends us from {self.scheme} to {target.scheme[:20]}")
        return target.geturl()

    def _body(self, response: requests.Response, limit: int, deadline: float) -> Iterator[bytes]:
        """The body in chunks; raises where it is too long, too short or too slow."""
        length = _number(response, "Content-Length")
        if length is not None and length > limit:
            raise _TooLarge(f"is larger than is allowed ({length:,} bytes)")
        received = 0
        try:
            for chunk in response.iter_content(_CHUNK):
                received += len(chunk)
                if received > limit:
                    raise _TooLarge("is larger than is allowed")
                yield chunk
        except requests.RequestException:
            if time.monotonic() >= deadline:
                raise FetchFailed(f"took longer than {self.manners.total:g} s") from None
            raise
        if time.monotonic() >= deadline:
            raise FetchFailed(f"took longer than {self.manners.total:g} s")
        if length is not None and received != length:
            raise _Again(f"the body was cut off after {received:,} of {length:,} bytes")

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


def _number(response: requests.Response, name: str) -> int | None:
    """A header that is a whole number, or None. (str.isdigit alone takes '²' for one.)"""
    text = response.headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the server asks to wait, given as such or as a date; None where it asks for none."""
    seconds = _number(response, "Retry-After")
    if seconds is not None:
        return float(seconds)
    try:
        moment = email.utils.parsedate_to_datetime(response.headers.get("Retry-After", ""))
        return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def _check_listing(text: str, folder: str) -> None:
    """Not every page that comes with 200 is the listing, and not every listing is whole."""
    lower = text.lower()
    if "<html" in lower and "</html" not in lower:
        raise _Again("the listing was cut off")
    name = unquote(folder).rstrip("/").rsplit("/", 1)[-1].lower()
    # A listing links its files and its parent; an empty one without a link still names its folder.
    if not _LINK.search(text) and name not in lower:
        raise _Again("another page came in place of the listing")
