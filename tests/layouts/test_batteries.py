"""What the Batteries tab draws: signs, gaps, sorting, blanks that say why."""

from __future__ import annotations

import base64
import json
import math
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_layer.market import Resolution
from layouts import batteries as page
from layouts import battery_charts as charts
from layouts.series import Grid

DAY = datetime(2026, 3, 1)
GRID = Grid.of(DAY, datetime(2026, 3, 1, 2), Resolution.HALF_HOUR)


def values(trace: dict[str, Any], key: str = "y") -> list[float]:
    return [float(v) for v in np.frombuffer(base64.b64decode(trace[key]["bdata"]), "<f4")]


def series(places: list[int]) -> pa.Table:
    """Rows of BatterySeries at some of the grid's four half-hours: 10 MW out, 4 MW in."""
    count = len(places)
    return pa.table(
        {
            "time": pa.array([GRID.stamps[place].astype(datetime) for place in places], pa.timestamp("us")),
            "discharge_mw": [10.0] * count,
            "charge_mw": [4.0] * count,
            "discharge_revenue_aud": [2_000.0] * count,
            "charge_cost_aud": [-500.0] * count,
            "revenue_aud": [2_500.0] * count,
        }
    )


def prices() -> pa.Table:
    stamps = [stamp.astype(datetime) for stamp in GRID.stamps]
    return pa.table(
        {
            "time": pa.array(stamps * 2, pa.timestamp("us")),
            "regionid": ["VIC1"] * 4 + ["NSW1"] * 4,
            "price_aud_per_mwh": [50.0, -1000.0, 15_000.0, 20.0] * 2,
        }
    )


def test_charging_is_below_zero_and_said_as_a_positive_number() -> None:
    figure = charts.power(GRID, series([0, 1, 3]), prices(), "light")
    out, into, first, second = figure["data"]
    assert values(out)[:2] == [10.0, 10.0]
    assert values(into)[:2] == [-4.0, -4.0]
    assert values(into, "customdata")[:2] == [4.0, 4.0]
    assert math.isnan(values(out)[2]), "a gap is no standstill"
    assert [shape["label"]["text"] for shape in figure["layout"]["shapes"]] == ["no data"]
    assert [first["name"], second["name"]] == ["Price NSW1", "Price VIC1"]
    assert values(first, "customdata") == [50.0, -1000.0, 15_000.0, 20.0], "hover shows the true price"
    assert figure["layout"]["yaxis"]["title"]["text"] == "MW"


def test_being_paid_to_charge_is_drawn_above_the_line() -> None:
    figure = charts.money(GRID, series([0, 1, 2, 3]), "dark")
    revenue, cost, net = figure["data"]
    assert values(revenue) == [2.0] * 4
    assert values(cost) == [0.5] * 4
    assert values(cost, "customdata") == [-0.5] * 4
    assert values(net) == [2.5] * 4
    assert figure["layout"]["yaxis"]["title"]["text"] == "$ thousands per half-hour"


def group(name: str, **facts: Any) -> dict[str, Any]:
    return {
        "name": name,
        "total": False,
        "station_name": f"{name} station",
        "owner": "Owner Pty Ltd as trustee for Somebody",
        "regions": "SA1",
        "duids": name,
        "batteries": 1,
        "batteries_with_storage": 1,
        "capacity_mw": 50.0,
        "storage_mwh": 100.0,
        "discharge_mwh": 1_000.0,
        "charge_mwh": 1_250.0,
        "discharge_revenue_aud": 100_000.0,
        "charge_cost_aud": 20_000.0,
        "revenue_aud": 80_000.0,
        "discharge_price_aud_per_mwh": 100.0,
        "charge_price_aud_per_mwh": 16.0,
        "price_difference_aud_per_mwh": 84.0,
        "spread_aud_per_mwh": 80.0,
        "negative_price_charge_mwh": 100.0,
        "negative_price_charge_income_aud": 4_000.0,
        "cycles_per_day": 0.5,
        "round_trip_efficiency": 0.8,
        "round_trip_blank_because": None,
        "revenue_aud_per_mw_year": 120_000.0,
        "revenue_aud_per_mwh_year": 60_000.0,
        "battery_intervals": 288,
        "battery_intervals_expected": 288,
        **facts,
    }


