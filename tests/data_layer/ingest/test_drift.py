"""What AEMO changes without notice: units, regions, fuels, columns. No number or type changes; it is said."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from flask import Flask

from app import metrics_page
from data_layer.ingest import mms
from data_layer.lake import Lake
from data_layer.market import Fuel
from data_layer.query_manager import open_manager
from data_layer.registry_list import fuel_class
from data_layer.requests import FuelSummary, Period
from data_layer.requests.quality import DataQuality
from data_layer.tables import RAW_TABLES, TABLES
from tests.data_layer.ingest.mms_text import SCADA_HEADER, scada
from tests.data_layer.ingest.mms_text import mms as text
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

STAMP = "2025/01/01 00:05:00"
WHEN = stamps(datetime(2025, 7, 1, 0, 5), 288)
NOON = datetime(2025, 7, 1, 12)
DAY = Period(datetime(2025, 7, 1), datetime(2025, 7, 2))
DRIFTED = {
    "an unknown unit": ("STRANGE", "Unmapped"),
    "a unit whose region nobody gives": ("NOWHERE", "Wind"),
    "a fuel that is new": ("TOKAMAK", "Fusion"),
    "a unit that reads on after its time": ("RETIRED", "Coal"),
}
MW = {"KNOWN": 100.0, "STRANGE": 7.0, "NOWHERE": 11.0, "TOKAMAK": 13.0, "RETIRED": 17.0}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(
        tmp_path_factory.mktemp("drift"),
        units=[
            unit("KNOWN"),
            unit("NOWHERE", regionid=None, fuel="Wind"),
            unit("TOKAMAK", fuel="Fusion"),
            unit("RETIRED", valid_to=NOON),
        ],
        unit_scada=[one for duid, mw in MW.items() for one in readings(duid, WHEN, mw)],
        dispatch_price=prices("NSW1", WHEN, 50.0),
    )


@pytest.mark.parametrize("what", DRIFTED)
def test_a_unit_that_fits_nowhere_is_in_the_nem_s_total(what: str, lake: Lake) -> None:
    duid, fuel = DRIFTED[what]
    for backend in ("duckdb", "pandas"):
        manager = open_manager(lake.root, backend=backend)
        fuels = {row["fuel"]: row for row in manager.answer(FuelSummary(DAY, "NEM")).table.to_pylist()}
        total = sum(row["generation_mwh"] for row in fuels.values())
        assert total == pytest.approx(24 * sum(MW.values())), "MW over 288 intervals are 24 h"
        # Half of the retired unit's day lies in no span of its own: it is nobody's coal any more.
        expected = {
            "RETIRED": 24 * MW["KNOWN"] + 12 * MW[duid],
            "STRANGE": 24 * MW[duid] + 12 * MW["RETIRED"],
        }
        assert fuels[fuel]["generation_mwh"] == pytest.approx(expected.get(duid, 24 * MW[duid]))


def test_it_is_said(lake: Lake) -> None:
    manager = open_manager(lake.root)
    rows = manager.answer(DataQuality(DAY)).table.to_pylist()
    assert sum(row["units_unmapped"] or 0 for row in rows) == 2
    server = Flask("drift")
    metrics_page.register(server, manager.lake_state, public=True, unmapped=manager.unmapped_units)
    with server.test_client() as client:
        assert "nemdesk_unmapped_units 3.0" in client.get("/metrics").get_data(as_text=True)


def test_no_data_no_gauge(tmp_path: Path) -> None:
    manager = open_manager(tmp_path)
    server = Flask("drift")
    metrics_page.register(server, manager.lake_state, public=True, unmapped=manager.unmapped_units)
    with server.test_client() as client:
        text_of = client.get("/metrics").get_data(as_text=True)
    assert "nemdesk_lake_up 0.0" in text_of and "nemdesk_unmapped_units" not in text_of


def test_a_fuel_that_no_rule_names_is_other() -> None:
    assert fuel_class("Deuterium", "Fusion", "Tokamak") is Fuel.OTHER


def test_types_stay_those_of_the_lake(lake: Lake) -> None:
    snapshot = lake.snapshot()
    for spec in RAW_TABLES:
        for path in snapshot.paths(spec.name):
            found = pq.read_table(path, partitioning=None).schema
            assert [(field.name, field.type) for field in found] == [
                (field.name, field.type) for field in spec.schema
            ]


def row(header: str, **changed: str) -> str:
    """A reading under any header."""
    cells = {"SETTLEMENTDATE": STAMP, "DUID": "A1", "SCADAVALUE": "12.5", "LASTCHANGED": STAMP, **changed}
    return ",".join(["D", "DISPATCH", "UNIT_SCADA", "1", *(cells.get(n, "x") for n in header.split(",")[4:])])


COLUMNS = {
    "a new column at the end": (f"{SCADA_HEADER},NEW", 1, ""),
    "a new column in front": (
        "I,DISPATCH,UNIT_SCADA,1,NEW,SETTLEMENTDATE,DUID,SCADAVALUE,LASTCHANGED",
        1,
        "",
    ),
    "a column less that nothing needs": ("I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE", 1, ""),
    "a renamed column": (
        "I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,MEGAWATTS,LASTCHANGED",
        0,
        "has no column SCADAVALUE",
    ),
    "a missing column": ("I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,SCADAVALUE", 0, "has no column DUID"),
}


@pytest.mark.parametrize("what", COLUMNS)
def test_columns_come_and_go(what: str) -> None:
    """The rows of a table that lacks what it needs are left out and named; the next table's are not."""
    header, kept, reason = COLUMNS[what]
    data = text(header, row(header), SCADA_HEADER, scada("2025/01/01 00:10:00", "A1", 4))
    (reading,) = mms.read(data, "A.CSV")
    rows = reading.rows["unit_scada"]
    assert rows.schema.equals(TABLES["unit_scada"].schema)
    assert rows.column("scadavalue").to_pylist() == [12.5] * kept + [4.0]
    assert [one.reason for one in reading.refusals if reason in one.reason] == [
        one.reason for one in reading.refusals
    ]
    assert len(reading.refusals) == 1 - kept


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"DUID": ""}, "DUID is empty"), ({"SCADAVALUE": "n/a"}, "SCADAVALUE is not a number")],
)
def test_a_reading_that_nobody_can_place_is_named(changed: dict[str, str], reason: str) -> None:
    (reading,) = mms.read(
        text(
            SCADA_HEADER,
            row(SCADA_HEADER, **changed),
            row(SCADA_HEADER, SETTLEMENTDATE="2025/01/01 00:10:00"),
        ),
        "A.CSV",
    )
    assert [one.line for one in reading.refusals] == [3] and reason in reading.refusals[0].reason
    assert reading.rows["unit_scada"].schema.equals(TABLES["unit_scada"].schema)
    assert reading.rows["unit_scada"].column("scadavalue").to_pylist() == [12.5]
