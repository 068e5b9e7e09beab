"""The map's outlines, its frames, and what of them the page gets."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_layer.market import NEM, REGIONS, Resolution
from data_layer.positions import positions
from layouts import market_map, market_state, outlines, theme
from layouts.market_map import Look
from layouts.market_state import MEASURES, State, row_at
from layouts.series import Grid

START = datetime(2026, 2, 24)


def region_at(longitude: float, latitude: float) -> str:
    """The region a place lies in, '' where it is in none: the ray to the east crosses its border an odd
    number of times."""
    for region in REGIONS:
        x, y = outlines.outline(region)
        with np.errstate(invalid="ignore", divide="ignore"):
            crosses = (y[:-1] > latitude) != (y[1:] > latitude)
            crosses &= np.isfinite(y[:-1]) & np.isfinite(y[1:])
            at = x[:-1] + (latitude - y[:-1]) / (y[1:] - y[:-1]) * (x[1:] - x[:-1])
        if np.count_nonzero(crosses & (longitude < at)) % 2:
            return region
    return ""


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "region"),
    [
        ("Sydney", 151.15, -33.87, "NSW1"),
        ("Canberra", 149.13, -35.28, "NSW1"),
        ("Broken Hill", 141.45, -31.95, "NSW1"),
        ("Albury", 146.93, -36.04, "NSW1"),
        ("Wodonga", 146.88, -36.15, "VIC1"),
        ("Melbourne", 145.00, -37.75, "VIC1"),
        ("Brisbane", 152.95, -27.47, "QLD1"),
        ("Cairns", 145.70, -16.92, "QLD1"),
        ("Adelaide", 138.63, -34.92, "SA1"),
        ("Kangaroo Island", 137.20, -35.80, "SA1"),
        ("Hobart", 147.28, -42.85, "TAS1"),
        ("King Island", 144.00, -39.90, "TAS1"),
        ("Perth", 116.00, -31.95, ""),
        ("Alice Springs", 133.88, -23.70, ""),
        ("Bass Strait", 146.00, -39.90, ""),
    ],
)
def test_cities_lie_in_their_regions(place: str, longitude: float, latitude: float, region: str) -> None:
    assert region_at(longitude, latitude) == region, place


def test_outlines_are_small_closed_and_say_where_they_come_from() -> None:
    assert outlines.FILE.stat().st_size < 60_000
    held = json.loads(outlines.FILE.read_text(encoding="utf-8"))
    assert "public domain" in held["about"]["source"]
    for rings in held["regions"].values():
        for ring in rings:
            assert len(ring) % 2 == 0 and len(ring) >= 8
            assert ring[:2] == ring[-2:]


def test_stations_stand_on_land_of_the_market() -> None:
    """Simplified coasts leave out a few that stand at the water."""
    places = positions().values()
    lost = [(x, y) for y, x in places if not region_at(x, y)]
    assert len(lost) <= 0.05 * len(places), lost


LINES = [
    ("V-SA", "Heywood", "VIC1", "SA1", 100.0, -200.0, 400.0),
    ("NEW-1", None, "Unmapped", "Unmapped", 55.0, None, None),
    ("X-Y", "Twin", "TAS1", "NSW1", -80.0, -120.0, -60.0),
]


def state(measure: str = "price", steps: int = 4) -> State:
    """Four hours of five regions: NSW1 without its second hour; TAS1 at a spike in the third."""
    grid = Grid.of(START, START + timedelta(hours=steps), Resolution.HOUR)
    column = MEASURES[measure].column
    values = {region: [10.0 * (place + 1)] * steps for place, region in enumerate(REGIONS)}
    values["TAS1"][2] = 12_000.0
    rows = [
        (stamp.item(), region, values[region][place])
        for place, stamp in enumerate(grid.stamps)
        for region in REGIONS
        if not (region == "NSW1" and place == 1)
    ]
    over_time = pa.table(
        {"time": [r[0] for r in rows], "regionid": [r[1] for r in rows], column: [r[2] for r in rows]}
    )
    means = pa.table({"regionid": list(REGIONS), column: [20.0, 21.0, 22.0, 23.0, 24.0]})
    facts = {
        "interconnectorid": [one[0] for one in LINES],
        "name": [one[1] for one in LINES],
        "regionid_from": [one[2] for one in LINES],
        "regionid_to": [one[3] for one in LINES],
        "flow_mw": [one[4] for one in LINES],
        "import_limit_mw": pa.array([one[5] for one in LINES], pa.float64()),
        "export_limit_mw": pa.array([one[6] for one in LINES], pa.float64()),
        "at_export_limit_share": [0.25, 0.0, 0.0],
        "at_import_limit_share": [0.1, 0.0, 0.0],
    }
    series = {name: [value for value in column for _ in range(1)] for name, column in facts.items()}
    flows = pa.table({"time": [grid.stamps[0].item()] * 3, **series, "flow_mw": [-30.0, 55.0, 0.0]})
    return State.of(grid, MEASURES[measure], means, over_time, pa.table(facts), flows)


def look(row: int = 0, region: str = NEM, chosen: str = theme.LIGHT, stations: int = 0) -> Look:
    return Look(
        chosen,
        region,
        row,
        (),
        {region: f"/regions?region={region}" for region in REGIONS},
        {line[0]: f"/regions?line={line[0]}" for line in LINES},
        [f"/stations?units=station:{n}" for n in range(stations)],
    )


def frames(figure: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(figure["layout"]["meta"]["frames"]))


@pytest.mark.parametrize("chosen", [theme.LIGHT, theme.DARK])
def test_every_step_has_a_frame_and_the_figure_shows_the_one_asked(chosen: str) -> None:
    made = market_map.figure(state(), None, look(2, chosen=chosen))
    told = frames(made)
    assert {len(told[name]) for name in ("at", "labels", "fills", "texts", "arrows")} == {5}
    regions = [trace for trace in made["data"] if trace["name" if "name" in trace else "type"] in REGIONS]
    assert [trace["fillcolor"] for trace in regions] == told["fills"][2]
    texts = [one["text"] for one in made["layout"]["annotations"]]
    assert texts == told["texts"][2] + [arrow[2] for arrow in told["arrows"][2]]
    # What is not known is hatched and says so.
    assert told["fills"][2][0] == told["gap"]
    assert regions[0]["fillpattern"]["shape"] == "/"
    assert "no data" in texts[0]
    assert regions[1]["fillpattern"]["shape"] == ""


def test_colours_follow_the_value_and_a_spike_leaves_some_to_the_rest() -> None:
    fills = state().fills(theme.LIGHT)
    scale = [colour for _, colour in theme.sequential(theme.LIGHT)]
    assert fills[3][3] == scale[-1]  # 12,000 $/MWh
    assert fills[1][0] == scale[0]
    assert len(set(fills[1])) == 5
    low, high = state().bounds(mean=True)
    assert (low, high) == pytest.approx((12.0, 32.0))  # 4 $/MWh apart are not black and white
    flow = state("flow")
    assert flow.bounds(mean=False)[0] == -flow.bounds(mean=False)[1]


def test_arrows_turn_with_the_flow_and_name_the_band() -> None:
    told = frames(market_map.figure(state(), None, look()))
    mean, first, second = told["arrows"][0], told["arrows"][1], told["arrows"][2]
    assert len(mean) == 2  # the unmapped line has no arrow
    assert [one[0] for one in mean] == [1, -1]
    assert mean[0][2] == "<b>Heywood</b> 100 MW<br>limits −200 to 400<br>at limit 35%"
    assert "limits −120 to −60" in mean[1][2]  # both limits of one sign
    assert [one[0] for one in first] == [-1, 0]
    assert [one[0] for one in second] == [0, 0]
    assert "no data" in second[0][2]
    made = market_map.figure(state(), None, look(0))
    back = market_map.figure(state(), None, look(1))
    arrow, turned = (next(t for t in f["data"] if t.get("name") == "V-SA") for f in (made, back))
    assert arrow["x"] == turned["x"][::-1]
    assert arrow["customdata"][0] == "/regions?line=V-SA"
    assert "NEW-1" not in {trace.get("name") for trace in made["data"]}


def test_lines_that_the_topology_adds_get_places_of_their_own() -> None:
    twins = [market_state.Line(f"N{n}", f"N{n}", "NSW1", "SA1") for n in range(2)]
    places = [market_map.place_of(line, number) for number, line in enumerate(twins)]
    assert places[0] != places[1]
    for start, end, _ in places:
        assert region_at(*start) == "NSW1"
        assert math.dist(start, end) > 1


def sites(capacities: list[float]) -> pa.Table:
    count = len(capacities)
    return pa.table(
        {
            "station_name": [f"S{n}" for n in range(count)],
            "regionid": ["NSW1", "SA1"] * (count // 2) + ["NSW1"] * (count % 2),
            "fuel": ["Coal"] * count,
            "owner": [None] * count,
            "capacity_mw": capacities,
            "units": [1] * count,
            "latitude": pa.array([-33.0] * (count - 1) + [None], pa.float64()),
            "longitude": pa.array([150.0] * (count - 1) + [None], pa.float64()),
        }
    )


def test_small_stations_wait_for_the_zoom() -> None:
    answer = sites([900.0, 250.0, 200.0, 120.0, 50.0, 10.0])
    made = market_map.figure(state(), answer, look(stations=6))
    trace = next(trace for trace in made["data"] if trace.get("name") == "Stations")
    rule = frames(made)["stations"]
    assert len(trace["x"]) == 3
    assert len(rule["x"]) == len(trace["y"]) == len(trace["customdata"]) == 5
    assert rule["lacking"] == 1
    assert made["data"][rule["trace"]] is trace
    areas = [
        size**2 / mw for size, mw in zip(trace["marker"]["size"], rule["capacity"], strict=True) if mw > 200
    ]
    assert areas[0] == pytest.approx(areas[1], rel=0.02)
    one = market_map.figure(state(), answer, look(region="SA1", stations=6))
    assert len(next(trace for trace in one["data"] if trace.get("name") == "Stations")["x"]) == 2


def test_the_moment_in_an_address_finds_its_step() -> None:
    hours = Grid.of(START, START + timedelta(hours=24), Resolution.HOUR)
    assert row_at(hours, "") == 0
    assert row_at(hours, "2026-02-24T01:00") == 1
    assert row_at(hours, "2026-02-24T01:05") == 2
    assert row_at(hours, "2026-02-24T00:00") is None  # closes the day before
    assert row_at(hours, "2026-02-24") == 1
    assert row_at(hours, "2026-02-25T00:00") == 24
    assert row_at(hours, "2026-02-25T00:05") is None
    days = Grid.of(START, START + timedelta(days=5), Resolution.DAY)
    assert row_at(days, "2026-02-25") == 2
    assert row_at(days, "2026-02-25T00:00") == 1
    assert row_at(days, "2026-03-01") is None
    months = Grid.of(datetime(2026, 1, 1), datetime(2026, 4, 1), Resolution.MONTH)
    assert row_at(months, "2026-02-14T10:00") == 2
    assert [row_at(hours, at) for at in market_state.moments(hours)] == list(range(25))
    assert [row_at(months, at) for at in market_state.moments(months)] == list(range(4))


def test_a_map_without_anything_says_so() -> None:
    empty = state()
    bare = State(
        empty.grid, empty.measure, np.full((5, 5), np.nan), (), *(np.empty((5, 0)) for _ in range(4))
    )
    assert bare.is_empty
    assert not empty.is_empty
