"""The registration list: both real files, the csv copy, and its traps one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
import xlrd

from data_layer.ingest import registration
from data_layer.market import Fuel
from data_layer.registry_list import energy_source_fuel, fuel_class, list_facts, tidy
from tests.data_layer.ingest.registration_list import of_one_unit

OLD = "registers/nem-registration-and-exemption-list-2019.xls"
NEW = "registers/nem-registration-and-exemption-list-2026.xlsx"

# An explicit table, written from reading the lists' distinct values: what is not in it fails the test.
BY_SOURCE = {
    ("battery storage", "grid"): "Battery Storage",
    ("battery storage", "wind"): "Battery Storage",
    ("battery storage", "solar"): "Battery Storage",
    ("solar", "solar"): "Solar",
    ("wind", "wind"): "Wind",
    ("hydro", "water"): "Water",
    ("fossil", "black coal"): "Coal",
    ("fossil", "brown coal"): "Coal",
    ("fossil", "diesel"): "Distillate",
    ("fossil", "kerosene"): "Distillate",
    ("renewable/ biomass / waste", "landfill methane / landfill gas"): "Biomass",
    ("renewable/ biomass / waste", "bagasse"): "Biomass",
    ("renewable/ biomass / waste", "sewerage / waste water"): "Biomass",
    ("renewable/ biomass / waste", "biogas - sludge"): "Biomass",
    ("renewable/ biomass / waste and fossil", "bagasse and diesel"): "Biomass",
}
GASES = {
    "natural gas", "natural gas / fuel oil", "natural gas / diesel", "natrual gas/ diesel",
    "coal seam methane", "waste coal mine gas", "ethane",
}  # fmt: skip


def expected_class(primary: str, descriptor: str, technology: str) -> str | None:
    primary, descriptor, technology = (text.strip().lower() for text in (primary, descriptor, technology))
    if technology.startswith("battery"):
        return "Battery Storage"
    if primary in ("", "-"):
        return None
    if primary == "fossil" and descriptor in GASES:
        if technology.startswith("combined"):
            return "CCGT"
        return (
            "OCGT"
            if technology in ("ocgt", "open cycle gas turbine (ocgt)", "open cycle gas turbines (ocgt)")
            else "Gas other"
        )
    return BY_SOURCE[primary, descriptor]


def expected_counts(rows: list[list[object]]) -> Counter[str | None]:
    """DUIDs per class straight from a sheet's cells: 6-9 fuel and technology, then DUID."""
    headings = [str(cell or "").strip() for cell in rows[0]]
    places = [
        headings.index(name)
        for name in (
            "DUID",
            "Fuel Source - Primary",
            "Fuel Source - Descriptor",
            "Technology Type - Descriptor",
        )
    ]
    classes: dict[str, set[str | None]] = defaultdict(set)
    for row in rows[1:]:
        duid, *columns = (str(row[place] if row[place] is not None else "").strip() for place in places)
        if duid not in ("", "-", "BLNKTAS", "BLNKVIC"):
            classes[duid].add(expected_class(*columns))
    # BBASEHOS burns gas in two units and diesel in one: the first row stands.
    return Counter(next(iter(found)) if len(found) == 1 else "Gas other" for found in classes.values())


def counts(rows: pa.Table) -> Counter[str | None]:
    return Counter(facts.get("fuel") for facts in list_facts(rows).values())


def test_the_list_of_2019(real: Path) -> None:
    source = registration.read(real / OLD)
    sheet = xlrd.open_workbook(real / OLD).sheet_by_name("Generators and Scheduled Loads")
    cells = [sheet.row_values(row) for row in range(sheet.nrows)]
    assert source.kind == "registration_list"
    assert source.published_at == datetime(2020, 3, 10, 14, 21, 32), "saved 04:21:32 UTC"
    assert source.rows.num_rows == len(cells) - 1 == 494
    assert counts(source.rows) == expected_counts(cells)


def test_the_list_of_2026(real: Path) -> None:
    source = registration.read(real / NEW)
    book = openpyxl.load_workbook(real / NEW)
    cells = [list(row) for row in book["PU and Scheduled Loads"].iter_rows(values_only=True)]
    assert source.published_at.date() == date(2026, 3, 25)
    assert source.rows.num_rows == 573
    assert counts(source.rows) == expected_counts(cells)


