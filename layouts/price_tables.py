"""Tables of the Prices tab: statistics, bands, dearest intervals, events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from dash import html

from data_layer.market import REGION_NAMES, REGIONS
from layouts import formats, tables, theme
from layouts.price_views import band_name, by_region
from layouts.tables import Cell, Column, Row

Write = Callable[[float | None], str]


@dataclass(frozen=True)
class Measure:
    """A column of the statistics: its sort key, its place in the answer, how it is written."""

    key: str
    column: str
    label: str
    unit: str
    definition: str
    write: Write


def _share(value: float | None) -> str:
    """A share as a percentage; what is not nothing is not written as nothing."""
    if value is not None and 0 < value < 0.0005:
        return f"{value * 100:.3f}%" if value >= 0.000005 else "<0.001%"
    return formats.percent(value, 1) if value else formats.percent(value)


def _count(value: float | None) -> str:
    return formats.number(value)


MEASURES: Final = (
    Measure("average", "mean_price", "Average", "$/MWh", "price_average", formats.price),
    Measure("weighted", "demand_weighted_price", "Demand-weighted", "$/MWh", "price_weighted", formats.price),
    Measure("median", "median_price", "Median", "$/MWh", "price_median", formats.price),
    Measure("q1", "q1_price", "Lower quartile", "$/MWh", "price_quartiles", formats.price),
    Measure("q3", "q3_price", "Upper quartile", "$/MWh", "price_quartiles", formats.price),
    Measure("low", "min_price", "Lowest", "$/MWh", "price_extremes", formats.price),
    Measure("high", "max_price", "Highest", "$/MWh", "price_extremes", formats.price),
    Measure("volatility", "volatility", "Volatility", "$/MWh", "price_volatility", formats.price),
    Measure("negative", "negative_share", "Negative", "% of time", "price_negative", _share),
    Measure("cap", "cap_share", "At cap", "% of time", "price_at_cap", _share),
)

_SHARES: Final = ("negative_share", "cap_share")


def _value(row: Mapping[str, Any], measure: str) -> float | None:
    value = row.get(measure if measure in _SHARES else f"{measure}_aud_per_mwh")
    return None if value is None or math.isnan(value) else float(value)


def statistics(
    now: pa.Table,
    before: pa.Table | None,
    hrefs: Mapping[str, str],
    sorts: Mapping[str, str],
    sort: str,
    look: str,
) -> html.Div:
    """A row per region, each number with its change on the other period. ``sorts``: key -> address."""
    earlier = {row["regionid"]: row for row in before.to_pylist()} if before is not None else {}
    entries = {row["regionid"]: row for row in now.to_pylist()}
    ordered = [entries[region] for region in REGIONS if region in entries]
    key = sort.removeprefix("-")
    if key:
        column = next((m.column for m in MEASURES if m.key == key), "")
        ordered.sort(key=lambda row: _sortable(row, column), reverse=sort.startswith("-"))
    columns = [
        Column("Region", numeric=False),
        *(
            Column(m.label, m.unit, m.definition, sorts[m.key], tables.direction(sort, m.key))
            for m in MEASURES
        ),
        Column("Intervals", "n", "price_intervals", sorts["n"], tables.direction(sort, "n")),
    ]
    rows = [_statistics_row(row, earlier.get(row["regionid"]), hrefs, look) for row in ordered]
    return tables.table(columns, rows, "Statistics of 5-minute settlement prices by region")


def _sortable(row: Mapping[str, Any], column: str) -> float:
    value = _value(row, column) if column else float(row["intervals"])
    return -math.inf if value is None else value


def _statistics_row(
    row: Mapping[str, Any], past: Mapping[str, Any] | None, hrefs: Mapping[str, str], look: str
) -> Row:
    region = row["regionid"]
    cells: list[str | Cell] = [region]
    for measure in MEASURES:
        value = _value(row, measure.column)
        title = _cap_title(row) if measure.key == "cap" else ""
        was = _value(past, measure.column) if past else None
        cells.append(changed(value, was, measure.write, measure.column in _SHARES, title))
    cells.append(_counted(row))
    return Row(
        cells,
        href=hrefs.get(region, ""),
        title=f"Show {REGION_NAMES[region]} alone or with the others",
        swatch=theme.region_colour(region, look),
    )


def _counted(row: Mapping[str, Any]) -> Cell:
    """How many prices there are, marked where some are missing."""
    found, expected = row["intervals"], row["intervals_expected"]
    title = f"{found:,} of {expected:,} intervals have a price"
    return Cell(f"{found:,}", "muted", title) if found >= expected else Cell(f"{found:,} ⚠", "warn", title)


def _cap_title(row: Mapping[str, Any]) -> str:
    low, high = row["lowest_cap_aud_per_mwh"], row["highest_cap_aud_per_mwh"]
    if low is None or math.isnan(low):
        return "No market price cap is known for this period"
    cap = formats.price(low) if low == high else f"{formats.price(low)} to {formats.price(high)}"
    return f"{row['cap_intervals']:,} intervals at the cap in force, {cap}/MWh"


def changed(value: float | None, was: float | None, write: Write, is_share: bool, title: str = "") -> Cell:
    """A number with its change on the other period below it."""
    text = write(value)
    if value is None or was is None:
        return Cell(text, title=title)
    difference = value - was
    size = formats.number(abs(difference) * 100, 1) + " pp" if is_share else write(abs(difference))
    mark = "▲" if difference > 0 else "▼" if difference < 0 else ""
    return Cell(text, title=f"{title + '. ' if title else ''}Other period: {write(was)}", delta=mark + size)


BAND_COLUMNS: Final = (
    Column("Region", numeric=False),
    Column("Band", "$/MWh", "price_bands", numeric=False),
    Column("Time", "%", "price_bands"),
    Column("Average", "$/MWh", "price_average"),
    Column("Contribution", "$/MWh", "price_contribution"),
    Column("Of the average", "%", "price_contribution"),
)


def bands(now: pa.Table, before: pa.Table | None, look: str) -> html.Div:
    """A row per region and band that occurred, the highest band first."""
    past = {(row["regionid"], row["band"]): row for row in before.to_pylist()} if before is not None else {}
    rows = []
    for region, part in by_region(now).items():
        for row in reversed(part.to_pylist()):
            was = past.get((region, row["band"]), {})
            share = changed(row["share_of_time"], was.get("share_of_time"), _share, True)
            rows.append(
                Row(
                    [
                        region,
                        band_name(_none(row["low_aud_per_mwh"]), _none(row["high_aud_per_mwh"])),
                        Cell(
                            share.text, "bar", share.title, share.delta, f"{row['share_of_time'] * 100:.1f}%"
                        ),
                        formats.price(row["mean_price_aud_per_mwh"]),
                        changed(
                            row["contribution_aud_per_mwh"],
                            was.get("contribution_aud_per_mwh"),
                            formats.price,
                            False,
                        ),
                        formats.percent(row["contribution_share"], 1),
                    ],
                    swatch=theme.region_colour(region, look),
                )
            )
    return tables.table(BAND_COLUMNS, rows, "Share of time and contribution to the average by price band")


def _none(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


TOP_COLUMNS: Final = (
    Column("Region", numeric=False),
    Column("Average", "$/MWh", "price_average"),
    Column("Without them", "$/MWh", "price_top"),
    Column("They made", "% of average", "price_top"),
    Column("In", "% of time"),
    Column("Highest", "$/MWh", "price_extremes"),
    Column("Ending", "AEST"),
)


def dearest(made: Mapping[str, Mapping[str, Any]], hrefs: Mapping[str, str], look: str) -> html.Div:
    """What the dearest intervals made of each region's average; a row leads to the dearest one."""
    rows = [
        Row(
            [
                region,
                formats.price(row["mean_price_aud_per_mwh"]),
                formats.price(_none(row["mean_without_aud_per_mwh"])),
                tables.bar(
                    formats.percent(_none(row["share_of_average"]), 1), _none(row["share_of_average"])
                ),
                _share(row["rank"] / row["intervals"]),
                formats.price(row["highest"]),
                formats.stamp(row["stamp"]),
            ],
            href=hrefs[region],
            title=f"Generation in {REGION_NAMES[region]} around its dearest interval",
            swatch=theme.region_colour(region, look),
        )
        for region, row in made.items()
    ]
    return tables.table(TOP_COLUMNS, rows, "The average without the dearest intervals, by region")


