"""docs/trust.md: figures made here replace those on the page, the others stay."""

from __future__ import annotations

import json
from pathlib import Path

from tests.trust.__main__ import DOCUMENT, document


def row(found: str, met: bool | None = True) -> dict[str, object]:
    return {"what": "a crowd", "how_often": "once", "found": found, "threshold": "no error", "met": met}


def test_a_run_without_figures_keeps_its_section(tmp_path: Path) -> None:
    (tmp_path / "slow_clients.json").write_text(json.dumps([row("well")]), encoding="utf-8")
    (tmp_path / "crowd.json").write_text(json.dumps([row("stale", met=False)]), encoding="utf-8")
    page = document(tmp_path)
    assert page.index("## Crowd") < page.index("## Slow clients")
    assert "| stale | no error | **missed** |" in page
    (tmp_path / "slow_clients.json").unlink()
    (tmp_path / "crowd.json").write_text(json.dumps([row("new"), row("more", met=None)]), encoding="utf-8")
    newer = document(tmp_path, page)
    assert "| well | no error | met |" in newer
    assert "stale" not in newer
    assert "| new | no error | met |\n| a crowd | once | more | no error |  |\n" in newer


def test_the_page_in_the_repository_is_one_that_it_writes(tmp_path: Path) -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    assert document(tmp_path, page) == page
