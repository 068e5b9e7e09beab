"""SQL text comes from this package only: never a value, never a statement that is not a question."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_layer import sql
from data_layer.lake import Lake
from data_layer.market import (
    FIVE_MINUTE_SETTLEMENT,
    FUELS,
    HIGH_PRICE_AUD_PER_MWH,
    HOURS_PER_INTERVAL,
    NEM,
    REGIONS,
    RENEWABLE_FUELS,
    ROOFTOP_TYPE_RANK,
    Resolution,
    market_day,
)
from data_layer.planner import plan
from data_layer.requests import (
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    Period,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    TimeOfDay,
)
from data_layer.tables import TABLES

SHIPPED = sorted(sql.VIEWS.rglob("*.sql"))
QUERIES = [path for path in SHIPPED if path.name not in ("macros.sql", "region_interval_columns.sql")]
START = datetime(2026, 2, 18)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute(sql.macros())
    return made


def subset(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=4).map(tuple)


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    first, days = draw(st.integers(0, 4)), draw(st.integers(2, 6))
    return {
        "period": Period(START + timedelta(days=first), START + timedelta(days=first + days)),
        "region": draw(st.sampled_from((NEM, *REGIONS))),
        "regions": draw(subset(REGIONS)),
        "fuels": draw(subset(FUELS)),
        "high": draw(st.floats(1, 17_000)),
        "low": draw(st.floats(-1_000, 0)),
    }


@settings(max_examples=25, deadline=None)
@given(one=values(), other=values())
def test_the_text_of_a_statement_does_not_depend_on_values(
    demo_lake: Lake, one: dict[str, Any], other: dict[str, Any]
) -> None:
    snapshot = demo_lake.snapshot()

    def texts(v: dict[str, Any]) -> list[str]:
        p = v["period"]
        asked = [
            GenerationMix(p, v["region"], Resolution.HALF_HOUR),
            GenerationMix(p, v["region"], Resolution.DAY),
            RegionSeries(p, v["regions"], Resolution.FIVE_MINUTES),
            PriceEnvelope(p, v["regions"], 4_000),
            RegionSummary(p),
            FuelSummary(p, v["region"]),
            TimeOfDay(p, v["region"]),
            PriceEvents(p, v["regions"], v["high"], v["low"]),
            AggregateByGroup(p, ("fuel", "owner"), v["regions"], v["fuels"]),
            IntegratedData(p, Resolution.FIVE_MINUTES, v["regions"], v["fuels"]),
        ]
        return [plan(request, snapshot).statement for request in asked]

    assert texts(one) == texts(other)


def test_no_path_and_no_stamp_is_in_a_statement(demo_lake: Lake) -> None:
    chosen = plan(IntegratedData(Period(START, START + timedelta(days=3))), demo_lake.snapshot())
    for secret in (str(demo_lake.root), ".parquet", "2026-02"):
        assert secret not in chosen.statement
    assert any(str(demo_lake.root) in str(value) for value in chosen.parameters.values())


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_only_questions_are_shipped(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    raw = path.read_text(encoding="utf-8")
    assert raw.startswith("-- Grain:"), "a view says its grain first"
    text = sql._read(path)
    assert ";" not in text
    assert text.split()[0] in ("SELECT", "WITH")
    parsed = connection.extract_statements(text)
    assert [statement.type for statement in parsed] == [duckdb.StatementType.SELECT]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_the_sql_stays_within_what_travels(path: Path) -> None:
    """Other engines read it after SQLGlot: no time_bucket, no ASOF, no GROUP BY ALL, no QUALIFY."""
    text = sql._read(path).upper()
    for word in ("TIME_BUCKET", "ASOF", "GROUP BY ALL", "ORDER BY ALL", "QUALIFY", "PIVOT", "USING SAMPLE"):
        assert word not in text, word


def test_macros_only_make_macros() -> None:
    statements = [part.strip() for part in re.sub(r"--[^\n]*", "", sql.macros()).split(";") if part.strip()]
    assert len(statements) == 15
    assert all(statement.startswith("CREATE OR REPLACE MACRO ") for statement in statements)


def test_macros_mirror_the_markets_facts(connection: duckdb.DuckDBPyConnection) -> None:
    def value(text: str, **parameters: Any) -> Any:
        row = connection.execute(f"SELECT {text}", parameters or None).fetchone()
        assert row is not None
        return row[0]

    assert value("five_minute_settlement()") == FIVE_MINUTE_SETTLEMENT
    assert value("high_price_aud_per_mwh()") == HIGH_PRICE_AUD_PER_MWH
    ranks = [value("rooftop_type_rank($t)", t=name) for name in (*ROOFTOP_TYPE_RANK, "NEW TYPE")]
    assert ranks == sorted(set(ranks))
    assert value("interval_energy_mwh(120)") == pytest.approx(120 * HOURS_PER_INTERVAL)
    for mw, kind in ((5, "LOAD"), (-5, "LOAD"), (-5, "GENERATOR")):
        assert value(f"signed_mw({mw}, '{kind}')") == -5
    assert value("signed_mw(5, NULL)") == 5
    for one, some in (("SA1", ["NSW1", "SA1"]), ("SA1", ["NSW1"]), ("SA1", []), (None, ["SA1"])):
        assert value("among($one, CAST($some AS VARCHAR[]))", one=one, some=some) is (one in some)


def test_a_list_makes_no_join(demo_lake: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    request = RegionSeries(Period.parse("2026-02-20", "2026-02-21"), REGIONS, Resolution.HOUR)
    made = plan(request, demo_lake.snapshot())

    def steps(statement: str) -> str:
        return str(connection.execute(f"EXPLAIN {statement}", made.parameters).fetchall()).upper()

    assert "JOIN" not in steps(made.statement)
    assert "JOIN" in steps(re.sub(r"among\((\w+), (\$\w+)\)", r"list_contains(\2, \1)", made.statement))


@settings(max_examples=100, deadline=None)
@given(intervals=st.integers(0, 288 * 800))
def test_buckets_in_sql_are_those_of_python(connection: duckdb.DuckDBPyConnection, intervals: int) -> None:
    stamp = datetime(2024, 1, 1) + timedelta(minutes=5 * intervals)
    row = connection.execute(
        "SELECT half_hour_end($s), hour_end($s), market_date($s)", {"s": stamp}
    ).fetchone()
    origin = datetime(2000, 1, 1)
    half = origin - ((origin - stamp) // timedelta(minutes=30)) * timedelta(minutes=30)
    hour = origin - ((origin - stamp) // timedelta(hours=1)) * timedelta(hours=1)
    assert row == (half, hour, market_day(stamp))


@pytest.mark.parametrize("name", ["region_summary", "latest_interval"])
def test_renewable_fuels_are_those_of_the_market(name: str) -> None:
    lists = re.findall(r"fuel IN \(([^)]*)\)", sql.query_text(f"queries/{name}"))
    named = [set(re.findall(r"'([^']+)'", found)) for found in lists]
    assert set(RENEWABLE_FUELS) in named
    assert all(found == set(RENEWABLE_FUELS) for found in named if "Wind" in found)


def test_the_line_of_a_high_price_is_the_markets() -> None:
    assert "> high_price_aud_per_mwh()" in sql.view_texts()["high_price_events"]


def test_every_fuel_named_in_sql_exists() -> None:
    for path in SHIPPED:
        for quoted in re.findall(r"fuel(?:_type)? (?:IN|=|<>) \(?((?:'[^']+'(?:, )?)+)", sql._read(path)):
            assert set(re.findall(r"'([^']+)'", quoted)) <= set(FUELS), path.name


def test_views_come_in_dependency_order() -> None:
    names = set(sql.view_texts())
    for name in names:
        tables, views = sql.required(f"SELECT * FROM {name}")
        assert views[-1] == name
        assert set(tables) <= set(TABLES)
        for position, view in enumerate(views):
            inner = set(sql._needs(sql.view_texts()[view], view)) & names
            assert inner <= set(views[:position]), f"{view} before what it is made of"


def test_a_table_without_files_is_an_empty_relation(connection: duckdb.DuckDBPyConnection) -> None:
    statement, parameters = sql.compose("SELECT * FROM unit_scada", {})
    assert parameters == {}
    relation = connection.execute(statement)
    assert [column[0] for column in relation.description or ()] == TABLES["unit_scada"].schema.names
    assert relation.fetchall() == []


def test_names_outside_the_package_are_not_put_into_text() -> None:
    with pytest.raises(KeyError):
        sql.integrated_text("units; DROP TABLE units", ["duid"], sort=True)
