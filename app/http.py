"""Response headers, compression, request ids and log, and refusal of malformed requests."""

from __future__ import annotations

import json
import logging
import time
import uuid
from typing import Any, Final

from dash import Dash
from flask import Flask, Request, Response, g, jsonify, request
from flask.json.provider import DefaultJSONProvider
from flask_compress import Compress
from werkzeug.exceptions import HTTPException

from app.logs import fields
from app.settings import Settings

logger = logging.getLogger("nemdesk.http")

MAX_BODY_BYTES: Final = 1_000_000
CALLBACKS: Final = "/_dash-update-component"

FIXED_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def install(app: Dash, settings: Settings) -> None:
    """Everything this module does, onto the app's server. Call when all callbacks are registered."""
    server: Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    server.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    server.config["COMPRESS_BR_LEVEL"] = 4  # level 11 takes ten seconds for plotly.js, 4 a tenth
    server.config["COMPRESS_CACHE_BACKEND"] = CompressedScripts
    server.config["COMPRESS_CACHE_KEY"] = script_path
    logging.getLogger("nemdesk").setLevel(settings.log_level)
    Compress(server)
    _own_files_in_one_piece(server)
    server.json = OneReading(server)
    _identify_and_log(server)
    _refuse_malformed(app)
    _headers(server, policy(app))
    _errors(server)


def close_developers_tools(app: Dash) -> None:
    """Off, whatever FLASK_DEBUG and Dash's DASH_* variables say: both are read under any server."""
    app.server.debug = False
    app.enable_dev_tools(
        debug=False,
        dev_tools_ui=False,
        dev_tools_props_check=False,
        dev_tools_serve_dev_bundles=False,
        dev_tools_hot_reload=False,
        dev_tools_silence_routes_logging=False,
        dev_tools_prune_errors=False,
        dev_tools_validate_callbacks=False,
    )


SCRIPTS: Final = "/_dash-component-suites/"
SCRIPTS_KEPT: Final = 64
OWN_FILES: Final = "_dash_assets.static"
"""The endpoint under which Dash serves ``assets``."""


def script_path(asked: Request) -> str:
    """Key of what is worth keeping compressed: the library's scripts; '' for everything else."""
    return asked.path if asked.path.startswith(SCRIPTS) else ""


class CompressedScripts:
    """Flask-Compress's cache: plotly.js is compressed once in a process, not for every visitor."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._kept.get(key)

    def set(self, key: str, value: bytes) -> None:
        if not key.endswith(";") and len(self._kept) < SCRIPTS_KEPT:
            self._kept[key] = value


def _own_files_in_one_piece(server: Flask) -> None:
    """Own scripts and styles are sent to a browser once: Flask-Compress looks at what the browser has only
    where it is not given a stream, and what is sent again is compiled again."""

    @server.after_request  # the last one first: before Flask-Compress
    def read(response: Response) -> Response:
        if request.endpoint == OWN_FILES:
            response.direct_passthrough = False
            response.make_sequence()
        return response


def policy(app: Dash) -> str:
    """Content-Security-Policy: own files, and the inline scripts that exist now, by their hash."""
    scripts = " ".join(["'self'", *app.csp_hashes()])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",  # plotly and React set style attributes
            "img-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _identify_and_log(server: Flask) -> None:
    def identify() -> None:
        g.request_id = uuid.uuid4().hex[:12]
        g.started = time.perf_counter()

    # First of all, so that a refusal by a later hook has an id too.
    server.before_request_funcs.setdefault(None, []).insert(0, identify)

    @server.after_request
    def write_line(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if logger.isEnabledFor(logging.INFO):
            # JSON escapes whatever the client put into the path: one request, one line.
            logger.info(
                "%s %s %d",
                request.method if request.method.isalpha() else "?",
                json.dumps(request.path[:200]),
                response.status_code,
                extra=fields(
                    method=request.method[:20],
                    path=request.path[:200],
                    status=response.status_code,
                    ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
                ),
            )
        return response


def _headers(server: Flask, content_policy: str) -> None:
    @server.after_request
    def add(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = content_policy
        for name, value in FIXED_HEADERS.items():
            response.headers[name] = value
        response.headers.pop("Server-Timing", None)
        if request.path == CALLBACKS or request.path == "/_dash-layout":
            response.headers["Cache-Control"] = "no-store"
        return response


class OneReading(DefaultJSONProvider):
    """JSON that every reader reads alike: in UTF-8, no name twice in an object. What stands before this
    server, or logs for it, may take the first of two where Python takes the last."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        text = s.decode("utf-8") if isinstance(s, bytes) else s
        return super().loads(text, object_pairs_hook=_once, **kwargs)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _refuse_malformed(app: Dash) -> None:
    """A forged callback gets a 4xx that says so. Dash itself answers such bodies with a 500."""

    @app.server.before_request
    def check() -> tuple[Response, int] | None:
        if request.path != CALLBACKS or request.method != "POST":
            return None
        if not request.is_json:
            return refusal("The callback must be JSON.", 415)
        try:
            body = request.get_json()
        except (HTTPException, ValueError, RecursionError) as error:
            if isinstance(error, HTTPException) and error.code == 413:
                raise
            return refusal("The callback is not valid JSON.", 400)
        problem = malformed(body, app.callback_map)
        return refusal(problem, 400) if problem else None


