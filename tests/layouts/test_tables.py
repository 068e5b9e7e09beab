"""The table's rows add up, and its rows are the legend's controls."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from dash.development.base_component import Component

from layouts import definitions, generation, tables, theme
from layouts.generation import Line


def summary() -> pa.Table:
    columns = [
        "fuel",
        "generation_mwh",
        "load_mwh",
        "share",
        "generation_revenue_aud",
        "load_revenue_aud",
        "capture_price_aud_per_mwh",
        "load_price_aud_per_mwh",
        "capacity_mw",
        "capacity_factor",
        "unit_intervals",
        "unit_intervals_expected",
    ]
    rows = [
        ("Coal", 8000.0, -10.0, 0.8, 400_000.0, -500.0, 50.0, 50.0, 2000.0, 0.5, 100, 100),
        ("Battery Storage", 100.0, -120.0, None, 12_000.0, -2_400.0, 120.0, 20.0, 300.0, 0.1, 99, 100),
        ("Wind", 2000.0, -5.0, 0.2, 60_000.0, -500.0, 30.0, 100.0, 900.0, 0.3, 100, 100),
    ]
    return pa.table({name: [row[n] for row in rows] for n, name in enumerate(columns)})


def text(component: object) -> str:
    if isinstance(component, Component) and hasattr(component, "data-table"):
        rows = json.loads(getattr(component, "data-table"))["rows"]
        return " ".join(cell["text"] for row in rows for cell in row["cells"])
    if isinstance(component, Component):
        return text(getattr(component, "children", None))
    if isinstance(component, list | tuple):
        return " ".join(filter(None, (text(child) for child in component)))
    return "" if component is None else str(component)


def test_storage_is_split_by_sign_and_small_loads_are_one_row() -> None:
    lines = generation.lines(summary(), -500.0, theme.LIGHT)
    assert [line.name for line in lines] == [
        "Coal",
        "Battery discharging",
        "Wind",
        "Battery charging",
        "Station load",
        "Net exports",
    ]
    station = lines[4]
    assert station.energy_mwh == -15
    assert station.price == pytest.approx(-1000 / (-500 / 50 + -500 / 100))


def test_total_pools_revenue_and_energy_of_what_is_shown() -> None:
    lines = generation.lines(summary(), 300.0, theme.LIGHT)
    toggles = {
        line.fuel: f"/generation?hidden={line.fuel}" for line in lines if line.fuel != generation.STATION_LOAD
    }
    sorts = dict.fromkeys(generation.SORT_KEYS, "/generation")
    shown = text(generation.table(lines, toggles, (), sorts, "")).split()
    at = len(shown) - 1 - shown[::-1].index("Generation")
    assert shown[at + 1 : at + 5] == ["10.1", "100.0%", "0.47", "$46.7"]


def test_sorting_orders_rows_and_puts_what_is_missing_last() -> None:
    lines = [
        Line("Coal", "Coal", "#000000", 1.0, price=None),
        Line("Wind", "Wind", "#000000", 2.0, price=5.0),
    ]
    table = generation.table(lines, {}, (), dict.fromkeys(generation.SORT_KEYS, "/"), "-price")
    shown = text(table)
    assert shown.index("Wind") < shown.index("Coal")


def test_missing_readings_are_marked_without_colour_alone() -> None:
    assert tables.quality(90, 100).text == "90.0% ⚠"
    assert tables.quality(100, 100).text == "100%"
    assert tables.quality(None, 100).text == "–"


@pytest.mark.parametrize("key", list(definitions.DEFINITIONS))
def test_each_definition_names_its_formula_and_source(key: str) -> None:
    entry = json.loads(getattr(definitions.texts(), "data-texts"))[key]
    assert entry["source"].startswith(("AEMO", "NEMDesk: ")), "what is not AEMO's says that it is ours"
    assert len(entry["formula"]) > 40
    assert definitions.info(key).to_plotly_json()["props"]["data-definition"] == key
