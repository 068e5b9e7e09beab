"""Buckets that know what is partial, years laid over each other, tables of changes, the other period's x."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data_layer.market import FUELS, Bucket, Resolution
from layouts import buckets, compared, mix, trend_charts, trend_tables, trends
from layouts.buckets import Buckets
from layouts.mix import Mix, Prices
from layouts.series import Grid
from layouts.trend_spans import Span, full_years


def decoded(values: dict[str, str]) -> list[float]:
    return [float(v) for v in np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])]


def trend(rows: list[tuple[date, str, float, float, float]]) -> pa.Table:
    names = ("bucket_start", "fuel", "generation_mwh", "load_mwh", "days_found")
    return pa.table(dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True)))


QUARTERS = trend(
    [
        (date(2025, 1, 1), "Coal", 600.0, -1.0, 30.0),
        (date(2025, 4, 1), "Coal", 900.0, -1.0, 91.0),
        (date(2025, 4, 1), "Wind", 100.0, 0.0, 91.0),
        (date(2025, 4, 1), "Battery Storage", 50.0, -60.0, 91.0),
        (date(2025, 10, 1), "Coal", 800.0, 0.0, 80.0),
    ]
)
START, END = datetime(2025, 3, 2), datetime(2026, 1, 1)


def test_a_bucket_is_partial_where_the_period_cuts_it_or_days_are_missing() -> None:
    places = Buckets.of(Bucket.QUARTER, START, END, QUARTERS)
    assert places.names == ["Q1 2025 *", "Q2 2025", "Q3 2025", "Q4 2025 *"]
    assert places.coverage == ["30 of 90 days", "91 of 91 days", "0 of 92 days", "80 of 92 days"]
    assert places.opacity == [0.45, 1.0, 1.0, 0.45]
    assert "partial" in places.note
    found = places.spread(QUARTERS.filter(pc.equal(QUARTERS["fuel"], "Coal")), "generation_mwh")
    assert np.isnan(found[2])
    assert found[[0, 1, 3]].tolist() == [600.0, 900.0, 800.0]


def test_a_year_cut_by_a_single_day_is_partial() -> None:
    """Though 99.7% of its days were found."""
    year = trend([(date(2025, 1, 1), "Coal", 1.0, 0.0, 364.0)])
    cuts = {
        "first": (datetime(2025, 1, 2), datetime(2026, 1, 1)),
        "last": (datetime(2025, 1, 1), datetime(2025, 12, 31)),
        "none": (datetime(2025, 1, 1), datetime(2026, 1, 1)),
    }
    marked = {cut: Buckets.of(Bucket.YEAR, *span, year).partial for cut, span in cuts.items()}
    assert marked == {"first": (True,), "last": (True,), "none": (False,)}


def test_a_whole_bucket_alone_is_not_marked() -> None:
    one = QUARTERS.slice(1, 3)
    places = Buckets.of(Bucket.QUARTER, datetime(2025, 4, 1), datetime(2025, 7, 1), one)
    assert (places.names, places.opacity, places.note) == (["Q2 2025"], 1.0, "")


@pytest.mark.parametrize("count", [1, 5, 14, 15, 60, 300])
def test_an_axis_labels_the_last_bucket_and_at_most_as_many_as_fit(count: int) -> None:
    first = date(2000, 1, 1)
    end = datetime(2000 + count // 12, count % 12 + 1, 1)
    empty = trend([(first, "Coal", 1.0, 0.0, 31.0)])
    places = Buckets.of(Bucket.MONTH, datetime(2000, 1, 1), end, empty)
    axis = buckets.axis("light", places)
    assert len(places) == count
    assert 1 <= len(axis["tickvals"]) <= buckets.MOST_TICKS
    assert axis["tickvals"][-1] == places.names[-1]
    assert axis["ticktext"][0].count("<br>") == 1


@pytest.mark.parametrize("group", ["fuel", "vre", "thermal-renewable"])
def test_every_fuel_is_in_one_band(group: str) -> None:
    inside = [fuel for band in trends.bands(group, "light") for fuel in band.fuels]
    assert sorted(inside) == sorted(FUELS)


def test_shares_leave_storage_out_and_stay_when_a_fuel_is_hidden() -> None:
    places = Buckets.of(Bucket.QUARTER, START, END, QUARTERS)
    made = trend_charts.Trend.of(places, QUARTERS)
    figure = trend_charts.shares(made, trends.bands("fuel", "light"), ("Coal",), "light")
    named = {trace["name"]: trace for trace in figure["data"]}
    assert set(named) == {"Wind", "Found"}
    assert decoded(named["Wind"]["y"])[1] == pytest.approx(10.0)
    energy = trend_charts.mix(made, trends.bands("fuel", "light"), (), "light")
    stacked = {trace["name"]: trace for trace in energy["data"]}
    assert decoded(stacked["Battery charging"]["y"])[1] == pytest.approx(-0.06)
    assert decoded(stacked["Total generation"]["y"])[1] == pytest.approx(1.05)
    assert np.isnan(decoded(stacked["Coal"]["y"])[2]), "a quarter without readings is no zero"


def daily(first: date, count: int, missing: set[date]) -> pa.Table:
    days = [first + timedelta(days=k) for k in range(count)]
    days = [day for day in days if day not in missing]
    return pa.table({"date": days, "energy_mwh": [float(day.toordinal()) for day in days]})


def test_years_stand_on_the_days_of_a_leap_year() -> None:
    answer = daily(date(2023, 2, 27), 800, {date(2024, 5, 5)})
    made = trend_charts.years(answer, "energy_mwh", Bucket.MONTH)
    assert [year.name for year in made] == ["2023", "2024", "2025"]
    of_2023, of_2024 = dict(zip(made[0].days, made[0].values, strict=True)), made[1]
    assert "2000-02-29" not in of_2023
    assert of_2023["2000-03-01"] == date(2023, 3, 1).toordinal()
    at = dict(zip(of_2024.days, of_2024.values, strict=True))
    assert at["2000-02-29"] == date(2024, 2, 29).toordinal()
    assert at["2000-03-01"] == date(2024, 3, 1).toordinal()
    assert np.isnan(at["2000-05-05"]), "a missing day is a gap, not a line across"
    assert len(of_2024.days) == 366


def test_financial_years_run_from_july_to_june() -> None:
    answer = daily(date(2023, 7, 1), 366, set())
    (year,) = trend_charts.years(answer, "energy_mwh", Bucket.FINANCIAL_YEAR)
    assert year.name == "FY2024"
    assert (year.days[0], year.days[-1], "2000-02-29" in year.days) == ("1999-07-01", "2000-06-30", True)
    figure = trend_charts.overlay([year], "dark", "GWh a day", "%{y}", 1.0)
    assert figure["layout"]["xaxis"]["range"] == ["1999-07-01", "2000-06-30"]


def test_the_latest_year_is_in_front_and_no_two_look_alike() -> None:
    answer = daily(date(2021, 1, 1), 6 * 365, set())
    figure = trend_charts.overlay(
        trend_charts.years(answer, "energy_mwh", Bucket.YEAR), "light", "GWh a day", "%{y}", 1.0
    )
    names = [trace["name"] for trace in figure["data"]]
    assert names == sorted(names)
    looks = [(t["line"]["color"], t["line"]["dash"]) for t in figure["data"]]
    assert len(set(looks)) == len(looks) == 6


def cells(table: Any) -> list[list[str]]:
    data = json.loads(getattr(table, "data-table"))
    return [[cell["text"] for cell in row["cells"]] for row in data["rows"]]


def test_fuels_against_another_year() -> None:
    now = Span.of("2025", QUARTERS, 365)
    before = Span("2024", {"Coal": 4_600.0, "Wind": 0.0, "Battery Storage": 100.0}, 366, 366)
    assert now.found == 30 + 91 + 80
    listed = {row[0]: row for row in cells(trend_tables.fuels(now, before, {}, (), "light"))}
    assert listed["Coal"][1:] == ["2.3", "4.6", "−50%", "95.8%", "−4.2"]
    assert listed["Wind"][1:4] == ["0.10", "0.00", "–"], "there is no change from nothing"
    assert listed["Battery discharging"][4:] == ["–", "–"]
    assert listed["Without storage"][1:4] == ["2.4", "4.6", "−48%"]
    alone = cells(trend_tables.fuels(now, None, {}, (), "light"))
    assert {len(row) for row in alone} == {3}


def test_a_year_is_full_where_the_period_holds_it_and_its_days_were_found() -> None:
    months = [Bucket.MONTH.start(date(2023 + k // 12, k % 12 + 1, 1)) for k in range(36)]
    lengths = {month: float((Bucket.MONTH.following(month) - month).days) for month in months}
    lengths[date(2024, 8, 1)] = 20.0
    answer = trend([(month, "Coal", 1.0, 0.0, lengths[month]) for month in months])
    whole = datetime(2023, 1, 1), datetime(2026, 1, 1)
    assert [year.name for year in full_years(Bucket.YEAR, *whole, answer)] == ["2023", "2025"]
    (only,) = full_years(Bucket.FINANCIAL_YEAR, *whole, answer)
    assert (only.name, only.start, only.found, only.mwh) == ("FY2024", date(2023, 7, 1), 366, {"Coal": 12.0})
    cut = datetime(2023, 1, 2), datetime(2025, 12, 31)
    assert full_years(Bucket.YEAR, *cut, answer) == []


# -- The other period on Generation ---------------------------------------------------------------


def other(grid: Grid, theirs: Grid, shift: timedelta) -> compared.Other:
    series = {"Coal": np.arange(len(theirs), dtype=float), "Wind": np.ones(len(theirs))}
    flows = np.full(len(theirs), -5.0)
    return compared.Other.of(
        grid,
        theirs,
        shift,
        Mix(theirs, series, {}, flows),
        Prices({"SA1": np.zeros(len(theirs))}),
        ("Wind",),
    )


def test_hours_are_shifted_by_the_distance_of_the_starts() -> None:
    start, before = datetime(2026, 3, 1), datetime(2025, 3, 1)
    grid = Grid.of(start, start + timedelta(days=2), Resolution.HOUR)
    theirs = Grid.of(before, before + timedelta(days=2), Resolution.HOUR)
    made = other(grid, theirs, start - before)
    assert dict(made.x) == grid.x
    assert made.total.tolist() == list(range(48)), "what is hidden and what flows out are not in it"


def test_months_go_by_their_order() -> None:
    grid = Grid.of(datetime(2026, 1, 31), datetime(2026, 4, 1), Resolution.MONTH)
    theirs = Grid.of(datetime(2025, 11, 30), datetime(2026, 1, 31), Resolution.MONTH)
    made = other(grid, theirs, timedelta(days=62))
    assert made.x["x"] == ["2026-01-01T00:00:00", "2026-02-01T00:00:00", "2026-03-01T00:00:00"]
    longer = Grid.of(datetime(2025, 10, 30), datetime(2026, 1, 31), Resolution.MONTH)
    assert other(grid, longer, timedelta(days=62)).x["x"][3:] == [None]


def test_the_price_axis_holds_both_periods() -> None:
    start = datetime(2026, 3, 1)
    grid = Grid.of(start, start + timedelta(hours=2), Resolution.HALF_HOUR)
    calm = Prices({"SA1": np.full(len(grid), 50.0)})
    figure = mix.stack(Mix(grid, {"Coal": np.ones(len(grid))}, {}), mix.Look("light"), calm)
    wild = compared.Other(grid.x, np.ones(len(grid)), {"SA1": np.full(len(grid), 15_000.0)})
    drawn = compared.draw(figure, wild, calm, "light", top="Total")
    names = [trace["name"] for trace in drawn["data"]]
    assert names[-2:] == ["Total, other period", "Price SA1, other period"]
    assert drawn["layout"]["yaxis2"]["range"][1] > figure["layout"]["yaxis2"]["range"][1]
    without = compared.draw(figure, wild, calm, "light", top="")
    assert len(without["data"]) == len(drawn["data"]) - 1
