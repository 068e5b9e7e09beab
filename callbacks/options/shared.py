"""Options that several tabs share, so that a link from one tab to another carries them."""

from __future__ import annotations

from typing import Any, Final

from callbacks.options.kinds import Option, many_of
from data_layer.errors import RequestError
from data_layer.market import FUELS, REGIONS
from data_layer.requests.base import split

IMPORTS: Final = "Imports"
HIDEABLE: Final = (IMPORTS, *FUELS)
"""What a legend of fuels can switch off."""


def slug(fuel: str) -> str:
    """A fuel's name as addresses write it."""
    return fuel.lower().replace(" ", "-")


_BY_SLUG: Final = {slug(fuel): fuel for fuel in HIDEABLE}


def _fuels(text: str) -> tuple[str, ...]:
    names = split(text)
    if any(name not in _BY_SLUG for name in names):
        raise RequestError(f"It takes any of {', '.join(_BY_SLUG)}.", "fuels")
    return _known(text)


def _known(text: str) -> tuple[str, ...]:
    chosen = {_BY_SLUG.get(name) for name in split(text)}
    return tuple(fuel for fuel in HIDEABLE if fuel in chosen)


def _write(fuels: Any) -> str:
    return ",".join(slug(fuel) for fuel in fuels)


HIDDEN: Final = Option("hidden", (), _fuels, _write, _known)
"""Fuels that the legend has switched off."""

FUELS_CHOSEN: Final = Option("fuels", (), _fuels, _write, _known)
"""Fuels a tab is limited to; none named means all."""

REGIONS_CHOSEN: Final = many_of("regions", REGIONS)
"""Regions a tab is limited to; none named means all."""
