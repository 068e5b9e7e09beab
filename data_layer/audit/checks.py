"""The checks of one month, each a shipped query (views/audit/) over the month's files.

Ties compare every rollup with sums over the rows it is made of, written a second time and from the tables
alone. The others look at AEMO's data: nothing they find is wrong with the lake.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import duckdb

from data_layer import soundness, sql, sql_writing
from data_layer.audit.findings import DUPLICATES, TIE, Finding
from data_layer.market import FIVE_MINUTE_SETTLEMENT, PRICE_THRESHOLDS, REGIONS
from data_layer.tables import ROLLUPS, TABLES, Partitioning

TOLERANCE: Final = 0.01
"""MWh, dollars (or $/MWh summed over intervals) by which two sums may differ, and 1e-9 of their size: what
the order of adding makes. Counts must be equal."""

BALANCE_MW: Final = 300.0
BALANCE_SHARE: Final = 0.15
BALANCE_OFTEN: Final = 0.05
IMPORT_MW: Final = 150.0

TIES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "tie_units": (
        "readings",
        (
            "unit_by_duid",
            "unit_30min",
            "unit_day",
            "unit_month",
            "region_fuel_5min",
            "region_fuel_30min",
            "region_fuel_day",
            "region_fuel_month",
            "region_fuel_time_of_day",
        ),
    ),
    "tie_batteries": ("readings", ("battery_30min", "battery_day", "battery_month")),
    "tie_demand": (
        "region_demand",
        ("region_5min", "region_30min", "region_day", "region_month", "balance_30min", "balance_day"),
    ),
    "tie_prices": ("prices", ("region_5min", "region_30min", "region_day", "region_month")),
    "tie_flows": (
        "interconnector_flow",
        ("interconnector_30min", "interconnector_day", "interconnector_month"),
    ),
    "tie_imports": ("interconnector_flow", ("region_5min", "region_30min", "region_day", "region_month")),
    "tie_rooftop": (
        "rooftop_pv",
        (
            "region_5min",
            "region_fuel_5min",
            "region_fuel_30min",
            "region_fuel_day",
            "region_fuel_month",
            "region_fuel_time_of_day",
            "balance_30min",
            "balance_day",
        ),
    ),
    "tie_curtailment": ("region_demand", ("curtailment_30min", "curtailment_day", "curtailment_month")),
    "tie_unit_curtailment": (
        "unit_dispatch",
        ("unit_curtailment_30min", "unit_curtailment_day", "unit_curtailment_month"),
    ),
}
"""Query -> the source that is right, and the rollups that must equal it."""

DATA_CHECKS: Final = ("gaps", "prices", "balance", "imports", "capacity", "rooftop_at_night")

_COUNTS: Final = frozenset({"intervals", "readings"})
_STEPS: Final = {"rooftop_pv": 30}
_EXPECTED: Final = (
    "unit_scada",
    "dispatch_price",
    "region_demand",
    "interconnector_flow",
    "rooftop_pv",
    "trading_price",
)


@dataclass(frozen=True)
class Month:
    """One month of a lake: ``files`` gives the paths of a table's files that hold it, ``spans`` the first and
    last stamp of each table in the whole lake."""

    name: str
    files: Mapping[str, Sequence[str]]
    spans: Mapping[str, tuple[datetime, datetime]]

    @property
    def first(self) -> date:
        return date(int(self.name[:4]), int(self.name[5:7]), 1)

    @property
    def next(self) -> date:
        return (self.first + timedelta(days=32)).replace(day=1)

    @property
    def half_hourly(self) -> bool:
        """Whether the month settled by half-hours."""
        return _midnight(self.next) <= FIVE_MINUTE_SETTLEMENT


def ties(connection: duckdb.DuckDBPyConnection, month: Month) -> Iterator[Finding]:
    """Rollups of the month that do not equal their rows, and files whose keys are not unique."""
    for name, (truth, rollups) in TIES.items():
        yield from _compared(month, _rows(connection, name, month), truth, rollups)
    for spec in TABLES.values():
        for path in month.files.get(spec.name, ()) if spec.partitioning is Partitioning.MONTH else ():
            soundness.ensure([path])
            found = connection.execute(sql_writing.duplicates_statement(spec), {"path": path}).fetchone()
            if found and found[0]:
                text = f"{spec.name}: {found[0]:,} rows too many for their keys, from {found[1]} on"
                first, last = _iso(found[1]), _iso(found[2])
                yield Finding(
                    DUPLICATES, spec.name, month.name, "", int(found[0]), first, last, None, None, text
                )


def _compared(
    month: Month, rows: Sequence[Mapping[str, Any]], truth: str, rollups: Sequence[str]
) -> Iterator[Finding]:
    by_source = {(row["source"], row["place"]): row for row in rows}
    measures = [name for name in (rows[0] if rows else ()) if name not in ("source", "place")]
    for place in sorted({row["place"] for row in rows}):
        right = by_source.get((truth, place), {})
        for rollup in rollups:
            found = by_source.get((rollup, place))
            # Without any row of it, one measure is enough to say so.
            asked = measures[:1] if found is None else measures
            for measure in asked:
                value = 0.0 if found is None else found[measure]
                if value is None and (found is None or any(found[m] is not None for m in measures)):
                    continue  # a measure that this rollup has not got
                yield from _difference(month, rollup, place, measure, right.get(measure), value)


def _difference(
    month: Month, rollup: str, place: str, measure: str, right: float | None, found: float | None
) -> Iterator[Finding]:
    expected, value = float(right or 0), float(found or 0)
    allowed = 0.5 if measure in _COUNTS else TOLERANCE + 1e-9 * abs(expected)
    if abs(value - expected) <= allowed:  # false for NaN
        return
    where = f" of {place}" if place else ""
    text = f"{rollup}{where}: {measure} is {value:,.3f}, its rows give {expected:,.3f}"
    first, last = f"{month.first:%Y-%m-%d}", f"{month.next:%Y-%m-%d}"
    yield Finding(TIE, rollup, month.name, place, 1, first, last, value, expected, text)


def data(connection: duckdb.DuckDBPyConnection, name: str, month: Month) -> Iterator[Finding]:
    """What one of DATA_CHECKS finds in the month."""
    for row in _rows(connection, name, month):
        place = f" {row['place']}" if row["place"] else ""
        when = f"{_iso(row['first_at'])} to {_iso(row['last_at'])}"
        noun = "interval" if name != "capacity" else "reading"
        text = f"{row['name']}{place}: {row['n']:,} {noun}{'' if row['n'] == 1 else 's'}, {when}"
        if row["worst"] is not None:
            text += f", worst {row['worst']:,.2f} (limit {row['bound']:,.2f})"
        yield Finding(
            name,
            row["name"],
            month.name,
            row["place"],
            int(row["n"]),
            _iso(row["first_at"]),
            _iso(row["last_at"]),
            _number(row["worst"]),
            _number(row["bound"]),
            text,
        )


def _rows(connection: duckdb.DuckDBPyConnection, name: str, month: Month) -> list[dict[str, Any]]:
    text = sql.query_text(f"audit/{name}")
    tables, _ = sql.required(text)
    files = {table: month.files.get(table, ()) for table in tables}
    soundness.ensure(path for paths in files.values() for path in paths)
    statement, parameters = sql.compose(text, files)
    given = {key: value for key, value in _parameters(month).items() if f"${key}" in text}
    found = connection.execute(statement, {**parameters, **given})
    columns = [column[0] for column in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def _parameters(month: Month) -> dict[str, Any]:
    names, starts, ends, minutes = [], [], [], []
    for table in _EXPECTED:
        span = month.spans.get(table)
        step = 30 if table == "trading_price" and month.half_hourly else _STEPS.get(table, 5)
        if span is None:
            continue
        first = max(_midnight(month.first) + timedelta(minutes=step), span[0])
        last = min(_midnight(month.next), span[1])
        if first <= last:
            names.append(table)
            starts.append(first)
            ends.append(last)
            minutes.append(step)
    return {
        "first": month.first,
        "next": month.next,
        "half_hourly": month.half_hourly,
        "from_days": [_midnight(entry.effectivedate) for entry in PRICE_THRESHOLDS],
        "caps": [entry.cap_aud_per_mwh for entry in PRICE_THRESHOLDS],
        "floors": [entry.floor_aud_per_mwh for entry in PRICE_THRESHOLDS],
        "balance_mw": BALANCE_MW,
        "balance_share": BALANCE_SHARE,
        "balance_often": BALANCE_OFTEN,
        "import_mw": IMPORT_MW,
        "names": names,
        "starts": starts,
        "ends": ends,
        "minutes": minutes,
        "regions": list(REGIONS),
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _iso(moment: Any) -> str:
    return str(moment)[:16] if moment is not None else ""


def _number(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


TIED: Final = frozenset(rollup for _, rollups in TIES.values() for rollup in rollups)
assert {spec.name for spec in ROLLUPS} == TIED, "every rollup is tied to its rows"
