"""Concludes the units and their loss factors from everything the sources have said."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from data_layer import positions
from data_layer.demo.fleet import read_units
from data_layer.market import Fuel
from data_layer.registry_knowledge import (
    DETAIL,
    GENUNITS,
    LIST,
    PARTICIPANT,
    SPAN_COLUMNS,
    STATION,
    SUMMARY,
    Knowledge,
    Said,
)

BUILT_IN: Final = "NEMDesk built-in list"
BEGINNING: Final = datetime(1998, 1, 1)
FOREVER: Final = datetime(2200, 1, 1)

Row = dict[str, Any]
_LIST_FIRST: Final = ("fuel", "fuel_detail", "technology", "load_capacity_mw", "storage_mwh")
_BUILT_IN_COLUMNS: Final = (
    "station_name", "owner", "regionid", "fuel", "fuel_detail", "technology", "capacity_mw",
    "max_capacity_mw", "load_capacity_mw", "storage_mwh", "dispatch_type", "schedule_type",
)  # fmt: skip


class _Facts:
    """One span's columns and their sources, filled from the most authoritative source down."""

    def __init__(self) -> None:
        self.values: Row = {}
        self.sources: dict[str, str] = {}

    def offer(self, column: str, value: Any, source: str) -> None:
        if value is not None and column not in self.values:
            self.values[column] = value
            self.sources[column] = source

    def offer_said(self, column: str, said: Said | None) -> None:
        if said is not None:
            self.offer(column, said[2], said[1])


def unit_rows(knowledge: Knowledge) -> list[Row]:
    """Rows of tables.UNITS, by duid and time."""
    built_in = _built_in()
    duids = {*knowledge.keys(LIST), *knowledge.keys(SUMMARY), *knowledge.keys(DETAIL)} or set(built_in)
    rows: list[Row] = []
    for duid in sorted(duids):
        rows += _spans(duid, knowledge, built_in.get(duid, {}))
    _know_old_batteries(rows)
    _fill_from_station(rows)
    _place(rows)
    _link_successors(rows)
    return [_finished(row) for row in rows]