def sentence(made: Mapping[str, Mapping[str, Any]]) -> str:
    """Where the dearest intervals made most, as one would say it."""
    known = [row for row in made.values() if _none(row["share_of_average"]) is not None]
    if not known:
        return ""
    most = max(known, key=lambda row: float(row["share_of_average"]))
    share = formats.percent(most["share_of_average"], 0)
    return f"{most['regionid']}: {most['rank']} intervals = {share} of the average"


EVENT_COLUMNS: Final = (
    Column("From", "AEST", numeric=False),
    Column("Region", numeric=False),
    Column("Kind", definition="events", numeric=False),
    Column("Extreme", "$/MWh"),
    Column("Mean", "$/MWh"),
    Column("Length"),
    Column("Intervals"),
)


def events(rows: Sequence[Mapping[str, Any]], hrefs: Sequence[str], look: str) -> html.Div:
    """Runs of high or negative prices; each leads to that moment in Generation."""
    listed = [
        Row(
            [
                f"{formats.day(row['start'])} {formats.clock(row['start'])}",
                row["regionid"],
                "High" if row["kind"] == "high" else "Negative",
                Cell(
                    formats.price(row["extreme_price_aud_per_mwh"]),
                    "negative" if row["kind"] == "negative" else "high",
                ),
                formats.price(row["mean_price_aud_per_mwh"]),
                formats.length(row["start"], row["end"]),
                _count(row["intervals"]),
            ],
            href=href,
            title=f"Generation in {REGION_NAMES[row['regionid']]} at that moment",
            swatch=theme.region_colour(row["regionid"], look),
        )
        for row, href in zip(rows, hrefs, strict=True)
    ]
    return tables.table(EVENT_COLUMNS, listed, "Price events")
