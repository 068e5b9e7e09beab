"""The analysis panel of the Prices tab: one view at a time asks for its data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
from dash import html

from callbacks.guard import Ask, csv, parquet, span
from callbacks.options.prices import HEATS, SORTS, TOP, VIEWS
from callbacks.state import View
from data_layer.market import HIGH_PRICE_AUD_PER_MWH, INTERVAL, NEM, REGION_NAMES, REGIONS, market_day
from data_layer.requests import (
    EVENT_ORDERS,
    Period,
    PriceBands,
    PriceDuration,
    PriceEvents,
    PriceProfile,
    PriceStatistics,
    Request,
    TopIntervals,
)
from data_layer.requests.base import join
from data_layer.requests.prices import EDGES, MAX_TOP
from layouts import controls, formats, price_tables
from layouts import price_views as draw
from layouts import prices as page
from layouts.controls import Choice, Option
from layouts.definitions import info
from layouts.panel import Content
from layouts.price_series import Look

AROUND: Final = timedelta(hours=1)
"""How much of before and after an event Generation is opened with."""


# -- Which regions -------------------------------------------------------------------------------------


def chosen_regions(view: View) -> tuple[str, ...]:
    """Regions that were named: several by `regions`, one by `region`, as other tabs link to it."""
    named: tuple[str, ...] = view["regions"]
    return named or ((view.region,) if view.region != NEM else ())


def shown_regions(view: View) -> tuple[str, ...]:
    """Regions drawn: those named, or all."""
    return chosen_regions(view) or REGIONS


def region_href(view: View, regions: tuple[str, ...], **changes: Any) -> str:
    """Address that shows ``regions``: one is written as other tabs write it, so that it goes with the
    visitor; all are not written."""
    if len(regions) == 1:
        return view.href(regions=(), region=regions[0], **changes)
    return view.href(regions=() if len(regions) == len(REGIONS) else regions, region=NEM, **changes)


def period_bar(ask: Ask) -> list[Any]:
    """Comparison and regions, beside the period."""
    view, chosen = ask.view, chosen_regions(ask.view)
    first, last = span(ask.lake)
    entries = [Choice("All", region_href(view, ()), not chosen, "All regions")]
    for region in REGIONS:
        wanted = tuple(one for one in REGIONS if (one in chosen) != (one == region))
        entries.append(Choice(region, region_href(view, wanted), region in chosen, REGION_NAMES[region]))
    start = view.compared.start.date().isoformat() if view.compared else ""
    days = (market_day(first).isoformat(), market_day(last).isoformat())
    return [
        controls.compare(view["compare"], start, *days),
        controls.toggles("Regions", entries, "regions"),
    ]


def title_of(what: str, ask: Ask) -> str:
    """A title says what and where."""
    regions = shown_regions(ask.view)
    if len(regions) == len(REGIONS):
        return f"{what}, all regions"
    return f"{what}, {REGION_NAMES[regions[0]] if len(regions) == 1 else ', '.join(regions)}"


def nothing(ask: Ask) -> str:
    """Why there is nothing to draw, and what to try."""
    period = ask.view.period
    return (
        f"No prices of {', '.join(shown_regions(ask.view))} in {formats.span(period.start, period.end)}. "
        "Choose another period or region."
    )


def compared_note(ask: Ask) -> str:
    """Why a comparison is not drawn, or that the data holds only a part of the other period."""
    other = ask.compared
    if other is None:
        return ask.compared_note
    first, last = span(ask.lake)
    inside = Period(max(other.start, first - INTERVAL), min(other.end, last))
    if inside == other:
        return ""
    return (
        f"The data holds only {formats.span(inside.start, inside.end)} of the other period: "
        "what is compared with is that part."
    )


def look(ask: Ask) -> Look:
    view = ask.view
    return Look(ask.theme, view["scale"], view["smooth"], view["window"])


# -- One view at a time --------------------------------------------------------------------------------


def analysis(ask: Ask) -> Content:
    """The chosen view; only its data is asked for."""
    return ANALYSES[ask.view["view"]](ask)


def _tools(ask: Ask, *more: Any, definition: str = "") -> list[Any]:
    """The switch of views, then what the view has of its own."""
    view = ask.view
    choices = [Choice(page.VIEW_LABELS[name], view.href(view=name), name == view["view"]) for name in VIEWS]
    switch = [controls.segmented("Analysis", choices, "views")]
    return [html.Div([*switch, *([info(definition)] if definition else [])], className="switch"), *more]


def _subtitle(ask: Ask, what: str, against: str = "") -> str:
    """Period, what was counted, source; ``against`` says how the other period is shown."""
    period, other = ask.view.period, ask.compared
    compared = f"{against} {formats.span(other.start, other.end)}" if other and against else ""
    parts = [formats.span(period.start, period.end), what, compared, "AEST, interval-ending"]
    return " · ".join(part for part in [*parts, f"Source: {ask.source}"] if part)


def _both(ask: Ask, make: Callable[[Period], Request]) -> tuple[Request, pa.Table, pa.Table | None]:
    """The question, its answer, and the other period's answer."""
    request, other = make(ask.view.period), ask.compared
    answer = ask.answer(request).table
    return request, answer, ask.answer(make(other)).table if other else None


