"""The line under every view that leads to its rows, and the page /data that explains them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import has_request_context, request

from callbacks import state
from callbacks.guard import Ask, Manager, span
from callbacks.state import View
from callbacks.tab import Tab
from data_layer.errors import DataLayerError
from layouts import data_help, exports, theme

HELP: Final = "data"
"""Path of the page that explains."""


def is_help(pathname: object) -> bool:
    return isinstance(pathname, str) and pathname.strip("/") == HELP


def help_page(manager: Manager, tabs: Mapping[str, Tab]) -> Any:
    """The page /data, with the tables that each tab's opening view has."""
    tables: dict[str, list[str]] = {}
    for name, tab in tabs.items():
        try:
            lake = manager.lake_state()
            view = state.parse(name, "", *span(lake))
            tables[name] = list(tab.datasets(Ask(manager, lake, view, theme.LIGHT)))
        except DataLayerError:
            tables[name] = []
    base = request.host_url.rstrip("/") if has_request_context() else ""
    return data_help.page(tables, base)


def links(view: View) -> list[Any]:
    """The view's own address with /data.<form> behind the tab's name, and "Export…"."""
    path, _, query = view.href().partition("?")
    search = f"?{query}" if query else ""
    addresses = {form: f"{path}/data.{form}{search}" for form, _ in data_help.FORMS}
    return [*data_help.links(addresses), exports.box()]
