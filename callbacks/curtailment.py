"""The Curtailment tab: which questions its panels ask."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from dash import html

from callbacks.guard import Ask, csv, parquet
from callbacks.options.curtailment import GROUPS, SORTS, VIEWS
from callbacks.tab import Panel, Tab
from data_layer.market import NEM, REGION_NAMES, REGIONS
from data_layer.requests import Request
from data_layer.requests.curtailment import (
    CURTAILED_FUELS,
    CurtailmentSeries,
    CurtailmentSummary,
    CurtailmentTimeOfDay,
    UnitCurtailment,
)
from layouts import controls, formats
from layouts import curtailment as page
from layouts import curtailment_charts as charts
from layouts.controls import Choice
from layouts.definitions import info
from layouts.panel import Content
from layouts.series import Grid, times

TITLES: Final = {
    "cause": "Curtailment by cause",
    "fuel": "Curtailment by fuel",
    "share": "Share curtailed",
    "time-of-day": "Average day of curtailment",
}
DEFINED: Final = {
    "cause": "curtailment_cause",
    "fuel": "curtailment",
    "share": "curtailment_share",
    "time-of-day": "curtailment_time_of_day",
}
"""The definition behind each view's "i"."""

DRAWN: Final = {"cause": charts.by_cause, "fuel": charts.by_fuel, "share": charts.share}


def fuels_of(ask: Ask) -> tuple[str, ...]:
    """Sun, wind or both; a choice of other fuels that came along from another tab says nothing here."""
    chosen = ask.view["fuels"]
    return tuple(fuel for fuel in CURTAILED_FUELS if fuel in chosen) or CURTAILED_FUELS


def series(ask: Ask) -> CurtailmentSeries:
    return CurtailmentSeries(ask.view.period, ask.view.region, fuels_of(ask), ask.view.resolved)


def time_of_day(ask: Ask) -> CurtailmentTimeOfDay:
    return CurtailmentTimeOfDay(ask.view.period, ask.view.region, fuels_of(ask))


def summary(ask: Ask) -> CurtailmentSummary:
    return CurtailmentSummary(ask.view.period, fuels_of(ask))


def units(ask: Ask) -> UnitCurtailment:
    """Both fuels: also the units whose fuel nobody knows."""
    fuels = fuels_of(ask)
    return UnitCurtailment(ask.view.period, ask.view.region, () if fuels == CURTAILED_FUELS else fuels)


def _fuel_switches(ask: Ask) -> html.Div:
    """Sun and wind, each on or off; the last one that is on stays."""
    shown = fuels_of(ask)
    entries = []
    for fuel in CURTAILED_FUELS:
        left = tuple(one for one in CURTAILED_FUELS if (one in shown) != (one == fuel))
        wanted = () if len(left) != 1 else left
        entries.append(Choice(fuel, ask.view.href(fuels=wanted), fuel in shown))
    return controls.toggles("Fuels", entries, "views")


def _tools(ask: Ask) -> list[Any]:
    view = ask.view
    choices = [Choice(page.VIEW_LABELS[one], view.href(view=one), one == view["view"]) for one in VIEWS]
    switch = [controls.segmented("Chart", choices, "views"), info(DEFINED[view["view"]])]
    return [html.Div(switch, className="switch"), _fuel_switches(ask)]


def _where(ask: Ask) -> str:
    shown = fuels_of(ask)
    fuel = f"{shown[0].lower()}, " if len(shown) == 1 else ""
    return f"{fuel}{REGION_NAMES[ask.view.region]}"


def _nothing(ask: Ask) -> str:
    period = ask.view.period
    return (
        f"AEMO's region files hold no forecast (UIGF) and target for {_where(ask)} in "
        f"{formats.span(period.start, period.end)}: older months lack it. That is no curtailment of zero. "
        "Choose a later period, another region or fuel."
    )