def malformed(body: Any, known: dict[str, Any]) -> str:
    """What is wrong with a callback's envelope, '' if nothing. Values inside are the callback's affair."""
    if not isinstance(body, dict):
        return "The callback must be a JSON object."
    output = body.get("output")
    if not isinstance(output, str) or output not in known:
        return "There is no such callback."
    expected = known[output]
    for part, name in (("inputs", "inputs"), ("state", "state")):
        given = body.get(part, [])
        wanted = [(entry["id"], entry["property"]) for entry in expected[name]]
        if not isinstance(given, list) or len(given) != len(wanted):
            return f"The callback must have {len(wanted)} {part}."
        for entry, pair in zip(given, wanted, strict=True):
            if not isinstance(entry, dict) or (entry.get("id"), entry.get("property")) != pair:
                return f"The callback's {part} are not those of {output[:80]}."
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(item, str) for item in changed):
        return "changedPropIds must be a list of texts."
    if body.get("outputs") != _outputs(output):
        return "The callback's outputs are not those it declares."
    return ""


def _outputs(output: str) -> Any:
    """The 'outputs' part that Dash's own renderer sends for a callback id."""
    if output.startswith("..") and output.endswith(".."):
        return [_one(part) for part in output[2:-2].split("...")]
    return _one(output)


def _one(text: str) -> dict[str, str]:
    identity, _, name = text.rpartition(".")
    return {"id": identity, "property": name}


NOBODYS: Final = "nemdesk.nobodys"
"""In the environment of a request that no visitor made, so that it is not counted."""


def take_first_request(server: Flask) -> None:
    """Answer one request before any visitor's.

    Dash names its scripts during the first request, but marks that as done before it is: a second
    thread that asks for a script meanwhile is told that there is none, and the visitor's page stays
    blank (seen with two fresh workers; tests/app/test_pages.py).
    """
    with server.test_client() as client:
        client.get("/", environ_overrides={NOBODYS: True})


def refusal(message: str, status: int, field: str = "") -> tuple[Response, int]:
    """The documented error body."""
    return jsonify(error=message, field=field, request_id=g.get("request_id", "")), status


def _errors(server: Flask) -> None:
    @server.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        return refusal(error.description or error.name, error.code or 500)

    @server.errorhandler(Exception)
    def unexpected(error: Exception) -> tuple[Response, int]:
        if request.path.startswith(SCRIPTS):
            return refusal("There is no such file.", 404)  # dash raises for paths outside a package
        logger.error("unexpected error (request %s)", g.get("request_id", ""), exc_info=error)
        return refusal(f"Something went wrong (id {g.get('request_id', '')}).", 500)
