"""The Today tab: which questions its panels ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from callbacks.guard import Ask, csv, span
from callbacks.tab import Panel, Tab
from data_layer.errors import RequestError
from data_layer.market import HIGH_PRICE_AUD_PER_MWH, NEM, REGION_NAMES, REGIONS, Resolution
from data_layer.requests import (
    GenerationMix,
    LatestInterval,
    Period,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    Request,
    preset_period,
)
from layouts import formats, mix, today
from layouts.panel import Content
from layouts.series import Grid
from layouts.tables import legend
from layouts.theme import fuel_colour

RESOLUTION: Final = Resolution.FIVE_MINUTES
EVENT_DAYS: Final = 7
EVENTS_SHOWN: Final = 15
LATE: Final = "* rooftop solar of the newest half-hour is not published yet"
HIGH: Final = f"{formats.price(HIGH_PRICE_AUD_PER_MWH)}/MWh"
AROUND_EVENT: Final = timedelta(hours=1)


def _day(ask: Ask) -> Period:
    return preset_period("1d", *span(ask.lake))


def _region_links(ask: Ask) -> dict[str, str]:
    return {region: ask.view.href(region=region) for region in (NEM, *REGIONS)}


def cards(ask: Ask) -> Content:
    """Each region at the newest interval, with its price over the day."""
    request = LatestInterval(_day(ask))
    latest = ask.answer(request).table
    if not latest.num_rows:
        return Content(title="Now", empty="No interval of the last 24 hours has a price in every region.")
    series = RegionSeries(request.period, resolution=RESOLUTION)
    grid = Grid.of(series.period.start, series.period.end, RESOLUTION)
    history = today.history_by_region(ask.answer(series).table, grid)
    entries = today.cards_of(latest, history, _region_links(ask), ask.view.region)
    stamp = latest.column("settlementdate")[0].as_py()
    parts = [
        f"Interval ending {formats.stamp(stamp)} AEST",
        "sparkline: price, last 24 hours",
        f"Source: {ask.source}",
    ]
    if any(card.rooftop_late for card in entries):
        parts.append(LATE)
    return Content(
        title="Now",
        subtitle=" · ".join(parts),
        body=today.cards(entries),
        downloads=[csv("latest interval", request)],
        provenance=ask.provenance,
    )


def generation(ask: Ask) -> Content:
    """The last 24 hours by fuel."""
    region = ask.view.region
    request = GenerationMix(_day(ask), region, RESOLUTION)
    title = f"Generation by fuel, {REGION_NAMES[region]}"
    subtitle = ask.subtitle(request)
    answer = ask.answer(request).table
    grid = Grid.of(request.period.start, request.period.end, RESOLUTION)
    flows = None
    downloads = [csv("generation", request)]
    if region != NEM:
        flow_request = RegionSeries(request.period, (region,), RESOLUTION)
        flows = ask.answer(flow_request).table
        downloads.append(csv("net imports", flow_request))
    drawn = mix.Mix.of(grid, answer, flows)
    if drawn.is_empty:
        return Content(
            title=title, subtitle=subtitle, empty="No unit readings in the last 24 hours of the data."
        )
    entries = [
        (
            mix.generation_name(fuel),
            fuel_colour(fuel, ask.theme),
            ask.view.toggled("hidden", fuel),
            fuel in ask.view["hidden"],
        )
        for fuel in drawn.fuels
    ]
    return Content(
        title=title,
        subtitle=subtitle,
        figure=mix.stack(drawn, mix.Look(ask.theme, ask.view["hidden"])),
        tools=legend(entries),
        downloads=downloads,
        provenance=ask.provenance,
    )


def prices(ask: Ask) -> Content:
    """Prices of all regions over the last 24 hours."""
    request = PriceEnvelope(_day(ask), max_points=600)
    answer = ask.answer(request).table
    title = "Spot price, all regions"
    subtitle = ask.subtitle(request).replace("AEST", "5-minute settlement prices · AEST", 1)
    if not answer.num_rows:
        return Content(title=title, subtitle=subtitle, empty="No prices in the last 24 hours of the data.")
    period = request.period
    return Content(
        title=title,
        subtitle=subtitle,
        figure=today.price_lines(answer, period.start, period.end, ask.theme, ask.view.region),
        downloads=[csv("prices", request)],
        provenance=ask.provenance,
    )


def summary(ask: Ask) -> Content:
    """The last 24 hours in numbers, against the 24 hours before."""
    request = RegionSummary(_day(ask))
    now = ask.answer(request).table
    try:
        before = ask.answer(RegionSummary(request.period.previous())).table
    except RequestError:  # the data starts with this day
        before = now.slice(0, 0)
    return Content(
        title="Last 24 hours, against the 24 hours before",
        subtitle=ask.subtitle(request),
        body=today.summary(now, before, _region_links(ask), ask.view.region, ask.theme),
        downloads=[csv("summary", request)],
        provenance=ask.provenance,
    )


def events(ask: Ask) -> Content:
    """Recent runs of high and negative prices."""
    region = ask.view.region
    request = _event_request(ask)
    rows = ask.answer(request).table.slice(0, EVENTS_SHOWN).to_pylist()
    title = f"Price events, {REGION_NAMES[region]}"
    subtitle = f"Above {HIGH} or below zero · last {EVENT_DAYS} days · Source: {ask.source}"
    if not rows:
        return Content(
            title=title,
            subtitle=subtitle,
            empty=f"No price above {HIGH} or below zero in {EVENT_DAYS} days.",
        )
    hrefs = [
        ask.view.href(
            tab="generation",
            region=row["regionid"],
            period=Period(row["start"] - AROUND_EVENT, row["end"] + AROUND_EVENT),
        )
        for row in rows
    ]
    return Content(
        title=title,
        subtitle=subtitle,
        body=today.events(rows, hrefs, ask.theme),
        downloads=[csv("events", request)],
        provenance=ask.provenance,
    )


def _event_request(ask: Ask) -> PriceEvents:
    first, last = span(ask.lake)
    region = ask.view.region
    regions = REGIONS if region == NEM else (region,)
    since = max(first - timedelta(minutes=5), last - timedelta(days=EVENT_DAYS))
    return PriceEvents(Period(since, last), regions)


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab."""
    day = _day(ask)
    return {
        "generation": GenerationMix(day, ask.view.region, RESOLUTION),
        "latest": LatestInterval(day),
        "prices": PriceEnvelope(day, max_points=600),
        "summary": RegionSummary(day),
        "events": _event_request(ask),
    }


TAB: Final = Tab(
    name="today",
    layout=today.layout,
    panels={
        "today-cards": Panel(cards),
        "today-mix": Panel(generation, chart=True),
        "today-prices": Panel(prices, chart=True),
        "today-summary": Panel(summary),
        "today-events": Panel(events),
    },
    datasets=datasets,
    has_period=False,
    has_resolutions=False,
)
