"""Who is answered by which engine while a roll-out is on: stable, monotone, and told under the panel."""

from __future__ import annotations

import hashlib
import secrets

import pytest
from dash import Dash
from flask import Flask

from app import create_app, rollout, visitors
from app.rollout import SharedOut, acting_for, open_for, place_of
from data_layer.answers import Observation
from data_layer.backend import Backend
from data_layer.errors import DataLayerError
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager
from data_layer.requests import FuelSummary, Period
from tests.app.callback_client import filled

IN, OUT = "0" * 32, "0" * 31 + "1"
"""Two visitors' names; the test below sees to it that half a roll-out parts them."""


def test_the_two_visitors_of_these_tests_are_parted_by_a_half() -> None:
    assert place_of(IN) < 0.5 <= place_of(OUT)


def test_a_share_is_that_share_of_visitors_and_grows() -> None:
    places = [place_of(secrets.token_hex(16)) for _ in range(4_000)]
    assert all(0 <= place < 1 for place in places)
    for share in (0.05, 0.5, 0.9):
        # Five standard deviations of what chance does: fails by itself once in a million runs.
        allowed = 5 * (share * (1 - share) / len(places)) ** 0.5
        assert abs(sum(place < share for place in places) / len(places) - share) < allowed


def test_a_place_never_changes() -> None:
    """Computed once, by hand: sha256 of the salt and the name. Another salt would deal everybody anew."""
    digest = hashlib.sha256(b"nemdesk-engine-1:" + IN.encode()).hexdigest()
    assert place_of(IN) == int(digest[:12], 16) / 16**12


@pytest.fixture(scope="module")
def shared(demo_lake: Lake, settings_of) -> tuple[Dash, HybridQueryManager]:  # type: ignore[no-untyped-def]
    settings = settings_of(demo_lake.root, hybrid_share=0.5)
    manager = open_for(settings)
    return create_app(settings, manager), manager


def test_the_panel_says_which_engine_answered(shared: tuple[Dash, HybridQueryManager], desk: Dash) -> None:
    app, manager = shared
    seen: list[Observation] = []
    manager.observers.append(seen.append)
    for visitor, engine in ((IN, "duckdb"), (OUT, "pandas"), (IN, "duckdb")):
        seen.clear()
        with app.server.test_client() as client:
            client.set_cookie(visitors.COOKIE, visitor)
            foot = str(filled(client, "gen-mix", "/generation")["gen-mix-bottom"])
        assert f"{engine} · " in foot
        assert {one.engine for one in seen} == {engine}
    with desk.server.test_client() as client:
        foot = str(filled(client, "gen-mix", "/generation")["gen-mix-bottom"])
    assert "duckdb" not in foot and "rows · " in foot


def test_both_engines_keep_their_own_answers_and_agree(
    shared: tuple[Dash, HybridQueryManager],
) -> None:
    _, manager = shared
    request = FuelSummary(Period.parse("2026-02-26", "2026-02-28"))
    found = {}
    for visitor in (IN, OUT):
        with acting_for(visitor):
            first = manager.answer(request)
            assert manager.answer(request).provenance.cached
        found[first.provenance.engine] = first.frame().set_index("fuel").generation_mwh.astype(float)
    assert set(found) == {"duckdb", "pandas"}
    assert found["duckdb"].to_dict() == pytest.approx(found["pandas"].to_dict(), rel=1e-9)


def test_a_script_without_a_cookie_keeps_its_engine() -> None:
    server = Flask("scripts")
    visitors.install(server)
    server.add_url_rule("/engine", "engine", rollout.asker)
    for name in ("10.0.0.1", "10.0.0.2"):
        for _ in range(3):
            got = server.test_client().get("/engine", environ_overrides={"REMOTE_ADDR": name})
            assert got.text == f"address {name}"
    client = server.test_client()
    client.set_cookie(visitors.COOKIE, IN)
    assert client.get("/engine").text == IN


class Broken:
    name = "duckdb"

    def __getattr__(self, name: str) -> object:
        def fail(*_: object) -> None:
            raise DataLayerError("The query failed inside the database; the log has the details.")

        return fail


def test_a_failing_engine_is_not_replaced_in_silence(shared: tuple[Dash, HybridQueryManager]) -> None:
    _, manager = shared
    backend = manager.backend
    assert isinstance(backend, SharedOut)
    broken: Backend = Broken()  # type: ignore[assignment]
    backend.duckdb, sound = broken, backend.duckdb
    period = Period.parse("2026-02-20", "2026-02-21")
    try:
        with acting_for(IN), pytest.raises(DataLayerError, match="failed inside the database"):
            manager.answer(FuelSummary(period), use_cache=False)
        with acting_for(OUT):
            assert manager.answer(FuelSummary(period), use_cache=False).provenance.engine == "pandas"
    finally:
        backend.duckdb = sound


@pytest.mark.parametrize(("share", "engine"), [(0.0, "pandas"), (1.0, "duckdb")])
def test_none_and_all(demo_lake: Lake, settings_of, share: float, engine: str) -> None:  # type: ignore[no-untyped-def]
    manager = open_for(settings_of(demo_lake.root, hybrid_share=share))
    for _ in range(50):
        with acting_for(secrets.token_hex(16)):
            assert manager.backend.name == engine


def test_without_a_visitor_it_is_duckdb(shared: tuple[Dash, HybridQueryManager]) -> None:
    assert shared[1].backend.name == "duckdb"


def test_pandas_for_everybody_whatever_the_share(demo_lake: Lake, settings_of) -> None:  # type: ignore[no-untyped-def]
    manager = open_for(settings_of(demo_lake.root, backend="pandas", hybrid_share=0.5))
    with acting_for(IN):
        assert manager.backend.name == "pandas"
