"""Everything the sources have said about units, kept with the lake so that a later list adds to it.

Why a note beside the units table: that table holds conclusions. A station's name may arrive months
before the unit that needs it, and AEMO deletes retired units from newer lists. So each source's facts
are kept per key with the time of publication, and the units are concluded afresh (registry_units.py).
For one fact the source published later wins; a source that says nothing takes nothing away. The outcome
does not depend on the order in which files are ingested.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from data_layer.registry_list import energy_source_fuel, list_facts, number

Said = tuple[str, str, Any]
"""(published_at as ISO text, name of the source, value); compared by time, then name."""

LIST, SUMMARY, DETAIL = "registration_list", "dudetailsummary", "dudetail"
STATION, PARTICIPANT, GENUNITS = "station", "participant", "genunits"

SPAN_COLUMNS = ("dispatch_type", "regionid", "stationid", "participantid", "schedule_type")
"""What DUDETAILSUMMARY says of a unit from a date on."""

_OPEN_END = "2200-01-01T00:00:00"


@dataclass
class Knowledge:
    """kind -> key -> fact -> what was said last. JSON-able; see ``to_json``."""

    said: dict[str, dict[str, dict[str, Said]]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str | None) -> Knowledge:
        """Inverse of ``to_json``; empty for None."""
        knowledge = cls()
        for kind, keys in (json.loads(text) if text else {}).items():
            for key, facts in keys.items():
                for name, (published, source, value) in facts.items():
                    knowledge.say(kind, key, name, (published, source, value))
        return knowledge

    def to_json(self) -> str:
        return json.dumps(self.said, sort_keys=True, separators=(",", ":"))

    def say(self, kind: str, key: str, name: str, said: Said) -> bool:
        """Keep a fact unless one published later is known; True where it was taken."""
        facts = self.said.setdefault(kind, {}).setdefault(key, {})
        known = facts.get(name)
        if known is not None and (known[0], known[1], str(known[2])) >= (said[0], said[1], str(said[2])):
            return False
        facts[name] = said
        return True

    def of(self, kind: str, key: str | None) -> dict[str, Said]:
        """Facts of one key; empty where nothing is known."""
        return self.said.get(kind, {}).get(key or "", {})

    def keys(self, kind: str) -> Iterable[str]:
        return self.said.get(kind, {}).keys()

    def absorb(self, kind: str, published_at: datetime, rows: pa.Table, name: str) -> None:
        """Take a source's rows (text columns, names in lower case). ValueError for an unknown kind."""
        published = published_at.isoformat()
        match kind:
            case "registration_list":
                for duid, facts in list_facts(rows).items():
                    for column, value in facts.items():
                        self.say(
                            LIST,
                            duid,
                            column,
                            (published, f"AEMO registration list {_day(published)}", value),
                        )
            case "dudetailsummary":
                self._absorb_summary(rows, published)
            case "dudetail":
                self._absorb_detail(rows, published)
            case "station":
                self._absorb_names(STATION, rows, "stationid", "stationname", published)
            case "participant":
                self._absorb_names(PARTICIPANT, rows, "participantid", "name", published)
            case "genunits":
                self._absorb_energy_sources(rows, published)
            case _:
                raise ValueError(f"{name}: no registry source is of kind {kind!r}")

    def _absorb_summary(self, rows: pa.Table, published: str) -> None:
        """The whole history of a unit is one fact: it is republished every month."""
        source = f"AEMO DUDETAILSUMMARY {_day(published)}"
        history: dict[str, dict[str, tuple[str, list[Any]]]] = defaultdict(dict)
        for row in rows.to_pylist():
            duid, start, end = row.get("duid"), stamp(row.get("start_date")), stamp(row.get("end_date"))
            if not duid or start is None or (end is not None and end <= start):
                continue
            factors = [number(row.get(f"{kind}lossfactor")) for kind in ("transmission", "distribution")]
            facts = [_word(row.get(column)) for column in ("dispatchtype", *SPAN_COLUMNS[1:])]
            changed = stamp(row.get("lastchanged")) or ""
            known = history[duid].get(start)
            if known is None or changed >= known[0]:
                history[duid][start] = (changed, [start, end or _OPEN_END, *facts, *factors])
        for duid, spans in history.items():
            self.say(
                SUMMARY, duid, "spans", (published, source, [spans[start][1] for start in sorted(spans)])
            )

    def _absorb_detail(self, rows: pa.Table, published: str) -> None:
        source = f"AEMO DUDETAIL {_day(published)}"
        history: dict[str, dict[str, tuple[float, list[Any]]]] = defaultdict(dict)
        for row in rows.to_pylist():
            duid, start = row.get("duid"), stamp(row.get("effectivedate"))
            if not duid or start is None:
                continue
            version = number(row.get("versionno")) or 0.0
            known = history[duid].get(start)
            if known is None or version >= known[0]:
                capacities = [number(row.get("registeredcapacity")), number(row.get("maxcapacity"))]
                history[duid][start] = (version, [start, *capacities])
        for duid, steps in history.items():
            self.say(DETAIL, duid, "steps", (published, source, [steps[start][1] for start in sorted(steps)]))

    def _absorb_names(self, kind: str, rows: pa.Table, key: str, column: str, published: str) -> None:
        source = f"AEMO {kind.upper()} {_day(published)}"
        for row in rows.to_pylist():
            text = " ".join((row.get(column) or "").split())
            if text.isupper() and kind == STATION and " " in text:
                text = text.title()  # half of AEMO's station names are typed in capitals
            if row.get(key) and text:
                self.say(kind, row[key], "name", (published, source, text))

    def _absorb_energy_sources(self, rows: pa.Table, published: str) -> None:
        """GENUNITS' sets bear the DUID's name where a unit has one set; others are not used."""
        source = f"AEMO GENUNITS {_day(published)}"
        for row in rows.to_pylist():
            fuel = energy_source_fuel(row.get("co2e_energy_source"))
            key = row.get("duid") or row.get("gensetid")
            if key and fuel:
                self.say(GENUNITS, key, "fuel", (published, source, fuel.value))
                self.say(GENUNITS, key, "fuel_detail", (published, source, row["co2e_energy_source"].strip()))


def stamp(text: str | None) -> str | None:
    """An MMS date ('2017/06/01 00:00:00') as ISO text; dates past 2200 and blanks are None."""
    if not text:
        return None
    for form in ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d"):
        try:
            moment = datetime.strptime(text.strip(), form)
        except ValueError:
            continue
        return moment.isoformat() if moment.year < 2200 else None
    return None


def _word(text: str | None) -> str | None:
    return (text or "").strip().upper() or None


def _day(published: str) -> str:
    return published[:10]
