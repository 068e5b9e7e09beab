"""What the Stations tab writes and draws, from small answers."""

from __future__ import annotations

import base64
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from data_layer.market import Resolution
from layouts import mix, station_charts, station_numbers, station_tables
from layouts.series import Grid
from layouts.station_items import Item
from layouts.theme import DARK, LIGHT, chosen_colour


def item(name: str, place: int = 0, level: str = "unit") -> Item:
    label = name.removeprefix("station:")
    return Item(name, label, level, "S", "O", "Wind", ("SA1",), (label,), chosen_colour(place, LIGHT))


def values(trace: dict, axis: str = "y") -> list[float]:  # type: ignore[type-arg]
    return list(np.frombuffer(base64.b64decode(trace[axis]["bdata"]), "<f4"))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (None, 0.0, "< $0"),
        (-30.0, 0.0, "−$30–0"),
        (300.0, 1000.0, "$300–1,000"),
        (1000.0, None, "≥ $1,000"),
        (None, None, "no price"),
    ],
)
def test_a_band_says_its_edges(low: float | None, high: float | None, text: str) -> None:
    assert station_charts.band_label(low, high) == text


def test_shares_of_bands_are_of_each_ones_own_total() -> None:
    answer = pa.table(
        {
            "item": ["A", "A", "A", "B"],
            "band": [-1, 0, 2, 1],
            "generation_mwh": [500.0, 1000.0, 3000.0, 8.0],
            "generation_revenue_aud": [None, -1e6, 2e6, 4e6],
        }
    )
    pair = (item("A"), item("B", 1))
    figure = station_charts.price_bands(answer, pair, (0.0, 100.0), LIGHT)
    a_energy, a_money, b_energy, _ = figure["data"]
    assert a_energy["x"] == ["< $0", "$0–100", "≥ $100"]
    assert values(a_energy) == pytest.approx([25, 0, 75])  # what has no price is in no band
    assert values(a_money) == pytest.approx([-100, 0, 200])
    assert values(b_energy) == pytest.approx([0, 100, 0])
    alone = station_charts.price_bands(answer, pair[:1], (0.0, 100.0), LIGHT)
    assert values(alone["data"][0]) == pytest.approx([1, 0, 3])
    assert alone["layout"]["yaxis"]["title"]["text"] == "GWh generated"


def test_a_gap_stays_open_and_the_price_has_its_row() -> None:
    start = datetime(2026, 2, 1)
    grid = Grid.of(start, datetime(2026, 2, 1, 2), Resolution.HALF_HOUR)
    when = [grid.stamps[0].astype(datetime), grid.stamps[3].astype(datetime)]
    answer = pa.table(
        {
            "time": pa.array(when, pa.timestamp("us")),
            "item": ["A", "A"],
            "mw": [5.0, -7.0],
            "capacity_mw": [10.0, 10.0],
        }
    )
    prices = mix.Prices({"SA1": np.array([1.0, 2.0, 3.0, 4.0])})
    figure = station_charts.series(grid, answer, [item("A")], prices, DARK)
    output, capacity, price = figure["data"]
    assert output["connectgaps"] is False
    drawn = values(output)
    assert drawn[0] == 5 and drawn[3] == -7
    assert np.isnan(drawn[1:3]).all()
    assert capacity["line"]["dash"] == "dot"
    assert price["yaxis"] == "y2"
    assert figure["layout"]["meta"] == {"resolution": "30min"}


def test_ranks_in_short() -> None:
    row = {"cf_rank": 3, "cf_of": 14, "cf_nem_rank": 9, "cf_nem_of": 71, "regionid": "SA1"}
    assert station_numbers.rank_text(row, "cf") == "3/14 SA1 · 9/71 NEM"
    assert station_numbers.rank_text({**row, "cf_rank": None}, "cf") == ""
    assert station_numbers.rank_text({**row, "cf_rank": float("nan")} | {"cf_rank": 0}, "cf") == ""
    assert station_numbers.rank_text(None, "cf") == ""


def test_what_is_missing_sorts_last_both_ways() -> None:
    rows = [{"capture_rate": value} for value in (None, 0.5, float("nan"), 2.0)]
    down = [row["capture_rate"] for row in station_tables.ordered(rows, "-rate")]
    up = [row["capture_rate"] for row in station_tables.ordered(rows, "rate")]
    assert down[:2] == [2.0, 0.5]
    assert up[:2] == [0.5, 2.0]


def test_six_colours_differ_in_both_themes() -> None:
    for look in (LIGHT, DARK):
        assert len({chosen_colour(place, look) for place in range(6)}) == 6
