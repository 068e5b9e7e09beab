"""Periods that attack: far, endless, reversed, with a zone, no dates at all. Each is refused, by every
question and every tab, before anything is asked of the database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from callbacks import TABS, state
from data_layer.errors import RequestError
from data_layer.market import INTERVAL, Resolution
from data_layer.requests import MAX_BUCKETS, REQUESTS, Period
from tests.trust.hostile_payloads import Hostile
from tests.trust.hostile_run import Run

PERIODS: Final[tuple[tuple[str, str], ...]] = (
    ("0001-01-01", "0001-01-02"),
    ("0001-01-01", "9999-12-31"),
    ("9999-12-31", "9999-12-31"),
    ("10000-01-01", "10000-01-02"),
    ("-0001-01-01", "2026-02-28"),
    ("2026-02-28", "2026-02-20"),
    ("2026-02-27T12:00", "2026-02-27T12:00"),
    ("2026-02-27T12:00Z", "2026-02-28T12:00Z"),
    ("2026-02-27T12:00+10:00", "2026-02-28T12:00+10:00"),
    ("2026-02-27", "4763-12-26"),  # a million days
    ("1000000", "2000000"),
    ("2026-02-30", "2026-03-01"),
    ("2026-13-01", "2026-14-01"),
    ("2026-02-27T24:00", "2026-02-28T24:00"),
    ("2026-02-27T12:01", "2026-02-28T12:03"),
    ("2026-02-27T12:00:00.000001", "2026-02-28"),
    ("٢٠٢٦-٠٢-٢٧", "٢٠٢٦-٠٢-٢٨"),
    ("2026-02-27\x00", "2026-02-28' OR '1'='1"),
    ("now", "NaN"),
    ("2" * 1_500, ""),
)

WITHOUT_CAP: Final = {"integrated_data"}
"""Its grain is one of two fixed ones; how many rows it may have is the engine's limit."""


def attack_dates(run: Run) -> list[str]:
    """Send every period to every question and every tab; what was not refused, or cost a query."""
    found = []
    for start, end in PERIODS:
        query = urlencode({"start": start, "end": end})
        for address in (
            *(f"/data/{name}.csv" for name in REQUESTS),
            *(f"/{tab.name}/data.csv" for tab in TABS),
        ):
            before = run.statements.count
            status = run.send(Hostile(f"{address}?{query}", what="dates"))
            if status != 400 or run.statements.count != before:
                found.append(f"{address} {start[:40]!r} {end[:40]!r}: {status}")
    return found


def dropped_on_pages(first: date, last: date) -> list[str]:
    """A page is not refused: it says what it dropped and opens what the data has. Where it does neither."""
    covered = Period.of_days(first, last)
    found = []
    for start, end in PERIODS:
        for tab in TABS:
            view = state.parse(
                tab.name, f"?{urlencode({'start': start, 'end': end})}", covered.start + INTERVAL, covered.end
            )
            inside = covered.start <= view.period.start < view.period.end <= covered.end
            if not view.notices or not inside or not view.preset:
                found.append(f"{tab.name} {start[:40]!r} {end[:40]!r}: {view.period}")
    return found


def caps() -> list[tuple[str, Resolution, int]]:
    """(question, grain, days): the most whole days that a series of each question may have at each grain."""
    return [
        (name, grain, days)
        for name, kind in REQUESTS.items()
        if "resolution" in kind.__dataclass_fields__ and name not in WITHOUT_CAP
        for grain in Resolution
        if (days := MAX_BUCKETS * grain.intervals // 288) < 36_000  # the longest period there can be
    ]


def attack_caps(run: Run) -> list[str]:
    """Ask a day too many at every grain of every question that has one; what was not refused for that, or
    would have been without that day."""
    found = []
    start = date(2000, 1, 1)
    for name, grain, days in caps():
        last, beyond = (start + timedelta(days=count - 1) for count in (days, days + 1))
        query = {"start": start.isoformat(), "end": beyond.isoformat(), "resolution": grain.value}
        before = run.statements.count
        status = run.send(Hostile(f"/data/{name}.csv?{urlencode(query)}", what="cap"))
        why = _refused_for(name, query)
        allowed = _refused_for(name, {**query, "end": last.isoformat()})
        if (status, why) != (400, "resolution") or run.statements.count != before:
            found.append(f"{name} {grain} {days + 1} days: {status} {why}")
        if allowed == "resolution":
            found.append(f"{name} {grain} {days} days: refused")
    return found


def _refused_for(name: str, query: dict[str, str]) -> str:
    """The field that a question is refused for; '' where it is none."""
    try:
        REQUESTS[name].from_query(query)
    except RequestError as error:
        return error.field
    return ""
