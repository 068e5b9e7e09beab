"""Tables of the Trends tab: fuels against another year, records, extremes of demand, evening ramps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from dash import html

from data_layer.market import FUELS, REGION_NAMES, Bucket
from layouts import formats, tables, theme
from layouts.mix import generation_name
from layouts.series import floats
from layouts.trend_charts import Year
from layouts.trend_spans import Span

Address = Callable[[datetime, datetime], str]
"""Start and end of a stretch -> address of that stretch in Generation."""

AROUND: Final = timedelta(hours=3)
"""What is shown on either side of a moment."""

ROWS_SHOWN: Final = 24


def fuels(
    now: Span, before: Span | None, toggles: Mapping[str, str], hidden: Sequence[str], look: str
) -> html.Div:
    """Energy and share by fuel, each with its change against the other stretch."""
    columns = [
        tables.Column("Fuel", numeric=False),
        tables.Column(_titled(now.name), "GWh", "energy"),
        *(
            [tables.Column(_titled(before.name), "GWh"), tables.Column("Change", "%", "change")]
            if before
            else []
        ),
        tables.Column("Share", "%", "share"),
        *([tables.Column("Change", "points")] if before else []),
    ]
    shown = [fuel for fuel in FUELS if now.mwh.get(fuel) or (before and before.mwh.get(fuel))]
    rows = [
        tables.Row(
            [generation_name(fuel), *_energies(now.mwh.get(fuel), before, fuel), *_shares(now, before, fuel)],
            href=toggles.get(fuel, ""),
            title=f"{'Show' if fuel in hidden else 'Hide'} {fuel}",
            swatch=theme.fuel_colour(fuel, look),
            off=fuel in hidden,
        )
        for fuel in shown
    ]
    rows.append(
        tables.Row(
            ["Without storage", *_energies(now.whole, before, ""), "", *([""] if before else [])], strong=True
        )
    )
    return tables.table(columns, rows, f"Energy by fuel, {now.name}")


def _energies(value: float | None, before: Span | None, fuel: str) -> list[Any]:
    was = None if before is None else (before.mwh.get(fuel) if fuel else before.whole)
    cells: list[Any] = [_gwh(value)]
    if before is not None:
        cells += [_gwh(was), change(value, was)]
    return cells


def change(value: float | None, was: float | None) -> str:
    """Relative change; nothing where there was nothing to change from."""
    if value is None or was is None or was == 0:
        return formats.NOTHING
    moved = (value / was - 1) * 100
    return formats.number(moved, 0 if abs(moved) >= 9.95 else 1, sign=True) + "%"


def _shares(now: Span, before: Span | None, fuel: str) -> list[str]:
    share, was = now.share(fuel), before.share(fuel) if before else None
    cells = [formats.percent(share, 1)]
    if before is not None:
        missing = share is None or was is None
        cells.append(
            formats.NOTHING if missing else formats.number(((share or 0) - (was or 0)) * 100, 1, sign=True)
        )
    return cells


def _titled(name: str) -> str:
    return name[:1].upper() + name[1:]


def _gwh(value_mwh: float | None) -> str:
    return formats.energy(value_mwh / 1000 if value_mwh is not None else None)


def records(answer: pa.Table, address: Address, region: str) -> html.Div:
    """Highest and lowest renewable share, each leading to its moment."""
    columns = (
        tables.Column("Record", definition="share_records", numeric=False),
        tables.Column("Share", "%"),
        tables.Column("Renewables", "MW"),
        tables.Column("When", "end of the half-hour", numeric=False),
        tables.Column("Of", "compared"),
    )
    rows = []
    for row in answer.to_pylist():
        kind = row["record"].partition(" ")[2]
        text, start, end = _moment(row["time"], kind)
        rows.append(
            tables.Row(
                [
                    row["record"].capitalize(),
                    formats.percent(row["share"], 1),
                    formats.power(row["renewable_mw"]),
                    text,
                    formats.number(row["candidates"]),
                ],
                href=address(start, end),
                title=f"Generation in {REGION_NAMES[region]} then",
            )
        )
    return tables.table(columns, rows, "Records of the renewable share")


def _moment(time: datetime, kind: str) -> tuple[str, datetime, datetime]:
    """A record's time in words, and the stretch to show for it."""
    if kind == "half-hour":
        return formats.stamp(time), *around(time)
    if kind == "day":
        return formats.day(time), time, time + timedelta(days=1)
    following = Bucket.MONTH.following(time.date())
    return f"{time:%b %Y}", time, datetime(following.year, following.month, 1)


