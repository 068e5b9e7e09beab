"""Numbers as the field writes them."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from layouts import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0.00"),
        (9.994, "$9.99"),
        (9.996, "$10.0"),
        (87.44, "$87.4"),
        (99.96, "$100"),
        (-1000, "−$1,000"),
        (-0.001, "$0.00"),
        (23200, "$23,200"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_price(value: float | None, text: str) -> None:
    assert formats.price(value) == text


def test_signs_are_true_minus_and_plus() -> None:
    assert formats.price(3.5, sign=True) == "+$3.50"
    assert formats.number(-1234.4) == "−1,234"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0042, "0.00"), (0.42, "0.42"), (4.23, "4.2"), (2207.4, "2,207")]
)
def test_energy_has_no_noise_digits(value: float, text: str) -> None:
    assert formats.energy(value) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0%"), (0.072, "7.2%"), (0.0999, "10%"), (1.27, "127%")])
def test_percent(share: float, text: str) -> None:
    assert formats.percent(share) == text


def test_midnight_closes_the_day_before() -> None:
    assert formats.stamp(datetime(2026, 11, 23)) == "22 Nov 2026 24:00"
    assert formats.stamp(datetime(2026, 11, 23, 0, 5)) == "23 Nov 2026 00:05"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (datetime(2026, 6, 1), datetime(2026, 9, 1), "1 Jun to 31 Aug 2026"),
        (datetime(2025, 12, 31), datetime(2026, 1, 2), "31 Dec 2025 to 1 Jan 2026"),
        (datetime(2026, 6, 1), datetime(2026, 6, 2), "1 Jun 2026"),
        (datetime(2026, 6, 1, 8), datetime(2026, 6, 1, 9, 30), "1 Jun 2026, 08:00 to 09:30"),
        (datetime(2026, 6, 1, 8), datetime(2026, 6, 2), "1 Jun 2026 08:00 to 1 Jun 2026 24:00"),
    ],
)
def test_spans(start: datetime, end: datetime, text: str) -> None:
    assert formats.span(start, end) == text


@pytest.mark.parametrize("value", [0.0, -0.0, -0.4, 0.5, -1.5, 999.5, -1234.4, 1234567.8])
def test_the_quick_way_writes_the_same_as_the_careful_one(value: float) -> None:
    assert formats.whole(value) == formats.number(value)
