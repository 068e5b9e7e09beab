"""The Stations tab: which questions its panels ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from dash import html

from callbacks import station_items, station_tables
from callbacks.guard import Ask, csv
from callbacks.options.shared import slug
from callbacks.options.stations import VIEWS
from callbacks.station_items import Choice
from callbacks.station_tables import about, peers_request
from callbacks.tab import Panel, Tab
from data_layer.market import FUELS, NEM, REGIONS, Fuel, Resolution
from data_layer.requests import RegionSeries, Request
from data_layer.requests.stations import (
    LEVELS,
    MOST_ITEMS,
    PRICE_EDGES,
    STATION,
    UNIT,
    WHOLE,
    StationDuration,
    StationPriceBands,
    StationSeries,
    StationSummary,
    StationTimeOfDay,
    UnitSearch,
)
from layouts import controls, formats, mix, station_charts
from layouts import stations as page
from layouts.definitions import info
from layouts.graphs import Figure
from layouts.panel import Content
from layouts.series import Grid

TITLES: Final = {
    "series": "Output and price",
    "revenue": "Revenue and energy",
    "time-of-day": "Average day",
    "duration": "Output duration curve",
    "price-bands": "Generation and revenue by price band",
}
DEFINITION_OF_VIEW: Final = {
    "series": "station_output",
    "revenue": "revenue",
    "time-of-day": "time_of_day",
    "duration": "station_duration",
    "price-bands": "station_bands",
}

LONGEST_BY_DAY: Final = timedelta(days=92)
"""Longer periods show revenue by month."""

RANKED_BARS: Final = 15

ALL_FUELS: Final = "all"
"""What the fuel picker calls no limit; it is never written into an address."""


def picker(ask: Ask) -> Content:
    """The search's level and fuel, and what is chosen, each with a way to remove it."""
    view = ask.view
    choice = station_items.chosen(ask)
    levels = [
        controls.Choice(page.LEVEL_LABELS[level], view.href(by=level), level == view["by"])
        for level in (WHOLE, UNIT)
    ]
    ids = choice.ids
    removals = {one: view.href(units=station_items.added(ids, one)) for one in ids}
    changes = {item.id: change for item in choice.items if (change := _change(ask, choice, item))}
    body = page.chosen_bar(
        _search_address(ask), levels, _fuel_select(ask), choice.items, removals, changes, view.href(units=())
    )
    rows = station_items.facts_request(ask) if choice.items else peers_request(ask, view["by"])
    ask.answer(rows)
    return Content(
        title="Chosen",
        subtitle=f"{formats.span(view.period.start, view.period.end)} · Source: {ask.source}",
        body=body,
        note=choice.note or None,
        downloads=[csv("facts" if choice.items else "ranking", rows)],
        provenance=ask.provenance,
    )


def _search_address(ask: Ask) -> str:
    """Where assets/stations.js asks, the text left for it to add."""
    regions = () if ask.view.region == NEM else (ask.view.region,)
    asked = UnitSearch(ask.view.period, "", ask.view["by"], regions, ask.view["fuels"])
    query = {name: value for name, value in asked.to_query().items() if name != "text"}
    return f"/data/{asked.name}.json?{urlencode(query, safe=',:')}"


def _fuel_select(ask: Ask) -> Any:
    fuels = ask.view["fuels"]
    value = ",".join(slug(fuel) for fuel in fuels) or ALL_FUELS
    options = [controls.Option(ALL_FUELS, "All fuels")]
    options += [controls.Option(slug(fuel), fuel) for fuel in FUELS if fuel != Fuel.ROOFTOP]
    if len(fuels) > 1:
        options.append(controls.Option(value, " + ".join(fuels)))
    return controls.select("Fuel", "fuels", options, value, ALL_FUELS, shown=False)


def _change(ask: Ask, choice: Choice, item: Any) -> tuple[str, str] | None:
    """From a unit to its station, from a station to its units, where there is room for them."""
    others = [one for one in choice.ids if one != item.id]
    if item.level == UNIT and item.station:
        label, instead = "whole station", [STATION + item.station]
    elif item.level == WHOLE and 1 < len(item.duids) <= MOST_ITEMS - len(others):
        label, instead = f"{len(item.duids)} units", list(item.duids)
    else:
        return None
    place = choice.ids.index(item.id)
    ids = tuple(dict.fromkeys((*choice.ids[:place], *instead, *choice.ids[place + 1 :])))
    return label, ask.view.href(units=ids)


def chart(ask: Ask) -> Content:
    """The chosen view of what is chosen; the largest stations where nothing is."""
    choice = station_items.chosen(ask)
    return _view(ask, choice) if choice.items else _largest(ask)


def chart_requests(ask: Ask, choice: Choice) -> dict[str, Request]:
    """The questions behind the chart in view, the main one first."""
    period, view, ids = ask.view.period, ask.view["view"], choice.ids
    if view == "revenue":
        return {"revenue": StationSeries(period, ids, _revenue_resolution(ask))}
    if view == "time-of-day":
        return {"time-of-day": StationTimeOfDay(period, ids)}
    if view == "duration":
        return {"duration": StationDuration(period, ids)}
    if view == "price-bands":
        return {"price-bands": StationPriceBands(period, ids, PRICE_EDGES)}
    resolution = ask.view.resolved
    prices = RegionSeries(period, choice.regions or REGIONS, resolution)
    return {"output": StationSeries(period, ids, resolution), "prices": prices}


def _revenue_resolution(ask: Ask) -> Resolution:
    asked = ask.view.resolved
    if ask.view.resolution != "auto" and not asked.is_subdaily:
        return asked
    length = ask.view.period.end - ask.view.period.start
    return Resolution.DAY if length <= LONGEST_BY_DAY else Resolution.MONTH


