"""The application behind a door that says "busy" while a file called ``busy`` lies in its cache folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from app import create_app
from app.http import CALLBACKS
from app.settings import Settings


def guarded(application: Callable[..., Iterable[bytes]], sign: Path) -> Callable[..., Iterable[bytes]]:
    """``application``, whose callbacks are refused as app/crowding.py does while ``sign`` exists."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == CALLBACKS and sign.exists():
            with (sign.parent / "asked").open("ab") as asked:
                asked.write(b"x")
            start_response("503 Busy", [("Content-Type", "application/json"), ("Retry-After", "1")])
            return [b'{"error": "busy"}']
        return application(environ, start_response)

    return answer


def __getattr__(name: str) -> Any:
    if name == "server":
        settings = Settings()
        return guarded(create_app(settings).server, settings.cache_dir / "busy")
    raise AttributeError(name)
