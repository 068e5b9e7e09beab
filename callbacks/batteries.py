"""The Batteries tab: which questions its panels ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyarrow.compute as pc
from dash import html

from callbacks.guard import Ask, csv, parquet
from callbacks.options.batteries import SHOWN, SORTS, VIEWS
from callbacks.tab import Panel, Tab
from data_layer.market import NEM, REGION_NAMES, REGIONS
from data_layer.requests import RegionSeries, Request
from data_layer.requests.batteries import (
    BATTERY_GROUPS,
    MOST_CHOSEN,
    BatterySeries,
    BatterySummary,
    BatteryTimeOfDay,
    StorageLevel,
)
from layouts import batteries as page
from layouts import battery_charts as charts
from layouts import controls, formats
from layouts.controls import Choice
from layouts.definitions import info
from layouts.panel import Content
from layouts.series import Grid, times

TITLES: Final = {
    "over-time": "Charging and discharging",
    "ranking": "Discharge revenue and charge cost",
    "time-of-day": "Average day of batteries",
    "stored": "Energy stored in batteries",
}
DEFINED: Final = {
    "over-time": "battery_power",
    "ranking": "battery_revenue",
    "time-of-day": "battery_time_of_day",
    "stored": "battery_stored",
}
"""The definition behind each view's "i"."""


def summary(ask: Ask) -> BatterySummary:
    return BatterySummary(ask.view.period, ask.view["by"], ask.view.region)


def series(ask: Ask) -> BatterySeries:
    view = ask.view
    return BatterySeries(view.period, view["by"], view["selected"], view.region, view.resolved)


def time_of_day(ask: Ask) -> BatteryTimeOfDay:
    view = ask.view
    return BatteryTimeOfDay(view.period, view["by"], view["selected"], view.region)


def lines_of(ask: Ask) -> list[page.Line]:
    """The groups of the view; the table and the charts share the answer."""
    return page.split(ask.answer(summary(ask)).table.to_pylist())[1]


