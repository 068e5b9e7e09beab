"""docs/definitions.md and the page say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from layouts.definitions import DEFINITIONS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", list(DEFINITIONS))
def test_the_document_has_the_pages_words_a_formula_and_a_source(key: str) -> None:
    entry = DEFINITIONS[key]
    section = DOCUMENT.split(f"## {entry.name}\n", 1)[1].split("\n## ")[0]
    assert entry.formula in section
    assert "Formula: " in section
    assert f"Source: {entry.source}" in section
