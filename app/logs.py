"""The log: one event, one entry on standard error, as a JSON line or as text for a person at a terminal.

Every entry has the time (UTC), the level, the logger and the id of the request or job it belongs to: the id
that an error shows to the visitor. ``fields(...)`` adds figures of an event.
"""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from datetime import UTC, datetime
from typing import Any, Final

from flask import g, has_request_context

from app.settings import Settings
from callbacks.guard import working_on

JSON: Final = "json"
TEXT: Final = "text"

_FIELDS: Final = "nemdesk_fields"

_CONTROL: Final = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)
} | {0x2028: "\\u2028", 0x2029: "\\u2029"}
"""What could move a terminal's cursor or end a line, as it is written in the text form."""


def fields(**figures: Any) -> dict[str, dict[str, Any]]:
    """``logger.info("...", extra=fields(seconds=1.2))``: figures of their own beside the message."""
    return {_FIELDS: figures}


def form(settings: Settings) -> str:
    """JSON or TEXT, decided where the settings leave it open."""
    if settings.log_format == "auto":
        return TEXT if sys.stderr.isatty() else JSON
    return settings.log_format


def configuration(settings: Settings) -> dict[str, Any]:
    """For logging.config.dictConfig, and for gunicorn's ``logconfig_dict``: its own messages come out in the
    same form."""
    formatter = JsonLine if form(settings) == JSON else TextEntry
    ours = {"handlers": ["err"], "level": settings.log_level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"entry": {"()": formatter}},
        "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "entry"}},
        "root": {"handlers": ["err"], "level": "WARNING"},
        "loggers": {"nemdesk": ours, "gunicorn.error": ours},
    }


def configure(settings: Settings) -> None:
    """Let this process and its children log so."""
    logging.config.dictConfig(configuration(settings))


def identity() -> str:
    """Id of the request or job that this thread works for; '' outside both."""
    if has_request_context() and "request_id" in g:
        return str(g.request_id)
    return working_on()


class JsonLine(logging.Formatter):
    """One JSON object, one line. JSON escapes whatever a client put into a message."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "request": identity(),
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class TextEntry(logging.Formatter):
    """A line for a person; an error's stack follows it, indented, so that no text of a client's can look
    like an entry."""

    def format(self, record: logging.LogRecord) -> str:
        figures = getattr(record, _FIELDS, {})
        said = " ".join([_escaped(record.getMessage()), *(f"{k}={_shown(v)}" for k, v in figures.items())])
        line = f"{_time(record)} {record.levelname:7} {record.name} [{identity() or '-'}] {said}"
        if record.exc_info:
            stack = self.formatException(record.exc_info).translate(_CONTROL)
            line += "".join(f"\n    {part}" for part in stack.split("\n"))
        return line


def _time(record: logging.LogRecord) -> str:
    stamp = datetime.fromtimestamp(record.created, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _escaped(text: str) -> str:
    return text.translate(_CONTROL).replace("\n", "\\n").replace("\t", "\\t")


def _shown(value: Any) -> str:
    text = str(value)
    return json.dumps(text) if not text or any(sign in text for sign in ' "=\n\t') else _escaped(text)
