"""What a file says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from urllib.parse import urlencode

from data_layer.lake import KIND_DEMO
from data_layer.pieces import Pieces
from data_layer.requests import Request

TIME_BASIS = (
    "AEST (UTC+10, no daylight saving). Below a day a stamp names the end of its interval, days and months "
    "their first day."
)


def facts_of(request: Request, pieces: Pieces) -> dict[str, str]:
    """Question, period, source, lake version, time basis, and what the columns are."""
    chosen = {name: value for name, value in request.to_query().items() if value}
    start, end = request.period.to_strings()
    return {
        "question": request.name,
        "parameters": urlencode(chosen, safe=",:"),
        "period": f"{start} to {end}",
        "time basis": TIME_BASIS,
        "source": "NEMDesk, synthetic demonstration data" if pieces.kind == KIND_DEMO else "AEMO, by NEMDesk",
        "tables": pieces.source,
        "engine": pieces.engine,
        "lake version": pieces.version,
        "columns": inspect.getdoc(type(request)) or "",
    }


def as_text(facts: Mapping[str, str]) -> str:
    """The facts for a person to read, one below the other."""
    return "".join(f"{name.capitalize()}\n    {_indented(value)}\n\n" for name, value in facts.items())


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
