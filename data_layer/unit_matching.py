"""Finding units by what a person types: station names, DUIDs, owners, with typing errors.

Every word of the search is compared with every word of a unit: the start of a word counts more than its
middle, and either more than a word that only resembles it. The score is the mean over the search's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from rapidfuzz import fuzz

from data_layer.requests.stations import STATION, UNIT, UnitSearch

ENOUGH: Final = 72.0
"""Score from which a match is shown."""
OWNER_WEIGHT: Final = 0.9
"""Who types "agl" may mean the owner; who types a station's name means the station."""

_WORD: Final = re.compile(r"[a-z0-9]+")

SCHEMA: Final = pa.schema(
    [
        ("item", pa.string()),
        ("name", pa.string()),
        ("duids", pa.string()),
        ("owner", pa.string()),
        ("fuel", pa.string()),
        ("regionid", pa.string()),
        ("capacity_mw", pa.float64()),
        ("units", pa.int64()),
        ("score", pa.float64()),
    ]
)


@dataclass
class _Candidate:
    """A unit, or a station with its units."""

    item: str
    name: str
    duids: list[str]
    owner: str
    fuel: str
    regionid: str
    capacity_mw: float


def search(request: UnitSearch, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """UnitSearch's answer out of the registry's units (duid, station_name, owner, fuel, regionid,
    capacity_mw)."""
    chosen = [
        row
        for row in rows
        if (not request.regions or row["regionid"] in request.regions)
        and (not request.fuels or row["fuel"] in request.fuels)
    ]
    candidates = _candidates(chosen, request.by)
    words = _WORD.findall(request.text)
    if request.text and not words:
        scored: list[tuple[float, _Candidate]] = []
    else:
        scored = list(_scored(candidates, words))
    scored.sort(key=lambda one: (-one[0], -one[1].capacity_mw, one[1].item))
    return _table(scored[: request.most])


def _candidates(rows: Iterable[dict[str, Any]], by: str) -> list[_Candidate]:
    found: dict[str, _Candidate] = {}
    largest: dict[str, float] = {}
    for row in sorted(rows, key=lambda row: str(row["duid"])):
        duid, name = row["duid"], row["station_name"]
        item = duid if by == UNIT or not name else STATION + name
        capacity = row["capacity_mw"] or 0.0
        known = found.get(item)
        if known is None:
            found[item] = _Candidate(
                item, name or duid, [duid], row["owner"] or "", row["fuel"], row["regionid"], capacity
            )
            largest[item] = capacity
            continue
        known.duids.append(duid)
        known.capacity_mw += capacity
        if capacity > largest[item]:  # a station is known by its largest unit
            largest[item] = capacity
            known.fuel, known.regionid, known.owner = row["fuel"], row["regionid"], row["owner"] or ""
    return list(found.values())


def _scored(candidates: Sequence[_Candidate], words: Sequence[str]) -> Iterable[tuple[float, _Candidate]]:
    likeness: dict[tuple[str, str], float] = {}

    def best(word: str, text: str) -> float:
        top = 0.0
        for other in _WORD.findall(text.casefold()):
            pair = (word, other)
            if pair not in likeness:
                likeness[pair] = _likeness(word, other)
            top = max(top, likeness[pair])
        return top

    for one in candidates:
        named = f"{one.name} {' '.join(one.duids)}"
        scores = [max(best(word, named), OWNER_WEIGHT * best(word, one.owner)) for word in words]
        score = sum(scores) / len(scores) if scores else 100.0
        if score >= ENOUGH:
            yield score, one


def _likeness(typed: str, word: str) -> float:
    """0..100: how well a typed word fits a word of a name."""
    if word == typed:
        return 100.0
    if word.startswith(typed):
        return 96.0
    if len(typed) > 2 and typed in word:
        return 86.0
    if len(typed) < 3:
        return 0.0
    # The word may not be typed to its end yet: its beginning is compared as well.
    return 0.95 * max(fuzz.ratio(typed, word), fuzz.ratio(typed, word[: len(typed)]))


def _table(scored: Sequence[tuple[float, _Candidate]]) -> pa.Table:
    rows = [
        {
            "item": one.item,
            "name": one.name,
            "duids": " ".join(one.duids),
            "owner": one.owner,
            "fuel": one.fuel,
            "regionid": one.regionid,
            "capacity_mw": one.capacity_mw or None,
            "units": len(one.duids),
            "score": score,
        }
        for score, one in scored
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)
