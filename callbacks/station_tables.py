"""The tables of the Stations tab: which questions they ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callbacks import station_items
from callbacks.guard import Ask, csv, parquet
from callbacks.options.stations import SCOPES, SORTS
from callbacks.station_items import Choice, added
from data_layer.market import NEM, REGION_NAMES
from data_layer.requests import AggregateByGroup, Request
from data_layer.requests.stations import STATION, WHOLE, StationPeers, StationSummary
from layouts import controls, formats, station_numbers, station_tables
from layouts.definitions import info
from layouts.panel import Content
from layouts.station_items import Item
from layouts.stations import SCOPE_LABELS


def about(items: Sequence[Item]) -> str:
    """The chosen in a title: names of two, then how many more."""
    names = [item.label for item in items]
    if len(names) <= 2:
        return " and ".join(names)
    return f"{names[0]}, {names[1]} and {len(names) - 2} more"


def scope_name(ask: Ask) -> str:
    """Region and fuels that the search and the ranking are limited to."""
    fuels = " + ".join(ask.view["fuels"])
    return ", ".join(part for part in (fuels, REGION_NAMES[ask.view.region]) if part)


def nothing_ranked(ask: Ask) -> str:
    period = ask.view.period
    return (
        f"Nothing of {scope_name(ask)} reported in {formats.span(period.start, period.end)}. "
        "Choose another period, region or fuel."
    )


def peers_request(ask: Ask, level: str, *, every: bool = False) -> StationPeers:
    """All units or stations; ``every``: of all regions and fuels, as ranks are taken."""
    if every:
        return StationPeers(ask.view.period, level)
    regions = () if ask.view.region == NEM else (ask.view.region,)
    return StationPeers(ask.view.period, level, regions, ask.view["fuels"])


def _subtitle(ask: Ask) -> str:
    period = ask.view.period
    return f"{formats.span(period.start, period.end)} · AEST, interval-ending · Source: {ask.source}"


def _links(name: str, request: Request) -> list[tuple[str, str]]:
    return [csv(name, request), parquet(name, request)]


def numbers(ask: Ask) -> Content:
    """The chosen side by side, with their ranks; the ranking where nothing is chosen."""
    choice = station_items.chosen(ask)
    if not choice.items:
        return _ranking(ask)
    request = StationSummary(ask.view.period, choice.ids)
    rows = {row["item"]: row for row in ask.answer(request).table.to_pylist()}
    title = [f"In numbers, {about(choice.items)} ", info("station_rank")]
    if not rows:
        return Content(
            title=title, subtitle=_subtitle(ask), empty="No readings of what is chosen in this period."
        )
    return Content(
        title=title,
        subtitle=_subtitle(ask),
        body=station_numbers.numbers(choice.items, rows, _ranks(ask, choice)),
        downloads=_links("numbers", request),
        provenance=ask.provenance,
    )


def waiting(ask: Ask) -> Content:
    """Title and period, which need no reading."""
    return Content(title=f"In numbers, {about(station_items.chosen(ask).items)}", subtitle=_subtitle(ask))


def _ranks(ask: Ask, choice: Choice) -> dict[str, Any]:
    """Each item's row among its peers."""
    found: dict[str, Any] = {}
    for level in dict.fromkeys(item.level for item in choice.items):
        table = ask.answer(peers_request(ask, level, every=True)).table
        names = table.column("item").to_pylist()
        for item in choice.items:
            if item.level == level and item.id in names:
                found[item.id] = table.slice(names.index(item.id), 1).to_pylist()[0]
    return found


def _ranking(ask: Ask) -> Content:
    request = peers_request(ask, ask.view["by"])
    rows = ask.answer(request).table.to_pylist()
    title = f"{'Stations' if request.by == WHOLE else 'Units'}, {scope_name(ask)}"
    if not rows:
        return Content(title=title, subtitle=_subtitle(ask), empty=nothing_ranked(ask))
    view = ask.view
    body = station_tables.shortlist(
        rows,
        *_named(ask, rows, ()),
        {key: view.sorted_by(key) for key in SORTS},
        view["sort"],
        ask.theme,
        regions=view.region == NEM,
    )
    return Content(
        title=title,
        subtitle=f"Choose a row · {formats.span(view.period.start, view.period.end)} · Source: {ask.source}",
        body=body,
        downloads=_links("ranking", request),
        provenance=ask.provenance,
    )


