"""Figures say what the answers say: right bucket, right sign, gaps as gaps, true prices in the hover."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pytest

from data_layer.market import FUELS, REGIONS, Fuel, Resolution
from layouts import graphs, mix, price_axis, theme, today
from layouts.series import Grid, encode

START, END = datetime(2026, 3, 1), datetime(2026, 3, 1, 1)


def decoded(values: dict[str, str]) -> list[float]:
    return [float(v) for v in np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])]


def traces(figure: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in figure["data"]}


def generation(rows: list[tuple[datetime, str, float, float]]) -> pa.Table:
    when, fuel, up, down = zip(*rows, strict=True)
    return pa.table(
        {
            "time": pa.array(when, pa.timestamp("us")),
            "fuel": list(fuel),
            "generation_mw": list(up),
            "load_mw": list(down),
        }
    )


def regions(rows: list[tuple[datetime, str, float, float]]) -> pa.Table:
    when, region, price, flow = zip(*rows, strict=True)
    return pa.table(
        {
            "time": pa.array(when, pa.timestamp("us")),
            "regionid": list(region),
            "price_aud_per_mwh": list(price),
            "min_price_aud_per_mwh": list(price),
            "max_price_aud_per_mwh": list(price),
            "net_import_mw": list(flow),
        }
    )


GRID = Grid.of(START, END, Resolution.HALF_HOUR)


@pytest.mark.parametrize(
    ("start", "end", "resolution", "stamps"),
    [
        (
            datetime(2026, 3, 1),
            datetime(2026, 3, 1, 0, 10),
            "5min",
            ["2026-03-01T00:05:00", "2026-03-01T00:10:00"],
        ),
        (
            datetime(2026, 3, 1, 0, 10),
            datetime(2026, 3, 1, 0, 35),
            "30min",
            ["2026-03-01T00:30:00", "2026-03-01T01:00:00"],
        ),
        (datetime(2026, 3, 1), datetime(2026, 3, 3), "day", ["2026-03-01T00:00:00", "2026-03-02T00:00:00"]),
        (datetime(2026, 3, 1), datetime(2026, 4, 1), "month", ["2026-03-01T00:00:00"]),
        (
            datetime(2025, 12, 31),
            datetime(2026, 1, 2),
            "month",
            ["2025-12-01T00:00:00", "2026-01-01T00:00:00"],
        ),
    ],
)
def test_grid_has_every_bucket_with_an_interval_of_the_period(
    start: datetime, end: datetime, resolution: str, stamps: list[str]
) -> None:
    assert [str(stamp) for stamp in Grid.of(start, end, Resolution(resolution)).stamps] == stamps


def test_stack_keeps_values_signs_and_places() -> None:
    half, whole = datetime(2026, 3, 1, 0, 30), datetime(2026, 3, 1, 1)
    answer = generation(
        [(half, "Coal", 100.0, 0.0), (whole, "Coal", 110.0, 0.0), (whole, "Battery Storage", 5.0, -20.0)]
    )
    flows = regions([(half, "SA1", 50.0, 30.0), (whole, "SA1", -20.0, -40.0)])
    figure = mix.stack(mix.Mix.of(GRID, answer, flows), mix.Look(theme.LIGHT), mix.Prices.of(GRID, flows))
    found = traces(figure)
    assert decoded(found["Coal"]["y"]) == [100, 110]
    battery = decoded(found["Battery discharging"]["y"])
    assert np.isnan(battery[0])
    assert battery[1] == 5
    assert decoded(found["Battery charging"]["y"])[1] == -20
    assert decoded(found["Net imports"]["y"])[0] == 30
    assert decoded(found["Net exports"]["y"])[1] == -40
    assert decoded(found["Total generation"]["y"]) == [100, 115]
    assert (found["Coal"]["x0"], found["Coal"]["dx"]) == ("2026-03-01T00:30:00", 1_800_000)
    assert decoded(found["Price SA1"]["customdata"]) == [50, -20]
    assert found["Battery charging"]["stackgroup"] != found["Battery discharging"]["stackgroup"]


def test_hidden_fuels_leave_chart_and_total_but_not_the_list() -> None:
    half = datetime(2026, 3, 1, 0, 30)
    drawn = mix.Mix.of(GRID, generation([(half, "Coal", 100.0, 0.0), (half, "Wind", 40.0, 0.0)]))
    found = traces(mix.stack(drawn, mix.Look(theme.DARK, ("Coal",))))
    assert "Coal" not in found
    assert decoded(found["Total generation"]["y"])[0] == 40
    assert drawn.fuels == ("Coal", "Wind")


def test_proportions_add_up_to_all_that_is_shown() -> None:
    half = datetime(2026, 3, 1, 0, 30)
    answer = generation([(half, "Coal", 60.0, 0.0), (half, "Wind", 20.0, 0.0), (half, "Solar", 20.0, 0.0)])
    drawn = mix.Mix.of(GRID, answer)
    found = traces(mix.proportion(drawn, mix.Look(theme.LIGHT, ("Solar",))))
    assert decoded(found["Coal"]["y"])[0] == pytest.approx(75)
    assert decoded(found["Wind"]["y"])[0] == pytest.approx(25)


def test_a_gap_in_all_fuels_is_covered_and_the_end_of_the_data_is_not() -> None:
    grid = Grid.of(START, START + timedelta(minutes=30), Resolution.FIVE_MINUTES)
    times = [START + timedelta(minutes=5 * n) for n in (1, 2, 5)]
    drawn = mix.Mix.of(grid, generation([(moment, "Coal", 1.0, 0.0) for moment in times]))
    shapes = mix.stack(drawn, mix.Look(theme.LIGHT))["layout"]["shapes"]
    assert [(shape["x0"], shape["x1"]) for shape in shapes] == [
        ("2026-03-01T00:10:00", "2026-03-01T00:25:00")
    ]


def test_the_hybrid_axis_is_monotone_and_linear_where_prices_live() -> None:
    prices = np.array([-1000, -300, -100, -99, 0, 299, 300, 301, 5000, 23200.0])
    places = price_axis.position(prices)
    assert (np.diff(places) > 0).all()
    assert list(places[2:7]) == [-100, -99, 0, 299, 300]
    axis = price_axis.axis(theme.LIGHT, -1000, 23200)
    labels = dict(zip(axis["ticktext"], axis["tickvals"], strict=True))
    assert {"−1,000", "0", "300", "10,000"} <= set(labels)
    assert labels["10,000"] == pytest.approx(price_axis.place(10000))
    assert axis["range"][0] < price_axis.place(-1000)
    assert axis["range"][1] > price_axis.place(23200)


def test_price_lines_break_where_intervals_are_missing() -> None:
    stamps = [START + timedelta(minutes=5 * n) for n in (*range(1, 100), *range(120, 289))]
    answer = pa.table(
        {
            "time": pa.array(stamps, pa.timestamp("us")),
            "regionid": ["SA1"] * len(stamps),
            "price_aud_per_mwh": [50.0] * len(stamps),
        }
    )
    figure = today.price_lines(answer, START, START + timedelta(days=1), theme.LIGHT, "NEM")
    values = decoded(figure["data"][0]["y"])
    assert sum(np.isnan(values)) == 1
    assert np.isnan(values[99])


def test_every_fuel_and_region_has_a_colour_of_its_own_in_both_themes() -> None:
    for look in theme.PALETTES:
        fuels = [theme.fuel_colour(fuel, look) for fuel in FUELS]
        assert len(set(fuels)) == len(FUELS)
        assert len({theme.region_colour(region, look) for region in REGIONS}) == len(REGIONS)
        assert theme.load_colour(Fuel.BATTERY, look) != theme.fuel_colour(Fuel.BATTERY, look)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_on_a_panel_has_contrast() -> None:
    for colours in theme.PALETTES.values():
        for ink in (colours.ink, colours.muted, colours.accent, colours.negative):
            assert _contrast(ink, colours.surface) >= 4.5


def test_figures_are_what_plotly_accepts() -> None:
    """Figures are plain dicts for speed; plotly's own validation reads them here instead."""
    half = datetime(2026, 3, 1, 0, 30)
    flows = regions([(half, "SA1", 50.0, 30.0)])
    drawn = mix.Mix.of(GRID, generation([(half, "Coal", 60.0, -1.0)]), flows)
    for figure in (
        mix.stack(drawn, mix.Look(theme.DARK), mix.Prices.of(GRID, flows)),
        mix.proportion(drawn, mix.Look(theme.LIGHT), mix.Prices.of(GRID, flows)),
    ):
        json.dumps(figure)
        go.Figure(figure)


