"""The tree's order and rows, the pickers of groups, treemap and bubbles, from a few hand-made nodes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from layouts import analysis, price_map, tree_grid

LEAF = {
    "has_children": False,
    "region": "SA1",
    "fuel": "Wind",
    "energy_mwh": 10.0,
    "generation_mwh": 10.0,
    "load_mwh": 0.0,
    "share": 0.5,
    "revenue_aud": 100.0,
    "revenue_share": 0.5,
    "generation_revenue_aud": 100.0,
    "load_revenue_aud": 0.0,
    "capture_price_aud_per_mwh": 10.0,
    "load_price_aud_per_mwh": None,
    "flat_price_aud_per_mwh": 20.0,
    "capture_rate": 0.5,
    "capacity_mw": 5.0,
    "capacity_factor": 0.3,
    "units": 1,
    "unit_hours": 24.0,
    "unit_intervals": 288,
    "unit_intervals_expected": 288,
}


def node(row: int, parent: int | None, path: str, kind: str, **more: Any) -> dict[str, Any]:
    name = path.rpartition("/")[2] or "Total"
    level = path.count("/") + 1 if path else 0
    given = {"row": row, "parent": parent, "path": path, "level": level, "name": name, "kind": kind}
    return {**LEAF, **given, "has_children": kind != "duid", **more}


ROWS = pa.Table.from_pylist(
    [
        node(0, None, "", "total", fuel=None, region=None),
        node(1, 0, "SA1", "region", fuel=None, capture_price_aud_per_mwh=30.0),
        node(2, 1, "SA1/Wind", "fuel", capture_price_aud_per_mwh=30.0, generation_revenue_aud=300.0),
        node(3, 2, "SA1/Wind/W1", "duid", capture_price_aud_per_mwh=20.0),
        node(4, 2, "SA1/Wind/W2", "duid", capture_price_aud_per_mwh=40.0, unit_intervals=144),
        node(5, 0, "VIC1", "region", fuel=None, region="VIC1", capture_price_aud_per_mwh=None),
        node(
            6, 5, "VIC1/Coal", "fuel", fuel="Coal", region="VIC1",
            generation_mwh=0.0, capture_price_aud_per_mwh=None,
        ),
        node(
            7, 5, "VIC1/Solar", "fuel", fuel="Solar", region="VIC1",
            capture_price_aud_per_mwh=-5.0, generation_revenue_aud=-50.0,
        ),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "places"),
    [
        ("-revenue", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("-price", [0, 1, 2, 4, 3, 5, 7, 6]),
        ("price", [0, 1, 2, 3, 4, 5, 7, 6]),
        ("-name", [0, 5, 7, 6, 1, 2, 4, 3]),
        ("found", [0, 1, 2, 4, 3, 5, 6, 7]),
    ],
)
def test_children_are_sorted_below_their_parents_and_what_is_missing_comes_last(
    sort: str, places: list[int]
) -> None:
    assert tree_grid.order(ROWS, sort) == places


def test_the_grid_holds_all_rows_with_the_chosen_columns_and_pins_the_total() -> None:
    sorts = {key: f"/x?sort={key}" for key in ("name", *tree_grid.MEASURES)}
    made = tree_grid.grid(ROWS, ("price", "found"), tree_grid.Headings("Region", sorts, "-price"), "light")
    assert [column["field"] for column in made.columnDefs] == ["name", "price", "found"]
    assert [row["path"] for row in made.rowData][:3] == ["SA1", "SA1/Wind", "SA1/Wind/W2"]
    (total,) = made.dashGridOptions["pinnedBottomRowData"]
    assert (total["name"], total["price"]) == ("Total", 10.0)
    by_path = {row["path"]: row for row in made.rowData}
    assert by_path["VIC1"]["price"] is None
    assert by_path["SA1/Wind/W2"]["found"] == 0.5
    assert by_path["SA1/Wind"]["colour"] and by_path["SA1"]["colour"] and not by_path["SA1/Wind/W1"]["colour"]
    header = made.columnDefs[1]["headerComponentParams"]
    assert (header["sorted"], header["unit"], header["href"]) == ("descending", "$/MWh", "/x?sort=price")


def picked(chosen: tuple[str, ...]) -> list[tuple[str, dict[str, str]]]:
    """Each picker's value, and what each of its labels writes."""
    fields = [label.children[1] for label in analysis.groups(chosen, 3).children]
    return [(f.value, {option["label"]: option["value"] for option in f.options}) for f in fields]


def test_pickers_of_groups_write_whole_orders() -> None:
    first, second, third = picked(("region", "fuel"))
    assert (first[0], second[0], third[0]) == ("region,fuel",) * 3
    assert first[1]["Owner"] == "owner,fuel"
    assert first[1]["Fuel"] == "fuel,region", "what stands elsewhere is swapped"
    assert second[1]["—"] == "region"
    assert third[1]["Station"] == "region,fuel,station"
    assert third[1]["Region"] == "fuel,region", "no group twice"
    assert len(picked(("owner", "fuel", "region"))) == 3
    assert picked(("owner", "fuel", "region"))[2][1]["Owner"] == "region,fuel,owner"


def test_the_treemap_has_every_node_that_generated_and_branches_hold_nothing_of_their_own() -> None:
    (trace,) = price_map.treemap(ROWS, "dark")["data"]
    assert "VIC1/Coal" not in trace["ids"]
    at = {path: place for place, path in enumerate(trace["ids"])}
    assert trace["parents"][at["SA1/Wind/W1"]] == "SA1/Wind"
    assert trace["parents"][at["SA1"]] == price_map.ROOT and trace["parents"][at[price_map.ROOT]] == ""
    assert trace["values"][at["SA1/Wind"]] == 0.0
    assert trace["values"][at["SA1/Wind/W1"]] == pytest.approx(0.01)
    assert trace["marker"]["colors"][at["VIC1"]] is None
    assert (trace["marker"]["cmin"], trace["marker"]["cmax"]) == (20.0, 40.0)


def test_bubbles_are_the_lowest_groups_with_a_price() -> None:
    drawn, missing = price_map.drawable(ROWS)
    assert ([row["path"] for row in drawn], missing) == (["SA1/Wind", "VIC1/Solar"], 1)
    figure = price_map.bubbles(ROWS, "light")
    (trace,) = figure["data"]
    heights = np.frombuffer(base64.b64decode(trace["y"]["bdata"]), dtype="<f4")
    assert list(heights) == [30.0, -5.0]
    assert trace["marker"]["symbol"] == ["circle", "circle-open"]
    assert trace["marker"]["size"][0] == price_map.LARGEST_BUBBLE
    assert trace["text"][0] == "SA1 · Wind"
    assert "$/MWh" in figure["layout"]["yaxis"]["title"]["text"]
