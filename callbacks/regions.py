"""The Regions tab: which questions its panels ask."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import pyarrow as pa
from dash import ClientsideFunction, Dash, Input, Output, html

from callbacks.guard import Ask, Manager, csv, parquet
from callbacks.options.regions import LINE_VIEWS
from callbacks.options.regions import MEASURES as MEASURE_NAMES
from callbacks.tab import Panel, Tab
from data_layer.market import FUELS, NEM, REGION_NAMES, REGIONS, Resolution
from data_layer.requests import Period, Request
from data_layer.requests.base import join
from data_layer.requests.regions import (
    FlowDuration,
    InterconnectorMeans,
    InterconnectorSeries,
    PriceSeparation,
    RegionMeans,
    RegionSteps,
    StationSites,
)
from layouts import controls, formats, interconnectors, market_map, market_state
from layouts import regions as page
from layouts.controls import Choice
from layouts.definitions import info
from layouts.market_state import MEASURES
from layouts.panel import Content
from layouts.series import Grid
from layouts.tables import legend
from layouts.theme import fuel_colour

MOST_STEPS: Final = 200
"""Positions the slider may have: every one is a frame that travels with the map."""

OUTSIDE: Final = "The moment in the address lies outside the period: this is the period's mean."


def steps_of(period: Period) -> Resolution:
    """How finely the map can be scrubbed: half-hours of a day, hours of a week, days of months."""
    fitting = (r for r in Resolution if period.intervals / r.intervals <= MOST_STEPS)
    return next(fitting, Resolution.MONTH)


def _region_hrefs(ask: Ask) -> dict[str, str]:
    """Each region's view; that of the chosen one leads back to all of them."""
    chosen = ask.view.region
    return {region: ask.view.href(region=NEM if region == chosen else region) for region in REGIONS}


def _line_hrefs(ask: Ask, totals: pa.Table) -> dict[str, str]:
    return {line: ask.view.href(line=line) for line in totals.column("interconnectorid").to_pylist()}


def _station_hrefs(ask: Ask, sites: pa.Table) -> list[str]:
    base = ask.view.href(tab="stations")
    base += "&" if "?" in base else "?"
    names = sites.column("station_name").to_pylist()
    return [base + urlencode({"units": join([f"station:{name}"])}, safe=",:") for name in names]


def market(ask: Ask) -> Content:
    """The map at the chosen moment; the browser scrubs through the others by itself."""
    view = ask.view
    state = _state(ask)
    row = market_state.row_at(state.grid, view["at"])
    title = f"{state.measure.label} by region"
    subtitle = _map_subtitle(ask, state)
    switch = [
        Choice(MEASURES[name].label, view.href(measure=name), name == view["measure"])
        for name in MEASURE_NAMES
    ]
    tools: list[Any] = [page.measure_switch(switch, view["measure"])]
    if state.is_empty:
        return Content(title=title, subtitle=subtitle, tools=tools, empty=_nothing(view.period))
    sites = ask.answer(StationSites(view.period)).table if view["stations"] == "on" else None
    look = market_map.Look(
        ask.theme,
        view.region,
        row or 0,
        view["hidden"],
        _region_hrefs(ask),
        {line.identity: view.href(line=line.identity) for line in state.lines},
        [] if sites is None else _station_hrefs(ask, sites),
    )
    tools += [page.legend(state, ask.theme, row or 0), *_station_tools(ask, sites)]
    return Content(
        title=title,
        subtitle=subtitle,
        figure=market_map.figure(state, sites, look),
        tools=tools,
        body=page.scrubber(state.labels(), row or 0, view.href(at="")),
        note=OUTSIDE if row is None else None,
        downloads=[csv("steps", _steps(ask)), csv("interconnectors", _line_steps(ask))],
        provenance=ask.provenance,
    )


def _steps(ask: Ask) -> RegionSteps:
    return RegionSteps(ask.view.period, steps_of(ask.view.period))


def _line_steps(ask: Ask) -> InterconnectorSeries:
    return InterconnectorSeries(ask.view.period, (), steps_of(ask.view.period))


def _state(ask: Ask) -> market_state.State:
    period = ask.view.period
    grid = Grid.of(period.start, period.end, steps_of(period))
    means, steps, totals, flows = (
        ask.answer(request).table
        for request in (RegionMeans(period), _steps(ask), InterconnectorMeans(period), _line_steps(ask))
    )
    return market_state.State.of(grid, MEASURES[ask.view["measure"]], means, steps, totals, flows)


def _map_subtitle(ask: Ask, state: market_state.State) -> str:
    step = state.grid.resolution.label
    days = formats.span(ask.view.period.start, ask.view.period.end)
    return f"{days} · {step} steps · AEST, interval-ending · Source: {ask.source}"


