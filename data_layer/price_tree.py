"""From sums per unit to the tree of Price Analysis: groups over units, every ratio a ratio of sums.

Pure functions over Arrow tables and numpy arrays; about 600 units and their groups, all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data_layer.market import HOURS_PER_INTERVAL, Fuel
from data_layer.requests.analysis import GROUPS, PriceAnalysis

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FACTS: Final = (*GROUPS, "duid")
KEYS: Final = (*FACTS, "capacity_mw")
SUMS: Final = (
    "generation_mwh",
    "load_mwh",
    "generation_revenue_aud",
    "load_revenue_aud",
    "unpriced_generation_mwh",
    "unpriced_load_mwh",
    "capacity_mwh",
    "unit_intervals",
    "unit_intervals_expected",
    "covered_intervals",
    "reference_hours",
    "reference_price_aud_hours_per_mwh",
)


def together(parts: Sequence[pa.Table]) -> pa.Table:
    """Sums per unit of several stretches of time as one: columns KEYS and SUMS."""
    # In this thread: Arrow would keep a pool of others for it from then on, for some hundred rows.
    grouped = pa.concat_tables(parts).group_by(list(KEYS), use_threads=False)
    summed = grouped.aggregate([(name, "sum") for name in SUMS])
    return summed.rename_columns([name.removesuffix("_sum") for name in summed.column_names])


def build(units: pa.Table, request: PriceAnalysis) -> pa.Table:
    """The answer's rows from the sums per unit (KEYS, SUMS) of the whole period."""
    units = units.append_column("expected", pa.array(_expected(units, request.period.intervals)))
    units = units.filter(_chosen(units, request))
    if not units.num_rows:
        return _EMPTY
    leaves = _Leaves.of(units)
    levels = _levels(leaves, request.group_by)
    return _table(leaves, levels, request.group_by)


def _chosen(units: pa.Table, request: PriceAnalysis) -> pa.Array:
    """Which units the request's filters keep."""
    keep = pa.array(np.ones(units.num_rows, dtype=bool))
    for column, values in (("region", request.regions), ("fuel", request.fuels)):
        if values:
            keep = pc.and_(keep, pc.is_in(units.column(column), pa.array(values)))
    if request.match:
        found = [
            pc.match_substring(units.column(name), request.match, ignore_case=True)
            for name in ("owner", "station", "duid")
        ]
        keep = pc.and_(keep, pc.or_(pc.or_(found[0], found[1]), found[2]))
    return keep


def _expected(units: pa.Table, period_intervals: int) -> Floats:
    """Readings that each unit would have made: over the days on which it reported, raised by the days on
    which nothing of its region was found. A unit that starts or ends within the period is no gap;
    rooftop PV is published apart from the units."""
    places, codes = _factorised(units, "region")
    rooftop = np.asarray(pc.equal(units.column("fuel"), Fuel.ROOFTOP.value))
    place = codes + len(places) * rooftop
    covered = _floats(units, "covered_intervals")
    most = np.zeros(2 * len(places) + 1)
    np.maximum.at(most, place, covered)
    raised = _floats(units, "unit_intervals_expected") * period_intervals
    return np.nan_to_num(_ratio(raised, most[place]))


@dataclass(frozen=True)
class _Leaves:
    """Units as arrays. ``sums`` has a column per name of ``_ADDED``, NaN where nothing is known."""

    names: dict[str, list[str]]
    codes: dict[str, Codes]
    sums: Floats
    capacity: Floats
    is_unit: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, units: pa.Table) -> _Leaves:
        factorised = {name: _factorised(units, name) for name in FACTS}
        rooftop = np.asarray(pc.equal(units.column("fuel"), Fuel.ROOFTOP.value))
        return cls(
            names={name: found[0] for name, found in factorised.items()},
            codes={name: found[1] for name, found in factorised.items()},
            sums=_added(units),
            capacity=_floats(units, "capacity_mw"),
            is_unit=~rooftop,
        )


_ADDED: Final = (
    "generation_mwh",
    "load_mwh",
    "generation_revenue_aud",
    "load_revenue_aud",
    "priced_generation_mwh",
    "priced_load_mwh",
    "flat_value_aud",
    "shared_mwh",
    "rated_mwh",
    "capacity_mwh",
    "unit_intervals",
    "expected",
)
"""What is summed up the tree. flat_value_aud: priced generation at the unit's own flat price;
shared_mwh: generation that counts for shares (storage left out); rated_mwh: generation of what has a
registered capacity, so that rooftop PV and unmapped units do not raise a group's capacity factor."""


