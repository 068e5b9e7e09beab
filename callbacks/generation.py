"""The Generation tab: which questions its panels ask."""

from __future__ import annotations

import math
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State, html

from callbacks.guard import Ask, Manager, csv
from callbacks.options.generation import SORTS, VIEWS
from callbacks.options.shared import HIDEABLE
from callbacks.tab import Panel, Tab
from data_layer.market import FUELS, NEM, REGION_NAMES, REGIONS
from data_layer.requests import (
    FuelSummary,
    GenerationMix,
    Period,
    RegionSeries,
    RegionSummary,
    Request,
    TimeOfDay,
)
from layouts import controls, formats, mix
from layouts import generation as page
from layouts.controls import Choice
from layouts.definitions import info
from layouts.panel import Content
from layouts.series import Grid, floats, names_and_codes
from layouts.tables import legend
from layouts.theme import IMPORTS, fuel_colour

TITLES: Final = {
    "area": "Generation by fuel",
    "proportion": "Share of generation by fuel",
    "capacity-factor": "Capacity factor by fuel",
    "time-of-day": "Average day by fuel",
}


def chart(ask: Ask) -> Content:
    """The chosen view of the mix; only that view's data is asked for."""
    return average_day(ask) if ask.view["view"] == "time-of-day" else over_time(ask)


def _title(ask: Ask) -> str:
    return f"{TITLES[ask.view['view']]}, {REGION_NAMES[ask.view.region]}"


def _tools(ask: Ask, fuels: tuple[str, ...]) -> list[Any]:
    """View switch and legend."""
    choices = [
        Choice(page.VIEW_LABELS[name], ask.view.href(view=name), name == ask.view["view"]) for name in VIEWS
    ]
    entries = [
        (
            mix.generation_name(fuel),
            fuel_colour(fuel, ask.theme),
            ask.view.toggled("hidden", fuel),
            fuel in ask.view["hidden"],
        )
        for fuel in fuels
    ]
    definition = {"capacity-factor": "capacity_factor", "time-of-day": "time_of_day", "proportion": "share"}
    switch = html.Div(
        [controls.segmented("Chart", choices, "views"), info(definition.get(ask.view["view"], "generation"))],
        className="switch",
    )
    return [switch, legend(entries)]


def _nothing(period: Period, region: str) -> str:
    return (
        f"No unit readings for {REGION_NAMES[region]} in {formats.span(period.start, period.end)}. "
        "Choose another period or region."
    )


def over_time(ask: Ask) -> Content:
    """Stack, shares or capacity factors, with prices below on the same x axis."""
    view = ask.view
    request = GenerationMix(view.period, view.region, view.resolved)
    answer = ask.answer(request).table
    regions = REGIONS if view.region == NEM else (view.region,)
    price_request = RegionSeries(view.period, regions, view.resolved)
    price_answer = ask.answer(price_request).table
    grid = Grid.of(view.period.start, view.period.end, view.resolved)
    drawn = mix.Mix.of(grid, answer, price_answer if view.region != NEM else None)
    subtitle = ask.subtitle(request)
    if drawn.is_empty:
        return Content(
            title=_title(ask),
            subtitle=subtitle,
            tools=_tools(ask, ()),
            empty=_nothing(view.period, view.region),
        )
    prices = mix.Prices.of(grid, price_answer)
    look = mix.Look(ask.theme, view["hidden"])
    if view["view"] == "proportion":
        figure = mix.proportion(drawn, look, prices)
    elif view["view"] == "capacity-factor":
        figure = mix.capacity_factor(grid, answer, look, prices)
    else:
        figure = mix.stack(drawn, look, prices)
    fuels = drawn.fuels if view["view"] == "area" else tuple(fuel for fuel in drawn.fuels if fuel != IMPORTS)
    return Content(
        title=_title(ask),
        subtitle=subtitle,
        figure=figure,
        tools=_tools(ask, fuels),
        downloads=[csv("generation", request), csv("prices", price_request)],
        provenance=ask.provenance,
    )


def average_day(ask: Ask) -> Content:
    """The mean day of the period."""
    view = ask.view
    request = TimeOfDay(view.period, view.region)
    answer = ask.answer(request).table
    subtitle = ask.subtitle(request).replace("AEST", "mean over days, by half-hour · AEST", 1)
    if not answer.num_rows:
        return Content(
            title=_title(ask),
            subtitle=subtitle,
            tools=_tools(ask, ()),
            empty=_nothing(view.period, view.region),
        )
    names, _ = names_and_codes(answer.column("fuel"))
    fuels = tuple(fuel for fuel in FUELS if fuel in names)
    return Content(
        title=_title(ask),
        subtitle=subtitle,
        figure=mix.average_day(answer, mix.Look(ask.theme, view["hidden"])),
        tools=_tools(ask, fuels),
        downloads=[csv("average day", request)],
        provenance=ask.provenance,
    )


def table(ask: Ask) -> Content:
    """Energy, share, revenue, price and capacity factor by fuel."""
    view = ask.view
    request = FuelSummary(view.period, view.region)
    answer = ask.answer(request).table
    title = f"By fuel, {REGION_NAMES[view.region]}"
    subtitle = f"{formats.span(view.period.start, view.period.end)} · Source: {ask.source}"
    if not answer.num_rows:
        return Content(title=title, subtitle=subtitle, empty=_nothing(view.period, view.region))
    flow = _net_import(ask) if view.region != NEM else None
    entries = page.lines(answer, flow, ask.theme)
    toggles = {line.fuel: view.toggled("hidden", line.fuel) for line in entries if line.fuel in HIDEABLE}
    sorts = {key: view.sorted_by(key) for key in SORTS}
    return Content(
        title=title,
        subtitle=subtitle,
        body=page.table(entries, toggles, view["hidden"], sorts, view["sort"]),
        note=page.unmapped_note(entries) or None,
        downloads=[csv("table", request)],
        provenance=ask.provenance,
    )


def _net_import(ask: Ask) -> float | None:
    answer = ask.answer(RegionSummary(ask.view.period)).table
    names, codes = names_and_codes(answer.column("regionid"))
    if ask.view.region not in names:
        return None
    row = int((codes == names.index(ask.view.region)).argmax())
    value = float(floats(answer, "net_import_mwh")[row])
    return value if math.isfinite(value) else None


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab; the chart in view comes first."""
    view = ask.view
    regions = REGIONS if view.region == NEM else (view.region,)
    mixed = {"generation": GenerationMix(view.period, view.region, view.resolved)}
    day = {"average-day": TimeOfDay(view.period, view.region)}
    first: dict[str, Request] = {**day, **mixed} if view["view"] == "time-of-day" else {**mixed, **day}
    return {
        **first,
        "prices": RegionSeries(view.period, regions, view.resolved),
        "table": FuelSummary(view.period, view.region),
    }


def listen_to_drags(app: Dash, manager: Manager) -> None:
    """A drag over the chart asks for that span."""
    app.clientside_callback(
        ClientsideFunction("nemdesk", "zoom"),
        Output("zoomed", "data"),
        Input("gen-mix-graph", "relayoutData"),
        State("gen-mix-graph", "figure"),
        prevent_initial_call=True,
    )


TAB: Final = Tab(
    name="generation",
    layout=page.layout,
    panels={"gen-mix": Panel(chart, chart=True), "gen-table": Panel(table)},
    datasets=datasets,
    more=listen_to_drags,
)
