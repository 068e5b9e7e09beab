"""What the Curtailment tab draws and says: causes, shares, gaps, what is missing."""

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
from layouts import curtailment as page
from layouts import curtailment_charts as charts
from layouts.series import Grid

DAY = datetime(2026, 3, 1)
GRID = Grid.of(DAY, datetime(2026, 3, 1, 2), Resolution.HALF_HOUR)


def values(trace: dict[str, Any]) -> list[float]:
    return [float(v) for v in np.frombuffer(base64.b64decode(trace["y"]["bdata"]), "<f4")]


def series(places: list[int], unpriced: float = 0.0) -> pa.Table:
    """CurtailmentSeries at some of the grid's four half-hours: sun 10 of 40 MW held back, wind 2 of 20."""
    rows = [(GRID.stamps[place].astype(datetime), fuel) for place in places for fuel in ("Solar", "Wind")]
    count = len(places)
    return pa.table(
        {
            "time": pa.array([when for when, _ in rows], pa.timestamp("us")),
            "fuel": [fuel for _, fuel in rows],
            "curtailed_mw": [10.0, 2.0] * count,
            "economic_curtailed_mw": [7.0, 2.0] * count,
            "network_curtailed_mw": [3.0 - unpriced, 0.0] * count,
            "unpriced_curtailed_mw": [unpriced, 0.0] * count,
            "uigf_mwh": [20.0, 10.0] * count,
            "curtailed_mwh": [5.0, 1.0] * count,
            "curtailed_share": [0.25, 0.1] * count,
        }
    )


def test_causes_are_stacked_over_the_share_and_a_gap_is_no_zero() -> None:
    figure = charts.by_cause(GRID, series([0, 1, 3]), "light")
    network, economic, share = figure["data"]
    assert [trace["name"] for trace in figure["data"]] == ["Network", "Economic", "Share of UIGF"]
    assert values(network)[:2] == [3.0, 3.0]
    assert values(economic)[:2] == [9.0, 9.0]
    assert values(share)[:2] == pytest.approx([20.0, 20.0]), "6 of 30 MWh, pooled"
    assert math.isnan(values(economic)[2])
    assert math.isnan(values(share)[2])
    assert [shape["label"]["text"] for shape in figure["layout"]["shapes"]] == ["no data"]
    assert figure["layout"]["yaxis2"]["title"]["text"] == "% of UIGF"


def test_what_had_no_price_is_drawn_where_there_is_some() -> None:
    figure = charts.by_cause(GRID, series([0], unpriced=1.0), "dark")
    assert [trace["name"] for trace in figure["data"]] == [
        "Network",
        "Economic",
        "Without a price",
        "Share of UIGF",
    ]


def test_fuels_and_shares() -> None:
    sun, wind, _ = charts.by_fuel(GRID, series([0, 1, 2, 3]), "light")["data"]
    assert (sun["name"], values(sun)) == ("Solar", [10.0] * 4)
    assert (wind["name"], values(wind)) == ("Wind", [2.0] * 4)
    lines = charts.share(GRID, series([0, 1, 2, 3]), "light")["data"]
    assert [(one["name"], round(values(one)[0], 4)) for one in lines] == [
        ("Solar", 25.0),
        ("Wind", 10.0),
        ("Both", 20.0),
    ]


def test_the_average_day_adds_fuels_below_what_could_have_been_made() -> None:
    answer = pa.table(
        {
            "time_of_day": [30, 30, 60],
            "fuel": ["Solar", "Wind", "Wind"],
            "uigf_mw": [5.0, 30.0, 40.0],
            "economic_curtailed_mw": [1.0, 2.0, 4.0],
            "network_curtailed_mw": [0.0, 3.0, 0.0],
            "unpriced_curtailed_mw": [0.0, 0.0, 0.0],
        }
    )
    network, economic, forecast = charts.average_day(answer, "light")["data"]
    assert values(network)[:2] == [3.0, 0.0]
    assert values(economic)[:2] == [3.0, 4.0]
    assert values(forecast)[:2] == [35.0, 40.0]
    assert math.isnan(values(economic)[2])


def part(region: str, fuel: str, **facts: Any) -> dict[str, Any]:
    return {
        "regionid": region,
        "fuel": fuel,
        "duid": f"{region}{fuel}",
        "station_name": f"{fuel} of {region}",
        "owner": "Owner",
        "capacity_mw": 100.0,
        "uigf_mwh": 30_000.0,
        "cleared_mwh": 24_000.0,
        "curtailed_mwh": 6_000.0,
        "economic_curtailed_mwh": 4_000.0,
        "network_curtailed_mwh": 2_000.0,
        "unpriced_curtailed_mwh": 0.0,
        "curtailed_share": 0.2,
        "curtailed_value_aud": -1e6,
        "intervals": 288,
        "intervals_expected": 288,
        **facts,
    }


LINES = [
    part("NEM", "All"),
    part("NEM", "Solar"),
    part("NEM", "Wind"),
    part("SA1", "All"),
    part("SA1", "Solar", curtailed_share=None, uigf_mwh=0.0, curtailed_mwh=0.0),
    part("SA1", "Wind", curtailed_share=0.4),
]
SORTS = dict.fromkeys(("name", *page._VALUES), "/curtailment?sort")


def rows_of(frame: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(frame.to_plotly_json()["props"]["data-table"])["rows"]
    return rows


def test_the_table_begins_with_the_nem_and_sorts_the_rest() -> None:
    rows = rows_of(page.region_table(LINES, "SA1", {"SA1": "/curtailment"}, SORTS, "-share", "light"))
    shown = [(row["cells"][0]["text"], row["cells"][1]["text"], row["cells"][4]["text"]) for row in rows]
    assert shown == [
        ("NEM", "All", "20%"),
        ("NEM", "Solar", "20%"),
        ("NEM", "Wind", "20%"),
        ("SA1", "Wind", "40%"),
        ("SA1", "Solar", "–"),
    ]
    one_fuel = [line for line in LINES if line["fuel"] != "Solar"]
    rows = rows_of(page.region_table([*one_fuel, part("VIC1", "Wind")], "NEM", {}, SORTS, "", "light"))
    assert [row["cells"][0]["text"] for row in rows] == ["NEM", "SA1", "VIC1"]


def test_missing_forecasts_are_said_and_not_zero() -> None:
    assert page.gap_note(LINES) == ""
    short = [*LINES, part("NSW1", "Solar", intervals=144)]
    assert "no forecast for NSW1 solar" in page.gap_note(short)
    note = page.unit_note([part("SA1", "Wind", intervals_expected=576), part("Unmapped", "Unmapped")])
    assert "for 1.0 of 2 days" in note
    assert "Not in the registry" in note
    unpriced = rows_of(
        page.unit_table([part("SA1", "Wind", unpriced_curtailed_mwh=3_000.0)], {}, SORTS, "", "dark")
    )
    assert any("had no price" in cell.get("title", "") for cell in unpriced[0]["cells"])
