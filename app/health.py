"""Whether the service lives (/healthz) and whether it can serve (/readyz).

/healthz asks nothing of anybody: a process that answers lives. /readyz tries each thing that serving needs
and says of each that fails what to do; it never fails itself.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify

from app.metrics_page import ahead, newest_age
from app.settings import Settings
from data_layer.errors import DataLayerError, QueryCancelled
from data_layer.probe import probe
from data_layer.query_manager import HybridQueryManager

logger = logging.getLogger("nemdesk.health")

PROBE_SECONDS = 1.0
CLOCK_SECONDS = 600.0
"""Ahead of the clock by so much, the newest interval says that the clock is wrong."""

Alive = Callable[[], bool]

Check = dict[str, Any]
"""'ok', 'what' was found or is wrong, and 'do' where it is wrong."""


def register(
    server: Flask, settings: Settings, manager: HybridQueryManager, runner_alive: Alive | None = None
) -> None:
    """Add both routes. ``runner_alive``: whether jobs are worked on; left out where there are none."""

    @server.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @server.get("/readyz")
    def readyz() -> tuple[Response, int]:
        checks = {"lake": _tried(lambda: _lake(manager)), "cache": _tried(lambda: _cache(settings))}
        if checks["lake"]["ok"]:
            checks["query"] = _tried(lambda: _query(manager))
        if runner_alive is not None:
            checks["jobs"] = _tried(lambda: _jobs(runner_alive))
        failed = [check for check in checks.values() if not check["ok"]]
        body: dict[str, Any] = {"status": "not ready" if failed else "ready", "checks": checks}
        if failed:
            body |= {
                "error": " ".join(f"{check['what']} {check['do']}".strip() for check in failed),
                "request_id": g.get("request_id", ""),
            }
        else:
            body |= {key: checks["lake"][key] for key in ("version", "kind", "last", "age_seconds")}
        return jsonify(body), 503 if failed else 200


def _tried(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except DataLayerError as error:
        return {"ok": False, "what": str(error), "do": ""}  # its message says what to do
    except Exception:
        logger.exception("a readiness check failed")
        return {
            "ok": False,
            "what": "The check itself failed.",
            "do": f"The log has it (id {g.get('request_id', '')}).",
        }


def _lake(manager: HybridQueryManager) -> Check:
    state = manager.lake_state()
    age = None if state.last is None else round(newest_age(state.last))
    last = state.last.isoformat() if state.last else None
    what = f"Version {state.version} is served."
    if state.last is not None and ahead(state.last) > CLOCK_SECONDS:
        # Data that is sound is served on; only its age cannot be told.
        what += f" Its newest interval ends at {last} (AEST), which is to come: is this machine's clock slow?"
    return {
        "ok": True,
        "what": what,
        "version": state.version,
        "kind": state.kind,
        "last": last,
        "age_seconds": age,
    }


def _query(manager: HybridQueryManager) -> Check:
    try:
        seconds = probe(manager, PROBE_SECONDS)
    except QueryCancelled:
        return {
            "ok": False,
            "what": f"A small question was not answered within {PROBE_SECONDS:g} s.",
            "do": "The machine or the lake's disk is overloaded: see /metrics for what runs, or add workers.",
        }
    return {"ok": True, "what": "A small question is answered.", "seconds": round(seconds, 4)}


def _cache(settings: Settings) -> Check:
    try:
        with tempfile.TemporaryFile(dir=settings.prepared_cache_dir()) as file:
            file.write(os.urandom(16))
            file.flush()
    except OSError as error:
        return {
            "ok": False,
            "what": f"The cache folder cannot be written ({error.strerror}).",
            "do": "Make the folder that NEMDESK_CACHE_DIR names, let the server's user write it, and see "
            "that its disk has room.",
        }
    return {"ok": True, "what": "The cache folder can be written."}


def _jobs(alive: Alive) -> Check:
    if alive():
        return {"ok": True, "what": "Jobs are worked on."}
    return {
        "ok": False,
        "what": "Nobody works on jobs.",
        "do": "Restart the service; the log of the job runner says why it ended.",
    }