def test_all_regions_of_an_average_day_are_added_and_priced_apart() -> None:
    answer = pa.table(
        {
            "time_of_day": [30, 30, 60],
            "regionid": ["NSW1", "SA1", "SA1"],
            "discharge_mw": [1.0, 2.0, 4.0],
            "charge_mw": [0.0, 3.0, 0.0],
            "price_aud_per_mwh": [10.0, 20.0, 30.0],
        }
    )
    out, into, nsw, sa = charts.average_day(answer, "light")["data"]
    assert values(out)[:2] == [3.0, 4.0]
    assert math.isnan(values(out)[2])
    assert values(into)[0] == -3.0
    assert values(sa, "customdata")[:2] == [20.0, 30.0]
    assert math.isnan(values(nsw, "customdata")[1])


def test_a_region_without_batteries_is_not_a_level_of_zero() -> None:
    stamps = [stamp.astype(datetime) for stamp in GRID.stamps]
    levels = [0.0] * 4 + [5.0] * 4
    answer = pa.table(
        {
            "time": pa.array(stamps * 2, pa.timestamp("us")),
            "regionid": ["TAS1"] * 4 + ["VIC1"] * 4,
            "stored_mwh": levels,
            "min_stored_mwh": [level - 1 for level in levels],
            "max_stored_mwh": [level + 1 for level in levels],
        }
    )
    traces = charts.stored(GRID, answer, "light")["data"]
    assert [trace["name"] for trace in traces] == ["Lowest", "Highest", "Stored, VIC1"]
    assert values(traces[0]) == [4.0] * 4


def test_the_ranking_is_ordered_and_fades_what_is_not_selected() -> None:
    lines = [group("A"), group("B", revenue_aud=90_000.0, charge_cost_aud=None)]
    figure = charts.ranking(lines, "unit", ("B",), "light")
    assert figure["layout"]["xaxis"]["ticktext"] == ["B", "A"]
    first, second = figure["data"][0]["marker"]["color"]
    assert first.startswith("#")
    assert second.startswith("rgba")


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["A", "B", "C"]),
        ("-cycles", ["B", "A", "C"]),
        ("cycles", ["A", "B", "C"]),
        ("-name", ["C", "B", "A"]),
    ],
)
def test_what_is_missing_sorts_last_either_way(sort: str, names: list[str]) -> None:
    lines = [group("A"), group("B", cycles_per_day=0.9), group("C", cycles_per_day=None)]
    assert [line["name"] for line in page.in_order(lines, sort)] == names


def shown(lines: list[dict[str, Any]], by: str = "unit", selected: tuple[str, ...] = ()) -> dict[str, Any]:
    names = [str(line["name"]) for line in lines]
    frame = page.table(
        lines,
        group("Fleet"),
        by,
        selected=selected,
        hrefs=dict.fromkeys(names, "/batteries"),
        sorts=dict.fromkeys(page._VALUES, "/batteries?sort"),
        sort="",
        look="light",
    )
    found: dict[str, Any] = json.loads(frame.to_plotly_json()["props"]["data-table"])
    return found


def test_blanks_say_why() -> None:
    blank = group(
        "A",
        storage_mwh=None,
        batteries_with_storage=0,
        cycles_per_day=None,
        revenue_aud_per_mwh_year=None,
        round_trip_efficiency=None,
        round_trip_blank_because="storage unknown",
    )
    cells = shown([blank])["rows"][0]["cells"]
    titles = [cell["title"] for cell in cells if cell["text"] == "–"]
    assert titles == [
        "The registry does not know its storage",
        "Blank: its storage is unknown",
        "Blank: storage unknown",
        "Blank: its storage is unknown",
    ]
    assert page.blank_note([blank]) == "Round trips are blank: storage unknown."
    assert page.blank_note([blank, group("B")]) == ""


def test_a_table_of_several_begins_with_all_and_marks_what_is_selected() -> None:
    table = shown([group("A"), group("B", station_name="A station")], selected=("B",))
    assert [row["cells"][0]["text"] for row in table["rows"]] == [
        "All batteries",
        "A · A station",
        "B · A station",
    ]
    assert "swatch" in table["rows"][2]
    assert "swatch" not in table["rows"][1]
    assert shown([group("Long Pty Ltd as trustee for X")], "owner")["rows"][0]["cells"][0]["text"] == "Long"
