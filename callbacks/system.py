"""The System tab's view of the data: how complete each day is, and what exactly is missing of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State, html

from callbacks.guard import Ask, Manager, csv, parquet
from callbacks.options.system import MEASURES
from callbacks.tab import Panel, Tab
from data_layer.market import NEM, REGION_NAMES, REGIONS
from data_layer.requests import Period, Request
from data_layer.requests.quality import DataGaps, DataQuality, whole_days
from layouts import controls, formats
from layouts import system as page
from layouts import system_calendar as calendar
from layouts.controls import Choice
from layouts.definitions import info
from layouts.panel import Content

TITLES: Final = {
    "price": "Settlement prices found",
    "demand": "Demand found",
    "readings": "Unit readings found",
    "rooftop": "Rooftop PV found",
    "unmapped": "Units that are not in the registry",
    "intervention": "Intervals with two published runs",
}

Line = dict[str, Any]


def quality(ask: Ask) -> DataQuality:
    return DataQuality(ask.view.period)


def chosen_day(ask: Ask) -> date | None:
    """The day whose findings stand open; None without one."""
    return date.fromisoformat(ask.view["day"]) if ask.view["day"] else None


def chosen_regions(ask: Ask) -> tuple[str, ...]:
    return REGIONS if ask.view.region == NEM else (ask.view.region,)


def gaps(ask: Ask, day: date, region: str) -> DataGaps:
    return DataGaps(Period.of_days(day, day), region)


def _subtitle(ask: Ask, period: Period) -> str:
    days = formats.span(period.start, period.end)
    return f"{days} · days in AEST, interval-ending · Source: {ask.source}"


def quality_calendar(ask: Ask) -> Content:
    """Every day of the period and region, coloured by one measure."""
    view = ask.view
    request = quality(ask)
    lines = ask.answer(request).table.to_pylist()
    name = view["measure"]
    measure = calendar.MEASURES[name]
    choices = [Choice(calendar.MEASURES[one].label, view.href(measure=one), one == name) for one in MEASURES]
    switch = html.Div(
        [controls.segmented("Measure", choices, "views"), info(measure.definition)], className="switch"
    )
    drawn = [
        line for line in lines if line["regionid"] != calendar.UNMAPPED or name in ("unmapped", "readings")
    ]
    period = whole_days(view.period)
    open_day = (view["day"], view.region)
    return Content(
        title=f"{TITLES[name]}, day by day",
        subtitle=f"{_subtitle(ask, period)} · Click a day to list what is missing",
        figure=calendar.figure(drawn, measure, period.start.date(), period.end.date(), open_day, ask.theme),
        tools=[switch, page.scale(calendar.legend(measure, ask.theme))],
        downloads=[csv("quality", request), parquet("quality", request)],
        provenance=ask.provenance,
    )


def findings(ask: Ask) -> Content:
    """The findings of one day, or the days that have one."""
    day = chosen_day(ask)
    return _days(ask) if day is None else _of_day(ask, day)


def _days(ask: Ask) -> Content:
    view = ask.view
    request = quality(ask)
    name = view["measure"]
    measure = calendar.MEASURES[name]
    lines = ask.answer(request).table.to_pylist()
    found = [line for line in lines if calendar.has_finding(measure, line)]
    found.sort(key=lambda line: line["time"], reverse=True)
    title = f"Days with a finding: {measure.name}"
    period = whole_days(view.period)
    subtitle = f"{_subtitle(ask, period)} · Newest first · Click a row to list what is missing"
    if not found:
        days = len({line["time"] for line in lines})
        nothing = f"Nothing: all {days:,} days are as they should be, in every region ({measure.name})."
        return Content(
            title=title,
            subtitle=subtitle,
            body=html.P(nothing, className="message message-empty"),
            downloads=[csv("quality", request), parquet("quality", request)],
            provenance=ask.provenance,
        )
    shown = found[: page.MOST_DAYS]
    note = None
    if len(shown) < len(found):
        note = f"{len(shown)} of {len(found):,} days and regions; the download has all."
    return Content(
        title=title,
        subtitle=subtitle,
        note=note,
        body=page.quality_table(shown, _hrefs(ask, shown), name, title),
        downloads=[csv("quality", request), parquet("quality", request)],
        provenance=ask.provenance,
    )


def _hrefs(ask: Ask, lines: Sequence[Line]) -> dict[tuple[str, str], str]:
    """(day, region) -> the same view with that day's findings open."""
    found = {}
    for line in lines:
        day, region = f"{line['time']:%Y-%m-%d}", str(line["regionid"])
        found[day, region] = ask.view.href(day=day, region=region if region in REGIONS else NEM)
    return found