def _empty(ask: Ask, title: str, tools: list[Any]) -> Content:
    return Content(title=title, subtitle=_subtitle(ask, ""), tools=tools, empty=nothing(ask))


EVERY_INTERVAL: Final = "every 5-minute interval weighs the same"


def _statistics_request(ask: Ask, period: Period) -> PriceStatistics:
    return PriceStatistics(period, shown_regions(ask.view))


def statistics(ask: Ask) -> Content:
    """A row per region, with the change on the other period."""
    view = ask.view
    request, answer, past = _both(ask, lambda period: _statistics_request(ask, period))
    title, tools = title_of("Price statistics", ask), _tools(ask)
    if not answer.num_rows:
        return _empty(ask, title, tools)
    alone = len(shown_regions(view)) == 1
    hrefs = {region: region_href(view, REGIONS if alone else (region,)) for region in REGIONS}
    sorts = {key: view.sorted_by(key) for key in SORTS}
    table = price_tables.statistics(answer, past, hrefs, sorts, view["sort"], ask.theme)
    return Content(
        title=title,
        subtitle=_subtitle(ask, EVERY_INTERVAL, "change against"),
        body=page.without_chart(table),
        tools=tools,
        note=compared_note(ask),
        downloads=[csv("statistics", request), parquet("statistics", request)],
        provenance=ask.provenance,
    )


def _duration_request(ask: Ask, period: Period) -> PriceDuration:
    return PriceDuration(period, shown_regions(ask.view))


def duration(ask: Ask) -> Content:
    """Price against the share of time for which it was reached."""
    request, answer, past = _both(ask, lambda period: _duration_request(ask, period))
    title, tools = title_of("Price duration curve", ask), _tools(ask, definition="price_duration")
    if not answer.num_rows:
        return _empty(ask, title, tools)
    return Content(
        title=title,
        subtitle=_subtitle(ask, EVERY_INTERVAL, "dotted:"),
        figure=draw.duration(answer, look(ask), past),
        tools=tools,
        note=compared_note(ask),
        downloads=[csv("duration curve", request)],
        provenance=ask.provenance,
    )


def _bands_request(ask: Ask, period: Period) -> PriceBands:
    return PriceBands(period, shown_regions(ask.view), ask.view["edges"])


def bands(ask: Ask) -> Content:
    """The butterfly: share of time against contribution to the average, and the table of both."""
    view = ask.view
    title = title_of("Price bands: time against contribution", ask)
    edges = controls.text("Edges $/MWh", "edges", _written(view["edges"]), _written(EDGES), "0, 30, 100, 300")
    tools = _tools(ask, edges, definition="price_bands")
    request, answer, past = _both(ask, lambda period: _bands_request(ask, period))
    if not answer.num_rows:
        return _empty(ask, title, tools)
    return Content(
        title=title,
        subtitle=_subtitle(ask, "a price on an edge belongs to the band above it", "change against"),
        figure=draw.butterfly(answer, view["edges"], ask.theme),
        body=page.beside_chart(price_tables.bands(answer, past, ask.theme)),
        tools=tools,
        note=compared_note(ask),
        downloads=[csv("bands", request), parquet("bands", request)],
        provenance=ask.provenance,
    )


def _written(edges: tuple[float, ...]) -> str:
    return join(f"{edge:g}" for edge in edges)


def _heat_request(ask: Ask) -> PriceProfile:
    return PriceProfile(ask.view.period, (_focus(ask.view),), ask.view["heat"])


def _focus(view: View) -> str:
    """The one region of the heat-map: the address's, or the first shown."""
    shown = shown_regions(view)
    return view.region if view.region in shown else shown[0]


def heat_map(ask: Ask) -> Content:
    """Hour of the day by weekday or month, one region."""
    view, focus, shown = ask.view, _focus(ask.view), shown_regions(ask.view)
    by = [Choice(f"Hour × {name}", view.href(heat=name), name == view["heat"]) for name in HEATS]
    pick = [
        Choice(one, view.href(regions=shown, region=one), one == focus, REGION_NAMES[one]) for one in shown
    ]
    parts: list[Any] = [controls.segmented("Heat-map", by, "views")]
    if len(shown) > 1:
        parts.append(controls.segmented("Region of the heat-map", pick, "views"))
    tools = _tools(ask, *parts, definition="price_heat_map")
    request = _heat_request(ask)
    answer = ask.answer(request).table
    title = f"Average price by hour and {view['heat']}, {REGION_NAMES[focus]}"
    if not answer.num_rows:
        return _empty(ask, title, tools)
    return Content(
        title=title,
        subtitle=_subtitle(ask, "time-weighted mean"),
        figure=draw.heat_map(answer, view["heat"], look(ask)),
        tools=tools,
        downloads=[csv("heat-map", request)],
        provenance=ask.provenance,
    )