def chart(ask: Ask) -> Content:
    """The chosen view over time, or the average day; only that view's data is asked for."""
    view = ask.view
    over_time = view["view"] != "time-of-day"
    request = series(ask) if over_time else time_of_day(ask)
    answer = ask.answer(request).table
    title = f"{TITLES[view['view']]}, {_where(ask)}"
    subtitle = ask.subtitle(request) if over_time else ask.day_subtitle(request)
    if not answer.num_rows:
        return Content(title=title, subtitle=subtitle, tools=_tools(ask), empty=_nothing(ask))
    note = None
    if over_time:
        grid = Grid.of(view.period.start, view.period.end, view.resolved)
        figure = DRAWN[view["view"]](grid, answer, ask.theme)
        first = times(answer).min()
        if first > grid.stamps[0]:
            note = f"Published from {formats.day(first.astype(object))} on: nothing is drawn before."
    else:
        figure = charts.average_day(answer, ask.theme)
    return Content(
        title=title,
        subtitle=subtitle,
        figure=figure,
        tools=_tools(ask),
        note=note,
        downloads=[csv("curtailment", request)],
        provenance=ask.provenance,
    )


def table(ask: Ask) -> Content:
    """By region and fuel, or by unit."""
    view = ask.view
    choices = [Choice(page.GROUP_LABELS[one], view.href(by=one), one == view["by"]) for one in GROUPS]
    tools = [html.Div([controls.segmented("By", choices, "views"), info("curtailment")], className="switch")]
    return (by_unit if view["by"] == "unit" else by_region)(ask, tools)


def _subtitle(ask: Ask) -> str:
    return f"{formats.span(ask.view.period.start, ask.view.period.end)} · Source: {ask.source}"


def by_region(ask: Ask, tools: list[Any]) -> Content:
    """Every region; the one in view is not the only one to compare with."""
    view = ask.view
    request = summary(ask)
    lines = ask.answer(request).table.to_pylist()
    title = "By region and fuel"
    if not lines:
        return Content(title=title, subtitle=_subtitle(ask), tools=tools, empty=_nothing(ask))
    hrefs = {region: view.href(region=NEM if region == view.region else region) for region in REGIONS}
    sorts = {key: view.sorted_by(key) for key in SORTS}
    return Content(
        title=title,
        subtitle=f"{_subtitle(ask)} · Click a row to show its region above",
        tools=tools,
        body=page.region_table(lines, view.region, hrefs, sorts, view["sort"], ask.theme),
        note=page.gap_note(lines) or None,
        downloads=[csv("table", request), parquet("table", request)],
        provenance=ask.provenance,
    )


def by_unit(ask: Ask, tools: list[Any]) -> Content:
    """Units of the region and fuels in view, from the months whose files have them."""
    view = ask.view
    request = units(ask)
    lines = ask.answer(request).table.to_pylist()
    title = f"By unit, {_where(ask)}"
    if not lines:
        why = (
            f"AEMO's dispatch files hold no forecast per unit for {_where(ask)} in "
            f"{formats.span(view.period.start, view.period.end)}: it is in the files of later months only. "
            "Choose a later period, or the table by region."
        )
        return Content(title=title, subtitle=_subtitle(ask), tools=tools, empty=why)
    sorts = {key: view.sorted_by(key) for key in SORTS}
    return Content(
        title=title,
        subtitle=f"{_subtitle(ask)} · Click a row to open the unit",
        tools=tools,
        body=page.unit_table(lines, _pages(ask, lines), sorts, view["sort"], ask.theme),
        note=page.unit_note(lines) or None,
        downloads=[csv("table", request), parquet("table", request)],
        provenance=ask.provenance,
    )


def _pages(ask: Ask, lines: list[dict[str, Any]]) -> dict[str, str]:
    """DUID -> its view on the Stations tab, over the same period."""
    address = ask.view.href(tab="stations")
    joint = "&" if "?" in address else "?"
    return {line["duid"]: f"{address}{joint}units={quote(line['duid'], safe='')}" for line in lines}


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab; the chart in view comes first."""
    over_time: dict[str, Request] = {"over-time": series(ask)}
    day: dict[str, Request] = {"time-of-day": time_of_day(ask)}
    first = {**day, **over_time} if ask.view["view"] == "time-of-day" else {**over_time, **day}
    return {**first, "regions": summary(ask), "units": units(ask)}


TAB: Final = Tab(
    name="curtailment",
    layout=page.layout,
    panels={
        "curtailment-chart": Panel(chart, chart=True, zoomed="curtailment-zoomed"),
        "curtailment-table": Panel(table),
    },
    datasets=datasets,
)