def regions_of(ask: Ask, lines: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Regions that the chosen batteries stand in; of all, where none is chosen."""
    chosen = ask.view["selected"]
    found = {
        region
        for line in lines
        if not chosen or line["name"] in chosen
        for region in str(line["regions"]).split(",")
    }
    return tuple(region for region in REGIONS if region in found)


def _where(ask: Ask) -> str:
    chosen = ask.view["selected"]
    if not chosen:
        return REGION_NAMES[ask.view.region]
    return page.shortened(chosen[0]) + (f" and {len(chosen) - 1} more" if len(chosen) > 1 else "")


def _tools(ask: Ask, lines: Sequence[Mapping[str, Any]] = ()) -> list[Any]:
    """View switch, what is shown over time, and what is selected."""
    view = ask.view
    choices = [Choice(page.VIEW_LABELS[one], view.href(view=one), one == view["view"]) for one in VIEWS]
    switch = [controls.segmented("Chart", choices, "views"), info(DEFINED[view["view"]])]
    tools: list[Any] = [html.Div(switch, className="switch")]
    if view["view"] == "over-time":
        shown = [Choice(page.SHOWN_LABELS[one], view.href(show=one), one == view["show"]) for one in SHOWN]
        tools.append(controls.segmented("Shown", shown, "views"))
    if view["selected"]:
        duids = [
            duid
            for line in lines
            if line["name"] in view["selected"]
            for duid in str(line["duids"]).split(",")
        ]
        tools.append(controls.link("Show all batteries", view.href(selected=())))
        if duids:
            joined = ",".join(duids[:MOST_CHOSEN])
            address = view.href(tab="stations")
            tools.append(
                controls.link("Open in Stations", f"{address}{'&' if '?' in address else '?'}units={joined}")
            )
    return tools


def _title(ask: Ask) -> str:
    money = ask.view["view"] == "over-time" and ask.view["show"] == "money"
    return f"{'Revenue and cost of batteries' if money else TITLES[ask.view['view']]}, {_where(ask)}"


def _content(ask: Ask, request: Request, lines: Sequence[Mapping[str, Any]], **more: Any) -> Content:
    title = _title(ask)
    subtitle = more.pop("subtitle", ask.subtitle(request))
    return Content(
        title=title, subtitle=subtitle, tools=_tools(ask, lines), provenance=ask.provenance, **more
    )


def _nothing(ask: Ask) -> str:
    period = ask.view.period
    who = f"“{_where(ask)}”" if ask.view["selected"] else f"a battery in {REGION_NAMES[ask.view.region]}"
    return (
        f"No readings of {who} in {formats.span(period.start, period.end)}. "
        "Choose another period, region or battery."
    )


def over_time(ask: Ask) -> Content:
    """Power with prices, or money."""
    view = ask.view
    lines = lines_of(ask)
    request = series(ask)
    answer = ask.answer(request).table
    if not answer.num_rows:
        return _content(ask, request, lines, empty=_nothing(ask))
    grid = Grid.of(view.period.start, view.period.end, view.resolved)
    downloads = [csv("batteries", request)]
    more: dict[str, Any] = {}
    if view["show"] == "money":
        figure = charts.money(grid, answer, ask.theme)
        said = ask.subtitle(request).replace("averages", "sums").replace("readings", "sums")
        more["subtitle"] = f"{said} · A charge cost above the line was income"
    else:
        price_request = RegionSeries(view.period, regions_of(ask, lines), view.resolved)
        figure = charts.power(grid, answer, ask.answer(price_request).table, ask.theme)
        downloads.append(csv("prices", price_request))
    return _content(ask, request, lines, figure=figure, downloads=downloads, **more)


def ranking(ask: Ask) -> Content:
    """The table's money as bars."""
    request = summary(ask)
    lines = lines_of(ask)
    if not lines:
        return _content(ask, request, lines, empty=_nothing(ask))
    figure = charts.ranking(lines, ask.view["by"], ask.view["selected"], ask.theme)
    subtitle = f"{ask.subtitle(request)} · A charge cost above the line was income"
    more = f"The {charts.MOST_RANKED} of highest net revenue." if len(lines) > charts.MOST_RANKED else None
    downloads = [csv("batteries", request), parquet("batteries", request)]
    return _content(ask, request, lines, subtitle=subtitle, figure=figure, note=more, downloads=downloads)


def average_day(ask: Ask) -> Content:
    """The mean day of the period."""
    request = time_of_day(ask)
    lines = lines_of(ask)
    answer = ask.answer(request).table
    subtitle = ask.day_subtitle(request)
    if not answer.num_rows:
        return _content(ask, request, lines, subtitle=subtitle, empty=_nothing(ask))
    figure = charts.average_day(answer, ask.theme)
    downloads = [csv("average day", request)]
    return _content(ask, request, lines, subtitle=subtitle, figure=figure, downloads=downloads)


def storage_level(ask: Ask) -> StorageLevel:
    """Of the region in view; AEMO publishes it per region only."""
    view = ask.view
    regions = REGIONS if view.region == NEM else (view.region,)
    return StorageLevel(view.period, regions, view.resolved)


def stored(ask: Ask) -> Content:
    """Stored energy as published, from when it is."""
    view = ask.view
    lines = lines_of(ask)
    request = storage_level(ask)
    if view["selected"]:
        regions = regions_of(ask, lines)
        request = StorageLevel(view.period, regions, view.resolved) if regions else request
    answer = ask.answer(request).table
    # A region without batteries is published as zero or not at all.
    if not answer.num_rows or not pc.max(answer.column("stored_mwh")).as_py():
        why = (
            "AEMO's files hold no stored energy for this region and period: older months lack it, and "
            "Tasmania has none. Choose a later period or another region."
        )
        return _content(ask, request, lines, empty=why)
    grid = Grid.of(view.period.start, view.period.end, view.resolved)
    figure = charts.stored(grid, answer, ask.theme)
    notes = []
    if view["selected"]:
        notes.append("Published per region: all batteries of the region stand in this chart.")
    if (first := times(answer).min()) > grid.stamps[0]:
        notes.append(f"Published from {formats.day(first.astype(object))} on.")
    downloads = [csv("stored energy", request)]
    note = " ".join(notes) or None
    return _content(ask, request, lines, figure=figure, note=note, downloads=downloads)


CHARTS: Final[dict[str, Callable[[Ask], Content]]] = {
    "over-time": over_time,
    "ranking": ranking,
    "time-of-day": average_day,
    "stored": stored,
}


def chart(ask: Ask) -> Content:
    """The chosen view; only that view's data is asked for."""
    return CHARTS[ask.view["view"]](ask)


def table(ask: Ask) -> Content:
    """Every battery, station, owner or region with what it earned."""
    view = ask.view
    by = view["by"]
    request = summary(ask)
    fleet, lines = page.split(ask.answer(request).table.to_pylist())
    choices = [
        Choice(page.GROUP_LABELS[one], view.href(by=one, selected=()), one == by) for one in BATTERY_GROUPS
    ]
    tools = controls.segmented("By", choices, "views")
    title = f"By {page.GROUP_LABELS[by].lower()}, {REGION_NAMES[view.region]}"
    subtitle = f"{formats.span(view.period.start, view.period.end)} · Source: {ask.source}"
    if not lines:
        return Content(title=title, subtitle=subtitle, tools=tools, empty=_nothing(ask))
    body = page.table(
        lines,
        fleet,
        by,
        selected=view["selected"],
        hrefs=_selections(ask, lines),
        sorts={key: view.sorted_by(key) for key in SORTS},
        sort=view["sort"],
        look=ask.theme,
    )
    return Content(
        title=title,
        subtitle=f"{subtitle} · Click a row to show it above",
        tools=[tools],
        body=body,
        note=page.blank_note(lines) or None,
        downloads=[csv("table", request), parquet("table", request)],
        provenance=ask.provenance,
    )


def _selections(ask: Ask, lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Group -> address that selects it or lets go; no more can be selected than a chart shows."""
    view = ask.view
    full = len(view["selected"]) >= MOST_CHOSEN
    names = [str(line["name"]) for line in lines]
    return {name: view.toggled("selected", name) for name in names if not full or name in view["selected"]}


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab; the chart in view comes first."""
    view = ask.view
    regions = REGIONS if view.region == NEM else (view.region,)
    known: dict[str, Request] = {
        "over-time": series(ask),
        "ranking": summary(ask),
        "time-of-day": time_of_day(ask),
        "stored": storage_level(ask),
    }
    first = {view["view"]: known[view["view"]]}
    prices = RegionSeries(view.period, regions, view.resolved)
    return {**first, **known, "prices": prices, "table": summary(ask)}


TAB: Final = Tab(
    name="batteries",
    layout=page.layout,
    panels={
        "batteries-chart": Panel(chart, chart=True, zoomed="batteries-zoomed"),
        "batteries-table": Panel(table),
    },
    datasets=datasets,
)
