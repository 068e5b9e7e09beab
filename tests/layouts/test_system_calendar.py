"""The calendar's colours and places."""

from __future__ import annotations

import base64
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from layouts import theme
from layouts.system_calendar import MEASURES, figure, has_finding, legend, level

FULL: dict[str, Any] = {
    "regionid": "NSW1", "intervals_expected": 288, "intervals_found": 288, "demand_found": 288,
    "intervention_intervals": 0, "rooftop_expected": 48, "rooftop_found": 48, "units_reporting": 2,
    "units_unmapped": 0, "readings_expected": 576, "readings_found": 576,
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "colour"),
    [(288, 0), (287, 1), (285, 2), (260, 2), (259, 3), (144, 3), (143, 4), (1, 4), (0, 5)],
)
def test_the_colour_says_how_much_is_missing(found: int, colour: int) -> None:
    line = {**FULL, "intervals_found": found}
    assert level(MEASURES["price"], line) == colour
    assert has_finding(MEASURES["price"], line) == (colour > 0)


def test_nothing_expected_is_blank_and_nobody_reporting_is_all_missing() -> None:
    assert level(MEASURES["price"], {**FULL, "intervals_expected": 0, "intervals_found": 0}) is None
    silent = {**FULL, "units_reporting": 0, "readings_expected": 0, "readings_found": 0}
    assert level(MEASURES["readings"], silent) == 5
    assert MEASURES["readings"].text(silent) == "0 of 288 readings"
    assert level(MEASURES["rooftop"], {**FULL, "rooftop_expected": 0, "rooftop_found": 0}) is None


@pytest.mark.parametrize(
    ("count", "colour"), [(0, 0), (1, 1), (2, 2), (5, 2), (6, 3), (20, 3), (21, 4), (101, 5)]
)
def test_counts_have_their_own_steps(count: int, colour: int) -> None:
    assert level(MEASURES["unmapped"], {**FULL, "units_unmapped": count}) == colour


def test_every_level_has_a_text_and_a_colour_of_its_own() -> None:
    for name in MEASURES:
        for look in (theme.LIGHT, theme.DARK):
            entries = legend(MEASURES[name], look)
            assert len(entries) == len({text for text, _ in entries}) == len({c for _, c in entries}) == 6


def days(start: date, count: int, regions: tuple[str, ...]) -> list[dict[str, Any]]:
    """Every day complete but for the one whose number is its region's place."""
    lines = []
    for n in range(count):
        day = datetime(start.year, start.month, start.day) + timedelta(days=n)
        for place, region in enumerate(regions):
            lines.append(
                {**FULL, "time": day, "regionid": region, "intervals_found": 0 if n == place else 288}
            )
    return lines


def grid(made: dict[str, Any]) -> np.ndarray:
    z = made["data"][0]["z"]
    shape = [int(part) for part in z["shape"].split(",")]
    return np.frombuffer(base64.b64decode(z["bdata"]), "<f4").reshape(shape)


@pytest.mark.parametrize("count", [20, 92, 93, 365])
def test_each_cell_is_the_day_that_a_click_on_it_opens(count: int) -> None:
    """The place of a cell, as assets/system.js counts it, against the text of its hover."""
    start = date(2026, 1, 7)
    regions = ("NSW1", "QLD1", "Unmapped", "VIC1")
    made = figure(
        days(start, count, regions),
        MEASURES["price"],
        start,
        start + timedelta(days=count),
        ("", "NEM"),
        "light",
    )
    meta = made["layout"]["meta"]
    values, texts = grid(made), made["data"][0]["text"]
    assert meta["places"] == ["NSW1", "QLD1", "VIC1", "Unmapped"]
    seen = set()
    for row, column in zip(*np.nonzero(~np.isnan(values)), strict=True):
        day = date.fromisoformat(meta["first"]) + timedelta(
            days=int(column * meta["across"] + row % meta["block"])
        )
        region = meta["places"][row // meta["block"]]
        seen.add((day, region))
        assert texts[row][column].startswith(f"{day:%a} {day.day} {day:%b %Y}, {region}: ")
        missing = day == start + timedelta(days=regions.index(region))
        assert values[row, column] == (5 if missing else 0)
    assert seen == {(start + timedelta(days=n), region) for n in range(count) for region in regions}


def test_the_day_that_stands_open_is_framed_in_its_region_or_in_all() -> None:
    start = date(2026, 1, 5)
    lines = days(start, 200, ("NSW1", "QLD1"))
    end = start + timedelta(days=200)
    one = figure(lines, MEASURES["price"], start, end, ("2026-01-13", "QLD1"), "light")["layout"]["shapes"]
    assert [(shape["x0"], shape["x1"], shape["y0"]) for shape in one] == [
        ("2026-01-12 00:00:00", "2026-01-19 00:00:00", 8.5)
    ]
    both = figure(lines, MEASURES["price"], start, end, ("2026-01-13", "NEM"), "light")["layout"]["shapes"]
    assert len(both) == 2
    assert figure(lines, MEASURES["price"], start, end, ("", "NEM"), "light")["layout"]["shapes"] == []
