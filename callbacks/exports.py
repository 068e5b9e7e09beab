"""The line's "Export…": which tables a view has, how many rows they have, and the order for a job.

The browser sends the address and two names. The question behind them is looked up among the view's own
tables again: it never comes from the browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks import state
from callbacks.guard import Ask, Manager, asked, explain, visitor
from callbacks.options import TABS
from callbacks.tab import Tab
from callbacks.work import EXPORT, Centre, Order
from data_layer import exports
from data_layer.errors import DataLayerError, RequestError
from data_layer.market import NEM, REGION_NAMES, REGIONS, Resolution
from data_layer.planner import HEAVY_ROWS
from data_layer.requests import IntegratedData, Request
from layouts import exports as page
from layouts import formats

_WHERE: Final = (State("url", "pathname"), State("url", "search"))
_CHOSEN: Final = (State("export-table", "value"), State("export-form", "value"))


def register(app: Dash, manager: Manager, tabs: Sequence[Tab], centre: Centre) -> None:
    """Connect the box that layouts.exports.box() puts below every view."""
    by_name = {tab.name: tab for tab in tabs}

    @app.callback(
        Output("export-body", "children"),
        Output("export-open", "aria-expanded"),
        Input("export-open", "n_clicks"),
        *_WHERE,
        prevent_initial_call=True,
    )
    def open_box(clicks: object, pathname: object, search: object) -> tuple[Any, str]:
        """The choice on the first click, nothing on the next."""
        if not isinstance(clicks, int) or clicks < 1:
            raise PreventUpdate
        if clicks % 2 == 0:
            return None, "false"
        try:
            _, tables = _tables(manager, by_name, pathname, search)
            period = next(iter(tables.values())).period
            return page.choice(list(tables), formats.span(period.start, period.end)), "true"
        except Exception as error:
            return page.refused(explain(error)), "true"

    @app.callback(
        Output("export-rows", "children"),
        Output("export-start", "disabled"),
        Input("export-table", "value"),
        Input("export-form", "value"),
        *_WHERE,
    )
    def count_rows(table: object, form: object, pathname: object, search: object) -> tuple[Any, bool]:
        """About how many rows there will be; the button rests where they are too many for the form."""
        try:
            _, request, kind = _wanted(manager, by_name, table, form, pathname, search)
            count, exact = _rows(manager, request)
            _check(kind, count)
            return page.rows(count, exact=exact), False
        except Exception as error:
            return page.refused(explain(error)), True

    @app.callback(
        Output("export-said", "children"),
        Output("job-nudge", "data", allow_duplicate=True),
        Input("export-start", "n_clicks"),
        *_CHOSEN,
        *_WHERE,
        prevent_initial_call=True,
    )
    def start(
        clicks: object, table: object, form: object, pathname: object, search: object
    ) -> tuple[Any, Any]:
        """Order the file."""
        if not isinstance(clicks, int) or clicks < 1:
            raise PreventUpdate
        try:
            ask, request, kind = _wanted(manager, by_name, table, form, pathname, search)
            _check(kind, _rows(manager, request)[0])
            title = _title(ask, str(table), request, kind)
            job = centre.submit(visitor(), Order(request, title, ask.view.href(), EXPORT, kind))
            return page.added(title), {"id": job}
        except Exception as error:
            return page.refused(explain(error)), no_update


def _tables(
    manager: Manager, tabs: Mapping[str, Tab], pathname: object, search: object
) -> tuple[Ask, dict[str, Request]]:
    """The view an address asks for, and the questions that can be exported from it, by name."""
    tab = state.tab_of(pathname)
    if tab is None or tab not in tabs:
        raise RequestError("Open a view to export its rows.")
    ask = asked(manager, tab, search, None, pathname)
    own = dict(tabs[tab].datasets(ask))
    return ask, own | _readings(ask, next(iter(own.values()), None))


def _readings(ask: Ask, main: Request | None) -> dict[str, Request]:
    """Every reading of the units over the period, regions and fuels of the view's main table."""
    region = getattr(main, "region", ask.view.region)
    regions = tuple(getattr(main, "regions", () if region == NEM else (region,)))
    fuels = tuple(getattr(main, "fuels", ()))
    period = main.period if main is not None else ask.view.period
    everywhere = set(regions) == set(REGIONS)
    return {
        name: IntegratedData(period, grain, () if everywhere else regions, fuels)
        for name, grain in (
            (page.UNIT_READINGS, Resolution.FIVE_MINUTES),
            (page.UNIT_HALF_HOURS, Resolution.HALF_HOUR),
        )
    }


def _wanted(
    manager: Manager,
    tabs: Mapping[str, Tab],
    table: object,
    form: object,
    pathname: object,
    search: object,
) -> tuple[Ask, Request, str]:
    """The view, the question and the form that the names stand for, or RequestError."""
    if not isinstance(form, str) or form not in exports.FORMS:
        raise RequestError(f"Unknown form: choose one of {', '.join(exports.FORMS)}.", "form")
    tab = tabs.get(state.tab_of(pathname) or "")
    if tab is not None and isinstance(table, str) and table not in page.READINGS_LABELS:
        tab.may_have(table)
    ask, tables = _tables(manager, tabs, pathname, search)
    if not isinstance(table, str) or table not in tables:
        raise RequestError(f"Unknown table: choose one of {', '.join(tables)}.", "table")
    return ask, tables[table], form


def _rows(manager: Manager, request: Request) -> tuple[int | None, bool]:
    """(rows, whether that is exact), where they can be had quickly."""
    try:
        expected = exports.expected_rows(manager, request)
        if expected is not None:
            return expected, False
        if manager.cost(request) <= HEAVY_ROWS:
            return manager.answer(request).table.num_rows, True
    except DataLayerError:
        # Whatever it is, the job will say it, and may succeed where a page must not wait.
        return None, False
    return None, False


def _check(form: str, rows: int | None) -> None:
    if form == "xlsx" and rows is not None:
        exports.check_excel(rows)


def _title(ask: Ask, table: str, request: Request, form: str) -> str:
    """What the list of jobs calls it."""
    name = page.label(table)
    if table not in page.READINGS_LABELS:
        name = f"{TABS[ask.view.tab]}: {name.lower()}"
    regions = getattr(request, "regions", None) or [getattr(request, "region", NEM)]
    where = "" if len(regions) > 1 else REGION_NAMES.get(regions[0], "")
    period = formats.span(request.period.start, request.period.end)
    return ", ".join(part for part in (name, where, period, page.FORM_LABELS[form]) if part)
