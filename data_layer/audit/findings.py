"""What an audit found, how it is said, and where it is kept: a text file beside the version's data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from data_layer.errors import LakeDamaged
from data_layer.lake import Writer
from data_layer.snapshot import Snapshot

NOTE: Final = "audit"
_KEPT_A_MONTH: Final = 200

TIE: Final = "tie"
DUPLICATES: Final = "duplicates"
UNCHECKED: Final = "unchecked"
TITLES: Final[Mapping[str, str]] = {
    TIE: "Rollups that do not equal the rows they are made of",
    DUPLICATES: "Keys that come more than once",
    "gaps": "Intervals that are missing",
    "prices": "Prices outside the market's limits",
    "balance": "Generation, net import and demand that do not balance",
    "imports": "Net interchange that metered flows do not confirm",
    "capacity": "Readings beyond twice a unit's capacity",
    "rooftop_at_night": "Rooftop PV at night",
    UNCHECKED: "Checks that could not be made",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be in one month. ``place``: region, unit or line; ``first`` and
    ``last``: stamps (ISO) between which it lies; ``value`` is the worst, ``limit`` what it should hold."""

    check: str
    table: str
    month: str
    place: str
    count: int
    first: str
    last: str
    value: float | None
    limit: float | None
    text: str

    @property
    def is_ours(self) -> bool:
        """Whether it is a fault of NEMDesk and not of AEMO's data."""
        return self.check in (TIE, DUPLICATES)


def report(snapshot: Snapshot, found: Sequence[Finding], most: int = 50) -> str:
    """The findings for a person: by check, the worst months first within it."""
    if not found:
        return f"Version {snapshot.token}: nothing found. Every rollup equals its rows."
    lines = [f"Version {snapshot.token}: {len(found)} finding{'' if len(found) == 1 else 's'}."]
    if not any(one.is_ours for one in found):
        lines.append("Every rollup equals its rows: what follows is in AEMO's data.")
    for check, title in TITLES.items():
        mine = sorted((one for one in found if one.check == check), key=lambda one: -one.count)
        if mine:
            lines += ["", f"{title} ({len(mine)})"]
            lines += [f"  {one.month}  {one.text}" for one in mine[:most]]
            if len(mine) > most:
                lines.append(f"  ... and {len(mine) - most} more (--json lists all)")
    return "\n".join(lines)


def keep(writer: Writer, months: Mapping[str, Iterable[Finding]], held: Iterable[str]) -> None:
    """Keep the findings of ``months`` with the next version, beside those of its other months (``held``)."""
    known = {**_known(writer.base), **{m: [asdict(f) for f in found] for m, found in months.items()}}
    body = {month: lines[:_KEPT_A_MONTH] for month, lines in sorted(known.items()) if month in set(held)}
    writer.put_note_file(NOTE, json.dumps(body, indent=0, sort_keys=True))


def kept(snapshot: Snapshot) -> dict[str, list[Finding]] | None:
    """Month -> findings, of the months that were audited when they were published; None where none were.
    LakeDamaged where the file cannot be read."""
    if f"{NOTE}_file" not in snapshot.notes:
        return None
    try:
        return {month: [Finding(**line) for line in lines] for month, lines in _read(snapshot).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise LakeDamaged(
            f"The record of the audit cannot be read ({type(error).__name__}): run `python -m app audit`."
        ) from error


def _known(snapshot: Snapshot | None) -> dict[str, list[dict[str, Any]]]:
    if snapshot is None or f"{NOTE}_file" not in snapshot.notes:
        return {}
    try:
        return _read(snapshot)
    except (OSError, ValueError):
        return {}


def _read(snapshot: Snapshot) -> dict[str, list[dict[str, Any]]]:
    text = (snapshot.root / str(snapshot.notes[f"{NOTE}_file"])).read_text(encoding="utf-8")
    body: dict[str, list[dict[str, Any]]] = json.loads(text)
    return body
