"""The Prices tab: which questions its big chart asks, and its share of the period bar."""

from __future__ import annotations

from typing import Any, Final

from dash import html

from callbacks import price_views
from callbacks.guard import Ask, csv, parquet
from callbacks.options.prices import DRAWN, SCALES, SMOOTHINGS, WINDOWS
from callbacks.price_views import compared_note, look, period_bar, region_href, shown_regions, title_of
from callbacks.tab import Panel, Tab
from data_layer.market import REGIONS
from data_layer.requests import Period, PriceEnvelope, RegionSeries, Request
from layouts import controls, formats, price_series, smoothing
from layouts import prices as page
from layouts.controls import Choice, Option
from layouts.definitions import info
from layouts.panel import Content
from layouts.price_series import Envelope, Lines
from layouts.series import Grid
from layouts.tables import legend
from layouts.theme import region_colour

POINTS_ALONE: Final = 2_400
POINTS_EACH: Final = 1_200
"""Points of a line of spikes and dips: more than a screen has pixels across, for one region and several."""


def chart(ask: Ask) -> Content:
    """Prices over time: averages of buckets, or every spike and dip."""
    return spikes(ask) if ask.view["draw"] == "extremes" else averages(ask)


def averages(ask: Ask) -> Content:
    """Mean of each bucket; for one region also the band from its lowest to its highest price."""
    view, other = ask.view, ask.compared
    request = series_request(ask, view.period)
    lines = _lines(ask, request)
    title = title_of("Spot price", ask)
    if lines.is_empty:
        return _nothing(ask, title, request)
    past = _lines(ask, series_request(ask, other)) if other else None
    parts = [ask.subtitle(request), _dotted(other)]
    if lines.lowest is not None:
        parts.append("band: lowest to highest 5-minute price")
    parts += [smoothing.said(view["smooth"], view["window"])]
    remark = smoothing.remark(view["smooth"], view["window"], view.resolved, len(lines.grid))
    return Content(
        title=title,
        subtitle=" · ".join(part for part in parts if part),
        figure=price_series.over_time(lines, look(ask), past),
        tools=_tools(ask),
        note=compared_note(ask) or remark,
        downloads=[csv("prices", request), parquet("prices", request)],
        provenance=ask.provenance,
    )


def spikes(ask: Ask) -> Content:
    """5-minute prices, thinned so that no spike and no dip is lost."""
    view, other = ask.view, ask.compared
    request = envelope_request(ask, view.period)
    lines = _envelope(ask, request)
    title = title_of("Spot price, spikes and dips", ask)
    if not lines.series:
        return _nothing(ask, title, request)
    past = _envelope(ask, envelope_request(ask, other)) if other else None
    thinned = "lowest and highest 5-minute price of each stretch · AEST"
    said = ask.subtitle(request).replace("AEST", thinned, 1)
    return Content(
        title=title,
        subtitle=" · ".join(part for part in (said, _dotted(other)) if part),
        figure=price_series.spikes(lines, look(ask), past),
        tools=_tools(ask),
        note=compared_note(ask),
        downloads=[csv("spikes and dips", request)],
        provenance=ask.provenance,
    )


def _dotted(other: Period | None) -> str:
    """What the faded lines are."""
    return f"dotted: {formats.span(other.start, other.end)}" if other else ""


def series_request(ask: Ask, period: Period) -> RegionSeries:
    return RegionSeries(period, shown_regions(ask.view), ask.view.resolved)


def envelope_request(ask: Ask, period: Period) -> PriceEnvelope:
    regions = shown_regions(ask.view)
    return PriceEnvelope(period, regions, POINTS_ALONE if len(regions) == 1 else POINTS_EACH)


def _lines(ask: Ask, request: RegionSeries) -> Lines:
    grid = Grid.of(request.period.start, request.period.end, request.resolution)
    return Lines.of(grid, ask.answer(request).table)


def _envelope(ask: Ask, request: PriceEnvelope) -> Envelope:
    return Envelope.of(request.period.start, request.period.end, ask.answer(request).table)


def _nothing(ask: Ask, title: str, request: Request) -> Content:
    return Content(
        title=title, subtitle=ask.subtitle(request), tools=_tools(ask), empty=price_views.nothing(ask)
    )


def _tools(ask: Ask) -> list[Any]:
    """How the lines are drawn, and the legend that shows and hides regions."""
    view = ask.view
    drawn = [Choice(page.DRAWN_LABELS[n], view.href(draw=n), n == view["draw"]) for n in DRAWN]
    scales = [Choice(page.SCALE_LABELS[n], view.href(scale=n), n == view["scale"]) for n in SCALES]
    parts: list[Any] = [
        controls.segmented("Drawn", drawn, "views"),
        controls.segmented("Price axis", scales, "views"),
        info("price_line"),
    ]
    if view["draw"] == "average":
        parts += _smoothing(ask)
    shown = shown_regions(view)
    entries = [
        (region, region_colour(region, ask.theme), _hidden_href(ask, region), region not in shown)
        for region in REGIONS
    ]
    return [html.Div(parts, className="switch price-tools"), legend(entries, "Regions shown")]


def _smoothing(ask: Ask) -> list[Any]:
    view = ask.view
    kinds = [Option(name, page.SMOOTHING_LABELS[name]) for name in SMOOTHINGS]
    parts = [controls.select("Smoothing", "smooth", kinds, view["smooth"], "none", shown=False)]
    if view["smooth"] != "none":
        windows = [Option(name, page.WINDOW_LABELS[name]) for name in WINDOWS]
        parts.append(controls.select("Window", "window", windows, view["window"], "1d", shown=False))
    return [*parts, info("price_smoothing")]


def _hidden_href(ask: Ask, region: str) -> str:
    """Address with a region shown or hidden; hiding the last one shows all."""
    shown = shown_regions(ask.view)
    wanted = [one for one in REGIONS if (one in shown) != (one == region)]
    return region_href(ask.view, tuple(wanted))


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab, the series first."""
    return {
        "series": series_request(ask, ask.view.period),
        "spikes": envelope_request(ask, ask.view.period),
        **price_views.datasets(ask),
    }


TAB: Final = Tab(
    name="prices",
    layout=page.layout,
    panels={
        "price-chart": Panel(chart, chart=True, zoomed="price-zoomed"),
        "price-view": Panel(price_views.analysis, chart=True),
    },
    datasets=datasets,
    bar=period_bar,
    has_regions=False,
)