def test_the_csv_copy(real: Path) -> None:
    source = registration.read(real / "registers/nem-registration.csv")
    assert source.rows.num_rows == 532
    facts = list_facts(source.rows)
    assert facts["HBESSG1"]["dispatch_type"] == "GENERATOR"
    assert facts["HBESS1"]["dispatch_type"] == "BIDIRECTIONAL"
    assert "-" not in facts


def test_well_known_units(real: Path) -> None:
    facts = list_facts(registration.read(real / NEW).rows)
    expected = {
        "BW01": ("NSW1", "Coal", 660.0), "ER01": ("NSW1", "Coal", 720.0), "YWPS4": ("VIC1", "Coal", 380.0),
        "HPR1": ("SA1", "Battery Storage", 150.0), "TORRB1": ("SA1", "Gas other", 200.0),
        "MURRAY": ("VIC1", "Water", 1500.0), "W/HOE#1": ("QLD1", "Water", 285.0),
        "TARONG#4": ("QLD1", "Coal", 350.0), "PPCCGT": ("SA1", "CCGT", 478.0),
        "HUNTER1": ("NSW1", "OCGT", 375.0),
        "MSTUART1": ("QLD1", "Distillate", 144.0), "AGLHAL": ("SA1", "OCGT", 217.0),
        "BRAEMAR1": ("QLD1", "OCGT", 168.0), "APPIN": ("NSW1", "Gas other", 55.6),
        "TALWB1": ("NSW1", "OCGT", 320.0), "ALDGASF1": ("QLD1", "Solar", 535.213),
        "SNOWYP": ("NSW1", "Water", 600.0), "TULLYSM1": ("QLD1", "Biomass", 32.0),
    }  # fmt: skip
    for duid, (region, fuel, capacity) in expected.items():
        unit = facts[duid]
        assert (unit["regionid"], unit["fuel"], unit["capacity_mw"]) == (region, fuel, capacity), duid
    assert "fuel" not in facts["PUMP1"], "the list says nothing; the station does (test_registry)"
    assert facts["PUMP1"]["load_capacity_mw"] == 240.0
    assert facts["VBB1"]["storage_mwh"] == 450.0
    assert facts["VBB1"]["load_capacity_mw"] > 0
    assert facts["ERB01"]["fuel"] == "Battery Storage", "its DUID is followed by a blank in the file"
    assert facts["ALDGASF1"]["technology"] == "Photovoltaic, tracking", "misspelt in the file"


def test_several_rows_of_one_duid(real: Path) -> None:
    old = list_facts(registration.read(real / OLD).rows)
    assert old["COOPGWF1"]["capacity_mw"] == 174 + 53 + 156 + 69
    assert old["RUBICON"]["capacity_mw"] == pytest.approx(2.7 + 0.3 + 9.4 + 0.8)
    assert old["MURRAY"]["capacity_mw"] == 1500, "the second row has a dash"
    assert old["ROMA_7"]["capacity_mw"] == 40, "the same unit, listed twice"
    assert old["MTGELWF1"]["capacity_mw"] == pytest.approx(137.984)
    assert old["MTGELWF1"]["max_capacity_mw"] == 132
    assert old["WGWF1"]["max_capacity_mw"] == 119, "each row repeats the farm's total"
    new = list_facts(registration.read(real / NEW).rows)
    assert new["ADPBA1"]["capacity_mw"] == 7.76, "units 1-3 and 1,2-3 are the same"
    assert new["ADPBA1"]["storage_mwh"] == 6


def test_hornsdale_is_a_battery_and_basslink_is_no_power_station(real: Path) -> None:
    for name in (OLD, NEW):
        facts = list_facts(registration.read(real / name).rows)
        assert not {"BLNKTAS", "BLNKVIC", "-"} & set(facts)
    old = list_facts(registration.read(real / OLD).rows)
    assert old["HPRG1"]["fuel"] == "Battery Storage"
    assert old["HPRG1"]["fuel_detail"] == "Wind", "as published: the wind farm beside it"
    assert old["HPRL1"]["fuel"] == "Battery Storage", "known by its technology only"


