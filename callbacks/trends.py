"""The Trends tab: which questions its panels ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from callbacks import comparison
from callbacks.guard import Ask, csv, parquet, span
from callbacks.tab import Panel, Tab
from callbacks.trend_tools import choices, legend_of, select, switch
from data_layer.market import REGION_NAMES, Bucket, Fuel, market_day
from data_layer.requests import Period, Request
from data_layer.requests.trends import (
    DailyRolling,
    DemandExtremes,
    EveningRamp,
    FuelTrend,
    InBuckets,
    InDays,
    ShareRecords,
    ShareTrend,
)
from layouts import formats, trend_charts, trend_tables
from layouts import trends as page
from layouts.buckets import Buckets
from layouts.panel import Content
from layouts.trend_charts import Trend, Year
from layouts.trend_spans import Span, full_years

WINDOWS: Final = {"30": "30-day mean", "7": "7-day mean", "90": "90-day mean"}


def _questions(ask: Ask) -> dict[str, Request]:
    """Every question of the tab in its present view, by the names of its tables."""
    view = ask.view
    where = (view.period, view.region)
    _, fuels = page.SERIES[view["series"]]
    return {
        "mix": FuelTrend(*where, view["bucket"]),
        "years": DailyRolling(*where, fuels, int(view["window"])),
        "demand": DemandExtremes(*where, view["bucket"]),
        "ramp": EveningRamp(*where, view["bucket"], view["of"]),
        "share": ShareTrend(*where, view["bucket"], view["definition"]),
        "records": ShareRecords(*where, view["definition"]),
        "fuels": _by_fuel(ask),
    }


def _year(ask: Ask) -> Bucket:
    """The kind of year that years are compared by."""
    chosen = Bucket(ask.view["bucket"])
    return chosen if chosen is Bucket.FINANCIAL_YEAR else Bucket.YEAR


def _by_fuel(ask: Ask) -> FuelTrend:
    """What the table of fuels adds up: the buckets of the chart, so that one answer serves both; months
    where those do not lie within one year."""
    chosen = ask.view["bucket"]
    bucket = Bucket.MONTH.value if chosen == Bucket.SEASON else chosen
    return FuelTrend(ask.view.period, ask.view.region, bucket)


def _in_region(ask: Ask, what: str) -> str:
    return f"{what}, {REGION_NAMES[ask.view.region]}"


def _subtitle(ask: Ask, request: Request, *how: str) -> str:
    days = formats.span(request.period.start, request.period.end)
    said = [days, *(part for part in how if part), "AEST, interval-ending", f"Source: {ask.source}"]
    return " · ".join(said)


def _buckets(request: InBuckets, answer: pa.Table) -> Buckets:
    return Buckets.of(Bucket(request.bucket), request.period.start, request.period.end, answer)


def _by(ask: Ask) -> str:
    return f"by {page.BUCKET_LABELS[ask.view['bucket']].lower()}"


def _nothing(ask: Ask, request: Request, what: str) -> str:
    days = formats.span(request.period.start, request.period.end)
    return f"No {what} for {REGION_NAMES[ask.view.region]} in {days}. Choose another period or region."


def _views(ask: Ask, definition: str) -> list[Any]:
    """Which chart, and by what it is counted."""
    view = ask.view
    made = [switch(choices(view, "view", "Chart", page.VIEW_LABELS), definition)]
    if view["view"] != "overlay":
        made.append(switch(choices(view, "bucket", "Count by", page.BUCKET_LABELS), "bucket"))
    return made


def main(ask: Ask) -> Content:
    """The chosen view; only its data is asked for."""
    return {"mix": mix, "overlay": overlay, "demand": demand, "ramp": ramp}[ask.view["view"]](ask)


def mix(ask: Ask) -> Content:
    """Energy or shares by fuel or group, by bucket."""
    view = ask.view
    request = FuelTrend(view.period, view.region, view["bucket"])
    answer = ask.answer(request).table
    shares = view["as"] == "share"
    title = _in_region(ask, "Share of generation by fuel" if shares else "Generation by fuel")
    tools = [
        *_views(ask, "share" if shares else "energy"),
        choices(view, "as", "Measure", page.MEASURE_LABELS),
        choices(view, "group", "Grouping", page.GROUP_LABELS),
    ]
    if not answer.num_rows:
        return Content(title, tools=tools, empty=_nothing(ask, request, "unit readings"))
    trend = Trend.of(_buckets(request, answer), answer)
    left_out = (Fuel.BATTERY.value,) if shares else ()
    entries = [band for band, _ in trend.banded(page.bands(view["group"], ask.theme), left_out)]
    draw = trend_charts.shares if shares else trend_charts.mix
    return Content(
        title=title,
        subtitle=_subtitle(ask, request, _by(ask), trend.buckets.note),
        figure=draw(trend, entries, view["hidden"], ask.theme),
        tools=[*tools, legend_of(view, entries)],
        downloads=[csv("mix", request), parquet("mix", request)],
        provenance=ask.provenance,
    )


def overlay(ask: Ask) -> Content:
    """Years over each other by day of the year."""
    view = ask.view
    request, answer, years = _years(ask)
    name, _ = page.SERIES[view["series"]]
    tools = [
        *_views(ask, "rolling_mean"),
        select(view, "series", "Fuels", {key: label for key, (label, _) in page.SERIES.items()}),
        choices(view, "as", "Measure", page.MEASURE_LABELS),
        choices(view, "window", "Window", WINDOWS),
    ]
    title = _in_region(ask, f"{name}, years overlaid")
    if not years:
        return Content(title, tools=tools, empty=_no_years(ask, request, answer))
    shares = view["as"] == "share"
    unit = "% of generation without storage" if shares else "GWh a day"
    hover, scale = ("%{y:.1f}%", 100.0) if shares else ("%{y:,.1f} GWh a day", 0.001)
    how = f"{WINDOWS[view['window']]} to the day shown, at least {request.needs} whole days of it found"
    return Content(
        title=title,
        subtitle=_subtitle(ask, request, how),
        figure=trend_charts.overlay(years, ask.theme, unit, hover, scale),
        tools=tools,
        downloads=[csv("daily rolling mean", request), parquet("daily rolling mean", request)],
        provenance=ask.provenance,
    )


def _years(ask: Ask) -> tuple[DailyRolling, pa.Table, list[Year]]:
    view = ask.view
    _, fuels = page.SERIES[view["series"]]
    request = DailyRolling(view.period, view.region, fuels, int(view["window"]))
    answer = ask.answer(request).table
    column = "share" if view["as"] == "share" else "energy_mwh"
    return request, answer, trend_charts.years(answer, column, _year(ask))


def _no_years(ask: Ask, request: DailyRolling, answer: pa.Table) -> str:
    if ask.view["as"] == "share" and ask.view["series"] == "battery":
        return "Storage is in no share of generation: choose energy, or other fuels."
    if answer.num_rows:
        return (
            f"A {request.window_days}-day mean needs {request.needs} whole days, and the data has fewer. "
            "Choose a longer period or a shorter window."
        )
    return _nothing(ask, request, "whole days of unit readings")


def demand(ask: Ask) -> Content:
    """Highest and lowest operational demand by bucket."""
    view = ask.view
    request = DemandExtremes(view.period, view.region, view["bucket"])
    answer = ask.answer(request).table
    title = _in_region(ask, "Highest and lowest demand")
    tools = _views(ask, "demand_extremes")
    if not answer.num_rows:
        return Content(title, tools=tools, empty=_nothing(ask, request, "complete half-hour of demand"))
    places = _buckets(request, answer)
    return Content(
        title=title,
        subtitle=_subtitle(ask, request, f"half-hour means, {_by(ask)}", places.note),
        figure=trend_charts.demand(places, answer, ask.theme),
        tools=tools,
        downloads=[csv("demand", request), parquet("demand", request)],
        provenance=ask.provenance,
    )


def ramp(ask: Ask) -> Content:
    """The largest rise over three hours in the evening, by bucket."""
    view = ask.view
    request = EveningRamp(view.period, view.region, view["bucket"], view["of"])
    answer = ask.answer(request).table
    title = _in_region(ask, f"Evening ramp of {page.LOAD_LABELS[view['of']].lower()}")
    tools = [*_views(ask, "evening_ramp"), choices(view, "of", "Rise of", page.LOAD_LABELS)]
    if not answer.num_rows:
        return Content(title, tools=tools, empty=_nothing(ask, request, "complete evening"))
    places = _buckets(request, answer)
    how = f"largest rise over 3 hours between 14:00 and 21:00, half-hour means, {_by(ask)}"
    return Content(
        title=title,
        subtitle=_subtitle(ask, request, how, places.note),
        figure=trend_charts.ramp(places, answer, ask.theme),
        tools=tools,
        downloads=[csv("evening ramps", request), parquet("evening ramps", request)],
        provenance=ask.provenance,
    )


def table(ask: Ask) -> Content:
    """The numbers beside the chosen view."""
    sides = {"mix": fuels_table, "overlay": years_table, "demand": demand_table, "ramp": ramp_table}
    return sides[ask.view["view"]](ask)


def fuels_table(ask: Ask) -> Content:
    """The latest full year against the one before, or the period against the one it is compared with."""
    view = ask.view
    request = _by_fuel(ask)
    answer = ask.answer(request).table
    if not answer.num_rows:
        return Content(_in_region(ask, "By fuel"), empty=_nothing(ask, request, "unit readings"))
    now, before, note = _spans(ask, request, answer)
    found = [f"{formats.number(one.found)} of {formats.number(one.days)}" for one in (now, before) if one]
    days = f"days found: {', '.join(found)}"
    stretches = formats.span(request.period.start, request.period.end)
    if ask.compared is not None:
        stretches += f" against {comparison.named(ask.compared)}"
    title = f"By fuel, {now.name}" + (f" against {before.name}" if before else "")
    return Content(
        title=_in_region(ask, "By fuel against another period" if ask.compared else title),
        subtitle=" · ".join((stretches, days, f"Source: {ask.source}")),
        body=trend_tables.fuels(now, before, _toggles(ask, now), view["hidden"], ask.theme),
        note=note or None,
        downloads=[csv("by fuel", request), parquet("by fuel", request)],
        provenance=ask.provenance,
    )


def _toggles(ask: Ask, now: Span) -> dict[str, str]:
    return {fuel: ask.view.toggled("hidden", fuel) for fuel in now.mwh}


def _spans(ask: Ask, request: FuelTrend, answer: pa.Table) -> tuple[Span, Span | None, str]:
    """What is shown, what it is compared with, and a remark."""
    note, period, kind = comparison.note(ask), request.period, _year(ask)
    whole = Span.of("this period", answer, _days(period))
    if ask.compared is not None:
        other = FuelTrend(ask.compared, request.region, request.bucket)
        return whole, Span.of("other period", ask.answer(other).table, _days(other.period)), note
    full = full_years(kind, period.start, period.end, answer)
    if not full:
        return whole, None, note or f"No full {kind.label} in this period: all of it is shown."
    before = full[-2] if len(full) > 1 else None
    if before is not None and before.start and kind.following(before.start) == full[-1].start:
        return full[-1], before, note
    alone = f"The {kind.label} before it is not full in this period: no change is shown."
    return full[-1], None, note or alone


def _days(period: Period) -> float:
    return (period.end - period.start) / timedelta(days=1)


def years_table(ask: Ask) -> Content:
    """Highest and lowest window of each year."""
    request, _, years = _years(ask)
    title = _in_region(ask, "Highest and lowest window")
    if not years:
        return Content(title, empty="No window has enough whole days.")
    shares = ask.view["as"] == "share"

    def write(value: float) -> str:
        return formats.percent(value, 1) if shares else formats.energy(value / 1000)

    return Content(
        title=title,
        subtitle=_subtitle(ask, request, WINDOWS[ask.view["window"]]),
        body=trend_tables.years(years, write, "%" if shares else "GWh a day"),
        downloads=[csv("daily rolling mean", request)],
        provenance=ask.provenance,
    )


def _to_generation(ask: Ask) -> trend_tables.Address:
    """Addresses in Generation, within the data."""
    first, last = span(ask.lake)
    covered = Period.of_days(market_day(first), market_day(last))

    def address(start: datetime, end: datetime) -> str:
        within = Period(max(start, covered.start), min(end, covered.end))
        return ask.view.href(tab="generation", period=within)

    return address


def _partial(places: Buckets) -> Mapping[date, str]:
    """Partial buckets with what was found of them."""
    listed = zip(places.starts, places.partial, places.coverage, strict=True)
    return {start: f"{found} found" for start, cut, found in listed if cut}


def demand_table(ask: Ask) -> Content:
    """When demand was highest and lowest."""
    request = DemandExtremes(ask.view.period, ask.view.region, ask.view["bucket"])
    return _listed(ask, request, "Extremes of demand", "half-hour means", trend_tables.demand)


def ramp_table(ask: Ask) -> Content:
    """The evenings of the largest ramps."""
    request = EveningRamp(ask.view.period, ask.view.region, ask.view["bucket"], ask.view["of"])
    return _listed(ask, request, "Evening ramps", page.LOAD_LABELS[request.of].lower(), trend_tables.ramps)


def _listed(ask: Ask, request: InBuckets, what: str, how: str, draw: Any) -> Content:
    answer = ask.answer(request).table
    title = _in_region(ask, what)
    if not answer.num_rows:
        return Content(title, empty=_nothing(ask, request, "complete half-hour of demand"))
    places = _buckets(request, answer)
    more = f"the latest {trend_tables.ROWS_SHOWN} shown" if answer.num_rows > trend_tables.ROWS_SHOWN else ""
    return Content(
        title=title,
        subtitle=_subtitle(ask, request, how, more),
        body=draw(answer, places.bucket, _to_generation(ask), _partial(places)),
        downloads=[csv("table", request), parquet("table", request)],
        provenance=ask.provenance,
    )


def share(ask: Ask) -> Content:
    """The renewable share by bucket under the chosen definition."""
    view = ask.view
    request = ShareTrend(view.period, view.region, view["bucket"], view["definition"])
    answer = ask.answer(request).table
    kind = page.SHARES[view["definition"]]
    labels = {name: one.label for name, one in page.SHARES.items()}
    tools = switch(choices(view, "definition", "Definition of the share", labels), kind.key)
    title = _in_region(ask, "Renewable share")
    if answer.column("share").null_count == answer.num_rows:
        return Content(title, tools=tools, empty=_nothing(ask, request, f"share ({kind.words})"))
    places = _buckets(request, answer)
    return Content(
        title=title,
        subtitle=_subtitle(ask, request, f"{kind.words}, {_by(ask)}", places.note),
        figure=trend_charts.share_line(places, answer, kind.label, ask.theme),
        tools=tools,
        downloads=[csv("renewable share", request), parquet("renewable share", request)],
        provenance=ask.provenance,
    )


def records(ask: Ask) -> Content:
    """When the renewable share was highest and lowest."""
    view = ask.view
    request: InDays = ShareRecords(view.period, view.region, view["definition"])
    answer = ask.answer(request).table
    title = _in_region(ask, "Records of the renewable share")
    if not answer.num_rows:
        return Content(title, empty=_nothing(ask, request, "complete half-hour of demand and generation"))
    return Content(
        title=title,
        subtitle=_subtitle(ask, request, page.SHARES[view["definition"]].words),
        body=trend_tables.records(answer, _to_generation(ask), view.region),
        downloads=[csv("records", request), parquet("records", request)],
        provenance=ask.provenance,
    )


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab; the chart in view comes first."""
    asked = _questions(ask)
    first = {"overlay": "years"}.get(ask.view["view"], ask.view["view"])
    return {first: asked[first], **asked}


TAB: Final = Tab(
    name="trends",
    layout=page.layout,
    panels={
        "trends-main": Panel(main, chart=True),
        "trends-table": Panel(table),
        "trends-share": Panel(share, chart=True),
        "trends-records": Panel(records),
    },
    datasets=datasets,
    bar=comparison.control,
    has_resolutions=False,
)
