"""docs/definitions/ and the page say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from layouts.definitions import DEFINITIONS, PAGES

FOLDER = Path(__file__).parents[2] / "docs" / "definitions"


@pytest.mark.parametrize(("page", "key"), [(page, key) for page, found in PAGES.items() for key in found])
def test_the_document_has_the_pages_words_a_formula_and_a_source(page: str, key: str) -> None:
    entry = PAGES[page][key]
    document = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    section = document.split(f"## {entry.name}\n", 1)[1].split("\n## ")[0]
    assert entry.formula in section
    assert "Formula: " in section
    assert f"Source: {entry.source}" in section


def test_no_two_pages_define_one_key() -> None:
    assert len(DEFINITIONS) == sum(len(found) for found in PAGES.values())