def _of_day(ask: Ask, day: date) -> Content:
    view = ask.view
    whole = Period.of_days(day, day)
    regions = chosen_regions(ask)
    name = formats.day(datetime(day.year, day.month, day.day))
    title = f"{day:%A} {name}: what is missing, {REGION_NAMES[view.region]}"
    lines = [
        line
        for line in ask.answer(DataQuality(whole)).table.to_pylist()
        if view.region == NEM or line["regionid"] in (view.region, calendar.UNMAPPED)
    ]
    lines.sort(key=lambda line: (line["regionid"] == calendar.UNMAPPED, line["regionid"]))
    # A unit without a region comes with every region's gaps: it is listed once.
    listed = {
        tuple(row.values()): row
        for region in regions
        for row in ask.answer(gaps(ask, day, region)).table.to_pylist()
    }
    single, folded = _folded(list(listed.values()))
    body = [
        page.quality_table(lines, _hrefs(ask, lines), view["measure"], f"What was found on {name}"),
        page.gaps_table(single)
        if single
        else html.P("Nothing is missing.", className="message message-empty"),
    ]
    remarks = []
    if folded:
        remarks.append(
            f"{folded:,} units were silent exactly while their whole region was: they are not listed."
        )
    if len(single) > page.MOST_GAPS:
        remarks.append(f"{page.MOST_GAPS} of {len(single):,} findings; the downloads have all.")
    return Content(
        title=title,
        subtitle=f"AEST, interval-ending · Source: {ask.source}",
        tools=_day_tools(ask, day),
        note=" ".join(remarks) or None,
        body=html.Div(body),
        downloads=[csv(f"gaps {region}", gaps(ask, day, region)) for region in regions],
        provenance=ask.provenance,
    )


def _folded(lines: list[Line]) -> tuple[list[Line], int]:
    """The findings without those of units that are their region's own, and how many those were."""
    regions = {(line["regionid"], line["start"], line["end"]) for line in lines if line["kind"] == "readings"}
    kept = [
        line
        for line in lines
        if line["kind"] != "unit" or (line["regionid"], line["start"], line["end"]) not in regions
    ]
    return kept, len(lines) - len(kept)


def _day_tools(ask: Ask, day: date) -> list[Any]:
    view = ask.view
    choices = [
        Choice(region, view.href(region=region), region == view.region, REGION_NAMES[region])
        for region in (NEM, *REGIONS)
    ]
    there = view.href(tab="generation", period=Period.of_days(day, day), preset="")
    around = {
        label: f"{day + timedelta(days=step):%Y-%m-%d}"
        for label, step in (("‹ Day before", -1), ("Day after ›", 1))
    }
    steps = [Choice(label, view.href(day=other)) for label, other in around.items()]
    return [
        controls.segmented("Region", choices, "views"),
        controls.segmented("Day", [*steps, Choice("All days", view.href(day=""))], "views"),
        controls.link("Open this day in Generation", there),
    ]


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab's calendar and its list."""
    day = chosen_day(ask)
    found: dict[str, Request] = {"quality": quality(ask)}
    if day is not None:
        found |= {f"gaps-{region.lower()}": gaps(ask, day, region) for region in chosen_regions(ask)}
    return found


def listen(app: Dash, manager: Manager) -> None:
    """A click on the calendar opens its day; the live panels look again while the page is looked at. Both in
    the browser (assets/system.js)."""
    app.clientside_callback(
        ClientsideFunction("nemdesk_system", "follow"),
        Output("system-followed", "data"),
        Input("system-calendar-graph", "clickData"),
        State("system-calendar-graph", "figure"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("nemdesk_system", "beat"),
        Output("system-beat", "data"),
        Input("system-clock", "n_intervals"),
        prevent_initial_call=True,
    )


TAB: Final = Tab(
    name="system",
    layout=page.layout,
    panels={
        "system-calendar": Panel(quality_calendar, chart=True),
        "system-findings": Panel(findings),
    },
    datasets=datasets,
    has_regions=False,
    has_resolutions=False,
    more=listen,
)
