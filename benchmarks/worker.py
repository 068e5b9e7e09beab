"""A worker as gunicorn makes it, measured from inside: prints its PSS at three moments as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from benchmarks.bench_tabs import SPANS
from benchmarks.measure import proportional_memory_mb


def main(lake_dir: str) -> None:
    """Build the application, make every panel of every screen as a figure's JSON, then ask for rows."""
    from app import create_app
    from app.settings import Settings
    from callbacks import TABS, state
    from callbacks.guard import Ask
    from data_layer.query_manager import open_manager
    from data_layer.requests import IntegratedData, Period

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(lake_dir=Path(lake_dir), cache_dir=Path(folder))
        manager = open_manager(
            settings.lake_dir,
            memory_limit_mb=settings.memory_limit_mb,
            threads=settings.threads,
            max_rows=settings.max_rows,
            cache_bytes=settings.answer_cache_bytes,
        )
        app = create_app(settings, manager)
        app.server.test_client().get("/_dash-layout")
        found = {"idle": proportional_memory_mb()}
        lake = manager.lake_state()
        assert lake.first is not None
        assert lake.last is not None
        last = lake.last - timedelta(days=1)
        searches = [("today", f"?region={region}") for region in ("NEM", "SA1", "NSW1")]
        for days in SPANS.values():
            dates = f"?start={last - timedelta(days=days - 1):%Y-%m-%d}&end={last:%Y-%m-%d}"
            for more in ("", "&region=SA1", "&view=time-of-day", "&view=capacity-factor", "&view=proportion"):
                searches.append(("generation", dates + more))
        # The opening view of every other tab, as a visitor who looks at each once.
        searches += [(tab.name, "") for tab in TABS if tab.name not in ("today", "generation")]
        by_name = {tab.name: tab for tab in TABS}
        for tab, search in searches:
            view = state.parse(tab, search, lake.first, lake.last)
            for panel in by_name[tab].panels.values():
                content = panel.make(Ask(manager, lake, view, "light"))
                if content.figure is not None:
                    json.dumps(content.figure, default=str)
        found["screens"] = proportional_memory_mb()
        frame = manager.answer(IntegratedData(Period(lake.last - timedelta(days=30), lake.last))).frame()
        assert len(frame) > 0
        found["rows"] = proportional_memory_mb()
        print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
