"""``server`` for gunicorn: made in each worker, after the fork."""

from __future__ import annotations

from app import create_app

app = create_app()
server = app.server
