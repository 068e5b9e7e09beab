"""Claim: each tab's first paint costs at most twice the bare DuckDB queries plus 50 ms, figures' JSON
included, and no response of it is over 1 MB compressed.

Each screen of benchmarks/screens/ is opened as the browser opens it: every panel's callback is posted to
the application, uncached. What its panels asked is recorded and given to the floor.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings
from benchmarks.bench_tabs import asked
from benchmarks.contestants import Contestants
from benchmarks.measure import Claim, milliseconds, take_turns
from benchmarks.screens import MODULES
from callbacks import TABS

SPANS: Final = {"30d": 30, "1y": 365, "5y": 1_826}
LARGEST_BYTES: Final = 1_000_000


def _query(contestants: Contestants, text: str) -> str:
    last = contestants.data.end - timedelta(days=1)
    for name, days in SPANS.items():
        first = last - timedelta(days=days - 1)
        text = text.replace("{" + name + "}", f"start={first:%Y-%m-%d}&end={last:%Y-%m-%d}")
    return "?" + text


def _bodies(client: FlaskClient, tab: str, search: str) -> list[dict[str, Any]]:
    """What the browser posts for every panel of a tab."""
    values = {
        "url.search": search,
        "url.pathname": f"/{tab}",
        "version.data": "x",
        "theme.data": "light",
    }
    panels = next(one for one in TABS if one.name == tab).panels
    bodies = []
    for entry in client.get("/_dash-dependencies").get_json():
        if entry.get("clientside_function"):
            continue
        parts = entry["output"].strip(".").split("...")
        outputs = [dict(zip(("id", "property"), part.rsplit(".", 1), strict=True)) for part in parts]
        if not any(output["id"] in panels for output in outputs):
            continue
        given = {
            part: [{**one, "value": values.get(f"{one['id']}.{one['property']}")} for one in entry[part]]
            for part in ("inputs", "state")
        }
        bodies.append(
            {
                "output": entry["output"],
                "outputs": outputs if entry["output"].startswith("..") else outputs[0],
                "changedPropIds": [],
                **given,
            }
        )
    return bodies


def run(contestants: Contestants, rounds: int = 7) -> list[Claim]:
    """One line per screen: all of its panels, one after the other."""
    manager = contestants.manager
    folder = Path(tempfile.mkdtemp(prefix="nemdesk-bench-"))
    settings = Settings(lake_dir=contestants.data.lake.root, cache_dir=folder, log_level="ERROR")
    client = create_app(settings, manager).server.test_client()
    claims = []
    for tab, module in MODULES.items():
        for label, text in module.SCREENS.items():
            search = _query(contestants, text)
            requests = asked(manager, tab, search)
            bodies = _bodies(client, tab, search)
            sizes: list[int] = []

            def ours(bodies: list[dict[str, Any]] = bodies, sizes: list[int] = sizes) -> None:
                manager.clear_cache()
                for body in bodies:
                    answer = client.post(
                        "/_dash-update-component", json=body, headers={"Accept-Encoding": "br"}
                    )
                    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
                    sizes.append(len(answer.get_data()))

            medians = take_turns(
                {
                    "ours": ours,
                    "(d) bare DuckDB": lambda rs=requests: [contestants.floor.answer(r) for r in rs],
                },
                rounds,
            )
            allowed = 2 * medians["(d) bare DuckDB"] + 0.050
            shown = f"{medians['ours'] * 1e3:.0f} of {allowed * 1e3:.0f} ms"
            detail = f"{milliseconds(medians)}; asks {', '.join(r.name for r in requests)}"
            met = medians["ours"] <= allowed
            claims.append(Claim(f"{tab}, {label}", "<= 2 x (d) + 50 ms", shown, met, detail))
            largest = max(sizes, default=0)
            claims.append(
                Claim(
                    f"{tab}, {label}: largest response",
                    "<= 1 MB compressed",
                    f"{largest / 1e3:,.0f} kB",
                    largest <= LARGEST_BYTES,
                )
            )
    return claims
