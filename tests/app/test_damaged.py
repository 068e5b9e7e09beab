"""A partition of the lake damaged and one lost: what reads them says so, all other panels are as before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from callbacks import TABS
from data_layer import connection, soundness
from data_layer.lake import Lake
from data_layer.query_manager import HybridQueryManager, open_manager
from tests.app.callback_client import dependencies, payload, post
from tests.trust.caches import alike

PANELS = [(tab.name, panel_id) for tab in TABS for panel_id in tab.panels]
Shown = dict[tuple[str, str], tuple[str, str]]
"""Of each panel: its class, and everything in it as text."""


def all_panels(client: FlaskClient, manager: HybridQueryManager, read: dict[Any, set[str]]) -> Shown:
    """Every panel of every tab as it opens, and into ``read`` what lake files each asked for."""
    entries = dependencies(client)
    shown = {}
    for tab, panel_id in PANELS:
        manager.shrink_cache(0)  # so that each panel reads for itself
        _READ.clear()
        entry = next(one for one in entries if f"..{panel_id}-top.children" in one["output"])
        values = {"url.pathname": f"/{tab}", "url.search": "", "version.data": "x", "theme.data": "light"}
        answer = post(client, payload(entry, values))
        assert answer.status_code == 200, (tab, panel_id)
        found = answer.get_json()["response"]
        shown[tab, panel_id] = found[panel_id]["className"], json.dumps(found, ensure_ascii=False)
        read[tab, panel_id] = set(_READ)
    return shown


_READ: set[str] = set()


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep account of the files that queries are about to read."""
    ensure = soundness.ensure

    def noting(paths: Iterable[str], **more: Any) -> Any:
        paths = list(paths)
        _READ.update(paths)
        return ensure(paths, **more)

    monkeypatch.setattr(connection.soundness, "ensure", noting)


def place(path: Path) -> str:
    found = soundness.named_in(str(path))
    assert found is not None
    return " ".join(found)


def test_panels_that_need_a_damaged_partition_say_so_and_no_other(
    demo_lake: Lake,
    tmp_path: Path,
    settings_of,  # type: ignore[no-untyped-def]
    noted: None,
) -> None:
    root = tmp_path / "lake"
    shutil.copytree(demo_lake.root, root)
    manager = open_manager(root)
    with create_app(settings_of(root), manager).server.test_client() as client:
        read: dict[Any, set[str]] = {}
        before = all_panels(client, manager, read)
        assert {state for state, _ in before.values()} <= {"panel-ready", "panel-empty"}
        files = {
            table: root / entry.path
            for table in ("region_fuel_30min", "unit_day")
            for entry in [list(Lake(root).snapshot().partitions(table).values())[-1]]
        }
        damaged, lost = files["region_fuel_30min"], files["unit_day"]
        data = bytearray(damaged.read_bytes())
        data[len(data) // 2] ^= 1
        damaged.write_bytes(data)
        lost.unlink()
        after = all_panels(client, manager, {})
        needing = {key: {p for p in (damaged, lost) if str(p) in read[key]} for key in before}
        assert 5 < sum(map(bool, needing.values())) < len(PANELS) - 5, "some need them, some do not"
        for key, files_needed in needing.items():
            state, text = after[key]
            if not files_needed:
                assert state == before[key][0], (key, text[:500])
                # The System tab's tell of the service, which has done more by now.
                assert key[0] == "system" or alike(json.loads(text), json.loads(before[key][1])), key
                continue
            assert state == "panel-failed", key
            assert any(f"{place(path)}. `python -m app repair`" in text for path in files_needed), (key, text)
        for tab in TABS:
            assert client.get(f"/{tab.name}").status_code == 200
