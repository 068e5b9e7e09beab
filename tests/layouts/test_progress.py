"""The words of long work: what is known is said, what is not known is left out."""

from __future__ import annotations

import pytest

from layouts import progress, working


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (34.9, "34 s"), (60, "1 min 00 s"), (72, "1 min 12 s"), (7500, "2 h 05 min"), (-3, "0 s")],
)
def test_time_that_has_passed(seconds: float, said: str) -> None:
    assert progress.lasted(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (-1, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (3, "a few seconds left"),
        (17, "about 20 s left"),
        (54, "about 50 s left"),
        (55, "about 1 min left"),
        (131, "about 2 min left"),
        (3600, "about 60 min left"),
        (7300, "about 2 h left"),
    ],
)
def test_time_to_come_is_rounded_and_left_out_where_unknown(seconds: float | None, said: str) -> None:
    assert progress.left(seconds) == said


def test_months_come_before_per_cent_and_per_cent_before_rows() -> None:
    assert (
        progress.words(34, done=12, parts=60, fraction=0.9, rows=5, seconds_left=130)
        == "12 of 60 months read · 34 s · about 2 min left"
    )
    assert progress.words(3, fraction=0.431, rows=5) == "43 % · 3 s"
    assert progress.words(3, rows=1_234_567) == "1,234,567 rows read · 3 s"
    assert progress.words(3) == "Starting · 3 s"


def test_a_file_tells_its_rows_and_the_phase_leads() -> None:
    said = progress.words(61, rows=1_234_567, done=1, parts=2, written=True, phase="Writing the workbook")
    assert said == "Writing the workbook · 1 of 2 months written · 1,234,567 rows written · 1 min 01 s"


def test_a_phase_that_the_count_says_as_well_is_left_out() -> None:
    assert progress.words(3, done=1, parts=3, phase="Reading") == "1 of 3 months read · 3 s"
    assert progress.words(3, fraction=0.431, phase="Reading") == "Reading · 43 % · 3 s"
    assert progress.words(3, phase="Reading") == "Reading · 3 s"
    assert progress.words(3, rows=9, written=True, phase="Writing") == "9 rows written · 3 s"


def test_nothing_is_at_100_per_cent_before_its_end() -> None:
    assert [progress.percent(f) for f in (-1, 0.999, 1.0)] == ["0 %", "99 %", "99 %"]


def test_a_bar_without_a_fraction_has_no_value() -> None:
    assert progress.bar(None).value is None
    assert float(progress.bar(0.25).value) == 0.25


def test_a_panel_says_the_same_words_and_that_something_stands_below() -> None:
    bar, said = working.progress(working.Facts(done=1, parts=3, seconds=4, left=8))
    assert said.children == (
        progress.words(4, done=1, parts=3, seconds_left=8) + " · below: what is there so far"
    )
    assert float(bar.value) == pytest.approx(1 / 3, abs=1e-4)
    assert working.progress(working.Facts(seconds=2))[1].children == "Starting · 2 s"