def _named(
    ask: Ask, rows: Sequence[dict[str, Any]], ids: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """Names of rows, and the address that adds each to what is chosen, or takes it out."""
    names = {row["item"]: row["item"].removeprefix(STATION) for row in rows}
    return names, {item: ask.view.href(units=added(ids, item)) for item in names}


def _ranked(ask: Ask, rows: Sequence[dict[str, Any]], choice: Choice) -> Any:
    view = ask.view
    return station_tables.ranking(
        rows,
        *_named(ask, rows, choice.ids),
        {item.id: item.colour for item in choice.items},
        {key: view.sorted_by(key) for key in SORTS},
        view["sort"],
        scope=view["peers"],
        look=ask.theme,
    )


def peers(ask: Ask) -> Content:
    """The first of the chosen among its fuel in its region or the NEM; without a choice, fuels by region."""
    choice = station_items.chosen(ask)
    if not choice.items:
        return _fuels_by_region(ask)
    first = choice.items[0]
    request = peers_request(ask, first.level, every=True)
    rows = ask.answer(request).table.to_pylist()
    own = next((row for row in rows if row["item"] == first.id), None)
    switch = [
        controls.Choice(SCOPE_LABELS[scope], ask.view.href(peers=scope), scope == ask.view["peers"])
        for scope in SCOPES
    ]
    if own is None:
        return Content(
            title=f"Peers of {first.label}", subtitle=_subtitle(ask), empty="It has no readings here."
        )
    same = [row for row in rows if row["fuel"] == own["fuel"]]
    if ask.view["peers"] == "region":
        same = [row for row in same if row["regionid"] == own["regionid"]]
    where = (
        REGION_NAMES.get(own["regionid"], own["regionid"])
        if ask.view["peers"] == "region"
        else REGION_NAMES[NEM]
    )
    level = "stations" if first.level == WHOLE else "units"
    return Content(
        title=[f"Peers of {first.label}: {own['fuel']} {level}, {where} ", info("station_rank")],
        subtitle=f"Choose a row to add or remove it · {_subtitle(ask)}",
        tools=[controls.segmented("Peers in", switch, "views")],
        body=_ranked(ask, same, choice),
        downloads=_links("peers", StationPeers(request.period, request.by, *_same(ask, own))),
        provenance=ask.provenance,
    )


def _same(ask: Ask, own: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Regions and fuels of the peers shown, as a question names them."""
    region = own["regionid"]
    return ((region,) if ask.view["peers"] == "region" and region in REGION_NAMES else ()), (own["fuel"],)


def _fuels_by_region(ask: Ask) -> Content:
    view = ask.view
    regions = () if view.region == NEM else (view.region,)
    request = AggregateByGroup(view.period, ("fuel", "region"), regions, view["fuels"])
    rows = ask.answer(request).table.to_pylist()
    names = [f"{row['fuel']}, {row['region']}" for row in rows]
    hrefs = [
        view.href(region=row["region"], fuels=(row["fuel"],)) if row["region"] in REGION_NAMES else ""
        for row in rows
    ]
    return _grouped(ask, request, "Fuels by region", "Fuel, region", rows, names, hrefs)


def _grouped(
    ask: Ask, request: Request, title: str, label: str, rows: list[Any], names: list[str], hrefs: list[str]
) -> Content:
    full = f"{title}, {scope_name(ask)}"
    if not rows:
        return Content(title=full, subtitle=_subtitle(ask), empty=nothing_ranked(ask))
    return Content(
        title=full,
        subtitle=_subtitle(ask),
        body=station_tables.groups(rows, label, names, hrefs),
        downloads=_links(label.split(",")[0].lower(), request),
        provenance=ask.provenance,
    )


def facts(ask: Ask) -> Content:
    """The registry's facts of the chosen units; without a choice, the owners."""
    choice = station_items.chosen(ask)
    if not choice.items:
        return _owners(ask)
    request = station_items.facts_request(ask)
    rows = ask.answer(request).table.to_pylist()
    end = formats.day(ask.view.period.end)
    return Content(
        title=[f"Registry, {about(choice.items)} ", info("station_registry")],
        subtitle=f"All spans of time; loss factors as at {end} · Source: see each row",
        body=station_tables.facts(rows, choice.items),
        downloads=_links("facts", request),
        provenance=ask.provenance,
    )


def _owners(ask: Ask) -> Content:
    view = ask.view
    regions = () if view.region == NEM else (view.region,)
    request = AggregateByGroup(view.period, ("owner",), regions, view["fuels"])
    rows = ask.answer(request).table.to_pylist()
    return _grouped(ask, request, "Owners", "Owner", rows, [row["owner"] for row in rows], [""] * len(rows))