@pytest.mark.parametrize(
    ("columns", "fuel"),
    [
        (("Fossil", "Black Coal", "Steam Sub-Critical"), Fuel.COAL),
        (("Fossil", "Coal Seam Methane", "Open Cycle Gas turbines (OCGT)"), Fuel.OCGT),
        (("Fossil", "Waste Coal Mine Gas", "Spark Ignition Reciprocating Engine"), Fuel.GAS_OTHER),
        (("Fossil", "Natrual Gas/ Diesel", "OCGT"), Fuel.OCGT),
        (("Fossil", "Diesel", "Open Cycle Gas turbines (OCGT)"), Fuel.DISTILLATE),
        (("Fossil", "Natural Gas", "Combined Cycle Gas Turbine (CCGT)"), Fuel.CCGT),
        (("Fossil", "Natural Gas / Fuel Oil", "Steam Sub-Critical"), Fuel.GAS_OTHER),
        (("fossil ", " brown coal", ""), Fuel.COAL),
        (("BATTERY STORAGE", "Grid", ""), Fuel.BATTERY),
        (("-", "-", "Battery"), Fuel.BATTERY),
        (("Solar", "Solar ", "Photovoltalic Tracking Flat Panel"), Fuel.SOLAR),
        (("Hydro", "Water", "Pump Storage"), Fuel.WATER),
        (("Renewable/ Biomass / Waste", "Bagasse", "Steam Sub-Critical"), Fuel.BIOMASS),
        (("Fossil", "Peat", "Steam"), Fuel.OTHER),
        (("Geothermal", "", ""), Fuel.OTHER),
        (("-", "", None), None),
    ],
)
def test_fuel_class(columns: tuple[str | None, str | None, str | None], fuel: Fuel | None) -> None:
    assert fuel_class(*columns) is fuel


def test_energy_sources_of_genunits() -> None:
    assert energy_source_fuel("Coal mine waste gas") is Fuel.GAS_OTHER
    assert energy_source_fuel("Black coal") is Fuel.COAL
    assert energy_source_fuel("Landfill biogas methane") is Fuel.BIOMASS
    assert energy_source_fuel("Natural Gas (Pipeline)") is Fuel.GAS_OTHER
    assert energy_source_fuel("Diesel oil") is Fuel.DISTILLATE
    assert energy_source_fuel("") is None


def test_tidy() -> None:
    assert tidy("  natrual   gas/diesel ") == "Natural gas / diesel"
    assert tidy(" - ") is None
    assert tidy(None) is None


def test_cells() -> None:
    assert registration.text(7.0) == "7"
    assert registration.text(" 12.85\n") == "12.85"
    assert registration.text("-") is None
    assert registration.text(None) is None


def test_a_heading_row_may_stand_lower_and_an_odd_file_is_refused(tmp_path: Path) -> None:
    good = tmp_path / "list.csv"
    good.write_text(
        "NEM Registration and Exemption List\n\n"
        "Participant,Station  Name,Region,Dispatch Type,Fuel Source - Primary,DUID,Reg Cap (MW)\n"
        "A Pty Ltd,Some Farm,VIC1,Generating Unit,Wind,NEW1 ,10\n"
        ",,,,,,\n",
        encoding="utf-8",
    )
    rows = registration.read(good).rows
    assert rows.num_rows == 1
    assert list_facts(rows)["NEW1"]["fuel"] == "Wind"
    bad = tmp_path / "other.csv"
    bad.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(registration.NotARegistrationList):
        registration.read(bad)
    book = openpyxl.Workbook()
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(registration.NotARegistrationList):
        registration.read(tmp_path / "other.xlsx")


def test_the_worksheets_own_size_is_not_believed(tmp_path: Path) -> None:
    book = of_one_unit("-", "PU and Scheduled Loads ")
    book.properties.modified = datetime(2025, 1, 1, 20, 0)
    book.save(tmp_path / "list.xlsx")
    source = registration.read(tmp_path / "list.xlsx")
    assert source.rows.num_rows == 1
    assert "capacity_mw" not in list_facts(source.rows)["X1"]
