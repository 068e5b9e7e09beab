"""The process: puts the other rooms together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dash import Dash

import callbacks
from app import (
    background,
    clients,
    crowding,
    download,
    exports,
    http,
    jobs,
    rate_limits,
    rollout,
    sign_in,
    still_there,
    visitors,
)
from app.kept_panels import KeptPanels
from app.service import RunningService
from app.settings import Settings
from callbacks.navigation import token_of
from callbacks.work import Centre
from data_layer.query_manager import HybridQueryManager
from layouts import shell

ROOT: Final = Path(__file__).parent.parent


def create_app(
    settings: Settings | None = None, manager: HybridQueryManager | None = None, centre: Centre | None = None
) -> Dash:
    """The whole application. Opens no database and starts no thread, so that it may be made before a
    fork; ``manager`` and ``centre`` are injected by tests and notebooks."""
    from app import metrics, operation  # not before gunicorn.conf.py has said where its processes count

    settings = settings or Settings()
    manager = manager or rollout.open_for(settings)
    kept = exports.Exports.of(settings)
    own = jobs.centre(settings, manager, kept, leaving=lambda: service.log.flush())
    centre = centre or own
    waiting = background.JobManager(own.table)
    app = Dash(
        "nemdesk",
        title="NEMDesk",
        update_title=None,
        assets_folder=str(ROOT / "assets"),
        serve_locally=True,
        enable_mcp=False,  # DASH_MCP_ENABLED in the environment would open callbacks to other programs
        suppress_callback_exceptions=True,  # a tab's panels stand on the page only while it is open
        background_callback_manager=waiting,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {
                "name": "description",
                "content": "An analyst's desk for Australia's National Electricity Market",
            },
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    app.index_string = app.index_string.replace("<html>", '<html lang="en-AU">')
    http.close_developers_tools(app)
    app.server.secret_key = settings.secret()
    app.layout = lambda: shell.page(
        token_of(manager), jobs=True, signed_in=settings.password_file is not None
    )
    service = RunningService(settings, manager, own.facts)
    service.watch(app.server, manager)
    shown = service if settings.system_tab else None
    connected = callbacks.register(app, manager, settings.job_rows, centre, shown)
    waiting.works = connected.works
    app.server.extensions["nemdesk-jobs"] = own
    download.register(app.server, manager, connected.tabs)
    exports.register(app.server, kept)
    panels = KeptPanels(
        manager, settings.panel_cache_bytes, settings.cache_ttl_seconds, metrics.repeated_panel
    )
    operation.install(
        app.server,
        settings,
        manager,
        panels=panels,
        jobs=own.facts,
        runner_alive=own.served,
        processes=service.processes,
    )
    visitors.install(app.server)
    rollout.install(app.server, settings, manager)
    clients.install(app.server, settings)
    sign_in.install(app.server, settings)
    rate_limits.install(app, settings)
    panels.keep(app.server)
    http.install(app, settings)  # after all callbacks: it hashes every inline script for the content policy
    panels.give(app)
    crowding.install(app.server, settings, metrics.turned_away)
    manager.when_heavy_waits(crowding.patience, crowding.aside)
    manager.ask_whether_wanted(still_there.asker)
    http.take_first_request(app.server)
    return app
