"""What happens. One module per tab, named as its layout; ``register`` connects them all to an app."""

from __future__ import annotations

from dash import Dash

from callbacks import generation, navigation, today
from callbacks.guard import Manager


def register(app: Dash, manager: Manager) -> None:
    """Connect every callback. ``manager`` answers requests; it may open its database lazily."""
    navigation.register(app, manager)
    today.register(app, manager)
    generation.register(app, manager)