def _added(units: pa.Table) -> Floats:
    generation, load = _floats(units, "generation_mwh"), _floats(units, "load_mwh")
    priced = generation - _floats(units, "unpriced_generation_mwh")
    hours = _floats(units, "reference_hours")
    flat = _ratio(_floats(units, "reference_price_aud_hours_per_mwh"), hours)
    capacity = _floats(units, "capacity_mwh")
    storage = np.asarray(pc.equal(units.column("fuel"), Fuel.BATTERY.value))
    columns = {
        "generation_mwh": generation,
        "load_mwh": load,
        "generation_revenue_aud": _floats(units, "generation_revenue_aud"),
        "load_revenue_aud": _floats(units, "load_revenue_aud"),
        "priced_generation_mwh": priced,
        "priced_load_mwh": load - _floats(units, "unpriced_load_mwh"),
        "flat_value_aud": priced * flat,
        "shared_mwh": np.where(storage, np.nan, generation),
        "rated_mwh": np.where(capacity > 0, generation, np.nan),
        "capacity_mwh": capacity,
        "unit_intervals": _floats(units, "unit_intervals"),
        "expected": _floats(units, "expected"),
    }
    return np.column_stack([columns[name] for name in _ADDED])


@dataclass(frozen=True)
class _Level:
    """The nodes of one depth: ``of_leaf`` is each leaf row's node, ``parent`` each node's node above,
    ``name`` what the node adds to the path; then what is pooled."""

    of_leaf: Codes
    parent: Codes
    name: list[str]
    sums: Floats
    capacity: Floats
    units: Codes
    facts: dict[str, list[str | None]]

    def column(self, name: str) -> Floats:
        return self.sums[:, _ADDED.index(name)]


