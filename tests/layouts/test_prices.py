"""The Prices tab's pictures and tables: true prices in the hover, smoothing for the eye, no gap in bands."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pytest

from data_layer.market import Resolution
from layouts import price_axis, price_series, price_tables, price_views, smoothing, theme
from layouts.price_series import OTHER, Envelope, Lines, Look
from layouts.series import Grid
from tests.layouts.test_figures import decoded, traces

START = datetime(2026, 3, 1)
HOURS = Grid.of(START, START + timedelta(hours=12), Resolution.HOUR)
NAN = float("nan")


def series(values: dict[str, list[float]], spread: float = 0.0) -> pa.Table:
    """An answer to RegionSeries, hourly from START; NaN is a bucket without a row."""
    rows = [
        (HOURS.stamps[place].astype("datetime64[us]").item(), region, price)
        for region, prices in values.items()
        for place, price in enumerate(prices)
        if not np.isnan(price)
    ]
    when, region, price = zip(*rows, strict=True)
    return pa.table(
        {
            "time": pa.array(when, pa.timestamp("us")),
            "regionid": list(region),
            "price_aud_per_mwh": list(price),
            "min_price_aud_per_mwh": [p - spread for p in price],
            "max_price_aud_per_mwh": [p + spread for p in price],
        }
    )


def test_a_moving_average_is_centred_and_keeps_gaps() -> None:
    values = np.array([1.0, 2, 6, NAN, 4, 4, 4, 10, 4, 4])
    smooth = smoothing.smooth(values, "ma", 3)
    assert smooth[:3] == pytest.approx([1.5, 3, 4])  # the gap's neighbour averages what there is
    assert np.isnan(smooth[3])
    assert smooth[7] == pytest.approx(6)


def test_an_exponential_average_forgets_by_its_span() -> None:
    values = np.array([0.0, 0, 0, 0, 0, 0, 0, 8])
    alpha = 2 / (3 + 1)
    weights = (1 - alpha) ** np.arange(8)
    assert smoothing.smooth(values, "ewm", 3)[-1] == pytest.approx(8 / weights.sum())


def test_loess_keeps_a_straight_line_and_flattens_a_spike() -> None:
    line = np.linspace(-20, 100, 200)
    assert smoothing.smooth(line, "loess", 24) == pytest.approx(line)
    spiked = line.copy()
    spiked[100] = 15_000
    spiked[50] = NAN
    smooth = smoothing.smooth(spiked, "loess", 24)
    assert smooth[100] < 3_000
    assert np.isnan(smooth[50])
    assert np.isfinite(smooth).sum() == 199


@pytest.mark.parametrize("window", [2, 6, 7, 12, 23, 48, 4_000, 9_000])
@pytest.mark.parametrize("length", [6, 336, 1_500, 1_501, 4_500])
def test_loess_takes_any_window_of_any_length(window: int, length: int) -> None:
    wave = 50 + 40 * np.sin(np.arange(length) / 200)
    smooth = smoothing.smooth(wave, "loess", window)
    assert np.isfinite(smooth).all()
    if window <= 48:
        assert smooth == pytest.approx(wave, abs=1.0)


@pytest.mark.parametrize("kind", ["ma", "loess", "ewm"])
def test_too_few_values_are_drawn_as_they_are(kind: str) -> None:
    values = np.array([1.0, NAN, 3.0, 5.0])
    np.testing.assert_array_equal(smoothing.smooth(values, kind, 24), values)
    assert "fewer than two daily values" in smoothing.remark(kind, "3h", Resolution.DAY, 30)
    assert "longer than the period" in smoothing.remark(kind, "30d", Resolution.HOUR, 168)
    assert smoothing.remark(kind, "1d", Resolution.HOUR, 168) == ""
    assert smoothing.remark("none", "3h", Resolution.DAY, 30) == ""


@pytest.mark.parametrize("scale", ["hybrid", "linear", "symlog"])
def test_every_scale_ascends_through_zero_and_holds_the_extremes(scale: str) -> None:
    prices = np.array([-1000.0, -100, -30, -0.5, 0, 0.5, 30, 300, 301, 23_200])
    places = price_axis.position(prices, scale)
    assert (np.diff(places) > 0).all()
    assert price_axis.place(0, scale) == 0
    axis = price_axis.axis(theme.LIGHT, -1000, 23_200, scale)
    assert axis["range"][0] < places[0] < places[-1] < axis["range"][1]
    if scale != "linear":
        assert {"−1,000", "0", "10,000"} <= set(axis["ticktext"])
    assert price_axis.place(90, "symlog") == pytest.approx(1)


def test_smoothing_draws_over_the_values_and_hover_says_true_prices() -> None:
    raw = [50.0, 52, 49, 9_000, 51, NAN, 50, 48, 47, 52, 50, 49]
    lines = Lines.of(HOURS, series({"SA1": raw, "NSW1": raw}))
    plain = price_series.over_time(lines, Look(theme.LIGHT))
    assert [trace["name"] for trace in plain["data"]] == ["NSW1", "SA1"]
    np.testing.assert_allclose(decoded(traces(plain)["SA1"]["customdata"]), raw, rtol=1e-6)
    assert decoded(traces(plain)["SA1"]["y"])[3] < 1_000  # placed on the hybrid axis
    smooth = price_series.over_time(lines, Look(theme.LIGHT, "linear", "ma", "3h"))
    assert decoded(traces(smooth)["SA1"]["y"])[4] == pytest.approx((9_000 + 51) / 2)
    np.testing.assert_allclose(decoded(traces(smooth)["SA1 unsmoothed"]["y"]), raw, rtol=1e-6)
    go.Figure(smooth)


def test_one_region_in_buckets_shows_its_extremes_and_a_gap_breaks_the_band() -> None:
    lines = Lines.of(HOURS, series({"SA1": [10.0] * 5 + [NAN] + [10.0] * 6}, spread=400))
    figure = price_series.over_time(lines, Look(theme.DARK, "linear"))
    bands = [trace for trace in figure["data"] if trace["name"] == "Highest price"]
    assert [len(decoded(trace["y"])) for trace in bands] == [5, 6]
    assert figure["layout"]["yaxis"]["range"][0] < -390
    assert figure["layout"]["yaxis"]["range"][1] > 410
    assert figure["layout"]["meta"] == {"resolution": "hour"}


def test_the_other_period_lies_bucket_on_bucket_and_is_dotted() -> None:
    before = Grid.of(START - timedelta(hours=10), START, Resolution.HOUR)
    other = Lines(before, {"SA1": np.arange(10.0)})
    lines = Lines.of(HOURS, series({"SA1": [50.0] * 12}))
    figure = price_series.over_time(lines, Look(theme.LIGHT), other)
    drawn = traces(figure)["SA1" + OTHER]
    assert drawn["line"]["dash"] == "dot"
    assert drawn["x0"] == traces(figure)["SA1"]["x0"]
    assert decoded(drawn["customdata"])[:10] == list(range(10))
    assert np.isnan(decoded(drawn["customdata"])[10:]).all()


def test_spikes_of_the_other_period_are_moved_onto_this_one() -> None:
    def answer(start: datetime, prices: list[float]) -> pa.Table:
        when = [start + timedelta(minutes=5 * k) for k in range(1, len(prices) + 1)]
        return pa.table(
            {
                "time": pa.array(when, pa.timestamp("us")),
                "regionid": ["SA1"] * len(prices),
                "price_aud_per_mwh": prices,
            }
        )

    day = timedelta(days=1)
    end = START + timedelta(minutes=15)
    now = Envelope.of(START, end, answer(START, [1, 16_000, -1_000]))
    past = Envelope.of(START - day, end - day, answer(START - day, [5, 6, 7]))
    figure = price_series.spikes(now, Look(theme.LIGHT), past)
    assert traces(figure)["SA1"]["x"] == traces(figure)["SA1" + OTHER]["x"]
    assert decoded(traces(figure)["SA1"]["customdata"]) == [1, 16_000, -1_000]


def bands(rows: list[tuple[str, int, float, float, float]]) -> pa.Table:
    region, band, share, mean, contribution = zip(*rows, strict=True)
    edges = (0.0, 30.0, 300.0)
    return pa.table(
        {
            "regionid": list(region),
            "band": list(band),
            "low_aud_per_mwh": [edges[b - 1] if b else None for b in band],
            "high_aud_per_mwh": [edges[b] if b < 3 else None for b in band],
            "share_of_time": list(share),
            "mean_price_aud_per_mwh": list(mean),
            "contribution_aud_per_mwh": list(contribution),
            "contribution_share": [c / 60 for c in contribution],
        }
    )


def test_a_butterfly_has_every_band_and_both_wings() -> None:
    answer = bands([("SA1", 0, 0.2, -10, -2), ("SA1", 2, 0.7, 60, 42), ("SA1", 3, 0.1, 200, 20)])
    figure = price_views.butterfly(answer, (0.0, 30.0, 300.0), theme.LIGHT)
    time, contribution = figure["data"]
    assert time["y"] == ["below $0", "$0 to $30", "$30 to $300", "$300 and above"]
    assert np.nan_to_num(decoded(time["x"])) == pytest.approx([20, 0, 70, 10])
    assert np.nan_to_num(decoded(contribution["x"])) == pytest.approx([-2, 0, 42, 20])
    assert figure["layout"]["xaxis"]["autorange"] == "reversed"
    go.Figure(figure)


def test_a_duration_curve_runs_from_the_highest_price_to_all_of_the_time() -> None:
    answer = pa.table(
        {
            "regionid": ["SA1", "SA1"],
            "price_aud_per_mwh": [300.0, -5.0],
            "highest_price_aud_per_mwh": [9_000.0, 20.0],
            "share_at_or_above": [0.25, 1.0],
        }
    )
    (curve,) = price_views.duration(answer, Look(theme.LIGHT))["data"]
    assert decoded(curve["x"]) == [0, 25, 100]
    assert decoded(curve["customdata"]) == [9_000, 300, -5]


def test_a_heat_map_puts_each_hour_in_its_place() -> None:
    answer = pa.table({"part": [1, 7], "time_of_day": [60, 1440], "price_aud_per_mwh": [12.0, -3.0]})
    (cells,) = price_views.heat_map(answer, "weekday", Look(theme.LIGHT))["data"]
    assert (cells["x"][0], cells["y"][0], cells["y"][23]) == ("Mon", "00–01", "23–24")
    assert cells["customdata"][0][0] == 12
    assert cells["customdata"][23][6] == -3
    assert cells["customdata"][0][6] is None
    assert cells["zmid"] == 0
    months = pa.table({"part": [202_512, 202_601], "time_of_day": [60, 60], "price_aud_per_mwh": [1.0, 2.0]})
    (cells,) = price_views.heat_map(months, "month", Look(theme.DARK))["data"]
    assert cells["x"] == ["Dec 2025", "Jan 2026"]
    assert "zmid" not in cells


def statistic(region: str, **facts: Any) -> dict[str, Any]:
    names = [measure.column for measure in price_tables.MEASURES]
    row = {name if name.endswith("share") else f"{name}_aud_per_mwh": 10.0 for name in names}
    caps = {"lowest_cap_aud_per_mwh": 17_500.0, "highest_cap_aud_per_mwh": 20_300.0, "cap_intervals": 0}
    counts = {"regionid": region, "intervals": 288, "intervals_expected": 288}
    return row | {"negative_share": 0.1, "cap_share": 0.0} | caps | counts | facts


def rows_of(component: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(component.to_plotly_json()["props"]["data-table"])["rows"]
    return made


def test_statistics_show_their_change_and_sort() -> None:
    now = pa.Table.from_pylist(
        [statistic("NSW1"), statistic("SA1", mean_price_aud_per_mwh=40.0, negative_share=0.25, intervals=280)]
    )
    before = pa.Table.from_pylist([statistic("SA1", mean_price_aud_per_mwh=52.5)])
    sorts = dict.fromkeys([*(m.key for m in price_tables.MEASURES), "n"], "/prices")
    sa, nsw = rows_of(price_tables.statistics(now, before, {}, sorts, "-average", theme.LIGHT))
    assert [row["cells"][0]["text"] for row in (sa, nsw)] == ["SA1", "NSW1"]
    assert sa["cells"][1] == {"text": "$40.0", "title": "Other period: $52.5", "delta": "▼$12.5"}
    assert sa["cells"][9]["delta"] == "▲15.0 pp"
    assert "delta" not in nsw["cells"][1]
    assert sa["cells"][10]["title"].startswith("0 intervals at the cap in force, $17,500 to $20,300/MWh")
    assert sa["cells"][11]["text"] == "280 ⚠"


def test_what_the_dearest_made_is_said_as_one_would_say_it() -> None:
    row = {"regionid": "SA1", "rank": 20, "share_of_average": 0.312}
    assert price_tables.sentence({"SA1": row, "TAS1": {**row, "share_of_average": NAN}}) == (
        "SA1: 20 intervals = 31% of the average"
    )
    assert price_tables.sentence({}) == ""


def test_a_small_share_is_not_written_as_nothing() -> None:
    assert [price_tables._share(v) for v in (0.0, 0.0001, 0.000001, 0.123, None)] == [
        "0%",
        "0.010%",
        "<0.001%",
        "12.3%",
        "–",
    ]
