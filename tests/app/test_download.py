"""CSV of what is on screen: the rows of exactly that request, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from app import encodings
from app.encodings import harmless
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.query_manager import Answer, Provenance, open_manager
from data_layer.requests import REQUESTS, GenerationMix, Period
from layouts import data_help
from tests.app.callback_client import fill

FACTS = Provenance("region_day", 1, 1, 0.0, "000001", "duckdb", False)


def rows(table: pa.Table) -> Iterator[bytes]:
    return encodings.csv(Answer(table, FACTS))


DAY = "start=2026-02-25&end=2026-02-25"


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_link_under_a_chart_gives_its_rows(client: FlaskClient, demo_lake: Lake) -> None:
    shown = fill(
        client, "gen-mix", "/generation", "?start=2026-02-24&end=2026-02-25&region=SA1&resolution=hour"
    )
    text = json.dumps(shown.get_json()["response"]["gen-mix-bottom"])
    links = re.findall(r'"href": "(/data/generation_mix[^"]+)"', text)
    assert len(links) == 1
    answer = client.get(links[0])
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert (
        'filename="nemdesk_generation_mix_SA1_2026-02-24_2026-02-25.csv"'
        in answer.headers["Content-Disposition"]
    )
    found = table_of(answer.get_data(as_text=True))
    request = GenerationMix(
        Period.parse("2026-02-24", "2026-02-25"),
        "SA1",
        REQUESTS["generation_mix"]
        .from_query({"start": "2026-02-24", "end": "2026-02-25", "resolution": "hour"})
        .resolution,
    )  # type: ignore[attr-defined]
    expected = open_manager(demo_lake.root).answer(request).table.to_pylist()
    assert len(found) == len(expected) > 100
    for got, want in zip(found, expected, strict=True):
        assert got["fuel"] == want["fuel"]
        assert got["time"].startswith(str(want["time"]))
        assert float(got["generation_mw"]) == pytest.approx(want["generation_mw"])


MORE = {
    f"station_{kind}": "&units=ER01"
    for kind in ("series", "summary", "time_of_day", "duration", "price_bands")
}
"""What a question needs beside a period."""


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_every_request_can_be_downloaded(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/data/{name}.csv?{DAY}{MORE.get(name, '')}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert len(answer.get_data(as_text=True).splitlines()) > 1


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/data/secrets.csv", "name"),
        ("/data/generation_mix.csv", "start"),
        (f"/data/generation_mix.csv?{DAY}&region=MOON", "region"),
        (f"/data/generation_mix.csv?{DAY}&resolution=second", "resolution"),
        ("/data/generation_mix.csv?start=2026-02-25&end=2026-02-01", "start"),
        ("/data/generation_mix.csv?start=1999-01-01&end=1999-01-02", "start"),
        (f"/data/price_events.csv?{DAY}&high_aud_per_mwh=nan", "high_aud_per_mwh"),
        (f"/data/price_envelope.csv?{DAY}&max_points=1e9", "max_points"),
        (f"/data/aggregate_by_group.csv?{DAY}&group_by=duid;--", "group_by"),
    ],
)
def test_bad_requests_say_what_is_allowed(client: FlaskClient, path: str, field: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    body = answer.get_json()
    assert body["field"] == field
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert body["error"]


VIEW = "/generation/data.{}?start=2026-02-24&end=2026-02-25&region=SA1&resolution=hour"


def test_the_address_of_a_view_gives_the_same_rows_in_every_form(
    client: FlaskClient, demo_lake: Lake
) -> None:
    period = Period.parse("2026-02-24", "2026-02-25")
    want = open_manager(demo_lake.root).answer(GenerationMix(period, "SA1", Resolution.HOUR)).table
    bodies = {ending: client.get(VIEW.format(ending)) for ending in encodings.ENCODINGS}
    assert {body.status_code for body in bodies.values()} == {200}
    assert pq.read_table(io.BytesIO(bodies["parquet"].data)).equals(want)
    assert pa.ipc.open_stream(bodies["arrow"].data).read_all().equals(want)
    parsed = json.loads(bodies["json"].data)
    assert [column["name"] for column in parsed["columns"]] == want.column_names
    assert len(parsed["rows"]) == want.num_rows > 100
    assert parsed["rows"][0]["time"] == want.column("time")[0].as_py().isoformat()
    assert [row["generation_mw"] for row in parsed["rows"]] == want.column("generation_mw").to_pylist()
    lines = table_of(bodies["csv"].get_data(as_text=True))
    assert [float(row["revenue_aud"]) for row in lines] == pytest.approx(want["revenue_aud"].to_pylist())


def test_the_page_lists_the_forms_that_are_served() -> None:
    assert [form for form, _ in data_help.FORMS] == list(encodings.ENCODINGS)


def test_a_view_names_its_tables(client: FlaskClient) -> None:
    prices = client.get(VIEW.format("csv") + "&table=prices")
    assert prices.get_data(as_text=True).startswith('"time","regionid"')
    unknown = client.get(VIEW.format("csv") + "&table=secrets")
    assert unknown.status_code == 400
    assert "generation, average-day, prices, table" in unknown.get_json()["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/generation/data.csv?region=MOON", 400),
        ("/generation/data.csv?start=2026-02-24&end=2026-02-25&colour=blue", 400),
        ("/generation/data.csv?range=all&resolution=5min", 200),
        ("/generation/data.exe?range=7d", 404),
        ("/nowhere/data.csv", 404),
    ],
)
def test_what_a_page_would_drop_a_file_refuses(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    if status != 200:
        assert answer.get_json()["error"]


def test_no_lake_is_unavailable_not_broken(client_without_lake: FlaskClient) -> None:
    answer = client_without_lake.get(f"/data/generation_mix.csv?{DAY}")
    assert answer.status_code == 503
    assert "python -m app" in answer.get_json()["error"]


def test_text_that_a_spreadsheet_would_run_is_quoted_and_numbers_are_not() -> None:
    risky = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "|calc",
        "%x",
        "\tx",
        "\rx",
        " =1",
        "\ufeff=1",
        "\uff1d1",
        "\u200b@x",
    ]
    risky += ["safe", "a=b", " a-b", None]
    table = pa.table({"name": risky, "coded": pa.array(risky).dictionary_encode(), "mw": [-1.5] * len(risky)})
    made = harmless(table).to_pylist()
    for row, text in zip(made, risky, strict=True):
        expected = text if text in ("safe", "a=b", " a-b", None) else f"'{text}"
        assert row["name"] == row["coded"] == expected
        assert row["mw"] == -1.5


def test_the_csv_itself_carries_no_formula() -> None:
    table = pa.table({"station": ["=1+1", "Bayswater"], "mw": [-1.5, 2.0]})
    assert table_of(b"".join(rows(table)).decode()) == [
        {"station": "'=1+1", "mw": "-1.5"},
        {"station": "Bayswater", "mw": "2"},
    ]


def test_long_tables_come_in_pieces_with_one_header() -> None:
    table = pa.table({"n": list(range(45_000))})
    pieces = list(rows(table))
    assert len(pieces) == 3
    lines = b"".join(pieces).decode().splitlines()
    assert lines[0] == '"n"'
    assert [int(line) for line in lines[1:]] == list(range(45_000))


def test_an_empty_table_still_has_its_header() -> None:
    assert b"".join(rows(pa.table({"n": pa.array([], pa.int64())}))) == b'"n"\n'
