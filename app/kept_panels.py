"""Panels, and the bars above them, as they were sent: who looks at a view that others just looked at gets
the same bytes.

A panel whose answers are all known still takes 10 ms to draw, to write as JSON and to compress, half of what
a crowd costs. What is kept is what its callback called lasting (callbacks/guard.py): nothing of it had to be
computed, so that what it says of itself ("cached") is as true the next time. It is kept by callback, address,
theme, engine and version of the lake, bounded in bytes and in age as answers are, and given out before the
line in which questions wait.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, Protocol

from dash import Dash
from flask import Flask, Response, g, request

from app.http import CALLBACKS
from callbacks import guard
from data_layer.cache import ByteLruCache
from data_layer.errors import DataLayerError
from data_layer.query_manager import LakeState

ENCODINGS: Final = ("br", "gzip")
"""The first of them that a client accepts is what it was sent. Who accepts neither is answered anew."""

VERSION: Final = ("version", "data")
"""What a page knows of the lake. It counts for nothing: the page is answered from what is published."""

VIEW: Final = frozenset(
    {("url", "pathname"), ("url", "search"), ("theme", "data"), ("shown", "data"), VERSION}
)
"""All that such a callback may listen to."""

LONGEST_TEXT: Final = 2_000
"""Characters of an input that is kept; the longest address this application makes is under 1,000."""


class Asked(Protocol):
    """What of the manager tells one answer from another."""

    @property
    def backend(self) -> Any: ...

    def lake_state(self) -> LakeState: ...


class KeptPanels:
    """One process's. ``counted`` is told of every panel that was given out again."""

    def __init__(
        self,
        manager: Asked,
        limit_bytes: int,
        ttl_seconds: float,
        counted: Callable[[], None] = lambda: None,
    ) -> None:
        self._manager = manager
        self._counted = counted
        self._kept = ByteLruCache(limit_bytes, ttl_seconds)
        self._callbacks: frozenset[str] = frozenset()

    def keep(self, server: Flask) -> None:
        """Keep what is sent. Call before compression is installed: hooks after a request run last first."""

        @server.after_request
        def keep(response: Response) -> Response:
            key, version, accepted = g.pop("panel", ("", "", ""))
            encoding = response.headers.get("Content-Encoding", "")
            if (
                version
                and version == guard.lasting()
                and response.status_code == 200
                and encoding in ("", accepted)
                and not response.is_streamed
            ):
                self._kept.set(key, (encoding.encode(), response.get_data()))
            return response

    def give(self, app: Dash) -> None:
        """Answer with what is kept. Call after whatever refuses a request, and before the line."""
        self._callbacks = frozenset(
            output
            for output, entry in app.callback_map.items()
            if VIEW.issuperset(_names([*entry["inputs"], *entry["state"]]))
        )

        @app.server.before_request
        def give() -> Response | None:
            asked = self._asked()
            if asked is None:
                return None
            found = self._kept.get(asked[0])
            if found is None:
                g.panel = asked
                return None
            self._counted()
            encoding, data = found
            response = Response(data, mimetype="application/json")
            if encoding:
                response.headers["Content-Encoding"] = encoding.decode()
            response.vary.add("Accept-Encoding")
            return response

    def _asked(self) -> tuple[str, str, str] | None:
        """(key, version of the lake, encoding) of the panel that is asked for; None where it is none, or
        asked in an unusual way."""
        if request.path != CALLBACKS or request.method != "POST" or set(request.args) - {"endId"}:
            return None
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or body.get("output") not in self._callbacks:
            return None
        accepted = next((one for one in ENCODINGS if request.accept_encodings.quality(one)), "")
        if not accepted:
            return None
        parts = [*body["inputs"], *body.get("state", [])]
        values = [part.get("value") for part in parts if (part["id"], part["property"]) != VERSION]
        if not all(
            value is None or (isinstance(value, str) and len(value) <= LONGEST_TEXT) for value in values
        ):
            return None
        try:
            version = self._manager.lake_state().version
        except DataLayerError:
            return None
        key = json.dumps([body["output"], version, self._manager.backend.name, accepted, *values])
        return key, version, accepted

    # -- memory -----------------------------------------------------------------------------------

    def cache_statistics(self) -> dict[str, int]:
        """bytes and limit_bytes."""
        return {"bytes": self._kept.bytes, "limit_bytes": self._kept.limit_bytes}

    def shrink_cache(self, to_bytes: int) -> int:
        """Let go of what was asked for least recently, down to ``to_bytes``; the bytes let go."""
        return self._kept.shrink(to_bytes)


def _names(parts: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(part["id"], part["property"]) for part in parts]
