"""The list of what the page asks, for whoever compares answers: no kind of question may be missing."""

from __future__ import annotations

from urllib.parse import parse_qsl

from callbacks import TABS
from callbacks.questions import addresses, asked_by
from data_layer.lake import Lake
from data_layer.query_manager import open_manager
from data_layer.requests import REQUESTS


def test_an_option_without_a_list_stands_in_the_views_of_its_tab() -> None:
    chosen = {"units": "A1", "day": "2026-03-01"}
    for tab in TABS:
        first, *others = [dict(parse_qsl(one)) for one in addresses(tab, "", chosen)]
        assert first == {}
        mine = {"stations": {"units": "A1"}, "system": {"day": "2026-03-01"}}.get(tab.name, {})
        assert others or not mine
        for one in others:
            assert {name: value for name, value in one.items() if name in chosen} == mine


def test_every_kind_of_question_is_among_them(demo_lake: Lake) -> None:
    asked = asked_by(open_manager(demo_lake.root), TABS)
    assert {type(request) for _, request in asked.values()} == set(REQUESTS.values())
