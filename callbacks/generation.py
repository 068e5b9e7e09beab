"""The Generation tab: which questions its panels ask."""

from __future__ import annotations

import math
from typing import Any, Final

import pyarrow as pa
from dash import html

from callbacks import comparison
from callbacks.guard import Ask, csv
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
from layouts import compared, controls, formats, mix
from layouts import generation as page
from layouts.controls import Choice
from layouts.definitions import info
from layouts.graphs import Figure
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
    subtitle = _subtitle(ask, ask.subtitle(request))
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
    figure = _with_other(ask, figure, grid, prices)
    fuels = drawn.fuels if view["view"] == "area" else tuple(fuel for fuel in drawn.fuels if fuel != IMPORTS)
    return Content(
        title=_title(ask),
        subtitle=subtitle,
        figure=figure,
        tools=_tools(ask, fuels),
        note=comparison.note(ask) or None,
        downloads=[csv("generation", request), csv("prices", price_request)],
        provenance=ask.provenance,
    )


def _other_mix(ask: Ask, period: Period) -> tuple[GenerationMix, RegionSeries]:
    """What the chart asks of the other period, at the resolution of this one."""
    view = ask.view
    regions = REGIONS if view.region == NEM else (view.region,)
    return (
        GenerationMix(period, view.region, view.resolved),
        RegionSeries(period, regions, view.resolved),
    )


def _with_other(ask: Ask, figure: Figure, grid: Grid, prices: mix.Prices) -> Figure:
    """The chart with the other period's total and prices, where there is one."""
    view, period = ask.view, ask.compared
    if period is None:
        return figure
    answers = [ask.answer(request).table for request in _other_mix(ask, period)]
    theirs = Grid.of(period.start, period.end, view.resolved)
    other = compared.Other.of(
        grid,
        theirs,
        view.period.start - period.start,
        mix.Mix.of(theirs, answers[0], answers[1] if view.region != NEM else None),
        mix.Prices.of(theirs, answers[1]),
        view["hidden"],
    )
    top = "Total" if view.region == NEM else "Total with imports"
    return compared.draw(figure, other, prices, ask.theme, top=top if view["view"] == "area" else "")


def _subtitle(ask: Ask, said: str) -> str:
    """With the other period, where there is one."""
    if ask.compared is None:
        return said
    head, dot, rest = said.partition(" · ")
    return f"{head}, dotted: {comparison.named(ask.compared)}{dot}{rest}"


def _average_day(ask: Ask, answer: pa.Table) -> Figure:
    hidden = ask.view["hidden"]
    figure = mix.average_day(answer, mix.Look(ask.theme, hidden))
    if ask.compared is None:
        return figure
    other = ask.answer(TimeOfDay(ask.compared, ask.view.region)).table
    return compared.average_day(figure, other, hidden, ask.theme)


def average_day(ask: Ask) -> Content:
    """The mean day of the period."""
    view = ask.view
    request = TimeOfDay(view.period, view.region)
    answer = ask.answer(request).table
    subtitle = _subtitle(ask, ask.day_subtitle(request))
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
        figure=_average_day(ask, answer),
        tools=_tools(ask, fuels),
        note=comparison.note(ask) or None,
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
    entries = page.lines(answer, _net_import(ask, view.period), ask.theme)
    others = None
    if ask.compared is not None:
        subtitle = f"{formats.span(view.period.start, view.period.end)} against "
        subtitle += f"{comparison.named(ask.compared)} · Source: {ask.source}"
        past = ask.answer(FuelSummary(ask.compared, view.region)).table
        others = page.lines(past, _net_import(ask, ask.compared), ask.theme)
    toggles = {line.fuel: view.toggled("hidden", line.fuel) for line in entries if line.fuel in HIDEABLE}
    sorts = {key: view.sorted_by(key) for key in SORTS}
    return Content(
        title=title,
        subtitle=subtitle,
        body=page.table(entries, toggles, view["hidden"], sorts, view["sort"], others),
        note=" ".join(text for text in (page.unmapped_note(entries), comparison.note(ask)) if text) or None,
        downloads=[csv("table", request)],
        provenance=ask.provenance,
    )


def _net_import(ask: Ask, period: Period) -> float | None:
    """MWh into the region over ``period``; None for the NEM, which has none."""
    if ask.view.region == NEM:
        return None
    answer = ask.answer(RegionSummary(period)).table
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
    asked: dict[str, Request] = {
        **first,
        "prices": RegionSeries(view.period, regions, view.resolved),
        "table": FuelSummary(view.period, view.region),
    }
    if ask.compared is not None:
        asked["other-generation"], asked["other-prices"] = _other_mix(ask, ask.compared)
        asked["other-table"] = FuelSummary(ask.compared, view.region)
    return asked


TAB: Final = Tab(
    name="generation",
    layout=page.layout,
    panels={"gen-mix": Panel(chart, chart=True, zoomed="zoomed"), "gen-table": Panel(table)},
    datasets=datasets,
    bar=comparison.control,
)