def _station_tools(ask: Ask, sites: pa.Table | None) -> list[Any]:
    """Stations on or off, and the fuels of those shown as a legend that hides."""
    on = ask.view["stations"] == "on"
    other = ask.view.href(stations="off" if on else "on")
    parts: list[Any] = [controls.toggles("Map shows", [Choice("Stations", other, on)], "views")]
    if sites is not None:
        present = set(sites.column("fuel").to_pylist())
        hidden = ask.view["hidden"]
        parts.append(
            legend(
                [
                    (fuel, fuel_colour(fuel, ask.theme), ask.view.toggled("hidden", fuel), fuel in hidden)
                    for fuel in FUELS
                    if fuel in present
                ]
            )
        )
    return parts


def _nothing(period: Period) -> str:
    days = formats.span(period.start, period.end)
    return f"No prices, demand or flows in {days}. Choose another period."


def regions(ask: Ask) -> Content:
    """The regions over the period, as a table of links."""
    request = RegionMeans(ask.view.period)
    answer = ask.answer(request).table
    head: dict[str, Any] = {"title": "Regions", "subtitle": _period_subtitle(ask)}
    if not answer.num_rows:
        return Content(**head, empty=_nothing(ask.view.period))
    expected = ask.view.period.intervals
    return Content(
        **head,
        body=page.table(answer, _region_hrefs(ask), ask.view.region, expected, ask.theme),
        downloads=[csv("regions", request), parquet("regions", request)],
        provenance=ask.provenance,
    )


def _period_subtitle(ask: Ask) -> str:
    days = formats.span(ask.view.period.start, ask.view.period.end)
    return f"{days} · whole period, AEST · Source: {ask.source}"


def lines(ask: Ask) -> Content:
    """Every interconnector over the period; of a region, those that touch it."""
    request = InterconnectorMeans(ask.view.period)
    answer = _touching(ask.answer(request).table, ask.view.region)
    head: dict[str, Any] = {
        "title": f"Interconnectors, {REGION_NAMES[ask.view.region]}",
        "subtitle": _period_subtitle(ask),
    }
    if not answer.num_rows:
        return Content(**head, empty=_no_flows(ask))
    current = _chosen_line(ask, answer)
    return Content(
        **head,
        body=interconnectors.table(answer, _line_hrefs(ask, answer), current.identity if current else ""),
        note=interconnectors.unmapped_note(answer) or None,
        downloads=[csv("interconnectors", request), parquet("interconnectors", request)],
        provenance=ask.provenance,
    )


def _no_flows(ask: Ask) -> str:
    days = formats.span(ask.view.period.start, ask.view.period.end)
    return f"No interconnector flows in {days}. Choose another period or region."


def _touching(totals: pa.Table, region: str) -> pa.Table:
    """Interconnectors with an end in the region, and those without a known end."""
    if region == NEM:
        return totals
    ends = (totals.column("regionid_from").to_pylist(), totals.column("regionid_to").to_pylist())
    wanted = {region, market_state.UNMAPPED}
    return totals.filter(pa.array([bool(wanted & {a, b}) for a, b in zip(*ends, strict=True)], pa.bool_()))


def _chosen_line(ask: Ask, totals: pa.Table) -> market_state.Line | None:
    """The line of the address, or the first that can be shown; None where the address names one without
    readings."""
    found = market_state.lines_of(totals)
    asked = ask.view["line"]
    if asked:
        return next((line for line in found if line.identity == asked), None)
    mapped = [line for line in found if line.mapped] or list(found)
    return max(mapped, key=lambda line: line.identity == "VIC1-NSW1", default=None)


def line(ask: Ask) -> Content:
    """One interconnector: flow against limits, duration curve or counter-price flow."""
    view = ask.view
    totals = ask.answer(InterconnectorMeans(view.period)).table
    drawn = _chosen_line(ask, totals if view["line"] else _touching(totals, view.region))
    if drawn is None:
        wanted = view["line"] or "any interconnector"
        return Content(
            title="Interconnector",
            tools=_line_tools(ask, totals, ""),
            empty=f"No flows of {wanted}. {_no_flows(ask)}",
        )
    request = _line_request(ask, drawn.identity)
    answer = ask.answer(request).table
    return Content(
        title=f"{interconnectors.VIEW_LABELS[view['view']]}, {drawn.name}",
        subtitle=ask.subtitle(request),
        figure=_line_figure(ask, answer, drawn),
        tools=_line_tools(ask, totals, drawn.identity),
        note=interconnectors.NO_PRICES if view["view"] == "counter-price" and not drawn.mapped else None,
        downloads=[csv(drawn.name, request)],
        provenance=ask.provenance,
    )


def _line_request(ask: Ask, identity: str) -> FlowDuration | InterconnectorSeries:
    if ask.view["view"] == "duration":
        return FlowDuration(ask.view.period, identity)
    return InterconnectorSeries(ask.view.period, (identity,), ask.view.resolved)