def around(stamp: datetime) -> tuple[datetime, datetime]:
    """The hours about a half-hour that ends at ``stamp``."""
    return stamp - timedelta(minutes=30) - AROUND, stamp + AROUND


def demand(answer: pa.Table, bucket: Bucket, address: Address, partial: Mapping[date, str]) -> html.Div:
    """Highest and lowest demand of each bucket, newest first, each leading to its moment."""
    columns = (
        tables.Column("Period", numeric=False),
        tables.Column("Demand", "MW, half-hour mean", "demand_extremes"),
        tables.Column("Extreme", numeric=False),
        tables.Column("When", "end of the half-hour", numeric=False),
    )
    rows = []
    for row in reversed(answer.to_pylist()[-ROWS_SHOWN:]):
        start = row["bucket_start"]
        for side, word in (("max", "highest"), ("min", "lowest")):
            stamp = row[f"{side}_demand_at"]
            cells = [
                bucket.name_of(start) + " *" * (start in partial),
                formats.power(row[f"{side}_demand_mw"]),
                word,
                formats.stamp(stamp),
            ]
            title = partial.get(start, "") or "Generation at that moment"
            rows.append(tables.Row(cells, href=address(*around(stamp)), title=title, strong=side == "max"))
    return tables.table(columns, rows, "Highest and lowest operational demand")


def ramps(answer: pa.Table, bucket: Bucket, address: Address, partial: Mapping[date, str]) -> html.Div:
    """Mean and largest evening ramp of each bucket, newest first; the record leads to its evening."""
    columns = (
        tables.Column("Period", numeric=False),
        tables.Column("Mean", "MW", "evening_ramp"),
        tables.Column("Record", "MW"),
        tables.Column("When", "end of the rise", numeric=False),
        tables.Column("Days", "found"),
    )
    rows = [
        tables.Row(
            [
                bucket.name_of(row["bucket_start"]) + " *" * (row["bucket_start"] in partial),
                formats.power(row["mean_ramp_mw"]),
                formats.power(row["max_ramp_mw"]),
                formats.stamp(row["max_ramp_at"]),
                formats.number(row["days_found"]),
            ],
            href=address(*around(row["max_ramp_at"])),
            title="Generation on that evening",
        )
        for row in reversed(answer.to_pylist()[-ROWS_SHOWN:])
    ]
    return tables.table(columns, rows, "Evening ramps")


def years(entries: Sequence[Year], write: Callable[[float], str], unit: str) -> html.Div:
    """Highest and lowest rolling mean of each year, newest first."""
    columns = (
        tables.Column("Year", numeric=False),
        tables.Column("Highest", unit, "rolling_mean"),
        tables.Column("window to", numeric=False),
        tables.Column("Lowest", unit),
        tables.Column("window to", numeric=False),
    )
    rows = []
    for year in reversed(entries):
        high, low = int(np.nanargmax(year.values)), int(np.nanargmin(year.values))
        days = [date.fromisoformat(day) for day in year.days]
        cells = [
            year.name,
            write(float(year.values[high])),
            f"{days[high]:%-d %b}",
            write(float(year.values[low])),
            f"{days[low]:%-d %b}",
        ]
        rows.append(tables.Row(cells))
    return tables.table(columns, rows, "Highest and lowest rolling mean by year")


def extreme(answer: pa.Table, column: str, at: str, *, highest: bool) -> tuple[float, datetime] | None:
    """The extreme of all buckets and when it was."""
    if not answer.num_rows:
        return None
    values = floats(answer, column)
    place = int(np.nanargmax(values) if highest else np.nanargmin(values))
    return float(values[place]), answer.column(at)[place].as_py()
