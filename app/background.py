"""Which background callback manager runs. No page uses one yet; jobs will be started through it."""

from __future__ import annotations

from dash import DiskcacheManager
from diskcache import Cache

from app.settings import Settings


def manager(settings: Settings) -> DiskcacheManager:
    """Jobs in a directory of their own that no other user can read: diskcache unpickles what it finds."""
    directory = settings.prepared_cache_dir() / "jobs"
    directory.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)
    return DiskcacheManager(Cache(str(directory)))