def _view(ask: Ask, choice: Choice) -> Content:
    view = ask.view
    requests = chart_requests(ask, choice)
    answers = [ask.answer(request).table for request in requests.values()]
    main = next(iter(requests.values()))
    title = f"{TITLES[view['view']]}, {about(choice.items)}"
    tools = _view_switch(ask)
    if not answers[0].num_rows:
        return Content(title=title, subtitle=ask.subtitle(main), tools=tools, empty=_nothing(ask))
    return Content(
        title=title,
        subtitle=_subtitle(ask, main),
        figure=_figure(ask, choice, answers),
        tools=tools,
        note=_partial(answers[0]) or None,
        downloads=[csv(name, request) for name, request in requests.items()],
        provenance=ask.provenance,
    )


def waiting(ask: Ask) -> Content:
    """Title, period and views, which need no reading."""
    choice = station_items.chosen(ask)
    main = next(iter(chart_requests(ask, choice).values()))
    title = f"{TITLES[ask.view['view']]}, {about(choice.items)}"
    return Content(title=title, subtitle=_subtitle(ask, main), tools=_view_switch(ask))


def _figure(ask: Ask, choice: Choice, answers: list[Any]) -> Figure:
    """The figure of the view in force from the answers to ``chart_requests``."""
    view, items, look = ask.view, choice.items, ask.theme
    if view["view"] == "revenue":
        grid = Grid.of(view.period.start, view.period.end, _revenue_resolution(ask))
        figure = station_charts.revenue(grid, answers[0], items, look)
        figure["layout"]["meta"] = {"resolution": grid.resolution.value}
        return figure
    if view["view"] == "time-of-day":
        return station_charts.time_of_day(answers[0], items, look)
    if view["view"] == "duration":
        return station_charts.duration(answers[0], items, look)
    if view["view"] == "price-bands":
        return station_charts.price_bands(answers[0], items, PRICE_EDGES, look)
    grid = Grid.of(view.period.start, view.period.end, view.resolved)
    return station_charts.series(grid, answers[0], items, mix.Prices.of(grid, answers[1]), look)


def _subtitle(ask: Ask, request: Request) -> str:
    text = ask.subtitle(request)
    if ask.view["view"] == "time-of-day":
        return ask.day_subtitle(request)
    if ask.view["view"] == "revenue":
        return text.replace(" averages", " sums", 1)
    if ask.view["view"] in ("duration", "price-bands"):
        return text.replace("AEST", "5-minute readings · AEST", 1)
    return text


def _partial(answer: Any) -> str:
    """A remark where units of a station are missing from a sum."""
    if "units_found" not in answer.column_names:
        return ""
    found, expected = answer.column("units_found"), answer.column("units_expected")
    short = sum(a < b for a, b in zip(found.to_pylist(), expected.to_pylist(), strict=True))
    if not short:
        return ""
    return (
        f"At {formats.number(short)} of {formats.number(answer.num_rows)} points not every unit of a station "
        "reported: the sum is of those that did (the download says found and expected)."
    )


def _nothing(ask: Ask) -> str:
    period = ask.view.period
    return (
        f"No readings of what is chosen in {formats.span(period.start, period.end)}. Choose another period; "
        "the registry's dates below say from when to when it was there."
    )


def _view_switch(ask: Ask) -> list[Any]:
    view = ask.view
    choices = [
        controls.Choice(page.VIEW_LABELS[name], view.href(view=name), name == view["view"]) for name in VIEWS
    ]
    definition = info(DEFINITION_OF_VIEW[view["view"]])
    return [html.Div([controls.segmented("Chart", choices, "views"), definition], className="switch")]


def _largest(ask: Ask) -> Content:
    """Where nothing is chosen: those that earned most, of the region and fuels looked at."""
    request = peers_request(ask, ask.view["by"])
    rows = ask.answer(request).table.slice(0, RANKED_BARS).to_pylist()
    level = "stations" if request.by == WHOLE else "units"
    title = f"Largest {level} by revenue, {station_tables.scope_name(ask)}"
    subtitle = f"{formats.span(request.period.start, request.period.end)} · Source: {ask.source}"
    if not rows:
        return Content(title=title, subtitle=subtitle, empty=station_tables.nothing_ranked(ask))
    for row in rows:
        row["name"] = row["item"].removeprefix(STATION)
    return Content(
        title=title,
        subtitle=subtitle,
        figure=station_charts.largest(rows, ask.theme),
        note=None,
        downloads=[csv("ranking", request)],
        provenance=ask.provenance,
    )


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab; the chart in view comes first."""
    choice = station_items.chosen(ask)
    if not choice.items:
        return {"ranking": peers_request(ask, ask.view["by"])}
    asked = chart_requests(ask, choice)
    levels = {item.level for item in choice.items}
    peers = {f"{level}-peers": peers_request(ask, level, every=True) for level in LEVELS if level in levels}
    return {
        **asked,
        "numbers": StationSummary(ask.view.period, choice.ids),
        **peers,
        "facts": station_items.facts_request(ask),
    }


TAB: Final = Tab(
    name="stations",
    layout=page.layout,
    panels={
        "stations-chosen": Panel(picker),
        "stations-chart": Panel(chart, chart=True, long=waiting, zoomed="stations-zoomed"),
        "stations-numbers": Panel(station_tables.numbers, long=station_tables.waiting),
        "stations-peers": Panel(station_tables.peers),
        "stations-facts": Panel(station_tables.facts),
    },
    datasets=datasets,
    tables=(
        "ranking",
        "output",
        "prices",
        "revenue",
        "time-of-day",
        "duration",
        "price-bands",
        "numbers",
        *(f"{level}-peers" for level in LEVELS),
        "facts",
    ),
)
