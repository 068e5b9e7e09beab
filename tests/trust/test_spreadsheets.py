"""The short form of tests.trust.spreadsheets: the same texts and files, read back without LibreOffice."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_layer import harmless
from tests.trust import spreadsheets as sheets


def test_no_file_of_ours_holds_a_formula(tmp_path: Path) -> None:
    texts = sheets.corpus()
    assert len(texts) >= 200
    for name, path in sheets.files(sheets.table(texts), tmp_path).items():
        found = sheets.judged(texts, sheets.read_back(path), path.suffix == ".csv")
        assert found == [], name


def test_a_writer_that_lets_formulas_through_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harmless, "FORMULA_START", "^never$")
    path = sheets.files(sheets.table(["=1+1", "a"]), tmp_path)["download.csv"]
    assert any("formula" in problem for problem in sheets.judged(["=1+1", "a"], sheets.read_back(path), True))