def _day_request(ask: Ask, period: Period) -> PriceProfile:
    return PriceProfile(period, shown_regions(ask.view))


def time_of_day(ask: Ask) -> Content:
    """The average day."""
    request, answer, past = _both(ask, lambda period: _day_request(ask, period))
    title, tools = title_of("Average price by time of day", ask), _tools(ask, definition="price_time_of_day")
    if not answer.num_rows:
        return _empty(ask, title, tools)
    return Content(
        title=title,
        subtitle=_subtitle(ask, "mean over days, by half-hour", "dotted:"),
        figure=draw.average_day(answer, look(ask), past),
        tools=tools,
        note=compared_note(ask),
        downloads=[csv("average day", request)],
        provenance=ask.provenance,
    )


def _top_request(ask: Ask) -> TopIntervals:
    """Always the most there are: the slider then moves over what is known."""
    return TopIntervals(ask.view.period, shown_regions(ask.view), MAX_TOP)


def top(ask: Ask) -> Content:
    """The average without its dearest intervals, and what those made of it."""
    count = ask.view["top"]
    slider = controls.slider("Intervals left out", "top", 1, MAX_TOP, count, TOP)
    tools = _tools(ask, slider, definition="price_top")
    title = title_of(f"What made the average: the {count} dearest intervals", ask)
    request = _top_request(ask)
    answer = ask.answer(request).table
    if not answer.num_rows:
        return _empty(ask, title, tools)
    made = draw.shares_made(answer, count)
    hrefs = {
        region: _moment(ask, region, row["stamp"] - INTERVAL, row["stamp"]) for region, row in made.items()
    }
    return Content(
        title=title,
        subtitle=_subtitle(ask, price_tables.sentence(made)),
        figure=draw.without_dearest(answer, count, ask.theme),
        body=page.beside_chart(price_tables.dearest(made, hrefs, ask.theme)),
        tools=tools,
        downloads=[csv("dearest intervals", request), parquet("dearest intervals", request)],
        provenance=ask.provenance,
    )


def _moment(ask: Ask, region: str, start: Any, end: Any) -> str:
    """Address of Generation around a moment."""
    return ask.view.href(tab="generation", region=region, period=Period(start - AROUND, end + AROUND))


def _events_request(ask: Ask) -> PriceEvents:
    return PriceEvents(ask.view.period, shown_regions(ask.view), order=ask.view["order"])


def events(ask: Ask) -> Content:
    """Runs of high and negative prices; a row leads to that moment in Generation."""
    view, request = ask.view, _events_request(ask)
    orders = [Option(name, page.ORDER_LABELS[name]) for name in EVENT_ORDERS]
    order = controls.select("Order", "order", orders, view["order"], EVENT_ORDERS[0], shown=False)
    tools = _tools(ask, order, definition="events")
    title = title_of("High and negative prices", ask)
    rows = ask.answer(request).table.to_pylist()
    lines = f"above {formats.price(HIGH_PRICE_AUD_PER_MWH)}/MWh or below zero"
    if not rows:
        empty = f"No price {lines} in this period. Choose a longer one or other regions."
        return Content(title=title, subtitle=_subtitle(ask, lines), tools=tools, empty=empty)
    hrefs = [_moment(ask, row["regionid"], row["start"], row["end"]) for row in rows]
    found = rows[0]["events"]
    counted = f"{found:,} events" if found == len(rows) else f"{len(rows)} of {found:,} events"
    return Content(
        title=title,
        subtitle=_subtitle(ask, f"{lines} · {counted}"),
        body=page.without_chart(price_tables.events(rows, hrefs, ask.theme)),
        tools=tools,
        downloads=[csv("events", request), parquet("events", request)],
        provenance=ask.provenance,
    )


ANALYSES: Final[dict[str, Callable[[Ask], Content]]] = {
    "statistics": statistics,
    "duration": duration,
    "bands": bands,
    "heat-map": heat_map,
    "time-of-day": time_of_day,
    "top": top,
    "events": events,
}


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions of every view."""
    period = ask.view.period
    return {
        "statistics": _statistics_request(ask, period),
        "duration": _duration_request(ask, period),
        "bands": _bands_request(ask, period),
        "heat-map": _heat_request(ask),
        "time-of-day": _day_request(ask, period),
        "top": _top_request(ask),
        "events": _events_request(ask),
    }