def _line_figure(ask: Ask, answer: pa.Table, drawn: market_state.Line) -> Any:
    if ask.view["view"] == "duration":
        return interconnectors.duration(answer, drawn, ask.theme)
    grid = Grid.of(ask.view.period.start, ask.view.period.end, ask.view.resolved)
    draw = interconnectors.over_time if ask.view["view"] == "over-time" else interconnectors.counter_price
    return draw(grid, answer, drawn, ask.theme)


def _line_tools(ask: Ask, totals: pa.Table, current: str) -> list[Any]:
    view = ask.view
    choices = [
        Choice(interconnectors.VIEW_LABELS[name], view.href(view=name), name == view["view"])
        for name in LINE_VIEWS
    ]
    definition = {"over-time": "limits", "duration": "flow_duration", "counter-price": "counter_price"}
    options = [
        controls.Option(
            one.identity, f"{one.name} ({one.identity})" if one.mapped else f"{one.identity} (unmapped)"
        )
        for one in market_state.lines_of(totals)
    ]
    if not current:
        options = [controls.Option("", "Choose …"), *options]
    return [
        controls.select("Interconnector", "line", options, current, "", shown=False),
        html.Div(
            [controls.segmented("Chart", choices, "views"), info(definition[view["view"]])],
            className="switch",
        ),
    ]


def separation(ask: Ask) -> Content:
    """Region by region: mean difference of prices, and how often they part."""
    apart = ask.view["apart"]
    request = PriceSeparation(ask.view.period, float(apart))
    answer = ask.answer(request).table
    head: dict[str, Any] = {
        "title": "Price separation",
        "subtitle": f"{_period_subtitle(ask)} · mean absolute difference, $/MWh; below it the mean of row "
        f"less column, and the share of 5-minute intervals more than ${apart:,} apart (bar)",
        "tools": [
            controls.text("Separated above, $/MWh", "apart", str(apart), "10"),
            info("price_separation"),
        ],
    }
    if not sum(answer.column("intervals").to_pylist()):
        return Content(**head, empty=_nothing(ask.view.period))
    return Content(
        **head,
        body=page.separation(answer, ask.view.region),
        downloads=[csv("separation", request), parquet("separation", request)],
        provenance=ask.provenance,
    )


def stations(ask: Ask) -> Content:
    """Every station as a link: what the bubbles say to those who point."""
    request = StationSites(ask.view.period)
    sites = ask.answer(request).table
    among = [
        (row, href)
        for row, href in zip(sites.to_pylist(), _station_hrefs(ask, sites), strict=True)
        if ask.view.region in (NEM, row["regionid"]) and row["fuel"] not in ask.view["hidden"]
    ]
    head: dict[str, Any] = {
        "title": f"Stations, {REGION_NAMES[ask.view.region]}",
        "subtitle": _period_subtitle(ask),
    }
    if not among:
        return Content(**head, empty="No station of the chosen fuels. Show them again in the map's legend.")
    return Content(
        **head,
        body=page.station_list([row for row, _ in among], [href for _, href in among], ask.theme),
        downloads=[csv("stations", request), parquet("stations", request)],
        provenance=ask.provenance,
    )


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab; the map's steps come first."""
    period = ask.view.period
    chosen = (ask.view["line"],) if ask.view["line"] else ()
    return {
        "steps": _steps(ask),
        "regions": RegionMeans(period),
        "interconnector-steps": _line_steps(ask),
        "interconnectors": InterconnectorMeans(period),
        "line": InterconnectorSeries(period, chosen, ask.view.resolved),
        "duration": FlowDuration(period, ask.view["line"]),
        "separation": PriceSeparation(period, float(ask.view["apart"])),
        "stations": StationSites(period),
    }


def listen(app: Dash, manager: Manager) -> None:
    """Clicks on the map lead somewhere, zooming shows more stations; both in the browser
    (assets/regions.js)."""
    app.clientside_callback(
        ClientsideFunction("regions", "follow"),
        Output("regions-followed", "data"),
        Input("regions-map-graph", "clickData"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("regions", "settle"),
        Output("regions-settled", "data"),
        Input("regions-map-graph", "relayoutData"),
        Input("regions-map-graph", "figure"),
        Input("regions-map-bottom", "children"),
        prevent_initial_call=True,
    )


TAB: Final = Tab(
    name="regions",
    layout=page.layout,
    panels={
        "regions-map": Panel(market, chart=True),
        "regions-table": Panel(regions),
        "regions-lines": Panel(lines),
        "regions-line": Panel(line, chart=True, zoomed="regions-zoomed"),
        "regions-separation": Panel(separation),
        "regions-stations": Panel(stations),
    },
    datasets=datasets,
    more=listen,
)