def test_no_chart_uploads_or_fetches() -> None:
    config = graphs.config("Generation / NSW1")
    assert config["showSendToCloud"] is False
    assert config["topojsonURL"].startswith("/assets/")
    assert config["toImageButtonOptions"]["filename"] == "nemdesk-generation-nsw1"


def test_encoding_keeps_gaps() -> None:
    assert np.isnan(decoded(encode(np.array([1.0, np.nan])))[1])


def test_sparkline_lifts_the_pen_at_gaps() -> None:
    svg = base64.b64decode(today.sparkline(np.array([1.0, 2.0, np.nan, 3.0, 4.0])).split(",")[1]).decode()
    assert svg.count("M") == 2


def test_the_band_of_extremes_ends_at_a_gap() -> None:
    """Between two lines plotly.js fills across their gaps: a band is drawn for each unbroken run."""
    grid = Grid.of(datetime(2025, 1, 1), datetime(2025, 1, 2), Resolution.HOUR)
    found = np.full(len(grid), 50.0)
    found[5:9] = np.nan
    prices = mix.Prices({"SA1": found}, found - 10, found + 10)
    drawn = mix.stack(mix.Mix(grid, {"Wind": found}, {}, None), mix.Look("light"), prices)
    bands = [trace for trace in drawn["data"] if trace.get("fill") == "tonexty"]
    assert [trace["x0"] for trace in bands] == ["2025-01-01T01:00:00", "2025-01-01T10:00:00"]
