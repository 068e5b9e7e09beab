"""Short runs of damage.py."""

from __future__ import annotations

import shutil

import pytest

from data_layer.lake import Lake
from tests.trust import damage


@pytest.fixture(scope="module")
def harness(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> damage.Harness:
    root = tmp_path_factory.mktemp("damage") / "lake"
    shutil.copytree(demo_lake.root, root)
    return damage.Harness(Lake(root), most=2)


def test_no_flipped_byte_makes_a_wrong_number(harness: damage.Harness) -> None:
    went = damage.flips(harness, 12, seed=11)
    assert damage.is_right(went), went
    assert went["named"] >= 12 and went["served"] >= 6


def test_what_is_cut_or_lost_is_named_and_the_rest_is_served(harness: damage.Harness) -> None:
    went = damage.losses(harness, 9, seed=12)
    assert damage.is_right(went), went
    assert went["named"] >= 9 and went["served"] >= 5


def test_without_the_guard_wrong_numbers_come_out(harness: damage.Harness) -> None:
    """That the harness can see one, and why the guard is there."""
    assert damage.without_guard(harness, 16, seed=13)["wrong"] > 0