def _built_in() -> dict[str, Row]:
    """duid -> facts of large stations: those of the demonstration, and coal that closed before 2019."""
    facts: dict[str, Row] = {
        unit.duid: {column: getattr(unit, column) for column in _BUILT_IN_COLUMNS} for unit in read_units()
    }
    with open(Path(__file__).with_name("retired_units.csv"), newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            duid = row.pop("duid")
            facts[duid] = {**row, "capacity_mw": float(row["capacity_mw"]), "dispatch_type": "GENERATOR"}
    return facts


def _spans(duid: str, knowledge: Knowledge, built_in: Row) -> list[Row]:
    """The unit's facts over time, merged where nothing changes, without holes from 1998 to 2200."""
    summary = knowledge.of(SUMMARY, duid).get("spans")
    detail = knowledge.of(DETAIL, duid).get("steps")
    periods: list[list[Any]] = summary[2] if summary else []
    steps: list[list[Any]] = detail[2] if detail else []
    cuts = sorted({_moment(entry[0]) for entry in (*periods, *steps)} - {datetime.max})
    starts = [BEGINNING, *(cut for cut in cuts if cut > BEGINNING)]
    dates = _dates(periods)
    rows: list[Row] = []
    for number, start in enumerate(starts):
        facts = _Facts()
        if summary and (period := _latest(periods, start)):
            for column, value in zip(SPAN_COLUMNS, period[2:], strict=False):
                facts.offer(column, value, summary[1])
            for column, moment in dates.items():
                facts.offer(column, moment, summary[1])
        _name(facts, knowledge, duid)
        _measure(facts, knowledge, duid, detail, _latest(steps, start))
        for column in _LIST_FIRST:
            facts.offer_said(column, knowledge.of(LIST, duid).get(column))
        for column in ("fuel", "fuel_detail"):
            facts.offer_said(column, knowledge.of(GENUNITS, duid).get(column))
        for column, value in built_in.items():
            facts.offer(column, value, BUILT_IN)
        end = starts[number + 1] if number + 1 < len(starts) else FOREVER
        row = {**facts.values, "duid": duid, "valid_from": start, "valid_to": end, "sources": facts.sources}
        if rows and _same(rows[-1], row):
            rows[-1]["valid_to"] = end
        else:
            rows.append(row)
    return rows


def _name(facts: _Facts, knowledge: Knowledge, duid: str) -> None:
    listed = knowledge.of(LIST, duid)
    for column in ("regionid", "dispatch_type", "schedule_type"):
        facts.offer_said(column, listed.get(column))
    facts.offer_said("station_name", knowledge.of(STATION, facts.values.get("stationid")).get("name"))
    facts.offer_said("station_name", listed.get("station_name"))
    facts.offer_said("owner", listed.get("owner"))
    facts.offer_said("owner", knowledge.of(PARTICIPANT, facts.values.get("participantid")).get("name"))
    if "participantid" in facts.values and not listed:
        facts.offer("owner", facts.values["participantid"], facts.sources["participantid"])


def _measure(
    facts: _Facts, knowledge: Knowledge, duid: str, detail: Said | None, step: list[Any] | None
) -> None:
    listed = knowledge.of(LIST, duid)
    facts.offer_said("capacity_mw", listed.get("capacity_mw"))
    if detail and step:
        # AEMO writes 0 where it does not know a capacity.
        facts.offer("capacity_mw", step[1] or None, detail[1])
        facts.offer("max_capacity_mw", step[2] or None, detail[1])
    facts.offer_said("max_capacity_mw", listed.get("max_capacity_mw"))


def _latest(entries: list[list[Any]], start: datetime) -> list[Any] | None:
    """The entry in force at ``start``: the last that began; before the first, the first."""
    begun = [entry for entry in entries if _moment(entry[0]) <= start]
    return begun[-1] if begun else (entries[0] if entries else None)


def _dates(periods: list[list[Any]]) -> Row:
    if not periods:
        return {}
    last = max(_moment(period[1]) for period in periods)
    first = min(_moment(period[0]) for period in periods)
    return {"first_date": first, "last_date": last if last < FOREVER else None}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _same(one: Row, other: Row) -> bool:
    ignored = ("valid_from", "valid_to")
    return {k: v for k, v in one.items() if k not in ignored} == {
        k: v for k, v in other.items() if k not in ignored
    }


def _station_keys(row: Row) -> list[tuple[str, str]]:
    """A station by its id and by its name (lists name stations, they do not number them)."""
    keys = [("id", row["stationid"])] if row.get("stationid") else []
    if row.get("station_name"):
        plain = re.sub(r"[^a-z0-9]+", " ", row["station_name"].lower())
        plain = re.sub(
            r"\b(battery|energy|storage|system|bess|project|power|station|pumps?|units?)\b", " ", plain
        )
        if words := " ".join(plain.split()):
            keys.append((f"name in {row.get('regionid')}", words))
    return keys


def _know_old_batteries(rows: list[Row]) -> None:
    """A generator or load that lists never classed, named as a bidirectional battery but for its G or L,
    is that battery's predecessor: such DUIDs lived between two of the lists that were ingested."""
    batteries = {
        (row.get("regionid"), _stem(row["duid"]))
        for row in rows
        if row.get("dispatch_type") == "BIDIRECTIONAL" and row.get("fuel") == Fuel.BATTERY
    }
    for row in rows:
        stem = _battery_stem(row["duid"])
        unclassed = row.get("fuel") is None and row.get("dispatch_type") in ("GENERATOR", "LOAD")
        if unclassed and (row.get("regionid"), stem) in batteries:
            row["fuel"] = Fuel.BATTERY.value
            row["sources"] = {**row["sources"], "fuel": "same battery"}


def _fill_from_station(rows: list[Row]) -> None:
    """A load that the list leaves without fuel is what its station is: pumps are Water."""
    fuels: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.get("dispatch_type") != "LOAD" and row.get("fuel"):
            for key in _station_keys(row):
                fuels[key].add(row["fuel"])
    for row in rows:
        if row.get("fuel") is None and row.get("dispatch_type") == "LOAD":
            for key in _station_keys(row):
                stored = fuels[key] & {Fuel.WATER.value, Fuel.BATTERY.value}
                if len(stored) == 1:
                    row["fuel"] = stored.pop()
                    row["sources"] = {**row["sources"], "fuel": "station's other units"}
                    break


def _place(rows: list[Row]) -> None:
    """Positions by DUID, or those of another unit of the same station."""
    known = positions.positions()
    by_station: dict[tuple[str, str], tuple[float, float]] = {}
    for row in rows:
        if row["duid"] in known:
            for key in _station_keys(row):
                by_station.setdefault(key, known[row["duid"]])
    for row in rows:
        place = known.get(row["duid"]) or next(
            (by_station[key] for key in _station_keys(row) if key in by_station), None
        )
        if place:
            row["latitude"], row["longitude"] = place
            row["sources"] = {**row["sources"], "latitude": positions.SOURCE, "longitude": positions.SOURCE}


def _link_successors(rows: list[Row]) -> None:
    """A battery's generator and load DUIDs are followed by its bidirectional one.

    Taken where the station has exactly one bidirectional battery, else where the names agree once the
    G, L and number are taken off (HPRG1, HPRL1 -> HPR1).
    """
    batteries = [row for row in rows if row.get("fuel") == Fuel.BATTERY]
    by_station: dict[tuple[str, str], set[str]] = defaultdict(set)
    by_stem: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in batteries:
        if row.get("dispatch_type") == "BIDIRECTIONAL":
            by_stem[row.get("regionid") or "", _stem(row["duid"])].add(row["duid"])
            for key in _station_keys(row):
                by_station[key].add(row["duid"])
    for row in batteries:
        if row.get("dispatch_type") not in ("GENERATOR", "LOAD"):
            continue
        region = row.get("regionid") or ""
        stems = [stem for stem in (_stem(row["duid"]), _battery_stem(row["duid"])) if stem]
        found = [by_stem[region, stem] for stem in stems] + [by_station[key] for key in _station_keys(row)]
        successor = next((duids for duids in found if len(duids) == 1 and row["duid"] not in duids), None)
        if successor:
            row["successor_duid"] = next(iter(successor))
            row["sources"] = {**row["sources"], "successor_duid": "same battery"}


def _stem(duid: str) -> str:
    return re.sub(r"\d+$", "", duid)


def _battery_stem(duid: str) -> str | None:
    """HPRG1, HPRL1 -> HPR; ADPBA1G -> ADPBA; None for a DUID without such an ending."""
    matched = re.fullmatch(r"(.+?)[GL]\d*", duid)
    return _stem(matched[1]) if matched else None


def _finished(row: Row) -> Row:
    sources = dict(sorted(row["sources"].items()))
    # A unit that is known but whose fuel nobody states keeps its station and region.
    fuel = row.get("fuel") or Fuel.UNMAPPED.value
    return {**row, "fuel": str(fuel), "sources": json.dumps(sources)}


def loss_factor_rows(knowledge: Knowledge) -> list[Row]:
    """Rows of tables.UNIT_LOSS_FACTORS: spans as DUDETAILSUMMARY states them, equal neighbours joined."""
    rows: list[Row] = []
    for duid in sorted(knowledge.keys(SUMMARY)):
        published = knowledge.of(SUMMARY, duid)["spans"]
        periods = published[2]
        for number, period in enumerate(periods):
            factors = dict(
                zip(("transmissionlossfactor", "distributionlossfactor"), period[-2:], strict=True)
            )
            if all(value is None for value in factors.values()):
                continue
            start, end = _moment(period[0]), _moment(period[1])
            if number + 1 < len(periods):
                end = min(end, _moment(periods[number + 1][0]))
            row: Row = {"duid": duid, "valid_from": start, "valid_to": end, **factors, "source": published[1]}
            previous = rows[-1] if rows else {}
            joined = previous.get("valid_to") == start and _same(previous, row)
            if joined:
                rows[-1]["valid_to"] = end
            else:
                rows.append(row)
    return rows
