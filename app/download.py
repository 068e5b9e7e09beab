"""Every view is also data: the rows behind a chart, and behind the address of a page.

Both routes ask the data layer the very request that the page asks: same cache, same limits. An error is
a JSON body {"error", "field", "request_id"} with 400 (not allowed), 404 (no such view or form), 422
(too large, damaged) or 503 (busy, no data yet; try again). docs/data.md shows how to use them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from flask import Flask, Response, g, request

from app.encodings import ENCODINGS
from callbacks import state
from callbacks.guard import Ask, Manager, ask_again_if_busy, span
from callbacks.tab import Tab
from data_layer.errors import DataLayerError, LakeMissing, QueryTimeout, RequestError, ServerBusy
from data_layer.requests import REQUESTS, Request
from layouts import theme

logger = logging.getLogger("nemdesk.download")

TABLE: Final = "table"
"""Parameter of /<tab>/data.<ext> that names one of the view's tables; the first one without it."""


def register(server: Flask, manager: Manager, tabs: Sequence[Tab]) -> None:
    """Connect the routes."""
    by_name = {tab.name: tab for tab in tabs}

    @server.get("/data/<name>.<ending>")
    def rows_of_request(name: str, ending: str) -> Response | tuple[Response, int]:
        return _served(manager, ending, lambda: _named_request(name, request.args.to_dict()))

    @server.get("/<tab>/data.<ending>")
    def rows_of_view(tab: str, ending: str) -> Response | tuple[Response, int]:
        return _served(manager, ending, lambda: _view_request(manager, by_name, tab))


def _served(manager: Manager, ending: str, make: Callable[[], Request]) -> Response | tuple[Response, int]:
    from app.http import refusal  # http.py imports nothing of this; the body is documented there

    encoding = ENCODINGS.get(ending)
    if encoding is None:
        return refusal(f"Unknown form: choose one of {', '.join(ENCODINGS)}.", 404, "form")
    try:
        asked = make()
        answer = manager.answer(asked)
    except LookupError as error:
        return refusal(str(error.args[0]), 404)
    except RequestError as error:
        return refusal(str(error), 400, error.field)
    except (LakeMissing, ServerBusy, QueryTimeout) as error:
        ask_again_if_busy(error)
        return refusal(str(error), 503)
    except DataLayerError as error:
        return refusal(str(error), 422)
    logger.info("%s %s, %d rows (request %s)", ending, asked.name, answer.table.num_rows, g.request_id)
    return Response(
        encoding.pieces(answer),
        mimetype=encoding.mimetype,
        headers={"Content-Disposition": f'attachment; filename="{file_name(asked)}.{ending}"'},
    )


def _named_request(name: str, query: Mapping[str, str]) -> Request:
    if name not in REQUESTS:
        raise RequestError(f"Unknown data: choose one of {', '.join(REQUESTS)}.", "name")
    return REQUESTS[name].from_query(query)


def _view_request(manager: Manager, tabs: Mapping[str, Tab], name: str) -> Request:
    """The question behind an address. Stricter than the page: what the page would drop with a notice is
    refused here, since nobody reads notices in a file."""
    tab = tabs.get(name)
    if tab is None:
        raise LookupError(f"There is no such view: choose one of {', '.join(tabs)}.")
    lake = manager.lake_state()
    query = request.query_string.decode("utf-8", "replace")
    asked = request.args.get(TABLE)
    if asked is not None:
        query = "&".join(part for part in query.split("&") if not part.startswith(f"{TABLE}="))
    view = state.parse(name, query, *span(lake))
    if view.notices:
        raise RequestError(" ".join(view.notices))
    if asked is not None:
        tab.may_have(asked)
    datasets = tab.datasets(Ask(manager, lake, view, theme.LIGHT))
    if not datasets:
        raise RequestError("Nothing is chosen in this view yet, so that there are no rows behind it.")
    chosen = next(iter(datasets)) if asked is None else asked
    if chosen not in datasets:
        raise RequestError(f"Unknown table: choose one of {', '.join(datasets)}.", TABLE)
    return datasets[chosen]


def file_name(asked: Request) -> str:
    """From the validated request only."""
    start, end = (text.replace(":", "") for text in asked.period.to_strings())
    region = getattr(asked, "region", "")
    return "_".join(part for part in ("nemdesk", asked.name, region, start, end) if part)