def _levels(leaves: _Leaves, group_by: Sequence[str]) -> list[_Level]:
    rows = len(leaves.sums)
    above = np.zeros(rows, dtype=np.int64)
    levels = [_level(leaves, above, np.zeros(1, dtype=np.int64), ["Total"])]
    for dimension in (*group_by, "duid"):
        codes, names = leaves.codes[dimension], leaves.names[dimension]
        key = above * len(names) + codes
        nodes, of_leaf = np.unique(key, return_inverse=True)
        named = [names[code] for code in nodes % len(names)]
        levels.append(_level(leaves, of_leaf, nodes // len(names), named))
        above = of_leaf
    return levels


def _level(leaves: _Leaves, of_leaf: Codes, parent: Codes, name: list[str]) -> _Level:
    count = len(name)
    # A unit with two rows in one node (it changed fuel or region) counts once.
    duids = leaves.codes["duid"]
    key = of_leaf * len(leaves.names["duid"]) + duids
    _, first = np.unique(key, return_index=True)
    capacity = _summed(of_leaf[first], leaves.capacity[first], count)
    counted = np.bincount(of_leaf[first], weights=leaves.is_unit[first], minlength=count)
    return _Level(
        of_leaf,
        parent,
        name,
        np.column_stack([_summed(of_leaf, column, count) for column in leaves.sums.T]),
        capacity,
        counted.astype(np.int64),
        {fact: _only(of_leaf, leaves.codes[fact], leaves.names[fact], count) for fact in FACTS},
    )


def _summed(of_leaf: Codes, values: Floats, count: int) -> Floats:
    """Sums per node over what is known; NaN where nothing is."""
    known = np.isfinite(values)
    sums = np.bincount(of_leaf, weights=np.where(known, values, 0.0), minlength=count)
    found = np.bincount(of_leaf, weights=known, minlength=count)
    return np.where(found > 0, sums, np.nan)


def _only(of_leaf: Codes, codes: Codes, names: list[str], count: int) -> list[str | None]:
    """The one value of a fact that all leaves of a node share, None where they differ."""
    low = np.full(count, len(names), dtype=np.int64)
    high = np.full(count, -1, dtype=np.int64)
    np.minimum.at(low, of_leaf, codes)
    np.maximum.at(high, of_leaf, codes)
    return [names[a] if a == b else None for a, b in zip(low, high, strict=True)]


def _order(levels: Sequence[_Level]) -> tuple[Codes, Codes]:
    """(depth, node) of every row in the order of the answer: dearest revenue first within a parent."""
    places: list[Codes] = [np.zeros(1, dtype=np.int64)]
    keys = [np.full((1, len(levels) - 1), -1, dtype=np.int64)]
    for depth, level in enumerate(levels[1:]):
        revenue = np.nan_to_num(_revenue(level))
        by_name = np.argsort(np.argsort(np.array(level.name, dtype=object)))
        order = np.lexsort((by_name, -revenue, places[depth][level.parent]))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        places.append(place)
        key = keys[depth][level.parent].copy()
        key[:, depth] = place
        keys.append(key)
    stacked = np.vstack(keys)
    order = np.lexsort(stacked.T[::-1])
    depths = np.concatenate([np.full(len(key), depth) for depth, key in enumerate(keys)])
    nodes = np.concatenate([np.arange(len(key)) for key in keys])
    return depths[order], nodes[order]


def _revenue(level: _Level) -> Floats:
    both = level.column("generation_revenue_aud"), level.column("load_revenue_aud")
    # Without any price there is no revenue, rather than none earned.
    known = np.isfinite(both[0]) | np.isfinite(both[1])
    return np.where(known, np.nan_to_num(both[0]) + np.nan_to_num(both[1]), np.nan)


def _measures(level: _Level, total: _Level) -> dict[str, Floats]:
    generation, load = level.column("generation_mwh"), level.column("load_mwh")
    revenue, flat = _revenue(level), level.column("flat_value_aud")
    priced = level.column("priced_generation_mwh")
    earned = level.column("generation_revenue_aud")
    return {
        "energy_mwh": generation + load,
        "generation_mwh": generation,
        "load_mwh": load,
        "share": _ratio(level.column("shared_mwh"), total.column("shared_mwh")),
        "revenue_aud": revenue,
        "revenue_share": _ratio(revenue, _revenue(total)),
        "generation_revenue_aud": earned,
        "load_revenue_aud": level.column("load_revenue_aud"),
        "capture_price_aud_per_mwh": _ratio(earned, priced),
        "load_price_aud_per_mwh": _ratio(level.column("load_revenue_aud"), level.column("priced_load_mwh")),
        "flat_price_aud_per_mwh": _ratio(flat, priced),
        # Against a flat price of zero or below, a rate says nothing.
        "capture_rate": _ratio(earned, np.where(flat > 0, flat, np.nan)),
        "capacity_mw": level.capacity,
        "capacity_factor": _ratio(level.column("rated_mwh"), level.column("capacity_mwh")),
        "unit_hours": level.column("unit_intervals") * HOURS_PER_INTERVAL,
    }


def _table(leaves: _Leaves, levels: Sequence[_Level], group_by: Sequence[str]) -> pa.Table:
    depths, nodes = _order(levels)
    start = np.cumsum([0, *(len(level.name) for level in levels)])
    row_of = np.empty(start[-1], dtype=np.int64)
    row_of[start[depths] + nodes] = np.arange(len(depths))
    picked = start[depths] + nodes
    parents = np.concatenate(
        [[-1], *(row_of[start[depth] + level.parent] for depth, level in enumerate(levels[1:]))]
    )
    kinds = ("total", *group_by, "duid")
    names = [name for level in levels for name in level.name]

    def counted(values: Sequence[Any]) -> pa.Array:
        return pa.array(np.rint(np.concatenate(values)).astype(np.int64)[picked])

    columns: dict[str, pa.Array] = {
        "row": pa.array(np.arange(len(depths))),
        "parent": pa.array(parents[picked], mask=parents[picked] < 0),
        "level": pa.array(depths),
        "kind": pa.array([kinds[depth] for depth in depths]),
        "name": pa.array([names[at] for at in picked]),
        "path": pa.array(_paths(levels)).take(pa.array(picked)),
        "has_children": pa.array(depths < len(levels) - 1),
    }
    for fact in FACTS:
        columns[fact] = pa.array([v for level in levels for v in level.facts[fact]]).take(pa.array(picked))
    measures = [_measures(level, levels[0]) for level in levels]
    for name in measures[0]:
        values = np.concatenate([found[name] for found in measures])[picked]
        columns[name] = pa.array(values, mask=~np.isfinite(values))
    columns["units"] = counted([level.units for level in levels])
    columns["unit_intervals"] = counted([level.column("unit_intervals") for level in levels])
    columns["unit_intervals_expected"] = counted([level.column("expected") for level in levels])
    return pa.table(columns).select(_EMPTY.column_names).cast(_EMPTY.schema)


def _paths(levels: Sequence[_Level]) -> list[str]:
    """Names from the top, '/' between; a '/' within a name is written %2F."""
    made: list[list[str]] = [[""]]
    for level in levels[1:]:
        above = made[-1]
        own = [name.replace("%", "%25").replace("/", "%2F") for name in level.name]
        made.append(
            [f"{above[at]}/{name}" if above[at] else name for at, name in zip(level.parent, own, strict=True)]
        )
    return [path for paths in made for path in paths]


def _floats(table: pa.Table, name: str) -> Floats:
    column = table.column(name).cast(pa.float64())
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _factorised(table: pa.Table, name: str) -> tuple[list[str], Codes]:
    """The distinct texts of a column, sorted, and each row's place among them."""
    texts = table.column(name).to_pylist()
    names = sorted(set(texts))
    place = {text: at for at, text in enumerate(names)}
    return names, np.array([place[text] for text in texts], dtype=np.int64)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """NaN where there is no denominator."""
    safe = np.where(denominator == 0, np.nan, denominator)
    return np.asarray(numerator / safe, dtype=np.float64)


_EMPTY: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("parent", pa.int64()),
        ("level", pa.int64()),
        *((name, pa.string()) for name in ("kind", "name", "path")),
        ("has_children", pa.bool_()),
        *((name, pa.string()) for name in FACTS),
        *(
            (name, pa.float64())
            for name in (
                "energy_mwh",
                "generation_mwh",
                "load_mwh",
                "share",
                "revenue_aud",
                "revenue_share",
                "generation_revenue_aud",
                "load_revenue_aud",
                "capture_price_aud_per_mwh",
                "load_price_aud_per_mwh",
                "flat_price_aud_per_mwh",
                "capture_rate",
                "capacity_mw",
                "capacity_factor",
            )
        ),
        ("units", pa.int64()),
        ("unit_hours", pa.float64()),
        ("unit_intervals", pa.int64()),
        ("unit_intervals_expected", pa.int64()),
    ]
).empty_table()
